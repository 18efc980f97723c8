/* SPDX-License-Identifier: MIT */
/* From operations of primitives to edges. Each kind of event says who gives what it knows to which
 * object, and who takes it from there; order in the stream is order in time (of one object always).
 */
#include "detect/clocks_inside.h"

#include <string.h>

/* What an object keeps, in the lower half of an entry's key. */
enum part { OWN = 1, READERS, CLOSED, SLOTS = 16, ITEMS = 1 << 16, WORDS = 1 << 30 };
enum { CHAN_SLOTS = 64 }; /* a longer channel has one clock for all its places */

static struct clock_entry *part_of(struct clocks *c, uint32_t obj, uint32_t part)
{
    return clocks_entry(c, (uint64_t)obj << 32 | part, true);
}

/* ---- tasks: what they know ---------------------------------------------------------------------
 */

static void learn_all(struct clocks *c, struct clock_task *t)
{
    clocks_join_values(c, &t->vec, &c->now);
}

static void give_slot(struct clocks *c, struct clock_task *t, uint32_t task)
{
    int best = -1;
    for (int s = 0; s < CLOCK_SLOTS; s++)
        if (!c->slot_task[s] && (best < 0 || c->slot_freed[s] < c->slot_freed[best]))
            best = s;
    if (best < 0)
        return;
    c->slots++;
    c->slot_task[best] = task + 1;
    t->slot = (uint8_t)(best + 1);
    if (!t->vec)
        t->vec = clocks_vec_new(c);
    c->vec[t->vec].at[best] = ++c->now.at[best];
}

/* While there are many, a task has one before its first access: then it can be told what of it has
 * reached others. */
static struct clock_task *new_task(struct clocks *c, uint32_t task)
{
    struct clock_task *t = clocks_task_new(c, task);
    if (c->gaps && t->key)
        learn_all(c, t);
    if (task && t->key && c->slots < CLOCK_SLOTS / 2)
        give_slot(c, t, task);
    return t;
}

/* Engine context (task 0) stands for commands, timers and calls: it knows everything. */
static struct clock_task *task_of(struct clocks *c, uint32_t task)
{
    struct clock_task *t = clocks_task_find(c, task);
    if (!t)
        t = new_task(c, task);
    if (t->floors != c->floors) {
        clocks_join(c, &t->vec, c->floor);
        t->floors = c->floors;
    }
    if (!task)
        learn_all(c, t);
    return t;
}

static void acquire(struct clocks *c, uint32_t task, uint32_t obj, uint32_t part)
{
    const struct clock_entry *o = clocks_entry(c, (uint64_t)obj << 32 | part, false);
    if (o && o->vec)
        clocks_join(c, &task_of(c, task)->vec, o->vec);
}

/* What was given away is what stood up to now: later accesses have a higher count. */
static void tick(struct clocks *c, struct clock_task *t, const struct event *e)
{
    if (!t->slot)
        return;
    int s = t->slot - 1;
    struct clock_release *r = &c->past[s][c->now.at[s] % CLOCK_PAST];
    *r = (struct clock_release){.t_ns = e->t_ns,
                                .count = c->now.at[s],
                                .obj = e->obj,
                                .task = e->task,
                                .kind = e->kind,
                                .op = e->op};
    c->vec[t->vec].at[s] = ++c->now.at[s];
}

static void release(struct clocks *c, uint32_t task, uint32_t obj, uint32_t part,
                    const struct event *e)
{
    struct clock_task *t = task_of(c, task);
    if (!t->vec)
        return;
    clocks_join(c, &part_of(c, obj, part)->vec, t->vec);
    tick(c, t, e);
}

int clocks_slot(struct clocks *c, uint32_t task)
{
    struct clock_task *t = task_of(c, task);
    if (!t->slot && t->key)
        give_slot(c, t, task);
    return t->slot - 1;
}

bool clocks_knows(struct clocks *c, uint32_t task, int slot, uint32_t count)
{
    const struct clock_task *t = task_of(c, task);
    return t->vec && c->vec[t->vec].at[slot] >= count;
}

const struct clock_release *clocks_last(struct clocks *c, uint32_t task, int slot)
{
    const struct clock_task *t = task_of(c, task);
    uint32_t count = t->vec ? c->vec[t->vec].at[slot] : 0;
    const struct clock_release *r = &c->past[slot][count % CLOCK_PAST];
    return count && r->count == count ? r : NULL;
}

static void begins(struct clocks *c, const struct event *e)
{
    clocks_task_end(c, e->task);
    uint32_t knows = 0;
    clocks_join(c, &knows, task_of(c, e->c)->vec);
    tick(c, task_of(c, e->c), e);
    struct clock_task *t = new_task(c, e->task);
    clocks_join(c, &t->vec, knows);
    clocks_vec_free(c, &knows);
}

/* A wait ends: channels, locks, conditions and semaphores say by their own events what it gave. */
static void goes_on(struct clocks *c, struct clock_task *t, uint32_t task)
{
    t->waits = false;
    switch (t->why) {
    case WHY_CHAN_SEND:
    case WHY_CHAN_RECV:
    case WHY_SELECT:
    case WHY_MUTEX:
    case WHY_RLOCK:
    case WHY_WLOCK:
    case WHY_COND:
    case WHY_CTX:
    case WHY_SLEEP:
        return;
    case WHY_WAITGROUP:
    case WHY_ONCE:
    case WHY_SEM:
    case WHY_BARRIER:
    case WHY_JOIN:
        acquire(c, task, t->on, OWN);
        return;
    default:
        learn_all(c, t);
    }
}

static void task_event(struct clocks *c, const struct event *e)
{
    struct clock_task *t;
    switch (e->op) {
    case TASK_NEW:
        begins(c, e);
        return;
    case TASK_WAITING:
    case TASK_SLEEPING:
    case TASK_FROZEN:
        t = task_of(c, e->task);
        t->waits = t->key != 0;
        t->why = e->op == TASK_SLEEPING ? WHY_SLEEP : (uint8_t)e->x;
        t->on = e->obj;
        return;
    case TASK_RUNNABLE:
    case TASK_RUNNING:
        t = task_of(c, e->task);
        if (t->waits)
            goes_on(c, t, e->task);
        return;
    case TASK_DONE:
    case TASK_PANICKED:
        clocks_task_end(c, e->task);
        return;
    default:
        return;
    }
}

/* ---- channels ----------------------------------------------------------------------------------
 * A send comes before its receive, the k-th receive before the end of the (k + capacity)-th send, a
 * close before the receives that find it. So each place of a buffer is acquired and released by
 * whoever uses it. */

static struct clock_entry *chan_of(struct clocks *c, const struct model *m, const struct event *e,
                                   int64_t *cap)
{
    struct clock_entry *o = clocks_entry(c, (uint64_t)e->obj << 32 | SLOTS, false);
    *cap = e->obj < m->objects_n && m->objects[e->obj].cap > 0 ? m->objects[e->obj].cap : 0;
    if (o)
        return o;
    o = part_of(c, e->obj, SLOTS);
    if (*cap) { /* what stood in it before gives nothing */
        bool sends = e->op == CHAN_SEND, receives = e->op == CHAN_RECV || e->op == CHAN_DROP;
        o->a = sends && e->a ? e->a - 1 : receives && !m->objects[e->obj].closed ? e->a + 1 : e->a;
    }
    return o;
}

static void use_place(struct clocks *c, const struct event *e, int64_t cap, uint32_t n)
{
    uint32_t part = SLOTS + 1 + (cap <= CHAN_SLOTS ? n % (uint32_t)cap : 0);
    acquire(c, e->task, e->obj, part);
    release(c, e->task, e->obj, part, e);
}

static void receive(struct clocks *c, const struct event *e, int64_t cap, struct clock_entry *o)
{
    if (cap ? o->a == o->b : !o->a) {
        acquire(c, e->task, e->obj, CLOSED);
        return;
    }
    if (cap) {
        use_place(c, e, cap, o->b++);
        return;
    }
    uint32_t sender = o->a - 1;
    o->a = 0;
    acquire(c, e->task, e->obj, OWN);
    struct clock_task *r = task_of(c, e->task);
    uint32_t knows = r->vec;
    if (!knows)
        return;
    clocks_join(c, &task_of(c, sender)->vec, knows);
    tick(c, task_of(c, e->task), e);
}

static void chan_event(struct clocks *c, const struct model *m, const struct event *e)
{
    int64_t cap;
    struct clock_entry *o = chan_of(c, m, e, &cap);
    switch (e->op) {
    case CHAN_SEND:
        if (cap) {
            use_place(c, e, cap, o->a++);
            return;
        }
        o->a = e->task + 1;
        clocks_vec_free(c, &part_of(c, e->obj, OWN)->vec);
        release(c, e->task, e->obj, OWN, e);
        return;
    case CHAN_RECV:
    case CHAN_DROP:
        receive(c, e, cap, o);
        return;
    case CHAN_CLOSE:
        release(c, e->task, e->obj, CLOSED, e);
        return;
    default:
        return;
    }
}

/* ---- locks, groups, the rest -------------------------------------------------------------------
 */

static void lock_event(struct clocks *c, const struct event *e)
{
    switch (e->op) {
    case LOCK_LOCK:
        acquire(c, e->task, e->obj, OWN);
        acquire(c, e->task, e->obj, READERS);
        return;
    case LOCK_RLOCK:
        acquire(c, e->task, e->obj, OWN);
        return;
    case LOCK_UNLOCK:
        release(c, e->task, e->obj, OWN, e);
        return;
    case LOCK_RUNLOCK:
        release(c, e->task, e->obj, READERS, e);
        return;
    default:
        return;
    }
}

static void group_event(struct clocks *c, const struct event *e)
{
    if (e->op == GROUP_DONE)
        release(c, e->task, e->obj, OWN, e);
    else if ((e->op == GROUP_GO && e->c) || (e->op == GROUP_WAIT && !e->a))
        acquire(c, e->task, e->obj, OWN); /* of a slot that was given back; of all that are done */
}

static void once_event(struct clocks *c, const struct event *e)
{
    if (e->op == ONCE_DONE)
        release(c, e->task, e->obj, OWN, e);
    else if (e->op == ONCE_PASS)
        acquire(c, e->task, e->obj, OWN);
}

static void cond_event(struct clocks *c, const struct event *e)
{
    if (e->op == COND_SIGNAL || e->op == COND_BROADCAST)
        release(c, e->task, e->obj, OWN, e);
    else if (e->op == COND_WAKE)
        acquire(c, e->task, e->obj, OWN);
}

static void sem_event(struct clocks *c, const struct event *e)
{
    if (e->op == SEM_RELEASE)
        release(c, e->task, e->obj, OWN, e);
    else if (e->op == SEM_ACQUIRE)
        acquire(c, e->task, e->obj, OWN);
}

static void barrier_event(struct clocks *c, const struct event *e)
{
    switch (e->op) {
    case BARRIER_ARRIVE:
    case BARRIER_DOWN:
        release(c, e->task, e->obj, OWN, e);
        return;
    case BARRIER_TRIP:
    case BARRIER_OPEN:
        release(c, e->task, e->obj, OWN, e);
        acquire(c, e->task, e->obj, OWN);
        return;
    case BARRIER_PASS:
        acquire(c, e->task, e->obj, OWN);
        return;
    default:
        return;
    }
}

/* A pool's item from who puts it back to who gets it; all of a map, which has no clock for a key.
 */
static void shared_event(struct clocks *c, const struct event *e)
{
    uint32_t part = e->kind == EV_POOL ? ITEMS + e->c : OWN;
    bool begins = e->kind == EV_FLIGHT && e->op == FLIGHT_BEGIN; /* after the last of its key */
    bool puts = e->kind == EV_MAP || (e->kind == EV_POOL && e->op == POOL_PUT) ||
                (e->kind == EV_FLIGHT && !begins && e->op != FLIGHT_JOIN);
    if (begins || e->kind == EV_MAP || (e->kind == EV_POOL && e->op < POOL_NEW))
        acquire(c, e->task, e->obj, part);
    if (puts)
        release(c, e->task, e->obj, part, e);
}

/* Who looks whether it was cancelled is not told: everybody learns what the canceller knows. The
 * engine (a deadline, a command) knows everything. */
static void cancel_event(struct clocks *c, const struct event *e)
{
    struct clock_task *t = task_of(c, e->a);
    if (!t->vec)
        return;
    clocks_join(c, &c->floor, t->vec);
    c->floors++;
    tick(c, t, e);
}

/* ---- atomics -----------------------------------------------------------------------------------
 * A release store begins anew what its cell gives, a relaxed one gives what the last release fence
 * gave; a read-modify-write adds to it. */

static uint64_t atom(const struct access *a)
{
    return (uint64_t)a->obj << 32 | (WORDS + (uint32_t)a->word);
}

static void load(struct clocks *c, const struct access *a)
{
    const struct clock_entry *o = clocks_entry(c, atom(a), false);
    if (!o || !o->vec)
        return;
    struct clock_task *t = task_of(c, a->task);
    clocks_join(c, order_acquires(a->order) ? &t->vec : &t->loaded, o->vec);
}

/* A new vector of what a's store gives, 0: nothing. */
static uint32_t gift(struct clocks *c, const struct access *a, const struct event *e)
{
    struct clock_task *t = task_of(c, a->task);
    uint32_t v = 0;
    if (!order_releases(a->order)) {
        clocks_join(c, &v, t->fenced);
    } else if (t->vec) {
        clocks_join(c, &v, t->vec);
        tick(c, t, e);
    }
    return v;
}

static void put(struct clocks *c, const struct access *a, uint32_t v)
{
    struct clock_entry *o = clocks_entry(c, atom(a), v != 0);
    if (o) {
        clocks_vec_free(c, &o->vec);
        clocks_join(c, &o->vec, v);
    }
    clocks_vec_free(c, &v);
}

static void fence(struct clocks *c, const struct event *e)
{
    struct clock_task *t = task_of(c, e->task);
    uint8_t order = (uint8_t)e->x;
    if (order_acquires(order)) {
        clocks_join(c, &t->vec, t->loaded);
        clocks_vec_free(c, &t->loaded);
    }
    if (order_releases(order) && t->vec) {
        clocks_vec_free(c, &t->fenced);
        clocks_join(c, &t->fenced, t->vec);
        tick(c, t, e);
    }
}

static void cell_event(struct clocks *c, const struct event *e)
{
    struct access a;
    struct pending_store given;
    if (!access_of(e, &a)) {
        fence(c, e);
        return;
    }
    if (access_plain(&a))
        return;
    if (a.op ==
        CELL_FLUSH) { /* of a store, or of a write, which gives nothing and breaks nothing */
        if (a.order != ORDER_PLAIN && pending_take(&c->pending, a.task, a.word, &given))
            put(c, &a, (uint32_t)given.what);
        return;
    }
    if (a.buffered) {
        if (a.op == CELL_STORE) {
            uint32_t forgotten =
                (uint32_t)pending_add(&c->pending, a.task, a.word, gift(c, &a, e), 0);
            clocks_vec_free(c, &forgotten);
        }
        return;
    }
    if (!access_writes(&a) || access_rmw(&a))
        load(c, &a);
    if (a.op == CELL_STORE) {
        put(c, &a, gift(c, &a, e));
    } else if (access_rmw(&a)) {
        uint32_t gives = gift(c, &a, e);
        if (gives)
            clocks_join(c, &clocks_entry(c, atom(&a), true)->vec, gives);
        clocks_vec_free(c, &gives);
    }
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static void forget(struct clocks *c)
{
    clocks_drop(c);
    memset(c, 0, sizeof *c);
    uint32_t v = clocks_vec_new(c);
    clocks_vec_free(c, &v);
}

void clocks_begin(struct clocks *c, const struct model *m)
{
    forget(c);
    c->gaps = m->lost != 0;
    for (uint32_t id = 1; id < m->tasks_n && c->task_n < CLOCK_TASKS / 2; id++) {
        const struct task_model *t = &m->tasks[id];
        if (t->known && t->state == TASK_WAITING) {
            struct clock_task *ct = task_of(c, id);
            ct->waits = true;
            ct->why = t->why;
            ct->on = t->on;
        }
    }
}

void clocks_see(struct clocks *c, const struct model *m, const struct event *e)
{
    switch (e->kind) {
    case EV_TASK:
        task_event(c, e);
        return;
    case EV_CHAN:
        chan_event(c, m, e);
        return;
    case EV_LOCK:
        lock_event(c, e);
        return;
    case EV_GROUP:
        group_event(c, e);
        return;
    case EV_ONCE:
        once_event(c, e);
        return;
    case EV_COND:
        cond_event(c, e);
        return;
    case EV_SEM:
        sem_event(c, e);
        return;
    case EV_BARRIER:
        barrier_event(c, e);
        return;
    case EV_FLIGHT:
    case EV_MAP:
    case EV_POOL:
        shared_event(c, e);
        return;
    case EV_CTX:
        if (e->op == CTX_CANCEL)
            cancel_event(c, e);
        return;
    case EV_CELL:
        cell_event(c, e);
        return;
    case EV_LOST: /* edges were among them */
        forget(c);
        c->gaps = true;
        return;
    default:
        return;
    }
}
