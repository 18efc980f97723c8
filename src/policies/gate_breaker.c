/* SPDX-License-Identifier: MIT */
/* What a breaker's gate tells: its rule, its changes of state, its counts. */
#include "event/emit.h"
#include "policies/breaker.h"
#include "policies/gate_inside.h"

static bool tells(const struct gate *g)
{
    return emitter && g->p->kind == POLICY_BREAKER;
}

static uint32_t intern(const char *text)
{
    return strtab_intern(rt_names(rt_here()), text);
}

void gate_tell_rule(struct gate *g)
{
    if (!tells(g))
        return;
    const struct breaker_params *b = breaker_params(g->p);
    int64_t close = b->close_rate > 0 ? 0 : b->close_after;
    int64_t probes = b->half_open_admission == PROBES_UNLIMITED ? 0 : b->half_open_requests;
    emit(&g->guard.stamp, EV_RULE, 0, (uint16_t)(close > UINT16_MAX ? UINT16_MAX : close),
         gate_word(probes), g->obj, intern(b->trip), b->open_for_ns);
}

void gate_tell_changes(struct gate *g)
{
    struct policy_change c;
    bool any = false;
    while (g->p->kind == POLICY_BREAKER && policy_changed(g->p, &c)) {
        any = true;
        if (emitter)
            emit(&g->guard.stamp, EV_BREAKER, c.to, (uint16_t)(c.from | c.dry << 8),
                 breaker_in_a_row(g->p), g->obj, intern(c.why),
                 emit_ab(gate_word((int64_t)c.calls), gate_word((int64_t)c.failures)));
    }
    if (!tells(g))
        return;
    int64_t due = policy_due_ns(g->p);
    if (due != POLICY_NEVER && due != g->half_open_ns)
        emit(&g->guard.stamp, EV_HALF_OPEN, 0, 0, 0, g->obj, 0, due);
    g->half_open_ns = due;
    if (any)
        gate_tell_counts(g, SAW_NONE);
}

/* Probes that are out, in half open. */
static uint32_t probes_out(const struct gate *g)
{
    struct breaker_counts c = breaker_counts(g->p);
    uint64_t back = c.successes + c.failures + c.ignored;
    if (breaker_shadow(g->p) != BREAKER_HALF_OPEN || back > c.requests)
        return 0;
    return c.requests - back > 255 ? 255 : (uint32_t)(c.requests - back);
}

void gate_tell_counts(struct gate *g, enum breaker_result result)
{
    if (!tells(g))
        return;
    uint32_t out = probes_out(g);
    if (result == SAW_NONE && out == g->probes_out)
        return;
    g->probes_out = out;
    struct breaker_counts c = breaker_counts(g->p);
    emit(&g->guard.stamp, EV_COUNTS, (uint8_t)breaker_shadow(g->p),
         (uint16_t)((unsigned)result | out << 8), gate_word((int64_t)c.requests), g->obj,
         gate_word((int64_t)c.failures),
         emit_ab((uint32_t)gate_milli(policy_level(g->p, rt_now())),
                 (uint32_t)gate_milli(policy_cap(g->p))));
}

enum breaker_result gate_result(const struct gate *g, enum call_end how, int64_t took_ns,
                                const struct ticket *t, uint64_t late_before)
{
    if (g->p->kind != POLICY_BREAKER)
        return SAW_NONE;
    const struct breaker_params *b = breaker_params(g->p);
    if (breaker_unseen(t) || b->mode == MODE_DISABLED)
        return SAW_UNSEEN;
    if (breaker_late(g->p) > late_before)
        return SAW_LATE;
    if ((call_ends(b->ignore) >> how) & 1)
        return SAW_IGNORED;
    if (how != CALL_OK)
        return SAW_FAILED;
    return b->slow_call_ns > 0 && took_ns > b->slow_call_ns ? SAW_SLOW : SAW_OK;
}
