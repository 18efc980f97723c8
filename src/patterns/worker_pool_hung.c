/* SPDX-License-Identifier: MIT */
/* Jobs that may hang.
 *
 * Two kinds of job. The well-behaved one heeds its context: job_timeout cancels the call and the
 * worker goes on. The other cannot be cancelled (replace_hung = on): at the timeout its request
 * ends for its caller, a new worker gets the place of the stuck one, and the stuck one is a zombie:
 * it ends by itself if the call ever returns.
 *
 *   worker-2   call ─────────────────────────────────────────▶ returns: late, and it goes
 *   timer                 job_timeout: request ends "timeout", worker-2 is a zombie
 *   worker-5                             takes the place (no wg.Add, no wg.Done)
 */
#include <inttypes.h>
#include <stdio.h>

#include "patterns/worker_pool.h"

/* Engine context: the job in hand has run out of time. */
static void gave_up(struct rt *rt, void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    (void)rt;
    guard_lock(&w->guard);
    struct request *r = w->r;
    bool hung = r && rt_now() >= w->deadline_ns;
    if (hung) {
        w->zombie = true;
        request_end(p->traffic, r, PHASE_TIMEOUT, p->dependency_obj);
    }
    guard_unlock(&w->guard);
    if (!hung)
        return;
    int64_t zombies = atomic_fetch_add(&p->zombies, 1) + 1;
    bool replace = !atomic_load(&p->cancelled);
    char text[128];
    snprintf(text, sizeof text,
             replace ? "worker-%" PRId64 " hangs, its place is taken (%" PRId64 " zombies)"
                     : "worker-%" PRId64 " hangs, its place is given up (%" PRId64 " zombies)",
             w->number, zombies);
    rt_mark(text, BY_ENGINE);
    if (replace)
        worker_start(p);
    else
        worker_leave(p, false);
}

static enum phase phase_of(enum outcome o)
{
    return o == OUTCOME_ERROR ? PHASE_ERROR : PHASE_DONE;
}

static enum phase call_uncancellable(struct worker *w, struct request *r,
                                     const struct pool_params *par)
{
    struct pool *p = w->pool;
    guard_lock(&w->guard);
    w->r = r;
    w->deadline_ns = rt_now() + par->job_timeout;
    guard_unlock(&w->guard);
    if (w->timer)
        timer_func_at(w->timer, w->deadline_ns, 0);
    else
        w->timer = timer_func(w->deadline_ns, 0, gave_up, w);
    enum outcome outcome;
    dependency_call(p->dependency, ctx_background(), r, par->cpu, &outcome);
    guard_lock(&w->guard);
    w->r = NULL;
    bool zombie = w->zombie;
    guard_unlock(&w->guard);
    timer_stop(w->timer);
    if (zombie) {
        atomic_fetch_sub(&p->zombies, 1);
        return PHASE_LATE;
    }
    return phase_of(outcome);
}

enum phase worker_call(struct worker *w, struct request *r)
{
    struct pool *p = w->pool;
    const struct pool_params *par = params_of(p);
    if (par->replace_hung && par->job_timeout) {
        /* Nothing would stop it: a select may have picked the job although both were ready. */
        if (par->mistake != M3_NO_CANCEL && ctx_cancelled(p->ctx))
            return PHASE_CANCEL;
        return call_uncancellable(w, r, par);
    }
    struct context *parent = par->mistake == M3_NO_CANCEL ? ctx_background() : p->ctx;
    struct context *ctx =
        par->job_timeout ? ctx_with_timeout_quiet(parent, par->job_timeout) : parent;
    enum outcome outcome;
    enum rt_status s = dependency_call(p->dependency, ctx, r, par->cpu, &outcome);
    if (ctx != parent)
        ctx_release(ctx);
    if (s == RT_OK)
        return phase_of(outcome);
    return ctx_cancelled(parent) ? PHASE_CANCEL : PHASE_TIMEOUT;
}
