/* SPDX-License-Identifier: MIT */
/* Area A: what a message costs, in both worlds: unbuffered there and back, through a buffer of 100,
 * and through a select over 2 and over 8. Without events, with events that nobody reads, and
 * recorded into a session file. */
#include "bench.h"

#include <unistd.h>

#include "app/recorder.h"
#include "runtime/chan.h"
#include "runtime/sync.h"

static struct chan *c[8];
static uint64_t each;
static struct waitgroup *wg;

/* ---- the operations -------------------------------------------------------------------------- */

static void channels(int k, uint32_t cap)
{
    static const char *const names[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"};
    for (int i = 0; i < k; i++)
        c[i] = chan_make(names[i], cap);
}

static void pong(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < each; i++) {
        chan_value v;
        chan_recv(c[0], &v);
        chan_send(c[1], v);
    }
}

static void ping_pong(uint64_t n)
{
    channels(2, 0);
    each = n;
    rt_spawn("pong", pong, NULL);
    for (uint64_t i = 0; i < n; i++) {
        chan_value v;
        chan_send(c[0], i);
        chan_recv(c[1], &v);
    }
}

static void produce(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < each; i++)
        chan_send(c[0], i);
    wg_done(wg);
}

static void consume(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < each; i++) {
        chan_value v;
        chan_recv(c[0], &v);
    }
    wg_done(wg);
}

static void buffered(uint64_t n, int pairs)
{
    channels(1, 100);
    each = n / (uint64_t)pairs + 1;
    wg = wg_make("wg");
    wg_add(wg, 2 * pairs);
    for (int i = 0; i < pairs; i++) {
        rt_spawn("producer", produce, NULL);
        rt_spawn("consumer", consume, NULL);
    }
    wg_wait(wg);
}

static void buffered_1(uint64_t n)
{
    buffered(n, 1);
}

static void buffered_4(uint64_t n)
{
    buffered(n, 4);
}

static void same_task(uint64_t n)
{
    channels(1, 100);
    for (uint64_t i = 0; i < n; i++) {
        chan_value v;
        chan_send(c[0], i);
        chan_recv(c[0], &v);
    }
}

static void feed(void *arg)
{
    struct chan *to = arg;
    for (uint64_t i = 0; i < each; i++)
        chan_send(to, i);
}

static void select_k(uint64_t n, int k)
{
    channels(k, 0);
    each = n / (uint64_t)k + 1;
    for (int i = 0; i < k; i++)
        rt_spawn("feed", feed, c[i]);
    struct select_case sc[8] = {0};
    for (int i = 0; i < k; i++)
        sc[i].c = c[i];
    for (uint64_t i = 0; i < each * (uint64_t)k; i++)
        chan_select(sc, k);
}

static void select_2(uint64_t n)
{
    select_k(n, 2);
}

static void select_8(uint64_t n)
{
    select_k(n, 8);
}

static void select_ready(uint64_t n)
{
    channels(2, 4);
    chan_send(c[0], 1);
    chan_send(c[1], 1);
    struct select_case sc[2] = {{.c = c[0]}, {.c = c[1]}};
    for (uint64_t i = 0; i < n; i++) {
        int got = chan_select(sc, 2);
        chan_send(c[got], sc[got].value);
    }
}

static void select_default(uint64_t n)
{
    channels(2, 0);
    struct select_case sc[2] = {{.c = c[0]}, {.c = c[1]}};
    for (uint64_t i = 0; i < n; i++)
        chan_select_default(sc, 2);
}

static const struct {
    const char *name, *unit;
    void (*op)(uint64_t n);
    bool one_task;
} cases[] = {
    {"pingpong", "ns/rt", ping_pong, false},
    {"buf100 1P1C", "ns/msg", buffered_1, false},
    {"buf100 4P4C", "ns/msg", buffered_4, false},
    {"buf100 same task", "ns/pair", same_task, true},
    {"select 2", "ns/msg", select_2, false},
    {"select 8", "ns/msg", select_8, false},
    {"select2 ready", "ns/recv+send", select_ready, true},
    {"select2 default", "ns/op", select_default, true},
};

/* ---- who listens ----------------------------------------------------------------------------- */

static void ignore(void *arg, const struct event *ev, size_t n)
{
    (void)arg;
    (void)ev;
    (void)n;
}

static void record(void *arg, const struct event *ev, size_t n)
{
    psr_write(arg, ev, n);
}

/* As `patternscope run --record`. */
static void hand_over(void *arg, const struct event *ev, size_t n)
{
    while (!recorder_give(arg, ev, n))
        recorder_wait(arg);
}

static void all(struct bench_run *b, const char *configuration)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b->op = cases[i].op;
        bench_row("A", cases[i].name, "patternscope", configuration, cases[i].unit,
                  bench_median(bench_round, b, 64));
    }
}

static double recorded(struct bench_run b, const char *path, bool by_recorder)
{
    struct psr_header h = {.program = "bench", .scenario = "bench", .text = ""};
    char *error = NULL;
    b.names = strtab_create();
    b.two_threads = by_recorder;
    b.sink = by_recorder ? hand_over : record;
    b.sink_arg = by_recorder ? (void *)recorder_start(path, true, &h, b.names, &error)
                             : (void *)psr_create(path, true, &h, b.names, &error);
    if (!b.sink_arg)
        die("%s", error);
    double ns = bench_median(bench_round, &b, b.warm + 64);
    error = by_recorder ? recorder_stop(b.sink_arg) : psr_close(b.sink_arg);
    if (error)
        die("%s", error);
    strtab_destroy(b.names);
    return ns;
}

/* The program encodes and writes on a thread of its own, so there the clock on the wall counts;
 * beside it what both cost together. The file is overwritten by every case, so that it does not
 * grow past some 100 MB. */
static void recordings(void)
{
    static const char *const configuration[] = {"sim, recording by one thread", "sim, recording"};
    char path[] = "/tmp/patternscope-bench-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        die("no place in /tmp");
    close(fd);
    for (int by_recorder = 0; by_recorder < 2; by_recorder++) {
        bench_cpus(by_recorder ? 2 : 1);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct bench_run b = {.world = WORLD_SIM, .probes = true, .op = cases[i].op};
            bench_row("A", cases[i].name, "patternscope", configuration[by_recorder], cases[i].unit,
                      recorded(b, path, by_recorder));
        }
    }
    unlink(path);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'A')
        return 0;
    struct bench_run b = {.world = WORLD_SIM, .sink = ignore};
    bench_cpus(1);
    all(&b, "sim");
    b.probes = true;
    all(&b, "sim, events");
    recordings();
    static const char *const live[2][2] = {{"live, one core", "live, one core, events"},
                                           {"live, two cores", "live, two cores, events"}};
    for (int cores = 1; cores <= 2 && bench_cpus(cores); cores++)
        for (int probes = 0; probes < 2; probes++) {
            struct bench_run l = {.world = WORLD_LIVE, .probes = probes, .sink = ignore};
            all(&l, live[cores - 1][probes]);
        }
    return 0;
}
