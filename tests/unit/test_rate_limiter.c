/* SPDX-License-Identifier: MIT */
/* The rate limiter's lanes: one decision for each request and lane, the same as the limiter alone
 * would take at those instants; what waits ends; the sums close. */
#include <criterion/criterion.h>

#include "model/figures.h"
#include "model/model.h"
#include "policies/limiter.h"
#include "tests/unit/pool_run.h"
#include "traffic/traffic.h"

enum { LANES = 3 };
static const char *const names[LANES] = {"limiter.bucket", "limiter.window", "limiter.queue"};
static const char *const settings[LANES] = {
    "algorithm=token_bucket;rate=10/s;burst=5",
    "algorithm=fixed_window;limit=10;window=1s",
    "algorithm=token_bucket;rate=10/s;burst=5;on_limit=queue;queue=8;max_wait=600ms",
};

struct lanes_run {
    struct pool_run q;
    struct limiter_params p[LANES];
};

static void set_all(const struct param_table *t, void *block, const char *text)
{
    char copy[256], *at = copy;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&at, ";"));) {
        char *eq = strchr(word, '=');
        *eq = '\0';
        const struct param *row = param_find(t, word);
        cr_assert(row && !param_set(row, block, eq + 1), "%s", word);
    }
}

static void lanes_begin(struct lanes_run *r, uint64_t seed)
{
    const struct pattern *p = pattern_find("rate_limiter");
    struct pattern_block blocks[16] = {{0}};
    void *values[4];
    size_t n = 0;
    sim_run_init(&r->q.r, seed);
    const char *why = NULL;
    r->q.r.rt = rt_create(&r->q.r.config, &why);
    for (size_t i = 0; p->tables[i]; i++) {
        values[i] = xcalloc(1, p->tables[i]->size);
        param_defaults(p->tables[i], values[i]);
        blocks[n++] = (struct pattern_block){.table = p->tables[i],
                                             .section = p->tables[i]->section,
                                             .values = values[i],
                                             .unused = p->tables[i] == &limiter_table};
        if (p->tables[i] == &traffic_table)
            set_all(p->tables[i], values[i], "arrivals=poisson(20/s);count=400");
        if (p->tables[i] == &dependency_table)
            set_all(p->tables[i], values[i], "latency=const(20ms)");
    }
    for (int i = 0; i < LANES; i++) {
        param_defaults(&limiter_table, &r->p[i]);
        set_all(&limiter_table, &r->p[i], settings[i]);
        blocks[n++] = (struct pattern_block){
            .table = &limiter_table, .section = names[i], .values = &r->p[i]};
    }
    r->q.pr = pattern_run_create(p, r->q.r.rt, blocks, "tests");
    for (size_t i = 0; p->tables[i]; i++)
        free(values[i]);
    const char *bad = pattern_check_run(r->q.pr);
    cr_assert_null(bad, "%s", bad);
    rt_start(r->q.r.rt, "test", pattern_main, r->q.pr);
}

/* The first lanes decide at the arrival: so does the limiter alone, fed with the same instants. */
Test(rate_limiter, lanes_decide_as_their_limiter_alone)
{
    struct lanes_run r;
    lanes_begin(&r, 3);
    cr_assert_eq(pool_run_to(&r.q, 60 * INT64_C(1000000000)), RT_ENDED);
    for (uint16_t lane = 0; lane < 2; lane++) {
        struct policy *alone = limiter_create(&r.p[lane], 0);
        size_t asked = 0, let_in = 0;
        for (size_t i = 0; i < r.q.r.n; i++) {
            const struct event *e = &r.q.r.ev[i];
            if (e->kind != EV_ADMIT || (e->x & 0xff) != lane)
                continue;
            struct policy_request q = {.id = e->c, .deadline_ns = POLICY_NEVER, .cost = 1};
            struct admission a;
            admission_begin(&a);
            policy_admit(alone, e->t_ns, &q, &a);
            cr_assert_eq(a.ok, e->x >> 8 & 1, "lane %d, request %u", lane, e->c);
            cr_assert_eq(a.why, e->op);
            asked++;
            let_in += a.ok;
        }
        policy_free(alone);
        cr_assert_eq(asked, 400);
        cr_assert(let_in > 100 && let_in < 300, "%zu", let_in);
    }
    pool_run_free(&r.q);
}

Test(rate_limiter, each_request_has_one_decision_and_one_end_a_lane)
{
    struct lanes_run r;
    lanes_begin(&r, 5);
    pool_run_to(&r.q, 60 * INT64_C(1000000000));
    uint8_t decided[LANES][401] = {{0}}, ended[LANES][401] = {{0}};
    struct model *m = model_create(r.q.r.names);
    uint64_t differ = 0;
    uint8_t ok[401] = {0};
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        model_apply(m, e);
        if (e->kind == EV_ADMIT) {
            cr_assert_lt(e->x & 0xff, LANES);
            decided[e->x & 0xff][e->c]++;
            ok[e->c] |= (uint8_t)((e->x >> 8 & 1u) << (e->x & 0xff));
        } else if (e->kind == EV_REQUEST && e->op >= PHASE_DONE && e->op <= PHASE_DROP) {
            ended[e->x][e->v]++;
        }
        for (int lane = 0; lane < LANES && e->kind == EV_REQUEST; lane++) {
            const struct lane_model *l = &m->lanes[lane];
            cr_assert_leq(l->done + l->errors + l->rejected + l->timed_out + l->cancelled +
                              l->dropped,
                          l->arrived);
        }
    }
    for (int lane = 0; lane < LANES; lane++)
        for (int id = 1; id <= 400; id++) {
            cr_assert_eq(decided[lane][id], 1, "lane %d, request %d", lane, id);
            cr_assert_eq(ended[lane][id], 1, "lane %d, request %d", lane, id);
        }
    for (int id = 1; id <= 400; id++)
        differ += ok[id] && ok[id] != 7;
    cr_assert_eq(m->differ, differ);
    cr_assert_gt(differ, 20);
    cr_assert_str_eq(model_lane_name(m, 1), "window");
    struct figure_value v = figure_get(m, "lanes.queue.requests.arrived");
    cr_assert_eq(v.number, 400);
    model_free(m);
    pool_run_free(&r.q);
}

/* A cancelled context: who waits gives up; nothing is left. */
Test(rate_limiter, a_cancel_ends_all_that_waits)
{
    struct lanes_run r;
    lanes_begin(&r, 5);
    cr_assert_null(pool_run_command(&r.q, 4 * INT64_C(1000000000), "do cancel"));
    cr_assert_eq(pool_run_to(&r.q, 60 * INT64_C(1000000000)), RT_ENDED);
    cr_assert_eq(r.q.r.ev[r.q.r.n - 1].op, END_DONE);
    struct account a = account_fold(r.q.r.ev, r.q.r.n);
    cr_assert_eq(a.in_flight, 0);
    size_t gave_up = 0;
    for (size_t i = 0; i < r.q.r.n; i++)
        gave_up += r.q.r.ev[i].kind == EV_ADMIT && r.q.r.ev[i].op == ADMIT_CANCELLED;
    cr_assert_gt(gave_up, 0);
    pool_run_free(&r.q);
}

Test(rate_limiter, a_limit_changes_while_it_runs)
{
    struct lanes_run r;
    lanes_begin(&r, 5);
    cr_assert_null(
        pool_run_command(&r.q, 4 * INT64_C(1000000000), "set limiter.bucket.rate 1000/s"));
    const char *bad =
        pool_run_command(&r.q, 5 * INT64_C(1000000000), "set limiter.nobody.rate 1/s");
    cr_assert(bad && strstr(bad, "[limiter.bucket], [limiter.window], [limiter.queue]"), "%s", bad);
    pool_run_to(&r.q, 60 * INT64_C(1000000000));
    size_t refused_after = 0;
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        refused_after += e->kind == EV_ADMIT && !(e->x & 0xff) && e->op && e->t_ns > 4100000000;
    }
    cr_assert_eq(refused_after, 0);
    pool_run_free(&r.q);
}
