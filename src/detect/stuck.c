/* SPDX-License-Identifier: MIT */
/* The search of stuck.h.
 *
 *   waits        who could end it                                        one of them, or all?
 *   mutex, once  its holder                                              that one
 *   write lock   everybody who holds it                                  all must
 *   read lock    the writer that holds it, or the one that waits         that one
 *   semaphore    who holds tokens, and the tasks that those have started  any
 *   group        who holds a share of its counter                        so many that it becomes 0
 *   slot of one  the tasks it runs                                       any
 *   receive      who sends to the channel or closes it                   any
 *   send         who receives from it                                    any
 *   condition    who signals it (declared as its sends)                  any
 *   context      who cancels it or one above it                          any
 *
 * Both halves are the same sweep over tasks against a set: first "able" grows until nothing
 * changes; then, among the stuck, those without a stuck ender are trimmed. From what is left,
 * following one ender each, every walk ends in a cycle. */
#include "detect/stuck.h"

#include "detect/waits.h"

enum { ROUNDS = 64 };

static bool in_set(const struct stuck *s, uint32_t task, bool cycles)
{
    return cycles ? s->cycle[task] != 0 : s->able[task];
}

static void count(const struct stuck *s, struct stuck_end *x, uint32_t task, uint32_t n,
                  bool cycles)
{
    x->all_n += n;
    if (task >= s->m->tasks_n)
        return;
    if (!in_set(s, task, cycles)) {
        x->out++;
        return;
    }
    if (!x->first || task < x->first) {
        x->second = x->first;
        x->first = task;
    } else if (!x->second || task < x->second) {
        x->second = task;
    }
    x->in++;
    x->in_n += n;
}

/* Not a real wait for it: a Wait on a condition of that lock is about to give it back. */
static bool gives_back(const struct model *m, uint32_t task, uint32_t obj)
{
    const struct task_model *t = &m->tasks[task];
    return t->state == TASK_WAITING && t->why == WHY_COND && t->on < m->objects_n &&
           m->objects[t->on].parent == obj;
}

static void by_holds(const struct stuck *s, struct stuck_end *x, uint32_t obj, bool writers_only,
                     bool cycles)
{
    for (const struct hold *h = facts_held(s->f, obj); h; h = hold_at(s->f, h->next)) {
        if (writers_only && h->read)
            continue;
        if (!cycles && gives_back(s->m, h->task, obj))
            x->unknown = true;
        count(s, x, h->task, h->n, cycles);
    }
    x->unknown |= facts_passed_on(s->f, obj);
}

static bool fits(uint8_t why, uint8_t role)
{
    switch (why) {
    case WHY_CHAN_RECV:
        return role == ROLE_SENDS || role == ROLE_CLOSES;
    case WHY_CHAN_SEND:
        return role == ROLE_RECEIVES;
    case WHY_COND:
        return role == ROLE_SENDS;
    case WHY_CTX:
        return role == ROLE_CLOSES;
    default:
        return false;
    }
}

/* Who takes tokens and then starts a task often leaves it to that task to give them back. */
static bool started_since(const struct stuck *s, const struct hold *h)
{
    for (uint32_t id = h->task + 1; id < s->m->tasks_n; id++)
        if (s->able[id] && s->m->tasks[id].parent == h->task &&
            s->m->tasks[id].born_ns >= h->since_ns)
            return true;
    return false;
}

/* Declared ends. One that holds none now may be the last who ever did: it counts as not able. */
static void by_edges(const struct stuck *s, struct stuck_end *x, uint32_t obj, uint8_t why,
                     bool cycles)
{
    bool declared = false;
    for (uint32_t p = facts_edge_first(s->f, obj); p; p = facts_edge_next(s->f, p)) {
        const struct edge_model *e = &s->m->edges[p - 1];
        if (!fits(why, e->role))
            continue;
        declared = true;
        if (!e->from_task)
            x->unknown = true;
        else if (!e->gone)
            count(s, x, e->from_task, 1, cycles);
    }
    x->unknown |= !declared || s->unborn;
}

static void by_context(const struct stuck *s, struct stuck_end *x, uint32_t obj, bool cycles)
{
    enum { DEEP = 64 };
    for (int i = 0; i < DEEP && obj && obj < s->m->objects_n; i++) {
        const struct object_model *o = &s->m->objects[obj];
        struct stuck_end one = {.round = 0};
        x->unknown |= o->deadline_ns != 0;
        by_edges(s, &one, obj, WHY_CTX, cycles);
        x->unknown |= one.unknown;
        x->in += one.in;
        x->out += one.out;
        if (one.first && (!x->first || one.first < x->first))
            x->first = one.first;
        obj = o->parent;
    }
}

/* Two kinds of wait on an object can hang on different tasks. */
static size_t side(const struct stuck *s, uint8_t why, uint32_t obj)
{
    bool second = why == WHY_CHAN_RECV || why == WHY_RLOCK ||
                  (why == WHY_SEM && s->m->objects[obj].kind == OBJ_GROUP);
    return (size_t)obj * 2 + second;
}

static const struct stuck_end *end_of(struct stuck *s, struct wait w, bool cycles)
{
    struct stuck_end *x = &s->ends[side(s, w.why, w.on)];
    if (x->round == s->round)
        return x;
    *x = (struct stuck_end){.round = s->round};
    switch (w.why) {
    case WHY_RLOCK:
        by_holds(s, x, w.on, true, cycles);
        if (!x->in && !x->out && s->writer[w.on])
            count(s, x, s->writer[w.on], 1, cycles);
        break;
    case WHY_CTX:
        by_context(s, x, w.on, cycles);
        break;
    case WHY_CHAN_RECV:
    case WHY_CHAN_SEND:
    case WHY_COND:
        by_edges(s, x, w.on, w.why, cycles);
        break;
    default:
        by_holds(s, x, w.on, false, cycles);
        break;
    }
    if (w.why == WHY_SEM && s->m->objects[w.on].kind == OBJ_SEM && !cycles)
        for (const struct hold *h = facts_held(s->f, w.on); h && !x->unknown;
             h = hold_at(s->f, h->next))
            x->unknown = started_since(s, h);
    return x;
}

/* Could a task that is able, or the engine, still end this wait? */
static bool can_end(struct stuck *s, uint32_t task)
{
    const struct task_model *t = &s->m->tasks[task];
    struct wait w = {t->why, t->on};
    if (t->until_ns || t->others)
        return true;
    if (!w.on) /* a nil channel: nobody ever */
        return w.why != WHY_CHAN_SEND && w.why != WHY_CHAN_RECV;
    if (w.on >= s->m->objects_n)
        return true;
    const struct object_model *o = &s->m->objects[w.on];
    const struct hold *mine = facts_hold(s->f, task, w.on);
    if (mine && mine->handed && mine->since_ns >= t->since_ns && task != s->at)
        return true; /* it has it already, and is about to run */
    const struct stuck_end *x = end_of(s, w, false);
    switch (w.why) {
    case WHY_CHAN_SEND:
    case WHY_CHAN_RECV:
        return o->closed || x->unknown || x->in > 0;
    case WHY_COND:
    case WHY_CTX:
        return o->cancelled || x->unknown || x->in > 0;
    case WHY_MUTEX:
    case WHY_RLOCK:
    case WHY_WLOCK:
    case WHY_ONCE:
        return x->unknown || !x->out;
    case WHY_SEM:
        if (o->kind == OBJ_GROUP)
            return o->cap && (x->unknown || o->level.now < (double)o->cap || x->in > 0 ||
                              (double)x->all_n < o->level.now);
        return x->unknown || x->in > 0 || !x->out;
    case WHY_WAITGROUP:
        return x->unknown || o->level.now <= 0 || (double)x->all_n < o->level.now ||
               (double)x->in_n >= o->level.now;
    default:
        return true;
    }
}

bool stuck_task(const struct stuck *s, uint32_t task)
{
    const struct task_model *t = &s->m->tasks[task];
    return !s->able[task] && waits_now(t);
}

static void begin(struct stuck *s)
{
    const struct model *m = s->m;
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        bool waits = waits_now(t);
        s->able[id] = t->known && !waits && t->state != TASK_DONE && t->state != TASK_PANICKED;
        s->unborn |= t->known && t->state == TASK_NEW;
        if (waits && t->why == WHY_WLOCK && t->on < m->objects_n && !s->writer[t->on])
            s->writer[t->on] = id;
    }
}

static void grow_able(struct stuck *s)
{
    const struct model *m = s->m;
    bool changed = true;
    while (changed) {
        changed = false;
        s->round++;
        bool enough = s->round > ROUNDS; /* no longer chains are followed: no proof */
        for (uint32_t id = 1; id < m->tasks_n; id++)
            if (stuck_task(s, id) && (enough || can_end(s, id)))
                s->able[id] = changed = true;
    }
}

/* A stuck task that could end its wait, rather another than itself; 0: there is none. */
static uint32_t next_of(struct stuck *s, uint32_t task)
{
    struct wait w = wait_of(s->m, task);
    if (!w.on || w.on >= s->m->objects_n)
        return 0;
    const struct stuck_end *x = end_of(s, w, true);
    return x->first == task && x->second ? x->second : x->first;
}

static void trim(struct stuck *s)
{
    const struct model *m = s->m;
    bool changed = true;
    for (uint32_t id = 1; id < m->tasks_n; id++)
        s->cycle[id] = stuck_task(s, id);
    while (changed) {
        changed = false;
        s->round++;
        for (uint32_t id = 1; id < m->tasks_n; id++) {
            if (!s->cycle[id])
                continue;
            uint32_t next = s->round <= 2 * ROUNDS ? next_of(s, id) : 0;
            changed |= !next;
            s->cycle[id] = next;
        }
    }
}

void stuck_find(struct stuck *s, const struct facts *f, const struct model *m, bool final,
                uint32_t at)
{
    *s = (struct stuck){.f = f, .m = m, .at = at, .final = final};
    s->able = xcalloc(m->tasks_n + 1, 1);
    s->cycle = xcalloc(m->tasks_n + 1, sizeof *s->cycle);
    s->ends = xcalloc(2 * m->objects_n + 2, sizeof *s->ends);
    s->writer = xcalloc(m->objects_n + 1, sizeof *s->writer);
    begin(s);
    if (!final)
        grow_able(s);
    for (uint32_t id = 1; id < m->tasks_n; id++)
        s->n += stuck_task(s, id);
    if (!s->n)
        return;
    s->walk = xcalloc(m->tasks_n + 1, sizeof *s->walk);
    trim(s);
}

void stuck_free(struct stuck *s)
{
    free(s->able);
    free(s->cycle);
    free(s->walk);
    free(s->ends);
    free(s->writer);
}

size_t stuck_cost(const struct facts *f, const struct model *m)
{
    return m->tasks_n + m->objects_n + f->edges_n + f->holds_n;
}

/* ---- cycles ---------------------------------------------------------------------------------- */

static size_t cycle_from(const struct stuck *s, uint32_t id, uint32_t **tasks, size_t *cap)
{
    uint32_t first = id;
    for (uint32_t at = s->cycle[id]; at != id; at = s->cycle[at])
        first = at < first ? at : first;
    size_t n = 0;
    id = first;
    do {
        grow(tasks, cap, n + 1, sizeof **tasks);
        (*tasks)[n++] = id;
        id = s->cycle[id];
    } while (id != first);
    return n;
}

size_t stuck_next_cycle(struct stuck *s, uint32_t *from, uint32_t **tasks, size_t *cap)
{
    for (; s->walk && *from < s->m->tasks_n; ++*from) {
        uint32_t id = *from;
        while (s->cycle[id] && !s->walk[id]) {
            s->walk[id] = *from;
            id = s->cycle[id];
        }
        if (!s->cycle[id] || s->walk[id] != *from)
            continue; /* it leads into one that was told already */
        ++*from;
        return cycle_from(s, id, tasks, cap);
    }
    return 0;
}
