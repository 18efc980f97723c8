/* SPDX-License-Identifier: MIT */
/* Parameters: set, format, step, and what is allowed, all from the row. */
#include "control/param.h"

#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/str.h"

static const void *at(const struct param *p, const void *block)
{
    return (const char *)block + p->offset;
}

static void *at_rw(const struct param *p, void *block)
{
    return (char *)block + p->offset;
}

static size_t size_of(const struct param *p)
{
    switch (p->type) {
    case PT_INT:
    case PT_DURATION:
        return sizeof(int64_t);
    case PT_FLOAT:
    case PT_RATE:
        return sizeof(double);
    case PT_BOOL:
        return sizeof(bool);
    case PT_CHOICE:
        return sizeof(int);
    case PT_DIST:
        return sizeof(struct dist);
    case PT_ARRIVALS:
        return sizeof(struct arrivals);
    case PT_TEXT:
        return PARAM_TEXT;
    }
    return 0;
}

const struct param *param_find(const struct param_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->rows[i].name, name) == 0)
            return &t->rows[i];
    return NULL;
}

void param_defaults(const struct param_table *t, void *block)
{
    memset(block, 0, t->size);
    for (size_t i = 0; i < t->n; i++) {
        const char *bad = param_set(&t->rows[i], block, t->rows[i].def);
        if (bad)
            die("default of %s.%s: %s", t->section, t->rows[i].name, bad);
    }
}

/* One "key = value" of a preset. */
static bool preset_value(const struct param_table *t, void *block, const char *text, size_t n)
{
    char key[64], value[PARAM_TEXT];
    while (n && *text == ' ') {
        text++;
        n--;
    }
    const char *eq = memchr(text, '=', n);
    VERIFY(eq && eq - text > 1 && (size_t)(eq - text) < sizeof key);
    snprintf(key, sizeof key, "%.*s", (int)(eq - text - 1), text);
    snprintf(value, sizeof value, "%.*s", (int)(text + n - eq - 2), eq + 2);
    const struct param *row = param_find(t, key);
    return row && !param_set(row, block, value);
}

bool param_preset(const struct param_table *t, void *block, const char *name)
{
    for (size_t i = 0; i < t->presets_n; i++) {
        if (strcmp(t->presets[i].name, name) != 0)
            continue;
        for (const char *p = t->presets[i].values; *p;) {
            size_t n = strcspn(p, ";");
            if (!preset_value(t, block, p, n))
                die("preset %s of [%s]: %.*s", name, t->section, (int)n, p);
            p += n + (p[n] == ';');
        }
        return true;
    }
    return false;
}

static _Thread_local char sentence[512];

static const char *not_allowed(const struct param *p)
{
    char allowed[400];
    param_allowed(p, allowed, sizeof allowed);
    snprintf(sentence, sizeof sentence, "must be %s", allowed);
    return sentence;
}

static bool within(const struct param *p, double v)
{
    return v >= p->min && (p->max == 0 || v <= p->max);
}

/* A '#' does not begin a comment after a value; say so where a number has one. */
static const char *with_hash(const char *text, const char *bad)
{
    if (!bad || !strchr(text, '#'))
        return bad;
    static _Thread_local char longer[600];
    snprintf(longer, sizeof longer, "%s ('#' does not begin a comment here, ';' does)", bad);
    return longer;
}

static const char *set_number(const struct param *p, void *block, const char *text)
{
    int64_t i;
    double d;
    switch (p->type) {
    case PT_INT:
        if (p->automatic && strcmp(text, "auto") == 0)
            i = PARAM_AUTO;
        else if (value_int(text, &i) || !within(p, (double)i))
            return not_allowed(p);
        memcpy(at_rw(p, block), &i, sizeof i);
        return NULL;
    case PT_DURATION: {
        bool forever = p->forever && strcmp(text, "forever") == 0;
        const char *bad = forever ? NULL : value_duration(text, &i);
        if (bad)
            return bad;
        if (forever)
            i = PARAM_FOREVER;
        else if (!within(p, (double)i))
            return not_allowed(p);
        memcpy(at_rw(p, block), &i, sizeof i);
        return NULL;
    }
    default: {
        const char *bad = p->type == PT_RATE ? value_rate(text, &d) : value_float(text, &d);
        if (bad)
            return bad;
        if (!within(p, d))
            return not_allowed(p);
        memcpy(at_rw(p, block), &d, sizeof d);
        return NULL;
    }
    }
}

static const char *set_choice(const struct param *p, void *block, const char *text)
{
    int n = 0;
    while (p->choices[n]) {
        if (strcmp(p->choices[n], text) == 0) {
            memcpy(at_rw(p, block), &n, sizeof n);
            return NULL;
        }
        n++;
    }
    const char *near = str_nearest(text, p->choices, (size_t)n);
    char allowed[400];
    param_allowed(p, allowed, sizeof allowed);
    snprintf(sentence, sizeof sentence, near ? "must be %s (did you mean '%s'?)" : "must be %s",
             allowed, near);
    return sentence;
}

static const char *set_text(const struct param *p, void *block, const char *text)
{
    size_t n = strlen(text);
    if (n >= PARAM_TEXT) {
        snprintf(sentence, sizeof sentence, "must be shorter than %d bytes", PARAM_TEXT);
        return sentence;
    }
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return "must be one line of text";
    const char *bad = p->check ? p->check(text) : NULL;
    if (bad)
        return bad;
    memset(at_rw(p, block), 0, PARAM_TEXT);
    memcpy(at_rw(p, block), text, n);
    return NULL;
}

const char *param_set(const struct param *p, void *block, const char *text)
{
    const char *bad = NULL;
    switch (p->type) {
    case PT_INT:
    case PT_FLOAT:
    case PT_DURATION:
    case PT_RATE:
        bad = set_number(p, block, text);
        break;
    case PT_BOOL: {
        bool b;
        if (!(bad = value_bool(text, &b)))
            memcpy(at_rw(p, block), &b, sizeof b);
        break;
    }
    case PT_CHOICE:
        bad = set_choice(p, block, text);
        break;
    case PT_DIST: {
        struct dist d;
        if (!(bad = value_dist(text, &d)))
            memcpy(at_rw(p, block), &d, sizeof d);
        break;
    }
    case PT_ARRIVALS: {
        struct arrivals a;
        if (!(bad = value_arrivals(text, &a)))
            memcpy(at_rw(p, block), &a, sizeof a);
        break;
    }
    case PT_TEXT:
        return set_text(p, block, text);
    }
    return with_hash(text, bad);
}

static int64_t get_int(const struct param *p, const void *block)
{
    int64_t i;
    memcpy(&i, at(p, block), sizeof i);
    return i;
}

static double get_double(const struct param *p, const void *block)
{
    double d;
    memcpy(&d, at(p, block), sizeof d);
    return d;
}

static int get_choice(const struct param *p, const void *block)
{
    int i;
    memcpy(&i, at(p, block), sizeof i);
    return i;
}

void param_format(const struct param *p, const void *block, char *out, size_t size)
{
    switch (p->type) {
    case PT_INT:
        if (p->automatic && get_int(p, block) == PARAM_AUTO)
            snprintf(out, size, "auto");
        else
            snprintf(out, size, "%lld", (long long)get_int(p, block));
        return;
    case PT_DURATION:
        if (p->forever && get_int(p, block) == PARAM_FOREVER)
            snprintf(out, size, "forever");
        else
            value_format_duration(get_int(p, block), out, size);
        return;
    case PT_FLOAT:
        value_format_float(get_double(p, block), out, size);
        return;
    case PT_RATE:
        value_format_rate(get_double(p, block), out, size);
        return;
    case PT_BOOL:
        snprintf(out, size, "%s", *(const bool *)at(p, block) ? "on" : "off");
        return;
    case PT_CHOICE:
        snprintf(out, size, "%s", p->choices[get_choice(p, block)]);
        return;
    case PT_DIST: {
        struct dist d;
        memcpy(&d, at(p, block), sizeof d);
        value_format_dist(&d, out, size);
        return;
    }
    case PT_ARRIVALS: {
        struct arrivals a;
        memcpy(&a, at(p, block), sizeof a);
        value_format_arrivals(&a, out, size);
        return;
    }
    case PT_TEXT:
        snprintf(out, size, "%s", (const char *)at(p, block));
        return;
    }
}

bool param_equal(const struct param *p, const void *block_a, const void *block_b)
{
    const void *a = at(p, block_a), *b = at(p, block_b);
    if (p->type == PT_DIST) { /* not their padding */
        const struct dist *x = a, *y = b;
        return x->kind == y->kind && x->a == y->a && x->b == y->b;
    }
    if (p->type == PT_ARRIVALS) {
        const struct arrivals *x = a, *y = b;
        return x->kind == y->kind && x->rate == y->rate && x->rate2 == y->rate2 && x->n == y->n &&
               x->span_ns == y->span_ns && strcmp(x->file, y->file) == 0;
    }
    return memcmp(a, b, size_of(p)) == 0;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Where stepping ends when a row has no upper bound: still exact in a double and in text. */
static const double step_limit = 1e15;

/* The next of …, 1, 2, 5, 10, 20, 50, … above or below v. */
static double ladder(double v, bool up, double least)
{
    static const double rung[] = {1, 2, 5};
    if (v <= 0)
        return up ? least : 0;
    double scale = least;
    double before = 0;
    for (;; scale *= 10)
        for (int i = 0; i < 3; i++) {
            double r = rung[i] * scale;
            if (up && r > v * (1 + 1e-9))
                return r;
            if (!up && r >= v * (1 - 1e-9))
                return before;
            before = r;
        }
}

static double step_int(double v, bool up)
{
    if (v < 20 || (v == 20 && !up))
        return v + (up ? 1 : -1);
    double scale = 1;
    while (v >= 200 * scale || (v == 200 * scale && !up && scale > 1))
        scale *= 10;
    double step = (v < 100 * scale || (v == 100 * scale && !up) ? 5 : 10) * scale;
    double n = (double)(int64_t)(v / step) * step;
    return up ? n + step : n == v ? v - step : n;
}

/* In hundredths, by 1 below 0.1 and by 5 above: the result is the nearest double to its text. */
static double step_share(double v, bool up)
{
    int64_t n = (int64_t)(v * 100 + 0.5), step = n < 10 || (n == 10 && !up) ? 1 : 5;
    return (double)((up ? n / step + 1 : (n + step - 1) / step - 1) * step) / 100;
}

static double clamp(const struct param *p, double v)
{
    double max = p->max != 0 ? p->max : step_limit;
    return v < p->min ? p->min : v > max ? max : v;
}

static void step_arrivals(struct arrivals *a, bool up)
{
    if (a->kind == ARR_BURST || a->kind == ARR_CLOSED) {
        double n = step_int((double)a->n, up), most = a->kind == ARR_BURST ? 1e9 : 1e6;
        if (n >= 1 && n <= most)
            a->n = (int64_t)n;
    } else if (a->kind != ARR_EAGER && a->kind != ARR_TRACE) {
        double r = ladder(a->rate, up, 1);
        if (r > 0 && r <= 1e9)
            a->rate = r;
    }
}

static void step_dist(struct dist *d, bool up)
{
    double a = ladder(d->a, up, 1e6);
    if (a > step_limit)
        return;
    if (d->kind == DIST_UNIFORM && d->a > 0 && d->b * (a / d->a) < step_limit)
        d->b = (double)(int64_t)(d->b * (a / d->a) + 0.5);
    d->a = a;
    if (d->kind == DIST_UNIFORM && d->b < a)
        d->b = a;
}

static void step_once(const struct param *p, void *block, bool up)
{
    double v;
    int64_t i;
    switch (p->type) {
    case PT_INT:
        i = get_int(p, block);
        if (i == PARAM_AUTO && p->automatic)
            i = up ? (int64_t)p->min - 1 : (int64_t)p->min;
        i = (int64_t)clamp(p, step_int((double)i, up));
        memcpy(at_rw(p, block), &i, sizeof i);
        return;
    case PT_DURATION:
        if (p->forever && get_int(p, block) == PARAM_FOREVER && up)
            return;
        i = (int64_t)(clamp(p, ladder((double)get_int(p, block), up, 1e6)) + 0.5);
        memcpy(at_rw(p, block), &i, sizeof i);
        return;
    case PT_FLOAT:
        v = get_double(p, block);
        v = clamp(p, p->max > 0 && p->max <= 1 ? step_share(v, up) : ladder(v, up, 0.01));
        memcpy(at_rw(p, block), &v, sizeof v);
        return;
    case PT_RATE:
        v = clamp(p, ladder(get_double(p, block), up, 1));
        memcpy(at_rw(p, block), &v, sizeof v);
        return;
    case PT_BOOL: {
        bool b = up;
        memcpy(at_rw(p, block), &b, sizeof b);
        return;
    }
    case PT_CHOICE: {
        int n = 0, c = get_choice(p, block);
        while (p->choices[n])
            n++;
        VERIFY(n > 0);
        c = (c + (up ? 1 : n - 1)) % n;
        memcpy(at_rw(p, block), &c, sizeof c);
        return;
    }
    case PT_DIST: {
        struct dist d;
        memcpy(&d, at(p, block), sizeof d);
        step_dist(&d, up);
        memcpy(at_rw(p, block), &d, sizeof d);
        return;
    }
    case PT_ARRIVALS: {
        struct arrivals a;
        memcpy(&a, at(p, block), sizeof a);
        step_arrivals(&a, up);
        memcpy(at_rw(p, block), &a, sizeof a);
        return;
    }
    case PT_TEXT:
        return;
    }
}

void param_step(const struct param *p, void *block, int steps)
{
    for (int i = 0; i < steps; i++)
        step_once(p, block, true);
    for (int i = 0; i > steps; i--)
        step_once(p, block, false);
}

static void format_bound(const struct param *p, double v, char *out, size_t size)
{
    if (p->type == PT_DURATION)
        value_format_duration((int64_t)v, out, size);
    else if (p->type == PT_RATE)
        value_format_rate(v, out, size);
    else
        value_format_float(v, out, size);
}

void param_allowed(const struct param *p, char *out, size_t size)
{
    struct str s = {0};
    char low[64], high[64];
    switch (p->type) {
    case PT_INT:
    case PT_FLOAT:
    case PT_DURATION:
    case PT_RATE:
        format_bound(p, p->min, low, sizeof low);
        format_bound(p, p->max, high, sizeof high);
        if (p->max != 0)
            str_addf(&s, "%s..%s", low, high);
        else
            str_addf(&s, "%s or more", low);
        if (p->automatic)
            str_add(&s, " or auto");
        if (p->forever)
            str_add(&s, " or forever");
        break;
    case PT_BOOL:
        str_add(&s, "on or off");
        break;
    case PT_CHOICE:
        for (int i = 0; p->choices[i]; i++)
            str_addf(&s, "%s%s", i ? (p->choices[i + 1] ? ", " : " or ") : "", p->choices[i]);
        break;
    case PT_DIST:
        str_add(&s, "a distribution: const exp uniform normal lognormal pareto");
        break;
    case PT_ARRIVALS:
        str_add(&s, "steady poisson burst ramp wave closed eager trace");
        break;
    case PT_TEXT:
        str_add(&s, p->allowed ? p->allowed : "text");
        break;
    }
    snprintf(out, size, "%s", s.data ? s.data : "");
    str_free(&s);
}
