/* SPDX-License-Identifier: MIT */
/* Early return: Wait came back while work goes on.
 *
 *   main     go worker    Wait: the counter is 0, so it returns
 *   worker                                        Add(1), works, Done
 *
 * The counter leaves 0 again, after a Wait has returned, by a task that was there before that
 * return: it belonged to what was waited for. Whoever waited may use the group again, and so may
 * tasks it starts afterwards. */
#include "detect/detect.h"

#include "detect/slots.h"
#include "base/text.h"

struct group {
    int64_t returned_ns;
    uint32_t to;     /* whose Wait returned last, or 0 */
    uint32_t tasks;  /* ids below were born by then */
    uint32_t waiter; /* who waits, or 0 */
    int32_t count;
};

static void returns(struct group *g, const struct model *m, uint32_t to)
{
    g->to = to;
    g->returned_ns = m->now_ns;
    g->tasks = (uint32_t)m->tasks_n;
    g->waiter = 0;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    if (!e->obj || e->obj >= m->objects_n)
        return;
    struct group *g = slot_at(state, e->obj, sizeof *g);
    int32_t count = (int32_t)e->a;
    bool leaves_0 = count > 0 && !g->count;
    g->count = count;
    if (e->op == GROUP_WAIT && count == 0)
        returns(g, m, e->task);
    else if (e->op == GROUP_WAIT)
        g->waiter = e->task;
    else if (e->op == GROUP_DONE && count == 0 && g->waiter)
        returns(g, m, g->waiter);
    if ((e->op != GROUP_ADD && e->op != GROUP_GO) || !leaves_0 || !g->to || !e->task ||
        e->task == g->to || e->task >= g->tasks)
        return;
    uint32_t tasks[] = {e->task, g->to};
    detect_raise(d, DIAG_EARLY_RETURN, e->obj, tasks, 2, &e->obj, 1,
                 _("Wait on %s returned to %s at %.3f s with the counter at 0; %s, started before, "
                   "adds to it only at %.3f s and goes on"),
                 model_object_name(m, e->obj), model_task_name(m, g->to),
                 (double)g->returned_ns / 1e9, model_task_name(m, e->task),
                 (double)m->now_ns / 1e9);
}

SLOTS_STATE(struct group)

const struct detector detector_early_return = {
    .name = "early_return",
    .help = "a wait returned while work goes on",
    .size = sizeof(struct slots),
    .wants = {{EV_GROUP, 1u << GROUP_ADD | 1u << GROUP_DONE | 1u << GROUP_WAIT | 1u << GROUP_GO}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
