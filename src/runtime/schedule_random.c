/* SPDX-License-Identifier: MIT */
/* A random walk: at every point each task that could go on is as likely as any other. Finds what
 * needs many switches; a task rarely gets far ahead of the others. */
#include "runtime/schedule.h"

struct state {
    struct rng *rng;
};

static void start(void *state, struct rng *rng, const struct schedule_use *use)
{
    (void)use;
    ((struct state *)state)->rng = rng;
}

static uint32_t pick(void *state, const struct schedule_point *p)
{
    return p->n > 1 ? rng_below(((struct state *)state)->rng, p->n) : 0;
}

const struct schedule schedule_random = {
    .name = "random",
    .help = "any runnable task, by the seed",
    .size = sizeof(struct state),
    .start = start,
    .pick = pick,
};
