/* SPDX-License-Identifier: MIT */
/* An errgroup with a context, and tasks that do not look at it (T3.M2): the first error cancels the
 * others, which call on. Repaired: the calls take the context. */
#include <stdio.h>

#include "programs.h"
#include "runtime/errgroup.h"

enum { CALLS = 8, TASKS = 2 };
#define CALL_NS INT64_C(50000000)

struct work {
    struct context *ctx; /* what the calls heed */
    uint32_t api;
};

static const char *fails(void *arg)
{
    struct work *w = arg;
    ctx_wait_until(ctx_background(), WHY_IO, w->api, rt_now() + CALL_NS / 2, 0);
    return "404";
}

static const char *calls(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < CALLS; i++)
        if (ctx_wait_until(w->ctx, WHY_IO, w->api, rt_now() + CALL_NS, 0) != RT_OK)
            return "canceled";
    return NULL;
}

static void start(bool passed)
{
    struct work *w = rt_alloc(rt_here(), sizeof *w);
    struct context *ctx;
    struct errgroup *g = errgroup_with_context(ctx_background(), "fetch", NULL, &ctx);
    w->ctx = passed ? ctx : ctx_background();
    w->api = rt_object(OBJ_DEPENDENCY, "api", 0);
    errgroup_go(g, "fails", fails, w);
    for (int i = 1; i <= TASKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "fetch-%d", i);
        errgroup_go(g, name, calls, w);
    }
    errgroup_wait(g);
}

void program_ctx_not_passed(void *arg)
{
    (void)arg;
    start(false);
}

void program_ctx_passed(void *arg)
{
    (void)arg;
    start(true);
}
