/* SPDX-License-Identifier: MIT */
/* The rate limiter's lanes: one decision for each request and lane, the same as the limiter alone
 * would take at those instants; what waits ends; the sums close. */
#include <criterion/criterion.h>

#include "model/figures.h"
#include "model/model.h"
#include "patterns/rate_limiter.h"
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

static void lanes_begin_as(struct lanes_run *r, uint64_t seed, const char *pattern_settings,
                           const char *const lane_settings[LANES])
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
        if (strcmp(p->tables[i]->section, "rate_limiter") == 0 && pattern_settings)
            set_all(p->tables[i], values[i], pattern_settings);
        if (p->tables[i] == &dependency_table)
            set_all(p->tables[i], values[i], "latency=const(20ms)");
    }
    for (int i = 0; i < LANES; i++) {
        param_defaults(&limiter_table, &r->p[i]);
        set_all(&limiter_table, &r->p[i], lane_settings[i]);
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

static void lanes_begin(struct lanes_run *r, uint64_t seed)
{
    lanes_begin_as(r, seed, NULL, settings);
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

/* patience: whom its turn would come too late is refused at once where the limiter knows, or gives
 * up in line when the time has passed. */
Test(rate_limiter, patience_bounds_every_wait)
{
    struct lanes_run r;
    lanes_begin_as(&r, 5, "patience=250ms", settings);
    cr_assert_eq(pool_run_to(&r.q, 60 * INT64_C(1000000000)), RT_ENDED);
    size_t in_vain = 0, waited = 0;
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        if (e->kind != EV_ADMIT)
            continue;
        cr_assert_leq(e->v, 250000000, "request %u in lane %d", e->c, e->x & 0xff);
        if (e->op == ADMIT_TIMEOUT)
            cr_assert_eq(e->v, 250000000);
        in_vain += e->op == ADMIT_TIMEOUT;
        waited += e->op == ADMIT_OK && e->v > 0;
    }
    cr_assert_gt(in_vain, 10);
    cr_assert_gt(waited, 10);
    pool_run_free(&r.q);
}

/* How a limiter stands is told with each decision, and agrees with its level. */
Test(rate_limiter, stands_are_told_with_the_decisions)
{
    struct lanes_run r;
    lanes_begin(&r, 3);
    pool_run_to(&r.q, 60 * INT64_C(1000000000));
    struct model *m = model_create(r.q.r.names);
    size_t told = 0, laws = 0;
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        model_apply(m, e);
        laws += e->kind == EV_LAW;
        told += e->kind == EV_LIMITER;
        if (e->kind != EV_LIMITER || e->op != LAW_TOKEN_BUCKET || e[-1].kind != EV_ADMIT ||
            e[-1].op != ADMIT_OK)
            continue;
        cr_assert_eq(e->obj, e[-1].obj);
        cr_assert_eq(e->c, e[-1].task, "as many tokens as the decision says");
        cr_assert_leq(e->v, e->t_ns);
    }
    cr_assert_eq(laws, LANES);
    cr_assert_gt(told, 400);
    const struct limiter_model *window = model_limiter(m, m->lanes[1].obj);
    cr_assert_eq(window->law, LAW_FIXED_WINDOW);
    cr_assert_eq(window->count, 10);
    cr_assert_eq(window->span_ns, 1000000000);
    cr_assert_eq(window->at_ns % 1000000000, 0, "windows begin on their grid");
    cr_assert_eq(window->refused, m->objects[window->obj].ops[ADMIT_LIMITED]);
    cr_assert_leq(window->retry_max_ns, 1e9, "a window later at most");
    model_free(m);
    pool_run_free(&r.q);
}

/* The kept: found by request in any order, given up in the order of their coming, turns by time. */
Test(rate_limiter, kept_requests_are_found_and_ordered)
{
    enum { N = 1000 };
    struct kept *k = xcalloc(N, sizeof *k);
    struct request *r = xcalloc(N, sizeof *r);
    struct undecided u = {0};
    struct turns t = {0};
    struct rng random = {0};
    rng_init(&random, 7, "kept");
    for (size_t i = 0; i < N; i++) {
        r[i].id = i * 64 + 1;
        k[i] = (struct kept){.r = &r[i], .at_ns = (int64_t)rng_below(&random, 50)};
        undecided_add(&u, &k[i]);
        turns_add(&t, &k[i]);
    }
    cr_assert_null(undecided_take(&u, 2));
    for (size_t i = 1; i < N; i += 2)
        cr_assert_eq(undecided_take(&u, r[i].id), &k[i]);
    for (size_t i = 0; i < N; i += 2) {
        cr_assert_eq(u.first, &k[i]);
        cr_assert_eq(undecided_take(&u, r[i].id), &k[i]);
    }
    cr_assert(!u.n && !u.first && !u.last);
    const struct kept *before = NULL;
    for (struct kept *now; (now = turns_take(&t)); before = now)
        cr_assert(!before || before->at_ns < now->at_ns ||
                  (before->at_ns == now->at_ns && before->r->id < now->r->id));
    cr_assert_eq(t.n, 0);
    kept_free(&u, &t);
    free(k);
    free(r);
}

/* on_limit is a parameter like others: what becomes of the refused changes while it runs. */
Test(rate_limiter, what_becomes_of_the_refused_changes_under_way)
{
    struct lanes_run r;
    lanes_begin(&r, 5);
    cr_assert_null(
        pool_run_command(&r.q, 8 * INT64_C(1000000000), "set limiter.bucket.on_limit wait"));
    cr_assert_null(
        pool_run_command(&r.q, 8 * INT64_C(1000000000), "set limiter.bucket.max_wait 300ms"));
    cr_assert_eq(pool_run_to(&r.q, 60 * INT64_C(1000000000)), RT_ENDED);
    size_t before = 0, after = 0, told = 0;
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        told += e->kind == EV_RETRY_AFTER && !(e->x & 0xff);
        if (e->kind != EV_ADMIT || (e->x & 0xff) || !(e->x >> 8) || e->v <= 0)
            continue;
        cr_assert(e->x >> 8 & ADMIT_AHEAD, "promised, not waited for");
        cr_assert_leq(e->v, 300000000);
        *(e->t_ns < 8 * INT64_C(1000000000) ? &before : &after) += 1;
    }
    cr_assert_eq(before, 0);
    cr_assert_gt(after, 20);
    cr_assert_gt(told, 20);
    pool_run_free(&r.q);
}

/* A full line loses its least urgent: with shed the urgent are refused less often than with queue,
 * which takes them as they come. */
Test(rate_limiter, shed_refuses_the_least_urgent)
{
    struct lanes_run r;
    static const char *const sheds[LANES] = {"rate=8/s;burst=2;on_limit=shed;queue=6",
                                             "rate=8/s;burst=2;on_limit=queue;queue=6",
                                             "rate=8/s;burst=2"};
    lanes_begin_as(&r, 7, "priorities=3", sheds);
    cr_assert_eq(pool_run_to(&r.q, 120 * INT64_C(1000000000)), RT_ENDED);
    size_t refused[LANES][3] = {{0}}, of_class[3] = {0};
    for (size_t i = 0; i < r.q.r.n; i++) {
        const struct event *e = &r.q.r.ev[i];
        if (e->kind != EV_REQUEST)
            continue;
        cr_assert_lt(e->c, 3);
        of_class[e->c] += e->op == PHASE_ARRIVE && e->x == 0;
        refused[e->x][e->c] += e->op == PHASE_REJECT;
    }
    cr_assert(of_class[0] > 80 && of_class[1] > 80 && of_class[2] > 80);
    cr_assert_lt(3 * refused[0][0], refused[0][2], "shed: %zu urgent, %zu others", refused[0][0],
                 refused[0][2]);
    cr_assert_lt(refused[0][0], refused[1][0], "queue: %zu urgent", refused[1][0]);
    cr_assert_gt(refused[1][0], 20);
    pool_run_free(&r.q);
}
