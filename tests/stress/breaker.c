/* SPDX-License-Identifier: MIT */
/* A breaker under real threads: most calls only glance at it, the others go under a lock. Nothing
 * is lost and nothing passes that must not: a call that passes while it is open, a refusal whose
 * end has passed, a success that a streak of failures never saw, a call that is counted twice. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"
#include "base/rng.h"
#include "policies/breaker.h"

enum { THREADS = 4, CALLS = 60000 };

static struct policy *breaker;
static struct breaker_gate *gate;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t now_ns = 1;
static _Atomic uint64_t glanced, refused, cleared;

/* Who holds the lock knows the state: what the gate says then is exactly that. */
static void check_gate(void)
{
    struct ticket t;
    int64_t now = atomic_load(&now_ns);
    enum breaker_quick quick = breaker_quick_admit(gate, now, &t);
    enum breaker_state state = breaker_state(breaker);
    VERIFY(quick != BREAKER_PASSES || state == BREAKER_CLOSED);
    VERIFY(quick != BREAKER_REFUSES || (state == BREAKER_OPEN && t.at_ns > now));
    VERIFY(state != BREAKER_CLOSED || quick == BREAKER_PASSES);
    if (quick == BREAKER_PASSES && breaker_quick_success(gate, &t))
        VERIFY(breaker_counts(breaker).consecutive_failures == 0);
}

static bool admit(int64_t now, struct ticket *t)
{
    switch (breaker_quick_admit(gate, now, t)) {
    case BREAKER_PASSES:
        glanced++;
        return true;
    case BREAKER_REFUSES:
        VERIFY(t->at_ns > now);
        refused++;
        return false;
    case BREAKER_ASK:
        break;
    }
    struct admission a;
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    pthread_mutex_lock(&lock);
    policy_admit(breaker, atomic_load(&now_ns), &r, &a);
    check_gate();
    pthread_mutex_unlock(&lock);
    *t = a.ticket;
    return a.ok;
}

static void end(const struct ticket *t, enum call_end how)
{
    if (how == CALL_OK && breaker_quick_success(gate, t)) {
        cleared++;
        return;
    }
    pthread_mutex_lock(&lock);
    policy_end(breaker, atomic_load(&now_ns), t, how, 0);
    check_gate();
    pthread_mutex_unlock(&lock);
}

static void *caller(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "caller");
    for (int i = 0; i < CALLS; i++) {
        struct ticket t;
        int64_t now = atomic_fetch_add(&now_ns, 1 + rng_below(&rng, 20));
        if (!admit(now, &t))
            continue;
        /* good times and bad times, so that it opens and closes often */
        bool bad = now / 4000 % 2 == 1;
        end(&t, rng_below(&rng, 10) < (bad ? 8 : 1) ? CALL_ERROR : CALL_OK);
    }
    return NULL;
}

int main(void)
{
    struct breaker_params p;
    param_defaults(&breaker_table, &p);
    snprintf(p.trip, sizeof p.trip, "consecutive(4)");
    p.open_for_ns = 700;
    p.half_open_requests = p.close_after = 2;
    breaker = breaker_create(&p, 0);
    gate = breaker_gate(breaker);
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, caller, (void *)(intptr_t)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    const struct policy_figures *f = &breaker->figures;
    VERIFY(f->active == 0 && f->permitted == f->ended);
    VERIFY(f->offered == f->permitted + f->rejected);
    VERIFY(breaker_openings(breaker) > 10);
    /* every call was seen once: under the lock, or by a glance that refused it or had nothing to
     * say */
    VERIFY(f->offered + refused + cleared == (uint64_t)THREADS * CALLS);
    printf("%llu openings, %llu glances passed, %llu refused, %llu of %d under the lock\n",
           (unsigned long long)breaker_openings(breaker), (unsigned long long)glanced,
           (unsigned long long)refused, (unsigned long long)f->offered, THREADS * CALLS);
    policy_free(breaker);
    return 0;
}
