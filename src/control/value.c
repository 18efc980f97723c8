/* SPDX-License-Identifier: MIT */
/* Text to value and back, independent of the locale.
 *
 * Numbers are read by our own scanner: strtod() obeys LC_NUMERIC, and the program sets a locale. A
 * decimal is read exactly when it has at most 15 digits (one division by a power of ten, which is
 * exact), which is what people write. */
#include "control/value.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"

struct scan {
    const char *p;
};

static void spaces(struct scan *s)
{
    while (*s->p == ' ' || *s->p == '\t')
        s->p++;
}

static bool literal(struct scan *s, const char *word)
{
    spaces(s);
    size_t n = strlen(word);
    if (strncmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/* A decimal without sign or exponent, at most 18 digits: digits / 10^after. */
static bool number_parts(struct scan *s, uint64_t *digits, int *after)
{
    spaces(s);
    const char *first = s->p;
    int n = 0, point = -1;
    *digits = 0;
    for (;; s->p++) {
        if (*s->p >= '0' && *s->p <= '9') {
            if (n >= 18)
                return false;
            *digits = *digits * 10 + (uint64_t)(*s->p - '0');
            n += *digits > 0 || point >= 0;
            if (point >= 0)
                point++;
        } else if (*s->p == '.' && point < 0 && s->p > first && s->p[1] >= '0' && s->p[1] <= '9') {
            point = 0; /* ".." of a range is not a decimal point */
        } else {
            break;
        }
    }
    *after = point > 0 ? point : 0;
    return s->p > first;
}

static bool number(struct scan *s, double *out)
{
    uint64_t digits;
    int after;
    if (!number_parts(s, &digits, &after))
        return false;
    *out = (double)digits / powers[after];
    return true;
}

static bool starts_number(const struct scan *s)
{
    const char *p = s->p;
    while (*p == ' ' || *p == '\t')
        p++;
    return *p >= '0' && *p <= '9';
}

static const struct {
    const char *name;
    int64_t ns;
} units[] = {{"ns", 1},         {"us", 1000},       {"µs", 1000},        {"ms", 1000000},
             {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};

/* digits / 10^after units in whole nanoseconds: exact where it can be, else rounded. */
static bool in_ns(uint64_t digits, int after, int64_t unit, int64_t *ns)
{
    int64_t ten = 1;
    for (int i = 0; i < after && ten < unit; i++)
        ten *= 10;
    if (powers[after] == (double)ten && unit % ten == 0) {
        *ns = (int64_t)(digits * (uint64_t)(unit / ten));
        return digits <= (uint64_t)(INT64_MAX / (unit / ten));
    }
    double v = (double)digits / powers[after] * (double)unit + 0.5;
    if (v >= 9e18)
        return false;
    *ns = (int64_t)v;
    return true;
}

static bool duration(struct scan *s, int64_t *ns)
{
    uint64_t digits;
    int after;
    if (!starts_number(s) || !number_parts(s, &digits, &after))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        size_t n = strlen(units[i].name);
        if (strncmp(s->p, units[i].name, n) == 0 && !(s->p[n] >= 'a' && s->p[n] <= 'z')) {
            s->p += n;
            return in_ns(digits, after, units[i].ns, ns);
        }
    }
    *ns = 0;
    return digits == 0;
}

static bool rate(struct scan *s, double *per_s)
{
    double v;
    if (!starts_number(s) || !number(s, &v))
        return false;
    if (*s->p != '/') {
        *per_s = 0;
        return v == 0;
    }
    s->p++;
    double unit = *s->p == 's' ? 1 : *s->p == 'm' ? 60 : *s->p == 'h' ? 3600 : 0;
    if (!unit)
        return false;
    s->p++;
    *per_s = v / unit;
    return true;
}

static bool at_end(struct scan *s)
{
    spaces(s);
    return *s->p == '\0';
}

const char *value_duration(const char *text, int64_t *ns)
{
    struct scan s = {text};
    if (!duration(&s, ns) || !at_end(&s))
        return "must be a duration such as 80ms, 2s or 1m (ns us ms s m h)";
    return NULL;
}

const char *value_rate(const char *text, double *per_s)
{
    struct scan s = {text};
    if (!rate(&s, per_s) || !at_end(&s))
        return "must be a rate such as 20/s, 1.5/m or 7/h";
    return NULL;
}

const char *value_float(const char *text, double *v)
{
    struct scan s = {text};
    bool minus = literal(&s, "-");
    if (!starts_number(&s) || !number(&s, v))
        return "must be a number such as 0.02 or 2%";
    if (literal(&s, "%"))
        *v /= 100;
    if (minus)
        *v = -*v;
    return at_end(&s) ? NULL : "must be a number such as 0.02 or 2%";
}

const char *value_int(const char *text, int64_t *v)
{
    struct scan s = {text};
    bool minus = literal(&s, "-");
    spaces(&s);
    int64_t n = 0;
    const char *first = s.p;
    for (; *s.p >= '0' && *s.p <= '9'; s.p++) {
        if (n > (INT64_MAX - 9) / 10)
            return "must be a whole number below 9.2e18";
        n = n * 10 + (*s.p - '0');
    }
    if (s.p == first || !at_end(&s))
        return "must be a whole number";
    *v = minus ? -n : n;
    return NULL;
}

const char *value_quantity(const char *text, double *v, enum quantity *unit)
{
    int64_t ns;
    *unit = QUANTITY_NUMBER;
    if (!value_float(text, v))
        return NULL;
    *unit = QUANTITY_PER_S;
    if (!value_rate(text, v))
        return NULL;
    *unit = QUANTITY_NS;
    if (value_duration(text, &ns))
        return "must be a number such as 250, 2%, 80ms or 20/s";
    *v = (double)ns;
    return NULL;
}

const char *value_bool(const char *text, bool *v)
{
    static const char *const yes[] = {"on", "true", "yes", "1"};
    static const char *const no[] = {"off", "false", "no", "0"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *v = strcmp(text, yes[i]) == 0;
            return NULL;
        }
    }
    return "must be on or off";
}

/* ---- distributions --------------------------------------------------------------------------- */

static const char dist_allowed[] =
    "must be a distribution: const(80ms) uniform(50ms..150ms) exp(80ms) normal(80ms, 20ms) "
    "lognormal(80ms, 0.4) pareto(50ms, 1.5), or a duration";

static const char *const dist_names[DIST_KIND_COUNT] = {"const",  "uniform",   "exp",
                                                        "normal", "lognormal", "pareto"};

static bool span_ns(struct scan *s, double *ns)
{
    int64_t n;
    if (!duration(s, &n))
        return false;
    *ns = (double)n;
    return true;
}

const char *value_dist(const char *text, struct dist *d)
{
    struct scan s = {text};
    *d = (struct dist){0};
    if (starts_number(&s))
        return span_ns(&s, &d->a) && at_end(&s) ? NULL : dist_allowed;
    int kind = 0;
    while (kind < DIST_KIND_COUNT && !literal(&s, dist_names[kind]))
        kind++;
    if (kind == DIST_KIND_COUNT || !literal(&s, "(") || !span_ns(&s, &d->a))
        return dist_allowed;
    d->kind = (enum dist_kind)kind;
    bool ok = true;
    if (kind == DIST_UNIFORM)
        ok = literal(&s, "..") && span_ns(&s, &d->b) && d->b >= d->a;
    else if (kind == DIST_NORMAL)
        ok = literal(&s, ",") && span_ns(&s, &d->b);
    else if (kind == DIST_LOGNORMAL || kind == DIST_PARETO)
        ok = literal(&s, ",") && starts_number(&s) && number(&s, &d->b) && d->b <= 100 &&
             (kind == DIST_LOGNORMAL || d->b > 0);
    return ok && literal(&s, ")") && at_end(&s) ? NULL : dist_allowed;
}

/* ---- arrivals -------------------------------------------------------------------------------- */

static const char arrivals_allowed[] =
    "must be arrivals: steady(20/s) poisson(20/s) burst(10 every 1s) ramp(5/s..50/s over 30s) "
    "wave(5/s..50/s every 20s) closed(8 think 100ms) eager trace(FILE)";

static const char *const arrivals_names[ARR_KIND_COUNT] = {"steady", "poisson", "burst", "ramp",
                                                           "wave",   "closed",  "eager", "trace"};

static bool whole(struct scan *s, int64_t *n)
{
    double v;
    if (!starts_number(s) || !number(s, &v) || v < 1 || v > 1e9 || v != (double)(int64_t)v)
        return false;
    *n = (int64_t)v;
    return true;
}

static bool span(struct scan *s, const char *word, int64_t *ns, bool zero_too)
{
    return literal(s, word) && duration(s, ns) && (zero_too || *ns > 0);
}

static bool arrivals_arguments(struct scan *s, struct arrivals *a)
{
    switch (a->kind) {
    case ARR_STEADY:
    case ARR_POISSON:
        return rate(s, &a->rate) && a->rate > 0 && a->rate <= 1e9;
    case ARR_BURST:
        return whole(s, &a->n) && span(s, "every", &a->span_ns, false);
    case ARR_RAMP:
        return rate(s, &a->rate) && literal(s, "..") && rate(s, &a->rate2) &&
               a->rate + a->rate2 > 0 && a->rate <= 1e9 && a->rate2 <= 1e9 &&
               span(s, "over", &a->span_ns, false);
    case ARR_WAVE:
        return rate(s, &a->rate) && literal(s, "..") && rate(s, &a->rate2) &&
               a->rate + a->rate2 > 0 && a->rate <= 1e9 && a->rate2 <= 1e9 &&
               span(s, "every", &a->span_ns, false);
    case ARR_CLOSED:
        return whole(s, &a->n) && a->n <= 1000000 && span(s, "think", &a->span_ns, true);
    case ARR_TRACE: {
        spaces(s);
        const char *end = strrchr(s->p, ')');
        size_t n = end ? (size_t)(end - s->p) : 0;
        if (n == 0 || n >= sizeof a->file)
            return false;
        memcpy(a->file, s->p, n);
        a->file[n] = '\0';
        s->p = end;
        return true;
    }
    case ARR_EAGER:
    case ARR_KIND_COUNT:
        break;
    }
    return false;
}

const char *value_arrivals(const char *text, struct arrivals *a)
{
    struct scan s = {text};
    memset(a, 0, sizeof *a);
    int kind = 0;
    while (kind < ARR_KIND_COUNT && !literal(&s, arrivals_names[kind]))
        kind++;
    if (kind == ARR_KIND_COUNT)
        return arrivals_allowed;
    a->kind = (enum arrivals_kind)kind;
    if (kind == ARR_EAGER)
        return at_end(&s) ? NULL : arrivals_allowed;
    if (!literal(&s, "(") || !arrivals_arguments(&s, a))
        return arrivals_allowed;
    return literal(&s, ")") && at_end(&s) ? NULL : arrivals_allowed;
}

/* ---- back to text ---------------------------------------------------------------------------- */

/* The shortest decimal (at most 18 digits after the point) that reads back as v, or the nearest
 * that number() reads; no locale. */
static void decimal(double v, char *out, size_t size)
{
    const char *sign = v < 0 ? "-" : "";
    if (v < 0)
        v = -v;
    uint64_t best = v < 9e18 ? (uint64_t)(v + 0.5) : (uint64_t)9e18;
    int best_after = 0;
    for (int after = 0; after <= 18 && v * powers[after] < 1e17; after++) {
        best = (uint64_t)(v * powers[after] + 0.5);
        best_after = after;
        if ((double)best / powers[after] == v)
            break;
    }
    while (best_after > 0 && best % 10 == 0) {
        best /= 10;
        best_after--;
    }
    char digits[32];
    snprintf(digits, sizeof digits, "%0*llu", best_after + 1, (unsigned long long)best);
    int point = (int)strlen(digits) - best_after;
    snprintf(out, size, "%s%.*s%s%s", sign, point, digits, best_after ? "." : "", digits + point);
}

void value_format_float(double v, char *out, size_t size)
{
    decimal(v, out, size);
}

void value_format_duration(int64_t ns, char *out, size_t size)
{
    static const struct {
        const char *name;
        int64_t ns;
    } unit[] = {{"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
                {"ms", 1000000},      {"us", 1000},       {"ns", 1}};
    if (ns == 0) {
        snprintf(out, size, "0s");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(unit); i++) {
        /* up to three decimals of a unit read better than thousands of the next one */
        int64_t part = unit[i].ns >= 1000 && i > 1 ? unit[i].ns / 1000 : unit[i].ns;
        if (ns < unit[i].ns || ns % part != 0)
            continue;
        int64_t rest = ns % unit[i].ns / part;
        char decimals[16] = "";
        if (rest) {
            snprintf(decimals, sizeof decimals, ".%03d", (int)rest);
            while (decimals[strlen(decimals) - 1] == '0')
                decimals[strlen(decimals) - 1] = '\0';
        }
        snprintf(out, size, "%lld%s%s", (long long)(ns / unit[i].ns), decimals, unit[i].name);
        return;
    }
    snprintf(out, size, "%lldns", (long long)ns);
}

/* In the unit that makes it short, where that reads back as the same number. */
void value_format_rate(double per_s, char *out, size_t size)
{
    static const struct {
        char unit;
        double s;
    } per[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
    for (size_t i = 0; i < ARRAY_LEN(per); i++) {
        char number_text[40], text[48];
        double back;
        decimal(per_s * per[i].s, number_text, sizeof number_text);
        snprintf(text, sizeof text, "%s/%c", number_text, per[i].unit);
        if (i == 0)
            snprintf(out, size, "%s", text);
        if (strlen(number_text) <= 8 && !value_rate(text, &back) && back == per_s) {
            snprintf(out, size, "%s", text);
            return;
        }
    }
}

void value_format_dist(const struct dist *d, char *out, size_t size)
{
    char a[64], b[64] = "";
    value_format_duration((int64_t)d->a, a, sizeof a);
    switch (d->kind) {
    case DIST_CONST:
        snprintf(out, size, "const(%s)", a);
        return;
    case DIST_EXP:
        snprintf(out, size, "exp(%s)", a);
        return;
    case DIST_UNIFORM:
        value_format_duration((int64_t)d->b, b, sizeof b);
        snprintf(out, size, "uniform(%s..%s)", a, b);
        return;
    case DIST_NORMAL:
        value_format_duration((int64_t)d->b, b, sizeof b);
        break;
    case DIST_LOGNORMAL:
    case DIST_PARETO:
        decimal(d->b, b, sizeof b);
        break;
    case DIST_KIND_COUNT:
        *out = '\0';
        return;
    }
    snprintf(out, size, "%s(%s, %s)", dist_names[d->kind], a, b);
}

void value_format_arrivals(const struct arrivals *a, char *out, size_t size)
{
    char r[64], r2[64], d[64];
    value_format_rate(a->rate, r, sizeof r);
    value_format_rate(a->rate2, r2, sizeof r2);
    value_format_duration(a->span_ns, d, sizeof d);
    const char *name = arrivals_names[a->kind];
    switch (a->kind) {
    case ARR_STEADY:
    case ARR_POISSON:
        snprintf(out, size, "%s(%s)", name, r);
        return;
    case ARR_BURST:
        snprintf(out, size, "burst(%lld every %s)", (long long)a->n, d);
        return;
    case ARR_RAMP:
        snprintf(out, size, "ramp(%s..%s over %s)", r, r2, d);
        return;
    case ARR_WAVE:
        snprintf(out, size, "wave(%s..%s every %s)", r, r2, d);
        return;
    case ARR_CLOSED:
        snprintf(out, size, "closed(%lld think %s)", (long long)a->n, d);
        return;
    case ARR_TRACE:
        snprintf(out, size, "trace(%s)", a->file);
        return;
    case ARR_EAGER:
    case ARR_KIND_COUNT:
        snprintf(out, size, "eager");
        return;
    }
}

void value_human_duration(int64_t ns, char *out, size_t size)
{
    static const struct {
        const char *name;
        double ns;
    } unit[] = {{"h", 3600e9}, {"m", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}, {"ns", 1}};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(unit) && (double)ns < unit[i].ns)
        i++;
    double v = (double)ns / unit[i].ns;
    int after = i >= 5 || v >= 100 ? 0 : v >= 10 ? 1 : 2;
    int64_t scaled = (int64_t)(v * powers[after] + 0.5);
    int64_t ten = (int64_t)powers[after];
    if (after)
        snprintf(out, size, "%lld.%0*lld%s", (long long)(scaled / ten), after,
                 (long long)(scaled % ten), unit[i].name);
    else
        snprintf(out, size, "%lld%s", (long long)scaled, unit[i].name);
}
