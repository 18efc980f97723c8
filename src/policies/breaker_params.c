/* SPDX-License-Identifier: MIT */
/* The parameters of a breaker, and the libraries it can stand for. */

#include "base/diag.h"
#include "policies/breaker.h"
#include "policies/breaker_inside.h"

static const char *const evaluates[] = {"result", "failure", "timer", NULL};
static const char *const precisions[] = {"exact", "hundredth", "percent_down", NULL};
static const char *const timers[] = {"opening", "last_failure", NULL};
static const char *const edges[] = {"after", "at", NULL};
static const char *const wakes[] = {"admit", "any", NULL};
static const char *const admissions[] = {"cap", "budget", "unlimited", NULL};
static const char *const thens[] = {"open", "closed", NULL};
static const char *const lates[] = {"drop", "count", NULL};
static const char *const ignoreds[] = {"nothing", "success", NULL};
static const char *const modes[] = {"auto", "forced_open", "disabled", "metrics_only", NULL};

#define PRESETS                                                                                    \
    PRESET(none, "", "as written")                                                                 \
    PRESET(gobreaker,                                                                              \
           "trip = consecutive(6); evaluate = failure; interval = 0; open_for = 60s; "             \
           "open_edge = after; open_ends_on = any; half_open_requests = 1; "                       \
           "half_open_admission = budget; close_after = 1; late_results = drop; "                  \
           "ignore = ignored; ignored_as = nothing",                                               \
           "sony/gobreaker v2 with its defaults. Defects: a probe that hangs keeps it half open "  \
           "for ever; reading State() flips it (not here: looking changes nothing)")               \
    PRESET(resilience4j,                                                                           \
           "trip = rate(50% of 100 calls, min 100); evaluate = result; slow_call = 60s; "          \
           "slow_rate = 100%; open_for = 60s; open_edge = after; open_ends_on = admit; "           \
           "half_open_requests = 10; half_open_admission = budget; close_rate = 50%; "             \
           "late_results = count; ignore = ignored; ignored_as = nothing",                         \
           "resilience4j with its defaults. Defects: results of calls from before an opening "     \
           "count as probes; a success can open it; probes that hang keep it half open for ever "  \
           "unless half_open_max_wait is set")                                                     \
    PRESET(failsafe,                                                                               \
           "trip = failures(1 of 1); evaluate = result; precision = hundredth; open_for = 1m; "    \
           "open_edge = at; open_ends_on = admit; half_open_requests = 1; "                        \
           "half_open_admission = cap; close_after = 1; close_of = 1; late_results = count; "      \
           "ignore = ignored; ignored_as = success",                                               \
           "failsafe-go with its defaults. Defects: rates are rounded to hundredths; each late "   \
           "result adds a permit to half open; errors it does not handle count as successes")      \
    PRESET(hystrix,                                                                                \
           "trip = rate(50% in 10s, min 20); evaluate = timer; evaluate_every = 500ms; "           \
           "bucket = 500ms; precision = percent_down; open_for = 5s; open_edge = after; "          \
           "open_ends_on = admit; half_open_requests = 1; half_open_admission = budget; "          \
           "close_after = 1; late_results = count; ignore = ignored; ignored_as = success",        \
           "Netflix Hystrix with its defaults. Defects: trips only when a timer of 500 ms looks; " \
           "the error percentage is cut to a whole number")                                        \
    PRESET(seed,                                                                                   \
           "trip = consecutive(5); evaluate = failure; open_for = 30s; open_edge = after; "        \
           "open_ends_on = admit; half_open_admission = unlimited; close_after = 1; "              \
           "late_results = count; ignore = panic",                                                 \
           "the breaker written by hand. Defects: half open lets everything through; late "        \
           "results count; a panic is never counted; its time runs from the last failure, which "  \
           "here is the opening")

#define PRESET(n, v, h) {.name = #n, .help = h, .values = v},
static const struct param_preset presets[] = {PRESETS};
#undef PRESET
#define PRESET(n, v, h) #n,
static const char *const preset_names[] = {PRESETS NULL};
#undef PRESET

static const char *check_trip(const char *text)
{
    return trip_parse(text, NULL);
}

#define AT(f)       .offset = offsetof(struct breaker_params, f)
#define RANGE(a, b) .min = (a), .max = (b)
static const struct param rows[] = {
    {.name = "preset",
     .type = PT_CHOICE,
     AT(preset),
     .def = "none",
     .choices = preset_names,
     .unit = "",
     .help = "a library's behaviour; what is written besides wins"},
    {.name = "trip",
     .type = PT_TEXT,
     AT(trip),
     .def = "consecutive(5)",
     .check = check_trip,
     .allowed = trip_allowed + sizeof "must be",
     .live = true,
     .unit = "",
     .help = "what opens it"},
    {.name = "slow_call",
     .type = PT_DURATION,
     AT(slow_call_ns),
     .def = "0",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "a call that takes longer is slow; 0 = none is"},
    {.name = "slow_rate",
     .type = PT_FLOAT,
     AT(slow_rate),
     .def = "1",
     RANGE(0, 1),
     .live = true,
     .unit = "",
     .help = "trip by rate: opens at this share of slow calls too"},
    {.name = "evaluate",
     .type = PT_CHOICE,
     AT(evaluate),
     .def = "result",
     .choices = evaluates,
     .unit = "",
     .help = "when the rule is looked at: at each result (then a success can open it), "
             "at failures, or by a timer"},
    {.name = "evaluate_every",
     .type = PT_DURATION,
     AT(evaluate_every_ns),
     .def = "500ms",
     RANGE(1e3, 9e15),
     .unit = "ns",
     .help = "evaluate = timer: how often"},
    {.name = "precision",
     .type = PT_CHOICE,
     AT(precision),
     .def = "exact",
     .choices = precisions,
     .unit = "",
     .help = "how a share is rounded before it is compared"},
    {.name = "interval",
     .type = PT_DURATION,
     AT(interval_ns),
     .def = "0",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "closed: counts begin anew after this long; 0 = never"},
    {.name = "bucket",
     .type = PT_DURATION,
     AT(bucket_ns),
     .def = "0",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "windows of time move on by this much; 0 = interval: all "
             "at once, trip: a tenth"},
    {.name = "open_for",
     .type = PT_DURATION,
     AT(open_for_ns),
     .def = "30s",
     RANGE(1, 9e15),
     .live = true,
     .unit = "ns",
     .help = "how long it stays open before it lets probes through"},
    {.name = "open_growth",
     .type = PT_FLOAT,
     AT(open_growth),
     .def = "1",
     RANGE(1, 100),
     .live = true,
     .unit = "",
     .help = "each further opening in a row stays open so many times "
             "as long"},
    {.name = "open_max",
     .type = PT_DURATION,
     AT(open_max_ns),
     .def = "0",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "but not longer than this; 0 = no bound"},
    {.name = "open_timer",
     .type = PT_CHOICE,
     AT(open_timer),
     .def = "opening",
     .choices = timers,
     .live = true,
     .unit = "",
     .help = "open_for runs from the opening, or from the last failure, "
             "so that late ones prolong it"},
    {.name = "open_edge",
     .type = PT_CHOICE,
     AT(open_edge),
     .def = "after",
     .choices = edges,
     .unit = "",
     .help = "half open strictly after open_for, or at its very end"},
    {.name = "open_ends_on",
     .type = PT_CHOICE,
     AT(open_ends_on),
     .def = "admit",
     .choices = wakes,
     .unit = "",
     .help = "what notices that open_for is over: the next call, or a late result too"},
    {.name = "open_auto",
     .type = PT_BOOL,
     AT(open_auto),
     .def = "off",
     .unit = "",
     .help = "half open by a timer, without a call"},
    {.name = "half_open_requests",
     .type = PT_INT,
     AT(half_open_requests),
     .def = "1",
     RANGE(1, 1e6),
     .live = true,
     .unit = "calls",
     .help = "half open: how many probes"},
    {.name = "half_open_admission",
     .type = PT_CHOICE,
     AT(half_open_admission),
     .def = "budget",
     .choices = admissions,
     .unit = "",
     .help = "half open: so many probes at once, so many in "
             "all, or everything"},
    {.name = "half_open_max_wait",
     .type = PT_DURATION,
     AT(half_open_max_wait_ns),
     .def = "0",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "half open ends after this long whatever the probes do; 0 = never"},
    {.name = "half_open_then",
     .type = PT_CHOICE,
     AT(half_open_then),
     .def = "open",
     .choices = thens,
     .unit = "",
     .help = "how it then goes on"},
    {.name = "close_after",
     .type = PT_INT,
     AT(close_after),
     .def = "1",
     RANGE(1, 1e6),
     .live = true,
     .unit = "calls",
     .help = "half open: so many successes close it"},
    {.name = "close_of",
     .type = PT_INT,
     AT(close_of),
     .def = "0",
     RANGE(0, 1e6),
     .live = true,
     .unit = "calls",
     .help = "half open: of so many probes; 0 = the first failure opens it again"},
    {.name = "close_rate",
     .type = PT_FLOAT,
     AT(close_rate),
     .def = "0",
     RANGE(0, 1),
     .live = true,
     .unit = "",
     .help = "half open: judged after all probes instead, closes below this share of "
             "failures; 0 = by close_after"},
    {.name = "late_results",
     .type = PT_CHOICE,
     AT(late_results),
     .def = "drop",
     .choices = lates,
     .unit = "",
     .help = "a result that comes back in another state is dropped, or counted there"},
    {.name = "ignore",
     .type = PT_TEXT,
     AT(ignore),
     .def = "ignored cancelled",
     .check = call_ends_check,
     .allowed = call_ends_allowed,
     .unit = "",
     .help = "which ends of a call say nothing about the dependency"},
    {.name = "ignored_as",
     .type = PT_CHOICE,
     AT(ignored_as),
     .def = "nothing",
     .choices = ignoreds,
     .unit = "",
     .help = "what they count as"},
    {.name = "mode",
     .type = PT_CHOICE,
     AT(mode),
     .def = "auto",
     .choices = modes,
     .live = true,
     .unit = "",
     .help = "by the rules, always open, always closed, or a dry run that lets all "
             "pass and says what it would have done"},
};
const struct param_table breaker_table = {.section = "breaker",
                                          .help = "a circuit breaker",
                                          .rows = rows,
                                          .n = ARRAY_LEN(rows),
                                          .size = sizeof(struct breaker_params),
                                          .repeats = true,
                                          .presets = presets,
                                          .presets_n = ARRAY_LEN(presets)};

const char *breaker_check(const struct breaker_params *p)
{
    struct trip t;
    const char *bad = trip_parse(p->trip, &t);
    if (bad)
        return bad;
    if (p->bucket_ns > 0 && p->interval_ns > 0 && p->interval_ns / p->bucket_ns > 100000)
        return "interval holds more than 100000 of bucket";
    if (p->bucket_ns > 0 && trip_in_time(&t) && t.span_ns / p->bucket_ns > 100000)
        return "the window of trip holds more than 100000 of bucket";
    if (p->slow_call_ns > 0 && !trip_by_rate(&t))
        return "slow_call needs a trip by rate, such as rate(50% in 10s, min 20)";
    if (p->close_of > 0 && p->close_of < p->close_after)
        return "close_of must be 0 or at least close_after";
    if (p->half_open_admission == PROBES_BUDGET && p->close_rate <= 0 &&
        p->close_after > p->half_open_requests)
        return "half_open_requests must be at least close_after: else it can never close";
    return NULL;
}
