/* SPDX-License-Identifier: MIT */
/* Slices: headers, arrays, and what append does.
 *
 * A header's first word names its array by number (and the offset in it), so that a word read in
 * the middle of another's write still names an array: the run keeps them in a table by object id.
 */
#include "runtime/slice.h"

#include <stdio.h>
#include <string.h>

#include "runtime/cell.h"
#include "runtime/cell_inside.h"

enum { ARRAY, LEN, CAP, HEADER_WORDS };
enum { CHUNK = 1024, CHUNKS = 4096 };

struct array {
    struct guard guard;
    uint32_t id, n;
    _Atomic uint64_t *value;
    uint32_t *version;
};
typedef _Atomic(struct array *) array_slot;
struct arrays {
    _Atomic(array_slot *) chunk[CHUNKS];
};

struct slice {
    struct guard guard;
    uint32_t id;
    _Atomic uint32_t grown; /* arrays made for it, for their names */
    const char *name;
    uint32_t version[HEADER_WORDS];
    _Atomic uint64_t word[HEADER_WORDS];
};

/* A header as one task has read it. */
struct header {
    uint32_t array, offset, len, cap;
};

/* ---- arrays ------------------------------------------------------------------------------------
 */

/* Who comes second to make one of these uses the first one's. */
static struct arrays *arrays_of(struct rt *rt)
{
    struct arrays *t = atomic_load(&rt->arrays), *made;
    if (t)
        return t;
    made = rt_alloc(rt, sizeof *made);
    return atomic_compare_exchange_strong(&rt->arrays, &t, made) ? made : t;
}

static void keep(struct array *a)
{
    struct rt *rt = rt_engine;
    VERIFY(a->id < CHUNK * CHUNKS);
    _Atomic(array_slot *) *at = &arrays_of(rt)->chunk[a->id / CHUNK];
    array_slot *chunk = atomic_load(at), *made;
    if (!chunk) {
        made = rt_alloc(rt, CHUNK * sizeof *made);
        chunk = atomic_compare_exchange_strong(at, &chunk, made) ? made : chunk;
    }
    atomic_store(&chunk[a->id % CHUNK], a);
}

static struct array *array_of(uint32_t id)
{
    if (!id)
        return NULL;
    array_slot *chunk = atomic_load(&arrays_of(rt_engine)->chunk[id / CHUNK]);
    return atomic_load(&chunk[id % CHUNK]);
}

static struct array *array_make(struct slice *s, uint32_t n)
{
    struct rt *rt = rt_engine;
    struct array *a = rt_alloc(rt, sizeof *a);
    char name[96];
    uint32_t nth = atomic_fetch_add(&s->grown, 1) + 1;
    if (nth == 1)
        snprintf(name, sizeof name, "%s.array", s->name);
    else
        snprintf(name, sizeof name, "%s.array-%u", s->name, (unsigned)nth);
    a->n = n;
    a->value = rt_alloc(rt, (n ? n : 1) * sizeof *a->value);
    a->version = rt_alloc(rt, (n ? n : 1) * sizeof *a->version);
    a->id = rt_object(OBJ_ARRAY, name, n);
    keep(a);
    return a;
}

static struct word place(struct array *a, uint32_t i)
{
    return (struct word){.value = &a->value[i],
                         .version = &a->version[i],
                         .obj = a->id,
                         .kind = EV_BYTE,
                         .index = i,
                         .guard = &a->guard};
}

/* Only a torn header leads beyond its array. */
static struct array *array_at(struct slice *s, struct header h, uint32_t i)
{
    struct array *a = array_of(h.array);
    if (!a || h.offset + i >= a->n)
        rt_panic(s->id, "%s: a torn header: place %u of an array of %u", s->name,
                 (unsigned)(h.offset + i), a ? (unsigned)a->n : 0);
    return a;
}

static uint8_t read_place(struct slice *s, struct header h, uint32_t i)
{
    return (uint8_t)word_load(place(array_at(s, h, i), h.offset + i));
}

static void write_place(struct slice *s, struct header h, uint32_t i, uint8_t value)
{
    word_store(place(array_at(s, h, i), h.offset + i), value);
}

/* ---- headers -----------------------------------------------------------------------------------
 */

static struct word word_at(struct slice *s, int i)
{
    return (struct word){.value = &s->word[i],
                         .version = &s->version[i],
                         .obj = s->id,
                         .x = (uint16_t)((i | (i == ARRAY ? CELL_TAGGED : 0)) << 8),
                         .kind = EV_CELL,
                         .guard = &s->guard};
}

static struct header get(struct slice *s)
{
    uint64_t array = word_load(word_at(s, ARRAY));
    uint64_t len = word_load(word_at(s, LEN));
    return (struct header){.array = (uint32_t)array,
                           .offset = (uint32_t)(array >> 32),
                           .len = (uint32_t)len,
                           .cap = (uint32_t)word_load(word_at(s, CAP))};
}

static void put(struct slice *s, struct header h)
{
    word_store(word_at(s, ARRAY), cell_tagged(h.array, h.offset));
    word_store(word_at(s, LEN), h.len);
    word_store(word_at(s, CAP), h.cap);
}

struct slice *slice_var(const char *name)
{
    struct rt *rt = rt_engine;
    struct slice *s = rt_alloc_line(rt, sizeof *s);
    s->name = rt_keep(rt, name);
    s->id = rt_object(OBJ_SLICE, name, HEADER_WORDS);
    return s;
}

struct slice *slice_make(const char *name, uint32_t len, uint32_t cap)
{
    struct slice *s = slice_var(name);
    if (cap > SLICE_MAX)
        rt_panic(s->id, "makeslice: cap out of range");
    if (len > cap)
        rt_panic(s->id, "makeslice: len out of range");
    put(s, (struct header){.array = array_make(s, cap)->id, .len = len, .cap = cap});
    return s;
}

struct slice *slice_text(const char *name, const char *text)
{
    uint32_t n = (uint32_t)strlen(text);
    struct slice *s = slice_make(name, n, n);
    struct header h = get(s);
    for (uint32_t i = 0; i < n; i++)
        write_place(s, h, i, (uint8_t)text[i]);
    return s;
}

uint32_t slice_id(const struct slice *s)
{
    return s->id;
}

uint32_t slice_len(struct slice *s)
{
    return (uint32_t)word_load(word_at(s, LEN));
}

uint32_t slice_cap(struct slice *s)
{
    return (uint32_t)word_load(word_at(s, CAP));
}

uint32_t slice_array(struct slice *s)
{
    return (uint32_t)word_load(word_at(s, ARRAY));
}

/* ---- what Go does with them --------------------------------------------------------------------
 */

void slice_assign(struct slice *to, struct slice *from)
{
    put(to, get(from));
}

void slice_cut(struct slice *to, struct slice *from, uint32_t low, uint32_t high)
{
    struct header h = get(from);
    if (high > h.cap)
        rt_panic(from->id, "slice bounds out of range [:%u] with capacity %u", (unsigned)high,
                 (unsigned)h.cap);
    if (low > high)
        rt_panic(from->id, "slice bounds out of range [%u:%u]", (unsigned)low, (unsigned)high);
    put(to, (struct header){h.array, h.offset + low, high - low, h.cap - low});
}

void slice_cut_max(struct slice *to, struct slice *from, uint32_t low, uint32_t high, uint32_t max)
{
    struct header h = get(from);
    if (max > h.cap)
        rt_panic(from->id, "slice bounds out of range [::%u] with capacity %u", (unsigned)max,
                 (unsigned)h.cap);
    if (high > max)
        rt_panic(from->id, "slice bounds out of range [:%u:%u]", (unsigned)high, (unsigned)max);
    if (low > high)
        rt_panic(from->id, "slice bounds out of range [%u:%u:]", (unsigned)low, (unsigned)high);
    put(to, (struct header){h.array, h.offset + low, high - low, max - low});
}

uint8_t slice_get(struct slice *s, uint32_t i)
{
    struct header h = get(s);
    if (i >= h.len)
        rt_panic(s->id, "index out of range [%u] with length %u", (unsigned)i, (unsigned)h.len);
    return read_place(s, h, i);
}

void slice_set(struct slice *s, uint32_t i, uint8_t value)
{
    struct header h = get(s);
    if (i >= h.len)
        rt_panic(s->id, "index out of range [%u] with length %u", (unsigned)i, (unsigned)h.len);
    write_place(s, h, i, value);
}

/* Go's allocator hands out these sizes; larger ones are whole pages of 8 KiB. */
static uint32_t size_class(uint32_t n)
{
    static const uint16_t sizes[] = {
        8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,   160,
        176,   192,   208,   224,   240,   256,   288,   320,   352,   384,   416,   448,
        480,   512,   576,   640,   704,   768,   896,   1024,  1152,  1280,  1408,  1536,
        1792,  2048,  2304,  2688,  3072,  3200,  3456,  4096,  4864,  5120,  5376,  6144,
        6528,  6784,  6912,  8192,  9472,  9728,  10240, 10880, 12288, 13568, 14336, 16384,
        18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};
    enum { PAGE = 8192 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (n <= sizes[i])
            return sizes[i];
    return (n + PAGE - 1) / PAGE * PAGE;
}

uint32_t slice_grown(uint32_t old, uint32_t needed)
{
    enum { SMALL = 256 };
    uint32_t cap = old;
    if (needed > 2 * old)
        cap = needed;
    else if (old < SMALL)
        cap = 2 * old;
    else
        while (cap < needed)
            cap += (cap + 3 * SMALL) / 4;
    return size_class(cap);
}

bool slice_append(struct slice *to, struct slice *from, const void *bytes, uint32_t n)
{
    struct header h = get(from), was = h;
    if (n > SLICE_MAX || h.len > SLICE_MAX - n)
        rt_panic(from->id, "growslice: len out of range");
    bool fits = h.len + n <= h.cap;
    if (!fits) {
        h.cap = slice_grown(h.cap, h.len + n);
        h.array = array_make(to, h.cap)->id;
        h.offset = 0;
        for (uint32_t i = 0; i < was.len; i++)
            write_place(to, h, i, read_place(from, was, i));
    }
    for (uint32_t i = 0; i < n; i++)
        write_place(to, h, h.len + i, ((const uint8_t *)bytes)[i]);
    h.len += n;
    put(to, h);
    return fits;
}

uint32_t slice_copy(struct slice *to, struct slice *from)
{
    struct header t = get(to), f = get(from);
    uint32_t n = t.len < f.len ? t.len : f.len;
    bool back = t.array == f.array && t.offset > f.offset; /* as memmove */
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = back ? n - 1 - k : k;
        write_place(to, t, i, read_place(from, f, i));
    }
    return n;
}

void slice_clone(struct slice *to, struct slice *from)
{
    struct header f = get(from), h = {0};
    if (f.array) {
        h = (struct header){.len = f.len, .cap = size_class(f.len)};
        h.array = array_make(to, h.cap)->id;
        for (uint32_t i = 0; i < f.len; i++)
            write_place(to, h, i, read_place(from, f, i));
    }
    put(to, h);
}

void slice_retire(struct slice *s)
{
    struct header h = get(s);
    struct array *a = array_of(h.array);
    if (!a || !emitter)
        return;
    guard_lock(&a->guard);
    emit(&a->guard.stamp, EV_BYTE, CELL_RETIRE, 0, task_self_id(), a->id, 0,
         emit_ab(h.offset, h.cap));
    guard_unlock(&a->guard);
}
