/* SPDX-License-Identifier: MIT */
/* A worker: take a job, call, hand over the result; at every wait it also listens to the context.
 */
#include "patterns/worker_pool.h"

/* Why a worker got no job. */
enum leave { STAYS, LEAVES, RETIRES };

static bool take_retire_token(struct pool *p)
{
    if (chan_len(p->retire) == 0) /* quiet, and no event: the usual case */
        return false;
    return chan_try_recv(p->retire, NULL) == RT_OK;
}

/* scheduling = queues: whatever the most urgent channel has, without waiting. */
static struct request *first_that_has(struct pool *p)
{
    for (int i = 0; i < p->jobs_n; i++) {
        chan_value v;
        if (chan_try_recv(p->jobs[i], &v) == RT_OK)
            return jobs_get(p, v);
    }
    return NULL;
}

static enum leave next_job(struct pool *p, struct request **job)
{
    struct select_case sc[POOL_CLASSES + 2];
    int n = p->jobs_n, open = n;
    *job = NULL;
    if (take_retire_token(p))
        return RETIRES;
    if (n > 1 && (*job = first_that_has(p)))
        return STAYS;
    for (int i = 0; i < n; i++)
        sc[i] = (struct select_case){.c = p->jobs[i]};
    sc[n] = (struct select_case){.c = p->retire};
    sc[n + 1] = (struct select_case){.c = ctx_done(p->ctx)};
    bool heeds = !has_mistake(p, M3_NO_CANCEL);
    for (;;) {
        at_line(LINE_TAKE);
        int i = chan_select(sc, heeds ? n + 2 : n + 1);
        if (i == n)
            return RETIRES;
        if (i == n + 1)
            return LEAVES;
        if (sc[i].ok) {
            *job = jobs_get(p, sc[i].value);
            return STAYS;
        }
        sc[i].c = NULL; /* closed and empty */
        if (--open == 0)
            return LEAVES;
    }
}

/* Hands the result over and ends the request. False: nobody wants it any more. */
static bool hand_over(struct pool *p, struct request *r, enum phase phase)
{
    struct select_case sc[] = {{.c = p->results, .send = true, .value = result_of(r, phase)},
                               {.c = ctx_done(p->ctx)}};
    at_line(LINE_HAND);
    if (has_mistake(p, M3_NO_CANCEL)) {
        chan_send(p->results, sc[0].value);
    } else if (chan_select(sc, 2) == 1) {
        request_end(p->traffic, r, PHASE_DROP, p->dependency_obj);
        atomic_fetch_add(&p->dropped, 1);
        return false;
    }
    request_end(p->traffic, r, phase, p->dependency_obj);
    if (atomic_load(&p->stopping))
        atomic_fetch_add(&p->drained, 1);
    return true;
}

/* False: the worker has no place any more, or nothing left to do. */
static bool serve(struct worker *w, struct request *r, bool *has_place)
{
    struct pool *p = w->pool;
    request_start(p->traffic, r, p->dependency_obj);
    at_line(LINE_CALL);
    enum phase phase = worker_call(w, r);
    bool goes_on = false;
    if (phase == PHASE_LATE || phase == PHASE_CANCEL) {
        request_end(p->traffic, r, phase, p->dependency_obj);
        *has_place = phase == PHASE_CANCEL;
    } else {
        goes_on = hand_over(p, r, phase);
    }
    request_free(p->traffic, r);
    return goes_on;
}

void worker_task(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    for (int i = 0; i < p->jobs_n; i++)
        rt_hold(chan_id(p->jobs[i]), ROLE_RECEIVES);
    rt_hold(chan_id(p->results), ROLE_SENDS);
    rt_hold(ctx_id(p->ctx), ROLE_RECEIVES);
    rt_hold(wg_id(p->wg), ROLE_OWNS); /* a share of its counter, until Done */
    rt_hold(p->dependency_obj, ROLE_CALLS);
    struct request *r;
    bool has_place = true;
    enum leave leave;
    while ((leave = next_job(p, &r)) == STAYS && serve(w, r, &has_place))
        ;
    at_line(LINE_WORKER_END);
    if (has_place)
        worker_leave(p, leave == RETIRES);
}
