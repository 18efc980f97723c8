/* SPDX-License-Identifier: MIT */
/* Does the worker pool queue as the theory says? M/M/c: poisson arrivals, exponential service, c
 * workers, a queue without a bound that matters. With a = λ/µ and Erlang's
 *
 *   B = (a^c/c!) / Σ_{k≤c} a^k/k!        C = B / (1 - (a/c)(1 - B))        Wq = C / (cµ - λ)
 *
 * the mean wait must be Wq, the utilisation a/c, and the mean number in the system λW (Little).
 * Jobs are not independent (one that waits makes the next wait), so the standard error comes from
 * the means of batches that are long against the memory of the queue.
 *
 * PATTERNSCOPE_LONG: 8·10⁶ jobs each, else a twentieth; then a tolerance of 2 % may be less than
 * what chance allows, and three standard errors count where they are more. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/figures.h"
#include "model/model.h"
#include "tests/counts.h"
#include "tests/unit/pool_run.h"

enum { BATCHES = 32, RING = 1 << 20, SEED = 1 };

struct queue {
    struct model *m;
    int64_t *arrived; /* of request id, modulo RING */
    uint64_t jobs, started;
    double sum[BATCHES]; /* of waits, s */
};

static void take(void *arg, const struct event *ev, size_t n)
{
    struct queue *q = arg;
    model_apply_all(q->m, ev, n);
    for (size_t i = 0; i < n; i++) {
        if (ev[i].kind != EV_REQUEST)
            continue;
        int64_t *arrived = &q->arrived[ev[i].v % RING];
        if (ev[i].op == PHASE_ARRIVE)
            *arrived = ev[i].t_ns;
        else if (ev[i].op == PHASE_START)
            q->sum[q->started++ * BATCHES / q->jobs] += (double)(ev[i].t_ns - *arrived) / 1e9;
    }
}

static int number, failures;

static void check(const char *queue, const char *what, double found, double want, double within)
{
    bool ok = fabs(found - want) <= within;
    failures += !ok;
    printf("%s %d - %s: %s is %.5g, theory says %.5g, off by %.2f %% of %.2f %% allowed\n",
           ok ? "ok" : "not ok", ++number, queue, what, found, want,
           100 * fabs(found - want) / want, 100 * within / want);
    fflush(stdout);
}

static double figure(const struct model *m, const char *path)
{
    struct figure_value v = figure_get(m, path);
    if (v.type != FIGURE_NUMBER)
        die("no figure %s", path);
    return v.number;
}

static double erlang_c(double a, int c)
{
    double b = 1;
    for (int k = 1; k <= c; k++)
        b = a * b / (k + a * b);
    return b / (1 - a / c * (1 - b));
}

static double standard_error(const struct queue *q)
{
    double mean = 0, square = 0, each = (double)q->jobs / BATCHES;
    for (int i = 0; i < BATCHES; i++)
        mean += q->sum[i] / each / BATCHES;
    for (int i = 0; i < BATCHES; i++)
        square += (q->sum[i] / each - mean) * (q->sum[i] / each - mean);
    return sqrt(square / (BATCHES - 1) / BATCHES);
}

/* µ = 1/s. */
static void run(struct queue *q, double a, int c)
{
    char arrivals[64], count[64], workers[64];
    struct strtab *names = strtab_create();
    snprintf(arrivals, sizeof arrivals, "traffic.arrivals=poisson(%g/s)", a);
    snprintf(count, sizeof count, "traffic.count=%" PRIu64, q->jobs);
    snprintf(workers, sizeof workers, "worker_pool.workers=%d", c);
    const char *const settings[] = {
        arrivals, count, workers, "worker_pool.queue=1000000", "dependency.latency=exp(1s)", NULL};
    struct rt_config config = {.world = WORLD_SIM,
                               .seed = SEED,
                               .probes = true,
                               .names = names,
                               .sink = take,
                               .sink_arg = q};
    const char *why = NULL;
    q->m = model_create(names);
    struct rt *rt = rt_create(&config, &why);
    if (!rt)
        die("%s", why);
    struct pattern_run *pr = pattern_run_with(pattern_find("worker_pool"), rt, NULL, settings);
    rt_start(rt, "mmc", pattern_main, pr);
    if (rt_sim_run(rt, NEVER, UINT64_MAX) != RT_ENDED || q->started != q->jobs)
        die("the queue has not run to its end");
    rt_destroy(rt);
    pattern_run_free(pr);
}

static void queue_as_the_theory_says(double a, int c, bool strict, bool thorough)
{
    struct queue q = {.jobs = thorough ? 8000000 : 400000,
                      .arrived = xcalloc(RING, sizeof(int64_t))};
    char name[64];
    run(&q, a, c);
    double wait = figure(q.m, "wait_ms.mean") / 1e3, wq = erlang_c(a, c) / (c - a);
    double se = standard_error(&q), allowed = 0.02 * wq;
    if (strict || (!thorough && 3 * se > allowed))
        allowed = 3 * se;
    snprintf(name, sizeof name, "M/M/%d, load %g, %" PRIu64 " jobs", c, a, q.jobs);
    check(name, "mean wait, s", wait, wq, allowed);
    check(name, "utilisation", figure(q.m, "requests.mean_in_service") / c, a / c, 0.02 * a / c);
    double little = a * figure(q.m, "latency_ms.mean") / 1e3;
    check(name, "mean number in the system (λW)", figure(q.m, "requests.mean_in_system"), little,
          0.01 * little);
    struct strtab *names = q.m->names;
    model_free(q.m);
    strtab_destroy(names);
    free(q.arrived);
}

int main(void)
{
    bool thorough = counts_long();
    puts("TAP version 13");
    queue_as_the_theory_says(0.5, 1, false, thorough);
    queue_as_the_theory_says(3, 4, false, thorough);
    queue_as_the_theory_says(6, 8, false, thorough);
    queue_as_the_theory_says(7.2, 8, true, thorough);
    printf("1..%d\n", number);
    return failures != 0;
}
