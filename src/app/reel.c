/* SPDX-License-Identifier: MIT */
/* The reel: several tapes, one after the other, so that the oldest can be thrown away when the
 * memory is used up; or a file, of which a window is kept, because a reader of files only goes
 * forward.
 *
 *   first ▼                                                  ▼ count
 *   ······├── tape, 8 MiB ──┼── tape, 8 MiB ──┼── tape ──────┤ ◀ add
 *   forgotten                                                                                    */
#include "app/reel.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/tape.h"

enum { SEGMENT_BYTES = 8 << 20, WINDOW = 8192 };

struct segment {
    struct tape *tape;
    uint64_t base; /* number of its first event */
    int64_t first_ns;
};
struct reel {
    struct segment *at;
    size_t n, cap;
    size_t limit;
    uint64_t count;
    int64_t last_ns;
    /* over a file */
    struct psr_reader *file;
    struct event *window;
    uint64_t window_base;
    size_t window_n;
};

struct reel *reel_create(size_t limit_bytes)
{
    struct reel *t = xcalloc(1, sizeof *t);
    t->limit = limit_bytes;
    return t;
}

struct reel *reel_over(struct psr_reader *r)
{
    struct reel *t = xcalloc(1, sizeof *t);
    t->file = r;
    t->count = psr_total(r);
    t->last_ns = psr_last_time(r);
    t->window = xmalloc(WINDOW * sizeof *t->window);
    return t;
}

void reel_free(struct reel *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        tape_free(t->at[i].tape);
    free(t->at);
    free(t->window);
    free(t);
}

size_t reel_bytes(const struct reel *t)
{
    size_t bytes = 0;
    for (size_t i = 0; i < t->n; i++)
        bytes += tape_bytes(t->at[i].tape);
    return bytes;
}

static void forget_oldest(struct reel *t)
{
    while (t->n > 1 && reel_bytes(t) > t->limit) {
        tape_free(t->at[0].tape);
        memmove(t->at, t->at + 1, --t->n * sizeof *t->at);
    }
}

void reel_add(struct reel *t, const struct event *ev, size_t n)
{
    VERIFY(!t->file);
    if (!n)
        return;
    size_t segment = t->limit / 4 < SEGMENT_BYTES ? t->limit / 4 : SEGMENT_BYTES;
    if (!t->n || tape_bytes(t->at[t->n - 1].tape) >= segment) {
        grow(&t->at, &t->cap, t->n + 1, sizeof *t->at);
        t->at[t->n++] =
            (struct segment){.tape = tape_create(), .base = t->count, .first_ns = ev[0].t_ns};
        forget_oldest(t);
    }
    tape_add(t->at[t->n - 1].tape, ev, n);
    t->count += n;
    t->last_ns = ev[n - 1].t_ns;
}

uint64_t reel_first(const struct reel *t)
{
    return t->n ? t->at[0].base : 0;
}

uint64_t reel_count(const struct reel *t)
{
    return t->count;
}

int64_t reel_last_ns(const struct reel *t)
{
    return t->last_ns;
}

/* Fills the window with the events from n on, and some before: steps back are the likely ones. */
static void fill_window(struct reel *t, uint64_t n)
{
    uint64_t from = n > WINDOW / 4 ? n - WINDOW / 4 : 0;
    if (n == t->window_base + t->window_n && psr_position(t->file) == n)
        from = n; /* going forward */
    size_t got;
    t->window_base = from;
    t->window_n = 0;
    if (psr_position(t->file) != from && !psr_seek_event(t->file, from))
        return;
    while (psr_position(t->file) < from) {
        uint64_t left = from - psr_position(t->file);
        if (!psr_read(t->file, t->window, left < WINDOW ? (size_t)left : WINDOW))
            return;
    }
    while (t->window_n < WINDOW &&
           (got = psr_read(t->file, t->window + t->window_n, WINDOW - t->window_n)))
        t->window_n += got;
}

static size_t read_file(struct reel *t, uint64_t n, struct event *out, size_t max)
{
    if (n < t->window_base || n >= t->window_base + t->window_n)
        fill_window(t, n);
    if (n < t->window_base || n >= t->window_base + t->window_n) {
        t->count = n; /* damage: the rest is not there */
        return 0;
    }
    size_t at = (size_t)(n - t->window_base), left = t->window_n - at;
    size_t got = left < max ? left : max;
    memcpy(out, t->window + at, got * sizeof *out);
    return got;
}

size_t reel_read(struct reel *t, uint64_t n, struct event *out, size_t max)
{
    if (n >= t->count || n < reel_first(t))
        return 0;
    if (t->count - n < max)
        max = (size_t)(t->count - n);
    if (t->file)
        return read_file(t, n, out, max);
    size_t i = t->n - 1, done = 0;
    while (t->at[i].base > n)
        i--;
    for (; i < t->n && done < max; i++)
        done += tape_read(t->at[i].tape, n + done - t->at[i].base, out + done, max - done);
    return done;
}

uint64_t reel_until(struct reel *t, int64_t t_ns)
{
    if (t_ns >= t->last_ns)
        return t->count;
    if (!t->file) {
        size_t i = t->n;
        while (i && t->at[i - 1].first_ns > t_ns)
            i--;
        return i ? t->at[i - 1].base + tape_until(t->at[i - 1].tape, t_ns) : reel_first(t);
    }
    struct event ev[64];
    uint64_t n = psr_seek_time(t->file, t_ns) ? psr_position(t->file) : 0;
    size_t got;
    while ((got = reel_read(t, n, ev, ARRAY_LEN(ev))))
        for (size_t i = 0; i < got; i++, n++)
            if (ev[i].t_ns > t_ns)
                return n;
    return n;
}

void reel_cut(struct reel *t, uint64_t n)
{
    VERIFY(!t->file);
    if (n >= t->count)
        return;
    while (t->n > 1 && t->at[t->n - 1].base >= n)
        tape_free(t->at[--t->n].tape);
    tape_cut(t->at[t->n - 1].tape, n - t->at[t->n - 1].base);
    t->count = n;
    struct event last;
    t->last_ns = n && reel_read(t, n - 1, &last, 1) ? last.t_ns : 0;
}
