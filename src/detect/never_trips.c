/* SPDX-License-Identifier: MIT */
/* Never trips: at least half of a breaker's results have failed for long, and its rule has not been
 * met once since the run began: a minimum of volume that is not reached, a streak that a success
 * now and then breaks, a window that begins anew too often.
 *
 * For long: of the last results (as many as the model keeps), and of each so many since, until as
 * many more have come. A breaker that is just about to open has opened by then. */
#include "base/text.h"
#include "detect/detect.h"

enum { BREAKERS = 64 };
struct state {
    struct ill {
        uint32_t obj;
        uint64_t from; /* how many results there had been; 0: not ill */
    } ill[BREAKERS];
};

/* NULL: there are too many. */
static struct ill *ill_at(struct state *s, uint32_t obj)
{
    for (size_t i = 0; i < BREAKERS; i++)
        if (s->ill[i].obj == obj || !s->ill[i].obj) {
            s->ill[i].obj = obj;
            return &s->ill[i];
        }
    return NULL;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    const struct breaker_model *b = model_breaker(m, e->obj);
    if (!b || b->changes_n || b->results_n < MODEL_RESULTS || m->lost ||
        (e->x & 0xff) != SAW_FAILED)
        return;
    unsigned failed = 0;
    for (size_t i = 0; i < MODEL_RESULTS; i++)
        failed += b->result[i] == SAW_FAILED || b->result[i] == SAW_SLOW;
    struct ill *ill = ill_at(state, e->obj);
    if (!ill)
        return;
    if (failed * 2 < MODEL_RESULTS)
        ill->from = 0;
    else if (!ill->from)
        ill->from = b->results_n;
    if (!ill->from || b->results_n < ill->from + MODEL_RESULTS)
        return;
    detect_raise(d, DIAG_NEVER_TRIPS, e->obj, NULL, 0, &e->obj, 1,
                 _("%s never opens: %u of its last %u calls failed, %u of %u in all, and its rule, "
                   "%s, was not met once"),
                 model_object_name(m, e->obj), failed, (unsigned)MODEL_RESULTS,
                 (unsigned)b->by_result[SAW_FAILED], (unsigned)b->results_n,
                 b->trip ? strtab_get(m->names, b->trip) : "?");
}

const struct detector detector_never_trips = {
    .name = "never_trips",
    .help = "a breaker that does not open by its rule, whatever fails",
    .size = sizeof(struct state),
    .wants = {{EV_COUNTS, 1u << BREAKER_CLOSED}},
    .see = see,
};
