/* SPDX-License-Identifier: MIT */
/* Tasks whose names differ only in the number at the end are one crowd: "worker-1 … worker-4" are
 * the workers. Names are compared as text: strtab ids say nothing about prefixes. Most tasks belong
 * to the crowd of the task before, which is looked at first, so a thousand cost as many compares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "views/parts/parts.h"

/* The bytes before "-12"; 0 when the name does not end so. */
static size_t prefix_of(const char *name)
{
    size_t n = strlen(name), at = n;
    while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
        at--;
    return at < n && at > 1 && (name[at - 1] == '-' || name[at - 1] == '.') ? at - 1 : 0;
}

static bool belongs(const struct crowd *w, const struct model *m, const char *name, size_t prefix)
{
    return prefix && w->prefix == prefix && !strncmp(model_task_name(m, w->first), name, prefix);
}

static int find(const struct crowds *all, const struct model *m, uint32_t task, int hint)
{
    const char *name = model_task_name(m, task);
    size_t prefix = prefix_of(name);
    if (hint >= 0 && belongs(&all->at[hint], m, name, prefix))
        return hint;
    for (int i = 0; i < all->n; i++)
        if (belongs(&all->at[i], m, name, prefix) ||
            (!prefix && !all->at[i].prefix && all->at[i].first == task))
            return i;
    return -1;
}

static void name_crowd(struct crowd *w, const struct model *m)
{
    const char *name = model_task_name(m, w->first);
    if (w->n < 2 && !w->prefix)
        snprintf(w->name, sizeof w->name, "%s", name);
    else
        snprintf(w->name, sizeof w->name, "%.*s%s", (int)(w->prefix < 40 ? w->prefix : 40), name,
                 w->prefix && name[w->prefix - 1] == 's' ? "" : "s");
}

static void count(struct crowd *w, const struct task_model *t, uint8_t state)
{
    w->n++;
    w->state[state_group(state, t->why)]++;
    if (!task_live(t))
        return;
    w->live++;
    w->busy += t->item != 0;
    if (t->state != TASK_WAITING && t->state != TASK_SLEEPING && t->state != TASK_LEAKED)
        return;
    if (t->why == WHY_CHAN_SEND) {
        if (!w->blocked++ || t->since_ns < w->since_ns) {
            w->blocked_on = t->on;
            w->since_ns = t->since_ns;
        }
        return;
    }
    w->waits++;
    if (!w->blocked && (w->waits == 1 || t->since_ns < w->since_ns)) {
        w->waits_on = t->on;
        w->waits_why = t->why;
        w->since_ns = t->since_ns;
    }
}

void crowds_collect(struct crowds *all, const struct model *m)
{
    *all = (struct crowds){0};
    all->of_n = m->tasks_n;
    all->of = xmalloc(all->of_n + 1);
    memset(all->of, -1, all->of_n + 1);
    int last = -1;
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        if (!t->known)
            continue;
        int i = find(all, m, id, last);
        if (i < 0) {
            if (all->n == CROWDS)
                continue;
            i = all->n++;
            all->at[i].first = id;
            all->at[i].prefix = prefix_of(model_task_name(m, id));
        }
        last = i;
        all->of[id] = (int8_t)i;
        count(&all->at[i], t, t->state);
    }
    for (int i = 0; i < all->n; i++)
        name_crowd(&all->at[i], m);
}

void crowds_free(struct crowds *all)
{
    free(all->of);
    all->of = NULL;
}

int crowds_of(const struct crowds *all, uint32_t task)
{
    return task < all->of_n ? all->of[task] : -1;
}
