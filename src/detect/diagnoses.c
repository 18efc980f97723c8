/* SPDX-License-Identifier: MIT */
/* What each kind of diagnosis means, for `list diagnoses`. */
#include "detect/detect.h"

const char *const diagnosis_help[] = {
    [DIAG_DEADLOCK] = "tasks wait for each other in a cycle",
    [DIAG_ALL_ASLEEP] = "main waits and nothing can ever run again",
    [DIAG_LEAK] = "main has returned, and a task waits for what nobody can do any more",
    [DIAG_RACE] = "two tasks touch the same cell, one of them writes, nothing orders them",
    [DIAG_LOST_UPDATE] = "a write was overwritten by one that had not seen it",
    [DIAG_TORN_READ] = "a read saw halves of two writes",
    [DIAG_ABA] = "a compare-and-swap took a value that had gone and come back",
    [DIAG_PANIC] = "a task panicked: send on closed, close of closed, negative counter …",
    [DIAG_DOUBLE_UNLOCK] = "a task gives back a lock that it gave back already",
    [DIAG_LOST_WAKEUP] = "a signal found nobody, and whom it was meant for waits for ever",
    [DIAG_STARVATION] = "a task waits while others get their turn again and again",
    [DIAG_LIVELOCK] = "tasks give way to each other and none gets on",
    [DIAG_BUSY_LOOP] = "a task uses its processor to wait",
    [DIAG_UNBOUNDED_GROWTH] = "tasks or a queue grow without a limit",
    [DIAG_WINDOW_SEAM] = "a limiter let more than its limit through in some window",
    [DIAG_STUCK_HALF_OPEN] = "a breaker stays half open, its probes used up",
    [DIAG_FLAPPING] = "a breaker opens and closes again and again",
    [DIAG_NEVER_TRIPS] = "a breaker that cannot open by its rule",
    [DIAG_LOCK_ORDER] = "locks are taken in orders that could make a cycle",
    [DIAG_HELD_FOREVER] = "a lock is held by a task that has ended",
    [DIAG_EARLY_RETURN] = "a wait returned while work goes on",
    [DIAG_WASTED_WORK] = "a task worked on after it was cancelled",
    [DIAG_STALE_DATA] = "a reader went on with data that had been replaced",
    [DIAG_OVERLOAD] = "more arrives than can be served",
    [DIAG_PRIORITY_INVERSION] = "the less urgent was taken although the urgent was there",
    [DIAG_OVER_ADMISSION] = "several nodes let more in than their limit",
};
_Static_assert(sizeof diagnosis_help / sizeof diagnosis_help[0] == DIAG_COUNT,
               "a sentence for each kind");
