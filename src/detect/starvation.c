/* SPDX-License-Identifier: MIT */
/* Starvation: a task waits for a lock or for tokens while others get them again and again.
 *
 * Being passed is no starvation as such: in a fair queue everybody who stands in front goes first.
 * So it takes a second of waiting, a hundred turns of others meanwhile, and four times as many
 * turns as there are tasks in the queue. */
#include "detect/detect.h"

#include "detect/slots.h"
#include "base/text.h"

#define LONG_NS INT64_C(1000000000)
enum { TURNS = 100, TIMES = 4 };

struct waiter {
    uint64_t turns; /* of all, when it began to wait */
};

static uint64_t turns_of(const struct object_model *o)
{
    return o->kind == OBJ_SEM ? o->ops[SEM_ACQUIRE] : o->ops[LOCK_LOCK] + o->ops[LOCK_RLOCK];
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)d;
    if (e->task >= m->tasks_n || !e->obj || e->obj >= m->objects_n)
        return;
    struct waiter *w = slot_at(state, e->task, sizeof *w);
    w->turns = turns_of(&m->objects[e->obj]);
}

static bool queues(uint8_t why)
{
    return why == WHY_MUTEX || why == WHY_RLOCK || why == WHY_WLOCK || why == WHY_SEM;
}

static void sweep(struct detect *d, void *state, const struct model *m)
{
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        if (t->state != TASK_WAITING || m->now_ns - t->since_ns < LONG_NS || !queues(t->why) ||
            !t->on || t->on >= m->objects_n)
            continue;
        const struct object_model *o = &m->objects[t->on];
        const struct waiter *w = slot_have(state, id, sizeof *w);
        uint64_t turns = w ? turns_of(o) - w->turns : 0;
        if (turns < TURNS + TIMES * (uint64_t)o->waiters || turns > turns_of(o))
            continue;
        detect_raise(
            d, DIAG_STARVATION, id, &id, 1, &t->on, 1,
            _("%s waits for %s since %.3f s; meanwhile others got it %llu times, and %u wait"),
            model_task_name(m, id), model_object_name(m, t->on), (double)t->since_ns / 1e9,
            (unsigned long long)turns, o->waiters);
    }
}

SLOTS_STATE(struct waiter)

const struct detector detector_starvation = {
    .name = "starvation",
    .help = "a task waits while others get their turn again and again",
    .size = sizeof(struct slots),
    .wants = {{EV_TASK, WANT_WAIT(WHY_MUTEX) | WANT_WAIT(WHY_RLOCK) | WANT_WAIT(WHY_WLOCK) |
                            WANT_WAIT(WHY_SEM)}},
    .see = see,
    .sweep = sweep,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
