/* SPDX-License-Identifier: MIT */
/* A semaphore that lets whoever fits pass: small ones come and go, the one that needs all of it
 * never finds it free. Repaired: first in, first out. */
#include "programs.h"
#include "runtime/semaphore.h"

enum { ROUNDS = 1500, SIZE = 4 };

static void small(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        sem_acquire(arg, ctx_background(), 1);
        rt_sleep(1000000);
        sem_release(arg, 1);
    }
}

static void large(void *arg)
{
    rt_sleep(500000);
    sem_acquire(arg, ctx_background(), SIZE);
    sem_release(arg, SIZE);
}

void program_large_one_starves(void *arg)
{
    (void)arg;
    struct semaphore *s = sem_make("tokens", SIZE, &sem_preset_find("barging")->rules);
    rt_spawn("small-1", small, s);
    rt_sleep(300000);
    rt_spawn("small-2", small, s);
    rt_spawn("large", large, s);
}

void program_large_one_served(void *arg)
{
    (void)arg;
    struct semaphore *s = sem_make("tokens", SIZE, NULL);
    rt_spawn("small-1", small, s);
    rt_spawn("large", large, s);
}
