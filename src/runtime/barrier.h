/* SPDX-License-Identifier: MIT */
/* Barrier and latch.
 *
 * A barrier lets its parties go on only together, round after round (POSIX' pthread_barrier, Java's
 * CyclicBarrier). A latch opens once, when it has been counted down to 0, and stays open (Java's
 * CountDownLatch); counting an open one down does nothing. */
#ifndef RUNTIME_BARRIER_H
#define RUNTIME_BARRIER_H

#include "runtime/rt.h"

struct barrier;
/* parties >= 1. Emits OBJECT. Lives as long as the run. Task or engine context. */
struct barrier *barrier_make(const char *name, uint32_t parties);
uint32_t barrier_id(const struct barrier *b);
/* Task context; blocks until all parties of this round have come. True for the one that came last.
 */
bool barrier_wait(struct barrier *b);
/* The same until deadline_ns of scenario time: RT_OK, or RT_TIMEOUT, and then as if it had not
 * come: the others go on waiting. */
enum rt_status barrier_wait_until(struct barrier *b, int64_t deadline_ns);

struct latch;
struct latch *latch_make(const char *name, uint32_t count);
uint32_t latch_id(const struct latch *l);
/* Task or engine context; never blocks. */
void latch_down(struct latch *l);
/* Task context; blocks until it is open. */
void latch_wait(struct latch *l);
enum rt_status latch_wait_until(struct latch *l, int64_t deadline_ns); /* RT_OK or RT_TIMEOUT */
bool latch_open(struct latch *l);

#endif
