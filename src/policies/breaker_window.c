/* SPDX-License-Identifier: MIT */
/* What a breaker remembers: counts of a state, and windows of results.
 *
 * The rolling counts are sony/gobreaker's. Their one hard idea is a streak that crosses buckets:
 * when the oldest bucket goes, a streak loses what that bucket gave to it only if the streak is all
 * there is, that is if it equals that bucket's own streak and all such results of the younger
 * buckets. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policies/breaker_inside.h"

void tally_init(struct tally *t, int64_t interval_ns, int64_t bucket_ns)
{
    *t = (struct tally){.n = 1};
    if (interval_ns > 0 && bucket_ns > 0)
        t->n = (uint64_t)((interval_ns + bucket_ns - 1) / bucket_ns);
    if (t->n > 1)
        t->bucket = xcalloc(t->n, sizeof *t->bucket);
}

void tally_clear(struct tally *t)
{
    t->total = (struct breaker_counts){0};
    t->age = 0;
    if (t->bucket)
        memset(t->bucket, 0, t->n * sizeof *t->bucket);
}

static void take_away(uint64_t *from, uint64_t n)
{
    *from = *from > n ? *from - n : 0;
}

static void drop_bucket(struct tally *t, uint64_t place)
{
    struct breaker_counts *gone = &t->bucket[place];
    uint64_t successes = gone->consecutive_successes, failures = gone->consecutive_failures;
    for (uint64_t i = 0; i < t->n; i++) {
        if (i == place)
            continue;
        successes += t->bucket[i].successes;
        failures += t->bucket[i].failures;
    }
    if (t->total.consecutive_successes == successes)
        take_away(&t->total.consecutive_successes, gone->consecutive_successes);
    if (t->total.consecutive_failures == failures)
        take_away(&t->total.consecutive_failures, gone->consecutive_failures);
    take_away(&t->total.requests, gone->requests);
    take_away(&t->total.successes, gone->successes);
    take_away(&t->total.failures, gone->failures);
    take_away(&t->total.ignored, gone->ignored);
    take_away(&t->total.slow, gone->slow);
    *gone = (struct breaker_counts){0};
}

void tally_roll(struct tally *t, uint64_t age)
{
    if (!t->bucket || !t->n || age <= t->age)
        return;
    if (age - t->age >= t->n) {
        tally_clear(t);
        t->age = age;
        return;
    }
    while (t->age < age) {
        t->age++;
        drop_bucket(t, t->age % t->n);
    }
}

void tally_request(struct tally *t)
{
    t->total.requests++;
    if (t->bucket)
        t->bucket[t->age % t->n].requests++;
}

static void count(struct breaker_counts *c, bool failed, bool slow)
{
    c->slow += slow;
    if (failed) {
        c->failures++;
        c->consecutive_failures++;
        c->consecutive_successes = 0;
    } else {
        c->successes++;
        c->consecutive_successes++;
        c->consecutive_failures = 0;
    }
}

/* Is the bucket of that age still counted? */
static bool counted(const struct tally *t, uint64_t age)
{
    return age <= t->age && t->age - age < t->n;
}

void tally_result(struct tally *t, uint64_t age, bool failed, bool slow)
{
    if (!t->bucket) {
        count(&t->total, failed, slow);
    } else if (counted(t, age)) {
        count(&t->total, failed, slow);
        count(&t->bucket[age % t->n], failed, slow);
    }
}

void tally_ignore(struct tally *t, uint64_t age)
{
    if (!t->bucket) {
        t->total.ignored++;
    } else if (counted(t, age)) {
        t->total.ignored++;
        t->bucket[age % t->n].ignored++;
    }
}

void tally_free(struct tally *t)
{
    free(t->bucket);
}

/* ---- results --------------------------------------------------------------------------------- */

void results_init(struct results *r, const struct trip *t, int64_t bucket_ns)
{
    *r = (struct results){.size = 0};
    if (t->kind == TRIP_FAILURES_OF || t->kind == TRIP_RATE_OF) {
        r->size = t->of;
        r->ring = xcalloc(r->size, 1);
    } else if (trip_in_time(t)) {
        r->bucket_ns = bucket_ns > 0 ? bucket_ns : t->span_ns / 10;
        if (r->bucket_ns < 1)
            r->bucket_ns = 1;
        r->buckets = (uint64_t)((t->span_ns + r->bucket_ns - 1) / r->bucket_ns);
        r->bucket = xcalloc(r->buckets, sizeof *r->bucket);
    }
}

void results_clear(struct results *r)
{
    r->sum = (struct breaker_window){0};
    r->next = 0;
    if (r->bucket)
        memset(r->bucket, 0, r->buckets * sizeof *r->bucket);
}

void results_roll(struct results *r, int64_t now_ns)
{
    if (!r->bucket)
        return;
    int64_t head = now_ns / r->bucket_ns;
    if (head - r->head >= (int64_t)r->buckets)
        results_clear(r);
    for (int64_t i = r->head + 1; i <= head && r->sum.calls; i++) {
        struct breaker_window *gone = &r->bucket[(uint64_t)i % r->buckets];
        r->sum.calls -= gone->calls;
        r->sum.failures -= gone->failures;
        r->sum.slow -= gone->slow;
        *gone = (struct breaker_window){0};
    }
    if (head > r->head)
        r->head = head;
}

void results_add(struct results *r, int64_t now_ns, bool failed, bool slow)
{
    if (r->ring) {
        if (r->sum.calls == r->size) {
            uint8_t old = r->ring[r->next];
            r->sum.failures -= (old & RESULT_FAILED) != 0;
            r->sum.slow -= (old & RESULT_SLOW) != 0;
        } else {
            r->sum.calls++;
        }
        r->ring[r->next] = (uint8_t)((failed ? RESULT_FAILED : 0) | (slow ? RESULT_SLOW : 0));
        r->next = r->next + 1 == r->size ? 0 : r->next + 1;
        r->sum.failures += failed;
        r->sum.slow += slow;
    } else if (r->bucket) {
        results_roll(r, now_ns);
        struct breaker_window *b = &r->bucket[(uint64_t)r->head % r->buckets];
        b->calls++;
        b->failures += failed;
        b->slow += slow;
        r->sum.calls++;
        r->sum.failures += failed;
        r->sum.slow += slow;
    }
}

void results_free(struct results *r)
{
    free(r->ring);
    free(r->bucket);
}
