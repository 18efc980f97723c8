/* SPDX-License-Identifier: MIT */
/* Contexts: a tree of cancellations, as Go's package context.
 *
 * Cancelling a context cancels its children; a deadline cancels with cause "deadline exceeded".
 * Contexts are objects on the screen; ctx_done() is a channel that is closed, so it stands in a
 * select. */
#ifndef RUNTIME_CONTEXT_H
#define RUNTIME_CONTEXT_H

#include "runtime/chan.h"

struct context;

/* The root: never cancelled, has no object. One a run. */
struct context *ctx_background(void);
struct context *ctx_with_cancel(struct context *parent, const char *name);
/* deadline_ns: scenario time. The earlier of it and the parent's counts. */
struct context *ctx_with_deadline(struct context *parent, const char *name, int64_t deadline_ns);
struct context *ctx_with_timeout(struct context *parent, const char *name, int64_t timeout_ns);
/* With a cause of one's own instead of "deadline exceeded" (borrowed for the run; NULL: that). */
struct context *ctx_with_deadline_cause(struct context *parent, const char *name,
                                        int64_t deadline_ns, const char *cause);
/* Not cancelled when the parent is, and without its deadline. */
struct context *ctx_without_cancel(struct context *parent, const char *name);
/* A context without name and events, freed by ctx_release(): one per job. */
struct context *ctx_with_timeout_quiet(struct context *parent, int64_t timeout_ns);
void ctx_release(struct context *ctx);

uint32_t ctx_id(const struct context *ctx); /* 0: background */
/* The channel that is closed at cancellation; NULL for background. */
struct chan *ctx_done(struct context *ctx);
bool ctx_cancelled(struct context *ctx);
/* "" while alive; else "context canceled", "deadline exceeded" or the cause given (Go's Cause). */
const char *ctx_cause(struct context *ctx);
/* The same without causes (Go's Err): "", "context canceled" or "deadline exceeded". */
const char *ctx_err(struct context *ctx);
/* NEVER where there is none. */
int64_t ctx_deadline(struct context *ctx);
/* Cancels with a cause (NULL: "context canceled"); again: nothing. Task or engine context. */
void ctx_cancel(struct context *ctx, const char *cause);
/* Runs fn(arg) as a task of that name once ctx is cancelled (context.AfterFunc); at once if it is
 * already. Task or engine context. name is borrowed for the run. */
struct ctx_after;
struct ctx_after *ctx_after(struct context *ctx, const char *name, void (*fn)(void *arg),
                            void *arg);
/* True: fn will not run. False: it was started, or stopped before. Does not wait for it. */
bool ctx_after_stop(struct ctx_after *after);

/* Waits (state waiting, why) on obj until end_ns or the cancellation: RT_OK or RT_CANCELLED.
 * order: 0, or a timer_order() for calls that end at the same instant. */
enum rt_status ctx_wait_until(struct context *ctx, enum why why, uint32_t obj, int64_t end_ns,
                              uint64_t order);

#endif
