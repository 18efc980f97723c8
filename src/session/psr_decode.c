/* SPDX-License-Identifier: MIT */
/* Bytes to events.
 *
 * The hard idea is to keep the data out of the branches. A shape (psr_format.h) says how many bytes
 * each field takes; what is absent comes from the last event of the kind, or from the one before. A
 * mixed stream of live events then costs as little as a regular one.
 *
 * An event is 32 bytes, and so is a vector register. A shape is kept as the shuffle that brings the
 * bytes of all fields to their places at once:
 *
 *   bytes   t t x k k o c v v          ▶ low half from the first byte on, high half from o on
 *   event   tt000000 ··xxkk00 oo..c... vv......      zero where nothing was written
 *      +                 last event of the kind, where the field is as it was there
 *      +    the event before: its time, and its task or object where they are the same
 *
 * All of it are additions, since what is not taken is zero. Without such registers the same is done
 * a field at a time. */
#include "session/psr_codec.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/mem.h"

enum { T, X, TASK, OBJ, C, A, B, FIELDS };
enum { AS_BEFORE = 7 };

/* In a byte of the shuffle: which of the 16 bytes goes there, or what else does. */
enum { ZERO = 0x80, LAST = 0x40, BEFORE = 0x20, ZIGZAG = 0x10 };

struct shape {
    uint8_t from[sizeof(struct event)]; /* the shuffle, a byte for each of the event's */
    uint8_t bytes;                      /* of all fields */
    uint8_t high;                       /* where those of the high half begin */
    uint8_t kind, op, place;
    uint8_t len[FIELDS];
    uint8_t as_before; /* bits: TASK, OBJ */
    bool one_number;
    uint16_t x_low; /* the low byte of x must be below */
    uint64_t key;   /* what it was made of; 0: nothing yet */
};
_Static_assert(sizeof(struct shape) <= 64, "a shape is a cache line");

enum { KNOWN = 2048 };
struct psr_decoder {
    uint32_t shapes;
    bool edges, vectors;
    struct event last[256];
    _Alignas(64) struct shape shape[PSR_SHAPES];
    /* Blocks define mostly the same shapes again: here they stand by what they are made of. */
    _Alignas(64) struct shape known[KNOWN];
};

/* Where a field lies in the event. */
static const struct {
    uint8_t at, size, shift, width, most;
} fields[FIELDS] = {
    [T] = {offsetof(struct event, t_ns), 8, 0, 4, 8},
    [X] = {offsetof(struct event, x), 2, 4, 2, 2},
    [TASK] = {offsetof(struct event, task), 4, 6, 3, 4},
    [OBJ] = {offsetof(struct event, obj), 4, 9, 3, 4},
    [C] = {offsetof(struct event, c), 4, 12, 3, 4},
    [A] = {offsetof(struct event, a), 4, 15, 4, 8},
    [B] = {offsetof(struct event, b), 4, 19, 3, 4},
};
_Static_assert(offsetof(struct event, kind) == 8 && offsetof(struct event, op) == 9 &&
                   offsetof(struct event, x) == 10 && offsetof(struct event, obj) == 16 &&
                   offsetof(struct event, v) == 24,
               "the halves of an event are t, kind, op, x, task and obj, c, v");

struct psr_decoder *psr_decoder_create(void)
{
    struct psr_decoder *d = aligned_alloc(64, sizeof *d);
    if (!d)
        die_of_memory();
    d->shapes = 0;
    memset(d->known, 0, sizeof d->known);
#if defined(__x86_64__)
    d->vectors = __builtin_cpu_supports("avx2");
#else
    d->vectors = false;
#endif
    return d;
}

void psr_decoder_plain(struct psr_decoder *d)
{
    d->vectors = false;
}

/* ---- shapes -------------------------------------------------------------------------------- */

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

/* The lengths out of the 24 bits; false: there is no such shape. */
static bool lengths(struct shape *s, uint32_t bits)
{
    s->one_number = bits >> 22 & 1;
    if (bits >> 23)
        return false;
    for (unsigned f = 0; f < FIELDS; f++) {
        unsigned n = bits >> fields[f].shift & ((1u << fields[f].width) - 1);
        if (n == AS_BEFORE && (f == TASK || f == OBJ)) {
            s->as_before |= (uint8_t)(1u << f);
            n = 0;
        }
        if (n > fields[f].most || (f == A && n > 4 && !s->one_number) ||
            (f == B && n && s->one_number))
            return false;
        s->len[f] = (uint8_t)n;
    }
    return true;
}

static void make_shuffle(struct shape *s)
{
    memset(s->from, ZERO, sizeof s->from);
    for (unsigned f = 0; f < FIELDS; f++) {
        unsigned size = f == A && s->one_number ? 8 : fields[f].size, n = s->len[f];
        if (f == OBJ)
            s->high = s->bytes;
        if (f == B && s->one_number)
            break;
        unsigned other = f == T                    ? BEFORE
                         : s->as_before >> f & 1   ? BEFORE
                         : f == A && s->one_number ? LAST | ZIGZAG
                         : n                       ? 0
                                                   : LAST;
        for (unsigned i = 0; i < size; i++)
            s->from[fields[f].at + i] =
                (uint8_t)((i < n ? (unsigned)(s->bytes - (f < OBJ ? 0 : s->high)) + i : ZERO) |
                          other);
        s->bytes = (uint8_t)(s->bytes + n);
    }
}

static NOINLINE bool make(struct shape *s, uint64_t key, const uint8_t *p)
{
    s->key = 0;
    if (p[0] >= EV_COUNT || p[1] >= names_of(p[0], SLOT_OP))
        return false;
    *s = (struct shape){
        .kind = p[0],
        .op = p[1],
        .place = psr_place(p[0], p[1]),
        .x_low = (uint16_t)names_of(p[0], SLOT_XL),
    };
    if (!lengths(s, p[2] | (uint32_t)p[3] << 8 | (uint32_t)p[4] << 16))
        return false;
    make_shuffle(s);
    s->key = key;
    return true;
}

/* The next number's shape, of the five bytes at p. */
static inline bool define(struct psr_decoder *d, const uint8_t *p)
{
    uint64_t key = UINT64_C(1) << 40 | psr_load32(p) | (uint64_t)p[4] << 32;
    struct shape *known = &d->known[key * UINT64_C(0x9e3779b97f4a7c15) >> 53];
    _Static_assert(KNOWN == 1 << (64 - 53), "as many places as the hash has values");
    if (d->shapes == PSR_SHAPES || (UNLIKELY(known->key != key) && !make(known, key, p)))
        return false;
    d->shape[d->shapes++] = *known;
    d->edges |= known->kind == EV_EDGE;
    return true;
}

/* The code at *p, which moves behind it: its shape; NULL: there is none. A code has at most six
 * bytes, and so much slack there is. */
static inline const struct shape *shape_at(struct psr_decoder *d, const uint8_t **p,
                                           const uint8_t *end)
{
    uint32_t number = *(*p)++;
    if (UNLIKELY(number >= 240)) {
        if (number == 0xff) {
            if (end - *p < 5 || !define(d, *p))
                return NULL;
            number = d->shapes - 1;
            *p += 5;
        } else {
            number = 240 + (number - 240) * 256 + *(*p)++;
        }
    }
    return LIKELY(number < d->shapes) ? &d->shape[number] : NULL;
}

/* ---- a field at a time --------------------------------------------------------------------- */

static inline uint64_t take(const uint8_t **p, unsigned n)
{
    static const uint64_t mask[9] = {0,          0xff,         0xffff,         0xffffff,
                                     0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
                                     UINT64_MAX};
    uint64_t v = psr_load64(*p) & mask[n];
    *p += n;
    return v;
}
static inline uint32_t take_or(const uint8_t **p, unsigned n, uint32_t was)
{
    uint32_t v = (uint32_t)take(p, n);
    return n ? v : was;
}

static bool decode_plain(struct psr_decoder *d, const uint8_t *p, const uint8_t *end,
                         uint32_t count, int64_t t_ns, struct event *out, uint32_t *seen)
{
    struct event e = {.t_ns = t_ns};
    bool bad = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct shape *s = p < end ? shape_at(d, &p, end) : NULL;
        if (UNLIKELY(!s || end - p < s->bytes))
            return false;
        const struct event *last = &d->last[s->place];
        e.t_ns = (int64_t)((uint64_t)e.t_ns + take(&p, s->len[T]));
        e.kind = s->kind;
        e.op = s->op;
        e.x = (uint16_t)take_or(&p, s->len[X], last->x);
        e.task = take_or(&p, s->len[TASK], s->as_before >> TASK & 1 ? e.task : last->task);
        e.obj = take_or(&p, s->len[OBJ], s->as_before >> OBJ & 1 ? e.obj : last->obj);
        e.c = take_or(&p, s->len[C], last->c);
        if (s->one_number) {
            uint64_t z = take(&p, s->len[A]);
            e.v = (int64_t)((uint64_t)last->v + ((z >> 1) ^ (0 - (z & 1))));
        } else {
            uint32_t a = take_or(&p, s->len[A], last->a);
            e.b = take_or(&p, s->len[B], last->b);
            e.a = a;
        }
        bad |= (e.x & 0xff) >= s->x_low;
        *seen |= e.task | e.obj;
        d->last[s->place] = out[i] = e;
    }
    return !bad && p == end;
}

/* ---- all of them at once ------------------------------------------------------------------- */

#if defined(__x86_64__)
__attribute__((target("avx2"))) static bool decode_avx2(struct psr_decoder *d, const uint8_t *p,
                                                        const uint8_t *end, uint32_t count,
                                                        int64_t t_ns, struct event *out,
                                                        uint32_t *seen)
{
    const __m256i one = _mm256_set1_epi64x(1), zero = _mm256_setzero_si256();
    __m256i prev = _mm256_set_epi64x(0, 0, 0, t_ns), ids = zero;
    bool bad = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct shape *s = p < end ? shape_at(d, &p, end) : NULL;
        if (UNLIKELY(!s || end - p < s->bytes))
            return false;
        __m256i *last = (__m256i *)(void *)&d->last[s->place];
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)p),
                high = _mm_loadu_si128((const __m128i *)(const void *)(p + s->high));
        __m256i from = _mm256_loadu_si256((const __m256i *)(const void *)s->from);
        __m256i is = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), from);
        __m256i odd = _mm256_sub_epi64(zero, _mm256_and_si256(is, one));
        __m256i step = _mm256_xor_si256(_mm256_srli_epi64(is, 1), odd);
        /* The top bit of each byte decides: bring the flags there. */
        is = _mm256_blendv_epi8(is, step, _mm256_slli_epi64(from, 3));
        __m256i was =
                    _mm256_blendv_epi8(zero, _mm256_loadu_si256(last), _mm256_slli_epi64(from, 1)),
                before = _mm256_blendv_epi8(zero, prev, _mm256_slli_epi64(from, 2)),
                what = _mm256_set_epi64x(0, 0, s->kind | s->op << 8, 0);
        prev = _mm256_add_epi64(_mm256_add_epi64(is, was), _mm256_add_epi64(before, what));
        p += s->bytes;
        _mm256_storeu_si256(last, prev);
        _mm256_storeu_si256((__m256i *)(void *)&out[i], prev);
        ids = _mm256_or_si256(ids, prev);
        bad |= (out[i].x & 0xff) >= s->x_low;
    }
    struct event all;
    _mm256_storeu_si256((__m256i *)(void *)&all, ids);
    *seen = all.task | all.obj;
    return !bad && p == end;
}
#else
#define decode_avx2 decode_plain
#endif

/* ---- a block ------------------------------------------------------------------------------- */

/* Is the kind's task slot an id? Else it is a string, a level, a count. */
static bool names_task(unsigned kind)
{
    for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++) {
        const struct event_field *field = &event_info[kind].fields[f];
        if (field->slot == SLOT_TASK)
            return field->type == FT_TASK || field->type == FT_TASK0 || field->type == FT_FROM;
    }
    return false;
}

static uint32_t largest_id(const struct event *ev, uint32_t n)
{
    uint32_t most = 0;
    bool named[EV_COUNT];
    for (unsigned kind = 0; kind < EV_COUNT; kind++)
        named[kind] = names_task(kind);
    for (uint32_t i = 0; i < n; i++) {
        const struct event *e = ev + i;
        uint32_t task = named[e->kind] ? e->task : 0,
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
    uint32_t seen = 0;
    d->shapes = 0;
    d->edges = false;
    memset(d->last, 0, sizeof d->last);
    bool good =
        (d->vectors ? decode_avx2 : decode_plain)(d, bytes, bytes + n, count, t_ns, out, &seen);
    /* The ids ored together are no smaller than the largest: mostly that settles it. */
    *ids = !good ? 0 : d->edges || seen > PSR_IDS_FREE ? largest_id(out, count) : seen;
    return good;
}
