/* SPDX-License-Identifier: MIT */
/* WaitGroup, as Go's sync.WaitGroup. */
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

#endif
