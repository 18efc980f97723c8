/* SPDX-License-Identifier: MIT */
/* Rate limiters as policies: one algorithm a file, one row each in limiters.def. */
#ifndef POLICIES_LIMITER_H
#define POLICIES_LIMITER_H

#include "control/param.h"
#include "policies/policy.h"

#define LIMITER(name, help) LIMITER_##name,
enum limiter_algorithm {
#include "policies/limiters.def"
    LIMITER_COUNT
};
#undef LIMITER

enum on_limit { ON_LIMIT_REJECT, ON_LIMIT_WAIT, ON_LIMIT_QUEUE, ON_LIMIT_SHED };
enum limiter_per { PER_ALL, PER_KEY };
enum limiter_align { ALIGN_REQUEST, ALIGN_GRID };
enum limiter_deficit { DEFICIT_CAPPED, DEFICIT_UNCAPPED };
enum limiter_refusal { REFUSAL_AT_ONCE, REFUSAL_LATE };
enum limiter_shutdown { SHUTDOWN_REFUSE, SHUTDOWN_UNLIMITED };

struct limiter_params { /* [limiter] or [limiter.NAME] */
    int preset;
    int algorithm; /* enum limiter_algorithm */
    int per;       /* enum limiter_per */
    double rate;   /* tokens a second; infinity: no limit */
    int64_t burst;
    int64_t limit;
    int64_t window_ns;
    int on_limit;
    int64_t max_wait_ns; /* PARAM_FOREVER: no bound */
    int64_t queue;
    int64_t slack;
    int align;
    int deficit;
    int refusal;
    int shutdown;
    int64_t target_ns; /* adaptive */
    double decrease;
    double increase;
    int64_t limit_min, limit_max;
};
extern const struct param_table limiter_table;
extern const char *const limiter_names[]; /* NULL-terminated, as enum limiter_algorithm */

/* Do the values fit together? NULL, or a sentence without the section's name. */
const char *limiter_check(const struct limiter_params *p);
/* The parameters must pass limiter_check(). policy_free() frees it. */
struct policy *limiter_create(const struct limiter_params *p, int64_t now_ns);
/* How many keys it keeps a limiter for. */
size_t limiter_keys(const struct policy *p);
/* The parameters in force; not of one with per = key. */
const struct limiter_params *limiter_params(const struct policy *p);

#endif
