/* SPDX-License-Identifier: MIT */
/* The parameters of a bulkhead, and the libraries it can stand for. */
#include "base/diag.h"
#include "policies/bulkhead.h"

static const char *const forms[] = {"semaphore", "pool", NULL};
static const char *const overs[] = {"refuse", "raise", "block", NULL};
static const char *const countings[] = {"exact", "lagging", NULL};

#define PRESETS                                                                                  \
    PRESET(none, "", "as written")                                                               \
    PRESET(resilience4j, "form = semaphore; max = 25; max_wait = 0; over_release = raise",       \
           "resilience4j Bulkhead with its defaults, fair. Defect: a release too many silently " \
           "raises the capacity")                                                                \
    PRESET(resilience4j_pool, "form = pool; core = 3; max = 4; queue = 100; keep_alive = 20ms",  \
           "resilience4j ThreadPoolBulkhead: threads above core start only when the queue is "   \
           "full. Defect: they run the newcomer, past all who wait")                             \
    PRESET(failsafe, "form = semaphore; max = 10; max_wait = 0; over_release = block",           \
           "failsafe-go bulkhead. Defect: a release without an acquire blocks for ever")         \
    PRESET(hystrix, "form = semaphore; max = 10; max_wait = 0",                                  \
           "Netflix Hystrix, semaphore isolation with its defaults; the limit is read per call") \
    PRESET(hystrix_pool, "form = pool; core = 10; max = 10; queue = 0; keep_alive = 1m",         \
           "Netflix Hystrix, thread isolation with its defaults: ten threads, no queue")         \
    PRESET(seed, "form = semaphore; max = 20; max_wait = 0; counting = lagging",                 \
           "the channel as a semaphore, Execute. Defect: its metrics drop their counter after "  \
           "the slot is free, so more are active than there are slots")                          \
    PRESET(seed_wait, "form = semaphore; max = 10; max_wait = forever; counting = lagging",      \
           "the same, ExecuteWithWait: waits as long as its context")

#define PRESET(n, v, h) {.name = #n, .help = h, .values = v},
static const struct param_preset presets[] = {PRESETS};
#undef PRESET
#define PRESET(n, v, h) #n,
static const char *const preset_names[] = {PRESETS NULL};
#undef PRESET

#define AT(f)       .offset = offsetof(struct bulkhead_params, f)
#define RANGE(a, b) .min = (a), .max = (b)
static const struct param rows[] = {
    {.name = "preset",
     .type = PT_CHOICE,
     AT(preset),
     .def = "none",
     .choices = preset_names,
     .unit = "",
     .help = "a library's behaviour; what is written besides wins"},
    {.name = "form",
     .type = PT_CHOICE,
     AT(form),
     .def = "semaphore",
     .choices = forms,
     .unit = "",
     .help = "places that callers take themselves, or threads with a queue"},
    {.name = "max",
     .type = PT_INT,
     AT(max),
     .def = "10",
     RANGE(0, 1e6),
     .live = true,
     .unit = "calls",
     .help = "so many at once; a smaller one comes into force as calls end"},
    {.name = "max_wait",
     .type = PT_DURATION,
     AT(max_wait_ns),
     .def = "0",
     RANGE(0, 9e15),
     .forever = true,
     .live = true,
     .unit = "ns",
     .help = "how long one waits for a place; 0 = a semaphore refuses at once, a pool's queue "
             "does not look at the time"},
    {.name = "queue",
     .type = PT_INT,
     AT(queue),
     .def = "auto",
     RANGE(0, 1e7),
     .automatic = true,
     .live = true,
     .unit = "calls",
     .help = "how many may wait; auto = all who want to; 0 = none, a pool hands over or refuses"},
    {.name = "core",
     .type = PT_INT,
     AT(core),
     .def = "auto",
     RANGE(0, 1e6),
     .automatic = true,
     .live = true,
     .unit = "threads",
     .help = "pool: so many threads before the queue is used; auto = max"},
    {.name = "keep_alive",
     .type = PT_DURATION,
     AT(keep_alive_ns),
     .def = "1m",
     RANGE(0, 9e15),
     .live = true,
     .unit = "ns",
     .help = "pool: an idle thread above core dies after this long"},
    {.name = "over_release",
     .type = PT_CHOICE,
     AT(over_release),
     .def = "refuse",
     .choices = overs,
     .unit = "",
     .help = "what a release too many does: an error, one place "
             "more, or it blocks for ever"},
    {.name = "counting",
     .type = PT_CHOICE,
     AT(counting),
     .def = "exact",
     .choices = countings,
     .unit = "",
     .help = "its own metrics: exact, or a counter that drops after the place is free"},
};
const struct param_table bulkhead_table = {.section = "bulkhead",
                                           .help = "a bulkhead",
                                           .rows = rows,
                                           .n = ARRAY_LEN(rows),
                                           .size = sizeof(struct bulkhead_params),
                                           .repeats = true,
                                           .presets = presets,
                                           .presets_n = ARRAY_LEN(presets)};

const char *bulkhead_check(const struct bulkhead_params *p)
{
    if (p->form == BULKHEAD_POOL && p->core != PARAM_AUTO && p->core > p->max)
        return "core must not be above max";
    return NULL;
}
