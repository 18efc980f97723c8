/* SPDX-License-Identifier: MIT */
/* The parameters of retry, timeout, fallback and hedge. */
#include "base/diag.h"
#include "policies/attempts.h"

static const char *const backoffs[] = {"fixed", "exponential", NULL};
static const char *const jitters[] = {"none", "full", "equal", "decorrelated", NULL};

#define RANGE(a, b) .min = (a), .max = (b)
#define TABLE(kind, text)                                                          \
    const struct param_table kind##_table = {.section = #kind,                     \
                                             .help = text,                         \
                                             .rows = kind##_rows,                  \
                                             .n = ARRAY_LEN(kind##_rows),          \
                                             .size = sizeof(struct kind##_params), \
                                             .repeats = true}

#define AT(f) .offset = offsetof(struct retry_params, f)
static const struct param retry_rows[] = {
    {.name = "attempts",
     .type = PT_INT,
     AT(attempts),
     .def = "3",
     RANGE(1, 1000),
     .live = true,
     .unit = "attempts",
     .help = "how many in all, the first one included"},
    {.name = "on",
     .type = PT_TEXT,
     AT(on),
     .def = "error timeout rejected",
     .check = call_ends_check,
     .allowed = call_ends_allowed,
     .unit = "",
     .help = "which ends of a call it tries again after"},
    {.name = "backoff",
     .type = PT_CHOICE,
     AT(backoff),
     .def = "exponential",
     .choices = backoffs,
     .live = true,
     .unit = "",
     .help = "whether the wait grows"},
    {.name = "delay",
     .type = PT_DURATION,
     AT(delay_ns),
     .def = "100ms",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "the wait before the second attempt"},
    {.name = "max_delay",
     .type = PT_DURATION,
     AT(max_delay_ns),
     .def = "10s",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "no wait is longer"},
    {.name = "factor",
     .type = PT_FLOAT,
     AT(factor),
     .def = "2",
     RANGE(1, 100),
     .live = true,
     .unit = "",
     .help = "exponential: each wait is so many times the one before"},
    {.name = "jitter",
     .type = PT_CHOICE,
     AT(jitter),
     .def = "full",
     .choices = jitters,
     .live = true,
     .unit = "",
     .help = "how waits are spread, so that all do not come back at once"},
    {.name = "budget",
     .type = PT_FLOAT,
     AT(budget),
     .def = "0",
     RANGE(0, 100),
     .live = true,
     .unit = "",
     .help = "at most so many retries for each request; 0 = no budget"},
    {.name = "budget_rate",
     .type = PT_RATE,
     AT(budget_rate),
     .def = "0",
     RANGE(0, 1e9),
     .live = true,
     .unit = "",
     .help = "and so many a second besides"},
    {.name = "budget_burst",
     .type = PT_INT,
     AT(budget_burst),
     .def = "10",
     RANGE(1, 1e9),
     .live = true,
     .unit = "retries",
     .help = "how many may have been saved up"},
};
#undef AT
TABLE(retry, "another attempt");

#define AT(f) .offset = offsetof(struct timeout_params, f)
static const struct param timeout_rows[] = {
    {.name = "after",
     .type = PT_DURATION,
     AT(after_ns),
     .def = "1s",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "a call is given up after this long; 0 = never"},
    {.name = "cancel",
     .type = PT_BOOL,
     AT(cancel),
     .def = "on",
     .live = true,
     .unit = "",
     .help = "and cancelled; off = it runs on and its end is late"},
};
#undef AT
TABLE(timeout, "a bound on a call's time");

#define AT(f) .offset = offsetof(struct fallback_params, f)
static const struct param fallback_rows[] = {
    {.name = "on",
     .type = PT_TEXT,
     AT(on),
     .def = "error timeout rejected",
     .check = call_ends_check,
     .allowed = call_ends_allowed,
     .unit = "",
     .help = "which ends of a call it answers for"},
    {.name = "latency",
     .type = PT_DIST,
     AT(latency),
     .def = "const(1ms)",
     .live = true,
     .unit = "ns",
     .help = "how long its answer takes"},
    {.name = "error_rate",
     .type = PT_FLOAT,
     AT(error_rate),
     .def = "0",
     RANGE(0, 1),
     .live = true,
     .unit = "",
     .help = "how often it fails too"},
};
#undef AT
TABLE(fallback, "an answer of one's own");

#define AT(f) .offset = offsetof(struct hedge_params, f)
static const struct param hedge_rows[] = {
    {.name = "after",
     .type = PT_DURATION,
     AT(after_ns),
     .def = "100ms",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "a call still out after this long gets another beside it"},
    {.name = "quantile",
     .type = PT_FLOAT,
     AT(quantile),
     .def = "0",
     RANGE(0, 1),
     .live = true,
     .unit = "",
     .help = "instead of after: this quantile of the latencies so far, once there are "
             "100; 0 = after"},
    {.name = "most",
     .type = PT_INT,
     AT(most),
     .def = "1",
     RANGE(0, 100),
     .live = true,
     .unit = "attempts",
     .help = "how many beside the first"},
    {.name = "budget",
     .type = PT_FLOAT,
     AT(budget),
     .def = "0",
     RANGE(0, 100),
     .live = true,
     .unit = "",
     .help = "at most so many for each request; 0 = no budget"},
    {.name = "budget_burst",
     .type = PT_INT,
     AT(budget_burst),
     .def = "10",
     RANGE(1, 1e9),
     .live = true,
     .unit = "attempts",
     .help = "how many may have been saved up"},
};
#undef AT
TABLE(hedge, "a second call beside a slow one");

const char *retry_check(const struct retry_params *p)
{
    if (p->max_delay_ns < p->delay_ns)
        return "max_delay must be at least delay";
    return NULL;
}
