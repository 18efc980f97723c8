/* SPDX-License-Identifier: MIT */
/* Busy loop: a task asks again and again for what is not there, and never waits in between.
 *
 *   for { select { case v := <-c: … default: } }      asks, asks, asks …: a processor's worth
 *
 * Asking is a select that takes its default, a try of a lock or a semaphore that fails. Yielding
 * between two of them is no wait; time spent waiting or asleep is, and the count begins anew. */
#include "detect/detect.h"

#include <stdio.h>

#include "detect/slots.h"
#include "base/text.h"

enum { ASKED = 1000 };

struct poller {
    int64_t rest_ns; /* waited and slept by the first of them */
    int64_t since_ns;
    uint32_t asked, cases;
};

static int64_t rested(const struct task_model *t)
{
    return t->in_state[TASK_WAITING] + t->in_state[TASK_SLEEPING];
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    if (!e->task || e->task >= m->tasks_n || (e->kind == EV_SELECT && e->op != SELECT_NONE_READY))
        return;
    struct poller *p = slot_at(state, e->task, sizeof *p);
    int64_t rest_ns = rested(&m->tasks[e->task]);
    if (!p->asked || p->rest_ns != rest_ns)
        *p = (struct poller){.rest_ns = rest_ns, .since_ns = m->now_ns};
    if (++p->asked != ASKED)
        return;
    char over[64] = "";
    int64_t took = m->now_ns - p->since_ns;
    if (took)
        snprintf(over, sizeof over, _(" in %.3f s"), (double)took / 1e9);
    bool named = e->obj && e->obj < m->objects_n;
    detect_raise(d, DIAG_BUSY_LOOP, e->task, &e->task, 1, &e->obj, named,
                 _("%s asked %d times%s%s%s without waiting, and in vain: it uses its processor to "
                   "wait"),
                 model_task_name(m, e->task), ASKED, over, named ? _(" for ") : "",
                 named ? model_object_name(m, e->obj) : "");
}

SLOTS_STATE(struct poller)

const struct detector detector_busy_loop = {
    .name = "busy_loop",
    .help = "a task uses its processor to wait",
    .size = sizeof(struct slots),
    .wants = {{EV_SELECT, 1u << SELECT_NONE_READY},
              {EV_LOCK, 1u << LOCK_TRY_FAILED},
              {EV_SEM, 1u << SEM_TRY_FAILED},
              {EV_GROUP, 1u << GROUP_TRY_FAILED}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
