/* SPDX-License-Identifier: MIT */
/* Semaphore and thread pool, over one line of waiting calls.
 *
 * A place that becomes free goes to the head of the line, first come, first served; a newcomer
 * never overtakes, but for a pool that grows: threads above `core` start only when the queue is
 * full, and then run the newcomer (java.util.concurrent's rule, resilience4j's pool).
 *
 * A smaller `max` comes into force place by place, as calls end: active <= max holds at every
 * instant. */
#include "policies/bulkhead.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/waiting.h"

/* The pool's idle threads, the longest idle first: that one gets the next call, and dies first. */
struct idle {
    int64_t *since_ns;
    size_t cap, head, n;
};
struct bulkhead {
    struct policy policy;
    struct bulkhead_params params;
    struct waiting waiting;
    int64_t max;     /* in force */
    int64_t active;  /* places taken */
    int64_t counted; /* what the metrics show: may lag behind */
    int64_t seen_ns;
    int64_t threads; /* pool: alive */
    struct idle idle;
};

static struct bulkhead *bulkhead_of(struct policy *p)
{
    return (struct bulkhead *)p;
}

static const struct bulkhead *bulkhead_of_const(const struct policy *p)
{
    return (const struct bulkhead *)p;
}

static int64_t after(int64_t a, int64_t b)
{
    return a > POLICY_NEVER - b ? POLICY_NEVER : a + b;
}

static void see(struct bulkhead *b, int64_t now_ns)
{
    if (now_ns > b->seen_ns)
        b->seen_ns = now_ns;
}

/* ---- places ---------------------------------------------------------------------------------- */

static void settle(struct policy *p)
{
    struct bulkhead *b = bulkhead_of(p);
    b->counted = b->active;
}

static void occupy(struct bulkhead *b)
{
    struct policy_figures *f = &b->policy.figures;
    b->active++;
    b->counted++;
    f->permitted++;
    if (++f->active > f->max_active)
        f->max_active = f->active;
}

static int64_t core_of(const struct bulkhead *b)
{
    return b->params.core == PARAM_AUTO || b->params.core > b->max ? b->max : b->params.core;
}

static void idle_push(struct bulkhead *b, int64_t now_ns)
{
    struct idle *d = &b->idle;
    if (d->n == d->cap) {
        size_t cap = d->cap ? 2 * d->cap : 8;
        int64_t *since = xmalloc(cap * sizeof *since);
        for (size_t i = 0; i < d->n; i++)
            since[i] = d->since_ns[(d->head + i) % d->cap];
        free(d->since_ns);
        *d = (struct idle){.since_ns = since, .cap = cap, .n = d->n};
    }
    d->since_ns[(d->head + d->n++) % d->cap] = now_ns;
}

static void idle_pop(struct bulkhead *b)
{
    b->idle.head = (b->idle.head + 1) % b->idle.cap;
    b->idle.n--;
}

/* Idle threads above core that have been idle for too long die. */
static void reap(struct bulkhead *b, int64_t now_ns)
{
    while (b->idle.n && b->threads > core_of(b) &&
           after(b->idle.since_ns[b->idle.head], b->params.keep_alive_ns) <= now_ns) {
        idle_pop(b);
        b->threads--;
    }
}

/* Can a newcomer start now? The pool's answer before it looks at its queue. */
static bool starts_now(struct bulkhead *b, int64_t now_ns)
{
    if (b->waiting.n || b->active >= b->max)
        return false;
    if (b->params.form == BULKHEAD_SEMAPHORE)
        return true;
    reap(b, now_ns);
    if (b->threads < core_of(b)) { /* a new thread, even beside idle ones */
        b->threads++;
        return true;
    }
    if (b->idle.n) {
        idle_pop(b);
        return true;
    }
    return false;
}

/* The queue is full: may the pool grow for the newcomer? */
static bool grows(struct bulkhead *b)
{
    if (b->params.form != BULKHEAD_POOL || b->threads >= b->max || b->active >= b->max)
        return false;
    b->threads++;
    return true;
}

static void leave_place(struct bulkhead *b, int64_t now_ns)
{
    b->active--;
    if (b->params.counting == COUNT_EXACT)
        b->counted = b->active;
    if (b->max > b->params.max)
        b->max = b->active > b->params.max ? b->active : b->params.max;
    if (b->params.form != BULKHEAD_POOL)
        return;
    if (b->threads > b->max)
        b->threads--; /* a smaller pool */
    else
        idle_push(b, now_ns);
}

/* ---- admit ----------------------------------------------------------------------------------- */

static double level(const struct policy *p, int64_t now_ns)
{
    (void)now_ns;
    return (double)bulkhead_of_const(p)->counted;
}

static double cap(const struct policy *p)
{
    return (double)bulkhead_of_const(p)->max;
}

static bool line_has_room(const struct bulkhead *b)
{
    if (b->params.form == BULKHEAD_SEMAPHORE && b->params.max_wait_ns == 0)
        return false;
    return b->params.queue == PARAM_AUTO || (int64_t)b->waiting.n < b->params.queue;
}

static NOINLINE void full(struct bulkhead *b, int64_t now_ns, const struct policy_request *r,
                          struct admission *a)
{
    struct policy_figures *f = &b->policy.figures;
    bool patient = b->params.form == BULKHEAD_POOL && b->params.max_wait_ns == 0;
    int64_t until = patient ? POLICY_NEVER : after(now_ns, b->params.max_wait_ns);
    if (line_has_room(b)) {
        waiting_add(&b->waiting, now_ns, r, r->deadline_ns < until ? r->deadline_ns : until,
                    &a->ticket);
        a->waiting = true;
        if (++f->waiting > f->max_waiting)
            f->max_waiting = f->waiting;
    } else if (grows(b)) {
        occupy(b);
        a->ok = true;
        a->ticket.at_ns = now_ns;
    } else {
        a->why = ADMIT_FULL;
        a->retry_after_ns = POLICY_NEVER;
        f->rejected++;
    }
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    struct bulkhead *b = bulkhead_of(p);
    admission_begin(a);
    p->figures.offered++;
    see(b, now_ns);
    if (LIKELY(starts_now(b, now_ns))) {
        occupy(b);
        a->ok = true;
        a->ticket.at_ns = now_ns;
    } else {
        full(b, now_ns, r, a);
    }
    a->level = (double)b->counted;
}

/* ---- those who wait -------------------------------------------------------------------------- */

static void leave_line(struct bulkhead *b, const struct waiter *w, const struct ticket *t,
                       int64_t at_ns, struct decided *d)
{
    *d = (struct decided){.at_ns = at_ns, .id = w->id};
    admission_begin(&d->a);
    d->a.wait_ns = at_ns - w->since_ns;
    d->a.ticket = (struct ticket){.at_ns = at_ns, .cost = w->cost};
    waiting_remove(&b->waiting, t);
    b->policy.figures.waiting--;
}

/* May the head of the line start? In a pool an idle thread takes it, or one below core. */
static bool head_starts(struct bulkhead *b)
{
    if (b->active >= b->max)
        return false;
    if (b->params.form == BULKHEAD_SEMAPHORE)
        return true;
    if (b->idle.n) {
        idle_pop(b);
        return true;
    }
    if (b->threads < core_of(b)) {
        b->threads++;
        return true;
    }
    return false;
}

static bool decided(struct policy *p, int64_t now_ns, struct decided *d)
{
    struct bulkhead *b = bulkhead_of(p);
    struct ticket head, late;
    struct waiter *w = waiting_head(&b->waiting, &head);
    if (!w)
        return false;
    /* A place became free when somebody last called: that instant, not this one. */
    int64_t at = w->since_ns > b->seen_ns ? w->since_ns : b->seen_ns;
    int64_t deadline = waiting_deadline(&b->waiting, &late);
    if (at <= now_ns && at <= deadline && head_starts(b)) {
        leave_line(b, w, &head, at, d);
        occupy(b);
        d->a.ok = true;
        d->a.level = (double)b->counted;
        return true;
    }
    if (deadline > now_ns)
        return false;
    see(b, deadline);
    struct waiter *x = waiting_find(&b->waiting, &late);
    leave_line(b, x, &late, deadline, d);
    d->a.why = ADMIT_TIMEOUT;
    d->a.retry_after_ns = POLICY_NEVER;
    d->a.level = (double)b->counted;
    p->figures.timed_out++;
    return true;
}

static int64_t next_ns(const struct policy *p, int64_t now_ns)
{
    const struct bulkhead *b = bulkhead_of_const(p);
    struct ticket t;
    (void)now_ns;
    return waiting_deadline(&b->waiting, &t);
}

/* ---- end ------------------------------------------------------------------------------------- */

static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    struct bulkhead *b = bulkhead_of(p);
    (void)t;
    (void)how;
    (void)took_ns;
    see(b, now_ns);
    p->figures.ended++;
    p->figures.active--;
    leave_place(b, now_ns);
}

static void cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    struct bulkhead *b = bulkhead_of(p);
    see(b, now_ns);
    p->figures.cancelled++;
    if (t->at_ns == POLICY_NEVER) {
        waiting_remove(&b->waiting, t);
        p->figures.waiting--;
        return;
    }
    p->figures.permitted--;
    p->figures.active--;
    leave_place(b, now_ns);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct bulkhead *b = bulkhead_of(p);
    const struct bulkhead_params *new = params;
    if (new->form != b->params.form)
        return "semaphore or pool: it takes effect at the next restart (R)";
    const char *bad = bulkhead_check(new);
    if (bad)
        return bad;
    see(b, now_ns);
    b->params = *new;
    b->max = b->active > new->max ? b->active : new->max;
    while (b->idle.n && b->threads > b->max) {
        idle_pop(b);
        b->threads--;
    }
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    const struct bulkhead *b = bulkhead_of_const(p);
    (void)now_ns;
    (void)r;
    snprintf(why->rule, sizeof why->rule, "at most %lld calls at once", (long long)b->max);
    if (b->max > b->params.max)
        snprintf(why->rule, sizeof why->rule, "at most %lld calls at once, shrinking to %lld",
                 (long long)b->max, (long long)b->params.max);
    snprintf(why->operands, sizeof why->operands, "%lld active, %zu waiting", (long long)b->active,
             b->waiting.n);
    if (a->ok || a->waiting)
        snprintf(why->change, sizeof why->change, "%s", a->ok ? "passes" : "waits for a place");
    else if (a->why == ADMIT_TIMEOUT)
        snprintf(why->change, sizeof why->change, "a longer max_wait, or a place sooner");
    else
        snprintf(why->change, sizeof why->change, "one place more (max > %lld)%s",
                 (long long)b->max, line_has_room(b) ? "" : ", or room in the queue");
}

static void destroy(struct policy *p)
{
    struct bulkhead *b = bulkhead_of(p);
    waiting_free(&b->waiting);
    free(b->idle.since_ns);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = cancel,
    .decided = decided,
    .next_ns = next_ns,
    .level = level,
    .cap = cap,
    .set = set,
    .settle = settle,
    .explain = explain,
    .destroy = destroy,
};

struct policy *bulkhead_create(const struct bulkhead_params *p, int64_t now_ns)
{
    VERIFY(!bulkhead_check(p));
    struct bulkhead *b = xcalloc(1, sizeof *b);
    b->policy = (struct policy){.ops = &ops, .kind = POLICY_BULKHEAD};
    b->params = *p;
    b->max = p->max;
    b->seen_ns = now_ns;
    return &b->policy;
}

const struct bulkhead_params *bulkhead_params(const struct policy *p)
{
    return &bulkhead_of_const(p)->params;
}

struct bulkhead_metrics bulkhead_metrics(const struct policy *p)
{
    const struct bulkhead *b = bulkhead_of_const(p);
    const struct policy_figures *f = &p->figures;
    return (struct bulkhead_metrics){.max = b->max,
                                     .active = b->counted,
                                     .available = b->max - b->counted,
                                     .offered = f->offered,
                                     .permitted = f->permitted,
                                     .rejected = f->rejected,
                                     .timed_out = f->timed_out,
                                     .cancelled = f->cancelled,
                                     .completed = f->permitted - (uint64_t)b->counted,
                                     .waiting = f->waiting};
}

int64_t bulkhead_threads(const struct policy *p)
{
    return bulkhead_of_const(p)->threads;
}

bool bulkhead_over_release(struct policy *p, int64_t now_ns)
{
    struct bulkhead *b = bulkhead_of(p);
    see(b, now_ns);
    if (b->params.over_release != OVER_RAISE)
        return false;
    b->max++;
    b->params.max++;
    return true;
}
