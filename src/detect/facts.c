/* SPDX-License-Identifier: MIT */
/* The folding of facts.h. Each object has a list of its holds and of its edges, each task a list of
 * what it holds; the lists are places in one array, so that a copy of the arrays is a copy of all.
 *
 * The hard idea: Go lets anybody unlock, release or count down. So a hold is a guess, "who took it
 * gives it back", and the first time that another task gives it back the object is marked as passed
 * on: from then on nothing is proved by it. */
#include "detect/facts.h"

static struct obj_facts *obj_at(struct facts *f, uint32_t obj)
{
    return slot_at(&f->of_obj, obj, sizeof(struct obj_facts));
}

static struct task_facts *task_at(struct facts *f, uint32_t task)
{
    return slot_at(&f->of_task, task, sizeof(struct task_facts));
}

/* ---- holds ----------------------------------------------------------------------------------- */

static uint32_t find(const struct facts *f, const struct task_facts *t, uint32_t obj, bool read)
{
    uint32_t p = t->holds;
    while (p && (f->holds[p - 1].obj != obj || f->holds[p - 1].read != read))
        p = f->holds[p - 1].more;
    return p;
}

static void take(struct facts *f, const struct model *m, const struct event *e, uint32_t n,
                 bool read)
{
    if (!e->task || e->task >= m->tasks_n || e->obj >= m->objects_n) {
        if (e->obj < m->objects_n)
            obj_at(f, e->obj)->passed_on = true; /* by the engine: for whom? */
        return;
    }
    struct task_facts *t = task_at(f, e->task);
    struct obj_facts *o = obj_at(f, e->obj);
    const struct task_model *tm = &m->tasks[e->task];
    bool handed = tm->state == TASK_WAITING && tm->on == e->obj;
    uint32_t p = find(f, t, e->obj, read);
    if (p) {
        f->holds[p - 1].n += n;
        f->holds[p - 1].handed = handed;
        return;
    }
    p = f->unused;
    if (p) {
        f->unused = f->holds[p - 1].next;
    } else {
        grow(&f->holds, &f->holds_cap, f->holds_n + 1, sizeof *f->holds);
        p = (uint32_t)++f->holds_n;
    }
    f->holds[p - 1] = (struct hold){.obj = e->obj,
                                    .task = e->task,
                                    .n = n,
                                    .read = read,
                                    .handed = handed,
                                    .since_ns = m->now_ns,
                                    .next = o->holds,
                                    .more = t->holds};
    if (o->holds)
        f->holds[o->holds - 1].prev = p;
    o->holds = t->holds = p;
}

static void drop_hold(struct facts *f, uint32_t p)
{
    struct hold *h = &f->holds[p - 1];
    uint32_t *link = &task_at(f, h->task)->holds;
    while (*link != p)
        link = &f->holds[*link - 1].more;
    *link = h->more;
    if (h->prev)
        f->holds[h->prev - 1].next = h->next;
    else
        obj_at(f, h->obj)->holds = h->next;
    if (h->next)
        f->holds[h->next - 1].prev = h->prev;
    *h = (struct hold){.next = f->unused};
    f->unused = p;
}

static uint32_t give(struct facts *f, uint32_t p, uint32_t n)
{
    struct hold *h = &f->holds[p - 1];
    uint32_t had = h->n;
    h->n -= n < had ? n : had;
    if (!h->n)
        drop_hold(f, p);
    return n < had ? 0 : n - had;
}

/* n of them come back, from the task if it has them, else from anybody. */
static void give_back(struct facts *f, const struct model *m, const struct event *e, uint32_t n,
                      bool read)
{
    if (e->obj >= m->objects_n)
        return;
    struct obj_facts *o = obj_at(f, e->obj);
    uint32_t p = e->task && e->task < m->tasks_n ? find(f, task_at(f, e->task), e->obj, read) : 0;
    if (p)
        n = give(f, p, n);
    if (!n)
        return;
    o->passed_on = true;
    while (n && (p = o->holds)) {
        while (p && f->holds[p - 1].read != read)
            p = f->holds[p - 1].next;
        if (!p)
            return;
        n = give(f, p, n);
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void see_lock(struct facts *f, const struct model *m, const struct event *e)
{
    if (e->op == LOCK_LOCK || e->op == LOCK_RLOCK)
        take(f, m, e, 1, e->op == LOCK_RLOCK);
    else if (e->op == LOCK_UNLOCK || e->op == LOCK_RUNLOCK)
        give_back(f, m, e, 1, e->op == LOCK_RUNLOCK);
}

static void see_group(struct facts *f, const struct model *m, const struct event *e)
{
    if (e->task && e->task < m->tasks_n && e->op == GROUP_GO)
        task_at(f, e->task)->starts = e->obj;
    else if (e->op == GROUP_DONE)
        give_back(f, m, e, 1, false);
}

static void see_task(struct facts *f, const struct model *m, const struct event *e)
{
    if (e->op != TASK_NEW || e->task >= m->tasks_n || !e->c || e->c >= m->tasks_n)
        return;
    uint32_t group = task_at(f, e->c)->starts;
    task_at(f, e->c)->starts = 0;
    if (group)
        take(f, m, &(struct event){.task = e->task, .obj = group}, 1, false);
}

static void see_edge(struct facts *f, const struct model *m, const struct event *e)
{
    if (e->obj < m->objects_n && m->edges_n > f->edges_n) { /* a new one, the last of all */
        grow(&f->edge_next, &f->edge_cap, m->edges_n, sizeof *f->edge_next);
        for (; f->edges_n < m->edges_n; f->edges_n++) {
            struct obj_facts *o = obj_at(f, m->edges[f->edges_n].to_obj);
            uint32_t place = (uint32_t)f->edges_n + 1;
            f->edge_next[f->edges_n] = 0;
            if (o->last_edge)
                f->edge_next[o->last_edge - 1] = place;
            else
                o->edges = place;
            o->last_edge = place;
        }
    }
    if (e->op != ROLE_OWNS || !e->task || e->obj >= m->objects_n ||
        m->objects[e->obj].kind != OBJ_GROUP)
        return;
    if (!e->x)
        take(f, m, e, 1, false);
    else if (facts_hold(f, e->task, e->obj))
        give_back(f, m, e, 1, false);
}

static void lose(struct facts *f)
{
    f->lossy = true;
    for (uint32_t p = 1; p <= f->holds_n; p++)
        if (f->holds[p - 1].obj)
            drop_hold(f, p);
}

void facts_see(struct facts *f, const struct model *m, const struct event *e)
{
    switch (e->kind) {
    case EV_TASK:
        see_task(f, m, e);
        return;
    case EV_LOCK:
        see_lock(f, m, e);
        return;
    case EV_SEM:
        if (e->op == SEM_ACQUIRE)
            take(f, m, e, e->c, false);
        else if (e->op == SEM_RELEASE)
            give_back(f, m, e, e->c, false);
        return;
    case EV_ONCE:
        if (e->op == ONCE_BEGIN)
            take(f, m, e, 1, false);
        else if (e->op == ONCE_DONE)
            give_back(f, m, e, 1, false);
        return;
    case EV_GROUP:
        see_group(f, m, e);
        return;
    case EV_EDGE:
        see_edge(f, m, e);
        return;
    case EV_LOST:
        lose(f);
        return;
    default:
        return;
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

const struct hold *facts_held(const struct facts *f, uint32_t obj)
{
    const struct obj_facts *o = slot_have(&f->of_obj, obj, sizeof *o);
    return o ? hold_at(f, o->holds) : NULL;
}

const struct hold *facts_holds(const struct facts *f, uint32_t task)
{
    const struct task_facts *t = slot_have(&f->of_task, task, sizeof *t);
    return t ? hold_at(f, t->holds) : NULL;
}

const struct hold *facts_hold(const struct facts *f, uint32_t task, uint32_t obj)
{
    const struct hold *h = facts_holds(f, task);
    while (h && h->obj != obj)
        h = hold_at(f, h->more);
    return h;
}

bool facts_passed_on(const struct facts *f, uint32_t obj)
{
    const struct obj_facts *o = slot_have(&f->of_obj, obj, sizeof *o);
    return o && o->passed_on;
}

uint32_t facts_edge_first(const struct facts *f, uint32_t obj)
{
    const struct obj_facts *o = slot_have(&f->of_obj, obj, sizeof *o);
    return o ? o->edges : 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void facts_adopt(struct facts *f)
{
    f->holds = f->holds ? xmemdup(f->holds, f->holds_cap * sizeof *f->holds) : NULL;
    f->edge_next = f->edge_next ? xmemdup(f->edge_next, f->edge_cap * sizeof *f->edge_next) : NULL;
    slots_adopt(&f->of_task, sizeof(struct task_facts));
    slots_adopt(&f->of_obj, sizeof(struct obj_facts));
}

void facts_drop(struct facts *f)
{
    free(f->holds);
    free(f->edge_next);
    slots_drop(&f->of_task);
    slots_drop(&f->of_obj);
}

size_t facts_bytes(const struct facts *f)
{
    return f->holds_cap * sizeof *f->holds + f->edge_cap * sizeof *f->edge_next +
           f->of_task.cap * sizeof(struct task_facts) + f->of_obj.cap * sizeof(struct obj_facts);
}
