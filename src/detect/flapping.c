/* SPDX-License-Identifier: MIT */
/* Flapping: a breaker opens again and again.
 *
 *   closed ▁▁▁▔▔▔▔▔▔▁▔▔▔▔▔▔▁▁▔▔▔▔▔▔   open    closed for less time than it was open before, three
 *                                             times in a row: it opens at too little
 *   closed ▁▁▁▔▔▔▔╵▔▔▔▔╵▔▔▔▔╵▔▔▔▔   open      eight openings without closing: each probe comes
 *                                             before the dependency has recovered
 *
 * An outage that lasts for a few times its time in open is what a breaker is for. */
#include "base/text.h"
#include "detect/detect.h"

enum { FLAPS = 3, IN_A_ROW = 8 };

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    const struct breaker_model *b = model_breaker(m, e->obj);
    if (!b)
        return;
    double s = (double)b->open_for_ns / 1e9;
    if (b->flaps >= FLAPS)
        detect_raise(d, DIAG_FLAPPING, e->obj, NULL, 0, &e->obj, 1,
                     _("%s opens again and again: %u times in a row it was closed for less time "
                       "than it had been open, %.3g s and more; it opens at %s"),
                     model_object_name(m, e->obj), b->flaps, s, strtab_get(m->names, b->trip));
    else if (b->in_a_row >= IN_A_ROW)
        detect_raise(d, DIAG_FLAPPING, e->obj, NULL, 0, &e->obj, 1,
                     _("%s has opened %u times since it was closed, %.3f s ago: each time its "
                       "probes failed again after %.3g s"),
                     model_object_name(m, e->obj), b->in_a_row,
                     (double)(m->now_ns - b->opened_ns) / 1e9, s);
}

const struct detector detector_flapping = {
    .name = "flapping",
    .help = "a breaker opens again and again",
    .wants = {{EV_BREAKER, 1u << BREAKER_OPEN}},
    .see = see,
};
