/* SPDX-License-Identifier: MIT */
/* The writer of sessions.
 *
 * A block goes out in one write(), so that what a killed process leaves behind are whole blocks.
 * Where the disk fails, the file is cut back to its last whole block and recording is over; the
 * caller goes on without it.
 *
 * Strings get ids of their own, in order of use: the file does not depend on who else put names
 * into the run's table (detectors do), and a reader can hold the ids to a count. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "session/crc32c.h"
#include "session/psr.h"
#include "session/psr_codec.h"
#include "session/psr_format.h"

enum { BLOCK_WALL_NS = 100000000 };
enum { IN_A = 1, IN_B = 2, IN_C = 4, IN_TASK = 8 };

struct psr_writer {
    int fd; /* -1: into memory */
    char *path;
    char *error;
    struct str memory;
    uint64_t size;  /* whole blocks */
    uint64_t total; /* events in them */
    int64_t last_ns;
    uint32_t sequence;
    int64_t opened_ns; /* wall time of the first tick that saw the open block, -1: none has */
    struct psr_encoder *encoder;
    const struct strtab *names;
    uint32_t *id; /* of the names in the file, 0: not yet there */
    size_t ids_cap;
    uint32_t strings_n; /* ids given */
    struct str strings; /* of the open block */
    struct str out;     /* the block as it is written */
    struct str index;
    uint8_t texts[EV_COUNT]; /* which slots are names */
};

/* ---- output -------------------------------------------------------------------------------- */

static void failed(struct psr_writer *w, int error)
{
    const char *why = error == ENOSPC || error == EDQUOT ? "the disk is full"
                      : error == EFBIG                   ? "the file may not grow any further"
                                                         : strerror(error);
    /* What there is stays a whole session. On a device there is nothing to cut. */
    bool whole = ftruncate(w->fd, (off_t)w->size) == 0;
    w->error = xasprintf("%s: recording has stopped: %s%s", w->path, why,
                         whole ? "; what was recorded before can be replayed" : "");
}

static bool put(struct psr_writer *w, const void *bytes, size_t n)
{
    if (w->error)
        return false;
    if (w->fd < 0) {
        str_addn(&w->memory, bytes, n);
        w->size += n;
        return true;
    }
    const char *p = bytes;
    size_t left = n;
    while (left) {
        ssize_t wrote = write(w->fd, p, left);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            failed(w, wrote < 0 ? errno : ENOSPC);
            return false;
        }
        p += wrote;
        left -= (size_t)wrote;
    }
    w->size += n;
    return true;
}

static void add32(struct str *s, uint32_t v)
{
    uint8_t bytes[4];
    psr_store32(bytes, v);
    str_addn(s, (const char *)bytes, sizeof bytes);
}
static void add64(struct str *s, uint64_t v)
{
    uint8_t bytes[8];
    psr_store64(bytes, v);
    str_addn(s, (const char *)bytes, sizeof bytes);
}
static void add_varint(struct str *s, uint64_t v)
{
    for (; v >= 128; v >>= 7)
        str_addc(s, (char)(v | 128));
    str_addc(s, (char)v);
}

/* ---- header -------------------------------------------------------------------------------- */

static void field(struct str *s, enum psr_tag tag, const void *bytes, size_t n)
{
    if (!bytes)
        return;
    str_addc(s, (char)tag);
    add32(s, (uint32_t)n);
    str_addn(s, bytes, n);
}
static void text_field(struct str *s, enum psr_tag tag, const char *text)
{
    if (text && *text)
        field(s, tag, text, strlen(text));
}

static bool put_header(struct psr_writer *w, const struct psr_header *h)
{
    struct str s = {0};
    uint8_t number[8];
    text_field(&s, PSR_PROGRAM, h->program);
    text_field(&s, PSR_SCENARIO, h->scenario);
    text_field(&s, PSR_PATH, h->path);
    field(&s, PSR_TEXT, h->text, h->text_len);
    text_field(&s, PSR_OPTIONS, h->options);
    psr_store64(number, h->seed);
    field(&s, PSR_SEED, number, 8);
    field(&s, PSR_WORLD, &h->world, 1);
    psr_store32(number, h->trace_crc);
    if (h->trace_crc)
        field(&s, PSR_TRACE_CRC, number, 4);
    field(&s, PSR_TRACE, h->trace, h->trace_len);
    bool fits = s.len <= PSR_MAX_FIELDS;
    if (fits) {
        uint8_t head[PSR_HEAD] = PSR_MAGIC;
        head[8] = PSR_VERSION;
        psr_store32(head + 12, (uint32_t)s.len);
        psr_store32(head + 16, crc32c(crc32c(0, head + 8, 8), s.data, s.len));
        str_clear(&w->out);
        str_addn(&w->out, (const char *)head, sizeof head);
        str_addn(&w->out, s.data, s.len);
        put(w, w->out.data, w->out.len);
    } else {
        w->error =
            xasprintf("%s: the scenario and its trace are too long to be recorded: %zu bytes, "
                      "%d are allowed",
                      w->path, s.len, PSR_MAX_FIELDS);
    }
    str_free(&s);
    return !w->error;
}

/* ---- creating ------------------------------------------------------------------------------ */

static uint8_t slots_of_names(size_t kind)
{
    uint8_t in = kind == EV_TASK ? IN_A : kind == EV_OBJECT ? IN_C : 0;
    for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++)
        if (event_info[kind].fields[f].type == FT_STR)
            switch (event_info[kind].fields[f].slot) {
            case SLOT_A:
                in |= IN_A;
                break;
            case SLOT_B:
                in |= IN_B;
                break;
            case SLOT_C:
                in |= IN_C;
                break;
            case SLOT_TASK:
                in |= IN_TASK;
                break;
            default:
                die("an event's text stands in a slot that sessions do not know");
            }
    return in;
}

static struct psr_writer *writer_new(int fd, const char *path, const struct strtab *names)
{
    struct psr_writer *w = xcalloc(1, sizeof *w);
    w->fd = fd;
    w->path = xstrdup(path);
    w->names = names;
    w->encoder = psr_encoder_create();
    w->opened_ns = -1;
    for (size_t kind = 0; kind < EV_COUNT; kind++)
        w->texts[kind] = slots_of_names(kind);
    return w;
}

static void writer_free(struct psr_writer *w)
{
    free(w->path);
    free(w->error);
    free(w->id);
    free(w->encoder);
    str_free(&w->memory);
    str_free(&w->strings);
    str_free(&w->out);
    str_free(&w->index);
    free(w);
}

/* A pipe or a folder is no place for a file that is cut and sought in. */
static int open_file(const char *path, bool overwrite, char **error)
{
    /* Without O_NONBLOCK, opening a pipe that nobody reads would wait for ever. */
    int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | (overwrite ? 0 : O_EXCL), 0666);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
        *error = xasprintf("%s: is not a file; nothing is recorded there", path);
        close(fd);
        return -1;
    }
    if (fd >= 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        *error = errno == EEXIST
                     ? xasprintf("%s: exists already; it is not overwritten", path)
                     : xasprintf("%s: cannot be recorded to: %s", path, strerror(errno));
    return fd;
}

struct psr_writer *psr_create(const char *path, bool overwrite, const struct psr_header *h,
                              const struct strtab *names, char **error)
{
    int fd = open_file(path, overwrite, error);
    if (fd < 0)
        return NULL;
    struct psr_writer *w = writer_new(fd, path, names);
    if (put_header(w, h))
        return w;
    *error = w->error;
    w->error = NULL;
    close(fd);
    writer_free(w);
    return NULL;
}

struct psr_writer *psr_create_memory(const struct psr_header *h, const struct strtab *names)
{
    struct psr_writer *w = writer_new(-1, "memory", names);
    put_header(w, h);
    return w;
}

/* ---- blocks -------------------------------------------------------------------------------- */

static bool close_block(struct psr_writer *w)
{
    struct psr_encoder *e = w->encoder;
    if (!e->count && !w->strings.len)
        return !w->error;
    uint8_t head[PSR_BLOCK_HEAD] = PSR_BLOCK_MAGIC;
    psr_store32(head + 4, (uint32_t)(w->strings.len + e->n));
    psr_store32(head + 8, w->sequence);
    psr_store32(head + 12, e->count);
    psr_store64(head + 16, w->total);
    psr_store64(head + 24, (uint64_t)e->first_ns);
    psr_store32(head + 32, (uint32_t)w->strings.len);
    uint32_t crc = crc32c(0, w->strings.data, w->strings.len);
    psr_store32(head + 36, crc32c(crc, e->bytes, e->n));
    psr_store32(head + 40, crc32c(0, head, 40));
    str_clear(&w->out);
    str_addn(&w->out, (const char *)head, sizeof head);
    if (w->strings.len)
        str_addn(&w->out, w->strings.data, w->strings.len);
    str_addn(&w->out, (const char *)e->bytes, e->n);

    uint64_t at = w->size;
    if (put(w, w->out.data, w->out.len)) {
        add64(&w->index, at);
        add64(&w->index, w->total);
        add64(&w->index, (uint64_t)e->first_ns);
        add64(&w->index, e->count);
        w->total += e->count;
        w->last_ns = e->prev.t_ns;
        w->sequence++;
    }
    str_clear(&w->strings);
    psr_encoder_begin(e);
    w->opened_ns = -1;
    return !w->error;
}

/* The id in the file of a name of the run. */
static uint32_t file_id(struct psr_writer *w, uint32_t id)
{
    if (!id)
        return 0;
    if (id >= w->ids_cap) {
        size_t old = w->ids_cap;
        grow(&w->id, &w->ids_cap, (size_t)id + 1, sizeof *w->id);
        memset(w->id + old, 0, (w->ids_cap - old) * sizeof *w->id);
    }
    if (!w->id[id]) {
        const char *text = strtab_get(w->names, id);
        size_t n = strnlen(text, PSR_MAX_STRING);
        w->id[id] = ++w->strings_n;
        if (!w->strings.len)
            add_varint(&w->strings, w->strings_n);
        add_varint(&w->strings, n);
        str_addn(&w->strings, text, n);
    }
    return w->id[id];
}

static void encode(struct psr_writer *w, const struct event *ev, size_t n)
{
    while (n) {
        size_t took = psr_encode(w->encoder, ev, n);
        ev += took;
        n -= took;
        if (n && !close_block(w))
            return;
    }
}

static void encode_named(struct psr_writer *w, struct event e)
{
    uint8_t in = w->texts[e.kind];
    /* The strings belong to the block that holds the event: first room for it, then its names. */
    if (!psr_encoder_takes(w->encoder, &e) || w->strings.len >= PSR_MAX_STRING / 2)
        close_block(w);
    if (in & IN_A && (e.kind != EV_TASK || e.op == TASK_NEW))
        e.a = file_id(w, e.a);
    if (in & IN_B)
        e.b = file_id(w, e.b);
    if (in & IN_C)
        e.c = file_id(w, e.c);
    if (in & IN_TASK)
        e.task = file_id(w, e.task);
    encode(w, &e, 1);
}

bool psr_write(struct psr_writer *w, const struct event *ev, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i < n && !w->error; i++) {
        VERIFY(ev[i].kind < EV_COUNT);
        if (LIKELY(!w->texts[ev[i].kind]) || (ev[i].kind == EV_TASK && ev[i].op != TASK_NEW))
            continue;
        encode(w, ev + from, i - from);
        if (!w->error)
            encode_named(w, ev[i]);
        from = i + 1;
    }
    if (!w->error)
        encode(w, ev + from, n - from);
    return !w->error;
}

bool psr_tick(struct psr_writer *w, int64_t wall_ns)
{
    if (w->error || !w->encoder->count)
        return !w->error;
    if (w->opened_ns < 0 || w->opened_ns > wall_ns)
        w->opened_ns = wall_ns;
    else if (wall_ns - w->opened_ns >= BLOCK_WALL_NS)
        close_block(w);
    return !w->error;
}

bool psr_flush(struct psr_writer *w)
{
    return !w->error && close_block(w);
}

const char *psr_error(const struct psr_writer *w)
{
    return w->error;
}

uint64_t psr_size(const struct psr_writer *w)
{
    return w->size;
}

const void *psr_bytes(const struct psr_writer *w, size_t *n)
{
    *n = w->memory.len;
    return w->memory.data;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void put_index(struct psr_writer *w)
{
    if (!close_block(w))
        return;
    add64(&w->index, 0);
    add64(&w->index, w->total);
    add64(&w->index, (uint64_t)w->last_ns);
    add64(&w->index, 0);
    uint8_t head[PSR_INDEX_HEAD] = PSR_INDEX_MAGIC, tail[PSR_TAIL] = {0};
    psr_store32(head + 4, (uint32_t)w->index.len);
    psr_store32(head + 8, crc32c(0, w->index.data, w->index.len));
    psr_store32(head + 12, crc32c(0, head, 12));
    psr_store64(tail, w->size);
    memcpy(tail + 8, PSR_TAIL_MAGIC, sizeof tail - 8);
    str_clear(&w->out);
    str_addn(&w->out, (const char *)head, sizeof head);
    str_addn(&w->out, w->index.data, w->index.len);
    str_addn(&w->out, (const char *)tail, sizeof tail);
    put(w, w->out.data, w->out.len);
}

char *psr_close(struct psr_writer *w)
{
    if (!w)
        return NULL;
    put_index(w);
    char *error = w->error;
    w->error = NULL;
    if (w->fd >= 0 && close(w->fd) < 0 && errno != EINTR && !error)
        error = xasprintf("%s: could not be ended: %s", w->path, strerror(errno));
    writer_free(w);
    return error;
}

void *psr_close_memory(struct psr_writer *w, size_t *n)
{
    put_index(w);
    *n = w->memory.len;
    void *bytes = str_take(&w->memory);
    writer_free(w);
    return bytes;
}
