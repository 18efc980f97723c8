/* SPDX-License-Identifier: MIT */
/* The codec of events.
 *
 * The hard idea is to keep the data out of the branches. A shape (psr_format.h) says how many bytes
 * each field takes, so a decoder looks up offsets and masks and does the same loads for every
 * event; what is absent is masked out and taken from the last of its kind. A mixed stream of live
 * events then costs as little as a regular one. */
#include "session/psr_codec.h"

#include <stdlib.h>

#include "base/mem.h"

/* Events are stored as they lie in memory, A below B. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian machine must swap");

enum { AS_BEFORE = 7, SPAN_NS = 500000000 };

static const uint64_t mask[9] = {
    0,          0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
    UINT64_MAX,
};

static inline uint8_t place_of(unsigned kind, unsigned op)
{
    return (uint8_t)(kind * 16 + op);
}

/* ---- encoding ------------------------------------------------------------------------------ */

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
static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
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
    struct event *last = &e->last[place_of(ev->kind, ev->op)];
    uint64_t t = (uint64_t)ev->t_ns - (uint64_t)prev->t_ns;
    /* Whether a field has changed is a coin's toss in a mixed stream, so nothing branches on it. */
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

/* ---- decoding ------------------------------------------------------------------------------ */

enum { T, X, TASK, OBJ, C, A, B, FIELDS };

struct shape {
    uint8_t at[FIELDS], len[FIELDS]; /* offsets after the code, bytes */
    uint8_t bytes;                   /* of all fields */
    uint8_t kind, op, place;
    uint16_t x_low; /* the low byte of x must be below */
    /* All or nothing: what is taken from the event before, from the last of the kind. */
    uint32_t task_before, obj_before, old[FIELDS];
    uint64_t one_number;
};
struct psr_decoder {
    uint32_t shapes;
    bool edges;
    struct event last[256];
    struct shape shape[PSR_SHAPES];
};

struct psr_decoder *psr_decoder_create(void)
{
    return xcalloc(1, sizeof(struct psr_decoder));
}

/* How many values a kind's op or state has; what prints names must never be led beyond them. */
static unsigned names_of(unsigned kind, enum event_slot slot)
{
    for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++) {
        const struct event_field *field = &event_info[kind].fields[f];
        if (field->slot == slot && field->type == FT_ENUM) {
            unsigned n = 0;
            while (field->names[n])
                n++;
            return n;
        }
    }
    return 256;
}

static bool define(struct psr_decoder *d, const uint8_t *p)
{
    if (d->shapes == PSR_SHAPES || p[0] >= EV_COUNT || p[1] >= names_of(p[0], SLOT_OP))
        return false;
    uint32_t bits = p[2] | (uint32_t)p[3] << 8 | (uint32_t)p[4] << 16;
    struct shape *s = &d->shape[d->shapes];
    *s = (struct shape){
        .kind = p[0],
        .op = p[1],
        .place = place_of(p[0], p[1]),
        .x_low = (uint16_t)names_of(p[0], SLOT_XL),
        .one_number = bits >> 22 & 1 ? UINT64_MAX : 0,
    };
    static const uint8_t shift[FIELDS] = {0, 4, 6, 9, 12, 15, 19},
                         width[FIELDS] = {4, 2, 3, 3, 3, 4, 3},
                         most[FIELDS] = {8, 2, 4, 4, 4, 8, 4};
    for (unsigned f = 0; f < FIELDS; f++) {
        unsigned n = bits >> shift[f] & ((1u << width[f]) - 1);
        if (n == AS_BEFORE && f == TASK) {
            s->task_before = UINT32_MAX;
            n = 0;
        } else if (n == AS_BEFORE && f == OBJ) {
            s->obj_before = UINT32_MAX;
            n = 0;
        }
        if (n > most[f] || (f == A && n > 4 && !s->one_number) || (f == B && n && s->one_number))
            return false;
        s->old[f] =
            n || (f == TASK && s->task_before) || (f == OBJ && s->obj_before) ? 0 : UINT32_MAX;
        s->at[f] = s->bytes;
        s->len[f] = (uint8_t)n;
        s->bytes = (uint8_t)(s->bytes + n);
    }
    if (bits >> 23)
        return false;
    d->edges |= s->kind == EV_EDGE;
    d->shapes++;
    return true;
}

static inline uint64_t load(const uint8_t *p, const struct shape *s, unsigned f)
{
    return psr_load64(p + s->at[f]) & mask[s->len[f]];
}
/* The field, or what it was. */
static inline uint32_t load_or(const uint8_t *p, const struct shape *s, unsigned f, uint32_t was)
{
    return (uint32_t)load(p, s, f) | (was & s->old[f]);
}

static uint32_t largest_id(const struct event *ev, uint32_t n)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct event *e = ev + i;
        bool text = e->kind == EV_OBJECT || e->kind == EV_CTX; /* the task slot is a string */
        uint32_t task = text ? 0 : e->task,
                 from = e->kind == EV_EDGE || e->kind == EV_CTX ? e->c : 0;
        most = task > most ? task : most;
        most = e->obj > most ? e->obj : most;
        most = from > most ? from : most;
    }
    return most;
}

bool psr_decode(struct psr_decoder *d, const uint8_t *bytes, size_t n, uint32_t count, int64_t t_ns,
                struct event *out, uint32_t *ids)
{
    const uint8_t *p = bytes, *end = bytes + n;
    struct event prev = {.t_ns = t_ns};
    uint32_t seen = 0;
    bool bad = false;
    d->shapes = 0;
    d->edges = false;
    memset(d->last, 0, sizeof d->last);
    for (uint32_t i = 0; i < count; i++) {
        if (UNLIKELY(p >= end))
            return false;
        uint32_t number = *p++;
        if (UNLIKELY(number >= 240)) {
            if (number == 0xff) {
                if (end - p < 5 || !define(d, p))
                    return false;
                number = d->shapes - 1;
                p += 5;
            } else {
                number = 240 + (number - 240) * 256 + *p++;
            }
        }
        if (UNLIKELY(number >= d->shapes))
            return false;
        const struct shape *s = &d->shape[number];
        struct event *last = &d->last[s->place];
        if (UNLIKELY(end - p < s->bytes))
            return false;
        prev.t_ns = (int64_t)((uint64_t)prev.t_ns + load(p, s, T));
        prev.kind = s->kind;
        prev.op = s->op;
        prev.x = (uint16_t)load_or(p, s, X, last->x);
        prev.task = load_or(p, s, TASK, last->task) | (prev.task & s->task_before);
        prev.obj = load_or(p, s, OBJ, last->obj) | (prev.obj & s->obj_before);
        prev.c = load_or(p, s, C, last->c);
        uint64_t sum = (uint64_t)last->v + (uint64_t)unzigzag(load(p, s, A));
        uint64_t pair = load_or(p, s, A, last->a) | (uint64_t)load_or(p, s, B, last->b) << 32;
        prev.v = (int64_t)((sum & s->one_number) | (pair & ~s->one_number));
        p += s->bytes;
        bad |= (prev.x & 0xff) >= s->x_low;
        seen |= prev.task | prev.obj;
        *last = prev;
        out[i] = prev;
    }
    /* The ids ored together are no smaller than the largest: mostly that settles it. */
    *ids = d->edges || seen > PSR_IDS_FREE ? largest_id(out, count) : seen;
    return !bad && p == end;
}
