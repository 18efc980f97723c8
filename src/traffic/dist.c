/* SPDX-License-Identifier: MIT */
/* Distributions: one draw of the generator a sample, whatever the kind. */
#include "base/rng.h"
#include "traffic/det.h"
#include "traffic/traffic.h"

/* In (0, 1): never 0, so that logarithms are finite. */
static double open_unit(struct rng *rng)
{
    return ((double)(rng_u64(rng) >> 11) + 0.5) * 0x1p-53;
}

int64_t dist_sample(const struct dist *d, struct rng *rng)
{
    double u = open_unit(rng), v = d->a;
    switch (d->kind) {
    case DIST_CONST:
        break;
    case DIST_UNIFORM:
        v = d->a + (d->b - d->a) * u;
        break;
    case DIST_EXP:
        v = -d->a * det_log(u);
        break;
    case DIST_NORMAL:
        v = d->a + d->b * det_normal_quantile(u);
        break;
    case DIST_LOGNORMAL:
        v = d->a * det_exp(d->b * det_normal_quantile(u));
        break;
    case DIST_PARETO:
        v = d->a * det_exp(-det_log(u) / d->b);
        break;
    case DIST_KIND_COUNT:
        break;
    }
    if (!(v > 0))
        return 0;
    return v < 4e18 ? (int64_t)(v + 0.5) : INT64_C(4000000000000000000);
}

double dist_mean(const struct dist *d)
{
    switch (d->kind) {
    case DIST_UNIFORM:
        return (d->a + d->b) / 2;
    case DIST_LOGNORMAL:
        return d->a * det_exp(d->b * d->b / 2);
    case DIST_PARETO:
        return d->b > 1 ? d->a * d->b / (d->b - 1) : __builtin_inf();
    default:
        return d->a;
    }
}
