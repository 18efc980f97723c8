/* SPDX-License-Identifier: MIT */
/* Over-admission: nodes that share a limit have together let more in than it allows, in a window of
 * true time. Their pattern counts exactly (EV_OVER); here the first of it is told for each. */
#include "base/text.h"
#include "detect/detect.h"

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    if (!e->obj || e->obj >= m->objects_n)
        return;
    const struct limiter_model *l = model_limiter(m, e->obj);
    detect_raise(d, DIAG_OVER_ADMISSION, e->obj, NULL, 0, &e->obj, 1,
                 _("the nodes of %s have let %u in within a window of %.3g s; %u are allowed"),
                 model_object_name(m, e->obj), e->a, l ? (double)l->span_ns / 1e9 : 0, e->c);
}

const struct detector detector_over_admission = {
    .name = "over_admission",
    .help = "nodes that share a limit let more in than it allows",
    .wants = {{EV_OVER, 1u << 0}},
    .see = see,
};
