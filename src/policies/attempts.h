/* SPDX-License-Identifier: MIT */
/* What stands around a call and its attempts: retry, timeout, fallback, hedge. All of them let
 * every call in; they say more in the admission (give_up_ns, again_ns) or when they are asked
 * whether there is more to do (policy_again). */
#ifndef POLICIES_ATTEMPTS_H
#define POLICIES_ATTEMPTS_H

#include "base/rng.h"
#include "control/param.h"
#include "policies/policy.h"

enum retry_backoff { BACKOFF_FIXED, BACKOFF_EXPONENTIAL };
enum retry_jitter { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED };
struct retry_params { /* [retry] */
    int64_t attempts; /* the first one included */
    char on[PARAM_TEXT];
    int backoff;
    int64_t delay_ns, max_delay_ns;
    double factor;
    int jitter;
    double budget; /* retries for each request; 0 = no budget */
    double budget_rate;
    int64_t budget_burst;
};
struct timeout_params { /* [timeout] */
    int64_t after_ns;   /* 0 = none */
    bool cancel;        /* the call is cancelled then; else it runs on, and its end is late */
};
struct fallback_params { /* [fallback] */
    char on[PARAM_TEXT];
    struct dist latency;
    double error_rate;
};
struct hedge_params { /* [hedge] */
    int64_t after_ns;
    double quantile; /* 0 = after_ns; else that quantile of the latencies so far */
    int64_t most;    /* attempts besides the first */
    double budget;
    int64_t budget_burst;
};
extern const struct param_table retry_table, timeout_table, fallback_table, hedge_table;

const char *retry_check(const struct retry_params *p);

/* rng: the stream to draw from, borrowed; it must outlive the policy. policy_free() frees it. */
struct policy *retry_create(const struct retry_params *p, int64_t now_ns, struct rng *rng);
struct policy *timeout_create(const struct timeout_params *p);
struct policy *fallback_create(const struct fallback_params *p, struct rng *rng);
struct policy *hedge_create(const struct hedge_params *p, int64_t now_ns);
/* Is the call cancelled when its time is over? */
bool timeout_cancels(const struct policy *p);

#endif
