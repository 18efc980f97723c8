/* SPDX-License-Identifier: MIT */
/* A policy in a run: an object with a guard, whose decisions are events.
 *
 * Every decision is one `admit` event, made inside the guard, so that an object's events stand in
 * the order in which it decided. All functions: task or engine context of the run; none blocks. */
#ifndef POLICIES_GATE_H
#define POLICIES_GATE_H

#include "policies/policy.h"
#include "runtime/rt.h"

struct gate;
/* Emits the object. The policy is the gate's from now on and is freed with the run. lane: of its
 * admit events. */
struct gate *gate_make(const char *name, enum obj_kind kind, int64_t cap, struct policy *p,
                       uint16_t lane);
uint32_t gate_id(const struct gate *g);
/* As policy_admit(), now. A request that waits has its event when gate_decided() gives it. */
void gate_admit(struct gate *g, const struct policy_request *r, struct admission *a);
/* As policy_decided(): one that has waited and was decided by now; false: there is none. */
bool gate_decided(struct gate *g, struct decided *d);
/* The call that was let in has ended. */
void gate_end(struct gate *g, const struct ticket *t, enum call_end how, int64_t took_ns);
/* It gives up: a waiting one (id; its event says cancelled), or, with waiting false, one that was
 * let in and will not act. */
void gate_cancel(struct gate *g, uint64_t id, const struct ticket *t, bool waiting);
/* The instant at which gate_decided() may have something by itself; POLICY_NEVER. */
int64_t gate_next_ns(struct gate *g);
/* New parameters; NULL, or a sentence and nothing has changed. */
const char *gate_set(struct gate *g, const void *params);
/* What the library does to its callers when it is shut down. */
void gate_shutdown(struct gate *g);
/* A breaker's: open, closed or half open, by hand. */
void gate_force(struct gate *g, enum breaker_state to);

#endif
