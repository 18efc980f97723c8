/* SPDX-License-Identifier: MIT */
/* The worker pool.
 *
 *   producer ─▶ jobs (queue) ─▶ worker-1 … worker-M ─▶ results ─▶ consumer
 *                  closes it       wg.Done each │                  ranges over it
 *                  when it ends                 ▼
 *                                 closer: wg.Wait, close(results)
 *
 * The hard idea is who closes what. Only a sender knows that nothing more will come: the producer
 * closes jobs. results has many senders, so none of them may close it; the closer does, once the
 * WaitGroup says that all of them have ended. A context runs across it all, and every wait of
 * producer and workers is a select with its Done. Each of M1 to M4 breaks one of these. */
#include "patterns/worker_pool.h"

#include <inttypes.h>
#include <stdio.h>

/* M1: nobody closes anything, so nobody learns that it is over. main counts. */
static void maybe_all_answered(struct pool *p)
{
    if (!has_mistake(p, M1_JOBS_NOT_CLOSED))
        return;
    atomic_thread_fence(memory_order_seq_cst); /* both who count look: one sees the other's count */
    if (atomic_load(&p->all_sent) && atomic_load(&p->got) >= atomic_load(&p->sent))
        chan_try_send(p->done, 1);
}

/* A counter that only one task writes needs no locked instruction. */
static void count_one(_Atomic int64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_release);
}

/* ---- producer ---------------------------------------------------------------------------------
 */

static void refuse_one(struct pool *p, struct request *r, enum phase phase)
{
    request_end(p->traffic, r, phase, chan_id(p->jobs[0]));
    request_free(p->traffic, r);
    if (phase == PHASE_REJECT)
        atomic_fetch_add(&p->rejected, 1);
}

/* Into the jobs channel. False: the pool stops. */
static bool produce(struct pool *p, struct request *r)
{
    struct select_case sc[] = {
        {.send = true, .value = (chan_value)r}, {.c = p->stop}, {.c = ctx_done(p->ctx)}};
    sc[0].c = jobs_put(p, r);
    at_line(LINE_SEND_JOB);
    int i = chan_select(sc, has_mistake(p, M3_NO_CANCEL) ? 2 : 3);
    if (i) {
        refuse_one(p, jobs_unput(p, r), i == 1 ? PHASE_REJECT : PHASE_CANCEL);
        return false;
    }
    count_one(&p->sent);
    traffic_taken(p->traffic);
    return true;
}

static void produce_all(struct pool *p)
{
    for (;;) {
        struct request *r;
        at_line(LINE_NEXT);
        struct context *ctx = has_mistake(p, M3_NO_CANCEL) ? ctx_background() : p->ctx;
        enum rt_status s = traffic_next(p->traffic, ctx, &r);
        if (s != RT_OK)
            break;
        if (atomic_load(&p->stopping)) {
            refuse_one(p, r, PHASE_REJECT);
            break;
        }
        if (!produce(p, r))
            break;
    }
    /* What has arrived and was not taken is refused. */
    bool cancelled = atomic_load(&p->cancelled) && !has_mistake(p, M3_NO_CANCEL);
    if (cancelled)
        traffic_stop(p->traffic);
    uint32_t left = traffic_discard(p->traffic, cancelled ? PHASE_CANCEL : PHASE_REJECT);
    if (!cancelled)
        atomic_fetch_add(&p->rejected, left);
}

static void hold_jobs(struct pool *p)
{
    for (int i = 0; i < p->jobs_n; i++) {
        rt_hold(chan_id(p->jobs[i]), ROLE_SENDS);
        if (!has_mistake(p, M1_JOBS_NOT_CLOSED))
            rt_hold(chan_id(p->jobs[i]), ROLE_CLOSES);
    }
}

/* Once: with M2 both producer and closer do. */
static void close_results(struct pool *p)
{
    if (!atomic_exchange(&p->results_closed, true))
        chan_close(p->results);
}

static void producer(void *arg)
{
    struct pool *p = arg;
    hold_jobs(p);
    if (has_mistake(p, M2_RESULTS_TOO_EARLY))
        rt_hold(chan_id(p->results), ROLE_CLOSES);
    produce_all(p);
    if (!has_mistake(p, M1_JOBS_NOT_CLOSED)) {
        at_line(LINE_CLOSE_JOBS);
        jobs_close(p);
    }
    if (has_mistake(p, M2_RESULTS_TOO_EARLY))
        close_results(p); /* the workers still send there */
    atomic_store(&p->all_sent, true);
    maybe_all_answered(p);
}

/* ---- closer and consumer ----------------------------------------------------------------------
 */

static void drop_result(chan_value v, void *arg)
{
    (void)v; /* its request has ended: the worker handed it over */
    struct pool *p = arg;
    atomic_fetch_add(&p->dropped, 1);
}

/* After a cancel: jobs that no worker will take. Until jobs is closed, the producer may add one. */
static void drop_jobs(struct pool *p)
{
    for (int i = 0; i < p->jobs_n; i++) {
        chan_value v;
        while (chan_recv(p->jobs[i], &v)) {
            struct request *r = jobs_get(p, v);
            request_end(p->traffic, r, PHASE_DROP, chan_id(p->jobs[i]));
            request_free(p->traffic, r);
            atomic_fetch_add(&p->dropped, 1);
        }
    }
}

static void report(const struct pool *p)
{
    char took[32], text[160];
    value_human_duration(rt_now() - p->stopped_ns, took, sizeof took);
    snprintf(text, sizeof text,
             "shut down in %s: %" PRId64 " drained, %" PRId64 " rejected, %" PRId64 " dropped",
             took, atomic_load(&p->drained), atomic_load(&p->rejected), atomic_load(&p->dropped));
    rt_mark(text, BY_ENGINE);
}

static void closer(void *arg)
{
    struct pool *p = arg;
    if (!has_mistake(p, M2_RESULTS_TOO_EARLY))
        rt_hold(chan_id(p->results), ROLE_CLOSES);
    at_line(LINE_CLOSER_WAIT);
    wg_wait(p->wg);
    guard_lock(&p->guard);
    p->over = true;
    guard_unlock(&p->guard);
    chan_close(p->scaler_quit);
    if (atomic_load(&p->cancelled))
        drop_jobs(p);
    at_line(LINE_CLOSE_RESULTS);
    close_results(p);
    if (atomic_load(&p->cancelled))
        chan_drain(p->results, drop_result, p);
    if (atomic_load(&p->cancelled) || atomic_load(&p->stopping))
        report(p);
}

static void consume_all(struct pool *p)
{
    chan_value v;
    for (;;) {
        at_line(LINE_CONSUME);
        if (!chan_recv(p->results, &v))
            return;
        count_one(&p->got);
        if (ctx_cancelled(p->ctx)) {
            atomic_fetch_add(&p->dropped, 1);
            return;
        }
        const struct pool_params *w = params_of(p);
        int64_t busy = dist_sample(&w->consumer, p->consumer_rng);
        busy += atomic_load(&p->consumer_extra_ns);
        if (busy > 0) {
            at_line(LINE_USE);
            rt_sleep(busy);
        }
        maybe_all_answered(p);
    }
}

static void consumer(void *arg)
{
    struct pool *p = arg;
    rt_hold(chan_id(p->results), ROLE_RECEIVES);
    consume_all(p);
    at_line(LINE_CONSUMER_DONE);
    chan_try_send(p->done, 1);
}

/* ---- main -------------------------------------------------------------------------------------
 */

/* The objects, in the order in which the panels show them. */
static struct pool *make(struct pattern_run *pr)
{
    struct rt *rt = pattern_rt(pr);
    const struct pool_params *w = pattern_params(pr, "worker_pool");
    const struct traffic_params *t = pattern_params(pr, "traffic");
    struct pool *p = rt_alloc(rt, sizeof *p);
    p->pr = pr;
    p->rt = rt;
    p->params = pattern_params_cell(pr, "worker_pool");
    p->shown_mistake = w->mistake;
    p->target = pool_workers(rt, w);
    if (w->autoscale && p->target > w->autoscale_max)
        p->target = w->autoscale_max;
    if (w->autoscale && p->target < w->autoscale_min)
        p->target = w->autoscale_min;
    uint32_t source = rt_object(OBJ_SOURCE, "traffic", 0);
    jobs_make(p, w);
    p->results =
        chan_make("results", (uint32_t)(w->results == PARAM_AUTO ? p->target : w->results));
    p->wg = wg_make("workers");
    p->ctx = ctx_with_cancel(ctx_background(), "pool");
    p->dependency = dependency_make("dependency", pattern_params(pr, "dependency"));
    p->dependency_obj = dependency_id(p->dependency);
    p->stop = chan_make_quiet(0);
    p->retire = chan_make_quiet(POOL_WORKERS);
    p->scaler_quit = chan_make_quiet(0);
    p->done = chan_make_quiet(1);
    p->consumer_rng = rt_rng(rt, "consumer");
    p->traffic = traffic_start(t, (int)w->priorities, 1, pattern_base_dir(pr), source);
    return p;
}

/* M4: the same task sends all jobs and then receives all results. */
static void one_task(struct pool *p)
{
    hold_jobs(p);
    rt_hold(chan_id(p->results), ROLE_RECEIVES);
    produce_all(p);
    jobs_close(p);
    consume_all(p);
}

static void pool_main(struct pattern_run *pr)
{
    struct pool *p = make(pr);
    rt_hold(ctx_id(p->ctx), ROLE_CLOSES);
    at_line(LINE_SPAWN);
    p->active = p->target;
    wg_add(p->wg, (int32_t)p->target);
    pattern_set_state(pr, p); /* from here on commands reach it */
    int64_t wanted = p->target, started = 0;
    for (int64_t i = 0; i < wanted; i++)
        started += worker_start(p);
    if (UNLIKELY(started < wanted))
        pool_make_room(p, wanted, started);
    at_line(LINE_SPAWN2);
    pool_spawn(p, "closer", closer);
    if (params_of(p)->autoscale)
        pool_scaler_start(p);
    if (p->shown_mistake == M4_ONE_TASK) {
        one_task(p);
        return;
    }
    pool_spawn(p, "consumer", consumer);
    pool_spawn(p, "producer", producer);
    at_line(LINE_MAIN_WAITS);
    chan_recv(p->done, NULL);
    at_line(LINE_MAIN_END);
}

static const struct param_table *const tables[] = {&pool_table, &traffic_table, &dependency_table,
                                                   NULL};
static const char *const listing[] = {
#define LINE(id, text) text,
#include "patterns/worker_pool_listing.def"
#undef LINE
    NULL};

const struct pattern pattern_worker_pool = {
    .name = "worker_pool",
    .title = "Worker pool",
    .tables = tables,
    .check = pool_check,
    .main = pool_main,
    .changed = pool_changed,
    .automatic = pool_automatic,
    .actions = pool_actions,
    .faults = pool_faults,
    .listing = listing,
};
