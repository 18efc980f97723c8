/* SPDX-License-Identifier: MIT */
/* The parameters of a limiter, and the libraries it can stand for. */
#include "base/diag.h"
#include "policies/limiter.h"
#include "policies/limiter_inside.h"

#define LIMITER(name, help) #name,
const char *const limiter_names[] = {
#include "policies/limiters.def"
    NULL};
#undef LIMITER

static const char *const on_limits[] = {"reject", "wait", "queue", "shed", NULL};
static const char *const pers[] = {"all", "key", NULL};
static const char *const aligns[] = {"request", "grid", NULL};
static const char *const deficits[] = {"capped", "uncapped", NULL};
static const char *const refusals[] = {"at_once", "late", NULL};
static const char *const shutdowns[] = {"refuse", "unlimited", NULL};

/* PRESET(name, values, help): the name stands once, as a preset and as a choice. */
#define PRESETS                                                                                    \
    PRESET(none, "", "as written")                                                                 \
    PRESET(x_time_rate, "algorithm = token_bucket; rate = 10/s; burst = 5; on_limit = reject",     \
           "golang.org/x/time/rate: Allow; with on_limit = wait it is Wait, which fails at once "  \
           "when the deadline is nearer than the token. Defect: an instant in the past mints "     \
           "tokens; burst 0 never lets anything through")                                          \
    PRESET(uber_ratelimit,                                                                         \
           "algorithm = leaky_bucket; rate = 100/s; slack = 10; on_limit = wait; "                 \
           "max_wait = forever",                                                                   \
           "go.uber.org/ratelimit: Take always sleeps until its drop; ten drops may be caught up " \
           "with. Defect: no context, what has begun to wait waits")                               \
    PRESET(resilience4j_atomic,                                                                    \
           "algorithm = fixed_window; limit = 50; window = 500ns; on_limit = wait; "               \
           "max_wait = 5s; refusal = late",                                                        \
           "resilience4j AtomicRateLimiter: cycles since it was made, borrows from cycles to "     \
           "come. Defects: twice the limit at a seam; who cannot be served in time sleeps the "    \
           "whole timeout before it is told")                                                      \
    PRESET(resilience4j_semaphore,                                                                 \
           "algorithm = fixed_window; limit = 50; window = 500ns; on_limit = queue; "              \
           "queue = 10000000; max_wait = 5s",                                                      \
           "resilience4j SemaphoreBasedRateLimiter: permits are filled up each period, fair "      \
           "waiting. Defects: more than the limit at once is never granted and blocks who "        \
           "comes after; nothing can be reserved")                                                 \
    PRESET(failsafe_smooth,                                                                        \
           "algorithm = leaky_bucket; align = grid; rate = 10/s; on_limit = reject; max_wait = 0", \
           "failsafe-go smooth: one permit an interval, on a grid since it was made. Defects: "    \
           "two permits 1 ms apart on either side of a grid line; a cancelled wait keeps its "     \
           "permit")                                                                               \
    PRESET(failsafe_bursty,                                                                        \
           "algorithm = fixed_window; limit = 10; window = 1s; deficit = uncapped; "               \
           "on_limit = reject; max_wait = 0",                                                      \
           "failsafe-go bursty: so many a period, deficits allowed. Defect: after a deficit the "  \
           "periods that passed are added up without a bound")                                     \
    PRESET(seed,                                                                                   \
           "algorithm = ticker_bucket; rate = 10/s; burst = 5; on_limit = wait; "                  \
           "max_wait = forever; shutdown = unlimited",                                             \
           "the channel filled by a ticker. Defects: closing the channel on shutdown lifts the "   \
           "limit; rate 0 divides by zero")

#define PRESET(n, v, h) {.name = #n, .help = h, .values = v},
static const struct param_preset presets[] = {PRESETS};
#undef PRESET
#define PRESET(n, v, h) #n,
static const char *const preset_names[] = {PRESETS NULL};
#undef PRESET

#define AT(f)       .offset = offsetof(struct limiter_params, f)
#define RANGE(a, b) .min = (a), .max = (b)
static const struct param rows[] = {
    {.name = "preset",
     .type = PT_CHOICE,
     AT(preset),
     .def = "none",
     .choices = preset_names,
     .unit = "",
     .help = "a library's behaviour; what is written besides wins"},
    {.name = "algorithm",
     .type = PT_CHOICE,
     AT(algorithm),
     .def = "token_bucket",
     .choices = limiter_names,
     .unit = "",
     .help = "how it counts"},
    {.name = "per",
     .type = PT_CHOICE,
     AT(per),
     .def = "all",
     .choices = pers,
     .unit = "",
     .help = "one limiter for all requests, or one for each key (client, path)"},
    {.name = "rate",
     .type = PT_RATE,
     AT(rate),
     .def = "10/s",
     RANGE(0, 1e9),
     .live = true,
     .unit = "",
     .help = "buckets, gcra: how many pass in the long run; 0 = none after the burst"},
    {.name = "burst",
     .type = PT_INT,
     AT(burst),
     .def = "5",
     RANGE(0, 1e9),
     .live = true,
     .unit = "requests",
     .help = "buckets, gcra: how many may pass at once after a quiet time"},
    {.name = "limit",
     .type = PT_INT,
     AT(limit),
     .def = "10",
     RANGE(0, 1e9),
     .live = true,
     .unit = "requests",
     .help = "windows: how many in one; adaptive: how many at once at first"},
    {.name = "window",
     .type = PT_DURATION,
     AT(window_ns),
     .def = "1s",
     RANGE(1, 9e15),
     .live = true,
     .unit = "ns",
     .help = "windows: how long one is"},
    {.name = "on_limit",
     .type = PT_CHOICE,
     AT(on_limit),
     .def = "reject",
     .choices = on_limits,
     .live = true,
     .unit = "",
     .help = "what happens to whom it does not let pass: refused at once, promised an "
             "instant, put in line, or in line by urgency with the least thrown out"},
    {.name = "max_wait",
     .type = PT_DURATION,
     AT(max_wait_ns),
     .def = "forever",
     RANGE(0, 9e15),
     .forever = true,
     .live = true,
     .unit = "ns",
     .help = "longer than this nobody waits"},
    {.name = "queue",
     .type = PT_INT,
     AT(queue),
     .def = "100",
     RANGE(0, 1e7),
     .live = true,
     .unit = "requests",
     .help = "on_limit = queue, shed: how many may stand in line"},
    {.name = "slack",
     .type = PT_INT,
     AT(slack),
     .def = "0",
     RANGE(0, 1e6),
     .live = true,
     .unit = "requests",
     .help = "leaky_bucket: how many drops may be caught up with"},
    {.name = "align",
     .type = PT_CHOICE,
     AT(align),
     .def = "request",
     .choices = aligns,
     .unit = "",
     .help = "leaky_bucket: drops are counted from the last request, or lie on a grid"},
    {.name = "deficit",
     .type = PT_CHOICE,
     AT(deficit),
     .def = "capped",
     .choices = deficits,
     .unit = "",
     .help = "fixed_window: what windows that passed give back after borrowing: at "
             "most the limit, or all of it"},
    {.name = "refusal",
     .type = PT_CHOICE,
     AT(refusal),
     .def = "at_once",
     .choices = refusals,
     .unit = "",
     .help = "on_limit = wait: when it is told that the wait would be too long: at "
             "once, or after max_wait"},
    {.name = "shutdown",
     .type = PT_CHOICE,
     AT(shutdown),
     .def = "refuse",
     .choices = shutdowns,
     .unit = "",
     .help = "ticker_bucket: what the bucket gives after shutdown: nothing, or tokens "
             "for ever"},
    {.name = "target",
     .type = PT_DURATION,
     AT(target_ns),
     .def = "100ms",
     RANGE(1, 9e15),
     .live = true,
     .unit = "ns",
     .help = "adaptive: a call that takes longer lowers the bound"},
    {.name = "decrease",
     .type = PT_FLOAT,
     AT(decrease),
     .def = "0.75",
     RANGE(0.01, 1),
     .live = true,
     .unit = "",
     .help = "adaptive: to what share of itself the bound falls"},
    {.name = "increase",
     .type = PT_FLOAT,
     AT(increase),
     .def = "1",
     RANGE(0, 1000),
     .live = true,
     .unit = "",
     .help = "adaptive: how much the bound rises for a full flight of quick calls"},
    {.name = "limit_min",
     .type = PT_INT,
     AT(limit_min),
     .def = "1",
     RANGE(1, 1e9),
     .live = true,
     .unit = "requests",
     .help = "adaptive: never fewer at once"},
    {.name = "limit_max",
     .type = PT_INT,
     AT(limit_max),
     .def = "1000",
     RANGE(1, 1e9),
     .live = true,
     .unit = "requests",
     .help = "adaptive: never more at once"},
};
const struct param_table limiter_table = {.section = "limiter",
                                          .help = "a rate limiter",
                                          .rows = rows,
                                          .n = ARRAY_LEN(rows),
                                          .size = sizeof(struct limiter_params),
                                          .repeats = true,
                                          .presets = presets,
                                          .presets_n = ARRAY_LEN(presets)};

const char *limiter_check(const struct limiter_params *p)
{
    if (p->algorithm == LIMITER_ticker_bucket && !(p->rate > 0))
        return "a ticker has no period at rate 0 (the channel version divides by zero here): "
               "rate must be above 0";
    if (p->per == PER_KEY && (p->on_limit != ON_LIMIT_REJECT || p->algorithm == LIMITER_adaptive))
        return "per = key only refuses: on_limit must be reject, and the algorithm not adaptive";
    if (p->algorithm == LIMITER_adaptive &&
        (p->limit_min > p->limit_max || p->limit < p->limit_min || p->limit > p->limit_max))
        return "limit must lie within limit_min..limit_max";
    if (p->algorithm == LIMITER_adaptive && p->on_limit == ON_LIMIT_WAIT && p->max_wait_ns == 0)
        return "on_limit = wait with max_wait = 0 waits for nothing: write reject";
    return NULL;
}
