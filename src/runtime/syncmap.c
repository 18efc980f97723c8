/* SPDX-License-Identifier: MIT */
/* The concurrent map.
 *
 * The hard idea: both parts point at the same entries, so a value that is changed through one is
 * changed in the other. An entry that is deleted stays; when the dirty part is made anew, what is
 * deleted is expunged instead of copied, and who wants to store in an expunged one knows that the
 * dirty part does not have it.
 *
 *   read-only  a b c       copy, c deleted     a b c̶       misses, promotion     a b d
 *   dirty      –           insert d       ─▶   a b d                        ─▶   –
 *
 *   word of an entry          means                             may become
 *   value << 2 | HELD         it is there                       any of them
 *   DELETED                   it is not; stands in both parts   HELD; EXPUNGED by a copy
 *   EXPUNGED                  it is not; the dirty part, if     HELD, under the guard, which puts
 * it there is one, does not have it    into the dirty part
 *
 * An entry that stands in no part is expunged, so who still holds it from an old part cannot store
 * in it. Tables of old parts are used again, entries too, each for its own key alone. Whoever reads
 * without the guard takes a hit as it is, but believes a miss only if no part was promoted
 * meanwhile (`promotions`): else the table may have been somebody else's by then.
 *
 * Source of the rules: Go's sync/map.go up to 1.23. */
#include "runtime/syncmap.h"

#include "runtime/park.h"

enum { DELETED = 0, EXPUNGED = 1, HELD = 2, STATE = 3, NO_KEY = 0, SIZES = 32, LEAST = 3 };
#define TAKEN UINT32_MAX /* a slot whose key was taken out */

struct entry {
    _Atomic uint64_t word;
    map_key key;
};

struct slot {
    _Atomic uint32_t key;
    _Atomic(struct entry *) entry;
};

/* Open addressing, at most 3/4 used. */
struct table {
    struct table *next; /* of the free ones of its size */
    uint32_t size;      /* log2 of its slots */
    uint32_t used, n;   /* slots that are not NO_KEY; keys */
    uint32_t pins;      /* ranges that walk it */
    bool retired;
    struct slot slot[];
};

struct syncmap {
    _Atomic(struct table *) read;
    _Atomic bool amended;        /* the dirty part has keys that `read` has not */
    _Atomic uint32_t promotions; /* times 2; odd: one is under way */
    uint32_t id, misses;
    struct guard guard;
    struct table *dirty;   /* NULL: none */
    struct table *entries; /* every key that ever was */
    struct table *free[SIZES];
};

/* ---- tables ------------------------------------------------------------------------------------
 */

static struct table *table_new(struct syncmap *m, uint32_t keys)
{
    uint32_t size = LEAST;
    while ((UINT32_C(3) << size) / 4 <= keys)
        size++;
    VERIFY(size < SIZES);
    struct table *t = m->free[size];
    if (!t)
        t = rt_alloc(rt_engine, sizeof *t + (sizeof(struct slot) << size));
    else
        m->free[size] = t->next;
    t->size = size;
    t->used = t->n = 0;
    t->retired = false;
    for (uint32_t i = 0; i < 1U << size; i++)
        atomic_store_explicit(&t->slot[i].key, NO_KEY, memory_order_release);
    return t;
}

/* It is nobody's any more, but for ranges and for those who looked without the guard. */
static void retire(struct syncmap *m, struct table *t)
{
    t->retired = true;
    if (t->pins)
        return;
    t->next = m->free[t->size];
    m->free[t->size] = t;
}

/* With or without the guard. */
static struct entry *look_up(const struct table *t, map_key key)
{
    uint32_t mask = (1U << t->size) - 1, i = key * 2654435769U >> (32 - t->size);
    for (uint32_t looked = 0; looked <= mask; looked++, i = (i + 1) & mask) {
        uint32_t there = atomic_load_explicit(&t->slot[i].key, memory_order_acquire);
        if (there == NO_KEY)
            return NULL;
        if (there != key)
            continue;
        struct entry *e = atomic_load_explicit(&t->slot[i].entry, memory_order_acquire);
        return e->key == key ? e : NULL;
    }
    return NULL;
}

static void add(struct syncmap *m, struct table **table, struct entry *e)
{
    struct table *t = *table;
    if (t->used + 1 > (UINT32_C(3) << t->size) / 4) {
        struct table *bigger = table_new(m, t->n + 1);
        for (uint32_t i = 0; i < 1U << t->size; i++) {
            uint32_t key = atomic_load_explicit(&t->slot[i].key, memory_order_relaxed);
            if (key != NO_KEY && key != TAKEN)
                add(m, &bigger, atomic_load_explicit(&t->slot[i].entry, memory_order_relaxed));
        }
        retire(m, t);
        *table = t = bigger;
    }
    uint32_t mask = (1U << t->size) - 1, i = e->key * 2654435769U >> (32 - t->size);
    while (atomic_load_explicit(&t->slot[i].key, memory_order_relaxed) != NO_KEY)
        i = (i + 1) & mask;
    atomic_store_explicit(&t->slot[i].entry, e, memory_order_release);
    atomic_store_explicit(&t->slot[i].key, e->key, memory_order_release);
    t->used++;
    t->n++;
}

static void take_out(struct table *t, map_key key)
{
    uint32_t mask = (1U << t->size) - 1, i = key * 2654435769U >> (32 - t->size);
    while (atomic_load_explicit(&t->slot[i].key, memory_order_relaxed) != key)
        i = (i + 1) & mask;
    atomic_store_explicit(&t->slot[i].key, TAKEN, memory_order_release);
    t->n--;
}

/* ---- the map -----------------------------------------------------------------------------------
 */

struct syncmap *map_make(const char *name)
{
    struct syncmap *m = rt_alloc_line(rt_engine, sizeof *m);
    m->read = table_new(m, 0);
    m->entries = table_new(m, 0);
    m->id = rt_object(OBJ_MAP, name, 0);
    return m;
}

uint32_t map_id(const struct syncmap *m)
{
    return m->id;
}

map_key map_key_of(const char *text)
{
    map_key key = strtab_intern(rt_engine->names, text);
    VERIFY(key != NO_KEY && key != TAKEN);
    return key;
}

static inline struct table *read_part(struct syncmap *m)
{
    return atomic_load_explicit(&m->read, memory_order_acquire);
}

static inline bool amended(struct syncmap *m)
{
    return atomic_load_explicit(&m->amended, memory_order_acquire);
}

static void emit_map(struct syncmap *m, enum map_op op, map_key key)
{
    if (emitter)
        emit(&m->guard.stamp, EV_MAP, (uint8_t)op,
             (uint16_t)(m->misses < UINT16_MAX ? m->misses : UINT16_MAX), task_self_id(), m->id,
             key, emit_ab(read_part(m)->n, m->dirty ? m->dirty->n : 0));
}

/* The dirty part becomes the read-only one. The guard is held, here and below. */
static void promote(struct syncmap *m)
{
    struct table *old = read_part(m);
    atomic_fetch_add(&m->promotions, 1);
    atomic_store_explicit(&m->read, m->dirty, memory_order_release);
    atomic_store_explicit(&m->amended, false, memory_order_release);
    atomic_fetch_add(&m->promotions, 1);
    m->dirty = NULL;
    m->misses = 0;
    emit_map(m, MAP_PROMOTE, 0);
    retire(m, old);
}

/* An operation that looked as `look` says: in the dirty part, that was a miss. */
static void counted(struct syncmap *m, enum map_op look, enum map_op op, map_key key)
{
    m->misses += look == MAP_LOAD_DIRTY;
    emit_map(m, op, key);
    if (look == MAP_LOAD_DIRTY && m->misses >= m->dirty->n)
        promote(m);
}

/* Makes the dirty part out of the read-only one. */
static void copy(struct syncmap *m)
{
    struct table *read = read_part(m);
    m->dirty = table_new(m, read->n);
    for (uint32_t i = 0; i < 1U << read->size; i++) {
        uint32_t key = atomic_load_explicit(&read->slot[i].key, memory_order_relaxed);
        if (key == NO_KEY || key == TAKEN)
            continue;
        struct entry *e = atomic_load_explicit(&read->slot[i].entry, memory_order_relaxed);
        uint64_t word = DELETED;
        if (!atomic_compare_exchange_strong(&e->word, &word, EXPUNGED) && word != EXPUNGED)
            add(m, &m->dirty, e);
    }
    emit_map(m, MAP_COPY, 0);
}

/* Where the key stands; NULL: in no part. *op: as what a look at it counts. */
static struct entry *find(struct syncmap *m, map_key key, enum map_op *op)
{
    struct entry *e = look_up(read_part(m), key);
    *op = MAP_LOAD;
    if (!e && amended(m)) {
        e = look_up(m->dirty, key);
        *op = MAP_LOAD_DIRTY;
    }
    return e;
}

/* A new key, or one that stands in no part any more. */
static void insert(struct syncmap *m, map_key key, map_value value)
{
    if (!m->dirty)
        copy(m);
    struct entry *e = look_up(m->entries, key);
    if (!e) {
        e = rt_alloc(rt_engine, sizeof *e);
        e->key = key;
        add(m, &m->entries, e);
    }
    atomic_store_explicit(&e->word, value << 2 | HELD, memory_order_release);
    add(m, &m->dirty, e);
    atomic_store_explicit(&m->amended, true, memory_order_release);
}

/* ---- quick: without the guard ------------------------------------------------------------------
 *
 * With probes on nobody goes this way: an object's events are numbered inside its guard. */

enum quick { QUICK_HIT, QUICK_ABSENT, QUICK_NO };

static inline enum quick quick_find(struct syncmap *m, map_key key, struct entry **e)
{
    rt_gate();
    if (emitter)
        return QUICK_NO;
    uint32_t promotions = atomic_load(&m->promotions);
    struct table *t = read_part(m);
    rt_step();
    *e = look_up(t, key);
    if (*e)
        return QUICK_HIT;
    bool absent = !(promotions & 1) && !amended(m) && promotions == atomic_load(&m->promotions);
    return absent ? QUICK_ABSENT : QUICK_NO;
}

/* When an entry is changed. */
enum when { ALWAYS, IF_HELD, IF_GONE, IF_SAME };

/* Changes the entry to `to` in that case; *was is its word before, whatever happens. False: it is
 * expunged. guarded: the map's guard is held. */
static bool change(struct entry *e, uint64_t to, enum when when, map_value old, uint64_t *was,
                   bool guarded)
{
    *was = atomic_load_explicit(&e->word, memory_order_acquire);
    for (;;) {
        bool held = (*was & STATE) == HELD;
        if (*was == EXPUNGED)
            return false;
        if (when == IF_GONE ? held : when != ALWAYS && !held)
            return true;
        if (when == IF_SAME && *was >> 2 != old)
            return true;
        if (!guarded)
            rt_step();
        if (atomic_compare_exchange_strong(&e->word, was, to))
            return true;
    }
}

/* ---- operations --------------------------------------------------------------------------------
 */

static bool out_of(uint64_t word, map_value *value)
{
    bool held = (word & STATE) == HELD;
    if (value)
        *value = held ? word >> 2 : 0;
    return held;
}

bool map_load(struct syncmap *m, map_key key, map_value *value)
{
    struct entry *e = NULL;
    enum quick quick = quick_find(m, key, &e);
    enum map_op op;
    uint64_t word = DELETED;
    if (quick == QUICK_NO) {
        guard_lock(&m->guard);
        e = find(m, key, &op);
        word = e ? atomic_load_explicit(&e->word, memory_order_acquire) : DELETED;
        counted(m, op, (word & STATE) == HELD ? op : MAP_ABSENT, key);
        guard_unlock(&m->guard);
    } else if (quick == QUICK_HIT) {
        rt_step();
        word = atomic_load_explicit(&e->word, memory_order_acquire);
    }
    return out_of(word, value);
}

/* The guard is held. Returns the word before. */
static uint64_t put(struct syncmap *m, map_key key, map_value value, enum when when)
{
    enum map_op op, did;
    uint64_t was = EXPUNGED, to = value << 2 | HELD;
    struct entry *e = find(m, key, &op);
    if (!e) {
        insert(m, key, value);
        emit_map(m, MAP_INSERT, key);
        return DELETED;
    }
    did = op == MAP_LOAD ? MAP_STORE : MAP_STORE_DIRTY;
    if (atomic_compare_exchange_strong(&e->word, &was, DELETED)) {
        add(m, &m->dirty, e);
        did = MAP_REVIVE;
    }
    change(e, to, when, 0, &was, true);
    bool kept = when == IF_GONE && (was & STATE) == HELD;
    counted(m, when == IF_GONE ? op : MAP_LOAD, kept ? op : did, key);
    return was;
}

bool map_swap(struct syncmap *m, map_key key, map_value value, map_value *was)
{
    struct entry *e = NULL;
    uint64_t word;
    VERIFY(value <= MAP_VALUE_MAX);
    if (quick_find(m, key, &e) != QUICK_HIT ||
        !change(e, value << 2 | HELD, ALWAYS, 0, &word, false)) {
        guard_lock(&m->guard);
        word = put(m, key, value, ALWAYS);
        guard_unlock(&m->guard);
    }
    return out_of(word, was);
}

void map_store(struct syncmap *m, map_key key, map_value value)
{
    map_swap(m, key, value, NULL);
}

bool map_load_or_store(struct syncmap *m, map_key key, map_value *value)
{
    struct entry *e = NULL;
    map_value was;
    uint64_t word;
    VERIFY(*value <= MAP_VALUE_MAX);
    if (quick_find(m, key, &e) != QUICK_HIT ||
        !change(e, *value << 2 | HELD, IF_GONE, 0, &word, false)) {
        guard_lock(&m->guard);
        word = put(m, key, *value, IF_GONE);
        guard_unlock(&m->guard);
    }
    bool loaded = out_of(word, &was);
    if (loaded)
        *value = was;
    return loaded;
}

/* Deletes or compares: an entry that is expunged, or stands nowhere, is not there. */
static uint64_t change_there(struct syncmap *m, map_key key, uint64_t to, enum when when,
                             map_value old)
{
    struct entry *e = NULL;
    enum quick quick = quick_find(m, key, &e);
    enum map_op op;
    uint64_t was = DELETED;
    if (quick == QUICK_HIT)
        change(e, to, when, old, &was, false);
    if (quick != QUICK_NO)
        return was;
    guard_lock(&m->guard);
    e = find(m, key, &op);
    if (e && when == IF_HELD && op == MAP_LOAD_DIRTY) {
        take_out(m->dirty, key); /* it stands in no part now */
        was = atomic_exchange(&e->word, EXPUNGED);
    } else if (e) {
        change(e, to, when, old, &was, true);
    }
    bool held = (was & STATE) == HELD, same = when != IF_SAME || was >> 2 == old;
    counted(m, op,
            !held                  ? MAP_ABSENT
            : !same                ? MAP_CAS_FAILED
            : (to & STATE) != HELD ? MAP_DELETE
            : op == MAP_LOAD       ? MAP_STORE
                                   : MAP_STORE_DIRTY,
            key);
    guard_unlock(&m->guard);
    return was;
}

bool map_load_and_delete(struct syncmap *m, map_key key, map_value *value)
{
    return out_of(change_there(m, key, DELETED, IF_HELD, 0), value);
}

bool map_cas(struct syncmap *m, map_key key, map_value old, map_value value)
{
    map_value was;
    VERIFY(value <= MAP_VALUE_MAX);
    return out_of(change_there(m, key, value << 2 | HELD, IF_SAME, old), &was) && was == old;
}

bool map_cas_delete(struct syncmap *m, map_key key, map_value old)
{
    map_value was;
    return out_of(change_there(m, key, DELETED, IF_SAME, old), &was) && was == old;
}

/* Every entry of a part that is nobody's any more: it stands in no part now. */
static void expunge_all(struct table *t)
{
    for (uint32_t i = 0; t && i < 1U << t->size; i++) {
        uint32_t key = atomic_load_explicit(&t->slot[i].key, memory_order_relaxed);
        if (key == NO_KEY || key == TAKEN)
            continue;
        struct entry *e = atomic_load_explicit(&t->slot[i].entry, memory_order_relaxed);
        atomic_store(&e->word, EXPUNGED);
    }
}

/* The empty part first, then the entries: who still finds one has looked before, and did what it
 * did before the clear. */
void map_clear(struct syncmap *m)
{
    rt_gate();
    guard_lock(&m->guard);
    struct table *read = read_part(m), *dirty = m->dirty;
    atomic_fetch_add(&m->promotions, 1);
    atomic_store_explicit(&m->read, table_new(m, 0), memory_order_release);
    atomic_store_explicit(&m->amended, false, memory_order_release);
    atomic_fetch_add(&m->promotions, 1);
    m->dirty = NULL;
    m->misses = 0;
    expunge_all(read);
    expunge_all(dirty);
    emit_map(m, MAP_CLEAR, 0);
    retire(m, read);
    if (dirty)
        retire(m, dirty);
    guard_unlock(&m->guard);
}

void map_range(struct syncmap *m, bool (*fn)(void *arg, map_key key, map_value value), void *arg)
{
    rt_gate();
    guard_lock(&m->guard);
    if (amended(m))
        promote(m);
    struct table *t = read_part(m);
    t->pins++;
    guard_unlock(&m->guard);
    for (uint32_t i = 0; i < 1U << t->size; i++) {
        uint32_t key = atomic_load_explicit(&t->slot[i].key, memory_order_acquire);
        map_value value;
        if (key == NO_KEY || key == TAKEN)
            continue;
        struct entry *e = atomic_load_explicit(&t->slot[i].entry, memory_order_acquire);
        if (out_of(atomic_load_explicit(&e->word, memory_order_acquire), &value) &&
            !fn(arg, key, value))
            break;
    }
    guard_lock(&m->guard);
    if (--t->pins == 0 && t->retired)
        retire(m, t);
    guard_unlock(&m->guard);
}
