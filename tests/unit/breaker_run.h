/* SPDX-License-Identifier: MIT */
/* Shared by the breaker tests: make one from text, play a tape of outcomes to it. */
#ifndef TESTS_BREAKER_RUN_H
#define TESTS_BREAKER_RUN_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "policies/breaker.h"

#define MS(n) ((int64_t)(n)*1000000)
#define S(n)  ((int64_t)(n)*1000000000)

/* "trip = consecutive(3); open_for = 5s", as in a preset; "preset = NAME" may stand among them. */
static inline struct breaker_params breaker_values(const char *values)
{
    struct breaker_params p;
    struct param_preset one[] = {{.name = "test", .help = "", .values = values}};
    struct param_table t = breaker_table;
    param_defaults(&breaker_table, &p);
    const char *preset = strstr(values, "preset = ");
    if (preset) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(preset + 9, ";"), preset + 9);
        cr_assert(param_preset(&breaker_table, &p, name), "%s", name);
    }
    t.presets = one;
    t.presets_n = 1;
    cr_assert(param_preset(&t, &p, "test"));
    return p;
}

static inline struct policy *breaker_from(const char *values)
{
    struct breaker_params p = breaker_values(values);
    const char *bad = breaker_check(&p);
    cr_assert(!bad, "%s: %s", values, bad);
    return breaker_create(&p, 0);
}

static inline struct admission breaker_ask(struct policy *b, int64_t now_ns)
{
    struct admission a;
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    policy_admit(b, now_ns, &r, &a);
    return a;
}

static inline void breaker_end(struct policy *b, int64_t now_ns, const struct admission *a,
                               enum call_end how)
{
    policy_end(b, now_ns, &a->ticket, how, 0);
}

/* Calls one after the other at that instant: S success, F failure, I ignored, R must be refused. */
static inline void breaker_play(struct policy *b, int64_t now_ns, const char *tape)
{
    for (const char *c = tape; *c; c++) {
        if (*c == ' ')
            continue;
        struct admission a = breaker_ask(b, now_ns);
        cr_assert_eq(a.ok, *c != 'R', "'%s' at %d: ok %d, %s", tape, (int)(c - tape), a.ok,
                     admit_why_names[a.why]);
        if (a.ok)
            breaker_end(b, now_ns, &a, *c == 'S' ? CALL_OK : *c == 'F' ? CALL_ERROR : CALL_IGNORED);
    }
}

#define IS(b, state)                                                                               \
    cr_assert_str_eq(breaker_state_names[breaker_state(b)], breaker_state_names[state], "line %d", \
                     __LINE__)

#endif
