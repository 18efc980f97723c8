/* SPDX-License-Identifier: MIT */
/* Which tasks wait for what cannot come any more, and in which cycles.
 *
 * A task that waits is stuck when everybody who could end its wait is stuck or has ended. So: start
 * with all that wait without a deadline, and take out whoever somebody outside could still wake,
 * until nobody is left to take out. What can be proved by this needs to know who could: the holder
 * of a lock, of tokens, of a share of a group, the declared ends of a channel. Where that is not
 * known (a select of several cases, a channel whose ends nobody declared), a wait is no proof, but
 * at the end of a run that has nothing left to run every wait is. */
#ifndef DETECT_STUCK_H
#define DETECT_STUCK_H

#include "detect/facts.h"

/* What one kind of wait on one object hangs on. */
struct stuck_end {
    uint32_t round;         /* of which the rest is */
    uint32_t first, second; /* the smallest ids in the set, or 0 */
    uint32_t in, out;       /* how many are in it, and not */
    uint64_t in_n, all_n;   /* shares or tokens */
    bool unknown;           /* others may end it as well */
};
struct stuck {
    const struct facts *f;
    const struct model *m;
    uint32_t at;            /* the task whose wait has just begun, or 0 */
    bool final;             /* nothing can run any more */
    bool unborn;            /* a task has not run yet: who knows which ends it will hold */
    uint8_t *able;          /* by task */
    uint32_t *cycle;        /* by task: the next in the chain of who waits for whom, or 0 */
    uint32_t *walk;         /* by task: the walk that came by, or 0 */
    struct stuck_end *ends; /* by object, two each */
    uint32_t *writer;       /* by object: a task that waits to write, or 0 */
    uint32_t round;
    size_t n; /* tasks that are stuck */
};

/* What looking at everything costs, about, in events. */
size_t stuck_cost(const struct facts *f, const struct model *m);
/* final: the run has ended because nothing could run. at: the task whose wait the present event has
 * begun, or 0. stuck_free() when done. */
void stuck_find(struct stuck *s, const struct facts *f, const struct model *m, bool final,
                uint32_t at);
void stuck_free(struct stuck *s);
bool stuck_task(const struct stuck *s, uint32_t task);
/* The next cycle, from its smallest id on; 0: there is none. *from begins at 1. *tasks grows with
 * grow(). */
size_t stuck_next_cycle(struct stuck *s, uint32_t *from, uint32_t **tasks, size_t *cap);

#endif
