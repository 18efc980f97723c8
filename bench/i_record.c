/* SPDX-License-Identifier: MIT */
/* Area I: how small and how fast sessions are.
 *
 * Two streams: the ping-pong of two tasks over two channels, as our own simulator says it, and the
 * varied one of the peers' harness (12 kinds, 64 tasks, 32 objects, drawn at random), said in our
 * kinds: what a channel, a lock or a task would say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/model.h"
#include "runtime/chan.h"
#include "runtime/rt.h"
#include "session/psr.h"
#include "session/psr_codec.h"

enum { VARIED = 1000000, ROUNDS = 60000 };

struct stream {
    struct event *ev;
    size_t n, cap;
    struct strtab *names;
};

/* Of this thread's processor time: another program's load is not ours. */
static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void row(const char *name, const char *configuration, const char *unit, double value)
{
    printf("I\t%s\tpatternscope\t%s\t%s\t%.4g\n", name, configuration, unit, value);
    fflush(stdout);
}

/* ---- streams ------------------------------------------------------------------------------- */

static void keep(void *arg, const struct event *ev, size_t n)
{
    struct stream *s = arg;
    grow(&s->ev, &s->cap, s->n + n, sizeof *ev);
    memcpy(s->ev + s->n, ev, n * sizeof *ev);
    s->n += n;
}

static struct chan *there, *back;

static void answer(void *arg)
{
    (void)arg;
    for (chan_value v; chan_recv(there, &v);)
        chan_send(back, v);
    chan_close(back);
}

static void ask(void *arg)
{
    (void)arg;
    there = chan_make("there", 0);
    back = chan_make("back", 0);
    rt_spawn("answer", answer, NULL);
    for (chan_value i = 0, v; i < ROUNDS; i++) {
        chan_send(there, i);
        chan_recv(back, &v);
    }
    chan_close(there);
}

static struct stream ping_pong(void)
{
    struct stream s = {.names = strtab_create()};
    struct rt_config c = {.world = WORLD_SIM,
                          .seed = 1,
                          .procs = 1,
                          .probes = true,
                          .names = s.names,
                          .sink = keep,
                          .sink_arg = &s};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    if (!rt)
        die("%s", why);
    rt_start(rt, "ping-pong", ask, NULL);
    rt_sim_run(rt, NEVER, UINT64_MAX);
    rt_destroy(rt);
    return s;
}

/* The peers' stream, field by field: kind, time, task, object, and a number that grows slowly for
 * each object. */
static struct stream varied(void)
{
    struct stream s = {.names = strtab_create(), .n = VARIED};
    s.ev = xcalloc(VARIED, sizeof *s.ev);
    uint64_t x = 88172645463325252u;
    int64_t t = 0;
    uint32_t number[32] = {0};
    for (size_t i = 0; i < VARIED; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        uint32_t o = x & 3 ? (uint32_t)(x >> 8) % 4 : (uint32_t)(x >> 8) % 32;
        t += 100 + (int64_t)((x >> 40) % 16 ? (x >> 20) % 2000 : (x >> 20) % 50000);
        number[o] += (uint32_t)(x >> 60) % 3;
        unsigned kind = (unsigned)(x >> 50) % 12;
        static const uint8_t kinds[3] = {EV_CHAN, EV_LOCK, EV_GROUP};
        s.ev[i] = (struct event){
            .t_ns = t,
            .kind = kinds[kind / 4],
            .op = (uint8_t)(kind % 4),
            .task = 1 + (uint32_t)(x >> 14) % 64,
            .obj = 1 + o,
            .a = number[o],
        };
    }
    return s;
}

/* ---- what is measured ---------------------------------------------------------------------- */

struct piece {
    const uint8_t *bytes;
    size_t n;
    uint32_t count;
    int64_t t_ns;
};

static double seconds(void)
{
    const char *s = getenv("BENCH_SECS");
    return s ? strtod(s, NULL) : 0.25;
}

static double zstd_bytes(const char *path)
{
    char command[256];
    snprintf(command, sizeof command, "zstd -3 -q -c '%s' 2>/dev/null | wc -c", path);
    FILE *p = popen(command, "r");
    double bytes = 0;
    if (p && fscanf(p, "%lf", &bytes) != 1)
        bytes = 0;
    if (p)
        pclose(p);
    return bytes;
}

static void write_session(const struct stream *s, const char *path)
{
    struct psr_header h = {.program = "bench", .scenario = "bench", .text = ""};
    char *error = NULL;
    struct psr_writer *w = psr_create(path, true, &h, s->names, &error);
    if (!w)
        die("%s", error);
    psr_write(w, s->ev, s->n);
    if ((error = psr_close(w)))
        die("%s", error);
}

static void sizes(const struct stream *s, const char *configuration, const char *path)
{
    write_session(s, path);
    char *error = NULL, text[64];
    FILE *f = fopen(path, "rb");
    if (!f)
        die("%s is gone", path);
    fseek(f, 0, SEEK_END);
    row("bytes per event", configuration, "B/event", (double)ftell(f) / (double)s->n);
    fclose(f);
    double z = zstd_bytes(path);
    snprintf(text, sizeof text, "%s, zstd -3", configuration);
    if (z > 0)
        row("bytes per event", text, "B/event", z / (double)s->n);
    struct psr_reader *r = psr_open(path, &error);
    if (!r || psr_total(r) != s->n)
        die("the session is not what was written");
    psr_reader_close(r);
}

/* Encodes s into pieces of *bytes; returns how many. */
static size_t encode_all(const struct stream *s, struct psr_encoder *e, struct piece *piece,
                         uint8_t *bytes)
{
    size_t n = 0;
    for (size_t at = 0; at < s->n; n++) {
        psr_encoder_begin(e);
        at += psr_encode(e, s->ev + at, s->n - at);
        piece[n] = (struct piece){bytes, e->n, e->count, e->first_ns};
        memcpy(bytes, e->bytes, e->n);
        bytes += e->n;
    }
    return n;
}

static double least(double was, double from, double n)
{
    double took = (now_ns() - from) / n;
    return took < was ? took : was;
}

static void codec(const struct stream *s, const char *path)
{
    struct psr_encoder *e = psr_encoder_create();
    struct psr_decoder *d = psr_decoder_create();
    struct event *out = xcalloc(PSR_EVENTS_MAX, sizeof *out);
    struct piece *piece = xcalloc(s->n, sizeof *piece);
    uint8_t *bytes = xcalloc(s->n + 1, PSR_EVENT_MAX);
    double encode = 1e9, decode = 1e9, write = 1e9, read = 1e9, n = (double)s->n,
           until = now_ns() + seconds() * 4e9;
    do {
        double from = now_ns();
        size_t pieces = encode_all(s, e, piece, bytes);
        encode = least(encode, from, n);

        from = now_ns();
        for (size_t i = 0; i < pieces; i++) {
            uint32_t ids;
            if (!psr_decode(d, piece[i].bytes, piece[i].n, piece[i].count, piece[i].t_ns, out,
                            &ids))
                die("a block is not what was written");
        }
        decode = least(decode, from, n);

        from = now_ns();
        write_session(s, path);
        write = least(write, from, n);

        char *error = NULL;
        struct psr_reader *r = psr_open(path, &error);
        if (!r)
            die("%s", error);
        from = now_ns();
        size_t got = 0;
        for (size_t k; psr_read_block(r, &k); got += k)
            ;
        read = least(read, from, n);
        if (got != s->n)
            die("%zu events were read of %zu", got, s->n);
        psr_reader_close(r);
    } while (now_ns() < until);
    row("codec", "encode", "ns/event", encode);
    row("codec", "decode", "ns/event", decode);
    row("codec", "encode, check, write a file", "ns/event", write);
    row("codec", "read a file, check, decode", "ns/event", read);
    free(e);
    free(d);
    free(out);
    free(piece);
    free(bytes);
}

/* What a replay does with each event: decode, fold. */
static void replay(const struct stream *s, const char *configuration)
{
    struct psr_encoder *e = psr_encoder_create();
    struct psr_decoder *d = psr_decoder_create();
    struct event *out = xcalloc(PSR_EVENTS_MAX, sizeof *out);
    struct piece *piece = xcalloc(s->n, sizeof *piece);
    uint8_t *bytes = xcalloc(s->n + 1, PSR_EVENT_MAX);
    size_t pieces = encode_all(s, e, piece, bytes);
    double best = 1e9, until = now_ns() + seconds() * 2e9;
    do {
        struct model *m = model_create(s->names);
        double from = now_ns();
        for (size_t i = 0; i < pieces; i++) {
            uint32_t ids;
            if (!psr_decode(d, piece[i].bytes, piece[i].n, piece[i].count, piece[i].t_ns, out,
                            &ids))
                die("a block is not what was written");
            model_apply_all(m, out, piece[i].count);
        }
        best = least(best, from, (double)s->n);
        if (m->seq != s->n)
            die("the model has seen %zu events of %zu", (size_t)m->seq, s->n);
        model_free(m);
    } while (now_ns() < until);
    row("replay", configuration, "M events/s", 1e3 / best);
    free(e);
    free(d);
    free(out);
    free(piece);
    free(bytes);
}

/* The same out of a file: read, check, decode, fold. */
static void replay_file(const struct stream *s, const char *configuration, const char *path)
{
    double best = 1e9, until = now_ns() + seconds() * 1e9;
    write_session(s, path);
    do {
        char *error = NULL;
        struct psr_reader *r = psr_open(path, &error);
        if (!r)
            die("%s", error);
        struct model *m = model_create(psr_names(r));
        double from = now_ns();
        const struct event *ev;
        for (size_t k; (ev = psr_read_block(r, &k));)
            model_apply_all(m, ev, k);
        best = least(best, from, (double)s->n);
        if (m->seq != s->n)
            die("the model has seen %zu events of %zu", (size_t)m->seq, s->n);
        model_free(m);
        psr_reader_close(r);
    } while (now_ns() < until);
    row("replay", configuration, "M events/s", 1e3 / best);
}

static void seeks(const struct stream *s, const char *path)
{
    char *error = NULL;
    struct event ev;
    struct psr_reader *r = psr_open(path, &error);
    if (!r)
        die("%s", error);
    struct rng rng;
    rng_init(&rng, 1, "seek");
    psr_seek_event(r, s->n - 1);
    enum { SEEKS = 2000 };
    double from = now_ns();
    for (int i = 0; i < SEEKS; i++)
        if (!psr_seek_time(r, s->ev[rng_below(&rng, (uint32_t)s->n)].t_ns) || !psr_read(r, &ev, 1))
            die("a seek failed");
    row("seek", "anywhere in 1 M events, first event read", "us", (now_ns() - from) / 1e3 / SEEKS);
    psr_reader_close(r);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'I')
        return 0;
    char path[] = "/tmp/patternscope-bench-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        die("no place in /tmp");
    close(fd);
    struct stream p = ping_pong(), v = varied();
    sizes(&p, "ping-pong stream", path);
    sizes(&v, "varied stream", path);
    codec(&v, path);
    replay(&v, "decode + fold");
    replay(&p, "decode + fold, ping-pong");
    replay_file(&v, "read a file, check, decode + fold", path);
    replay_file(&p, "the same, ping-pong", path);
    write_session(&v, path);
    seeks(&v, path);
    unlink(path);
    free(p.ev);
    free(v.ev);
    strtab_destroy(p.names);
    strtab_destroy(v.names);
}
