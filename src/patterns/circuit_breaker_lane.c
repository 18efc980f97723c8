/* SPDX-License-Identifier: MIT */
/* A lane: its breaker's decisions, and the callers of what was let in. A caller is idle until the
 * tape's task hands it a call; when none is, there is a new one. */
#include <stdio.h>

#include "patterns/circuit_breaker.h"
#include "policies/attempts.h"

static const struct circuit_breaker_params *params(const struct breaker_lane *l)
{
    return pattern_params(l->of->pr, "circuit_breaker");
}

static void end(struct breaker_lane *l, struct request *r, enum phase phase, uint32_t obj)
{
    struct circuit_breaker *w = l->of;
    request_end(w->traffic, r, phase, obj);
    request_free(w->traffic, r);
    if (atomic_fetch_sub(&w->open, 1) == 1 && atomic_load(&w->last))
        breaker_poke(w);
}

static enum phase phase_of(enum call_end how)
{
    static const uint8_t phases[CALL_END_COUNT] = {
        [CALL_OK] = PHASE_DONE,          [CALL_ERROR] = PHASE_ERROR,
        [CALL_TIMEOUT] = PHASE_TIMEOUT,  [CALL_REJECTED] = PHASE_REJECT,
        [CALL_CANCELLED] = PHASE_CANCEL, [CALL_IGNORED] = PHASE_ERROR,
        [CALL_PANIC] = PHASE_ERROR,
    };
    return phases[how];
}

/* ---- a call ---------------------------------------------------------------------------------- */

static bool has_fallback(const struct breaker_lane *l)
{
    const struct circuit_breaker_params *p = params(l);
    return p->fallback && p->mistake != M3_NO_FALLBACK;
}

/* At the breaker `at`. How it ended; it takes the fallback's time when that answers, and says so.
 */
static enum call_end fall_back(struct breaker_lane *l, struct request *r, uint32_t at,
                               enum call_end how, bool *answered)
{
    struct step s;
    struct attempt t = {.id = r->id, .number = 1, .how = (uint8_t)how, .deadline_ns = POLICY_NEVER};
    if (!has_fallback(l))
        return how;
    guard_lock(&l->guard);
    policy_again(l->fallback, rt_now(), &t, &s);
    guard_unlock(&l->guard);
    if (s.what != STEP_ANSWER)
        return how;
    if (how == CALL_REJECTED)
        request_start(l->of->traffic, r, at);
    if (s.wait_ns > 0 && ctx_wait_until(l->of->ctx, WHY_SLEEP, 0, rt_now() + s.wait_ns, 0) != RT_OK)
        return CALL_CANCELLED;
    *answered = s.as == CALL_OK;
    return (enum call_end)s.as;
}

/* Calls the endpoint. */
static enum call_end call_out(struct breaker_lane *l, struct breaker_call *c)
{
    static const uint8_t ends[] = {[OUTCOME_NONE] = CALL_OK,
                                   [OUTCOME_OK] = CALL_OK,
                                   [OUTCOME_ERROR] = CALL_ERROR,
                                   [OUTCOME_HANG] = CALL_CANCELLED,
                                   [OUTCOME_IGNORED] = CALL_IGNORED};
    enum outcome outcome = OUTCOME_NONE;
    int64_t from = rt_now(), within = params(l)->timeout;
    request_start(l->of->traffic, c->r, dependency_id(c->dependency));
    enum rt_status s = dependency_call_until(c->dependency, l->of->ctx, c->r,
                                             within > 0 ? from + within : NEVER, &outcome);
    enum call_end how = s == RT_OK        ? (enum call_end)ends[outcome]
                        : s == RT_TIMEOUT ? CALL_TIMEOUT
                                          : CALL_CANCELLED;
    gate_end(c->gate, &c->ticket, how, rt_now() - from);
    if (gate_next_ns(c->gate) != POLICY_NEVER)
        breaker_poke(l->of);
    return how;
}

static void run(struct breaker_lane *l, struct breaker_call *c)
{
    uint32_t at = c->dependency ? dependency_id(c->dependency) : gate_id(c->gate);
    enum call_end how = c->dependency ? call_out(l, c) : CALL_REJECTED;
    bool answered = false;
    how = fall_back(l, c->r, gate_id(c->gate), how, &answered);
    end(l, c->r, phase_of(how), answered ? gate_id(c->gate) : at);
}

/* ---- callers --------------------------------------------------------------------------------- */

static struct breaker_call *call_new(struct breaker_lane *l)
{
    guard_lock(&l->guard);
    struct breaker_call *c = l->spare;
    if (c)
        l->spare = c->next;
    guard_unlock(&l->guard);
    return c ? c : rt_alloc(l->of->rt, sizeof *c);
}

static void caller(void *arg)
{
    struct breaker_call *c = arg;
    struct breaker_lane *l = c->lane;
    for (int i = 0; i < l->of->endpoints_n; i++)
        rt_hold(dependency_id(l->of->endpoint[i]), ROLE_CALLS);
    for (chan_value v = (chan_value)c; v;) {
        c = (struct breaker_call *)v;
        run(l, c);
        guard_lock(&l->guard);
        c->next = l->spare;
        l->spare = c;
        l->idle++;
        guard_unlock(&l->guard);
        if (!chan_recv(l->calls, &v))
            break;
    }
    wg_done(l->of->wg);
}

static void hand_over(struct breaker_lane *l, struct breaker_call *c)
{
    guard_lock(&l->guard);
    bool there = l->idle > 0;
    l->idle -= there;
    uint32_t number = there ? 0 : ++l->callers;
    guard_unlock(&l->guard);
    if (there) {
        chan_send(l->calls, (chan_value)c);
        return;
    }
    char name[96];
    snprintf(name, sizeof name, "%.64s-caller-%u", l->name, number);
    wg_add(l->of->wg, 1);
    if (rt_spawn(name, caller, c))
        return;
    wg_done(l->of->wg);
    if (c->dependency)
        gate_cancel(c->gate, c->r->id, &c->ticket, false);
    end(l, c->r, PHASE_DROP, gate_id(c->gate));
}

void breaker_lane_offer(struct breaker_lane *l, struct request *r, int endpoint)
{
    struct gate *g = l->gate[endpoint];
    struct policy_request q = {
        .id = r->id, .deadline_ns = POLICY_NEVER, .cost = r->cost, .key = r->key};
    struct admission a;
    atomic_fetch_add(&l->of->open, 1);
    admission_begin(&a);
    gate_admit(g, &q, &a);
    if (gate_next_ns(g) != POLICY_NEVER)
        breaker_poke(l->of);
    if (!a.ok && !has_fallback(l)) {
        end(l, r, PHASE_REJECT, gate_id(g));
        return;
    }
    struct breaker_call *c = call_new(l);
    *c = (struct breaker_call){.lane = l,
                               .r = r,
                               .gate = g,
                               .dependency = a.ok ? l->of->endpoint[endpoint] : NULL,
                               .ticket = a.ticket};
    hand_over(l, c);
}
