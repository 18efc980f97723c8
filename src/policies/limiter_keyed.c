/* SPDX-License-Identifier: MIT */
/* per = key: a limiter for each key (a client, a path), all with the same parameters.
 *
 * The hard idea: keys come and go without end, memory does not. A limiter that nobody has asked for
 * so long that it stands as it did when it was made is one that need not be kept: it is dropped
 * when the table is half full, and made anew when its key comes again. So there are never more than
 * about twice as many as keys within that time, and no decision depends on it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/limiter_inside.h"

struct entry {
    uint64_t key; /* 0: free */
    struct policy *p;
    int64_t used_ns;
};
struct keyed {
    struct policy policy;
    struct limiter_params params; /* of each: per = all */
    int64_t start_ns;             /* windows begin on one grid */
    struct entry *at;             /* open addressing; cap is a power of two */
    size_t cap, n;
    struct policy *last; /* whoever was asked last: what is looked at */
};

static struct keyed *keyed_of(struct policy *p)
{
    return (struct keyed *)p;
}

static const struct policy *last_of(const struct policy *p)
{
    return ((const struct keyed *)p)->last;
}

/* After that long without a request it is as new. */
static int64_t forgets_ns(const struct limiter_params *p)
{
    if (!limiter_kinds[p->algorithm]->by_rate)
        return limiter_after(p->window_ns, p->window_ns);
    if (p->rate <= 0)
        return POLICY_NEVER;
    double ns = ((double)p->burst + (double)p->slack + 1) / p->rate * 1e9;
    return ns > 9e18 ? POLICY_NEVER : (int64_t)ns + 1;
}

static struct entry *place(const struct keyed *k, uint64_t key)
{
    size_t mask = k->cap - 1, i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
    while (k->at[i].key && k->at[i].key != key)
        i = (i + 1) & mask;
    return &k->at[i];
}

/* A new table with whoever is still remembered. */
static void sweep(struct keyed *k, int64_t now_ns)
{
    struct entry *old = k->at;
    size_t was = k->cap, kept = 0;
    int64_t idle = forgets_ns(&k->params);
    for (size_t i = 0; i < was; i++) {
        if (!old[i].key)
            continue;
        if (old[i].p != k->last && now_ns - old[i].used_ns >= idle) {
            policy_free(old[i].p);
            old[i].key = 0;
        } else {
            kept++;
        }
    }
    for (k->cap = 64; k->cap < 4 * kept; k->cap *= 2)
        ;
    k->at = xcalloc(k->cap, sizeof *k->at);
    k->n = kept;
    for (size_t i = 0; i < was; i++)
        if (old[i].key)
            *place(k, old[i].key) = old[i];
    free(old);
}

static struct policy *of_key(struct keyed *k, int64_t now_ns, uint64_t key)
{
    key = key ? key : 1;
    struct entry *e = k->cap ? place(k, key) : NULL;
    if (!e || !e->key) {
        if (2 * (k->n + 1) > k->cap)
            sweep(k, now_ns);
        e = place(k, key);
        *e = (struct entry){.key = key, .p = limiter_create(&k->params, k->start_ns)};
        k->n++;
    }
    e->used_ns = now_ns;
    return e->p;
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    struct keyed *k = keyed_of(p);
    struct policy_figures *f = &p->figures;
    k->last = of_key(k, now_ns, r->key);
    policy_admit(k->last, now_ns, r, a);
    f->offered++;
    f->permitted += a->ok;
    f->rejected += !a->ok;
    f->active += a->ok;
    f->max_active = f->active > f->max_active ? f->active : f->max_active;
}

/* Rates do not care how a call ends, and nothing waits: the keys' limiters need not know. */
static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    (void)now_ns;
    (void)t;
    (void)how;
    (void)took_ns;
    p->figures.ended++;
    p->figures.active--;
}

static void cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    (void)now_ns;
    (void)t;
    p->figures.cancelled++;
    p->figures.permitted--;
    p->figures.active--;
}

static double level(const struct policy *p, int64_t now_ns)
{
    return policy_level(last_of(p), now_ns);
}

static double cap(const struct policy *p)
{
    return policy_cap(last_of(p));
}

static void stand(const struct policy *p, int64_t now_ns, struct policy_stand *s)
{
    policy_stand(last_of(p), now_ns, s);
}

static void law(const struct policy *p, struct policy_law *law)
{
    policy_law(last_of(p), law);
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct keyed *k = keyed_of(p);
    struct limiter_params new = *(const struct limiter_params *)params;
    if (new.per != PER_KEY)
        return "per begins with the next restart (R)";
    const char *bad = limiter_check(&new);
    if (bad)
        return bad;
    new.per = PER_ALL;
    bad = k->params.algorithm == new.algorithm ? NULL : policy_set(k->last, now_ns, &new);
    if (bad)
        return bad;
    k->params = new;
    for (size_t i = 0; i < k->cap; i++)
        if (k->at[i].key)
            policy_set(k->at[i].p, now_ns, &new);
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    policy_explain(last_of(p), now_ns, r, a, why);
}

static void destroy(struct policy *p)
{
    struct keyed *k = keyed_of(p);
    for (size_t i = 0; i < k->cap; i++)
        if (k->at[i].key)
            policy_free(k->at[i].p);
    free(k->at);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = cancel,
    .level = level,
    .cap = cap,
    .stand = stand,
    .law = law,
    .set = set,
    .explain = explain,
    .destroy = destroy,
};

struct policy *limiter_keyed_create(const struct limiter_params *p, int64_t now_ns)
{
    struct keyed *k = xcalloc(1, sizeof *k);
    k->policy = (struct policy){.ops = &ops, .kind = POLICY_LIMITER};
    k->params = *p;
    k->params.per = PER_ALL;
    k->start_ns = now_ns;
    k->last = of_key(k, now_ns, 1);
    return &k->policy;
}

size_t limiter_keys(const struct policy *p)
{
    return p->ops == &ops ? ((const struct keyed *)p)->n : 1;
}
