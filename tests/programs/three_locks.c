/* SPDX-License-Identifier: MIT */
/* Three philosophers and three forks: each takes the left one, then the right one. They sit in a
 * cycle, and so can their waits. The twin has the last one take the right fork first. */
#include "programs.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

struct seat {
    struct mutex *first, *second;
    struct waitgroup *wg;
};

static void eat(void *arg)
{
    const struct seat *s = arg;
    for (int i = 0; i < 2; i++) {
        mutex_lock(s->first);
        mutex_lock(s->second);
        mutex_unlock(s->second);
        mutex_unlock(s->first);
    }
    wg_done(s->wg);
}

static void dine(bool last_is_different)
{
    static const char *const names[] = {"plato", "hume", "kant"};
    struct mutex *fork[] = {mutex_make("fork-1"), mutex_make("fork-2"), mutex_make("fork-3")};
    struct seat *s = rt_alloc(rt_here(), 3 * sizeof *s);
    struct waitgroup *wg = wg_make("dinner");
    wg_add(wg, 3);
    for (int i = 0; i < 3; i++) {
        bool swapped = last_is_different && i == 2;
        struct mutex *left = fork[i], *right = fork[(i + 1) % 3];
        s[i] = (struct seat){swapped ? right : left, swapped ? left : right, wg};
        rt_spawn(names[i], eat, &s[i]);
    }
    wg_wait(wg);
}

void program_three_locks(void *arg)
{
    (void)arg;
    dine(false);
}

void program_three_locks_ordered(void *arg)
{
    (void)arg;
    dine(true);
}
