/* SPDX-License-Identifier: MIT */
/* Shared by the limiter tests: make one from text, ask it. */
#ifndef TESTS_LIMITER_RUN_H
#define TESTS_LIMITER_RUN_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "policies/limiter.h"
#include "policies/limiter_inside.h"

#define MS(n) ((int64_t)(n)*1000000)
#define S(n)  ((int64_t)(n)*1000000000)

/* "rate = 10/s; burst = 3", as in a preset. */
static inline struct limiter_params limiter_values(const char *values)
{
    struct limiter_params p;
    struct param_preset one[] = {{.name = "test", .help = "", .values = values}};
    struct param_table t = limiter_table;
    param_defaults(&limiter_table, &p);
    const char *preset = strstr(values, "preset = ");
    if (preset) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(preset + 9, ";"), preset + 9);
        cr_assert(param_preset(&limiter_table, &p, name), "%s", name);
    }
    t.presets = one;
    t.presets_n = 1;
    cr_assert(param_preset(&t, &p, "test"));
    return p;
}

static inline struct policy *limiter_from(const char *values)
{
    struct limiter_params p = limiter_values(values);
    const char *bad = limiter_check(&p);
    cr_assert(!bad, "%s: %s", values, bad);
    return limiter_create(&p, 0);
}

static inline struct admission limiter_ask(struct policy *l, int64_t now_ns, uint32_t n)
{
    struct admission a;
    struct policy_request r = {.id = 1, .cost = n, .deadline_ns = POLICY_NEVER};
    policy_admit(l, now_ns, &r, &a);
    return a;
}

static inline bool limiter_ok(struct policy *l, int64_t now_ns, uint32_t n)
{
    return limiter_ask(l, now_ns, n).ok;
}

#endif
