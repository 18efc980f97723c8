/* SPDX-License-Identifier: MIT */
/* All events of a run by their number, on tapes in memory or behind a session file. UI thread. */
#ifndef APP_REEL_H
#define APP_REEL_H

#include "event/event.h"
#include "session/psr.h"

struct reel;
/* In memory; once its bytes exceed the limit, the oldest part is forgotten. */
struct reel *reel_create(size_t limit_bytes);
/* What stands in a file; borrowed while the reel lives. Nothing can be added. */
struct reel *reel_over(struct psr_reader *r);
void reel_free(struct reel *t);
void reel_add(struct reel *t, const struct event *ev, size_t n);
/* Forgets the events from number n on. */
void reel_cut(struct reel *t, uint64_t n);
/* Numbers first .. count-1 are kept. */
uint64_t reel_first(const struct reel *t);
uint64_t reel_count(const struct reel *t);
int64_t reel_last_ns(const struct reel *t); /* of the newest event; 0 when there is none */
size_t reel_bytes(const struct reel *t);
/* Copies events from number n on, at most max; 0 at the end. A file that turns out to be damaged
 * ends there: reel_count() shrinks. */
size_t reel_read(struct reel *t, uint64_t n, struct event *out, size_t max);
/* How many events have a time <= t_ns. */
uint64_t reel_until(struct reel *t, int64_t t_ns);

#endif
