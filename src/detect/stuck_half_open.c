/* SPDX-License-Identifier: MIT */
/* Stuck half open: the probes are out and do not come back, so that nobody is let in.
 *
 * Told when that has lasted for longer than the breaker stays open, and for ten refusals: the
 * breaker itself has no way out then, unless its probes have a bound in time. */
#include "base/text.h"
#include "detect/detect.h"

enum { REFUSALS = 10 };

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    const struct breaker_model *b = model_breaker(m, e->obj);
    if (!b || b->counts_as != BREAKER_HALF_OPEN || !b->out || b->refused < REFUSALS ||
        m->now_ns - b->since_ns <= b->open_for_ns)
        return;
    detect_raise(d, DIAG_STUCK_HALF_OPEN, e->obj, NULL, 0, &e->obj, 1,
                 _("%s is half open since %.3f s: %u of its probes have not come back, and %u "
                   "requests were refused meanwhile"),
                 model_object_name(m, e->obj), (double)b->since_ns / 1e9, b->out,
                 (unsigned)b->refused);
}

const struct detector detector_stuck_half_open = {
    .name = "stuck_half_open",
    .help = "a breaker stays half open, its probes used up",
    .wants = {{EV_ADMIT, 1u << ADMIT_HALF_OPEN}},
    .see = see,
};
