/* SPDX-License-Identifier: MIT */
/* Cells with instruments, and the store buffers of sim.
 *
 *   writer                           buffer of writer          memory      reader
 *   store data 1, relaxed            data=1                    data 0
 *   store ready 1, relaxed           data=1 ready=1            ready 0
 *                                    data=1          flush ──▶ ready 1     load ready: 1
 *                                                              data 0      load data: 0
 *
 * With a release, ready may be flushed only after data. Before each operation on any cell a coin is
 * tossed for each store in the buffers that may go (stream "memory"); stores of an earlier instant
 * all go. */
#include "runtime/cell.h"

#include "runtime/cell_inside.h"
#include "runtime/park.h"

enum { BUFFERED = 16 }; /* of all tasks; then the oldest goes */

struct stored {
    struct word word;
    uint32_t task;
    uint64_t value;
    int64_t t_ns;
    enum cell_order order;
};

struct cells {
    struct stored buffer[BUFFERED]; /* oldest first */
    int n;
    struct rng *rng;
};

static struct cell *make(const char *name, uint64_t value, bool tagged)
{
    struct rt *rt = rt_engine;
    struct cell *c = rt_alloc_line(rt, sizeof *c);
    atomic_store_explicit(&c->value, value, memory_order_relaxed);
    c->tagged = tagged;
    c->id = rt_object(OBJ_CELL, name, 0);
    return c;
}

struct cell *cell_make(const char *name, uint64_t value)
{
    return make(name, value, false);
}

struct cell *cell_make_tagged(const char *name, uint32_t address, uint32_t tag)
{
    return make(name, cell_tagged(address, tag), true);
}

static struct word word_of(struct cell *c)
{
    return (struct word){.value = &c->value,
                         .version = &c->version,
                         .obj = c->id,
                         .x = c->tagged ? CELL_TAGGED << 8 : 0,
                         .kind = EV_CELL,
                         .guard = &c->guard};
}

static void emit_cell(const struct word *w, enum cell_op op, enum cell_order order, uint32_t task,
                      uint64_t value, uint32_t version, uint16_t more)
{
    int64_t v = w->kind == EV_CELL ? (int64_t)value : emit_ab(w->index, (uint32_t)value);
    emit(&w->guard->stamp, w->kind, (uint8_t)op, (uint16_t)(order | w->x | more), task, w->obj,
         version, v);
}

/* ---- sim: store buffers ------------------------------------------------------------------------
 */

static void flush_at(struct rt *rt, struct cells *m, int i)
{
    struct stored s = m->buffer[i];
    m->n--;
    for (int k = i; k < m->n; k++)
        m->buffer[k] = m->buffer[k + 1];
    atomic_store_explicit(s.word.value, s.value, memory_order_relaxed);
    emit_cell(&s.word, CELL_FLUSH, s.order, s.task, s.value, ++*s.word.version, 0);
    if (m->n)
        return;
    uint32_t gate = atomic_load_explicit(&rt->gate, memory_order_relaxed) & ~(uint32_t)GATE_STORES;
    atomic_store_explicit(&rt->gate, gate, memory_order_relaxed);
    gate_watch = gate != 0;
}

/* May the i-th leave before those of its task that are older? */
static bool may_go(const struct cells *m, int i)
{
    const struct stored *s = &m->buffer[i];
    for (int k = 0; k < i; k++)
        if (m->buffer[k].task == s->task &&
            (s->order >= ORDER_RELEASE || m->buffer[k].word.value == s->word.value))
            return false;
    return true;
}

static void flush_own(struct rt *rt, struct cells *m, uint32_t self, const _Atomic uint64_t *only)
{
    for (int i = 0; i < m->n;)
        if (m->buffer[i].task == self && (!only || m->buffer[i].word.value == only))
            flush_at(rt, m, i);
        else
            i++;
}

void cells_release(struct task *self)
{
    flush_own(self->rt, self->rt->cells, self->id, NULL);
}

/* What may have become visible since the last operation. */
static void flush_some(struct rt *rt, struct cells *m)
{
    int64_t now = rt->ops->now(rt);
    while (m->n && (m->buffer[0].t_ns < now || m->n == BUFFERED))
        flush_at(rt, m, 0);
    for (int i = 0; i < m->n;)
        if (may_go(m, i) && rng_below(m->rng, 2))
            flush_at(rt, m, i);
        else
            i++;
}

static void buffer(struct rt *rt, struct cells *m, struct word w, uint64_t value,
                   enum cell_order order)
{
    m->buffer[m->n++] = (struct stored){.word = w,
                                        .task = rt_current->id,
                                        .value = value,
                                        .t_ns = rt->ops->now(rt),
                                        .order = order};
    atomic_store_explicit(&rt->gate,
                          atomic_load_explicit(&rt->gate, memory_order_relaxed) | GATE_STORES,
                          memory_order_relaxed);
    gate_watch = true;
}

/* ---- one operation -----------------------------------------------------------------------------
 *
 * begin(): a step, what became visible meanwhile, the guard. In live the guard makes the rest one.
 */

static struct cells *begin(const struct word *w)
{
    struct rt *rt = rt_engine;
    if (guard_live) {
        rt_gate();
        guard_lock(w->guard);
        return NULL;
    }
    rt_step();
    if (UNLIKELY(!rt->cells)) {
        rt->cells = rt_alloc(rt, sizeof *rt->cells);
        rt->cells->rng = rt_rng(rt, "memory");
    }
    if (rt->cells->n)
        flush_some(rt, rt->cells);
    return rt->cells;
}

static void end(const struct word *w)
{
    guard_unlock(w->guard);
}

static uint64_t visible(const struct word *w)
{
    return atomic_load_explicit(w->value, memory_order_relaxed);
}

static uint64_t load(struct word w, enum cell_order order)
{
    struct cells *m = begin(&w);
    uint64_t value = visible(&w);
    uint32_t version = *w.version;
    for (int i = m ? m->n : 0; i-- > 0;) /* one's own latest store is seen first */
        if (m->buffer[i].task == task_self_id() && m->buffer[i].word.value == w.value) {
            value = m->buffer[i].value;
            emit_cell(&w, order == ORDER_PLAIN ? CELL_READ : CELL_LOAD, order, task_self_id(),
                      value, version, CELL_BUFFERED << 8);
            return value;
        }
    emit_cell(&w, order == ORDER_PLAIN ? CELL_READ : CELL_LOAD, order, task_self_id(), value,
              version, 0);
    end(&w);
    return value;
}

static void store(struct word w, uint64_t value, enum cell_order order)
{
    struct cells *m = begin(&w);
    enum cell_op op = order == ORDER_PLAIN ? CELL_WRITE : CELL_STORE;
    if (m && order != ORDER_SEQ_CST && rt_current) {
        emit_cell(&w, op, order, rt_current->id, value, *w.version, CELL_BUFFERED << 8);
        buffer(rt_engine, m, w, value, order);
        return;
    }
    if (m && rt_current)
        flush_own(rt_engine, m, rt_current->id, NULL);
    atomic_store_explicit(w.value, value, memory_order_relaxed);
    emit_cell(&w, op, order, task_self_id(), value, ++*w.version, 0);
    end(&w);
}

uint64_t word_load(struct word w)
{
    return load(w, ORDER_PLAIN);
}

void word_store(struct word w, uint64_t value)
{
    store(w, value, ORDER_PLAIN);
}

/* Reads and writes in one: nothing stands in the buffer of it afterwards. */
static struct cells *begin_rmw(const struct word *w, enum cell_order order)
{
    struct cells *m = begin(w);
    if (m && m->n && rt_current)
        flush_own(rt_engine, m, rt_current->id, order >= ORDER_RELEASE ? NULL : w->value);
    return m;
}

uint64_t cell_load_seen(struct cell *c, enum cell_order order)
{
    return load(word_of(c), order);
}

void cell_store_seen(struct cell *c, uint64_t value, enum cell_order order)
{
    store(word_of(c), value, order);
}

static void put(const struct word *w, enum cell_op op, enum cell_order order, uint64_t value)
{
    atomic_store_explicit(w->value, value, memory_order_relaxed);
    emit_cell(w, op, order, task_self_id(), value, ++*w->version, 0);
}

bool cell_cas_seen(struct cell *c, uint64_t *expected, uint64_t desired, enum cell_order order)
{
    struct word w = word_of(c);
    begin_rmw(&w, order);
    uint64_t is = visible(&w);
    bool same = is == *expected;
    if (same)
        put(&w, CELL_CAS, order, desired);
    else
        emit_cell(&w, CELL_CAS_FAILED, order, task_self_id(), is, *w.version, 0);
    *expected = is;
    end(&w);
    return same;
}

uint64_t cell_add_seen(struct cell *c, uint64_t n, enum cell_order order)
{
    struct word w = word_of(c);
    begin_rmw(&w, order);
    uint64_t was = visible(&w);
    put(&w, CELL_ADD, order, was + n);
    end(&w);
    return was;
}

uint64_t cell_swap_seen(struct cell *c, uint64_t value, enum cell_order order)
{
    struct word w = word_of(c);
    begin_rmw(&w, order);
    uint64_t was = visible(&w);
    put(&w, CELL_SWAP, order, value);
    end(&w);
    return was;
}

void cell_fence(enum cell_order order)
{
    struct rt *rt = rt_engine;
    if (guard_live) {
        rt_gate();
        atomic_thread_fence(cell_c11(order));
    } else {
        rt_step();
        if (order >= ORDER_RELEASE && rt->cells && rt_current)
            flush_own(rt, rt->cells, rt_current->id, NULL);
    }
    emit(NULL, EV_CELL, CELL_FENCE, (uint16_t)order, task_self_id(), 0, 0, 0);
}

/* ---- several words -----------------------------------------------------------------------------
 */

struct wide_cell {
    struct guard guard;
    uint32_t id;
    int n;
    uint32_t version[WIDE_WORDS];
    _Atomic uint64_t value[WIDE_WORDS];
};

struct wide_cell *wide_make(const char *name, int words, const uint64_t *value)
{
    VERIFY(words > 0 && words <= WIDE_WORDS);
    struct wide_cell *c = rt_alloc_line(rt_engine, sizeof *c);
    c->n = words;
    for (int i = 0; i < words; i++)
        atomic_store_explicit(&c->value[i], value[i], memory_order_relaxed);
    c->id = rt_object(OBJ_CELL, name, words);
    return c;
}

static struct word wide_word(struct wide_cell *c, int i)
{
    return (struct word){.value = &c->value[i],
                         .version = &c->version[i],
                         .obj = c->id,
                         .x = (uint16_t)(i << 8),
                         .kind = EV_CELL,
                         .guard = &c->guard};
}

void wide_read(struct wide_cell *c, uint64_t *value)
{
    for (int i = 0; i < c->n; i++)
        value[i] = load(wide_word(c, i), ORDER_PLAIN);
}

void wide_write(struct wide_cell *c, const uint64_t *value)
{
    for (int i = 0; i < c->n; i++)
        store(wide_word(c, i), value[i], ORDER_PLAIN);
}
