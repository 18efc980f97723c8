/* SPDX-License-Identifier: MIT */
/* The circuit breaker as a policy. */
#ifndef POLICIES_BREAKER_H
#define POLICIES_BREAKER_H

#include <stdatomic.h>

#include "control/param.h"
#include "policies/policy.h"

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
uint32_t breaker_in_a_row(const struct policy *p); /* openings since it was closed */
uint64_t breaker_late(const struct policy *p);     /* results dropped because they came too late */
/* ---- live, without the guard -------------------------------------------------------------------
 *
 * Most calls find a breaker as it was, and change nothing: closed with nothing counted against it,
 * or open for a while yet. That much stands in two words which any thread may read while another
 * one holds the guard. Whatever is not plain is BREAKER_ASK: then policy_admit() or policy_end() is
 * called under the guard. What is decided here is not in the policy's figures (a count that all
 * threads write costs more than the decision); the events of the run count it. */
enum breaker_quick { BREAKER_ASK, BREAKER_PASSES, BREAKER_REFUSES };
struct breaker_gate {
    _Atomic uint64_t word; /* generation << 2 | what a glance may decide, GATE_ */
    _Atomic int64_t until_ns;
};
enum { BREAKER_GLANCED = 1 };  /* a ticket's cost: the guard has not seen this call yet */
#define BREAKER_DRY UINT64_MAX /* a ticket's number, in the place of a generation */
enum { GATE_ASK, GATE_CLOSED, GATE_CLEAN, GATE_OPEN }; /* CLEAN: closed, no streak of failures */

/* The two words of a breaker; they live as long as it does. */
struct breaker_gate *breaker_gate(struct policy *p);

/* May a call pass? PASSES: `t` is its ticket. REFUSES: it is open at least until the instant in
 * t->at_ns. Any thread. */
static inline enum breaker_quick breaker_quick_admit(struct breaker_gate *g, int64_t now_ns,
                                                     struct ticket *t)
{
    uint64_t word = atomic_load_explicit(&g->word, memory_order_acquire);
    uint64_t what = word & 3;
    *t = (struct ticket){.number = word >> 2, .at_ns = now_ns, .cost = BREAKER_GLANCED};
    if (what == GATE_CLOSED || what == GATE_CLEAN)
        return BREAKER_PASSES;
    if (what != GATE_OPEN)
        return BREAKER_ASK;
    int64_t until = atomic_load_explicit(&g->until_ns, memory_order_acquire);
    if (atomic_load_explicit(&g->word, memory_order_relaxed) != word || now_ns >= until)
        return BREAKER_ASK; /* the end itself is the guard's to judge */
    t->at_ns = until;
    return BREAKER_REFUSES;
}

/* A call that was let in by a glance has succeeded: true, and there is nothing to record; false:
 * policy_end(), as for every call that was let in under the guard. Any thread. */
static inline bool breaker_quick_success(struct breaker_gate *g, const struct ticket *t)
{
    return t->cost == BREAKER_GLANCED &&
           atomic_load_explicit(&g->word, memory_order_acquire) == (t->number << 2 | GATE_CLEAN);
}

/* A call that a dry run would have refused, or that passed a disabled one: its end is not counted.
 */
static inline bool breaker_unseen(const struct ticket *t)
{
    return t->number == BREAKER_DRY;
}

/* By hand: open, close, half-open; closing again when closed begins anew. */
void breaker_force(struct policy *p, int64_t now_ns, enum breaker_state to);

#endif
