/* SPDX-License-Identifier: MIT */
/* A semaphore that lets whoever fits pass: small ones come and go, the one that needs all of it
 * never finds it free. Repaired: first in, first out. */
#include "programs.h"
#include "runtime/semaphore.h"

enum { ROUNDS = 1500, FEW = 20, SIZE = 4 };
struct tokens {
    struct semaphore *sem;
    int rounds;
};

static void small(void *arg)
{
    const struct tokens *t = arg;
    for (int i = 0; i < t->rounds; i++) {
        sem_acquire(t->sem, ctx_background(), 1);
        rt_sleep(1000000);
        sem_release(t->sem, 1);
    }
}

static void large(void *arg)
{
    const struct tokens *t = arg;
    rt_sleep(500000);
    sem_acquire(t->sem, ctx_background(), SIZE);
    sem_release(t->sem, SIZE);
}

static struct tokens *tokens(const struct sem_rules *rules, int rounds)
{
    struct tokens *t = rt_alloc(rt_here(), sizeof *t);
    *t = (struct tokens){sem_make("tokens", SIZE, rules), rounds};
    return t;
}

void program_large_one_starves(void *arg)
{
    (void)arg;
    struct tokens *t = tokens(&sem_preset_find("barging")->rules, ROUNDS);
    rt_spawn("small-1", small, t);
    rt_sleep(300000);
    rt_spawn("small-2", small, t);
    rt_spawn("large", large, t);
}

void program_large_one_served(void *arg)
{
    (void)arg;
    struct tokens *t = tokens(NULL, FEW);
    rt_spawn("small-1", small, t);
    rt_spawn("large", large, t);
}
