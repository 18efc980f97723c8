/* SPDX-License-Identifier: MIT */
/* Mutex, as Go's sync.Mutex: whoever comes first takes a free lock, even past those who wait; but
 * once somebody has waited for 1 ms it is handed over in the order of waiting, until the queue is
 * empty or a wait was shorter. */
#ifndef RUNTIME_MUTEX_H
#define RUNTIME_MUTEX_H

#include "runtime/rt.h"

struct mutex;
/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct mutex *mutex_make(const char *name);
uint32_t mutex_id(const struct mutex *m);
/* Task context; blocks. */
void mutex_lock(struct mutex *m);
/* Until deadline_ns of scenario time: RT_OK or RT_TIMEOUT. A free lock is had even then. */
enum rt_status mutex_lock_until(struct mutex *m, int64_t deadline_ns);
bool mutex_try_lock(struct mutex *m);
/* Panics when it is not locked. Any task may unlock, as in Go. */
void mutex_unlock(struct mutex *m);

#endif
