/* SPDX-License-Identifier: MIT */
/* Inside of a mutex, for cond.c. */
#ifndef RUNTIME_MUTEX_INSIDE_H
#define RUNTIME_MUTEX_INSIDE_H

#include "runtime/mutex.h"

/* Unlocks without the gate: the task stands in a queue already and must not be stopped there. */
void mutex_unlock_now(struct mutex *m);
/* Panics as that would, before its caller stands in the queue: nobody holds it. */
void mutex_must_be_locked(struct mutex *m);

#endif
