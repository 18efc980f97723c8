/* SPDX-License-Identifier: MIT */
/* RWMutex, as Go's sync.RWMutex: many readers or one writer. A waiting writer holds back new
 * readers; when it is done, all readers that wait go first, then the next writer. So neither can
 * starve the other, and a reader that locks again while a writer waits deadlocks, as in Go. */
#ifndef RUNTIME_RWMUTEX_H
#define RUNTIME_RWMUTEX_H

#include "runtime/rt.h"

struct rwmutex;
/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct rwmutex *rwmutex_make(const char *name);
uint32_t rwmutex_id(const struct rwmutex *m);
/* Task context; these block. */
void rwmutex_lock(struct rwmutex *m);
void rwmutex_rlock(struct rwmutex *m);
/* Until deadline_ns of scenario time: RT_OK or RT_TIMEOUT. A free lock is had even then. */
enum rt_status rwmutex_lock_until(struct rwmutex *m, int64_t deadline_ns);
enum rt_status rwmutex_rlock_until(struct rwmutex *m, int64_t deadline_ns);
bool rwmutex_try_lock(struct rwmutex *m);
bool rwmutex_try_rlock(struct rwmutex *m);
/* Panic when it is not locked in that way. Any task may unlock, as in Go. */
void rwmutex_unlock(struct rwmutex *m);
void rwmutex_runlock(struct rwmutex *m);

#endif
