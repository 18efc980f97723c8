/* SPDX-License-Identifier: MIT */
/* Scheduling policies of the sim: oracles that are asked, wherever more than one task could go on,
 * which one does. One file (schedule_NAME.c) and one row of schedules.def each.
 *
 * A point is an instant at which the scheduler may decide: before each operation of a task (then it
 * could itself go on), when a task waits, yields or ends, and after a timer. Each task counts its
 * own points. */
#ifndef RUNTIME_SCHEDULE_H
#define RUNTIME_SCHEDULE_H

#include <stdbool.h>

#include "base/rng.h"
#include "runtime/choices.h"

struct schedule_point {
    uint32_t leaving;     /* task; 0: nobody ran, a timer had fired */
    uint32_t point;       /* the how-manyeth of its points */
    bool step;            /* before an operation: the first candidate is the task itself */
    uint32_t n;           /* candidates, at least 1; the first is whom fifo takes */
    const uint32_t *task; /* their ids; NULL where nobody looks at them */
};

/* What an oracle is to know, and who is told what it says. Outlives the run. */
struct schedule_use {
    int depth;                     /* pct: so many ordered events make the bug; 0 = 3 */
    uint64_t points;               /* pct: how many points a run has, about; 0 = 1000 */
    const struct choices *choices; /* replay: sorted */
    /* Every decision, before it takes effect; events: emitted so far. May be NULL. */
    void (*decided)(void *arg, const struct schedule_point *p, uint32_t pick, uint64_t events);
    void *arg;
};

struct schedule {
    const char *name;
    const char *help;
    size_t size; /* of its state, zeroed at the start */
    bool looks;  /* at the candidates' ids */
    void (*start)(void *state, struct rng *rng, const struct schedule_use *use); /* may be NULL */
    void (*end)(void *state);                                                    /* may be NULL */
    /* Which of the candidates. NULL: always the first, and no point is one. */
    uint32_t (*pick)(void *state, const struct schedule_point *p);
};
extern const struct schedule *const schedules[]; /* NULL-terminated */
/* NULL name: the first. NULL result: no such policy. */
const struct schedule *schedule_find(const char *name);

#endif
