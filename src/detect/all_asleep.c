/* SPDX-License-Identifier: MIT */
/* All asleep: main waits and nothing can ever run.
 *
 * The engine ends a run when no task can run and nothing is due. If main has not returned by then,
 * whoever waits waits for ever, main with them: one diagnosis for all of it, and no leak. */
#include "detect/detect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "detect/waits.h"
#include "base/text.h"

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    if (e->op != END_ASLEEP || m->main_done)
        return;
    uint32_t *tasks = NULL, main_task = m->main_task;
    size_t n = 0, cap = 0;
    if (main_task) {
        grow(&tasks, &cap, 1, sizeof *tasks);
        tasks[n++] = main_task;
    }
    for (uint32_t id = 1; id < m->tasks_n; id++)
        if (id != main_task && waits_now(&m->tasks[id])) {
            grow(&tasks, &cap, n + 1, sizeof *tasks);
            tasks[n++] = id;
        }
    struct str text = {0};
    uint32_t on = 0;
    if (main_task && waits_now(&m->tasks[main_task])) {
        struct wait w = wait_of(m, main_task);
        on = w.on;
        str_add(&text, _("main "));
        wait_words(m, w, 1, &text);
        wait_missing(detect_facts(d), m, w, &text);
    } else {
        str_add(&text, _("main has not returned"));
    }
    if (n > 1) {
        str_add(&text, "; ");
        wait_names(m, tasks + 1, n - 1, &text);
        str_add(&text, n == 2 ? _(" waits as well") : _(" wait as well"));
    }
    detect_raise(d, DIAG_ALL_ASLEEP, 0, tasks, n, &on, on != 0, _("all tasks are asleep: %s"),
                 text.data);
    str_free(&text);
    free(tasks);
}

const struct detector detector_all_asleep = {
    .name = "all_asleep",
    .help = "main waits and nothing can ever run again",
    .kinds = UINT64_C(1) << EV_END,
    .see = see,
};
