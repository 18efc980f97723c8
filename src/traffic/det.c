/* SPDX-License-Identifier: MIT */
/* Series short enough to be fast and long enough to be right.
 *
 * log: x = m 2^k with m in [√½, √2); log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.172: eleven
 * terms. exp: x = k ln 2 + r, |r| < 0.35: fourteen terms of the series. */
#include "traffic/det.h"

#include <stdint.h>
#include <string.h>

#include "base/diag.h"

static const double ln2_high =
    0x1.62e42fefa3800p-1; /* the last 11 bits are 0: k times it is exact */
static const double ln2_low = 0x1.ef35793c76730p-45;

static double from_bits(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

double det_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* Take away the exponent so that m falls into [√½, √2). */
    int64_t k = (int64_t)(bits - 0x3fe6a09e667f3bcdu) >> 52;
    double m = from_bits(bits - ((uint64_t)k << 52));
    double f = m - 1.0;
    double s = f / (2.0 + f);
    double z = s * s, w = z * z;
    /* In pieces that do not wait for each other (Estrin): half of the time of one long chain. */
    double w2 = w * w, w4 = w2 * w2;
    double odd =
        z * ((1.0 / 3 + w * (1.0 / 7)) + w2 * (1.0 / 11 + w * (1.0 / 15)) + w4 * (1.0 / 19));
    double even =
        w * ((1.0 / 5 + w * (1.0 / 9)) + w2 * (1.0 / 13 + w * (1.0 / 17)) + w4 * (1.0 / 21));
    double dk = (double)k;
    double tail = 2.0 * s * (odd + even) + dk * ln2_low;
    return dk * ln2_high + (2.0 * s + tail);
}

double det_exp(double x)
{
    if (x > 709.7)
        return __builtin_inf();
    if (x < -745.0)
        return 0.0;
    double t = x * 0x1.71547652b82fep+0;
    int64_t k = (int64_t)(t < 0 ? t - 0.5 : t + 0.5);
    double r = (x - (double)k * ln2_high) - (double)k * ln2_low;
    static const double inv[] = {1.0,
                                 1.0,
                                 1.0 / 2,
                                 1.0 / 6,
                                 1.0 / 24,
                                 1.0 / 120,
                                 1.0 / 720,
                                 1.0 / 5040,
                                 1.0 / 40320,
                                 1.0 / 362880,
                                 1.0 / 3628800,
                                 1.0 / 39916800,
                                 1.0 / 479001600,
                                 1.0 / 6227020800.0};
    double p = inv[13];
    for (int i = 12; i >= 1; i--)
        p = p * r + inv[i];
    double e = 1.0 + r * p;
    /* in two steps, so that results near the limits of the exponent come out right */
    int64_t half = k / 2;
    return e * from_bits((uint64_t)(1023 + half) << 52) *
           from_bits((uint64_t)(1023 + k - half) << 52);
}

double det_cos_turn(double turns)
{
    double frac = turns - (double)(int64_t)turns;
    double sign = 1.0;
    if (frac > 0.5)
        frac = 1.0 - frac; /* cos is even */
    if (frac > 0.25) {
        frac = 0.5 - frac;
        sign = -1.0;
    }
    double x = frac * 6.283185307179586476925;
    double z = x * x, term = 1.0, sum = 1.0;
    for (int i = 1; i <= 11; i++) {
        term *= -z / (double)((2 * i - 1) * (2 * i));
        sum += term;
    }
    return sign * sum;
}

static double rational(const double *a, const double *b, double r)
{
    double num = a[7], den = b[7];
    for (int i = 6; i >= 0; i--) {
        num = num * r + a[i];
        den = den * r + b[i];
    }
    return num / den;
}

double det_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                               1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * rational(a, b, 0.180625 - q * q);
    double r = __builtin_sqrt(-det_log(q < 0 ? p : 1.0 - p));
    double v = r <= 5.0 ? rational(c, d, r - 1.6) : rational(e, f, r - 5.0);
    return q < 0 ? -v : v;
}
