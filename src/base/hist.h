/* SPDX-License-Identifier: MIT */
/* A log-linear histogram of durations: 64 buckets an octave, error below 0.8 %.
 *
 * Flat (no pointers), so that a model that holds it can be copied for a keyframe.
 * After HdrHistogram (Gil Tene). */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

enum { HIST_SUB_BITS = 6, HIST_SUB = 1 << HIST_SUB_BITS, HIST_OCTAVES = 44 - HIST_SUB_BITS + 1 };

struct hist {
    uint64_t count;
    int64_t min, max;
    double sum; /* exact to 53 bits, in the unit of the values */
    uint32_t bucket[HIST_OCTAVES * HIST_SUB];
};

static inline unsigned hist_index(int64_t value)
{
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    if (v >= (UINT64_C(1) << 44))
        v = (UINT64_C(1) << 44) - 1;
    if (v < HIST_SUB)
        return (unsigned)v;
    unsigned octave = 63u - (unsigned)__builtin_clzll(v) - HIST_SUB_BITS;
    return (octave + 1) * HIST_SUB + (unsigned)((v >> octave) - HIST_SUB);
}

static inline void hist_add(struct hist *h, int64_t value)
{
    if (!h->count || value < h->min)
        h->min = value;
    if (!h->count || value > h->max)
        h->max = value;
    h->count++;
    h->sum += (double)value;
    h->bucket[hist_index(value)]++;
}

/* The smallest bucket bound that at least share q (0..1) of the values do not exceed; 0 if empty.
 */
int64_t hist_quantile(const struct hist *h, double q);
double hist_mean(const struct hist *h);
/* The middle value of a bucket. */
int64_t hist_bucket_value(unsigned index);

#endif
