/* SPDX-License-Identifier: MIT */
/* The rule by which a breaker trips, as a text and as numbers:
 *
 *   consecutive(5)                          the fifth failure in a row
 *   failures(3 of 5)  failures(3 in 10s)    of the last 5 calls, of the last 10 s
 *   rate(50% of 100 calls, min 20)          of the last 100 calls, once there are 20
 *   rate(50% in 10s, min 20)                of the last 10 s
 *   rate(60% in interval, min 3)            of the calls that were let in during `interval`
 *
 * The number is reached by >=; with > before it, it must be exceeded: rate(> 50% in 10s, min 20).
 */
#ifndef POLICIES_BREAKER_TRIP_H
#define POLICIES_BREAKER_TRIP_H

#include <stdbool.h>
#include <stdint.h>

enum trip_kind {
    TRIP_CONSECUTIVE,
    TRIP_FAILURES_OF,
    TRIP_FAILURES_IN,
    TRIP_RATE_OF,
    TRIP_RATE_IN,
    TRIP_RATE_INTERVAL
};
struct trip {
    enum trip_kind kind;
    bool above;       /* >, else >= */
    uint64_t count;   /* consecutive, failures */
    double share;     /* rate */
    uint64_t of;      /* calls */
    int64_t span_ns;  /* in time */
    uint64_t minimum; /* results before the rate counts; 0 = one */
};
extern const char trip_allowed[];

/* NULL, or trip_allowed. `t` may be NULL. */
const char *trip_parse(const char *text, struct trip *t);
static inline bool trip_by_rate(const struct trip *t)
{
    return t->kind >= TRIP_RATE_OF;
}
static inline bool trip_in_time(const struct trip *t)
{
    return t->kind == TRIP_FAILURES_IN || t->kind == TRIP_RATE_IN;
}

#endif
