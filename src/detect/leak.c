/* SPDX-License-Identifier: MIT */
/* Leak: main has returned, and a task waits for what nobody alive can do.
 *
 * When the engine says that all is done (or asleep), every task that still waits is one: nothing
 * can run, so nothing can wake it. When the run was cut short (its time is over, somebody stopped
 * it) a wait may still end, and only what the edges prove is a leak:
 *
 * What is stuck (stuck.h) waits for each other or for the dead. Who stands in a cycle was told as a
 * deadlock. One diagnosis for each thing waited for. */
#include "detect/detect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "detect/stuck.h"
#include "detect/waits.h"
#include "base/text.h"

enum { GROUPS = 256 };

static void raise_group(struct detect *d, const struct model *m, const uint32_t *tasks, size_t n,
                        struct wait w)
{
    struct str text = {0};
    if (n > 4)
        str_addf(&text, _("%zu tasks ("), n);
    wait_names(m, tasks, n, &text);
    str_add(&text, n > 4 ? ") " : " ");
    wait_words(m, w, n, &text);
    wait_missing(detect_facts(d), m, w, &text);
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
    bool final = e->op == END_DONE || e->op == END_ASLEEP;
    if (!m->main_done || e->op == END_PANIC || (detect_facts(d)->lossy && !final))
        return;
    bool *suspect = xcalloc(m->tasks_n + 1, sizeof *suspect);
    struct wait *wait = xcalloc(m->tasks_n + 1, sizeof *wait);
    struct stuck s;
    stuck_find(&s, detect_facts(d), m, final, 0);
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        suspect[id] = stuck_task(&s, id) && !detect_was_in_cycle(d, id);
        if (suspect[id])
            wait[id] = wait_of(m, id);
    }
    stuck_free(&s);
    raise_groups(d, m, suspect, wait);
    free(suspect);
    free(wait);
}

const struct detector detector_leak = {
    .name = "leak",
    .help = "main has returned, and a task waits for what nobody alive can do",
    .kinds = UINT64_C(1) << EV_END,
    .see = see,
};
