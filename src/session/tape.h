/* SPDX-License-Identifier: MIT */
/* The tape: all events of a run in memory, encoded, with random access by number and by time.
 *
 * Same codec as the file, but the ids of strings stay those of the run's own table, and nothing is
 * checked, since nothing has left the process. About 3 to 8 bytes an event. Not shared between
 * threads. */
#ifndef SESSION_TAPE_H
#define SESSION_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

struct tape;
struct tape *tape_create(void);
void tape_free(struct tape *t); /* NULL is fine */
void tape_add(struct tape *t, const struct event *ev, size_t n);
uint64_t tape_count(const struct tape *t);
size_t tape_bytes(const struct tape *t);
/* Events from `number` on, at most max; 0 at the end. One after the other is cheap; elsewhere costs
 * the decoding of a block (about 30 us). */
size_t tape_read(struct tape *t, uint64_t number, struct event *out, size_t max);
/* How many events there are up to and including t_ns (of a stream whose time does not go back). */
uint64_t tape_until(struct tape *t, int64_t t_ns);
/* Forgets all events from `number` on: another story follows. */
void tape_cut(struct tape *t, uint64_t number);

#endif
