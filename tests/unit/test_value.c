/* SPDX-License-Identifier: MIT */
/* Values: what is read, what is refused, and that every value's text reads back as the value. */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/rng.h"
#include "control/value.h"

Test(value, durations)
{
    static const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"0", 0},
        {"0.0", 0},
        {"80ms", 80000000},
        {"1.5s", 1500000000},
        {" 2 s", -1},
        {"2s ", 2000000000},
        {"1ns", 1},
        {"0.5ns", 1},
        {"12us", 12000},
        {"12µs", 12000},
        {"1m", 60000000000},
        {"2h", 7200000000000},
        {"0.1us", 100},
        {"1234567.891s", 1234567891000000},
        {"9223372036s", 9223372036000000000},
        {"123456789012345678ns", 123456789012345678},
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int64_t ns = -1;
        const char *bad = value_duration(good[i].text, &ns);
        if (good[i].ns < 0)
            cr_assert_not_null(bad, "%s", good[i].text);
        else
            cr_assert(!bad && ns == good[i].ns, "%s gives %lld", good[i].text, (long long)ns);
    }
    static const char *const bad[] = {
        "",      "80",   "-1s",   "1..2s", "1.s",         ".5s",
        "1e3s",  "1d",   "80 ms", "ms",    "1mss",        "1s2",
        "1h30m", "auto", "1,5s",  "0x1s",  "9300000000s", "1234567890123456789ns",
        "inf",   "nan",  "+1s"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ns;
        cr_assert_not_null(value_duration(bad[i], &ns), "%s", bad[i]);
    }
}

Test(value, rates_numbers_words)
{
    double v;
    int64_t n;
    bool b;
    cr_assert(!value_rate("20/s", &v) && v == 20);
    cr_assert(!value_rate("7.0/s", &v) && v == 7);
    cr_assert(!value_rate("1.5/m", &v) && v == 1.5 / 60);
    cr_assert(!value_rate("7/h", &v) && v == 7.0 / 3600);
    cr_assert(!value_rate("0", &v) && v == 0);
    static const char *const no_rate[] = {"", "20", "20/", "20/d", "20 /s", "-1/s", "/s", "2/sec"};
    for (size_t i = 0; i < ARRAY_LEN(no_rate); i++)
        cr_assert_not_null(value_rate(no_rate[i], &v), "%s", no_rate[i]);

    cr_assert(!value_float("0.02", &v) && v == 0.02);
    cr_assert(!value_float("2%", &v) && v == 0.02);
    cr_assert(!value_float("-1.25", &v) && v == -1.25);
    cr_assert(!value_float("0.30000000000000004", &v) && v == 0.30000000000000004);
    static const char *const no_float[] = {"", "-", "1e5", "1,5", "%", "2%%", "0x10", "1 2", "nan"};
    for (size_t i = 0; i < ARRAY_LEN(no_float); i++)
        cr_assert_not_null(value_float(no_float[i], &v), "%s", no_float[i]);

    cr_assert(!value_int("9223372036854775799", &n) && n == 9223372036854775799);
    cr_assert(!value_int("-12", &n) && n == -12);
    static const char *const no_int[] = {"", "-", "1.0", "4 # four", "99999999999999999999", "1k"};
    for (size_t i = 0; i < ARRAY_LEN(no_int); i++)
        cr_assert_not_null(value_int(no_int[i], &n), "%s", no_int[i]);

    static const char *const yes[] = {"on", "true", "yes", "1"};
    static const char *const no[] = {"off", "false", "no", "0"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(!value_bool(yes[i], &b) && b);
        cr_assert(!value_bool(no[i], &b) && !b);
    }
    cr_assert_not_null(value_bool("maybe", &b));
}

Test(value, quantities)
{
    double v;
    enum quantity unit;
    cr_assert(!value_quantity("250", &v, &unit) && v == 250 && unit == QUANTITY_NUMBER);
    cr_assert(!value_quantity("2%", &v, &unit) && v == 0.02 && unit == QUANTITY_NUMBER);
    cr_assert(!value_quantity("-3", &v, &unit) && v == -3);
    cr_assert(!value_quantity("80ms", &v, &unit) && v == 8e7 && unit == QUANTITY_NS);
    cr_assert(!value_quantity("20/s", &v, &unit) && v == 20 && unit == QUANTITY_PER_S);
    cr_assert_not_null(value_quantity("open", &v, &unit));
    cr_assert_not_null(value_quantity("", &v, &unit));
}

Test(value, distributions_that_are_none)
{
    static const char *const bad[] = {
        "",
        "const",
        "const()",
        "const(80)",
        "const(80ms",
        "const(80ms))",
        "uniform(50ms)",
        "uniform(150ms..50ms)",
        "normal(80ms)",
        "normal(80ms, 20)",
        "lognormal(80ms, -1)",
        "lognormal(80ms, 0.4ms)",
        "lognormal(80ms, 1000)",
        "pareto(50ms, 0)",
        "exp(80ms, 1)",
        "gauss(80ms)",
        "80",
        "-80ms",
    };
    struct dist d;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_not_null(value_dist(bad[i], &d), "%s", bad[i]);
    cr_assert(!value_dist("80ms", &d) && d.kind == DIST_CONST && d.a == 8e7);
    cr_assert(!value_dist("lognormal( 80ms ,0.4 )", &d) && d.b == 0.4);
    cr_assert(!value_dist("0", &d) && d.a == 0);
}

Test(value, arrivals_that_are_none)
{
    static const char *const bad[] = {
        "",
        "poisson",
        "poisson(0)",
        "poisson(0/s)",
        "poisson(20)",
        "poisson(2000000000/s)",
        "burst(0 every 1s)",
        "burst(1.5 every 1s)",
        "burst(10 every 0s)",
        "burst(10)",
        "ramp(0/s..0/s over 30s)",
        "ramp(5/s..50/s over 0s)",
        "ramp(5/s..50/s every 3s)",
        "wave(5/s..50/s)",
        "closed(8)",
        "closed(9000000 think 1s)",
        "eager()",
        "eagerly",
        "trace()",
        "trace",
        "trace(a.csv",
        "trace(a.csv) x",
        "poisson(20/s) poisson(20/s)",
    };
    struct arrivals a;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_not_null(value_arrivals(bad[i], &a), "%s", bad[i]);
    char longer[400] = "trace(";
    memset(longer + 6, 'x', 300);
    strcpy(longer + 306, ")");
    cr_assert_not_null(value_arrivals(longer, &a));
    cr_assert(!value_arrivals("trace(my (own) file.csv)", &a));
    cr_assert_str_eq(a.file, "my (own) file.csv");
    cr_assert(!value_arrivals("closed(8 think 0)", &a) && a.n == 8 && a.span_ns == 0);
    cr_assert(!value_arrivals("eager", &a) && a.kind == ARR_EAGER);
}

/* ---- round trips: draw a value, write it, read it ---------------------------------------------
 */

static struct rng r;

/* 1 to `most` digits, some of them after a point. */
static double draw_decimal(unsigned most, double limit)
{
    double v;
    do {
        uint64_t digits = 0, ten = 1;
        for (unsigned n = 1 + rng_below(&r, most); n; n--)
            digits = digits * 10 + rng_below(&r, 10);
        for (unsigned n = rng_below(&r, most); n; n--)
            ten *= 10;
        v = (double)digits / (double)ten;
    } while (v >= limit);
    return v;
}

static int64_t draw_ns(void)
{
    static const int64_t unit[] = {1, 1000, 1000000, 1000000000, 60000000000, 3600000000000};
    int64_t u = unit[rng_below(&r, 6)];
    return rng_below(&r, 3) ? (int64_t)rng_below(&r, 5000) * u
                            : (int64_t)(rng_u64(&r) >> (10 + rng_below(&r, 50)));
}

Test(value, every_text_reads_back)
{
    char text[VALUE_TEXT];
    rng_init(&r, 11, "values");
    for (int i = 0; i < 100000; i++) {
        double v = draw_decimal(15, 1e15), back;
        if (rng_below(&r, 2))
            v = -v;
        value_format_float(v, text, sizeof text);
        cr_assert(!value_float(text, &back) && back == v, "%.17g is %s", v, text);

        int64_t ns = draw_ns(), ns_back;
        value_format_duration(ns, text, sizeof text);
        cr_assert(!value_duration(text, &ns_back) && ns_back == ns, "%lld is %s", (long long)ns,
                  text);

        static const double per[] = {1, 60, 3600};
        v = draw_decimal(7, 1e9) / per[rng_below(&r, 3)];
        value_format_rate(v, text, sizeof text);
        cr_assert(!value_rate(text, &back), "%s", text);
        cr_assert(back == v || (back > v * (1 - 1e-12) && back < v * (1 + 1e-12)), "%.17g is %s", v,
                  text);
    }
}

Test(value, every_distribution_reads_back)
{
    char text[VALUE_TEXT];
    rng_init(&r, 12, "values");
    for (int i = 0; i < 50000; i++) {
        struct dist d = {.kind = (enum dist_kind)rng_below(&r, DIST_KIND_COUNT)}, back;
        d.a = (double)draw_ns();
        if (d.kind == DIST_UNIFORM)
            d.b = (double)(int64_t)(d.a + (double)draw_ns());
        else if (d.kind == DIST_NORMAL)
            d.b = (double)draw_ns();
        else if (d.kind == DIST_LOGNORMAL || d.kind == DIST_PARETO)
            d.b = draw_decimal(6, 100) + 1e-6;
        value_format_dist(&d, text, sizeof text);
        const char *bad = value_dist(text, &back);
        cr_assert(!bad, "%s: %s", text, bad);
        cr_assert(back.kind == d.kind && back.a == d.a, "%s", text);
        cr_assert(back.b == d.b || (d.kind >= DIST_LOGNORMAL && back.b > d.b * (1 - 1e-12) &&
                                    back.b < d.b * (1 + 1e-12)),
                  "%.17g in %s", d.b, text);
    }
}

Test(value, all_arrivals_read_back)
{
    char text[VALUE_TEXT], again[VALUE_TEXT];
    rng_init(&r, 13, "values");
    for (int i = 0; i < 50000; i++) {
        struct arrivals a = {.kind = (enum arrivals_kind)rng_below(&r, ARR_KIND_COUNT)}, back;
        a.rate = (1 + rng_below(&r, 1000000)) / 1000.0;
        a.rate2 = rng_below(&r, 100000) / 4.0;
        a.n = 1 + rng_below(&r, 1000000);
        a.span_ns = draw_ns() + 1;
        snprintf(a.file, sizeof a.file, "t%d.csv", i);
        value_format_arrivals(&a, text, sizeof text);
        const char *bad = value_arrivals(text, &back);
        cr_assert(!bad, "%s: %s", text, bad);
        cr_assert_eq(back.kind, a.kind);
        cr_assert(back.rate == a.rate || a.kind >= ARR_BURST, "%s", text);
        value_format_arrivals(&back, again, sizeof again);
        cr_assert_str_eq(again, text);
    }
}

Test(value, locale_changes_nothing)
{
    char text[VALUE_TEXT];
    double v;
    /* Where a locale with a decimal comma is installed, it must not matter. */
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        setlocale(LC_ALL, "");
    value_format_float(0.5, text, sizeof text);
    cr_assert_str_eq(text, "0.5");
    value_format_duration(1500000, text, sizeof text);
    cr_assert_str_eq(text, "1.5ms");
    cr_assert(!value_float("0.25", &v) && v == 0.25);
}

Test(value, texts_for_people)
{
    static const struct {
        int64_t ns;
        const char *exact, *human;
    } c[] = {
        {0, "0s", "0ns"},
        {80000000, "80ms", "80.0ms"},
        {1300000000, "1.3s", "1.30s"},
        {12400, "12.4us", "12.4µs"},
        {90000000000, "90s", "1.50m"},
        {120000000000, "2m", "2.00m"},
        {7200000000000, "2h", "2.00h"},
        {999, "999ns", "999ns"},
        {1234567, "1234.567us", "1.23ms"},
        {123456789, "123456.789us", "123ms"},
    };
    char text[VALUE_TEXT];
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        value_format_duration(c[i].ns, text, sizeof text);
        cr_assert_str_eq(text, c[i].exact);
        value_human_duration(c[i].ns, text, sizeof text);
        cr_assert_str_eq(text, c[i].human);
    }
    value_format_rate(20, text, sizeof text);
    cr_assert_str_eq(text, "20/s");
    value_format_rate(7.0 / 3600, text, sizeof text);
    cr_assert_str_eq(text, "7/h");
}
