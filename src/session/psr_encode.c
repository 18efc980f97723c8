/* SPDX-License-Identifier: MIT */
/* Events to bytes. Whether a field has changed is a coin's toss in a mixed stream, so nothing
 * branches on it: the lengths make the shape (psr_format.h), every field is stored, and the next
 * one overwrites what was too much. */
#include "session/psr_codec.h"

#include <stdlib.h>

#include "base/mem.h"

/* Events are stored as they lie in memory, A below B. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian machine must swap");

enum { AS_BEFORE = 7, SPAN_NS = 500000000 };

struct psr_encoder *psr_encoder_create(void)
{
    struct psr_encoder *e = xcalloc(1, sizeof *e);
    for (size_t kind = 0; kind < EV_COUNT; kind++)
        for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++)
            e->one_number[kind] |= event_info[kind].fields[f].slot == SLOT_V;
    psr_encoder_begin(e);
    return e;
}

void psr_encoder_begin(struct psr_encoder *e)
{
    e->n = 0;
    e->count = 0;
    e->shapes = 0;
    e->epoch = (e->epoch + 1) & 0xffffff;
    if (!e->epoch) { /* it wraps after 16 million blocks */
        memset(e->slot, 0, sizeof e->slot);
        e->epoch = 1;
    }
    memset(e->last, 0, sizeof e->last);
    memset(&e->prev, 0, sizeof e->prev);
}

static inline unsigned bytes_of(uint64_t v)
{
    return v ? (71u - (unsigned)__builtin_clzll(v)) / 8 : 0;
}
/* Of a field that is written: 0 takes a byte too. */
static inline unsigned bytes_new(uint32_t v)
{
    return (39u - (unsigned)__builtin_clz(v | 1)) / 8;
}
static inline unsigned only_if(bool yes, unsigned n)
{
    return (0u - (unsigned)yes) & n;
}
static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

/* Writes the shape's number, or the shape when it is new; returns the place after it. */
static inline uint8_t *put_shape(struct psr_encoder *e, uint8_t *p, uint64_t shape)
{
    uint64_t key = (uint64_t)e->epoch << 40 | shape;
    size_t i = (size_t)(shape * 0x9e3779b97f4a7c15u >> 51);
    while (e->slot[i].key != key) {
        if (e->slot[i].key >> 40 != e->epoch) {
            e->slot[i] = (struct psr_shape_slot){key, e->shapes++};
            *p++ = 0xff;
            *p++ = (uint8_t)(shape >> 32);
            *p++ = (uint8_t)(shape >> 24);
            *p++ = (uint8_t)shape;
            *p++ = (uint8_t)(shape >> 8);
            *p++ = (uint8_t)(shape >> 16);
            return p;
        }
        i = (i + 1) % PSR_SLOTS;
    }
    uint32_t number = e->slot[i].number;
    if (LIKELY(number < 240)) {
        *p++ = (uint8_t)number;
        return p;
    }
    number -= 240;
    *p++ = (uint8_t)(0xf0 + (number >> 8));
    *p++ = (uint8_t)number;
    return p;
}

static inline uint8_t *encode_one(struct psr_encoder *e, uint8_t *p, const struct event *ev,
                                  const struct event *prev)
{
    struct event *last = &e->last[psr_place(ev->kind, ev->op)];
    uint64_t t = (uint64_t)ev->t_ns - (uint64_t)prev->t_ns;
    unsigned v = e->one_number[ev->kind];
    unsigned nt = bytes_of(t);
    unsigned nx = (ev->x != last->x) + (ev->x != last->x && ev->x > 0xff);
    unsigned task = only_if(ev->task != last->task, bytes_new(ev->task));
    unsigned obj = only_if(ev->obj != last->obj, bytes_new(ev->obj));
    unsigned nc = only_if(ev->c != last->c, bytes_new(ev->c));
    unsigned task_before = 0u - (ev->task == prev->task), obj_before = 0u - (ev->obj == prev->obj);
    unsigned na = only_if(ev->a != last->a, bytes_new(ev->a));
    unsigned nb = only_if(ev->b != last->b, bytes_new(ev->b));
    uint64_t step = zigzag((int64_t)((uint64_t)ev->v - (uint64_t)last->v)), a = v ? step : ev->a;
    na = v ? bytes_of(step) : na;
    nb = v ? 0 : nb;
    unsigned ntask = task & ~task_before, nobj = obj & ~obj_before;
    uint64_t shape = (uint64_t)ev->kind << 32 | (uint64_t)ev->op << 24 | v << 22 | nb << 19 |
                     na << 15 | nc << 12 | (nobj | (obj_before & AS_BEFORE)) << 9 |
                     (ntask | (task_before & AS_BEFORE)) << 6 | nx << 4 | nt;
    p = put_shape(e, p, shape);
    psr_store64(p, t), p += nt;
    psr_store64(p, ev->x), p += nx;
    psr_store64(p, ev->task), p += ntask;
    psr_store64(p, ev->obj), p += nobj;
    psr_store64(p, ev->c), p += nc;
    psr_store64(p, a), p += na;
    psr_store64(p, ev->b), p += nb;
    *last = *ev;
    return p;
}

static inline bool takes(const struct psr_encoder *e, const struct event *ev, size_t n)
{
    return LIKELY(
        n < PSR_BLOCK_BYTES && e->shapes < PSR_SHAPES &&
        (ev->t_ns <= e->first_ns || (uint64_t)ev->t_ns - (uint64_t)e->first_ns < SPAN_NS));
}

bool psr_encoder_takes(const struct psr_encoder *e, const struct event *ev)
{
    return !e->count || takes(e, ev, e->n);
}

size_t psr_encode(struct psr_encoder *e, const struct event *ev, size_t n)
{
    size_t i = 0;
    if (!n)
        return 0;
    if (!e->count) {
        e->first_ns = ev->t_ns;
        e->prev.t_ns = ev->t_ns;
    }
    const struct event *prev = &e->prev;
    uint8_t *p = e->bytes + e->n;
    for (; i < n && takes(e, ev + i, (size_t)(p - e->bytes)); i++) {
        p = encode_one(e, p, ev + i, prev);
        prev = ev + i;
    }
    e->prev = *prev;
    e->n = (size_t)(p - e->bytes);
    e->count += (uint32_t)i;
    return i;
}
