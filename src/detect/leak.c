/* SPDX-License-Identifier: MIT */
/* Leak: main has returned, and a task waits for what nobody alive can do.
 *
 * When the engine says that all is done (or asleep), every task that still waits is one: nothing
 * can run, so nothing can wake it. When the run was cut short (its time is over, somebody stopped
 * it) a wait may still end, and only what the edges prove is a leak:
 *
 *   suspects = all that wait at a channel whose ends were declared
 *   take out of them whoever a task outside of the suspects could still wake; until none is left
 *
 * What remains waits for each other or for the dead. One diagnosis for each thing waited for. */
#include "detect/detect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "detect/waits.h"

static bool alive(const struct task_model *t)
{
    return t->known && t->state != TASK_DONE && t->state != TASK_PANICKED;
}

/* ---- a run that was cut short: what can be proved
 * ------------------------------------------------ */

static bool provable(struct wait w)
{
    return w.on && (w.why == WHY_CHAN_RECV || w.why == WHY_CHAN_SEND);
}

static bool ends_it(uint8_t why, uint8_t role)
{
    return why == WHY_CHAN_RECV ? role == ROLE_SENDS || role == ROLE_CLOSES : role == ROLE_RECEIVES;
}

/* Per object and direction: was an end declared, and does somebody able hold one? */
struct ends {
    bool declared[2], able[2];
};

static void survey(const struct model *m, const bool *suspect, struct ends *ends)
{
    for (size_t i = 0; i < m->edges_n; i++) {
        const struct edge_model *e = &m->edges[i];
        for (int recv = 0; recv < 2; recv++) {
            if (!ends_it(recv ? WHY_CHAN_RECV : WHY_CHAN_SEND, e->role))
                continue;
            ends[e->to_obj].declared[recv] = true;
            if (!e->from_task ||
                (!e->gone && alive(&m->tasks[e->from_task]) && !suspect[e->from_task]))
                ends[e->to_obj].able[recv] = true;
        }
    }
}

/* Longer chains of who waits for whom are not followed: no proof. */
enum { ROUNDS = 64, GROUPS = 256 };

static void keep_proved(const struct model *m, bool *suspect, const struct wait *wait)
{
    struct ends *ends = xcalloc(m->objects_n + 1, sizeof *ends);
    for (uint32_t id = 1; id < m->tasks_n; id++)
        suspect[id] = suspect[id] && m->tasks[id].why != WHY_SELECT && provable(wait[id]);
    bool changed = true;
    for (int round = 0; changed; round++) {
        changed = false;
        for (size_t i = 0; i < m->objects_n; i++)
            ends[i] = (struct ends){0};
        survey(m, suspect, ends);
        for (uint32_t id = 1; id < m->tasks_n; id++) {
            if (!suspect[id])
                continue;
            const struct ends *x = &ends[wait[id].on];
            int recv = wait[id].why == WHY_CHAN_RECV;
            if (x->able[recv] || !x->declared[recv] || round == ROUNDS) {
                suspect[id] = false;
                changed = true;
            }
        }
    }
    free(ends);
}

/* ---- what is found, by what it waits for
 * ----------------------------------------------------------- */

static void raise_group(struct detect *d, const struct model *m, const uint32_t *tasks, size_t n,
                        struct wait w)
{
    struct str text = {0};
    if (n > 4)
        str_addf(&text, "%zu tasks (", n);
    wait_names(m, tasks, n, &text);
    str_add(&text, n > 4 ? ") " : " ");
    wait_words(m, w, n, &text);
    wait_missing(m, w, &text);
    detect_raise(d, DIAG_LEAK, tasks[0], tasks, n, &w.on, w.on != 0, "%s", text.data);
    str_free(&text);
}

static void raise_groups(struct detect *d, const struct model *m, bool *suspect,
                         const struct wait *wait)
{
    uint32_t *tasks = NULL;
    size_t cap = 0, groups = 0;
    for (uint32_t id = 1; id < m->tasks_n && groups < GROUPS; id++) {
        size_t n = 0;
        if (!suspect[id])
            continue;
        groups++;
        for (uint32_t other = id; other < m->tasks_n; other++) {
            if (!suspect[other] || wait[other].why != wait[id].why || wait[other].on != wait[id].on)
                continue;
            suspect[other] = false;
            grow(&tasks, &cap, n + 1, sizeof *tasks);
            tasks[n++] = other;
        }
        raise_group(d, m, tasks, n, wait[id]);
    }
    free(tasks);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    if (!m->main_done || e->op == END_PANIC)
        return;
    bool *suspect = xcalloc(m->tasks_n + 1, sizeof *suspect);
    struct wait *wait = xcalloc(m->tasks_n + 1, sizeof *wait);
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        suspect[id] = m->tasks[id].state == TASK_WAITING && m->tasks[id].known;
        if (suspect[id])
            wait[id] = wait_of(m, id);
    }
    if (e->op != END_DONE && e->op != END_ASLEEP)
        keep_proved(m, suspect, wait);
    raise_groups(d, m, suspect, wait);
    free(suspect);
    free(wait);
}

const struct detector detector_leak = {
    .name = "leak",
    .help = "main has returned, and a task waits for what nobody alive can do",
    .kinds = 1u << EV_END,
    .see = see,
};
