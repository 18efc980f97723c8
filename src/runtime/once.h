/* SPDX-License-Identifier: MIT */
/* Once, as Go's sync.Once: the first call runs the function, calls meanwhile wait for its end,
 * calls after that return at once. If the function panics or ends its task, that was the one time.
 */
#ifndef RUNTIME_ONCE_H
#define RUNTIME_ONCE_H

#include "runtime/rt.h"

struct once;
/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct once *once_make(const char *name);
uint32_t once_id(const struct once *o);
/* Task context; blocks while another task is in fn. A call from inside fn waits for itself. */
void once_do(struct once *o, void (*fn)(void *arg), void *arg);

#endif
