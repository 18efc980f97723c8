/* SPDX-License-Identifier: MIT */
/* Nodes that share a limit: one atomic step never lets too many in, whatever the seed; reading and
 * writing apart does; what is over is what an exact count says; and what happens when the store is
 * gone is what was asked for. */
#include <criterion/criterion.h>

#include "model/figures.h"
#include "model/model.h"
#include "tests/unit/pool_run.h"

enum { LIMIT = 50, MOST = 64 };
static const int64_t SECOND = INT64_C(1000000000);

struct shared_run {
    struct pool_run q;
    struct model *m;
};

/* `more` may be NULL; ends with a NULL. */
static void shared_begin(struct shared_run *r, uint64_t seed, const char *const *more)
{
    const char *all[24] = {"distributed_limiter.limit=50", "traffic.arrivals=poisson(150/s)",
                           "traffic.count=1500", "dependency.latency=const(5ms)",
                           "store.latency=const(3ms)"};
    const char *why = NULL;
    size_t n = 5;
    while (more && *more)
        all[n++] = *more++;
    *r = (struct shared_run){.m = NULL};
    sim_run_init(&r->q.r, seed);
    r->q.r.rt = rt_create(&r->q.r.config, &why);
    r->q.pr = pattern_run_with(pattern_find("distributed_limiter"), r->q.r.rt, "tests", all);
    const char *bad = pattern_check_run(r->q.pr);
    cr_assert_null(bad, "%s", bad);
    rt_start(r->q.r.rt, "test", pattern_main, r->q.pr);
}

static void shared_end(struct shared_run *r)
{
    cr_assert_eq(pool_run_to(&r->q, 60 * SECOND), RT_ENDED);
    r->m = model_create(r->q.r.names);
    model_apply_all(r->m, r->q.r.ev, r->q.r.n);
    cr_assert_eq(r->m->ignored, 0);
}

static void shared_free(struct shared_run *r)
{
    model_free(r->m);
    pool_run_free(&r->q);
}

static double figure(const struct shared_run *r, const char *path)
{
    struct figure_value v = figure_get(r->m, path);
    cr_assert_eq(v.type, FIGURE_NUMBER, "%s", path);
    return v.number;
}

static uint32_t object_of(const struct shared_run *r, const char *name)
{
    for (uint32_t i = 1; i < r->m->objects_n; i++)
        if (strcmp(model_object_name(r->m, i), name) == 0)
            return i;
    cr_assert_fail("no object %s", name);
    return 0;
}

/* What the object has let in beyond the limit, by windows of the events' own instants. */
static uint64_t recount(const struct shared_run *r, const char *name)
{
    uint32_t obj = object_of(r, name), n[MOST] = {0};
    uint64_t over = 0;
    for (size_t i = 0; i < r->q.r.n; i++) {
        const struct event *e = &r->q.r.ev[i];
        if (e->kind == EV_ADMIT && e->obj == obj && e->op == ADMIT_OK)
            over += ++n[e->t_ns / SECOND] > LIMIT;
    }
    return over;
}

Test(distributed_limiter, one_atomic_step_never_lets_too_many_in)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct shared_run r;
        shared_begin(&r, seed,
                     (const char *[]){"distributed_limiter.balance=random",
                                      "store.latency=uniform(1ms..20ms)", NULL});
        shared_end(&r);
        cr_assert_eq(figure(&r, "objects.atomic.over"), 0);
        double in = figure(&r, "objects.atomic.admitted");
        cr_assert_eq(in, figure(&r, "objects.store.takes"));
        cr_assert_gt(in, 8 * LIMIT);
        cr_assert_eq(figure(&r, "requests.in_flight"), 0);
        cr_assert_eq(figure(&r, "lanes.exact.requests.in_flight"), 0);
        shared_free(&r);
    }
}

Test(distributed_limiter, reading_and_writing_apart_loses_counts)
{
    struct shared_run r;
    shared_begin(&r, 4, (const char *[]){"distributed_limiter.form=read_modify_write", NULL});
    shared_end(&r);
    cr_assert_gt(figure(&r, "objects.rmw.over"), 50);
    cr_assert_gt(figure(&r, "objects.store.overwrites"), 50);
    shared_free(&r);
    /* one node comes between nobody's steps */
    shared_begin(&r, 4,
                 (const char *[]){"distributed_limiter.form=read_modify_write",
                                  "distributed_limiter.nodes=1", NULL});
    shared_end(&r);
    cr_assert_eq(figure(&r, "objects.rmw.over"), 0);
    cr_assert_eq(figure(&r, "objects.store.overwrites"), 0);
    shared_free(&r);
}

Test(distributed_limiter, what_is_over_is_what_an_exact_count_says)
{
    struct shared_run r;
    shared_begin(&r, 4,
                 (const char *[]){"distributed_limiter.form=client_side",
                                  "distributed_limiter.beside=local", NULL});
    shared_end(&r);
    cr_assert_eq(figure(&r, "objects.clients.over"), (double)recount(&r, "clients"));
    cr_assert_gt(figure(&r, "objects.clients.over"), 100);
    cr_assert_eq(figure(&r, "objects.local.over"), 0);
    cr_assert_eq(recount(&r, "local"), 0);
    cr_assert_eq(recount(&r, "exact"), 0);
    shared_free(&r);
}

Test(distributed_limiter, clocks_that_differ_count_twice_unless_the_store_says)
{
    static const char *const clock[] = {"distributed_limiter.clock=node",
                                        "distributed_limiter.clock=store"};
    for (int i = 0; i < 2; i++) {
        struct shared_run r;
        shared_begin(&r, 4, (const char *[]){"distributed_limiter.skew=500ms", clock[i], NULL});
        shared_end(&r);
        cr_assert_eq(figure(&r, "objects.atomic.over") > 0, i == 0);
        shared_free(&r);
    }
}

/* The store is down from 2 s on, for 3 s. */
Test(distributed_limiter, without_a_store_it_fails_as_asked)
{
    static const char *const how[] = {"distributed_limiter.on_failure=open",
                                      "distributed_limiter.on_failure=closed",
                                      "distributed_limiter.on_failure=local"};
    for (int i = 0; i < 3; i++) {
        struct shared_run r;
        shared_begin(&r, 4, (const char *[]){how[i], NULL});
        cr_assert_null(pool_run_command(&r.q, 2 * SECOND, "inject store down 3s"));
        shared_end(&r);
        uint32_t obj = object_of(&r, "atomic");
        uint32_t in = 0, no = 0;
        for (size_t k = 0; k < r.q.r.n; k++) {
            const struct event *e = &r.q.r.ev[k];
            if (e->kind == EV_ADMIT && e->obj == obj && e->t_ns / SECOND == 3) {
                in += e->op == ADMIT_OK;
                no += e->op == ADMIT_UNREACHED;
            }
        }
        cr_assert(i == 0   ? in > 100 && no == 0
                  : i == 1 ? in == 0 && no > 100
                           : in > 40 && in <= LIMIT && no > 50,
                  "%s: %u in, %u not", how[i], in, no);
        cr_assert_geq(figure(&r, "objects.store.downs"), 4);
        cr_assert_geq(figure(&r, "objects.store.ups"), 4);
        shared_free(&r);
    }
}

Test(distributed_limiter, a_store_that_stalls_or_lies_keeps_nobody_waiting)
{
    static const char *const fault[] = {"inject store stall", "inject store nonsense",
                                        "inject store slow 100"};
    static const char *const counted[] = {"objects.store.too_late", "objects.store.nonsense",
                                          "objects.store.too_late"};
    for (int i = 0; i < 3; i++) {
        struct shared_run r;
        shared_begin(&r, 4, NULL);
        cr_assert_null(pool_run_command(&r.q, 2 * SECOND, fault[i]));
        cr_assert_null(pool_run_command(&r.q, 5 * SECOND, "inject store recover"));
        shared_end(&r);
        cr_assert_geq(figure(&r, counted[i]), 4);
        cr_assert_geq(figure(&r, "objects.store.ups"), 4);
        cr_assert_eq(figure(&r, "requests.dropped"), 0);
        cr_assert_eq(figure(&r, "requests.in_flight"), 0);
        shared_free(&r);
    }
}

Test(distributed_limiter, a_store_that_forgets_counts_anew)
{
    struct shared_run r;
    shared_begin(&r, 4, NULL);
    cr_assert_null(pool_run_command(&r.q, 2 * SECOND + SECOND / 2, "inject store restart"));
    shared_end(&r);
    cr_assert_gt(figure(&r, "objects.atomic.over"), 0);
    cr_assert_leq(figure(&r, "objects.atomic.over"), LIMIT);
    shared_free(&r);
}

Test(distributed_limiter, a_cancel_ends_all_and_the_sums_close)
{
    struct shared_run r;
    shared_begin(&r, 4, (const char *[]){"distributed_limiter.beside=read_modify_write", NULL});
    cr_assert_null(pool_run_command(&r.q, 2 * SECOND, "inject store stall"));
    cr_assert_null(pool_run_command(&r.q, 3 * SECOND, "do cancel"));
    shared_end(&r);
    for (size_t i = 0; i < r.m->lanes_n; i++)
        cr_assert_eq(lane_in_flight(&r.m->lanes[i]), 0);
    cr_assert_eq(r.m->leaked_tasks, 0);
    shared_free(&r);
}

Test(distributed_limiter, the_same_seed_gives_the_same_bytes)
{
    const char *const more[] = {"distributed_limiter.form=read_modify_write",
                                "distributed_limiter.beside=atomic",
                                "distributed_limiter.balance=random", NULL};
    struct shared_run a, b;
    shared_begin(&a, 9, more);
    shared_begin(&b, 9, more);
    shared_end(&a);
    shared_end(&b);
    cr_assert_eq(a.q.r.n, b.q.r.n);
    cr_assert_arr_eq(a.q.r.ev, b.q.r.ev, a.q.r.n * sizeof *a.q.r.ev);
    shared_free(&a);
    shared_free(&b);
}

Test(distributed_limiter, what_does_not_fit_is_refused)
{
    struct sim_run s;
    const char *why = NULL;
    sim_run_init(&s, 1);
    s.rt = rt_create(&s.config, &why);
    struct pattern_run *pr =
        pattern_run_with(pattern_find("distributed_limiter"), s.rt, "tests",
                         (const char *[]){"distributed_limiter.beside=atomic", NULL});
    cr_assert_not_null(pattern_check_run(pr));
    pattern_run_free(pr);
    rt_destroy(s.rt);
    s.rt = NULL;
    sim_run_free(&s);
}
