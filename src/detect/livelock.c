/* SPDX-License-Identifier: MIT */
/* Livelock: tasks give way to each other for ever.
 *
 *   A: lock a ✓  try b ✗  unlock a      lock a ✓  try b ✗  unlock a      …
 *   B: lock b ✓  try a ✗  unlock b      lock b ✓  try a ✗  unlock b      …
 *
 * Each failure (a try that fails, a wait for a lock that ends by its deadline) names the task that
 * was in the way. Failing many times in a row while holding something, and in the way of each other
 * in a cycle, is a livelock; getting the lock one failed at, an end, or a part of a group's work
 * that is done begins the count anew. */
#include "detect/detect.h"

#include "base/str.h"
#include "detect/facts.h"
#include "base/text.h"

enum { FAILURES = 32, CYCLE = 8 };

struct trier {
    int64_t since_ns;
    uint32_t failed;
    uint32_t at, by; /* the lock it failed at last, and who held it */
};

static struct trier *trier_of(void *state, const struct model *m, uint32_t task)
{
    return task && task < m->tasks_n ? slot_at(state, task, sizeof(struct trier)) : NULL;
}

static void tell(struct detect *d, const struct model *m, struct slots *all, const uint32_t *tasks,
                 size_t n)
{
    uint32_t objs[CYCLE], failed = UINT32_MAX, first = UINT32_MAX;
    int64_t since_ns = 0;
    struct str text = {0};
    for (size_t i = 0; i < n; i++) {
        const struct trier *t = slot_at(all, tasks[i], sizeof *t);
        objs[i] = t->at;
        failed = t->failed < failed ? t->failed : failed;
        since_ns = t->since_ns > since_ns ? t->since_ns : since_ns;
        first = tasks[i] < first ? tasks[i] : first;
        str_addf(&text, _("%s%s fails at %s, held by %s"), i ? "; " : "",
                 model_task_name(m, tasks[i]), model_object_name(m, t->at),
                 model_task_name(m, t->by));
    }
    detect_raise(d, DIAG_LIVELOCK, first, tasks, n, objs, n,
                 _("busy since %.3f s and none gets on: %s; %u times in a row each"),
                 (double)since_ns / 1e9, text.data, failed);
    str_free(&text);
}

static void fails(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    const struct facts *f = detect_facts(d);
    struct trier *t = trier_of(state, m, e->task);
    const struct hold *h = facts_held(f, e->obj);
    if (!t || !h || h->task == e->task || !facts_holds(f, e->task))
        return;
    if (!t->failed++)
        t->since_ns = m->now_ns;
    t->at = e->obj;
    t->by = h->task;
    if (t->failed < FAILURES)
        return;
    uint32_t tasks[CYCLE], task = e->task;
    size_t n = 0;
    do {
        const struct trier *x = slot_have(state, task, sizeof *x);
        if (!x || x->failed < FAILURES || n == CYCLE)
            return;
        tasks[n++] = task;
        task = x->by;
    } while (task != e->task);
    tell(d, m, state, tasks, n);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    if (e->kind == EV_LOCK && (e->op == LOCK_TRY_FAILED || e->op == LOCK_TIMEOUT)) {
        fails(d, state, m, e);
        return;
    }
    struct trier *t = e->task < m->tasks_n ? slot_have(state, e->task, sizeof *t) : NULL;
    if (t && t->failed && (e->kind != EV_LOCK || e->obj == t->at))
        t->failed = 0; /* it got on */
}

SLOTS_STATE(struct trier)

const struct detector detector_livelock = {
    .name = "livelock",
    .help = "tasks give way to each other and none gets on",
    .size = sizeof(struct slots),
    .wants = {{EV_LOCK,
               1u << LOCK_TRY_FAILED | 1u << LOCK_TIMEOUT | 1u << LOCK_LOCK | 1u << LOCK_RLOCK},
              {EV_TASK, 1u << TASK_DONE},
              {EV_GROUP, 1u << GROUP_DONE}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
