/* SPDX-License-Identifier: MIT */
/* What requests call: it takes a while, and it fails, hangs, slows down and recovers. */
#include <string.h>

#include "runtime/guard.h"
#include "runtime/timer.h"
#include "traffic/traffic.h"

#define ROW(f, t, d, lo, hi, ...)                                                         \
    {                                                                                     \
        .name = #f, .type = t, .offset = offsetof(struct dependency_params, f), .def = d, \
        .min = lo, .max = hi, .live = true, __VA_ARGS__                                   \
    }
static const struct param dependency_rows[] = {
    ROW(latency, PT_DIST, "lognormal(80ms, 0.4)", 0, 0, .unit = "ns",
        .help = "how long a call takes"),
    ROW(error_rate, PT_FLOAT, "0", 0, 1, .unit = "", .help = "share of calls that fail"),
    ROW(hang_rate, PT_FLOAT, "0", 0, 1, .unit = "", .help = "share of calls that never return"),
};
const struct param_table dependency_table = {.section = "dependency",
                                             .help = "what the requests call",
                                             .rows = dependency_rows,
                                             .n = ARRAY_LEN(dependency_rows),
                                             .size = sizeof(struct dependency_params),
                                             .repeats = true};

struct dependency {
    struct guard guard;
    struct dependency_params params;
    struct rng *service, *outcomes;
    uint32_t id;
    /* injected faults */
    int64_t hangs, errors;
    int64_t errors_until_ns;
    double slow;
};

struct dependency *dependency_make(const char *name, const struct dependency_params *p)
{
    struct rt *rt = rt_here();
    struct dependency *d = rt_alloc(rt, sizeof *d);
    d->params = *p;
    d->service = rt_rng(rt, "service");
    d->outcomes = rt_rng(rt, "outcomes");
    d->id = rt_object(OBJ_DEPENDENCY, name, 0);
    d->slow = 1;
    return d;
}

uint32_t dependency_id(const struct dependency *d)
{
    return d->id;
}

void dependency_changed(struct dependency *d, const struct dependency_params *p)
{
    guard_lock(&d->guard);
    d->params = *p;
    guard_unlock(&d->guard);
}

const char *dependency_inject(struct dependency *d, const char *fault, const char *arg)
{
    int64_t n = 1, ns = 0;
    double x = 10;
    bool is_time = arg && value_duration(arg, &ns) == NULL && ns > 0;
    if (strcmp(fault, "slow") == 0) {
        if (arg && (value_float(arg, &x) || x <= 0 || x > 1e6))
            return "inject dependency slow X: X is a factor such as 10";
    } else if (arg && !is_time && (value_int(arg, &n) || n < 1)) {
        return "the argument is how many calls, such as 5";
    }
    guard_lock(&d->guard);
    if (strcmp(fault, "hang") == 0) {
        d->hangs += n;
    } else if (strcmp(fault, "errors") == 0) {
        if (is_time || !arg)
            d->errors_until_ns = rt_now() + (arg ? ns : INT64_C(5000000000));
        else
            d->errors += n;
    } else if (strcmp(fault, "slow") == 0) {
        d->slow = x;
    } else {
        d->hangs = d->errors = d->errors_until_ns = 0;
        d->slow = 1;
    }
    guard_unlock(&d->guard);
    return NULL;
}

/* Never past the end of time, so that now + latency does not overflow. */
static int64_t scaled(int64_t ns, double by)
{
    double v = (double)ns * by;
    return v < 4e18 ? (int64_t)v : INT64_C(4000000000000000000);
}

/* What a call for r brings: its latency; *outcome. Under the guard. */
static int64_t draw(struct dependency *d, const struct request *r, enum outcome *outcome)
{
    /* both streams are drawn from once a call, whatever comes of it */
    int64_t latency = dist_sample(&d->params.latency, d->service);
    double luck = rng_double(d->outcomes);
    *outcome = luck < d->params.hang_rate                          ? OUTCOME_HANG
               : luck < d->params.hang_rate + d->params.error_rate ? OUTCOME_ERROR
                                                                   : OUTCOME_OK;
    if (r->service_ns >= 0)
        latency = r->service_ns;
    if (r->outcome != OUTCOME_NONE)
        *outcome = r->outcome;
    if (d->hangs) {
        d->hangs--;
        *outcome = OUTCOME_HANG;
    } else if (d->errors || d->errors_until_ns > rt_now()) {
        d->errors -= d->errors > 0;
        *outcome = OUTCOME_ERROR;
    }
    return d->slow != 1 ? scaled(latency, d->slow) : latency;
}

static int64_t takes(struct dependency *d, const struct request *r, enum outcome *outcome)
{
    *outcome = r->outcome;
    if (r->foretold)
        return r->service_ns;
    guard_lock(&d->guard);
    int64_t latency = draw(d, r, outcome);
    guard_unlock(&d->guard);
    return latency;
}

void dependency_foretell(struct dependency *d, struct request *r)
{
    enum outcome outcome;
    guard_lock(&d->guard);
    r->service_ns = draw(d, r, &outcome);
    r->outcome = outcome;
    r->foretold = true;
    guard_unlock(&d->guard);
}

enum rt_status dependency_call(struct dependency *d, struct context *ctx, const struct request *r,
                               double cpu, enum outcome *outcome)
{
    int64_t latency = takes(d, r, outcome);
    int64_t busy = cpu > 0 ? (int64_t)((double)latency * cpu) : 0;
    if (busy)
        rt_work(busy);
    int64_t end = *outcome == OUTCOME_HANG ? NEVER : rt_now() + latency - busy;
    return ctx_wait_until(ctx, WHY_IO, d->id, end, timer_order(TIMER_CALL_END, r->id));
}

enum rt_status dependency_call_until(struct dependency *d, struct context *ctx,
                                     const struct request *r, int64_t give_up_ns,
                                     enum outcome *outcome)
{
    int64_t latency = takes(d, r, outcome);
    int64_t end = *outcome == OUTCOME_HANG ? NEVER : rt_now() + latency;
    bool in_time = end <= give_up_ns;
    enum rt_status s = ctx_wait_until(ctx, WHY_IO, d->id, in_time ? end : give_up_ns,
                                      timer_order(TIMER_CALL_END, r->id));
    return s == RT_OK && !in_time ? RT_TIMEOUT : s;
}
