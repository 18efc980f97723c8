/* SPDX-License-Identifier: MIT */
/* Lost wake-up: a signal found nobody, and whom it was meant for waits for ever.
 *
 *   waiter                         signaller
 *   lock, look: not yet
 *                                  make it true, signal: nobody waits   (without the lock)
 *   wait …                                                              for ever
 *
 * A signal into the void is no mistake, most are. It is one when the run is over, a task still
 * waits, no signal came since it began to wait, and the last one came after it had locked the mutex
 * to look, or it never was woken at this condition at all. */
#include "detect/detect.h"

#include "detect/facts.h"
#include "detect/waits.h"
#include "base/text.h"

struct waiter {
    int64_t locked_ns, wait_ns; /* before its last wait: when it took the mutex; the wait */
    uint32_t cond;
    uint32_t wakes; /* at that condition */
};
struct signal {
    int64_t at_ns;
    uint64_t seq;
    uint32_t by;
    bool lost; /* the last one found nobody */
};
struct state {
    struct slots waiters; /* by task */
    struct slots signals; /* by object */
};

static void begins(struct state *s, const struct facts *f, const struct model *m,
                   const struct event *e)
{
    struct waiter *w = slot_at(&s->waiters, e->task, sizeof *w);
    const struct hold *h = facts_hold(f, e->task, e->c);
    if (w->cond != e->obj)
        w->wakes = 0;
    w->cond = e->obj;
    w->locked_ns = h ? h->since_ns : m->now_ns;
    w->wait_ns = m->now_ns;
}

static void over(struct detect *d, struct state *s, const struct model *m)
{
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        const struct waiter *w = slot_have(&s->waiters, id, sizeof *w);
        if (!w || !waits_now(t) || t->why != WHY_COND || t->on != w->cond)
            continue;
        const struct signal *g = slot_have(&s->signals, w->cond, sizeof *g);
        if (!g || !g->lost || g->by == id || g->at_ns > w->wait_ns ||
            (g->at_ns < w->locked_ns && w->wakes))
            continue;
        uint32_t tasks[] = {id, g->by};
        detect_raise(
            d, DIAG_LOST_WAKEUP, id, tasks, g->by ? 2 : 1, &w->cond, 1,
            _("%s signalled %s at %.3f s and found nobody; %s %s waits since %.3f s, and no "
              "signal came after"),
            g->by ? model_task_name(m, g->by) : _("the engine"), model_object_name(m, w->cond),
            (double)g->at_ns / 1e9, model_task_name(m, id),
            g->at_ns < w->locked_ns ? _("came later and") : _("had the lock to look by then and"),
            (double)w->wait_ns / 1e9);
    }
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct state *s = state;
    if (e->kind == EV_END) {
        if (e->op == END_DONE || e->op == END_ASLEEP)
            over(d, s, m);
        return;
    }
    if (e->obj >= m->objects_n || e->task >= m->tasks_n)
        return;
    if (e->op == COND_WAIT) {
        begins(s, detect_facts(d), m, e);
    } else if (e->op == COND_WAKE) {
        ((struct waiter *)slot_at(&s->waiters, e->task, sizeof(struct waiter)))->wakes++;
    } else {
        struct signal *g = slot_at(&s->signals, e->obj, sizeof *g);
        *g = (struct signal){.at_ns = m->now_ns, .by = e->task, .lost = !e->a};
    }
}

static void adopt(void *state)
{
    struct state *s = state;
    slots_adopt(&s->waiters, sizeof(struct waiter));
    slots_adopt(&s->signals, sizeof(struct signal));
}

static void drop(void *state)
{
    struct state *s = state;
    slots_drop(&s->waiters);
    slots_drop(&s->signals);
}

static size_t bytes(const void *state)
{
    const struct state *s = state;
    return s->waiters.cap * sizeof(struct waiter) + s->signals.cap * sizeof(struct signal);
}

const struct detector detector_lost_wakeup = {
    .name = "lost_wakeup",
    .help = "a signal found nobody, and whom it was meant for waits for ever",
    .size = sizeof(struct state),
    .kinds = UINT64_C(1) << EV_END,
    .wants = {{EV_COND,
               1u << COND_WAIT | 1u << COND_WAKE | 1u << COND_SIGNAL | 1u << COND_BROADCAST}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
