/* SPDX-License-Identifier: MIT */
/* Contexts: a tree, cancelled from a node downwards.
 *
 * A node's guard protects its fields and its list of children. Cancelling goes down with the guard
 * held, always from parent to child, so that no child can be released under its feet:
 *
 *   cancel(root)                         release(job)
 *   root's guard: job is a child         wants root's guard, to leave the list
 *     job's guard: cause, close          waits
 *   free                                 leaves; nobody knows it any more; used anew
 *
 * What is to run after the cancellation is collected on the way down and started when no guard is
 * held any more. Source: Go's context/context.go. */
#include "runtime/context.h"

#include <string.h>

#include "runtime/chan_inside.h"

struct ctx_after {
    struct ctx_after *next, **link; /* link: NULL when it was started or stopped */
    struct context *ctx;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
};

struct context {
    struct guard guard;
    struct context *parent;
    struct context *children, *next, **link; /* link: who points at us, NULL when alone */
    struct chan *done;
    struct ctx_after *after;
    const char *cause;          /* NULL: alive */
    const char *deadline_cause; /* NULL: "deadline exceeded" */
    bool timed_out;             /* by a deadline, not by somebody */
    int64_t deadline_ns;
    struct rt_timer timer;
    uint32_t id;
    bool quiet, released;
};

static const char canceled[] = "context canceled";
static const char exceeded[] = "deadline exceeded";

struct context *ctx_background(void)
{
    struct rt *rt = rt_engine;
    struct context *bg = atomic_load_explicit(&rt->background, memory_order_acquire);
    if (bg)
        return bg;
    bg = rt_alloc(rt, sizeof *bg);
    bg->deadline_ns = NEVER;
    struct context *none = NULL;
    return atomic_compare_exchange_strong(&rt->background, &none, bg) ? bg : none;
}

static void cancel(struct context *ctx, const char *cause, bool timed_out);

static void deadline_passed(struct rt *rt, void *arg)
{
    struct context *ctx = arg;
    (void)rt;
    cancel(ctx, ctx->deadline_cause ? ctx->deadline_cause : exceeded, true);
}

/* The parent cancels us from now on. If it is cancelled already, so are we. */
static void attach(struct context *ctx, struct context *parent)
{
    ctx->parent = parent;
    if (!parent->done)
        return; /* background never ends */
    guard_lock(&parent->guard);
    const char *cause = parent->cause;
    bool timed_out = parent->timed_out;
    if (!cause) {
        ctx->next = parent->children;
        ctx->link = &parent->children;
        if (ctx->next)
            ctx->next->link = &ctx->next;
        parent->children = ctx;
    }
    guard_unlock(&parent->guard);
    if (cause)
        cancel(ctx, cause, timed_out);
}

static void detach(struct context *ctx)
{
    struct context *parent = ctx->parent;
    if (!parent || !parent->done)
        return;
    guard_lock(&parent->guard);
    if (ctx->link) {
        *ctx->link = ctx->next;
        if (ctx->next)
            ctx->next->link = ctx->link;
        ctx->link = NULL;
        ctx->next = NULL;
    }
    guard_unlock(&parent->guard);
}

static struct context *begin(struct context *parent, int64_t deadline_ns, struct context *ctx)
{
    int64_t theirs = ctx_deadline(parent);
    ctx->deadline_ns = deadline_ns < theirs ? deadline_ns : theirs;
    bool timed = deadline_ns < theirs;
    if (timed) {
        rt_timer_init(&ctx->timer, 0, deadline_passed, ctx);
        ctx->timer.when_ns = deadline_ns;
    }
    attach(ctx, parent); /* who cancels us from here on may meet the timer unset, which is fine */
    if (timed && !ctx_cancelled(ctx))
        rt_engine->ops->timer_set(rt_engine, &ctx->timer);
    return ctx;
}

struct context *ctx_with_deadline_cause(struct context *parent, const char *name,
                                        int64_t deadline_ns, const char *cause)
{
    struct context *ctx = rt_alloc(rt_engine, sizeof *ctx);
    ctx->deadline_cause = cause;
    int64_t shown = deadline_ns < ctx_deadline(parent) ? deadline_ns : ctx_deadline(parent);
    ctx->id = rt_object(OBJ_CTX, name, 0);
    ctx->done = chan_make_quiet(0);
    ctx->done->id = ctx->id;
    emit(&ctx->guard.stamp, EV_CTX, CTX_NEW, 0, 0, ctx->id, parent->id, shown == NEVER ? 0 : shown);
    return begin(parent, deadline_ns, ctx);
}

struct context *ctx_with_deadline(struct context *parent, const char *name, int64_t deadline_ns)
{
    return ctx_with_deadline_cause(parent, name, deadline_ns, NULL);
}

/* Like the background: no done channel, so nothing ends it. */
struct context *ctx_without_cancel(struct context *parent, const char *name)
{
    struct context *ctx = rt_alloc(rt_engine, sizeof *ctx);
    ctx->deadline_ns = NEVER;
    ctx->id = rt_object(OBJ_CTX, name, 0);
    emit(&ctx->guard.stamp, EV_CTX, CTX_NEW, 0, 0, ctx->id, parent->id, 0);
    return ctx;
}

struct context *ctx_with_cancel(struct context *parent, const char *name)
{
    return ctx_with_deadline(parent, name, NEVER);
}

struct context *ctx_with_timeout(struct context *parent, const char *name, int64_t timeout_ns)
{
    return ctx_with_deadline(parent, name, rt_now() + timeout_ns);
}

struct context *ctx_with_timeout_quiet(struct context *parent, int64_t timeout_ns)
{
    struct rt *rt = rt_engine;
    guard_lock(&rt->guard);
    struct context *ctx = rt->contexts;
    if (ctx)
        rt->contexts = ctx->next;
    guard_unlock(&rt->guard);
    if (ctx) {
        struct chan *done = ctx->done;
        int64_t stamp = ctx->guard.stamp;
        memset(ctx, 0, sizeof *ctx);
        ctx->guard.stamp = stamp;
        done->closed = false;
        ctx->done = done;
    } else {
        ctx = rt_alloc(rt, sizeof *ctx);
        ctx->done = chan_make_quiet(0);
    }
    ctx->quiet = true;
    return begin(parent, rt_now() + timeout_ns, ctx);
}

void ctx_release(struct context *ctx)
{
    struct rt *rt = rt_engine;
    VERIFY(ctx->quiet);
    detach(ctx);
    if (ctx->timer.fire)
        rt_timer_end(rt, &ctx->timer);
    guard_lock(&ctx->guard);
    bool again = ctx->released;
    ctx->released = true;
    guard_unlock(&ctx->guard);
    VERIFY(!again);
    guard_lock(&rt->guard);
    ctx->next = rt->contexts;
    rt->contexts = ctx;
    guard_unlock(&rt->guard);
}

uint32_t ctx_id(const struct context *ctx)
{
    return ctx->id;
}

struct chan *ctx_done(struct context *ctx)
{
    return ctx->done;
}

bool ctx_cancelled(struct context *ctx)
{
    rt_gate();
    guard_lock(&ctx->guard);
    bool yes = ctx->cause != NULL;
    guard_unlock(&ctx->guard);
    return yes;
}

const char *ctx_cause(struct context *ctx)
{
    guard_lock(&ctx->guard);
    const char *cause = ctx->cause;
    guard_unlock(&ctx->guard);
    return cause ? cause : "";
}

const char *ctx_err(struct context *ctx)
{
    guard_lock(&ctx->guard);
    const char *err = !ctx->cause ? "" : ctx->timed_out ? exceeded : canceled;
    guard_unlock(&ctx->guard);
    return err;
}

int64_t ctx_deadline(struct context *ctx)
{
    return ctx->deadline_ns;
}

/* ---- cancelling --------------------------------------------------------------------------------
 */

static void emit_ctx_after(struct context *ctx, enum ctx_op op)
{
    if (!ctx->quiet)
        emit(&ctx->guard.stamp, EV_CTX, (uint8_t)op, 0, 0, ctx->id,
             ctx->parent ? ctx->parent->id : 0, 0);
}

/* Goes down the tree; what is to run afterwards is put at *tail. Returns the new tail. */
static struct ctx_after **cancel_tree(struct context *ctx, const char *cause, bool timed_out,
                                      struct ctx_after **tail)
{
    struct rt *rt = rt_engine;
    guard_lock(&ctx->guard);
    if (ctx->cause || ctx->released) {
        guard_unlock(&ctx->guard);
        return tail;
    }
    ctx->cause = cause;
    ctx->timed_out = timed_out;
    if (!ctx->quiet)
        emit(&ctx->guard.stamp, EV_CTX, CTX_CANCEL, 0,
             rt->probes ? strtab_intern(rt->names, ctx->cause) : 0, ctx->id,
             ctx->parent ? ctx->parent->id : 0, emit_ab(task_self_id(), 0));
    if (ctx->timer.fire)
        rt->ops->timer_stop(rt, &ctx->timer);
    chan_close_now(ctx->done);
    while (ctx->after) {
        struct ctx_after *a = ctx->after;
        ctx->after = a->next;
        a->next = NULL;
        a->link = NULL;
        *tail = a;
        tail = &a->next;
    }
    while (ctx->children) {
        struct context *child = ctx->children;
        ctx->children = child->next;
        child->next = NULL;
        child->link = NULL;
        tail = cancel_tree(child, cause, timed_out, tail);
    }
    guard_unlock(&ctx->guard);
    return tail;
}

static void cancel(struct context *ctx, const char *cause, bool timed_out)
{
    struct ctx_after *after = NULL;
    cancel_tree(ctx, cause, timed_out, &after);
    while (after) {
        struct ctx_after *next = after->next;
        rt_spawn(after->name, after->fn, after->arg);
        after = next;
    }
}

void ctx_cancel(struct context *ctx, const char *cause)
{
    rt_gate();
    if (ctx->done) /* background never ends */
        cancel(ctx, cause ? cause : canceled, false);
}

/* ---- after the cancellation --------------------------------------------------------------------
 */

struct ctx_after *ctx_after(struct context *ctx, const char *name, void (*fn)(void *arg), void *arg)
{
    rt_gate();
    struct ctx_after *a = rt_alloc(rt_engine, sizeof *a);
    *a = (struct ctx_after){.ctx = ctx, .name = name, .fn = fn, .arg = arg};
    guard_lock(&ctx->guard);
    bool over = ctx->cause != NULL;
    emit_ctx_after(ctx, CTX_AFTER);
    if (!over) {
        struct ctx_after **end = &ctx->after;
        while (*end) /* they start in the order in which they were asked for */
            end = &(*end)->next;
        *end = a;
        a->link = end;
    }
    guard_unlock(&ctx->guard);
    if (over)
        rt_spawn(name, fn, arg);
    return a;
}

bool ctx_after_stop(struct ctx_after *a)
{
    rt_gate();
    guard_lock(&a->ctx->guard);
    bool was = a->link != NULL;
    if (was) {
        *a->link = a->next;
        if (a->next)
            a->next->link = a->link;
        a->link = NULL;
        emit_ctx_after(a->ctx, CTX_AFTER_STOPPED);
    }
    guard_unlock(&a->ctx->guard);
    return was;
}

enum rt_status ctx_wait_until(struct context *ctx, enum why why, uint32_t obj, int64_t end_ns,
                              uint64_t order)
{
    struct task *self = rt_current;
    struct chan *done = ctx->done;
    rt_gate();
    struct waiter w = {0};
    uint32_t ticket = atomic_load_explicit(&self->ticket, memory_order_relaxed);
    if (done) {
        guard_lock(&done->guard);
        if (done->closed) {
            guard_unlock(&done->guard);
            return RT_CANCELLED;
        }
        waitq_add(&done->recv, &w, self, 0, 0);
    }
    if (why == WHY_IO) /* a call may always return */
        task_waits(self, done ? &done->guard : NULL, TASK_WAITING, why, obj);
    else
        task_state_until(self, done ? &done->guard.stamp : NULL, why, obj, done && obj != ctx->id,
                         end_ns);
    if (done)
        guard_unlock(&done->guard);
    self->park_order = order;
    if (wait_completed(self, ticket, end_ns))
        return done ? RT_CANCELLED : RT_OK;
    if (done) {
        guard_lock(&done->guard);
        waitq_remove(&done->recv, &w);
        guard_unlock(&done->guard);
    }
    return RT_OK;
}
