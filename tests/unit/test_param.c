/* SPDX-License-Identifier: MIT */
/* Parameter tables: every table of the program proves itself, and one with all types is stepped,
 * written and read at random. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "patterns/pattern.h"
#include "policies/policies.h"
#include "test_schema.h"

static bool within(const struct param *p, const void *block)
{
    const char *at = (const char *)block + p->offset;
    double v;
    if (p->type == PT_INT || p->type == PT_DURATION) {
        int64_t i;
        memcpy(&i, at, sizeof i);
        if ((p->automatic && i == PARAM_AUTO) || (p->forever && i == PARAM_FOREVER))
            return true;
        v = (double)i;
    } else if (p->type == PT_FLOAT || p->type == PT_RATE) {
        memcpy(&v, at, sizeof v);
    } else {
        return true;
    }
    return v >= p->min && (p->max == 0 || v <= p->max);
}

/* The value's text is read back as the same value. */
static void round_trip(const struct param_table *t, const struct param *p, const void *block)
{
    char text[VALUE_TEXT];
    void *other = xcalloc(1, t->size);
    param_format(p, block, text, sizeof text);
    const char *bad = param_set(p, other, text);
    cr_assert(!bad, "%s.%s = %s: %s", t->section, p->name, text, bad);
    cr_assert(param_equal(p, block, other), "%s.%s = %s", t->section, p->name, text);
    free(other);
}

static void prove_row(const struct param_table *t, const struct param *p, void *block)
{
    char text[512];
    cr_assert(p->name && *p->name && p->def && p->help && *p->help && p->unit, "%s: a row lacks",
              t->section);
    for (const char *c = p->name; *c; c++)
        cr_assert((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_', "%s", p->name);
    cr_assert_eq(param_find(t, p->name), p, "%s.%s stands twice", t->section, p->name);
    cr_assert_lt(p->offset, t->size);
    cr_assert(p->max == 0 || p->max > p->min, "%s.%s: its range", t->section, p->name);
    cr_assert((p->type == PT_CHOICE) == (p->choices != NULL), "%s.%s", t->section, p->name);
    param_allowed(p, text, sizeof text);
    cr_assert(*text && strlen(text) < sizeof text - 1);
    round_trip(t, p, block);
    for (int i = 0; i < 40; i++) {
        param_step(p, block, i < 25 ? 1 : -2);
        cr_assert(within(p, block), "%s.%s leaves its range", t->section, p->name);
        round_trip(t, p, block);
    }
    cr_assert_not_null(param_set(p, block, "\x01"), "%s.%s takes a control byte", t->section,
                       p->name);
}

/* A choice `preset` lists the presets; each sets what it says, also where it stands over another.
 */
static void prove_presets(const struct param_table *t, void *block)
{
    const struct param *row = param_find(t, "preset");
    cr_assert_eq(row != NULL, t->presets_n > 0, "%s", t->section);
    for (size_t i = 0; i < t->presets_n; i++) {
        const struct param_preset *p = &t->presets[i];
        cr_assert_str_eq(row->choices[i], p->name);
        cr_assert(*p->help, "%s: preset %s has no help", t->section, p->name);
        param_defaults(t, block);
        cr_assert(param_preset(t, block, p->name)); /* dies when a value is none */
        cr_assert_eq(i == 0, !*p->values, "%s: preset %s", t->section, p->name);
    }
    if (row)
        cr_assert_null(row->choices[t->presets_n]);
    cr_assert_not(param_preset(t, block, "nobody"));
}

static void prove(const struct param_table *t)
{
    cr_assert(t->section && *t->section && t->help && *t->help);
    void *block = xcalloc(1, t->size);
    param_defaults(t, block); /* dies when one does not parse */
    for (size_t i = 0; i < t->n; i++) {
        cr_assert(within(&t->rows[i], block), "default of %s.%s", t->section, t->rows[i].name);
        for (size_t k = i + 1; k < t->n; k++)
            cr_assert_neq(t->rows[i].offset, t->rows[k].offset, "%s: two rows, one place",
                          t->section);
        prove_row(t, &t->rows[i], block);
    }
    prove_presets(t, block);
    free(block);
}

Test(param, tables_of_the_program_prove_themselves)
{
    prove(&scenario_table);
    size_t n = 0;
    for (const struct pattern *const *p = patterns; *p; p++)
        for (const struct param_table *const *t = (*p)->tables; *t; t++) {
            prove(*t);
            n++;
            for (const struct param_table *const *u = t + 1; *u; u++)
                cr_assert_str_neq((*t)->section, (*u)->section);
        }
    cr_assert_gt(n, 0, "no pattern has a table");
    for (size_t i = 0; policy_tables[i]; i++)
        prove(policy_tables[i]);
}

Test(param, the_test_table_proves_itself)
{
    prove(&pool_table);
    prove(&limiter_table);
}

static struct pool_params pool(void)
{
    struct pool_params p;
    param_defaults(&pool_table, &p);
    return p;
}

static const struct param *row(const char *name)
{
    return param_find(&pool_table, name);
}

Test(param, refuses_with_what_is_allowed)
{
    static const struct {
        const char *name, *text, *says;
    } c[] = {
        {"workers", "0", "must be 1..10000 or auto"},
        {"patience", "0.5", "must be a duration"},
        {"patience", "2h", "must be 0s..1h or forever"},
        {"timeout", "forever", "must be a duration"},
        {"word", "noun!", "a word must not shout"},
        {"workers", "ten", "must be 1..10000 or auto"},
        {"workers", "4 # four", "'#' does not begin a comment here"},
        {"queue", "auto", "must be 0..100000"},
        {"queue", "-1", "must be 0..100000"},
        {"timeout", "2h", "must be 0s..1h"},
        {"timeout", "80", "must be a duration such as 80ms"},
        {"share", "1.5", "must be 0..1"},
        {"share", "101%", "must be 0..1"},
        {"rate", "20", "must be a rate such as 20/s"},
        {"rate", "2000000/s", "must be 0/s..1000000/s"},
        {"hung", "perhaps", "must be on or off"},
        {"mode", "heep", "must be heap, two_queues or none (did you mean 'heap'?)"},
        {"mode", "", "must be heap, two_queues or none"},
        {"latency", "expo(1s)", "must be a distribution"},
        {"arrivals", "poisson", "must be arrivals"},
        {"label", "a\nb", "must be one line"},
    };
    struct pool_params p = pool(), before = p;
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        const char *bad = param_set(row(c[i].name), &p, c[i].text);
        cr_assert(bad && strstr(bad, c[i].says), "%s = %s: %s", c[i].name, c[i].text, bad);
        cr_assert(param_equal(row(c[i].name), &p, &before), "a refused value was set");
    }
    char longer[PARAM_TEXT + 1];
    memset(longer, 'x', PARAM_TEXT);
    longer[PARAM_TEXT] = '\0';
    cr_assert_not_null(param_set(row("label"), &p, longer));
    cr_assert_null(param_set(row("label"), &p, longer + 1));
}

static void steps(const char *name, const char *from, int by, const char *to)
{
    struct pool_params p = pool();
    char text[VALUE_TEXT];
    cr_assert_null(param_set(row(name), &p, from));
    param_step(row(name), &p, by);
    param_format(row(name), &p, text, sizeof text);
    cr_assert_str_eq(text, to, "%s: %s by %d is %s", name, from, by, text);
}

Test(param, steps_are_what_a_person_expects)
{
    steps("workers", "4", 1, "5");
    steps("workers", "4", -10, "1");
    steps("workers", "auto", 1, "1");
    steps("workers", "9990", 3, "10000");
    steps("queue", "100", 1, "110");
    steps("queue", "100", -1, "95");
    steps("queue", "1", -5, "0");
    steps("timeout", "0", 1, "1ms");
    steps("timeout", "50ms", 1, "100ms");
    steps("timeout", "80ms", 1, "100ms");
    steps("timeout", "80ms", -1, "50ms");
    steps("timeout", "1h", 4, "1h");
    steps("patience", "forever", 2, "forever");
    steps("patience", "forever", -1, "1h");
    steps("share", "0", 1, "0.01");
    steps("share", "0.6", 1, "0.65");
    steps("share", "0.1", -1, "0.09");
    steps("share", "0", 200, "1");
    steps("rate", "5/s", 1, "10/s");
    steps("rate", "1/s", -1, "0/s");
    steps("hung", "off", 1, "on");
    steps("hung", "on", -3, "off");
    steps("mode", "heap", 1, "two_queues");
    steps("mode", "heap", -1, "none");
    steps("latency", "lognormal(80ms, 0.4)", 1, "lognormal(100ms, 0.4)");
    steps("latency", "uniform(50ms..150ms)", 1, "uniform(100ms..300ms)");
    steps("arrivals", "poisson(20/s)", 1, "poisson(50/s)");
    steps("arrivals", "burst(10 every 1s)", -20, "burst(1 every 1s)");
    steps("arrivals", "trace(a.csv)", 3, "trace(a.csv)");
    steps("arrivals", "poisson(0.5/s)", -1, "poisson(0.5/s)");
}

/* Any sequence of steps stays in range and in a form that reads back. */
Test(param, random_walks_stay_inside)
{
    struct rng r;
    rng_init(&r, 9, "walk");
    for (int walk = 0; walk < 60; walk++) {
        struct pool_params p = pool();
        if (walk % 4 == 1)
            p.latency = (struct dist){DIST_UNIFORM, 5e7, 15e7};
        if (walk % 4 == 2)
            p.arrivals = (struct arrivals){.kind = ARR_CLOSED, .n = 8};
        for (int i = 0; i < 60; i++) {
            const struct param *row_ = &pool_rows[rng_below(&r, ARRAY_LEN(pool_rows))];
            param_step(row_, &p, (int)rng_below(&r, 41) - 16);
            cr_assert(within(row_, &p), "%s", row_->name);
            round_trip(&pool_table, row_, &p);
        }
    }
}
