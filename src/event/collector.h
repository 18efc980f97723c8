/* SPDX-License-Identifier: MIT */
/* Live: from a ring per thread to one ordered stream.
 *
 * Each engine thread writes into its own ring (emit.h); the collector merges the rings by stamp and
 * hands over chunks, still with raw stamps (the executor knows what time that was). No effect comes
 * before its cause, because stamps are a hybrid logical clock; the collector must only not run
 * ahead of a thread that has taken its stamp and not yet published it:
 *
 *   thread A   begun=5  stamp=100 ······preempted······ head=5
 *   thread B                         stamp=120 head=9
 *   collector          A has begun 5, published 4: nothing above A's last stamp is safe yet
 *
 * Nor above the present less a lag: another processor's `begun` may still be on its way to us.
 *
 * A full ring drops and counts; the loss becomes a LOST event. */
#ifndef EVENT_COLLECTOR_H
#define EVENT_COLLECTOR_H

#include "event/emit.h"

struct collector;

/* ring_events: of the first rings, a power of two, at least 1024; where there are many they are
 * smaller. Memory is touched as it is used. kick(arg), if there is one, is called by a thread whose
 * ring is more than half full: the drain should come soon. It must not block. */
struct collector *collector_create(size_t ring_events, void (*kick)(void *arg), void *kick_arg);
void collector_destroy(struct collector *c); /* after all its threads have left */
/* A ring for the calling thread; sets `emitter`. Any thread. Rings of threads that left are reused
 * once they are read out. */
void collector_enter(struct collector *c);
void collector_leave(struct collector *c); /* clears `emitter` */
/* Merges what is safe and gives it to take in order, in chunks. all: the threads have stopped, take
 * everything. Returns the raw stamp up to which the stream is complete. One thread at a time.
 * take's events are the caller's for the time of the call: it may change them. */
int64_t collector_drain(struct collector *c, bool all,
                        void (*take)(void *arg, struct event *ev, size_t n), void *arg);
uint64_t collector_lost(const struct collector *c);

#endif
