/* SPDX-License-Identifier: MIT */
/* Window seam: a limiter by windows let more than its limit through within a window's length.
 *
 *   windows   │      ▮▮▮▮▮│▮▮▮▮▮      │     each holds 5, and keeps to it
 *   any one         └────10────┘            but around the seam 10 pass
 *
 * Looked at are the last passes that the model keeps (MODEL_TAPE), so limits up to one less than
 * that. What passed before the limit was changed was held to another one and does not count. */

#include "detect/detect.h"
#include "base/text.h"

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    const struct limiter_model *l = model_limiter(m, e->obj);
    if (!l || !l->tape_n || l->count == 0 || l->count >= MODEL_TAPE || l->span_ns <= 0 ||
        (l->law != LAW_FIXED_WINDOW && l->law != LAW_SLIDING_COUNTER) || m->lost ||
        l->over) /* over_admission tells that */
        return;
    int64_t last = l->tape[(l->tape_n - 1) % MODEL_TAPE].t_ns, first = last;
    uint32_t n = 0;
    for (uint64_t i = 0; i < l->tape_n && i < MODEL_TAPE; i++) {
        int64_t t = l->tape[(l->tape_n - 1 - i) % MODEL_TAPE].t_ns;
        if (!l->tape[(l->tape_n - 1 - i) % MODEL_TAPE].ok || t < l->law_ns || t > last ||
            last - t >= l->span_ns)
            continue;
        n++;
        first = t < first ? t : first;
    }
    if (n <= l->count)
        return;
    detect_raise(d, DIAG_WINDOW_SEAM, e->obj, NULL, 0, &e->obj, 1,
                 _("%s let %u through from %.3f s to %.3f s, less than its window of %.3g s; "
                   "its limit is %u"),
                 model_object_name(m, e->obj), n, (double)first / 1e9, (double)last / 1e9,
                 (double)l->span_ns / 1e9, l->count);
}

const struct detector detector_window_seam = {
    .name = "window_seam",
    .help = "a limiter let more than its limit through in some window",
    .wants = {{EV_ADMIT, 1u << ADMIT_OK}},
    .see = see,
};
