/* SPDX-License-Identifier: MIT */
/* Singleflight.
 *
 * The hard idea: a call is found by its key only while it is under way, but it lives until the last
 * of those who share it has taken the result. And a call that was forgotten must not take its
 * successor's place away when it ends.
 *
 *   A   Do(k): flight 1 ·········· ends: takes 1 out, if it still stands there, wakes B
 *   B        Do(k): shares 1, waits ····························· has 1's result
 *   C             Forget(k), Do(k): flight 2, runs its own function
 *
 * Source of the rules: x/sync/singleflight; its defects: golang/go issues 33519, 52557. */
#include "runtime/singleflight.h"

#include <string.h>

#include "runtime/waitq.h"

enum { BUCKETS = 64 };

struct flight {
    struct flight *next; /* of its bucket, or of the free ones */
    const char *key;
    struct flight_result result;
    const char *panic; /* or RT_GOEXIT */
    uint32_t sharing;  /* callers besides the first */
    uint32_t users;    /* who still looks at it */
    bool found;        /* stands in its bucket */
    struct waitq waiters;
    struct flight_chan *chans;
    flight_fn *fn;
    void *arg;
    struct singleflight *group;
};

struct singleflight {
    struct guard guard;
    uint32_t id, flights;
    struct flight_rules rules;
    struct flight *bucket[BUCKETS], *free;
    struct flight_chan *free_chans;
    const char *name;
};

const struct flight_preset flight_presets[] = {
    {.name = "x_sync", .help = "x/sync: a panic or Goexit of the function is everybody's"},
    {.name = "goexit_closes",
     .help = "after a Goexit whoever waits at DoChan's channel sees it closed (issue 52557)",
     .rules = {.goexit_closes = true}},
    {.name = "x_sync_stuck_panic",
     .help = "x/sync until 2020: after a panic the key stays taken for ever, and all who share it "
             "wait for ever (issue 33519)",
     .defect = true,
     .rules = {.stuck_panic = true}},
    {0},
};

const struct flight_preset *flight_preset_find(const char *name)
{
    for (const struct flight_preset *p = flight_presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

struct singleflight *flight_make(const char *name, const struct flight_rules *rules)
{
    struct singleflight *g = rt_alloc(rt_engine, sizeof *g);
    g->rules = rules ? *rules : flight_presets[0].rules;
    g->name = rt_keep(rt_engine, name);
    g->id = rt_object(OBJ_FLIGHT, name, 0);
    return g;
}

uint32_t flight_id(const struct singleflight *g)
{
    return g->id;
}

static void emit_flight(struct singleflight *g, enum flight_op op, const char *key,
                        uint32_t sharing)
{
    if (emitter)
        emit(&g->guard.stamp, EV_FLIGHT, (uint8_t)op, 0, task_self_id(), g->id,
             strtab_intern(rt_engine->names, key), emit_ab(g->flights, sharing));
}

/* ---- the flights under way: the guard is held --------------------------------------------------
 */

static struct flight **bucket_of(struct singleflight *g, const char *key)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (const char *p = key; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619U;
    return &g->bucket[(h ^ h >> 16) % BUCKETS];
}

static struct flight *find(struct singleflight *g, const char *key)
{
    struct flight *f = *bucket_of(g, key);
    while (f && strcmp(f->key, key) != 0)
        f = f->next;
    return f;
}

static void take_out(struct singleflight *g, struct flight *f)
{
    struct flight **at = bucket_of(g, f->key);
    if (!f->found)
        return;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->found = false;
    g->flights--;
}

static struct flight *put_in(struct singleflight *g, const char *key, flight_fn *fn, void *arg)
{
    struct flight *f = g->free, **at = bucket_of(g, key);
    if (f)
        g->free = f->next;
    else
        f = rt_alloc(rt_engine, sizeof *f);
    *f = (struct flight){
        .next = *at, .key = key, .fn = fn, .arg = arg, .group = g, .users = 1, .found = true};
    *at = f;
    g->flights++;
    emit_flight(g, FLIGHT_BEGIN, key, 0);
    return f;
}

/* Outside of the guard. */
static void let_go(struct singleflight *g, struct flight *f)
{
    guard_lock(&g->guard);
    if (--f->users == 0) {
        f->next = g->free;
        g->free = f;
    }
    guard_unlock(&g->guard);
}

/* ---- a call ------------------------------------------------------------------------------------
 */

static void call(void *arg)
{
    struct flight *f = arg;
    f->result = f->fn(f->arg);
}

/* A panic that nobody can recover: one who waits at a channel would wait for ever. */
NORETURN static void crash(struct singleflight *g, const char *panic)
{
    rt_current->frame = NULL;
    rt_panic(g->id, "%s", panic);
}

static void tell(struct singleflight *g, struct flight_chan *fc, struct flight_result r,
                 bool goexit)
{
    while (fc) {
        struct flight_chan *next = fc->next; /* its own once it is told */
        fc->result = r;
        if (!goexit)
            chan_send(fc->done, 1);
        else if (g->rules.goexit_closes)
            chan_close(fc->done);
        fc = next;
    }
}

/* Runs the function and tells all; what it panicked with, RT_GOEXIT or NULL. */
static const char *fly(struct singleflight *g, struct flight *f)
{
    const char *panic = rt_catch(call, f);
    if (panic && g->rules.stuck_panic)
        rt_again(g->id, panic);
    rt_gate(); /* what it stored is visible to those who share it */
    guard_lock(&g->guard);
    take_out(g, f);
    f->panic = panic;
    f->result.shared = f->sharing > 0;
    struct flight_chan *chans = f->chans;
    struct flight_result result = f->result;
    struct waiter *woken = waitq_claim_all(&f->waiters);
    emit_flight(g,
                !panic               ? FLIGHT_DONE
                : panic == RT_GOEXIT ? FLIGHT_GOEXIT
                                     : FLIGHT_PANIC,
                f->key, f->sharing);
    guard_unlock(&g->guard);
    waitq_unpark_all(woken);
    if (chans && panic && panic != RT_GOEXIT)
        crash(g, panic);
    tell(g, chans, result, panic != NULL);
    return panic;
}

struct flight_result flight_do(struct singleflight *g, const char *key, flight_fn *fn, void *arg)
{
    struct task *self = rt_current;
    rt_gate();
    guard_lock(&g->guard);
    struct flight *f = find(g, key);
    const char *panic;
    if (f) {
        struct waiter w;
        f->sharing++;
        f->users++;
        waitq_add(&f->waiters, &w, self, 0, 0);
        uint32_t ticket = w.ticket;
        emit_flight(g, FLIGHT_JOIN, key, f->sharing);
        task_waits(self, &g->guard, TASK_WAITING, WHY_JOIN, g->id);
        guard_unlock(&g->guard);
        wait_completed(self, ticket, NEVER);
        panic = f->panic;
    } else {
        f = put_in(g, key, fn, arg);
        guard_unlock(&g->guard);
        panic = fly(g, f);
    }
    struct flight_result r = f->result;
    let_go(g, f);
    if (panic)
        rt_again(g->id, panic);
    return r;
}

static void chan_task(void *arg)
{
    struct flight *f = arg;
    struct singleflight *g = f->group;
    const char *panic = fly(g, f);
    let_go(g, f);
    if (panic)
        rt_again(g->id, panic);
}

/* The guard is held. */
static struct flight_chan *chan_new(struct singleflight *g)
{
    struct flight_chan *fc = g->free_chans;
    if (fc) {
        g->free_chans = fc->next;
    } else {
        fc = rt_alloc(rt_engine, sizeof *fc);
        fc->done = chan_make_signal(g->id);
    }
    fc->next = NULL;
    return fc;
}

struct flight_chan *flight_do_chan(struct singleflight *g, const char *key, flight_fn *fn,
                                   void *arg)
{
    rt_gate();
    guard_lock(&g->guard);
    struct flight_chan *fc = chan_new(g);
    struct flight *f = find(g, key);
    bool first = !f;
    if (first) {
        f = put_in(g, key, fn, arg);
    } else {
        f->sharing++;
        emit_flight(g, FLIGHT_JOIN, key, f->sharing);
    }
    struct flight_chan **at = &f->chans;
    while (*at)
        at = &(*at)->next;
    *at = fc;
    guard_unlock(&g->guard);
    if (!first || rt_spawn(g->name, chan_task, f))
        return fc;
    guard_lock(&g->guard);
    take_out(g, f);
    struct waiter *woken = waitq_claim_all(&f->waiters);
    f->result = (struct flight_result){.error = "no thread to be had", .shared = f->sharing > 0};
    struct flight_chan *chans = f->chans;
    emit_flight(g, FLIGHT_DONE, key, f->sharing);
    guard_unlock(&g->guard);
    waitq_unpark_all(woken);
    tell(g, chans, f->result, false);
    let_go(g, f);
    return fc;
}

void flight_chan_release(struct singleflight *g, struct flight_chan *fc)
{
    enum rt_status s = chan_try_recv(fc->done, NULL);
    if (s == RT_CLOSED)
        return;
    guard_lock(&g->guard);
    fc->next = g->free_chans;
    g->free_chans = fc;
    guard_unlock(&g->guard);
}

void flight_forget(struct singleflight *g, const char *key)
{
    rt_gate();
    guard_lock(&g->guard);
    struct flight *f = find(g, key);
    if (f) {
        take_out(g, f);
        emit_flight(g, FLIGHT_FORGET, key, f->sharing);
    }
    guard_unlock(&g->guard);
}
