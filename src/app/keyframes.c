/* SPDX-License-Identifier: MIT */
/* Keyframes. When they use up their budget every second one goes, and they come half as often: the
 * memory stays bounded, a seek gets slower only as slowly as the run gets long. */
#include "app/keyframes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void forget(struct keyframes *k, size_t i)
{
    k->bytes -= k->at[i].bytes;
    model_free(k->at[i].model);
    detect_free(k->at[i].detect);
}

static void thin(struct keyframes *k)
{
    while (k->bytes > k->budget && k->count > (k->strict ? 1 : 2)) {
        k->every *= 2;
        size_t kept = 1;
        for (size_t i = 1; i < k->count; i++) {
            if (k->at[i].n - k->at[kept - 1].n >= k->every)
                k->at[kept++] = k->at[i];
            else
                forget(k, i);
        }
        k->count = kept;
    }
}

void keyframes_offer(struct keyframes *k, uint64_t n, const struct model *m, const struct detect *d)
{
    size_t i = k->count;
    while (i && k->at[i - 1].n > n)
        i--;
    if (i && n - k->at[i - 1].n < k->every)
        return;
    if (i < k->count && k->at[i].n - n < k->every)
        return;
    size_t bytes = model_bytes(m) + detect_bytes(d);
    if (k->strict && k->count && bytes > k->budget - k->budget / 4)
        return;
    grow(&k->at, &k->cap, k->count + 1, sizeof *k->at);
    memmove(k->at + i + 1, k->at + i, (k->count - i) * sizeof *k->at);
    k->at[i] = (struct keyframe){
        .n = n, .model = model_clone(m), .detect = detect_clone(d), .bytes = bytes};
    k->count++;
    k->bytes += k->at[i].bytes;
    thin(k);
}

const struct keyframe *keyframes_find(const struct keyframes *k, uint64_t oldest, uint64_t n,
                                      int64_t t_ns)
{
    for (size_t i = k->count; i-- > 0;) {
        const struct keyframe *f = &k->at[i];
        if (f->n < oldest)
            return NULL;
        if (f->n <= n && f->model->now_ns <= t_ns)
            return f;
    }
    return NULL;
}

void keyframes_cut(struct keyframes *k, uint64_t n)
{
    while (k->count && k->at[k->count - 1].n > n)
        forget(k, --k->count);
}

void keyframes_drop(struct keyframes *k, uint64_t n)
{
    size_t gone = 0;
    while (gone < k->count && k->at[gone].n < n)
        forget(k, gone++);
    memmove(k->at, k->at + gone, (k->count - gone) * sizeof *k->at);
    k->count -= gone;
}

void keyframes_free(struct keyframes *k)
{
    while (k->count)
        forget(k, --k->count);
    free(k->at);
    memset(k, 0, sizeof *k);
}
