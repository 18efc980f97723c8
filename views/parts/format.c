/* SPDX-License-Identifier: MIT */
/* Numbers for people: three digits that matter, the unit right behind them, never wider than seven
 * cells where it can be helped, so that columns stay calm. Integers only where text must not depend
 * on rounding of the C library. */
#include <inttypes.h>
#include <stdio.h>

#include "views/parts/parts.h"

const char *format_duration(char out[FORMAT_SIZE], int64_t ns)
{
    const char *sign = "";
    if (ns < 0) {
        sign = "-";
        ns = -ns;
    }
    static const struct {
        int64_t unit;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "µs"}, {1, "ns"}};
    if (ns >= 3600 * INT64_C(1000000000)) {
        int64_t minutes = ns / (60 * INT64_C(1000000000));
        snprintf(out, FORMAT_SIZE, "%s%" PRId64 "h%02" PRId64 "m", sign, minutes / 60,
                 minutes % 60);
        return out;
    }
    if (ns >= 60 * INT64_C(1000000000)) {
        int64_t seconds = ns / 1000000000;
        snprintf(out, FORMAT_SIZE, "%s%" PRId64 "m%02" PRId64 "s", sign, seconds / 60,
                 seconds % 60);
        return out;
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (ns < units[i].unit)
            continue;
        int64_t whole = ns / units[i].unit, tenth = ns % units[i].unit * 10 / units[i].unit;
        if (whole < 10 && units[i].unit > 1 && (tenth || units[i].unit == 1000000000))
            snprintf(out, FORMAT_SIZE, "%s%" PRId64 ".%" PRId64 "%s", sign, whole, tenth,
                     units[i].name);
        else
            snprintf(out, FORMAT_SIZE, "%s%" PRId64 "%s", sign, whole, units[i].name);
        return out;
    }
    snprintf(out, FORMAT_SIZE, "0ms");
    return out;
}

const char *format_clock(char out[FORMAT_SIZE], int64_t ns)
{
    int64_t ms = ns < 0 ? 0 : ns / 1000000;
    int64_t hours = ms / 3600000;
    if (hours)
        snprintf(out, FORMAT_SIZE, "%" PRId64 ":%02d:%02d.%03d", hours, (int)(ms / 60000 % 60),
                 (int)(ms / 1000 % 60), (int)(ms % 1000));
    else
        snprintf(out, FORMAT_SIZE, "%02d:%02d.%03d", (int)(ms / 60000), (int)(ms / 1000 % 60),
                 (int)(ms % 1000));
    return out;
}

const char *format_second(char out[FORMAT_SIZE], int64_t ns)
{
    int64_t ms = ns < 0 ? 0 : ns / 1000000;
    if (ms < 60000)
        snprintf(out, FORMAT_SIZE, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
    else
        snprintf(out, FORMAT_SIZE, "%" PRId64 ":%02d.%03d", ms / 60000, (int)(ms / 1000 % 60),
                 (int)(ms % 1000));
    return out;
}

const char *format_count(char out[FORMAT_SIZE], uint64_t n)
{
    if (n < 1000)
        snprintf(out, FORMAT_SIZE, "%" PRIu64, n);
    else if (n < 1000000)
        snprintf(out, FORMAT_SIZE, "%" PRIu64 " %03d", n / 1000, (int)(n % 1000));
    else if (n < 1000000000)
        snprintf(out, FORMAT_SIZE, "%" PRIu64 ".%02dM", n / 1000000, (int)(n % 1000000 / 10000));
    else
        snprintf(out, FORMAT_SIZE, "%" PRIu64 ".%02dG", n / 1000000000, (int)(n / 10000000 % 100));
    return out;
}

const char *format_number(char out[FORMAT_SIZE], double v)
{
    if (v >= 1e6)
        snprintf(out, FORMAT_SIZE, "%.3gM", v / 1e6);
    else if (v >= 1e4)
        snprintf(out, FORMAT_SIZE, "%.3gk", v / 1e3);
    else if (v >= 100 || v == (double)(int64_t)v)
        snprintf(out, FORMAT_SIZE, "%.0f", v);
    else if (v >= 10)
        snprintf(out, FORMAT_SIZE, "%.1f", v);
    else
        snprintf(out, FORMAT_SIZE, "%.2g", v);
    return out;
}

const char *format_rate(char out[FORMAT_SIZE], double per_s)
{
    char number[FORMAT_SIZE];
    if (per_s >= 10 && per_s < 100)
        snprintf(number, sizeof number, "%.1f", per_s);
    else if (per_s > 0 && per_s < 10)
        snprintf(number, sizeof number, "%.1f", per_s);
    else
        format_number(number, per_s);
    snprintf(out, FORMAT_SIZE, "%.20s/s", number);
    return out;
}

const char *format_bytes(char out[FORMAT_SIZE], uint64_t n)
{
    if (n < 1000)
        snprintf(out, FORMAT_SIZE, "%" PRIu64 "B", n);
    else if (n < 1000000)
        snprintf(out, FORMAT_SIZE, "%.1fkB", (double)n / 1e3);
    else
        snprintf(out, FORMAT_SIZE, "%.1fMB", (double)n / 1e6);
    return out;
}
