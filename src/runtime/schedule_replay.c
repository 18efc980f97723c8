/* SPDX-License-Identifier: MIT */
/* Choices of an earlier run again; everywhere else, and where a choice cannot be had any more, as
 * fifo would. */
#include "runtime/schedule.h"

struct state {
    const struct choices *choices;
};

static void start(void *state, struct rng *rng, const struct schedule_use *use)
{
    (void)rng;
    ((struct state *)state)->choices = use ? use->choices : NULL;
}

static uint32_t pick(void *state, const struct schedule_point *p)
{
    const struct choices *all = ((struct state *)state)->choices;
    const struct choice *c = all ? choices_find(all, p->leaving, p->point) : NULL;
    for (uint32_t i = 0; c && i < p->n; i++)
        if (p->task[i] == c->next)
            return i;
    return 0;
}

const struct schedule schedule_replay = {
    .name = "replay",
    .help = "the recorded choices, else as fifo",
    .size = sizeof(struct state),
    .looks = true,
    .start = start,
    .pick = pick,
};
