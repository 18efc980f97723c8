/* SPDX-License-Identifier: MIT */
/* WaitGroup and Mutex, with the semantics of Go's package sync. */
#ifndef RUNTIME_SYNC_H
#define RUNTIME_SYNC_H

#include "runtime/rt.h"

struct waitgroup;
struct waitgroup *wg_make(const char *name);
uint32_t wg_id(const struct waitgroup *wg);
/* Panics when the counter would become negative. Engine context too. */
void wg_add(struct waitgroup *wg, int32_t delta);
void wg_done(struct waitgroup *wg);
/* Blocks until the counter is 0. */
void wg_wait(struct waitgroup *wg);

struct mutex;
struct mutex *mutex_make(const char *name);
uint32_t mutex_id(const struct mutex *m);
/* Blocks; waiters first-in first-out, as Go hands over in starvation mode. */
void mutex_lock(struct mutex *m);
bool mutex_try_lock(struct mutex *m);
/* Panics when not locked. Any task may unlock, as in Go. */
void mutex_unlock(struct mutex *m);

#endif
