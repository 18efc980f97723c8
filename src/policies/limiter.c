/* SPDX-License-Identifier: MIT */
/* What all limiters do alike: pass, refuse, promise, or let wait in line.
 *
 *   on_limit = reject  refused at once, with the time after which it would pass
 *              wait    an instant is promised (reserve), or it waits in line; at most max_wait
 *              queue   it waits in line, at most `queue` of them and at most max_wait
 *              shed    likewise, the urgent first; a full line loses its least urgent, last one
 *
 * Who waits in line is let through in order, at the instants at which the algorithm allows it. */
#include "policies/limiter.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/limiter_inside.h"

#define LIMITER(name, help) extern const struct limiter_kind limiter_##name;
#include "policies/limiters.def"
#undef LIMITER
#define LIMITER(name, help) &limiter_##name,
const struct limiter_kind *const limiter_kinds[] = {
#include "policies/limiters.def"
};
#undef LIMITER
_Static_assert(ARRAY_LEN(limiter_kinds) == LIMITER_COUNT, "a kind a row");
_Static_assert((int)LIMITER_COUNT == (int)LAW_COUNT && (int)LIMITER_adaptive == (int)LAW_ADAPTIVE,
               "events name them in the same order");

static struct limiter *limiter_of(struct policy *p)
{
    return (struct limiter *)p;
}

static const struct limiter *limiter_of_const(const struct policy *p)
{
    return (const struct limiter *)p;
}

static inline void pass(struct limiter *l)
{
    struct policy_figures *f = &l->policy.figures;
    f->permitted++;
    if (++f->active > f->max_active)
        f->max_active = f->active;
}

static void refuse(struct limiter *l, int64_t now_ns, const struct policy_request *r,
                   enum admit_why why, struct admission *a)
{
    int64_t at = l->kind->when(l, now_ns, r->cost);
    a->why = (uint8_t)why;
    a->retry_after_ns = at == POLICY_NEVER ? POLICY_NEVER : at - now_ns;
    if (why == ADMIT_TIMEOUT)
        l->policy.figures.timed_out++;
    else
        l->policy.figures.rejected++;
}

/* The instant up to which this request would wait. */
static int64_t patience(const struct limiter *l, int64_t now_ns, const struct policy_request *r)
{
    int64_t until = limiter_after(now_ns, l->params.max_wait_ns);
    return r->deadline_ns < until ? r->deadline_ns : until;
}

static void promise(struct limiter *l, int64_t now_ns, const struct policy_request *r,
                    struct admission *a)
{
    int64_t until = patience(l, now_ns, r);
    int64_t most = until == POLICY_NEVER ? POLICY_NEVER : until - now_ns;
    int64_t wait = l->kind->reserve(l, now_ns, r->cost, most, &a->ticket);
    if (wait >= 0) {
        pass(l);
        a->ok = true;
        a->wait_ns = wait;
    } else if (l->params.refusal == REFUSAL_LATE && l->params.max_wait_ns > 0) {
        refuse(l, now_ns, r, ADMIT_TIMEOUT, a);
        a->wait_ns = most;
    } else {
        refuse(l, now_ns, r, ADMIT_LIMITED, a);
    }
}

static void stand_in_line(struct limiter *l, int64_t now_ns, const struct policy_request *r,
                          struct admission *a)
{
    struct policy_figures *f = &l->policy.figures;
    waiting_add(&l->waiting, now_ns, r, patience(l, now_ns, r), &a->ticket);
    a->waiting = true;
    if (++f->waiting > f->max_waiting)
        f->max_waiting = f->waiting;
}

/* A full line: the last of the least urgent gives way to a more urgent one. */
static bool shed_for(struct limiter *l, int64_t now_ns, const struct policy_request *r)
{
    struct ticket t;
    struct waiter *w = waiting_last(&l->waiting, &t);
    if (!w || t.place <= r->priority)
        return false;
    grow(&l->shed, &l->shed_cap, l->shed_n + 1, sizeof *l->shed);
    struct decided *d = &l->shed[l->shed_n++];
    *d = (struct decided){.at_ns = now_ns, .id = w->id};
    admission_begin(&d->a);
    struct policy_request gone = {.id = w->id, .cost = w->cost};
    refuse(l, now_ns, &gone, ADMIT_FULL, &d->a);
    d->a.wait_ns = now_ns - w->since_ns;
    d->a.level = l->kind->level(l, now_ns);
    d->a.ticket = t;
    waiting_remove(&l->waiting, &t);
    l->policy.figures.waiting--;
    return true;
}

static NOINLINE void limited(struct limiter *l, int64_t now_ns, const struct policy_request *r,
                             struct admission *a)
{
    switch ((enum on_limit)l->params.on_limit) {
    case ON_LIMIT_REJECT:
        refuse(l, now_ns, r, ADMIT_LIMITED, a);
        break;
    case ON_LIMIT_WAIT:
        if (l->kind->reserve)
            promise(l, now_ns, r, a);
        else if (patience(l, now_ns, r) <= now_ns)
            refuse(l, now_ns, r, ADMIT_LIMITED, a);
        else
            stand_in_line(l, now_ns, r, a);
        break;
    case ON_LIMIT_QUEUE:
        if ((int64_t)l->waiting.n < l->params.queue)
            stand_in_line(l, now_ns, r, a);
        else
            refuse(l, now_ns, r, ADMIT_FULL, a);
        break;
    case ON_LIMIT_SHED:
        if ((int64_t)l->waiting.n < l->params.queue || shed_for(l, now_ns, r))
            stand_in_line(l, now_ns, r, a);
        else
            refuse(l, now_ns, r, ADMIT_FULL, a);
        break;
    }
    a->level = l->kind->level(l, now_ns);
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    struct limiter *l = limiter_of(p);
    admission_begin(a);
    p->figures.offered++;
    if (now_ns > l->seen_ns)
        l->seen_ns = now_ns;
    if (LIKELY(l->waiting.n == 0 && l->kind->take(l, now_ns, r->cost, &a->level))) {
        pass(l);
        a->ok = true;
        a->ticket.at_ns = now_ns;
        a->ticket.cost = r->cost;
        a->ticket.rate = l->params.rate;
        return;
    }
    limited(l, now_ns, r, a);
}

/* ---- those who wait in line ------------------------------------------------------------------ */

/* When the head of the line may pass. */
static int64_t head_at(const struct limiter *l, const struct waiter *w)
{
    int64_t from = w->since_ns > l->seen_ns ? w->since_ns : l->seen_ns;
    return l->kind->when(l, from, w->cost);
}

static void leave(struct limiter *l, const struct waiter *w, const struct ticket *t, int64_t at_ns,
                  struct decided *d)
{
    *d = (struct decided){.at_ns = at_ns, .id = w->id};
    admission_begin(&d->a);
    l->seen_ns = at_ns > l->seen_ns ? at_ns : l->seen_ns;
    d->a.wait_ns = at_ns - w->since_ns;
    d->a.ticket = (struct ticket){.at_ns = at_ns, .cost = w->cost, .rate = l->params.rate};
    waiting_remove(&l->waiting, t);
    l->policy.figures.waiting--;
}

static void let_pass(struct limiter *l, const struct waiter *w, const struct ticket *t,
                     int64_t at_ns, struct decided *d)
{
    /* `when` may be a rounding error early where instants are years apart. */
    double level;
    for (int64_t step = 1; !l->kind->take(l, at_ns, w->cost, &level); step *= 2)
        at_ns = limiter_after(at_ns, step);
    leave(l, w, t, at_ns, d);
    pass(l);
    d->a.ok = true;
    d->a.level = level;
}

static bool decided(struct policy *p, int64_t now_ns, struct decided *d)
{
    struct limiter *l = limiter_of(p);
    if (l->shed_n) {
        *d = l->shed[0];
        l->shed_n--;
        for (size_t i = 0; i < l->shed_n; i++)
            l->shed[i] = l->shed[i + 1];
        return true;
    }
    struct ticket head, late;
    struct waiter *w = waiting_head(&l->waiting, &head);
    if (!w)
        return false;
    int64_t at = head_at(l, w), deadline = waiting_deadline(&l->waiting, &late);
    if (at <= now_ns && at <= deadline) {
        let_pass(l, w, &head, at, d);
        return true;
    }
    if (deadline > now_ns)
        return false;
    struct waiter *x = waiting_find(&l->waiting, &late);
    struct policy_request gone = {.id = x->id, .cost = x->cost};
    late.cost = x->cost;
    leave(l, x, &late, deadline, d);
    refuse(l, deadline, &gone, ADMIT_TIMEOUT, &d->a);
    d->a.level = l->kind->level(l, deadline);
    return true;
}

static int64_t next_ns(const struct policy *p, int64_t now_ns)
{
    const struct limiter *l = limiter_of_const(p);
    struct ticket t;
    if (l->shed_n)
        return now_ns;
    const struct waiter *w = waiting_head(&l->waiting, &t);
    if (!w)
        return POLICY_NEVER;
    int64_t at = head_at(l, w), deadline = waiting_deadline(&l->waiting, &t);
    return at < deadline ? at : deadline;
}

static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    struct limiter *l = limiter_of(p);
    p->figures.ended++;
    p->figures.active--;
    if (l->kind->end) {
        if (now_ns > l->seen_ns)
            l->seen_ns = now_ns;
        l->kind->end(l, now_ns, t, how, took_ns);
    }
}

static void cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    struct limiter *l = limiter_of(p);
    if (now_ns > l->seen_ns)
        l->seen_ns = now_ns;
    p->figures.cancelled++;
    if (t->at_ns == POLICY_NEVER) {
        waiting_remove(&l->waiting, t);
        p->figures.waiting--;
        return;
    }
    p->figures.permitted--;
    p->figures.active--;
    if (l->kind->refund)
        l->kind->refund(l, now_ns, t);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static double level(const struct policy *p, int64_t now_ns)
{
    const struct limiter *l = limiter_of_const(p);
    return l->kind->level(l, now_ns);
}

static double cap(const struct policy *p)
{
    const struct limiter *l = limiter_of_const(p);
    return l->kind->cap(l);
}

static void stand(const struct policy *p, int64_t now_ns, struct policy_stand *s)
{
    const struct limiter *l = limiter_of_const(p);
    l->kind->stand(l, now_ns, s);
    s->line = l->waiting.n;
}

static void law(const struct policy *p, struct policy_law *law)
{
    const struct limiter_params *l = &limiter_of_const(p)->params;
    bool by_rate = limiter_of_const(p)->kind->by_rate;
    double token = l->rate > 0 ? 1e9 / l->rate : 0;
    law->law = (uint8_t)l->algorithm;
    law->span_ns = l->algorithm == LIMITER_adaptive ? l->target_ns
                   : !by_rate                       ? l->window_ns
                   : token > 9e18                   ? (int64_t)9e18
                                                    : (int64_t)(token + 1e-6);
    law->count = l->algorithm == LIMITER_leaky_bucket ? l->slack + 1
                 : l->algorithm == LIMITER_adaptive   ? l->limit_max
                 : by_rate                            ? l->burst
                                                      : l->limit;
    law->queue = l->on_limit == ON_LIMIT_QUEUE || l->on_limit == ON_LIMIT_SHED ? l->queue : 0;
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct limiter *l = limiter_of(p);
    const struct limiter_params *new = params;
    if (new->algorithm != l->params.algorithm)
        return "another algorithm begins with the next restart (R)";
    const char *bad = limiter_check(new);
    if (bad)
        return bad;
    struct limiter_params old = l->params;
    if (now_ns > l->seen_ns)
        l->seen_ns = now_ns;
    l->params = *new;
    l->waiting.by_class = new->on_limit == ON_LIMIT_SHED; /* for who comes from now on */
    if (l->kind->changed)
        l->kind->changed(l, now_ns, &old);
    return NULL;
}

static void shutdown(struct policy *p, int64_t now_ns)
{
    struct limiter *l = limiter_of(p);
    if (now_ns > l->seen_ns)
        l->seen_ns = now_ns;
    if (l->kind->shutdown)
        l->kind->shutdown(l, now_ns);
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    const struct limiter *l = limiter_of_const(p);
    l->kind->explain(l, now_ns, r->cost, why);
    char text[64];
    if (a->ok && a->wait_ns) {
        value_human_duration(a->wait_ns, text, sizeof text);
        snprintf(why->change, sizeof why->change, "passes in %s", text);
    } else if (a->ok) {
        snprintf(why->change, sizeof why->change, "passes");
    } else if (a->why == ADMIT_FULL) {
        snprintf(why->change, sizeof why->change, "%zu wait already: a longer queue (%lld)",
                 l->waiting.n, (long long)l->params.queue);
    } else if (a->retry_after_ns == POLICY_NEVER) {
        snprintf(why->change, sizeof why->change, "no wait helps: it asks for more than there is");
    } else {
        value_human_duration(a->retry_after_ns, text, sizeof text);
        snprintf(why->change, sizeof why->change, "would pass %s later", text);
    }
}

static void destroy(struct policy *p)
{
    struct limiter *l = limiter_of(p);
    if (l->kind->destroy)
        l->kind->destroy(l);
    waiting_free(&l->waiting);
    free(l->shed);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = cancel,
    .decided = decided,
    .next_ns = next_ns,
    .level = level,
    .cap = cap,
    .stand = stand,
    .law = law,
    .set = set,
    .shutdown = shutdown,
    .explain = explain,
    .destroy = destroy,
};

struct policy *limiter_create(const struct limiter_params *p, int64_t now_ns)
{
    VERIFY(!limiter_check(p));
    if (p->per == PER_KEY)
        return limiter_keyed_create(p, now_ns);
    const struct limiter_kind *kind = limiter_kinds[p->algorithm];
    struct limiter *l = xcalloc(1, sizeof *l + kind->state_size);
    l->policy = (struct policy){.ops = &ops, .kind = POLICY_LIMITER};
    l->kind = kind;
    l->params = *p;
    l->seen_ns = now_ns;
    l->waiting.by_class = p->on_limit == ON_LIMIT_SHED;
    kind->init(l, now_ns);
    return &l->policy;
}

const struct limiter_params *limiter_params(const struct policy *p)
{
    return &limiter_of_const(p)->params;
}
