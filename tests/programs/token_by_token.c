/* SPDX-License-Identifier: MIT */
/* Two tasks need two of two tokens each, and take them one by one. Repaired: both at once. */
#include "programs.h"
#include "runtime/semaphore.h"

struct need {
    struct semaphore *sem;
    int64_t step;
};

static void takes_two(void *arg)
{
    const struct need *n = arg;
    for (int64_t got = 0; got < 2; got += n->step)
        sem_acquire(n->sem, ctx_background(), n->step);
    sem_release(n->sem, 2);
}

static void start(int64_t step)
{
    struct need *n = rt_alloc(rt_here(), sizeof *n);
    *n = (struct need){sem_make("tokens", 2, NULL), step};
    rt_spawn("a", takes_two, n);
    rt_spawn("b", takes_two, n);
}

void program_token_by_token(void *arg)
{
    (void)arg;
    start(1);
}

void program_tokens_at_once(void *arg)
{
    (void)arg;
    start(2);
}
