/* SPDX-License-Identifier: MIT */
/* The scheduling policies: fifo, as Go's run queues go; random, from the stream "schedule". */
#include "runtime/schedule.h"

#include <string.h>

static uint32_t pick_random(struct rng *rng, uint32_t n)
{
    return rng_below(rng, n);
}

/* As if the next were drawn from all of them at every step. */
static bool step_random(struct rng *rng, uint32_t others)
{
    return rng_below(rng, others + 1) != 0;
}

const struct schedule schedules[] = {
    {.name = "fifo", .help = "the task that has been runnable longest"},
    {.name = "random",
     .help = "any runnable task, by the seed",
     .pick = pick_random,
     .step = step_random},
};
const unsigned schedules_n = sizeof schedules / sizeof schedules[0];

const struct schedule *schedule_find(const char *name)
{
    if (!name || !*name)
        return &schedules[0];
    for (unsigned i = 0; i < schedules_n; i++)
        if (strcmp(schedules[i].name, name) == 0)
            return &schedules[i];
    return NULL;
}
