/* SPDX-License-Identifier: MIT */
/* Inside of a gate: gate.c, gate_breaker.c. All under its guard. */
#ifndef POLICIES_GATE_INSIDE_H
#define POLICIES_GATE_INSIDE_H

#include "policies/gate.h"
#include "runtime/guard.h"

struct gate {
    struct guard guard;
    struct policy *p;
    uint32_t obj;
    uint16_t lane;
    struct policy_stand told; /* by the last event */
    int64_t half_open_ns;     /* breaker: likewise */
    uint32_t probes_out;
};

/* Thousandths, as far as 32 bits go; a count likewise. */
int32_t gate_milli(double level);
uint32_t gate_word(int64_t n);

/* A breaker's gate; of another policy they do nothing.
 * What it holds to. */
void gate_tell_rule(struct gate *g);
/* Its changes of state that were not told yet, and when its time in open is over. */
void gate_tell_changes(struct gate *g);
/* How it counts, after this result; SAW_NONE: if its probes are other ones than were told. */
void gate_tell_counts(struct gate *g, enum breaker_result result);
/* What became of a call's end, which has just been given to it. late_before: breaker_late() then.
 */
enum breaker_result gate_result(const struct gate *g, enum call_end how, int64_t took_ns,
                                const struct ticket *t, uint64_t late_before);

#endif
