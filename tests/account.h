/* SPDX-License-Identifier: MIT */
/* The accounting of requests, event by event: at every instant of a stream
 *
 *   arrived = done + errors + rejected + timed_out + cancelled + dropped + in_flight
 *
 * and each request lives once: it arrives, is perhaps started, ends once, and is late at most
 * after that. The figure in_flight is counted here from single lives, not from the sums. */
#ifndef TESTS_ACCOUNT_H
#define TESTS_ACCOUNT_H

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "event/event.h"

struct account {
    uint64_t n[PHASE_COUNT];
    int64_t in_flight;
    uint64_t bad;   /* events that break a life or the sum */
    char first[96]; /* the first of them */
    uint64_t seen;  /* REQUEST events */
    uint8_t *state; /* by id */
    size_t cap;
};

enum { LIFE_UNKNOWN, LIFE_ARRIVED, LIFE_STARTED, LIFE_ENDED };

static inline bool account_step(struct account *a, const struct event *e)
{
    uint64_t id = (uint64_t)e->v;
    if (id >= a->cap) {
        size_t cap = a->cap ? a->cap : 1024;
        while (cap <= id)
            cap *= 2;
        a->state = xrealloc(a->state, cap);
        for (size_t i = a->cap; i < cap; i++)
            a->state[i] = LIFE_UNKNOWN;
        a->cap = cap;
    }
    uint8_t was = a->state[id], *now = &a->state[id];
    switch (e->op) {
    case PHASE_ARRIVE:
        *now = LIFE_ARRIVED;
        a->in_flight++;
        return was == LIFE_UNKNOWN;
    case PHASE_START:
        *now = LIFE_STARTED;
        return was == LIFE_ARRIVED;
    case PHASE_LATE:
        return was == LIFE_ENDED;
    case PHASE_ATTEMPT:
        return was == LIFE_STARTED;
    default:
        *now = LIFE_ENDED;
        a->in_flight--;
        if (e->op == PHASE_DONE || e->op == PHASE_ERROR || e->op == PHASE_TIMEOUT)
            return was == LIFE_STARTED;
        if (e->op == PHASE_REJECT)
            return was == LIFE_ARRIVED;
        return was == LIFE_ARRIVED || was == LIFE_STARTED;
    }
}

static inline void account_see(struct account *a, const struct event *e)
{
    if (e->kind != EV_REQUEST || e->x) /* the first lane */
        return;
    a->seen++;
    bool good = e->op < PHASE_COUNT && e->v > 0 && (uint64_t)e->v < UINT32_MAX;
    if (good) {
        a->n[e->op]++;
        good = account_step(a, e);
    }
    uint64_t ends = a->n[PHASE_DONE] + a->n[PHASE_ERROR] + a->n[PHASE_TIMEOUT] +
                    a->n[PHASE_CANCEL] + a->n[PHASE_REJECT] + a->n[PHASE_DROP];
    good = good && a->in_flight >= 0 && a->n[PHASE_ARRIVE] == ends + (uint64_t)a->in_flight;
    if (!good && !a->bad++)
        snprintf(a->first, sizeof a->first, "request %lld %s at %lld ns", (long long)e->v,
                 e->op < PHASE_COUNT ? phase_names[e->op] : "?", (long long)e->t_ns);
}

static inline void account_free(struct account *a)
{
    free(a->state);
    *a = (struct account){0};
}

#endif
