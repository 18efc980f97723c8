/* SPDX-License-Identifier: MIT */
/* Judging [expect]: at the end, or at some instant up to a time.
 *
 *   figure by 8s = v      holds if it does after some event at or before 8s, or at 8s itself, when
 *                         nothing happens but means and levels have moved on
 *
 * `diagnosis` is the exact set of kinds that were raised. */
#include "app/expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/value.h"
#include "model/figures.h"

/* ---- diagnoses ------------------------------------------------------------------------------ */

static uint64_t kinds_wanted(const char *list)
{
    uint64_t kinds = 0;
    char *copy = xstrdup(list), *rest = copy, *word;
    while ((word = strsep(&rest, ", \t")))
        for (int i = 0; i < DIAG_COUNT; i++)
            if (strcmp(word, diagnosis_names[i]) == 0)
                kinds |= UINT64_C(1) << i;
    free(copy);
    return kinds;
}

static uint64_t kinds_raised(const struct model *m)
{
    uint64_t kinds = 0;
    for (size_t i = 0; i < m->diagnoses_n; i++)
        kinds |= UINT64_C(1) << m->diagnoses[i].kind;
    return kinds;
}

static void kinds_text(uint64_t kinds, struct str *out)
{
    size_t before = out->len;
    for (int i = 0; i < DIAG_COUNT; i++)
        if (kinds >> i & 1)
            str_addf(out, "%s%s", out->len > before ? ", " : "", diagnosis_names[i]);
    if (out->len == before)
        str_add(out, "none");
}

/* ---- figures -------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

/* A number, with a unit or without: a duration in the figure's own (latency_ms: ms; else s), a
 * rate per second. */
static bool number(const char *figure, const char *text, double *out)
{
    int64_t ns;
    if (!value_float(text, out) || !value_rate(text, out))
        return true;
    bool negative = *text == '-';
    if (negative && !value_float(text + 1, out)) {
        *out = -*out;
        return true;
    }
    if (value_duration(text, &ns))
        return false;
    bool ms = strstr(figure, "_ms.") || ends_with(figure, "_ms");
    *out = ends_with(figure, "_ns") ? (double)ns : (double)ns / (ms ? 1e6 : 1e9);
    return true;
}

static bool compare(enum compare cmp, double found, double want, double high)
{
    switch (cmp) {
    case CMP_EQ:
        return found >= want && found <= want;
    case CMP_NE:
        return found < want || found > want;
    case CMP_LT:
        return found < want;
    case CMP_LE:
        return found <= want;
    case CMP_GT:
        return found > want;
    case CMP_GE:
        return found >= want;
    case CMP_RANGE:
        return found >= want && found <= high;
    }
    return false;
}

/* What was found, for a failure. */
static void found_text(const struct expectation *x, const struct model *m, struct str *out)
{
    if (strcmp(x->figure, "diagnosis") == 0) {
        kinds_text(kinds_raised(m), out);
        return;
    }
    struct figure_value v = figure_get(m, x->figure);
    if (v.type == FIGURE_NUMBER)
        str_addf(out, "%.10g", v.number);
    else if (v.type == FIGURE_WORD)
        str_add(out, v.word);
    else
        str_add(out, "nothing of that name");
}

static bool holds(const struct expectation *x, const struct model *m)
{
    if (strcmp(x->figure, "diagnosis") == 0)
        return (kinds_raised(m) == kinds_wanted(x->want)) == (x->cmp != CMP_NE);
    struct figure_value v = figure_get(m, x->figure);
    double want = 0, high = 0;
    switch (v.type) {
    case FIGURE_NONE:
        return false;
    case FIGURE_WORD:
        return x->cmp == CMP_NE   ? strcmp(v.word, x->want) != 0
               : x->cmp == CMP_EQ ? strcmp(v.word, x->want) == 0
                                  : false;
    case FIGURE_NUMBER:
        if (!number(x->figure, x->want, &want) ||
            (x->want_high && !number(x->figure, x->want_high, &high)))
            return false;
        return compare(x->cmp, v.number, want, high);
    }
    return false;
}

/* ---- over a run ----------------------------------------------------------------------------- */

void expects_init(struct expects *x, const struct scenario *s)
{
    *x = (struct expects){.scenario = s};
    x->verdict = xcalloc(s->expects_n + 1, sizeof *x->verdict);
    x->failures = xcalloc(s->expects_n + 1, sizeof *x->failures);
    for (size_t i = 0; i < s->expects_n; i++)
        x->waiting += s->expects[i].by_ns >= 0;
}

void expects_free(struct expects *x)
{
    for (size_t i = 0; x->scenario && i < x->scenario->expects_n; i++)
        free(x->verdict[i].failure);
    free(x->verdict);
    free(x->failures);
    *x = (struct expects){0};
}

static void fail(struct expects *x, size_t i, const struct model *m)
{
    const struct scenario *s = x->scenario;
    const struct expectation *e = &s->expects[i];
    struct str text = {0};
    str_addf(&text, "%s:%d: expected %s, found ", s->path ? s->path : s->name, e->line, e->source);
    found_text(e, m, &text);
    if (e->by_ns >= 0) {
        char by[64];
        value_human_duration(e->by_ns, by, sizeof by);
        str_addf(&text, " at %s", by);
    }
    if (x->cut_ns && m->ended && m->end_why == END_FOR) {
        char cut[64];
        value_format_duration(x->cut_ns, cut, sizeof cut);
        str_addf(&text, "; --for %s ended the run", cut);
    }
    x->verdict[i].failure = str_take(&text);
}

void expects_see(struct expects *x, const struct model *m)
{
    if (!x->waiting)
        return;
    for (size_t i = 0; i < x->scenario->expects_n; i++) {
        const struct expectation *e = &x->scenario->expects[i];
        struct verdict *v = &x->verdict[i];
        if (e->by_ns < 0 || v->held || v->failure || m->now_ns > e->by_ns)
            continue;
        v->held = holds(e, m);
        x->waiting -= v->held;
    }
}

void expects_pass(struct expects *x, struct model *m, int64_t t_ns)
{
    if (!x->waiting)
        return;
    for (;;) { /* in order of their instants, because the model only goes forward */
        size_t first = SIZE_MAX;
        for (size_t i = 0; i < x->scenario->expects_n; i++) {
            const struct expectation *e = &x->scenario->expects[i];
            if (e->by_ns >= 0 && e->by_ns < t_ns && !x->verdict[i].held && !x->verdict[i].failure &&
                (first == SIZE_MAX || e->by_ns < x->scenario->expects[first].by_ns))
                first = i;
        }
        if (first == SIZE_MAX)
            return;
        if (x->scenario->expects[first].by_ns > m->now_ns)
            model_advance(m, x->scenario->expects[first].by_ns);
        x->waiting--;
        x->verdict[first].held = holds(&x->scenario->expects[first], m);
        if (!x->verdict[first].held)
            fail(x, first, m);
    }
}

void expects_end(struct expects *x, const struct model *m)
{
    for (size_t i = 0; i < x->scenario->expects_n; i++) {
        struct verdict *v = &x->verdict[i];
        if (!v->held && !v->failure) {
            v->held = holds(&x->scenario->expects[i], m);
            if (!v->held)
                fail(x, i, m);
        }
        if (v->held)
            x->passed++;
        else
            x->failures[x->failed++] = v->failure;
    }
}
