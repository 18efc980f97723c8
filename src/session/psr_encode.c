/* SPDX-License-Identifier: MIT */
/* Events to bytes. Whether a field has changed is a coin's toss in a mixed stream, so nothing
 * branches on it: the lengths make the shape (psr_format.h), every field is stored, and the next
 * one overwrites what was too much.
 *
 * An event is 32 bytes, and so is a vector register. There, what goes into the file stands in its
 * place and everything else is zero; one bit a byte then says what is written, and a shape is kept
 * as the shuffle that brings it together (psr_decode.c does the reverse):
 *
 *   event    tttttttt kkxx TTTT oooo cccc aaaabbbb     t: since the event before
 *   value    tt000000 00x0 0000 oo00 0000 a000b000     as in the last of its kind: 0
 *   written  11...... ..1. .... 11.. .... 1...1...     the shape, with kind and op
 *   bytes    t t x o o a b */
#include "session/psr_codec.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/mem.h"

/* Events are stored as they lie in memory, A below B. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a big-endian machine must swap");

enum { AS_BEFORE = 7, SPAN_NS = 500000000 };
#define USED ((uint64_t)1 << 63) /* in every key */

struct psr_encoder *psr_encoder_create(void)
{
    struct psr_encoder *e = aligned_alloc(64, (sizeof *e + 63) & ~(size_t)63);
    if (!e)
        die_of_memory();
    memset(e, 0, sizeof *e);
    for (size_t kind = 0; kind < EV_COUNT; kind++)
        for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++)
            e->one_number[kind] |= event_info[kind].fields[f].slot == SLOT_V;
#if defined(__x86_64__)
    e->vectors = __builtin_cpu_supports("avx2");
#endif
    psr_encoder_begin(e);
    return e;
}

void psr_encoder_plain(struct psr_encoder *e)
{
    e->vectors = false;
}

void psr_encoder_begin(struct psr_encoder *e)
{
    e->n = 0;
    e->count = 0;
    e->shapes = 0;
    if (!++e->epoch || e->known > PSR_SLOTS - PSR_SHAPES) {
        memset(e->slot, 0, sizeof e->slot);
        e->known = 0;
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

static inline bool takes(const struct psr_encoder *e, const struct event *ev, size_t n)
{
    return LIKELY(
        n < PSR_BLOCK_BYTES && e->shapes < PSR_SHAPES &&
        (ev->t_ns <= e->first_ns || (uint64_t)ev->t_ns - (uint64_t)e->first_ns < SPAN_NS));
}

/* Where a shape stands, or where it goes: then its key is 0. */
static inline struct psr_shape_slot *slot_of(struct psr_encoder *e, uint64_t key)
{
    size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 51);
    while (e->slot[i].key != key && e->slot[i].key)
        i = (i + 1) % PSR_SLOTS;
    return &e->slot[i];
}

/* The first in its block: kind, op and the 24 bits. Returns the place after it. */
static inline uint8_t *put_shape(struct psr_encoder *e, uint8_t *p, struct psr_shape_slot *slot,
                                 const struct event *ev)
{
    slot->epoch = e->epoch;
    slot->number = (uint16_t)e->shapes++;
    *p++ = 0xff;
    *p++ = ev->kind;
    *p++ = ev->op;
    *p++ = (uint8_t)slot->bits;
    *p++ = (uint8_t)(slot->bits >> 8);
    *p++ = (uint8_t)(slot->bits >> 16);
    return p;
}

static inline uint8_t *put_number(uint8_t *p, uint32_t number)
{
    if (LIKELY(number < 240)) {
        *p++ = (uint8_t)number;
        return p;
    }
    number -= 240;
    *p++ = (uint8_t)(0xf0 + (number >> 8));
    *p++ = (uint8_t)number;
    return p;
}

/* ---- a field at a time --------------------------------------------------------------------- */

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
    uint32_t bits = v << 22 | nb << 19 | na << 15 | nc << 12 |
                    (nobj | (obj_before & AS_BEFORE)) << 9 |
                    (ntask | (task_before & AS_BEFORE)) << 6 | nx << 4 | nt;
    uint64_t key = USED | (uint64_t)ev->kind << 32 | (uint64_t)ev->op << 24 | bits;
    struct psr_shape_slot *slot = slot_of(e, key);
    if (UNLIKELY(!slot->key)) {
        *slot = (struct psr_shape_slot){.key = key, .bits = bits};
        e->known++;
    }
    p = LIKELY(slot->epoch == e->epoch) ? put_number(p, slot->number) : put_shape(e, p, slot, ev);
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

static size_t encode_plain(struct psr_encoder *e, const struct event *ev, size_t n)
{
    const struct event *prev = &e->prev;
    uint8_t *p = e->bytes + e->n;
    size_t i = 0;
    for (; i < n && takes(e, ev + i, (size_t)(p - e->bytes)); i++) {
        p = encode_one(e, p, ev + i, prev);
        prev = ev + i;
    }
    e->prev = *prev;
    e->n = (size_t)(p - e->bytes);
    return i;
}

/* ---- all of them at once ------------------------------------------------------------------- */

#if defined(__x86_64__)

/* Bits of `written`, a bit a byte. That of op and kind say instead: the same task, object as in the
 * event before. */
enum {
    IN_T = 0xff,
    IN_X = 0xc00,
    IN_TASK = 0xf000,
    IN_OBJ = 0xf0000,
    IN_C = 0xf00000,
    IN_A = 0xf000000,
    SAME_TASK = 0x100,
    SAME_OBJ = 0x200
};

/* A new shape: what it looks like in the file, and its shuffle. */
static NOINLINE void new_shape(struct psr_encoder *e, struct psr_shape_slot *slot, uint64_t key,
                               uint32_t written, unsigned v)
{
    unsigned at = 0;
    *slot = (struct psr_shape_slot){.key = key};
    e->known++;
    memset(slot->from, 0x80, sizeof slot->from); /* 0 where nothing goes */
    for (unsigned i = 0; i < sizeof(struct event); i++) {
        if (i == 16) {
            slot->low = (uint8_t)at;
            at = 0;
        }
        if (written >> i & 1 && i != 8 && i != 9)
            slot->from[i / 16 * 16 + at++] = i % 16;
    }
    slot->bytes = (uint8_t)(slot->low + at);
#define LENGTH(bytes) (uint32_t) __builtin_popcount(written &(bytes))
    uint32_t task = written & SAME_TASK ? AS_BEFORE : LENGTH(IN_TASK),
             obj = written & SAME_OBJ ? AS_BEFORE : LENGTH(IN_OBJ),
             a = v ? LENGTH(0xff000000) : LENGTH(IN_A), b = v ? 0 : LENGTH(0xf0000000);
    slot->bits = v << 22 | b << 19 | a << 15 | LENGTH(IN_C) << 12 | obj << 9 | task << 6 |
                 LENGTH(IN_X) << 4 | LENGTH(IN_T);
#undef LENGTH
}

/* Of events without and with V: the fields whose bytes are all their own, and of the others the
 * bytes that are written even if they are 0, when the field is new. */
static const struct {
    uint32_t wide[8], first[8];
} layout[2] = {
    {{~0u, ~0u}, {0, 0, 0x10000, 1, 1, 1, 1, 1}},
    {{~0u, ~0u, 0, 0, 0, 0, ~0u, ~0u}, {0, 0, 0x10000, 1, 1, 1}},
};

__attribute__((target("avx2"))) static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256(p);
}

/* A bit for each byte up to the highest of its field that is not 0. */
__attribute__((target("avx2"))) static inline uint32_t filled(__m256i w, unsigned v)
{
    w = _mm256_or_si256(w, _mm256_srli_epi32(w, 8));
    w = _mm256_or_si256(w, _mm256_srli_epi32(w, 16));
    uint32_t bits = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(w, _mm256_setzero_si256()));
    if (UNLIKELY(bits & 0x10))
        bits |= 0xf; /* t, some seconds on or back */
    bits |= (0u - (bits >> 28 & v)) & 0xf000000;
    return bits & ~(uint32_t)(SAME_TASK | SAME_OBJ);
}

__attribute__((target("avx2"))) static size_t encode_avx2(struct psr_encoder *e,
                                                          const struct event *ev, size_t n)
{
    const __m256i zero = _mm256_setzero_si256(), ids = _mm256_set_epi32(0, 0, 0, -1, -1, 0, 0, 0),
                  what = _mm256_set_epi32(0, 0, 0, 0, 0, 0xffff, 0, 0);
    __m256i before = load(&e->prev);
    uint8_t *p = e->bytes + e->n;
    size_t i = 0;
    for (; i < n && takes(e, ev + i, (size_t)(p - e->bytes)); i++) {
        unsigned kind = ev[i].kind, op = ev[i].op, v = e->one_number[kind];
        struct event *place = &e->last[psr_place(kind, op)];
        __m256i is = load(&ev[i]), last = load(place), wide = load(layout[v].wide);
        /* What is not written. x has half the width of the others. */
        __m256i same =
            _mm256_blend_epi32(_mm256_cmpeq_epi32(is, last), _mm256_cmpeq_epi16(is, last), 1 << 2);
        __m256i same_before = _mm256_and_si256(_mm256_cmpeq_epi32(is, before), ids);
        __m256i skip = _mm256_andnot_si256(wide, _mm256_or_si256(same, same_before));
        skip = _mm256_or_si256(skip, what);
        /* t and V as differences, V in zigzag. */
        __m256i step = _mm256_sub_epi64(is, last), sign = _mm256_cmpgt_epi64(zero, step);
        step = _mm256_xor_si256(_mm256_add_epi64(step, step), sign);
        __m256i value = _mm256_blendv_epi8(is, step, wide);
        value = _mm256_blend_epi32(value, _mm256_sub_epi64(is, before), 3);
        value = _mm256_andnot_si256(skip, value);

        __m256i first = _mm256_andnot_si256(skip, load(layout[v].first));
        uint32_t written = filled(_mm256_or_si256(value, first), v) |
                           (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same_before)) << 5;
        uint64_t key = USED | (uint64_t)(kind | op << 8) << 32 | written;
        struct psr_shape_slot *slot = slot_of(e, key);
        if (UNLIKELY(!slot->key))
            new_shape(e, slot, key, written, v);
        p = LIKELY(slot->epoch == e->epoch) ? put_number(p, slot->number)
                                            : put_shape(e, p, slot, ev + i);
        value = _mm256_shuffle_epi8(value, load(slot->from));
        _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(value));
        _mm_storeu_si128((__m128i *)(void *)(p + slot->low), _mm256_extracti128_si256(value, 1));
        p += slot->bytes;
        _mm256_storeu_si256((__m256i *)(void *)place, is);
        before = is;
    }
    _mm256_storeu_si256((__m256i *)(void *)&e->prev, before);
    e->n = (size_t)(p - e->bytes);
    return i;
}
#else
#define encode_avx2 encode_plain
#endif

/* ---- a block ------------------------------------------------------------------------------- */

bool psr_encoder_takes(const struct psr_encoder *e, const struct event *ev)
{
    return !e->count || takes(e, ev, e->n);
}

size_t psr_encode(struct psr_encoder *e, const struct event *ev, size_t n)
{
    if (!n)
        return 0;
    if (!e->count) {
        e->first_ns = ev->t_ns;
        e->prev.t_ns = ev->t_ns;
    }
    size_t took = (e->vectors ? encode_avx2 : encode_plain)(e, ev, n);
    e->count += (uint32_t)took;
    return took;
}
