/* SPDX-License-Identifier: MIT */
/* Unbounded growth: tasks, a queue or a group grow, and nothing limits them.
 *
 * What grows for ever doubles again and again, and never falls back by half in between:
 *
 *   512 ┤                         ╭── told
 *   256 ┤            ╭────────────╯
 *   128 ┤    ╭───────╯
 *
 * Three doublings, seen at different sweeps, above a least size. What stands there at once (ten
 * thousand workers started together) has doubled but once. A channel counts only when its buffer is
 * so large that it limits nothing. An errgroup without a limit is told by its own events, because
 * its Go may start all of its tasks at one instant. */
#include "detect/detect.h"

#include "detect/slots.h"
#include "base/text.h"

enum { DOUBLINGS = 3, TASKS = 512, ITEMS = 4096, LIMITS_NOTHING = 65536, STARTED = 1000 };

struct climb {
    uint32_t mark, doublings;
    int64_t since_ns; /* of the first mark */
    uint32_t from;
};
struct state {
    struct climb tasks;
    struct slots queues; /* struct climb by object */
};

/* True: it has climbed long enough. */
static bool climbs(struct climb *c, uint32_t value, uint32_t least, int64_t now_ns)
{
    if (value < least / 8 || value < c->mark / 2) {
        *c = (struct climb){0};
        return false;
    }
    if (!c->mark) {
        *c = (struct climb){.mark = value, .from = value, .since_ns = now_ns};
        return false;
    }
    if (value / 2 < c->mark)
        return false;
    c->mark = value;
    c->doublings++;
    return c->doublings >= DOUBLINGS && value >= least;
}

static void sweep(struct detect *d, void *state, const struct model *m)
{
    struct state *s = state;
    if (climbs(&s->tasks, m->live_tasks, TASKS, m->now_ns))
        detect_raise(d, DIAG_UNBOUNDED_GROWTH, 0, NULL, 0, NULL, 0,
                     _("tasks grow without a limit: from %u at %.3f s to %u now, %u started and %u "
                       "ended in all"),
                     s->tasks.from, (double)s->tasks.since_ns / 1e9, m->live_tasks,
                     m->started_tasks, m->done_tasks);
    for (uint32_t id = 1; id < m->objects_n; id++) {
        const struct object_model *o = &m->objects[id];
        if (!o->known || (o->kind != OBJ_CHAN && o->kind != OBJ_QUEUE) ||
            (o->cap && o->cap < LIMITS_NOTHING) || o->level.now < ITEMS / 8.0)
            continue;
        struct climb *c = slot_at(&s->queues, id, sizeof *c);
        if (climbs(c, (uint32_t)o->level.now, ITEMS, m->now_ns))
            detect_raise(d, DIAG_UNBOUNDED_GROWTH, id, NULL, 0, &id, 1,
                         _("%s grows without a limit: from %u at %.3f s to %.0f now"),
                         model_object_name(m, id), c->from, (double)c->since_ns / 1e9,
                         o->level.now);
    }
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    if (e->c || (int32_t)e->a < STARTED || !e->obj || e->obj >= m->objects_n)
        return;
    detect_raise(d, DIAG_UNBOUNDED_GROWTH, e->obj, &e->task, e->task != 0, &e->obj, 1,
                 _("%s has no limit, and %s has started so many that %d run at once"),
                 model_object_name(m, e->obj), model_task_name(m, e->task), (int)e->a);
}

static void adopt(void *state)
{
    slots_adopt(&((struct state *)state)->queues, sizeof(struct climb));
}

static void drop(void *state)
{
    slots_drop(&((struct state *)state)->queues);
}

static size_t bytes(const void *state)
{
    return ((const struct state *)state)->queues.cap * sizeof(struct climb);
}

const struct detector detector_unbounded_growth = {
    .name = "unbounded_growth",
    .help = "tasks or a queue grow without a limit",
    .size = sizeof(struct state),
    .wants = {{EV_GROUP, 1u << GROUP_GO}},
    .see = see,
    .sweep = sweep,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
