/* SPDX-License-Identifier: MIT */
/* Scheduling policies of the sim: oracles that are asked which runnable task goes next. One file
 * each (schedule_*.c), one row in schedule.c. */
#ifndef RUNTIME_SCHEDULE_H
#define RUNTIME_SCHEDULE_H

#include <stdbool.h>

#include "base/rng.h"

struct schedule {
    const char *name;
    const char *help;
    /* Which of n (> 1) waiting in a run queue, oldest first. NULL: always the oldest. */
    uint32_t (*pick)(struct rng *rng, uint32_t n);
    /* Whether the running task gives way at a step, where `others` could run. NULL: never. */
    bool (*step)(struct rng *rng, uint32_t others);
};
extern const struct schedule schedules[];
extern const unsigned schedules_n;
/* NULL name: the first. NULL result: no such policy. */
const struct schedule *schedule_find(const char *name);

#endif
