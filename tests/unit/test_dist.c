/* SPDX-License-Identifier: MIT */
/* Our own elementary functions against libm, distributions against their formulas, arrivals against
 * the integral of their rate. All seeds are fixed; the bounds are those of a test at p = 0.001. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "traffic/arrivals.h"
#include "traffic/det.h"
#include "traffic/traffic.h"

static double relative(double got, double want)
{
    return want == 0 ? fabs(got) : fabs(got - want) / fabs(want);
}

Test(det, logarithm_and_exponential_agree_with_libm)
{
    struct rng rng;
    rng_init(&rng, 1, "det");
    for (int i = 0; i < 200000; i++) {
        double u = rng_double(&rng), x = ldexp(u + 0x1p-60, (int)rng_below(&rng, 400) - 200);
        cr_assert_lt(relative(det_log(x), log(x)), 5e-16, "log(%a)", x);
        double y = (u - 0.5) * 1400;
        cr_assert_lt(relative(det_exp(y), exp(y)), 7e-16, "exp(%a)", y);
        cr_assert_lt(fabs(det_cos_turn(u * 100) - cos(6.283185307179586 * fmod(u * 100, 1))),
                     3e-15);
    }
    cr_assert_eq(det_log(1), 0);
    cr_assert_eq(det_exp(0), 1);
    cr_assert_eq(det_cos_turn(0.5), -1);
}

Test(det, normal_quantile_inverts_the_normal_distribution)
{
    for (int i = 1; i < 20000; i++) {
        double p = i / 20000.0, x = det_normal_quantile(p);
        cr_assert_lt(fabs(0.5 * erfc(-x / sqrt(2)) - p), 1e-14, "p %g", p);
    }
    cr_assert_lt(relative(det_normal_quantile(1e-300), -37.0471), 1e-5);
}

/* ---- distributions ----------------------------------------------------------------------------
 */

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double cdf(const struct dist *d, double x)
{
    switch (d->kind) {
    case DIST_UNIFORM:
        return (x - d->a) / (d->b - d->a);
    case DIST_EXP:
        return -expm1(-x / d->a);
    case DIST_NORMAL:
        return normal_cdf((x - d->a) / d->b);
    case DIST_LOGNORMAL:
        return normal_cdf(log(x / d->a) / d->b);
    default:
        return 1 - pow(d->a / x, d->b);
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Kolmogorov and Smirnov: the largest gap between the sample's steps and the formula. */
static double gap(const struct dist *d, int64_t *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    double most = 0;
    for (int i = 0; i < n; i++) {
        double f = cdf(d, (double)v[i]);
        most = fmax(most, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return most;
}

Test(dist, samples_follow_the_formula_and_the_mean)
{
    enum { N = 100000 };
    static const char *const texts[] = {"uniform(50ms..150ms)", "exp(80ms)", "normal(80ms, 10ms)",
                                        "lognormal(80ms, 0.4)", "pareto(50ms, 3.5)"};
    int64_t *v = malloc(N * sizeof *v);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        struct dist d;
        struct rng rng;
        cr_assert_null(value_dist(texts[k], &d));
        rng_init(&rng, 5, "service");
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            v[i] = dist_sample(&d, &rng);
            sum += (double)v[i];
            squares += (double)v[i] * (double)v[i];
        }
        double mean = sum / N, sd = sqrt(squares / N - mean * mean);
        cr_assert_lt(fabs(mean - dist_mean(&d)), 3.3 * sd / sqrt(N), "mean of %s", texts[k]);
        cr_assert_lt(gap(&d, v, N), 1.95 / sqrt(N), "shape of %s", texts[k]);
    }
    free(v);
}

Test(dist, one_draw_a_sample_whatever_the_kind)
{
    static const char *const texts[] = {"const(1ms)",        "exp(1ms)",       "normal(1ms, 1ms)",
                                        "lognormal(1ms, 1)", "pareto(1ms, 2)", "uniform(0..1ms)"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        struct dist d;
        struct rng used, plain;
        value_dist(texts[k], &d);
        rng_init(&used, 5, "x");
        rng_init(&plain, 5, "x");
        dist_sample(&d, &used);
        rng_u64(&plain);
        cr_assert_eq(rng_u64(&used), rng_u64(&plain), "%s", texts[k]);
    }
}

Test(dist, extremes_stay_within_time)
{
    struct rng rng;
    rng_init(&rng, 1, "x");
    static const char *const texts[] = {"pareto(2000000h, 0.01)", "lognormal(2000000h, 100)",
                                        "normal(0, 2000000h)", "const(0)"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        struct dist d;
        cr_assert_null(value_dist(texts[k], &d), "%s", texts[k]);
        for (int i = 0; i < 10000; i++) {
            int64_t v = dist_sample(&d, &rng);
            cr_assert(v >= 0 && v <= INT64_C(4000000000000000000));
        }
    }
}

/* ---- arrivals ---------------------------------------------------------------------------------
 */

static struct arrival_clock arrivals(const char *text, struct rng *rng)
{
    struct arrivals a;
    struct arrival_clock c = {0};
    cr_assert_null(value_arrivals(text, &a), "%s", text);
    rng_init(rng, 3, "arrivals");
    arrivals_begin(&c, &a, 0);
    return c;
}

/* How many arrive up to `s` seconds; never backwards. */
static int64_t count_to(struct arrival_clock *c, struct rng *rng, double s)
{
    int64_t n = 0, last = c->last_ns, at;
    while ((at = arrivals_next(c, rng)) >= 0 && at <= (int64_t)(s * 1e9)) {
        cr_assert_geq(at, last);
        last = at;
        n++;
    }
    return n;
}

Test(arrivals, steady_does_not_drift)
{
    struct rng rng;
    struct arrival_clock c = arrivals("steady(7/s)", &rng);
    for (int64_t n = 1; n <= 700000; n++) {
        int64_t at = arrivals_next(&c, &rng);
        if (n % 7 == 0)
            cr_assert_eq(at, n / 7 * 1000000000);
    }
}

Test(arrivals, poisson_counts_have_mean_and_variance_equal)
{
    struct rng rng;
    struct arrival_clock c = arrivals("poisson(20/s)", &rng);
    enum { SECONDS = 20000 };
    static int counts[SECONDS];
    int64_t at;
    while ((at = arrivals_next(&c, &rng)) < SECONDS * INT64_C(1000000000))
        counts[at / 1000000000]++;
    double sum = 0, squares = 0;
    for (int i = 0; i < SECONDS; i++) {
        sum += counts[i];
        squares += (double)counts[i] * counts[i];
    }
    double mean = sum / SECONDS, variance = squares / SECONDS - mean * mean;
    cr_assert_lt(fabs(mean - 20), 3.3 * sqrt(20.0 / SECONDS));
    cr_assert_lt(fabs(variance / mean - 1), 3.3 * sqrt(2.0 / SECONDS), "index of dispersion %g",
                 variance / mean);
}

Test(arrivals, ramp_and_wave_follow_the_integral_of_the_rate)
{
    struct rng rng;
    struct arrival_clock c = arrivals("ramp(5/s..50/s over 30s)", &rng);
    cr_assert_eq(count_to(&c, &rng, 15), (int64_t)(5 * 15 + 45.0 / 60 * 225));
    c = arrivals("ramp(5/s..50/s over 30s)", &rng);
    cr_assert_eq(count_to(&c, &rng, 40), 825 + 500, "then at the second rate");
    c = arrivals("ramp(50/s..0/s over 10s)", &rng);
    cr_assert_eq(count_to(&c, &rng, 1e9), 250, "down to nothing, and that is all");
    c = arrivals("wave(5/s..50/s every 20s)", &rng);
    int64_t n = count_to(&c, &rng, 200);
    cr_assert(n >= 5498 && n <= 5500, "ten periods at 27.5/s: %ld", (long)n);
    c = arrivals("wave(0/s..40/s every 20s)", &rng);
    n = count_to(&c, &rng, 5); /* 20 t - 20 sin(2 pi t / 20) * 20 / 2 pi at t = 5 */
    cr_assert(n >= 35 && n <= 37, "a quarter of the wave: %ld", (long)n);
}

Test(arrivals, a_burst_comes_all_at_once)
{
    struct rng rng;
    struct arrival_clock c = arrivals("burst(10 every 1s)", &rng);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(arrivals_next(&c, &rng), i / 10 * INT64_C(1000000000));
}

Test(arrivals, rare_ones_end_before_time_does)
{
    struct rng rng;
    static const char *const texts[] = {"poisson(0.000000001/h)", "steady(0.000000001/h)",
                                        "burst(1 every 2500000h)", "ramp(1/h..0/s over 2500000h)"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        struct arrival_clock c = arrivals(texts[k], &rng);
        int64_t at, last = 0;
        for (int i = 0; i < 100000 && (at = arrivals_next(&c, &rng)) >= 0; i++) {
            cr_assert_geq(at, last, "%s", texts[k]);
            last = at;
        }
    }
}
