/* SPDX-License-Identifier: MIT */
/* Deadlock: tasks wait for each other in a cycle, over locks, channels, groups, whatever waits.
 *
 *   A: lock muA ✓              lock muB ┄┄ held by B ┄┐
 *   B:          lock muB ✓         lock muA ┄┄ held by A, which waits for B: the cycle is closed
 *
 * A wait for a lock whose holder waits is looked at when it begins. What is closed by something
 * else (the holder of a lock begins to receive from whoever wants the lock) is found by the next
 * sweep, and what only the end of the run proves at the end. */
#include "detect/detect.h"

#include <stdlib.h>

#include "detect/stuck.h"
#include "detect/waits.h"
#include "base/text.h"

enum { LINKS = 8 };

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static void link_words(const struct facts *f, const struct model *m, uint32_t task, uint32_t next,
                       struct str *text)
{
    struct wait w = wait_of(m, task);
    str_addf(text, "%s ", model_task_name(m, task));
    wait_words(m, w, 1, text);
    str_addf(text, ", %s %s", wait_relation(f, m, w, next),
             next == task ? _("itself") : model_task_name(m, next));
}

static void tell(struct detect *d, const struct model *m, const uint32_t *tasks, size_t n)
{
    const struct facts *f = detect_facts(d);
    uint32_t objs[LINKS];
    size_t objs_n = 0;
    int64_t closed_ns = 0;
    struct str text = {0};
    for (size_t i = 0; i < n; i++) {
        const struct task_model *t = &m->tasks[tasks[i]];
        closed_ns = t->since_ns > closed_ns ? t->since_ns : closed_ns;
        if (objs_n < LINKS)
            objs[objs_n++] = wait_of(m, tasks[i]).on;
        detect_in_cycle(d, tasks[i]);
    }
    if (n > 1)
        str_addf(&text, _("cycle of %zu since %.3f s: "), n, seconds(closed_ns));
    for (size_t i = 0; i < n && i < LINKS; i++) {
        if (i)
            str_add(&text, "; ");
        link_words(f, m, tasks[i], tasks[(i + 1) % n], &text);
    }
    if (n > LINKS)
        str_addf(&text, _("; and so on, back to %s"), model_task_name(m, tasks[0]));
    if (n == 1)
        str_addf(&text, _(" since %.3f s"), seconds(closed_ns));
    detect_raise(d, DIAG_DEADLOCK, tasks[0], tasks, n, objs, objs_n, "%s", text.data);
    str_free(&text);
}

static void look(struct detect *d, const struct model *m, bool final, uint32_t at)
{
    const struct facts *f = detect_facts(d);
    struct stuck s;
    uint32_t *tasks = NULL, from = 1;
    size_t cap = 0, n;
    if (f->lossy && !final)
        return;
    stuck_find(&s, f, m, final, at);
    while ((n = stuck_next_cycle(&s, &from, &tasks, &cap)))
        if (!detect_was_in_cycle(d, tasks[0]))
            tell(d, m, tasks, n);
    stuck_free(&s);
    free(tasks);
}

/* Is the task, or one that holds what it wants, waiting without an end of its own? */
static bool worth_a_look(const struct facts *f, const struct model *m, const struct event *e)
{
    enum { HOLDERS = 4 };
    const struct hold *h = facts_held(f, e->obj);
    for (int i = 0; h && i < HOLDERS; i++, h = hold_at(f, h->next)) {
        const struct task_model *t = &m->tasks[h->task];
        if (t->state == TASK_WAITING && !t->until_ns && !t->others && t->why != WHY_IO)
            return true;
    }
    return h != NULL;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    if (e->kind == EV_END) {
        look(d, m, e->op == END_DONE || e->op == END_ASLEEP, 0);
        return;
    }
    const struct facts *f = detect_facts(d);
    if (e->v || e->c || e->task >= m->tasks_n || e->obj >= m->objects_n || !worth_a_look(f, m, e))
        return;
    if (detect_may_look(d, stuck_cost(f, m)))
        look(d, m, false, e->task);
}

static void sweep(struct detect *d, void *state, const struct model *m)
{
    (void)state;
    if (!m->ended && detect_may_look(d, stuck_cost(detect_facts(d), m)))
        look(d, m, false, 0);
}

const struct detector detector_deadlock = {
    .name = "deadlock",
    .help = "tasks wait for each other in a cycle",
    .kinds = UINT64_C(1) << EV_END,
    .wants = {{EV_TASK, WANT_WAIT(WHY_MUTEX) | WANT_WAIT(WHY_RLOCK) | WANT_WAIT(WHY_WLOCK) |
                            WANT_WAIT(WHY_SEM) | WANT_WAIT(WHY_ONCE)}},
    .see = see,
    .sweep = sweep,
};
