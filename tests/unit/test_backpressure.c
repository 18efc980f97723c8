/* SPDX-License-Identifier: MIT */
/* Backpressure: no item is lost that a link does not throw away, none is overtaken, and a link can
 * be switched under way. */
#include <criterion/criterion.h>

#include "model/model.h"
#include "tests/unit/pool_run.h"

#define S(n) ((int64_t)(n)*1000000000)

static void begin(struct pool_run *q, const char *const *settings)
{
    sim_run_init(&q->r, 3);
    const char *why = NULL;
    q->r.rt = rt_create(&q->r.config, &why);
    cr_assert(q->r.rt, "%s", why);
    q->pr = pattern_run_with(pattern_find("backpressure"), q->r.rt, "tests", settings);
    rt_start(q->r.rt, "test", pattern_main, q->pr);
}

static struct model *fold(const struct pool_run *q)
{
    struct model *m = model_create(q->r.names);
    model_apply_all(m, q->r.ev, q->r.n);
    return m;
}

/* Items end in the order in which they came, as far as they end well. */
static void in_order(const struct pool_run *q)
{
    int64_t last = 0;
    for (size_t i = 0; i < q->r.n; i++) {
        const struct event *e = &q->r.ev[i];
        if (e->kind != EV_REQUEST || e->op != PHASE_DONE)
            continue;
        cr_assert_gt(e->v, last, "item %ld after %ld", (long)e->v, (long)last);
        last = e->v;
    }
}

static const char *const overload[] = {"traffic.arrivals=steady(100/s)", "traffic.count=500",
                                       "dependency.latency=const(20ms)", "backpressure.stages=3",
                                       "backpressure.queue=4",           NULL};

Test(backpressure, a_blocking_link_loses_nothing_and_blocks_upstream)
{
    struct pool_run q;
    begin(&q, overload);
    cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
    struct model *m = fold(&q);
    cr_assert_eq(m->lanes[0].done, 500);
    cr_assert_eq(m->lanes[0].dropped, 0);
    in_order(&q);
    /* Whoever was blocked first stood nearest to the consumer. */
    int64_t full_ns[4] = {0};
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind != EV_CHAN || e->a != 4)
            continue;
        const char *name = model_object_name(m, e->obj);
        int link = name[4] - '0';
        if (!full_ns[link])
            full_ns[link] = e->t_ns;
    }
    cr_assert(full_ns[3] && full_ns[3] < full_ns[2] && full_ns[2] < full_ns[1],
              "full at %ld, %ld, %ld", (long)full_ns[1], (long)full_ns[2], (long)full_ns[3]);
    model_free(m);
    pool_run_free(&q);
}

Test(backpressure, links_that_drop_lose_only_that)
{
    static const char *const kinds[] = {"set backpressure.link drop_newest",
                                        "set backpressure.link drop_oldest"};
    uint64_t newest_done[2] = {0};
    for (int kind = 0; kind < 2; kind++) {
        struct pool_run q;
        begin(&q, overload);
        cr_assert_null(pool_run_command(&q, 1000, kinds[kind]));
        cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
        struct account a = account_fold(q.r.ev, q.r.n);
        struct model *m = fold(&q);
        cr_assert_eq(a.in_flight, 0);
        cr_assert_eq(m->lanes[0].done + m->lanes[0].dropped, 500);
        cr_assert(m->lanes[0].dropped > 150 && m->lanes[0].dropped < 300, "%lu",
                  (unsigned long)m->lanes[0].dropped);
        in_order(&q);
        for (size_t i = 0; i < q.r.n; i++)
            if (q.r.ev[i].kind == EV_REQUEST && q.r.ev[i].op == PHASE_DONE)
                newest_done[kind] = (uint64_t)q.r.ev[i].v;
        model_free(m);
        pool_run_free(&q);
    }
    cr_assert_eq(newest_done[1], 500, "the newest gets through where the oldest is lost");
}

Test(backpressure, links_are_switched_under_way)
{
    struct pool_run q;
    begin(&q, overload);
    cr_assert_null(pool_run_command(&q, S(1), "set backpressure.link unbounded"));
    cr_assert_null(pool_run_command(&q, S(2), "set backpressure.link blocking"));
    cr_assert_null(pool_run_command(&q, S(3), "set backpressure.queue 0"));
    cr_assert_null(pool_run_command(&q, S(4), "set backpressure.queue 9"));
    cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
    struct model *m = fold(&q);
    cr_assert_eq(m->lanes[0].done, 500, "none lost, whatever the links are");
    in_order(&q);
    model_free(m);
    pool_run_free(&q);
}

Test(backpressure, memory_ends)
{
    static const char *const settings[] = {
        "traffic.arrivals=steady(1000/s)", "dependency.latency=const(20ms)",
        "backpressure.memory=50", "backpressure.mistake=M3", NULL};
    struct pool_run q;
    begin(&q, settings);
    pool_run_to(&q, S(60));
    cr_assert_eq(q.r.ev[q.r.n - 1].op, END_PANIC);
    struct model *m = fold(&q);
    cr_assert(strstr(strtab_get(q.r.names, m->panic_text), "out of memory: 50 items"));
    model_free(m);
    pool_run_free(&q);
}

Test(backpressure, a_cancel_ends_all)
{
    struct pool_run q;
    begin(&q, overload);
    cr_assert_null(pool_run_command(&q, S(2), "do cancel"));
    cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
    struct account a = account_fold(q.r.ev, q.r.n);
    cr_assert_eq(a.in_flight, 0);
    struct model *m = fold(&q);
    cr_assert_gt(m->lanes[0].cancelled, 8);
    cr_assert_eq(m->live_tasks, 0);
    model_free(m);
    pool_run_free(&q);
}
