/* SPDX-License-Identifier: MIT */
/* Cond, as Go's sync.Cond: wait, signal the one that has waited longest, or wake all. Go has no
 * spurious wake-ups; POSIX allows them, so one can be injected. Stolen ones are real everywhere:
 * between a signal and the moment at which the woken task has the lock again, somebody else may
 * take what it was woken for; that can be provoked. */
#ifndef RUNTIME_COND_H
#define RUNTIME_COND_H

#include "runtime/mutex.h"

struct cond;
/* m: the mutex that protects what is waited for; borrowed. Emits OBJECT. Task or engine context. */
struct cond *cond_make(const char *name, struct mutex *m);
uint32_t cond_id(const struct cond *c);
/* Task context, with the mutex locked: unlocks it, waits, locks it again. The caller must look
 * again whether what it waits for is true. */
void cond_wait(struct cond *c);
/* The same until deadline_ns of scenario time: RT_OK or RT_TIMEOUT, with the lock either way. */
enum rt_status cond_wait_until(struct cond *c, int64_t deadline_ns);
/* Task or engine context, with or without the mutex. Nobody waits: nothing happens. */
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

/* Wakes the first that waits for no reason at all. False: nobody waits. Task or engine context. */
bool cond_inject_spurious(struct cond *c);
/* The next to be signalled comes back only delay_ns after its wake-up, time enough for a thief. */
void cond_inject_stolen(struct cond *c, int64_t delay_ns);

#endif
