/* SPDX-License-Identifier: MIT */
/* Lock order: a deadlock that did not happen this time.
 *
 *   A: lock muA, lock muB, unlock both        the order A→B is seen
 *                                      B: lock muB, lock muA      and B→A: a cycle
 *
 * Each lock taken while others are held is an edge from each of those. A cycle of edges could
 * deadlock when each edge is another task's, these tasks were alive together, no two of them held a
 * common lock besides (a gate lock lets only one of them in), and at each lock of the cycle at
 * least one of holder and taker wants it alone (two readers do not hinder each other). Taking by
 * try or with a deadline is no edge: it gives up. Source: the Goodlock algorithm (Havelund, 2000;
 * gate locks: Bensalem and Havelund, 2005). */
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "detect/facts.h"
#include "base/text.h"

enum { EDGES = 512, GATES = 4, DEPTH = 6, STEPS = 20000 };

struct order {
    uint32_t from, to, task;
    bool from_read, to_read;
    uint32_t gates[GATES]; /* other locks that were held each time */
    int64_t t_ns;          /* first seen */
};
struct orders {
    struct order *at;
    size_t n, cap;
};

static bool is_lock(const struct model *m, uint32_t obj)
{
    return obj < m->objects_n &&
           (m->objects[obj].kind == OBJ_LOCK || m->objects[obj].kind == OBJ_RWLOCK);
}

static bool has_gate(const struct order *o, uint32_t lock)
{
    for (int i = 0; i < GATES; i++)
        if (o->gates[i] == lock)
            return lock != 0;
    return false;
}

static bool common_gate(const struct order *a, const struct order *b)
{
    for (int i = 0; i < GATES; i++)
        if (has_gate(b, a->gates[i]))
            return true;
    return false;
}

static bool together(const struct model *m, uint32_t a, uint32_t b)
{
    const struct task_model *x = &m->tasks[a], *y = &m->tasks[b];
    return !(x->ended_ns && x->ended_ns <= y->born_ns) &&
           !(y->ended_ns && y->ended_ns <= x->born_ns);
}

struct search {
    struct detect *d;
    const struct model *m;
    const struct orders *all;
    const struct order *path[DEPTH];
    int n, steps;
};

/* May b follow a in a cycle: does its task want alone, or hold alone, where they meet? */
static bool meets(const struct order *a, const struct order *b)
{
    return a->to == b->from && !(a->to_read && b->from_read);
}

static bool fits(const struct search *s, const struct order *o)
{
    for (int i = 0; i < s->n; i++) {
        const struct order *p = s->path[i];
        if (p->task == o->task || common_gate(p, o) || !together(s->m, p->task, o->task) ||
            (i && p->from == o->from))
            return false;
    }
    return true;
}

static void tell(const struct search *s)
{
    uint32_t tasks[DEPTH], objs[DEPTH], first = UINT32_MAX;
    struct str text = {0};
    for (int i = 0; i < s->n; i++) {
        const struct order *o = s->path[i];
        tasks[i] = o->task;
        objs[i] = o->from;
        first = o->from < first ? o->from : first;
        str_addf(&text, _("%s%s took %s while it held %s (%.3f s)"), i ? "; " : "",
                 model_task_name(s->m, o->task), model_object_name(s->m, o->to),
                 model_object_name(s->m, o->from), (double)o->t_ns / 1e9);
    }
    detect_raise(s->d, DIAG_LOCK_ORDER, first, tasks, (size_t)s->n, objs, (size_t)s->n,
                 _("could deadlock: %s"), text.data);
    str_free(&text);
}

/* The path ends at path[n - 1]->to; a cycle when that is where it began. */
static bool close_cycle(struct search *s)
{
    if (s->n > 1 && meets(s->path[s->n - 1], s->path[0])) {
        tell(s);
        return true;
    }
    if (s->n == DEPTH)
        return false;
    for (size_t i = 0; i < s->all->n && s->steps++ < STEPS; i++) {
        const struct order *o = &s->all->at[i];
        if (!meets(s->path[s->n - 1], o) || !fits(s, o))
            continue;
        s->path[s->n++] = o;
        if (close_cycle(s))
            return true;
        s->n--;
    }
    return false;
}

/* True: it is new, or held under fewer gates than before, so it may close a cycle. */
static bool add(struct orders *all, const struct order *o, struct order **there)
{
    for (size_t i = 0; i < all->n; i++) {
        struct order *p = *there = &all->at[i];
        if (p->from != o->from || p->to != o->to || p->task != o->task ||
            p->from_read != o->from_read || p->to_read != o->to_read)
            continue;
        bool fewer = false;
        for (int g = 0; g < GATES; g++)
            if (p->gates[g] && !has_gate(o, p->gates[g])) {
                p->gates[g] = 0;
                fewer = true;
            }
        return fewer;
    }
    if (all->n == EDGES)
        return false;
    grow(&all->at, &all->cap, all->n + 1, sizeof *all->at);
    *there = &all->at[all->n];
    all->at[all->n++] = *o;
    return true;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct orders *all = state;
    const struct facts *f = detect_facts(d);
    if (e->x || !e->task || e->task >= m->tasks_n || !is_lock(m, e->obj) || f->lossy)
        return;
    const struct hold *mine = facts_holds(f, e->task);
    if (!mine || !mine->more)
        return; /* the usual case: this one alone */
    for (const struct hold *h = mine; h; h = hold_at(f, h->more)) {
        if (h->obj == e->obj || !is_lock(m, h->obj))
            continue;
        struct order o = {.from = h->obj,
                          .to = e->obj,
                          .task = e->task,
                          .from_read = h->read,
                          .to_read = e->op == LOCK_RLOCK,
                          .t_ns = m->now_ns};
        int gates = 0;
        for (const struct hold *g = mine; g && gates < GATES; g = hold_at(f, g->more))
            if (g->obj != e->obj && g->obj != h->obj && !g->read && is_lock(m, g->obj))
                o.gates[gates++] = g->obj;
        struct order *there;
        if (!add(all, &o, &there))
            continue;
        struct search s = {.d = d, .m = m, .all = all, .path = {there}, .n = 1};
        close_cycle(&s);
    }
}

static void adopt(void *state)
{
    struct orders *all = state;
    all->at = all->at ? xmemdup(all->at, all->cap * sizeof *all->at) : NULL;
}

static void drop(void *state)
{
    free(((struct orders *)state)->at);
}

static size_t bytes(const void *state)
{
    return ((const struct orders *)state)->cap * sizeof(struct order);
}

const struct detector detector_lock_order = {
    .name = "lock_order",
    .help = "locks are taken in orders that could make a cycle",
    .size = sizeof(struct orders),
    .wants = {{EV_LOCK, 1u << LOCK_LOCK | 1u << LOCK_RLOCK}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
