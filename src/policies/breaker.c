/* SPDX-License-Identifier: MIT */
/* The circuit breaker: three states, and what lets a call through in each.
 *
 *              the trip rule holds
 *     closed ──────────────────────▶ open ◀─────────┐
 *        ▲                            │ its time     │ probes fail
 *        │ probes succeed             ▼ is over      │
 *        └───────────────────────── half open ───────┘
 *
 * A generation is a stay in one state (and, closed, one `interval`). A call carries the generation
 * in which it was let in; what comes back in another is late, and is dropped or counted there. A
 * dry run (metrics only) is the same machine whose refusals are not carried out: calls that it
 * would have refused carry no generation, so that their results do not disturb it. */
#include "policies/breaker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policies/breaker_inside.h"

static int64_t after(int64_t a, int64_t b)
{
    return a > POLICY_NEVER - b ? POLICY_NEVER : a + b;
}

/* ---- what may be seen without the guard ------------------------------------------------------ */

/* A thread that glances sees either the words of before or those of now: the first says ASK while
 * the second one changes. */
static void publish(struct breaker *b)
{
    uint64_t what = GATE_ASK;
    if (b->glance && b->state == BREAKER_OPEN)
        what = GATE_OPEN;
    else if (b->glance && b->state == BREAKER_CLOSED)
        what =
            b->streaks_only && b->tally.total.consecutive_failures == 0 ? GATE_CLEAN : GATE_CLOSED;
    uint64_t word = b->generation << 2 | what;
    if (what == GATE_OPEN &&
        atomic_load_explicit(&b->gate.until_ns, memory_order_relaxed) != b->until_ns) {
        atomic_store_explicit(&b->gate.word, GATE_ASK, memory_order_relaxed);
        atomic_thread_fence(memory_order_release);
        atomic_store_explicit(&b->gate.until_ns, b->until_ns, memory_order_release);
    }
    if (atomic_load_explicit(&b->gate.word, memory_order_relaxed) != word)
        atomic_store_explicit(&b->gate.word, word, memory_order_release);
}

struct breaker_gate *breaker_gate(struct policy *p)
{
    return &breaker_of(p)->gate;
}

/* ---- changes of state ------------------------------------------------------------------------ */

static enum breaker_state shown(const struct breaker *b)
{
    switch ((enum breaker_mode)b->params.mode) {
    case MODE_AUTO:
        break;
    case MODE_FORCED_OPEN:
        return BREAKER_FORCED_OPEN;
    case MODE_DISABLED:
        return BREAKER_DISABLED;
    case MODE_METRICS_ONLY:
        return BREAKER_METRICS_ONLY;
    }
    return (enum breaker_state)b->state;
}

/* was: what was counted in the state that ends. */
static void note(struct breaker *b, int64_t now_ns, enum breaker_state from, enum breaker_state to,
                 const struct breaker_counts *was, const char *why)
{
    if (b->changes == BREAKER_CHANGES) { /* nobody looks: the oldest goes */
        memmove(&b->change[0], &b->change[1], (BREAKER_CHANGES - 1) * sizeof b->change[0]);
        b->changes--;
    }
    struct policy_change *c = &b->change[b->changes++];
    *c = (struct policy_change){.at_ns = now_ns,
                                .from = (uint8_t)from,
                                .to = (uint8_t)to,
                                .calls = was->requests,
                                .failures = was->failures,
                                .dry = b->params.mode == MODE_METRICS_ONLY};
    snprintf(c->why, sizeof c->why, "%s", why);
}

static void new_generation(struct breaker *b, int64_t now_ns)
{
    b->generation++;
    b->begun_ns = now_ns;
    tally_clear(&b->tally);
    publish(b);
}

static int64_t open_span(const struct breaker *b)
{
    double span = (double)b->params.open_for_ns;
    for (uint32_t i = 1; i < b->attempt && span < 9e18; i++)
        span *= b->params.open_growth;
    if (b->params.open_max_ns > 0 && span > (double)b->params.open_max_ns)
        return b->params.open_max_ns;
    return span >= 9e18 ? POLICY_NEVER : (int64_t)span;
}

static void go(struct breaker *b, int64_t now_ns, enum breaker_state to, const char *why)
{
    enum breaker_state from = (enum breaker_state)b->state;
    struct breaker_counts was = b->tally.total;
    b->state = (uint8_t)to;
    new_generation(b, now_ns);
    switch (to) {
    case BREAKER_CLOSED:
        b->attempt = 0;
        results_clear(&b->results);
        break;
    case BREAKER_OPEN:
        b->attempt++;
        b->openings++;
        b->until_ns = after(now_ns, open_span(b));
        break;
    case BREAKER_HALF_OPEN:
        b->permits = b->params.half_open_requests;
        break;
    default:
        VERIFY(false);
    }
    if (from != to)
        note(b, now_ns, from, to, &was, why);
    publish(b);
}

/* ---- what time does -------------------------------------------------------------------------- */

static bool over(const struct breaker *b, int64_t now_ns)
{
    return b->params.open_edge == EDGE_AFTER ? now_ns > b->until_ns : now_ns >= b->until_ns;
}

/* The library makes this change when it is called, not when it is due. */
static void wake(struct breaker *b, int64_t now_ns)
{
    if (b->state == BREAKER_OPEN && over(b, now_ns))
        go(b, now_ns, BREAKER_HALF_OPEN, "its time in open is over");
}

/* Closed: a tumbling interval begins anew, rolling counts move on. */
static void roll(struct breaker *b, int64_t now_ns)
{
    if (b->params.interval_ns <= 0 || b->state != BREAKER_CLOSED)
        return;
    if (b->tally.n > 1) {
        if (now_ns > b->begun_ns)
            tally_roll(&b->tally, (uint64_t)((now_ns - b->begun_ns) / b->params.bucket_ns));
    } else if (now_ns > after(b->begun_ns, b->params.interval_ns)) {
        new_generation(b, now_ns);
        results_clear(&b->results);
    }
}

/* The next instant at which the library itself does something. */
static int64_t timer_ns(const struct breaker *b)
{
    int64_t at = POLICY_NEVER;
    if (b->params.mode == MODE_FORCED_OPEN || b->params.mode == MODE_DISABLED)
        return at;
    if (b->state == BREAKER_OPEN && b->params.open_auto)
        at = after(b->until_ns, b->params.open_edge == EDGE_AFTER);
    if (b->state == BREAKER_HALF_OPEN && b->params.half_open_max_wait_ns > 0)
        at = after(b->begun_ns, b->params.half_open_max_wait_ns);
    if (b->params.evaluate == EVALUATE_TIMER && b->state == BREAKER_CLOSED && b->evaluate_ns < at)
        at = b->evaluate_ns;
    return at;
}

static void evaluate_now(struct breaker *b, int64_t at_ns)
{
    char why[96];
    b->evaluate_ns = after(at_ns, b->params.evaluate_every_ns);
    results_roll(&b->results, at_ns - 1); /* the buckets that are complete */
    if (breaker_trips(b, why, sizeof why))
        go(b, at_ns, BREAKER_OPEN, why);
}

static NOINLINE void run_timers(struct breaker *b, int64_t now_ns)
{
    for (int64_t at; (at = timer_ns(b)) <= now_ns;) {
        if (b->state == BREAKER_OPEN)
            go(b, at, BREAKER_HALF_OPEN, "its time in open is over");
        else if (b->state == BREAKER_HALF_OPEN)
            go(b, at, b->params.half_open_then == THEN_OPEN ? BREAKER_OPEN : BREAKER_CLOSED,
               "probes stay out longer than the longest wait in half open");
        else
            evaluate_now(b, at);
        if (b->state == BREAKER_CLOSED && b->evaluate_ns <= at &&
            b->params.evaluate == EVALUATE_TIMER)
            b->evaluate_ns = after(at, b->params.evaluate_every_ns);
    }
}

static inline void tick(struct breaker *b, int64_t now_ns)
{
    if (UNLIKELY(b->timers) && timer_ns(b) <= now_ns)
        run_timers(b, now_ns);
}

/* ---- admit ----------------------------------------------------------------------------------- */

static void refuse(struct breaker *b, int64_t now_ns, enum admit_why why, struct admission *a)
{
    int64_t open_until = b->params.open_edge == EDGE_AFTER ? after(b->until_ns, 1) : b->until_ns;
    a->why = (uint8_t)why;
    a->retry_after_ns = POLICY_NEVER;
    if (why == ADMIT_OPEN && b->params.mode != MODE_FORCED_OPEN && open_until != POLICY_NEVER)
        a->retry_after_ns = open_until > now_ns ? open_until - now_ns : 0;
    if (b->params.mode == MODE_METRICS_ONLY) {
        a->ok = a->dry = true;
        a->ticket = (struct ticket){.number = BREAKER_DRY, .at_ns = now_ns};
        b->policy.figures.permitted++;
        b->policy.figures.active++;
    } else {
        b->policy.figures.rejected++;
    }
}

static inline void let_in(struct breaker *b, int64_t now_ns, struct admission *a)
{
    struct policy_figures *f = &b->policy.figures;
    tally_request(&b->tally);
    a->ok = true;
    a->ticket.number = b->generation;
    a->ticket.at_ns = now_ns;
    a->ticket.place = (uint32_t)b->tally.age;
    f->permitted++;
    if (++f->active > f->max_active)
        f->max_active = f->active;
}

static NOINLINE void admit_slow(struct breaker *b, int64_t now_ns, struct admission *a)
{
    if (b->params.mode == MODE_FORCED_OPEN) {
        refuse(b, now_ns, ADMIT_OPEN, a);
        return;
    }
    if (b->params.mode == MODE_DISABLED) {
        a->ok = true;
        a->ticket = (struct ticket){.number = BREAKER_DRY, .at_ns = now_ns};
        b->policy.figures.permitted++;
        b->policy.figures.active++;
        return;
    }
    wake(b, now_ns);
    roll(b, now_ns);
    if (b->state == BREAKER_OPEN) {
        refuse(b, now_ns, ADMIT_OPEN, a);
    } else if (b->state == BREAKER_CLOSED || b->params.half_open_admission == PROBES_UNLIMITED) {
        let_in(b, now_ns, a);
    } else if (b->permits > 0) {
        b->permits--;
        let_in(b, now_ns, a);
    } else {
        refuse(b, now_ns, ADMIT_HALF_OPEN, a);
    }
}

static double level(const struct policy *p, int64_t now_ns)
{
    const struct breaker *b = breaker_of_const(p);
    (void)now_ns;
    if (b->state == BREAKER_HALF_OPEN)
        return (double)b->tally.total.successes;
    if (b->trip.kind == TRIP_CONSECUTIVE)
        return (double)b->tally.total.consecutive_failures;
    struct breaker_window w = breaker_looks_at(b);
    if (!trip_by_rate(&b->trip))
        return (double)w.failures;
    return w.calls ? 100.0 * (double)w.failures / (double)w.calls : 0;
}

static double cap(const struct policy *p)
{
    const struct breaker *b = breaker_of_const(p);
    if (b->state == BREAKER_HALF_OPEN)
        return b->params.close_rate > 0 ? 0 : (double)b->params.close_after;
    return trip_by_rate(&b->trip) ? 100 * b->trip.share : (double)b->trip.count;
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    struct breaker *b = breaker_of(p);
    (void)r;
    admission_begin(a);
    p->figures.offered++;
    tick(b, now_ns);
    if (LIKELY(b->plain && b->state == BREAKER_CLOSED))
        let_in(b, now_ns, a);
    else
        admit_slow(b, now_ns, a);
    a->level = level(p, now_ns);
}

/* ---- end ------------------------------------------------------------------------------------- */

static void judge(struct breaker *b, int64_t now_ns, bool failed)
{
    char why[96];
    if (b->state == BREAKER_CLOSED) {
        if (b->params.evaluate == EVALUATE_TIMER ||
            (b->params.evaluate == EVALUATE_FAILURE && !failed))
            return;
        if (breaker_trips(b, why, sizeof why))
            go(b, now_ns, BREAKER_OPEN, why);
    } else if (b->state == BREAKER_HALF_OPEN) {
        int verdict = breaker_verdict(b, why, sizeof why);
        if (verdict)
            go(b, now_ns, verdict > 0 ? BREAKER_CLOSED : BREAKER_OPEN, why);
    }
}

/* Open: a result that comes back now is late, and is counted only where libraries do so. */
static void while_open(struct breaker *b, int64_t now_ns, bool failed)
{
    if (failed && b->params.open_timer == TIMER_LAST_FAILURE)
        b->until_ns = after(now_ns, open_span(b));
}

static void count_result(struct breaker *b, int64_t now_ns, const struct ticket *t, bool failed,
                         bool slow)
{
    if (b->state == BREAKER_OPEN) {
        while_open(b, now_ns, failed);
        return;
    }
    bool late = t->number != b->generation;
    uint64_t generation = b->generation;
    tally_result(&b->tally, late ? b->tally.age : t->place, failed, slow);
    if (b->state == BREAKER_CLOSED)
        results_add(&b->results, now_ns, failed, slow);
    judge(b, now_ns, failed);
    if (b->state == BREAKER_HALF_OPEN && b->generation == generation &&
        b->params.half_open_admission == PROBES_CAP)
        b->permits++; /* a late one too: there is one permit more then (failsafe-go) */
}

/* A call that was let in without the guard, and comes back under it. */
static NOINLINE void meet(struct breaker *b, const struct ticket *t)
{
    struct policy_figures *f = &b->policy.figures;
    f->offered++;
    f->permitted++;
    if (++f->active > f->max_active)
        f->max_active = f->active;
    if (t->number == b->generation)
        tally_request(&b->tally);
}

static void ignore_result(struct breaker *b, const struct ticket *t)
{
    bool late = t->number != b->generation;
    tally_ignore(&b->tally, late ? b->tally.age : t->place);
    if (b->state == BREAKER_HALF_OPEN && b->params.half_open_admission != PROBES_UNLIMITED)
        b->permits++;
}

static NOINLINE void end_slow(struct breaker *b, int64_t now_ns, const struct ticket *t,
                              enum call_end how, int64_t took_ns)
{
    if (t->number == BREAKER_DRY || b->params.mode == MODE_DISABLED)
        return;
    if (b->params.open_ends_on == WAKE_ANY)
        wake(b, now_ns);
    roll(b, now_ns);
    if (t->number != b->generation && b->params.late_results == LATE_DROP) {
        b->late++;
        return;
    }
    bool ignored = (b->ignored >> how) & 1;
    if (ignored && b->params.ignored_as == IGNORED_NOTHING) {
        ignore_result(b, t);
        return;
    }
    bool failed = how != CALL_OK && !ignored;
    count_result(b, now_ns, t, failed,
                 b->params.slow_call_ns > 0 && took_ns > b->params.slow_call_ns);
}

static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    struct breaker *b = breaker_of(p);
    if (UNLIKELY(t->cost == BREAKER_GLANCED))
        meet(b, t);
    p->figures.ended++;
    p->figures.active--;
    tick(b, now_ns);
    /* The common case: a success in the closed state that has only streaks to keep. */
    if (LIKELY(b->streaks_only && how == CALL_OK && t->number == b->generation &&
               b->state == BREAKER_CLOSED)) {
        b->tally.total.successes++;
        b->tally.total.consecutive_successes++;
        if (UNLIKELY(b->tally.total.consecutive_failures)) {
            b->tally.total.consecutive_failures = 0;
            publish(b);
        }
        return;
    }
    end_slow(b, now_ns, t, how, took_ns);
    publish(b);
}

/* It did not run, so it says nothing: its permit comes back. */
static void cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    struct breaker *b = breaker_of(p);
    if (t->cost == BREAKER_GLANCED)
        meet(b, t);
    p->figures.permitted--;
    p->figures.active--;
    p->figures.cancelled++;
    tick(b, now_ns);
    if (t->number == BREAKER_DRY || b->params.mode == MODE_DISABLED)
        return;
    if (t->number == b->generation)
        ignore_result(b, t);
    else
        b->late++;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool decided(struct policy *p, int64_t now_ns, struct decided *d)
{
    (void)d;
    tick(breaker_of(p), now_ns);
    return false; /* nobody waits at a breaker */
}

static int64_t next_ns(const struct policy *p, int64_t now_ns)
{
    (void)now_ns;
    return timer_ns(breaker_of_const(p));
}

static int64_t due_ns(const struct policy *p)
{
    const struct breaker *b = breaker_of_const(p);
    if (b->state != BREAKER_OPEN || b->params.mode == MODE_FORCED_OPEN)
        return POLICY_NEVER;
    return after(b->until_ns, b->params.open_edge == EDGE_AFTER);
}

static bool changed(struct policy *p, struct policy_change *c)
{
    struct breaker *b = breaker_of(p);
    if (!b->changes)
        return false;
    *c = b->change[0];
    b->changes--;
    memmove(&b->change[0], &b->change[1], b->changes * sizeof b->change[0]);
    return true;
}

/* What follows from the parameters. */
static void take_params(struct breaker *b, const struct breaker_params *p)
{
    b->params = *p;
    VERIFY(!trip_parse(p->trip, &b->trip));
    b->ignored = call_ends(p->ignore);
    b->timers = p->open_auto || p->half_open_max_wait_ns > 0 || p->evaluate == EVALUATE_TIMER;
    b->plain = p->mode == MODE_AUTO && p->interval_ns <= 0;
    b->glance = b->plain && !b->timers && b->trip.kind != TRIP_RATE_INTERVAL;
    b->streaks_only = b->plain && b->trip.kind == TRIP_CONSECUTIVE && p->slow_call_ns == 0 &&
                      !((b->ignored >> CALL_OK) & 1);
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct breaker *b = breaker_of(p);
    const struct breaker_params *new = params;
    const char *bad = breaker_check(new);
    if (bad)
        return bad;
    enum breaker_state before = shown(b);
    struct breaker_counts was = b->tally.total;
    bool windows = strcmp(new->trip, b->params.trip) != 0 ||
                   new->bucket_ns != b->params.bucket_ns ||
                   new->interval_ns != b->params.interval_ns;
    bool mode = new->mode != b->params.mode;
    take_params(b, new);
    if (windows) { /* another window begins empty */
        tally_free(&b->tally);
        results_free(&b->results);
        tally_init(&b->tally, new->interval_ns, new->bucket_ns);
        results_init(&b->results, &b->trip, new->bucket_ns);
        new_generation(b, now_ns);
    }
    if (mode) {
        b->state = BREAKER_CLOSED;
        b->attempt = 0;
        new_generation(b, now_ns);
        results_clear(&b->results);
    }
    if (shown(b) != before) {
        note(b, now_ns, before, shown(b), &was, "set by hand");
        b->change[b->changes - 1].dry = false;
    }
    if (b->evaluate_ns <= now_ns)
        b->evaluate_ns = after(now_ns, new->evaluate_every_ns);
    publish(b);
    return NULL;
}

void breaker_force(struct policy *p, int64_t now_ns, enum breaker_state to)
{
    struct breaker *b = breaker_of(p);
    VERIFY(to <= BREAKER_HALF_OPEN);
    if (to != (enum breaker_state)b->state || to == BREAKER_CLOSED)
        go(b, now_ns, to, "set by hand");
}

static void destroy(struct policy *p)
{
    struct breaker *b = breaker_of(p);
    tally_free(&b->tally);
    results_free(&b->results);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = cancel,
    .decided = decided,
    .next_ns = next_ns,
    .due_ns = due_ns,
    .changed = changed,
    .level = level,
    .cap = cap,
    .set = set,
    .explain = breaker_explain,
    .destroy = destroy,
};

struct policy *breaker_create(const struct breaker_params *p, int64_t now_ns)
{
    VERIFY(!breaker_check(p));
    struct breaker *b = xcalloc(1, sizeof *b);
    b->policy = (struct policy){.ops = &ops, .kind = POLICY_BREAKER};
    take_params(b, p);
    tally_init(&b->tally, p->interval_ns, p->bucket_ns);
    results_init(&b->results, &b->trip, p->bucket_ns);
    b->evaluate_ns = after(now_ns, p->evaluate_every_ns);
    new_generation(b, now_ns);
    return &b->policy;
}

enum breaker_state breaker_state(const struct policy *p)
{
    return shown(breaker_of_const(p));
}
