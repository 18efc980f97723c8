/* SPDX-License-Identifier: MIT */
/* Errgroup: a counter, a first error, and slots.
 *
 * The hard idea: a slot that becomes free goes straight to the first who waits for one, so the
 * number of tasks at once never exceeds the limit, not even for an instant.
 *
 *   limit 2     Go, Go: slots 2     Go: no slot ─▶ waits
 *   a task ends: its slot is handed over; Go starts the third
 *
 * Source: golang.org/x/sync/errgroup; the same in what it does not do: Go does not look at the
 * context, so tasks go on being started after the first error. */
#include "runtime/errgroup.h"

#include <stdio.h>
#include <string.h>

#include "runtime/context_inside.h"

/* A task's start, used again once it has ended. */
struct start {
    struct start *next;
    struct errgroup *group;
    errgroup_fn *fn;
    void *arg;
    bool slot; /* it holds one */
};

struct errgroup {
    struct guard guard;
    uint32_t id;
    int32_t count;
    int64_t limit; /* < 0: none */
    int64_t slots; /* taken */
    struct waitq waiters, blocked;
    const char *error, *panic; /* the first of each */
    struct context *ctx;       /* or NULL */
    struct errgroup_rules rules;
    const char *name;
};

const struct errgroup_preset errgroup_presets[] = {
    {.name = "x_sync",
     .help = "x/sync: Go waits for a slot whatever the context says; a panic ends the program"},
    {.name = "go_sees_cancel",
     .help = "nothing is started any more once the context is cancelled (asked for in issue 61611)",
     .rules = {.go_sees_cancel = true}},
    {.name = "panic_to_wait",
     .help = "a panic in a task comes out of Wait, where it can be recovered",
     .rules = {.panic_to_wait = true}},
    {0},
};

const struct errgroup_preset *errgroup_preset_find(const char *name)
{
    for (const struct errgroup_preset *p = errgroup_presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

struct errgroup *errgroup_make(const char *name, const struct errgroup_rules *rules)
{
    struct errgroup *g = rt_alloc(rt_engine, sizeof *g);
    g->id = rt_object(OBJ_GROUP, name, 0);
    g->name = rt_keep(rt_engine, name);
    g->limit = -1;
    g->rules = rules ? *rules : errgroup_presets[0].rules;
    return g;
}

struct errgroup *errgroup_with_context(struct context *parent, const char *name,
                                       const struct errgroup_rules *rules, struct context **ctx)
{
    struct errgroup *g = errgroup_make(name, rules);
    char text[96];
    snprintf(text, sizeof text, "%s.ctx", name);
    *ctx = g->ctx = ctx_with_cancel(parent, text);
    rt_edge(g->id, ctx_id(g->ctx), ROLE_OWNS);
    return g;
}

uint32_t errgroup_id(const struct errgroup *g)
{
    return g->id;
}

static NOINLINE void emit_count(struct errgroup *g, enum group_op op, uint32_t task)
{
    uint32_t blocked = g->blocked.n < UINT16_MAX ? g->blocked.n : UINT16_MAX;
    emit(&g->guard.stamp, EV_GROUP, (uint8_t)op, (uint16_t)blocked, task, g->id,
         g->limit > 0 ? (uint32_t)g->limit : 0, emit_ab((uint32_t)g->count, g->waiters.n));
}

static inline void emit_group(struct errgroup *g, enum group_op op)
{
    if (emitter)
        emit_count(g, op, task_self_id());
}

void errgroup_set_limit(struct errgroup *g, int64_t n)
{
    rt_gate();
    guard_lock(&g->guard);
    int64_t slots = g->slots;
    if (!slots)
        g->limit = n < 0 ? -1 : n;
    guard_unlock(&g->guard);
    if (slots)
        rt_panic(g->id, "errgroup %s: limit modified while %lld tasks are still active", g->name,
                 (long long)slots);
    rt_object_update(g->id, OBJ_GROUP, g->name, n < 0 ? 0 : n);
}

static struct start *start_new(void)
{
    struct rt *rt = rt_engine;
    guard_lock(&rt->guard);
    struct start *s = rt->group_starts;
    if (LIKELY(s))
        rt->group_starts = s->next;
    guard_unlock(&rt->guard);
    return LIKELY(s) ? s : rt_alloc(rt, sizeof *s);
}

static void start_free(struct start *s)
{
    struct rt *rt = rt_engine;
    guard_lock(&rt->guard);
    s->next = rt->group_starts;
    rt->group_starts = s;
    guard_unlock(&rt->guard);
}

/* ---- a task's end ------------------------------------------------------------------------------
 */

static void fail(struct errgroup *g, const char *error)
{
    guard_lock(&g->guard);
    bool first = !g->error;
    if (first)
        g->error = error;
    emit_group(g, GROUP_ERROR);
    if (emitter)
        emit(&g->guard.stamp, EV_ERROR, 0, first, task_self_id(), g->id,
             strtab_intern(rt_engine->names, error), 0);
    guard_unlock(&g->guard);
    if (first && g->ctx)
        ctx_cancel(g->ctx, error);
}

static void ended(struct errgroup *g, struct start *s)
{
    bool slot = s->slot;
    start_free(s);
    guard_lock(&g->guard);
    struct waiter *next = slot ? waitq_claim(&g->blocked) : NULL;
    struct task *heir = next ? next->task : NULL;
    if (heir)
        heir->fired = 0; /* the slot is handed over */
    else
        g->slots -= slot;
    g->count--;
    struct waiter *woken = g->count == 0 && g->waiters.n ? waitq_claim_all(&g->waiters) : NULL;
    emit_group(g, GROUP_DONE);
    guard_unlock(&g->guard);
    if (heir)
        task_unpark(heir);
    waitq_unpark_all(woken);
}

struct call {
    errgroup_fn *fn;
    void *arg;
    const char *error;
};

static void call(void *arg)
{
    struct call *c = arg;
    c->error = c->fn(c->arg);
}

static const char *run_caught(struct errgroup *g, struct start *s)
{
    struct call c = {.fn = s->fn, .arg = s->arg};
    const char *panic = rt_recover(call, &c);
    if (!panic)
        return c.error;
    guard_lock(&g->guard);
    if (!g->panic)
        g->panic = panic;
    guard_unlock(&g->guard);
    return panic;
}

/* A Goexit in a task: Done is deferred, so the group counts it as ended, without an error. */
static void ended_by_goexit(void *arg)
{
    struct start *s = arg;
    ended(s->group, s);
}

static void run(void *arg)
{
    struct start *s = arg;
    struct errgroup *g = s->group;
    rt_current->on_goexit = ended_by_goexit;
    const char *error = UNLIKELY(g->rules.panic_to_wait) ? run_caught(g, s) : s->fn(s->arg);
    if (UNLIKELY(error))
        fail(g, error);
    rt_gate();
    ended(g, s);
}

/* ---- its start ---------------------------------------------------------------------------------
 */

/* The guard is held, and is given back. */
static void start(struct errgroup *g, const char *name, errgroup_fn *fn, void *arg, bool slot)
{
    struct start *s = start_new();
    *s = (struct start){.group = g, .fn = fn, .arg = arg, .slot = slot};
    g->count++;
    emit_group(g, GROUP_GO);
    guard_unlock(&g->guard);
    if (UNLIKELY(!rt_spawn(name, run, s))) {
        fail(g, "no thread to be had");
        ended(g, s);
    }
}

/* The guard is held; false: it has been given back, and the context was cancelled. */
static bool wait_for_slot(struct errgroup *g)
{
    struct task *self = rt_current;
    struct waiter w, cw;
    bool looks = g->rules.go_sees_cancel && g->ctx;
    if (looks && !ctx_join(g->ctx, &cw, self)) {
        guard_unlock(&g->guard);
        return false;
    }
    waitq_add(&g->blocked, &w, self, 0, 0);
    if (looks)
        w.ticket = cw.ticket;
    uint32_t ticket = w.ticket;
    emit_group(g, GROUP_GO_WAIT);
    task_state_until(self, &g->guard.stamp, WHY_SEM, g->id, looks, NEVER);
    guard_unlock(&g->guard);
    wait_completed(self, ticket, NEVER);
    bool cancelled = looks && self->fired == CTX_FIRED;
    if (looks)
        ctx_leave(g->ctx, &cw);
    guard_lock(&g->guard);
    if (cancelled) {
        waitq_remove(&g->blocked, &w);
        guard_unlock(&g->guard);
    }
    return !cancelled;
}

enum rt_status errgroup_go(struct errgroup *g, const char *name, errgroup_fn *fn, void *arg)
{
    rt_gate();
    if (UNLIKELY(g->rules.go_sees_cancel) && g->ctx && ctx_is_done(g->ctx))
        return RT_CANCELLED;
    guard_lock(&g->guard);
    bool slot = g->limit >= 0;
    if (slot && g->slots < g->limit)
        g->slots++;
    else if (slot && !wait_for_slot(g))
        return RT_CANCELLED;
    start(g, name, fn, arg, slot);
    return RT_OK;
}

bool errgroup_try_go(struct errgroup *g, const char *name, errgroup_fn *fn, void *arg)
{
    rt_gate();
    guard_lock(&g->guard);
    bool slot = g->limit >= 0;
    if (slot && g->slots >= g->limit) {
        emit_group(g, GROUP_TRY_FAILED);
        guard_unlock(&g->guard);
        return false;
    }
    g->slots += slot;
    start(g, name, fn, arg, slot);
    return true;
}

const char *errgroup_wait(struct errgroup *g)
{
    struct task *self = rt_current;
    rt_gate();
    guard_lock(&g->guard);
    if (g->count) {
        struct waiter w;
        waitq_add(&g->waiters, &w, self, 0, 0);
        uint32_t ticket = w.ticket;
        emit_group(g, GROUP_WAIT);
        task_waits(self, &g->guard, TASK_WAITING, WHY_WAITGROUP, g->id);
        guard_unlock(&g->guard);
        wait_completed(self, ticket, NEVER);
        guard_lock(&g->guard);
    } else {
        emit_group(g, GROUP_WAIT);
    }
    const char *error = g->error, *panic = g->panic;
    guard_unlock(&g->guard);
    if (g->ctx)
        ctx_cancel(g->ctx, error);
    if (panic)
        rt_panic(g->id, "%s", panic);
    return error;
}
