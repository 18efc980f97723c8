/* SPDX-License-Identifier: MIT */
/* Held for ever: a task has ended and holds a lock that nobody gives back.
 *
 * Go lets another task unlock, so an end with a lock in hand proves nothing yet. It is told when
 * somebody begins to wait for that lock without a deadline, or when the run is over. A lock that
 * was ever given back by another task than its taker is left alone. */
#include "detect/detect.h"

#include "detect/facts.h"
#include "base/text.h"

static bool ended(const struct task_model *t)
{
    return t->state == TASK_DONE || t->state == TASK_PANICKED;
}

static void tell(struct detect *d, const struct model *m, const struct hold *h, uint32_t waiter)
{
    const struct task_model *t = &m->tasks[h->task];
    const char *name = model_task_name(m, h->task), *obj = model_object_name(m, h->obj);
    uint32_t tasks[] = {h->task, waiter};
    double took = (double)h->since_ns / 1e9, end = (double)t->ended_ns / 1e9;
    if (waiter)
        detect_raise(
            d, DIAG_HELD_FOREVER, h->obj, tasks, 2, &h->obj, 1,
            _("%s took %s at %.3f s, ended at %.3f s and did not give it back; %s waits for "
              "it"),
            name, obj, took, end, model_task_name(m, waiter));
    else
        detect_raise(d, DIAG_HELD_FOREVER, h->obj, tasks, 1, &h->obj, 1,
                     _("%s took %s at %.3f s, ended at %.3f s and did not give it back"), name, obj,
                     took, end);
}

static bool for_good(const struct facts *f, const struct model *m, const struct hold *h)
{
    uint8_t kind = m->objects[h->obj].kind;
    return (kind == OBJ_LOCK || kind == OBJ_RWLOCK) && ended(&m->tasks[h->task]) &&
           m->tasks[h->task].state == TASK_DONE && !facts_passed_on(f, h->obj);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    const struct facts *f = detect_facts(d);
    if (f->lossy)
        return;
    if (e->kind == EV_TASK) {
        if (e->v || e->c || e->obj >= m->objects_n)
            return;
        for (const struct hold *h = facts_held(f, e->obj); h; h = hold_at(f, h->next))
            if (for_good(f, m, h))
                tell(d, m, h, e->task);
        return;
    }
    for (size_t i = 0; i < f->holds_n && e->op != END_PANIC; i++)
        if (f->holds[i].obj && for_good(f, m, &f->holds[i]))
            tell(d, m, &f->holds[i], 0);
}

const struct detector detector_held_forever = {
    .name = "held_forever",
    .help = "a lock is held by a task that has ended",
    .kinds = UINT64_C(1) << EV_END,
    .wants = {{EV_TASK, WANT_WAIT(WHY_MUTEX) | WANT_WAIT(WHY_RLOCK) | WANT_WAIT(WHY_WLOCK)}},
    .see = see,
};
