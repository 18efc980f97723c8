/* SPDX-License-Identifier: MIT */
/* The bulkhead as a policy: so many calls at once, and who waits for a place. */
#ifndef POLICIES_BULKHEAD_H
#define POLICIES_BULKHEAD_H

#include "control/param.h"
#include "policies/policy.h"

enum bulkhead_form { BULKHEAD_SEMAPHORE, BULKHEAD_POOL };
enum bulkhead_over { OVER_REFUSE, OVER_RAISE, OVER_BLOCK };
enum bulkhead_count { COUNT_EXACT, COUNT_LAGGING };

struct bulkhead_params { /* [bulkhead] or [bulkhead.NAME] */
    int preset;
    int form;
    int64_t max;
    int64_t max_wait_ns; /* 0: refused at once; PARAM_FOREVER */
    int64_t queue;       /* PARAM_AUTO: as many as want to */
    int64_t core;        /* pool: PARAM_AUTO: max */
    int64_t keep_alive_ns;
    int over_release;
    int counting;
};
extern const struct param_table bulkhead_table;

const char *bulkhead_check(const struct bulkhead_params *p);
/* The parameters must pass bulkhead_check(). policy_free() frees it. */
struct policy *bulkhead_create(const struct bulkhead_params *p, int64_t now_ns);
const struct bulkhead_params *bulkhead_params(const struct policy *p);

/* What its own metrics say. With counting = lagging `active` may be above max for a moment, and
 * `available` below 0 (the source document's metrics); else active + available = max. */
struct bulkhead_metrics {
    int64_t max; /* in force: a smaller one comes into force as calls end */
    int64_t active, available;
    uint64_t offered, permitted, rejected, timed_out, cancelled, completed, waiting;
};
struct bulkhead_metrics bulkhead_metrics(const struct policy *p);
/* Threads of the pool; 0 for a semaphore. */
int64_t bulkhead_threads(const struct policy *p);
/* A release that no acquire belongs to. True: the library lets it pass (and has one place more from
 * now on); false: it is an error (OVER_REFUSE), or it blocks the caller for ever (OVER_BLOCK). */
bool bulkhead_over_release(struct policy *p, int64_t now_ns);

#endif
