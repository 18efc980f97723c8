/* SPDX-License-Identifier: MIT */
/* When the next request is due, for arrivals that do not depend on what becomes of the others. */
#ifndef TRAFFIC_ARRIVALS_H
#define TRAFFIC_ARRIVALS_H

#include "base/rng.h"
#include "control/value.h"

/* Flat; zero-initialise, then arrivals_begin(). */
struct arrival_clock {
    struct arrivals a;
    int64_t from_ns; /* these arrivals hold since then */
    uint64_t n;      /* arrivals made since then */
    int64_t last_ns; /* the last one */
    double area;     /* wave: part of the next arrival that has been gathered */
};

/* New arrivals from now_ns on. */
void arrivals_begin(struct arrival_clock *c, const struct arrivals *a, int64_t now_ns);
/* The instant of the next arrival (never before the last one), or -1: there is none of its own
 * (closed, eager, trace; a ramp down to 0). */
int64_t arrivals_next(struct arrival_clock *c, struct rng *rng);

#endif
