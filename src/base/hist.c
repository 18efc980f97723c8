/* SPDX-License-Identifier: MIT */
/* Quantiles of the log-linear histogram. */
#include "base/hist.h"

#include "base/diag.h"

_Static_assert((HIST_OCTAVES * HIST_SUB) % HIST_SUB == 0, "whole octaves");

int64_t hist_bucket_value(unsigned index)
{
    if (index < HIST_SUB)
        return index;
    unsigned octave = index / HIST_SUB - 1;
    int64_t low = (int64_t)(HIST_SUB + index % HIST_SUB) << octave;
    return low + ((INT64_C(1) << octave) >> 1);
}

int64_t hist_quantile(const struct hist *h, double q)
{
    if (!h->count)
        return 0;
    double rank = q * (double)h->count;
    uint64_t want = (uint64_t)rank;
    if (rank - (double)want > 1e-9 * rank) /* 0.07 times 100 is a hair above 7 */
        want++;
    if (want < 1)
        want = 1;
    if (want >= h->count)
        return h->max;
    uint64_t seen = 0;
    for (unsigned i = 0; i < ARRAY_LEN(h->bucket); i++) {
        seen += h->bucket[i];
        if (seen >= want) {
            int64_t v = hist_bucket_value(i);
            return v < h->min ? h->min : v > h->max ? h->max : v;
        }
    }
    return h->max;
}

double hist_mean(const struct hist *h)
{
    return h->count ? h->sum / (double)h->count : 0.0;
}
