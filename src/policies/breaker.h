/* SPDX-License-Identifier: MIT */
/* The circuit breaker as a policy. */
#ifndef POLICIES_BREAKER_H
#define POLICIES_BREAKER_H

#include "control/param.h"
#include "policies/policy.h"

/* As a `breaker` event names them. */
enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN,
    BREAKER_FORCED_OPEN,
    BREAKER_DISABLED,
    BREAKER_METRICS_ONLY,
    BREAKER_STATE_COUNT
};
extern const char *const breaker_state_names[];

enum breaker_evaluate { EVALUATE_RESULT, EVALUATE_FAILURE, EVALUATE_TIMER };
enum breaker_precision { PRECISION_EXACT, PRECISION_HUNDREDTH, PRECISION_PERCENT_DOWN };
enum breaker_timer { TIMER_OPENING, TIMER_LAST_FAILURE };
enum breaker_edge { EDGE_AFTER, EDGE_AT };
enum breaker_wake { WAKE_ADMIT, WAKE_ANY };
enum breaker_admission { PROBES_CAP, PROBES_BUDGET, PROBES_UNLIMITED };
enum breaker_then { THEN_OPEN, THEN_CLOSED };
enum breaker_late { LATE_DROP, LATE_COUNT };
enum breaker_ignored { IGNORED_NOTHING, IGNORED_SUCCESS };
enum breaker_mode { MODE_AUTO, MODE_FORCED_OPEN, MODE_DISABLED, MODE_METRICS_ONLY };

struct breaker_params { /* [breaker] or [breaker.NAME] */
    int preset;
    char trip[PARAM_TEXT]; /* breaker_trip.h */
    int64_t slow_call_ns;  /* 0: no call is slow */
    double slow_rate;
    int evaluate;
    int64_t evaluate_every_ns;
    int precision;
    int64_t interval_ns, bucket_ns;
    int64_t open_for_ns;
    double open_growth;
    int64_t open_max_ns;
    int open_timer, open_edge, open_ends_on;
    bool open_auto;
    int64_t half_open_requests;
    int half_open_admission;
    int64_t half_open_max_wait_ns;
    int half_open_then;
    int64_t close_after, close_of;
    double close_rate;
    int late_results;
    char ignore[PARAM_TEXT];
    int ignored_as;
    int mode;
};
extern const struct param_table breaker_table;

const char *breaker_check(const struct breaker_params *p);
/* The parameters must pass breaker_check(). policy_free() frees it. */
struct policy *breaker_create(const struct breaker_params *p, int64_t now_ns);
const struct breaker_params *breaker_params(const struct policy *p);

/* Counts of the present state, as they stand: reading rolls no window and flips no state. */
struct breaker_counts {
    uint64_t requests; /* that were let in */
    uint64_t successes, failures, ignored, slow;
    uint64_t consecutive_successes, consecutive_failures;
};
struct breaker_counts breaker_counts(const struct policy *p);
/* What the trip rule looks at now: of `calls` results `failures` failed and `slow` were slow. */
struct breaker_window {
    uint64_t calls, failures, slow;
};
struct breaker_window breaker_window(const struct policy *p);
enum breaker_state breaker_state(const struct policy *p);
/* In a dry run, the state it would be in; else the state. */
enum breaker_state breaker_shadow(const struct policy *p);
/* When it last opened, and when that ends; POLICY_NEVER when it is not open. */
int64_t breaker_open_until(const struct policy *p);
uint64_t breaker_openings(const struct policy *p);
uint64_t breaker_late(const struct policy *p); /* results dropped because they came too late */
/* By hand: open, close, half-open; closing again when closed begins anew. */
void breaker_force(struct policy *p, int64_t now_ns, enum breaker_state to);

#endif
