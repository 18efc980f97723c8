/* SPDX-License-Identifier: MIT */
/* A pool of things to use again, as Go's sync.Pool: each processor has a shelf of its own; who
 * finds it empty takes from another's, then from what the last collection left over, and only then
 * has a new one made. A collection (Go's garbage collector) makes all shelves the victims and
 * throws the victims before away: what nobody took for two collections is gone.
 *
 * An item is a number, which stands in the events: an index, never an address. In live a shelf
 * belongs to a processor of the machine, so who has moved meanwhile finds another one. */
#ifndef RUNTIME_SYNCPOOL_H
#define RUNTIME_SYNCPOOL_H

#include "runtime/rt.h"

struct syncpool;
struct syncpool_config {
    const char *name;
    uint32_t (*make)(void *arg);            /* a new item; task context */
    void (*gone)(void *arg, uint32_t item); /* thrown away by a collection, or NULL; in no guard */
    void *arg;
};
/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct syncpool *syncpool_make(const struct syncpool_config *config);
uint32_t syncpool_id(const struct syncpool *p);
/* Task context; nothing blocks. Who gets an item has it alone, and it is as it was put back. */
uint32_t syncpool_get(struct syncpool *p);
void syncpool_put(struct syncpool *p, uint32_t item);
/* A collection: of all pools of the run. Task or engine context. */
void syncpool_collect(void);

#endif
