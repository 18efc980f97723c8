/* SPDX-License-Identifier: MIT */
/* A limiter for each key: as many limiters side by side would, however many keys come and go. */
#include "limiter_run.h"

#include "base/mem.h"
#include "base/rng.h"

static bool ask(struct policy *p, int64_t now_ns, uint64_t key)
{
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER, .key = key};
    struct admission a;
    policy_admit(p, now_ns, &r, &a);
    return a.ok;
}

Test(limiter_keyed, decides_as_a_limiter_for_each_key)
{
    enum { KEYS = 300, ASKED = 20000 };
    static const char *const kinds[] = {
        "algorithm = token_bucket; rate = 3/s; burst = 4",
        "algorithm = gcra; rate = 3/s; burst = 4",
        "algorithm = leaky_bucket; rate = 3/s; slack = 2",
        "algorithm = leaky_meter; rate = 3/s; burst = 4",
        "algorithm = ticker_bucket; rate = 3/s; burst = 4",
        "algorithm = fixed_window; limit = 3; window = 700ms",
        "algorithm = sliding_log; limit = 3; window = 700ms",
        "algorithm = sliding_counter; limit = 3; window = 700ms",
    };
    for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
        struct limiter_params one = limiter_values(kinds[kind]), each = one;
        each.per = PER_KEY;
        struct policy *keyed = limiter_create(&each, 0), *alone[KEYS];
        for (size_t i = 0; i < KEYS; i++)
            alone[i] = limiter_create(&one, 0);
        struct rng random;
        rng_init(&random, kind, "keys");
        int64_t now = 0;
        size_t ok = 0;
        for (int i = 0; i < ASKED; i++) {
            now += rng_below(&random, 4000000);
            uint32_t key = rng_below(&random, KEYS);
            /* Most of the time a few of them, so that the others are forgotten. */
            key = i / 1000 % 2 ? key % 7 : key;
            bool mine = ask(keyed, now, key + 1), its = ask(alone[key], now, 0);
            cr_assert_eq(mine, its, "%s, request %d of key %u", kinds[kind], i, key);
            ok += mine;
        }
        cr_assert(ok > 500 && ok < ASKED - 500, "%s: %zu", kinds[kind], ok);
        cr_assert_eq(keyed->figures.permitted, ok);
        cr_assert_eq(keyed->figures.offered, ASKED);
        for (size_t i = 0; i < KEYS; i++)
            policy_free(alone[i]);
        policy_free(keyed);
    }
}

/* A million keys that come once each take the place of a few thousand. */
Test(limiter_keyed, forgets_whom_nobody_asks_for)
{
    struct policy *p = limiter_from("algorithm = token_bucket; per = key; rate = 10/s; burst = 5");
    for (uint64_t key = 1; key <= 1000000; key++) {
        cr_assert(ask(p, (int64_t)key * 1000000, key)); /* a thousand a second, for 0.6 s each */
        if (key % 1000 == 0)
            cr_assert_lt(limiter_keys(p), 4000, "%zu kept", limiter_keys(p));
    }
    policy_free(p);
}

Test(limiter_keyed, new_numbers_hold_for_all_keys)
{
    struct policy *p = limiter_from("algorithm = token_bucket; per = key; rate = 1/s; burst = 1");
    struct limiter_params fast = limiter_values("per = key; rate = 1000/s; burst = 1");
    for (uint64_t key = 1; key < 100; key++)
        cr_assert(ask(p, 0, key) && !ask(p, 0, key));
    cr_assert_null(policy_set(p, 0, &fast));
    for (uint64_t key = 1; key < 100; key++)
        cr_assert(ask(p, 2000000, key));
    struct limiter_params other = limiter_values("per = all");
    cr_assert_not_null(policy_set(p, 0, &other));
    struct limiter_params waits = limiter_values("per = key; on_limit = wait");
    cr_assert_not_null(limiter_check(&waits));
    policy_free(p);
}
