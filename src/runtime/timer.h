/* SPDX-License-Identifier: MIT */
/* Timers and tickers, as Go's package time: they send the time on a channel of capacity 1 and drop
 * it when nobody has taken the last one. */
#ifndef RUNTIME_TIMER_H
#define RUNTIME_TIMER_H

#include "runtime/chan.h"

/* What falls due at one instant happens in this order: ends of calls before arrivals, each by
 * request number; then other timers in the order in which they were set. */
enum timer_class { TIMER_CALL_END, TIMER_ARRIVAL, TIMER_OTHER };
static inline uint64_t timer_order(enum timer_class class, uint64_t number)
{
    return (uint64_t) class << 62 | number;
}

struct timer;
/* Fires once after delay_ns. */
struct timer *timer_make(const char *name, int64_t delay_ns);
/* Fires every period_ns (> 0, else panics). */
struct timer *ticker_make(const char *name, int64_t period_ns);
struct chan *timer_chan(struct timer *t);
/* False: it had fired or was stopped. Does not close the channel. */
bool timer_stop(struct timer *t);
/* Sets it anew; returns whether it was running. */
bool timer_reset(struct timer *t, int64_t delay_ns);
/* Calls fn(arg) in engine context at at_ns (time.AfterFunc); NEVER: only once timer_func_at() has
 * set it. order: timer_order(), or 0 = the order of setting. */
struct timer *timer_func(int64_t at_ns, uint64_t order, void (*fn)(struct rt *rt, void *arg),
                         void *arg);
/* Moves a timer_func to another instant; fires then. Engine or task context. */
void timer_func_at(struct timer *t, int64_t at_ns, uint64_t order);

#endif
