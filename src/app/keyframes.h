/* SPDX-License-Identifier: MIT */
/* Copies of the fold at intervals of the stream, so that going back is a copy and a short refold.
 * UI thread. */
#ifndef APP_KEYFRAMES_H
#define APP_KEYFRAMES_H

#include "detect/detect.h"
#include "model/model.h"

struct keyframe {
    uint64_t n; /* events applied */
    struct model *model;
    struct detect *detect;
    size_t bytes;
};
/* Set budget and every, and strict; the rest zero. */
struct keyframes {
    struct keyframe *at; /* in order of n */
    size_t count, cap;
    size_t bytes, budget;
    bool strict; /* the budget holds even if only the first one is kept; else that and one more */
    uint64_t every; /* events between two; doubles when the budget is used up */
};
/* Keeps a copy when one is due at n. The one at 0 (or the first) stays for ever. */
void keyframes_offer(struct keyframes *k, uint64_t n, const struct model *m,
                     const struct detect *d);
/* The newest with at most n events, not later than t_ns, and at least `oldest` events; NULL: none.
 */
const struct keyframe *keyframes_find(const struct keyframes *k, uint64_t oldest, uint64_t n,
                                      int64_t t_ns);
/* Forgets those after n events. */
void keyframes_cut(struct keyframes *k, uint64_t n);
/* Forgets those before n events, which cannot be folded on from. */
void keyframes_drop(struct keyframes *k, uint64_t n);
void keyframes_free(struct keyframes *k);

#endif
