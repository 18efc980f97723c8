/* SPDX-License-Identifier: MIT */
/* Timers and tickers: a timer of the executor that sends on a channel of capacity 1. */
#include "runtime/timer.h"

#include "runtime/exec.h"

struct timer {
    struct rt_timer t;
    struct chan *c;
    uint32_t id;
    int64_t period_ns; /* 0: once */
    void (*fn)(struct rt *rt, void *arg);
    void *arg;
};

static void emit_timer(const struct timer *t, enum timer_op op)
{
    if (t->id)
        emit(NULL, EV_TIMER, (uint8_t)op, 0, 0, t->id, 0, t->t.when_ns);
}

static void set(struct timer *t, int64_t at_ns)
{
    t->t.when_ns = at_ns;
    emit_timer(t, TIMER_SET);
    rt_engine->ops->timer_set(rt_engine, &t->t);
}

static void fired(struct rt *rt, void *arg)
{
    struct timer *t = arg;
    (void)rt;
    emit_timer(t, TIMER_FIRED);
    chan_try_send(t->c, (chan_value)t->t.when_ns); /* nobody took the last one: dropped, as in Go */
    if (t->period_ns) {
        int64_t next = t->t.when_ns + t->period_ns, now = rt_now();
        if (next <= now) /* a late tick does not bring a burst */
            next += (now - next) / t->period_ns * t->period_ns + t->period_ns;
        set(t, next);
    }
}

static struct timer *make(const char *name, int64_t delay_ns, int64_t period_ns)
{
    struct timer *t = rt_alloc(rt_engine, sizeof *t);
    t->c = chan_make_quiet(1);
    t->id = rt_object(OBJ_TIMER, name, 0);
    t->period_ns = period_ns;
    rt_timer_init(&t->t, 0, fired, t);
    set(t, rt_now() + (delay_ns > 0 ? delay_ns : 0));
    return t;
}

struct timer *timer_make(const char *name, int64_t delay_ns)
{
    return make(name, delay_ns, 0);
}

struct timer *ticker_make(const char *name, int64_t period_ns)
{
    if (period_ns <= 0)
        rt_panic(0, "non-positive interval for ticker %s", name);
    return make(name, period_ns, period_ns);
}

struct chan *timer_chan(struct timer *t)
{
    return t->c;
}

bool timer_stop(struct timer *t)
{
    rt_gate();
    bool was = rt_timer_end(rt_engine, &t->t);
    if (was)
        emit_timer(t, TIMER_STOPPED);
    return was;
}

bool timer_reset(struct timer *t, int64_t delay_ns)
{
    rt_gate();
    bool was = rt_timer_end(rt_engine, &t->t);
    set(t, rt_now() + (delay_ns > 0 ? delay_ns : 0));
    return was;
}

static void call(struct rt *rt, void *arg)
{
    struct timer *t = arg;
    t->fn(rt, t->arg);
}

struct timer *timer_func(int64_t at_ns, uint64_t order, void (*fn)(struct rt *rt, void *arg),
                         void *arg)
{
    struct timer *t = rt_alloc(rt_engine, sizeof *t);
    t->fn = fn;
    t->arg = arg;
    rt_timer_init(&t->t, order, call, t);
    t->t.when_ns = at_ns;
    if (at_ns != NEVER) /* one that waits for ever would keep the run from its end */
        rt_engine->ops->timer_set(rt_engine, &t->t);
    return t;
}

void timer_func_at(struct timer *t, int64_t at_ns, uint64_t order)
{
    t->t.when_ns = at_ns;
    t->t.order = order;
    rt_engine->ops->timer_set(rt_engine, &t->t);
}
