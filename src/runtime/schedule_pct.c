/* SPDX-License-Identifier: MIT */
/* PCT: random priorities and a few random points at which they change (S. Burckhardt, P. Kothari,
 * M. Musuvathi, S. Nagarakatte: A randomized scheduler with probabilistic guarantees of finding
 * bugs, ASPLOS 2010).
 *
 * The hard idea: a bug of depth d needs d events in one order, however long the run is. Each task
 * gets a random priority at its birth, the highest that can run runs; at d - 1 random points of the
 * k that a run has, whoever runs falls below everybody. With n tasks a run then shows the bug with
 * probability at least 1 / (n k^(d-1)), far more than a walk that tosses a coin everywhere:
 *
 *   A (high)   ━━━━━━━━━━┫ change                      ┣━━━
 *   B          ·         ┗━━━━━━━━━━━━━━━━━━━━━━━ ends ┛      B overtakes A at that one point
 *
 * A task that yields says that it waits for others: it falls below everybody too, or a loop that
 * spins would spin for ever. */
#include "runtime/schedule.h"

#include <stdlib.h>

#include "base/mem.h"

enum { DEPTH = 3, DEPTH_MAX = 64, POINTS = 1000 };

struct state {
    struct rng *rng;
    int64_t *priority; /* by task; 0: not seen yet */
    size_t n, cap;
    uint64_t now; /* points so far */
    uint64_t change[DEPTH_MAX];
    int changes;
    int64_t lowest; /* given so far, below 0 */
};

static void start(void *state, struct rng *rng, const struct schedule_use *use)
{
    struct state *s = state;
    int depth = use && use->depth > 0 ? use->depth : DEPTH;
    uint64_t points = use && use->points ? use->points : POINTS;
    s->rng = rng;
    s->changes = (depth < DEPTH_MAX ? depth : DEPTH_MAX) - 1;
    for (int i = 0; i < s->changes; i++)
        s->change[i] = 1 + rng_below(rng, points < UINT32_MAX ? (uint32_t)points : UINT32_MAX);
}

static void end(void *state)
{
    free(((struct state *)state)->priority);
}

static int64_t *priority_of(struct state *s, uint32_t task)
{
    while (task >= s->n) {
        grow(&s->priority, &s->cap, s->n + 1, sizeof *s->priority);
        s->priority[s->n++] = 0;
    }
    if (!s->priority[task])
        s->priority[task] = 1 + (int64_t)(rng_u64(s->rng) >> 2);
    return &s->priority[task];
}

static bool changes_now(const struct state *s)
{
    for (int i = 0; i < s->changes; i++)
        if (s->change[i] == s->now)
            return true;
    return false;
}

static bool yields(const struct schedule_point *p)
{
    if (p->step || !p->leaving)
        return false;
    for (uint32_t i = 0; i < p->n; i++)
        if (p->task[i] == p->leaving)
            return true;
    return false;
}

static uint32_t pick(void *state, const struct schedule_point *p)
{
    struct state *s = state;
    s->now++;
    if (p->leaving && (changes_now(s) || yields(p)))
        *priority_of(s, p->leaving) = --s->lowest;
    uint32_t best = 0;
    int64_t highest = INT64_MIN;
    for (uint32_t i = 0; i < p->n; i++) {
        int64_t mine = *priority_of(s, p->task[i]);
        if (mine > highest) {
            highest = mine;
            best = i;
        }
    }
    return best;
}

const struct schedule schedule_pct = {
    .name = "pct",
    .help = "random priorities that change at a few random points",
    .size = sizeof(struct state),
    .looks = true,
    .start = start,
    .end = end,
    .pick = pick,
};
