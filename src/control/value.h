/* SPDX-License-Identifier: MIT */
/* The values that INI files, options and commands are written in: durations, rates,
 * distributions, arrivals. Text to value and back; no sampling (that is traffic's).
 *
 * Every parser returns NULL when it read the whole text, else a sentence (static or in a
 * thread-local buffer) that says what is allowed: "a duration such as 80ms, 2s or 1m". */
#ifndef CONTROL_VALUE_H
#define CONTROL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ns us ms s m h, decimals; "0" needs no unit; never negative. */
const char *value_duration(const char *text, int64_t *ns);
/* Events a second from "20/s" "1.5/m" "7/h"; "0". */
const char *value_rate(const char *text, double *per_s);
/* 0.02 or 2%. */
const char *value_float(const char *text, double *v);
const char *value_int(const char *text, int64_t *v);
/* A number as it is compared with: 250, -3, 2% (0.02), 80ms (unit QUANTITY_NS), 20/s (_PER_S). */
enum quantity { QUANTITY_NUMBER, QUANTITY_NS, QUANTITY_PER_S };
const char *value_quantity(const char *text, double *v, enum quantity *unit);
const char *value_bool(const char *text, bool *v); /* on off true false yes no 1 0 */

enum dist_kind {
    DIST_CONST,
    DIST_UNIFORM,
    DIST_EXP,
    DIST_NORMAL,
    DIST_LOGNORMAL,
    DIST_PARETO,
    DIST_KIND_COUNT
};
/* const(a) uniform(a..b) exp(mean a) normal(mean a, sd b) lognormal(median a, sigma b: a number)
 * pareto(least a, shape b: a number). Durations in ns; a bare duration is const. */
struct dist {
    enum dist_kind kind;
    double a, b;
};
const char *value_dist(const char *text, struct dist *d);

enum arrivals_kind {
    ARR_STEADY,
    ARR_POISSON,
    ARR_BURST,
    ARR_RAMP,
    ARR_WAVE,
    ARR_CLOSED,
    ARR_EAGER,
    ARR_TRACE,
    ARR_KIND_COUNT
};
/* steady(r) poisson(r) burst(n every d) ramp(r..r2 over d) wave(r..r2 every d)
 * closed(n think d) eager trace(FILE) */
struct arrivals {
    enum arrivals_kind kind;
    double rate, rate2; /* per second */
    int64_t n;
    int64_t span_ns;
    char file[256]; /* trace: as written, relative to the INI */
};
const char *value_arrivals(const char *text, struct arrivals *a);

/* Back to text; each fits in VALUE_TEXT bytes and parses to the same value. */
enum { VALUE_TEXT = 320 };
void value_format_duration(int64_t ns, char *out, size_t size); /* 80ms 1.5s 2m */
void value_format_rate(double per_s, char *out, size_t size);
void value_format_float(double v, char *out, size_t size);
void value_format_dist(const struct dist *d, char *out, size_t size);
void value_format_arrivals(const struct arrivals *a, char *out, size_t size);
/* For people, 3 significant digits: 80ms 1.30s 12.4µs. Not for reading back. */
void value_human_duration(int64_t ns, char *out, size_t size);

#endif
