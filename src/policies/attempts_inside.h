/* SPDX-License-Identifier: MIT */
/* Shared by retry, timeout, fallback and hedge. */
#ifndef POLICIES_ATTEMPTS_INSIDE_H
#define POLICIES_ATTEMPTS_INSIDE_H

#include "policies/attempts.h"

/* A budget of further attempts: each request puts `share` in, and time `per_s`, up to `burst`; a
 * further attempt takes 1. It keeps retries from multiplying the load on what is already failing.
 */
struct budget {
    double balance;
    int64_t last_ns;
};
void budget_init(struct budget *b, int64_t now_ns, int64_t burst);
void budget_request(struct budget *b, double share, int64_t burst);
void budget_roll(struct budget *b, int64_t now_ns, double per_s, int64_t burst);
bool budget_take(struct budget *b);

/* Lets everyone in and counts them. */
void attempts_admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                    struct admission *a);
void attempts_end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                  int64_t took_ns);
void attempts_cancel(struct policy *p, int64_t now_ns, const struct ticket *t);

#endif
