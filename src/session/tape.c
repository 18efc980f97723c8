/* SPDX-License-Identifier: MIT */
/* The tape: closed blocks, and the one that is being encoded. */
#include "session/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/psr_codec.h"

struct piece {
    uint8_t *bytes; /* with slack */
    size_t n;
    uint64_t first;
    uint32_t count;
    int64_t t_ns;
};
struct tape {
    struct psr_encoder *open;
    struct psr_decoder *decoder;
    struct piece *piece;
    size_t pieces, cap, bytes;
    uint64_t closed; /* events in pieces */
    /* What was decoded last. */
    struct event *event;
    size_t event_cap;
    uint64_t first;
    uint32_t count;
};

struct tape *tape_create(void)
{
    struct tape *t = xcalloc(1, sizeof *t);
    t->open = psr_encoder_create();
    t->decoder = psr_decoder_create();
    return t;
}

void tape_free(struct tape *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->pieces; i++)
        free(t->piece[i].bytes);
    free(t->piece);
    free(t->open);
    free(t->decoder);
    free(t->event);
    free(t);
}

static void close_piece(struct tape *t)
{
    struct psr_encoder *e = t->open;
    grow(&t->piece, &t->cap, t->pieces + 1, sizeof *t->piece);
    struct piece *p = &t->piece[t->pieces++];
    *p = (struct piece){
        .bytes = xmalloc(e->n + PSR_SLACK),
        .n = e->n,
        .first = t->closed,
        .count = e->count,
        .t_ns = e->first_ns,
    };
    memcpy(p->bytes, e->bytes, e->n);
    memset(p->bytes + e->n, 0, PSR_SLACK);
    t->closed += e->count;
    t->bytes += e->n;
    psr_encoder_begin(e);
}

void tape_add(struct tape *t, const struct event *ev, size_t n)
{
    while (n) {
        size_t took = psr_encode(t->open, ev, n);
        ev += took;
        n -= took;
        if (n)
            close_piece(t);
    }
}

uint64_t tape_count(const struct tape *t)
{
    return t->closed + t->open->count;
}

size_t tape_bytes(const struct tape *t)
{
    return t->bytes + t->open->n + t->pieces * sizeof *t->piece;
}

/* The piece that holds event `number` (< closed). */
static size_t piece_of(const struct tape *t, uint64_t number)
{
    size_t lo = 0, hi = t->pieces;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->piece[mid].first <= number)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static void decode(struct tape *t, const uint8_t *bytes, size_t n, uint64_t first, uint32_t count,
                   int64_t t_ns)
{
    uint32_t ids;
    grow(&t->event, &t->event_cap, count, sizeof *t->event);
    VERIFY(psr_decode(t->decoder, bytes, n, count, t_ns, t->event, &ids));
    t->first = first;
    t->count = count;
}

/* Makes t->event hold the block of event `number` (< tape_count()), as far as it goes by now. */
static void need(struct tape *t, uint64_t number)
{
    if (number >= t->closed) {
        const struct psr_encoder *e = t->open;
        if (t->first != t->closed || t->count != e->count)
            decode(t, e->bytes, e->n, t->closed, e->count, e->first_ns);
        return;
    }
    const struct piece *p = &t->piece[piece_of(t, number)];
    if (t->first != p->first || t->count != p->count)
        decode(t, p->bytes, p->n, p->first, p->count, p->t_ns);
}

size_t tape_read(struct tape *t, uint64_t number, struct event *out, size_t max)
{
    size_t n = 0;
    while (n < max && number < tape_count(t)) {
        need(t, number);
        size_t some = (size_t)(t->first + t->count - number);
        some = some < max - n ? some : max - n;
        memcpy(out + n, t->event + (number - t->first), some * sizeof *out);
        n += some;
        number += some;
    }
    return n;
}

uint64_t tape_until(struct tape *t, int64_t t_ns)
{
    /* The last piece that begins at or before t_ns, then inside of it. */
    size_t lo = 0, hi = t->pieces;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->piece[mid].t_ns <= t_ns)
            lo = mid + 1;
        else
            hi = mid;
    }
    uint64_t number;
    if (t->open->count && t->open->first_ns <= t_ns)
        number = t->closed;
    else if (lo)
        number = t->piece[lo - 1].first;
    else
        return 0;
    need(t, number);
    size_t from = (size_t)(number - t->first), to = t->count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (t->event[mid].t_ns <= t_ns)
            from = mid + 1;
        else
            to = mid;
    }
    return t->first + from;
}

void tape_cut(struct tape *t, uint64_t number)
{
    if (number >= tape_count(t))
        return;
    /* The events of its block that stay are encoded again. */
    need(t, number);
    uint64_t first = t->first;
    uint32_t keep = (uint32_t)(number - first);
    if (first < t->closed)
        for (size_t i = piece_of(t, first); t->pieces > i;) {
            t->pieces--;
            t->bytes -= t->piece[t->pieces].n;
            free(t->piece[t->pieces].bytes);
        }
    t->closed = first;
    psr_encoder_begin(t->open);
    tape_add(t, t->event, keep);
    t->count = 0;
}
