/* SPDX-License-Identifier: MIT */
/* Traffic in a run: when requests arrive, in what order, and who counts as a user. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool_run.h"

#define SECOND        INT64_C(1000000000)
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void begin(struct pool_run *q, const char *schedule, const char *const *settings)
{
    sim_run_init(&q->r, 9);
    q->r.config.schedule = schedule;
    q->r.config.procs = 0;
    pool_run_begin(q, settings);
}

static void write_trace(char *path, const char *text)
{
    strcpy(path, "/tmp/patternscope-traffic-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* At one instant: ends of calls by number, then arrivals by number. */
static void in_order(const struct sim_run *r, size_t *together)
{
    int64_t t = -1, last_end = 0, last_arrival = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct event *e = &r->ev[i];
        if (e->kind != EV_REQUEST || (e->op != PHASE_ARRIVE && e->op != PHASE_DONE))
            continue;
        if (e->t_ns != t)
            last_end = last_arrival = 0;
        t = e->t_ns;
        int64_t *last = e->op == PHASE_DONE ? &last_end : &last_arrival;
        cr_assert_gt(e->v, *last, "at %ld: %s %ld after %ld", (long)t, phase_names[e->op],
                     (long)e->v, (long)*last);
        if (e->op == PHASE_DONE)
            cr_assert_eq(last_arrival, 0, "at %ld: end %ld after arrival %ld", (long)t, (long)e->v,
                         (long)last_arrival);
        else
            *together += last_end > 0;
        *last = e->v;
    }
}

Test(traffic, ends_come_before_arrivals_by_number_under_every_schedule)
{
    static const char *const schedules[] = {"fifo", "random"};
    for (int k = 0; k < 2; k++) {
        struct pool_run q;
        size_t together = 0;
        begin(&q, schedules[k],
              SETTINGS("traffic.arrivals=burst(5 every 100ms)", "traffic.count=500",
                       "dependency.latency=const(100ms)", "worker_pool.workers=8"));
        pool_run_to(&q, NEVER);
        in_order(&q.r, &together);
        cr_assert_gt(together, 300, "ends and arrivals do fall together: %zu", together);
        cr_assert_eq(account_fold(q.r.ev, q.r.n).n[PHASE_DONE], 500);
        pool_run_free(&q);
    }
}

Test(traffic, a_request_arrives_when_it_is_due_even_if_its_producer_is_blocked)
{
    struct pool_run q;
    begin(&q, NULL,
          SETTINGS("traffic.arrivals=steady(10/s)", "traffic.count=50", "worker_pool.queue=0",
                   "worker_pool.workers=1", "dependency.latency=const(1s)"));
    pool_run_to(&q, NEVER);
    for (size_t i = 0; i < q.r.n; i++)
        if (q.r.ev[i].kind == EV_REQUEST && q.r.ev[i].op == PHASE_ARRIVE)
            cr_assert_eq(q.r.ev[i].t_ns, q.r.ev[i].v * SECOND / 10);
    struct account a = account_fold(q.r.ev, q.r.n);
    cr_assert(a.bad == 0 && a.n[PHASE_ARRIVE] == 50 && a.n[PHASE_DONE] == 50);
    pool_run_free(&q);
}

Test(traffic, a_trace_decides_time_service_outcome_and_class)
{
    char path[64], setting[128];
    write_trace(path, "at_ms,service_ms,outcome,priority\n"
                      "100,50,ok,0\n200,70,error,1\n250,1000,hang,0\n300,10,ignored,1\n");
    snprintf(setting, sizeof setting, "traffic.arrivals=trace(%s)", path);
    struct pool_run q;
    begin(&q, NULL,
          SETTINGS(setting, "worker_pool.workers=4", "worker_pool.priorities=2",
                   "worker_pool.job_timeout=2s", "dependency.latency=const(9s)"));
    pool_run_to(&q, NEVER);
    unlink(path);
    static const struct {
        int64_t id, ms;
        enum phase phase;
    } want[] = {{1, 150, PHASE_DONE},
                {2, 270, PHASE_ERROR},
                {4, 310, PHASE_DONE},
                {3, 2250, PHASE_TIMEOUT}};
    size_t n = 0;
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind != EV_REQUEST || e->op == PHASE_ARRIVE || e->op == PHASE_START)
            continue;
        cr_assert(e->v == want[n].id && e->op == want[n].phase && e->t_ns == want[n].ms * 1000000,
                  "end %zu: request %ld %s at %ld", n, (long)e->v, phase_names[e->op],
                  (long)e->t_ns);
        cr_assert_eq(e->c, e->v == 2 || e->v == 4);
        n++;
    }
    cr_assert_eq(n, 4);
    pool_run_free(&q);
}

Test(traffic, a_bad_trace_is_found_before_the_run)
{
    char path[64], setting[128], want[128];
    write_trace(path, "at_ms\n1\n2\nthree\n");
    snprintf(setting, sizeof setting, "traffic.arrivals=trace(%s)", path);
    struct pattern_run *pr =
        pattern_run_with(pattern_find("worker_pool"), NULL, NULL, SETTINGS(setting));
    const char *bad = pattern_check_run(pr);
    snprintf(want, sizeof want, "%s:4: ", path);
    cr_assert(bad && strstr(bad, want), "%s", bad ? bad : "accepted");
    pattern_run_free(pr);
    unlink(path);
}

/* Requests in flight at each arrival and end, from t_ns on: the least and the most. */
static void flight_range(const struct sim_run *r, int64_t from_ns, int64_t to_ns, int64_t *least,
                         int64_t *most)
{
    int64_t n = 0;
    *least = INT64_MAX;
    *most = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->ev[i].t_ns > to_ns)
            break;
        /* what happens at one instant is one step */
        if (i && r->ev[i].t_ns != r->ev[i - 1].t_ns && r->ev[i].t_ns > from_ns) {
            *least = n < *least ? n : *least;
            *most = n > *most ? n : *most;
        }
        if (r->ev[i].kind == EV_REQUEST)
            n += r->ev[i].op == PHASE_ARRIVE ? 1 : r->ev[i].op == PHASE_START ? 0 : -1;
    }
}

Test(traffic, closed_arrivals_keep_as_many_users_as_the_parameter_says)
{
    struct pool_run q;
    int64_t least, most;
    begin(&q, NULL,
          SETTINGS("traffic.arrivals=closed(8 think 0)", "worker_pool.workers=16",
                   "dependency.latency=exp(100ms)"));
    cr_assert_null(pool_run_command(&q, 10 * SECOND, "set traffic.arrivals closed(3 think 0)"));
    cr_assert_null(pool_run_command(&q, 20 * SECOND, "set traffic.arrivals closed(12 think 0)"));
    cr_assert_null(pool_run_command(&q, 30 * SECOND, "set traffic.arrivals steady(1/s)"));
    cr_assert_null(pool_run_command(&q, 40 * SECOND, "set traffic.arrivals closed(5 think 0)"));
    pool_run_to(&q, 50 * SECOND);
    static const struct {
        int64_t from, to, users;
    } spans[] = {{0, 10, 8}, {12, 20, 3}, {21, 30, 12}, {42, 50, 5}};
    for (int i = 0; i < 4; i++) {
        flight_range(&q.r, spans[i].from * SECOND, spans[i].to * SECOND, &least, &most);
        cr_assert(least == spans[i].users && most == spans[i].users,
                  "from %ld s: %ld to %ld in flight, not %ld", (long)spans[i].from, (long)least,
                  (long)most, (long)spans[i].users);
    }
    flight_range(&q.r, 32 * SECOND, 40 * SECOND, &least, &most);
    cr_assert_leq(most, 3, "the users are gone, one arrives a second");
    pool_run_free(&q);
}

Test(traffic, users_think_between_their_requests)
{
    struct pool_run q;
    begin(&q, NULL,
          SETTINGS("traffic.arrivals=closed(4 think 300ms)", "worker_pool.workers=4",
                   "dependency.latency=const(100ms)"));
    pool_run_to(&q, 10 * SECOND - 1);
    cr_assert_eq(account_fold(q.r.ev, q.r.n).n[PHASE_ARRIVE], 4 * 25, "one each 400 ms");
    pool_run_free(&q);
}

Test(traffic, eager_arrivals_keep_the_queue_full)
{
    struct pool_run q;
    begin(&q, NULL,
          SETTINGS("traffic.arrivals=eager", "worker_pool.queue=10", "worker_pool.workers=2",
                   "dependency.latency=const(100ms)"));
    pool_run_to(&q, 5 * SECOND);
    struct account a = account_fold(q.r.ev, q.r.n);
    cr_assert_eq(a.in_flight, 10 + 2 + 1, "the queue, two in work, one before the door: %ld",
                 (long)a.in_flight);
    pool_run_free(&q);
}

Test(traffic, a_new_arrival_process_takes_over_at_once)
{
    struct pool_run q;
    begin(&q, NULL, SETTINGS("traffic.arrivals=steady(10/s)", "dependency.latency=const(1ms)"));
    cr_assert_null(
        pool_run_command(&q, 10 * SECOND + 50000000, "set traffic.arrivals steady(100/s)"));
    pool_run_to(&q, 11 * SECOND + 50000000);
    cr_assert_eq(account_fold(q.r.ev, q.r.n).n[PHASE_ARRIVE], 100 + 100);
    pool_run_free(&q);
}

Test(traffic, outcomes_come_at_their_rates_and_do_not_disturb_service_times)
{
    int64_t with = 0, without = 0;
    for (int errors = 0; errors < 2; errors++) {
        struct pool_run q;
        begin(&q, NULL,
              SETTINGS("traffic.arrivals=steady(100/s)", "traffic.count=20000",
                       "worker_pool.workers=64",
                       errors ? "dependency.error_rate=0.1" : "dependency.error_rate=0"));
        pool_run_to(&q, NEVER);
        struct account a = account_fold(q.r.ev, q.r.n);
        int64_t *sum = errors ? &with : &without;
        for (size_t i = 0; i < q.r.n; i++)
            if (q.r.ev[i].kind == EV_REQUEST && q.r.ev[i].op != PHASE_ARRIVE)
                *sum += q.r.ev[i].op == PHASE_START ? -q.r.ev[i].t_ns : q.r.ev[i].t_ns;
        if (errors) /* three standard deviations of the binomial */
            cr_assert(a.n[PHASE_ERROR] > 1872 && a.n[PHASE_ERROR] < 2128, "%lu errors",
                      (unsigned long)a.n[PHASE_ERROR]);
        pool_run_free(&q);
    }
    cr_assert_eq(with, without, "the same seed gives the same service times");
}
