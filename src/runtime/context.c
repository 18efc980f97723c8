/* SPDX-License-Identifier: MIT */
/* Contexts: a tree, cancelled from a node downwards.
 *
 * A node's guard protects its fields and its list of children. Cancelling takes the list off inside
 * the guard and goes down outside of it, so guards of different nodes are never held together
 * except parent over a child that nobody else knows yet. */
#include "runtime/context.h"

#include <string.h>

#include "runtime/chan_inside.h"

struct context {
    struct guard guard;
    struct context *parent;
    struct context *children, *next, **link; /* link: who points at us, NULL when alone */
    struct chan *done;
    const char *cause; /* NULL: alive */
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
    struct context *bg = rt->background;
    if (bg)
        return bg;
    bg = rt_alloc(rt, sizeof *bg);
    bg->deadline_ns = NEVER;
    guard_lock(&rt->guard);
    if (!rt->background)
        rt->background = bg;
    guard_unlock(&rt->guard);
    return rt->background;
}

static void deadline_passed(struct rt *rt, void *arg)
{
    (void)rt;
    ctx_cancel(arg, exceeded);
}

/* The parent cancels us from now on. If it is cancelled already, so are we. */
static void attach(struct context *ctx, struct context *parent)
{
    ctx->parent = parent;
    if (!parent->done)
        return; /* background never ends */
    guard_lock(&parent->guard);
    const char *cause = parent->cause;
    if (!cause) {
        ctx->next = parent->children;
        ctx->link = &parent->children;
        if (ctx->next)
            ctx->next->link = &ctx->next;
        parent->children = ctx;
    }
    guard_unlock(&parent->guard);
    if (cause)
        ctx_cancel(ctx, cause);
}

static void detach(struct context *ctx)
{
    struct context *parent = ctx->parent;
    if (!parent)
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
    attach(ctx, parent);
    if (deadline_ns < theirs && !ctx_cancelled(ctx)) {
        rt_timer_init(&ctx->timer, 0, deadline_passed, ctx);
        ctx->timer.when_ns = deadline_ns;
        rt_engine->ops->timer_set(rt_engine, &ctx->timer);
    }
    return ctx;
}

struct context *ctx_with_deadline(struct context *parent, const char *name, int64_t deadline_ns)
{
    struct context *ctx = rt_alloc(rt_engine, sizeof *ctx);
    int64_t shown = deadline_ns < ctx_deadline(parent) ? deadline_ns : ctx_deadline(parent);
    ctx->id = rt_object(OBJ_CTX, name, 0);
    ctx->done = chan_make_quiet(0);
    ctx->done->id = ctx->id;
    emit(&ctx->guard.stamp, EV_CTX, CTX_NEW, 0, 0, ctx->id, parent->id, shown == NEVER ? 0 : shown);
    return begin(parent, deadline_ns, ctx);
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
    if (ctx->timer.index || ctx->timer.fire)
        rt->ops->timer_stop(rt, &ctx->timer);
    detach(ctx);
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

int64_t ctx_deadline(struct context *ctx)
{
    return ctx->deadline_ns;
}

void ctx_cancel(struct context *ctx, const char *cause)
{
    struct rt *rt = rt_engine;
    if (!ctx->done)
        return; /* background */
    guard_lock(&ctx->guard);
    if (ctx->cause || ctx->released) {
        guard_unlock(&ctx->guard);
        return;
    }
    ctx->cause = cause ? cause : canceled;
    struct context *child = ctx->children;
    ctx->children = NULL;
    for (struct context *c = child; c; c = c->next)
        c->link = NULL;
    if (!ctx->quiet)
        emit(&ctx->guard.stamp, EV_CTX, CTX_CANCEL, 0,
             rt->probes ? strtab_intern(rt->names, ctx->cause) : 0, ctx->id,
             ctx->parent ? ctx->parent->id : 0, 0);
    guard_unlock(&ctx->guard);
    if (ctx->timer.fire)
        rt->ops->timer_stop(rt, &ctx->timer);
    chan_close(ctx->done);
    while (child) {
        struct context *next = child->next;
        child->next = NULL;
        ctx_cancel(child, ctx->cause);
        child = next;
    }
}

enum rt_status ctx_wait_until(struct context *ctx, enum why why, uint32_t obj, int64_t end_ns,
                              uint64_t order)
{
    struct task *self = rt_current;
    struct chan *done = ctx->done;
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
    task_waits(self, done ? &done->guard : NULL, TASK_WAITING, why, obj);
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
