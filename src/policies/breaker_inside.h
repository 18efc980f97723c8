/* SPDX-License-Identifier: MIT */
/* Inside the breaker: its counts, its windows, its state. Not for others. */
#ifndef POLICIES_BREAKER_INSIDE_H
#define POLICIES_BREAKER_INSIDE_H

#include "policies/breaker.h"
#include "policies/breaker_trip.h"

/* Counts of a state, in buckets when `interval` rolls. A bucket's `age` counts from the state's
 * beginning; results are credited to the bucket in which their call began. */
struct tally {
    struct breaker_counts total;
    struct breaker_counts *bucket; /* n of them; n = 1: none */
    uint64_t n, age;
};

/* The last so many results, or those of the last so long in buckets aligned with the clock. */
struct results {
    uint8_t *ring; /* of a count window: RESULT_ flags */
    uint64_t size, next;
    struct breaker_window *bucket; /* of a time window */
    int64_t bucket_ns, head;       /* head: the newest bucket's number since time 0 */
    uint64_t buckets;
    struct breaker_window sum;
};
enum { RESULT_FAILED = 1, RESULT_SLOW = 2 };

enum { BREAKER_CHANGES = 8 };
struct breaker {
    struct policy policy;
    struct breaker_gate gate;
    struct breaker_params params;
    struct trip trip;
    uint32_t ignored;  /* bit per enum call_end */
    uint8_t state;     /* closed, open, half open: under a dry run the shadow's */
    bool timers;       /* the library does something by itself */
    bool plain;        /* closed, a call needs nothing but to be counted */
    bool glance;       /* and not even that */
    bool streaks_only; /* and so does a success */
    uint64_t generation;
    struct tally tally;
    struct results results;
    int64_t begun_ns;    /* of the generation */
    int64_t until_ns;    /* open: when it ends */
    int64_t evaluate_ns; /* EVALUATE_TIMER: the next time */
    int64_t permits;     /* half open */
    uint32_t attempt;    /* how often it has opened in a row */
    uint64_t openings, late;
    struct policy_change change[BREAKER_CHANGES];
    unsigned changes;
};

/* breaker_window.c */
void tally_init(struct tally *t, int64_t interval_ns, int64_t bucket_ns);
void tally_clear(struct tally *t);
void tally_roll(struct tally *t, uint64_t age); /* up to that bucket */
void tally_request(struct tally *t);
void tally_result(struct tally *t, uint64_t age, bool failed, bool slow);
void tally_ignore(struct tally *t, uint64_t age);
void tally_free(struct tally *t);
void results_init(struct results *r, const struct trip *t, int64_t bucket_ns);
void results_clear(struct results *r);
/* A time window drops what is older; a count window does nothing. */
void results_roll(struct results *r, int64_t now_ns);
void results_add(struct results *r, int64_t now_ns, bool failed, bool slow);
void results_free(struct results *r);

/* breaker_rule.c: does the rule hold on what was counted? Then `why` says how. */
bool breaker_trips(const struct breaker *b, char *why, size_t size);
/* Half open: +1 it may close, -1 it must open, 0 neither yet. */
int breaker_verdict(const struct breaker *b, char *why, size_t size);
struct breaker_window breaker_looks_at(const struct breaker *b);
void breaker_explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                     const struct admission *a, struct policy_reason *why);

static inline struct breaker *breaker_of(struct policy *p)
{
    return (struct breaker *)p;
}
static inline const struct breaker *breaker_of_const(const struct policy *p)
{
    return (const struct breaker *)p;
}

#endif
