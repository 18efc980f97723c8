/* SPDX-License-Identifier: MIT */
/* Add inside the goroutine (T3.M1): Wait may come first, find 0 and return.
 *
 *   main      go worker   Wait: 0, returns
 *   worker                                   Add(1) …
 *
 * Repaired: Add before go. */
#include <stdio.h>

#include "programs.h"
#include "runtime/sync.h"

enum { WORKERS = 3 };

static void adds_itself(void *arg)
{
    wg_add(arg, 1);
    rt_sleep(1000000);
    wg_done(arg);
}

static void works(void *arg)
{
    rt_sleep(1000000);
    wg_done(arg);
}

static void start(bool before)
{
    struct waitgroup *wg = wg_make("wg");
    for (int i = 1; i <= WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "worker-%d", i);
        if (before)
            wg_add(wg, 1);
        rt_spawn(name, before ? works : adds_itself, wg);
    }
    wg_wait(wg);
}

void program_early_wait(void *arg)
{
    (void)arg;
    start(false);
}

void program_early_wait_repaired(void *arg)
{
    (void)arg;
    start(true);
}
