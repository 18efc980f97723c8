/* SPDX-License-Identifier: MIT */
/* Priority inversion: a select in two steps took the less urgent although the urgent was there.
 *
 *   task   select { case <-high: default: }      select { case <-high: case <-low: }
 *   high   empty                           item ▲         ▲ both are ready: one at random, low
 *
 * Asking for one channel first makes that channel the urgent one for the task's next select. When
 * that one finds several ready, takes another, and the urgent has something, the order was lost. */
#include "detect/detect.h"

#include "detect/slots.h"
#include "base/text.h"

struct chooser {
    uint32_t urgent; /* asked for in vain, or 0 */
    int64_t asked_ns;
};

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    if (!e->task || e->task >= m->tasks_n)
        return;
    struct chooser *c = slot_at(state, e->task, sizeof *c);
    if (e->op == SELECT_NONE_READY) {
        *c = (struct chooser){.urgent = e->obj, .asked_ns = m->now_ns};
        detect_want(d, UINT64_C(1) << EV_SELECT); /* from now on all of them: one clears it */
        return;
    }
    uint32_t urgent = c->urgent;
    c->urgent = 0;
    if (e->op != SELECT_SEVERAL_READY || !urgent || urgent >= m->objects_n || urgent == e->obj ||
        !e->obj || e->obj >= m->objects_n)
        return;
    const struct object_model *o = &m->objects[urgent];
    if (o->level.now <= 0 && !o->senders)
        return;
    uint32_t objs[] = {urgent, e->obj};
    detect_raise(
        d, DIAG_PRIORITY_INVERSION, e->task, &e->task, 1, objs, 2,
        _("%s asked %s first and found nothing (%.3f s); then both were ready, and it took "
          "%s although %s had %.0f by then"),
        model_task_name(m, e->task), model_object_name(m, urgent), (double)c->asked_ns / 1e9,
        model_object_name(m, e->obj), model_object_name(m, urgent),
        o->level.now > 0 ? o->level.now : o->senders);
}

SLOTS_STATE(struct chooser)

const struct detector detector_priority_inversion = {
    .name = "priority_inversion",
    .help = "a select in two steps took the less urgent although the urgent was there",
    .size = sizeof(struct slots),
    .wants = {{EV_SELECT, 1u << SELECT_NONE_READY}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
