/* SPDX-License-Identifier: MIT */
/* The collector under real threads: one stream in the order of its stamps, each thread's events in
 * the order in which it emitted them, each object's in the order of its guard, and a loss count
 * that is exactly what is missing, also when rings overflow all the time.
 *
 *   writer w, nth event:   task = w, v = n            of nothing
 *   every 4th              obj = 1, c = k             inside the guard, k = 1, 2, 3 …
 *
 * The writers number what they try to emit; what does not arrive must have been told as lost. */
#include <sched.h>

#include "event/collector.h"
#include "runtime/guard.h"
#include "stress.h"

enum { WRITERS = 4, EACH = 60000, ROUNDS = 3, RING = 1024 };

static struct collector *col;
static struct guard guard;
static uint32_t object_count; /* guard's */
static _Atomic int writing;
static _Atomic int kicks;

struct seen {
    int64_t last_stamp;
    int64_t next[WRITERS * ROUNDS];
    uint32_t object;
    uint64_t events, missing, lost;
};

static void kick(void *arg)
{
    atomic_fetch_add((_Atomic int *)arg, 1);
}

static void take(void *arg, struct event *ev, size_t n)
{
    struct seen *s = arg;
    for (size_t i = 0; i < n; i++) {
        const struct event *e = &ev[i];
        CHECK(e->t_ns >= s->last_stamp, "the order is broken at event %lu",
              (unsigned long)s->events);
        s->last_stamp = e->t_ns;
        if (e->kind == EV_LOST) {
            s->lost += (uint64_t)e->v;
            continue;
        }
        CHECK(e->task < WRITERS * ROUNDS && e->v >= s->next[e->task], "writer %u: %ld after %ld",
              e->task, (long)e->v, (long)s->next[e->task] - 1);
        s->missing += (uint64_t)(e->v - s->next[e->task]);
        s->next[e->task] = e->v + 1;
        if (e->obj) {
            CHECK(e->c > s->object, "object: %u after %u", e->c, s->object);
            s->object = e->c;
        }
        s->events++;
    }
}

static void *writer(void *arg)
{
    uint32_t me = (uint32_t)(intptr_t)arg;
    guard_live = true;
    collector_enter(col);
    for (int i = 0; i < EACH; i++) {
        if (i % 4 == 0) {
            guard_lock(&guard);
            emit(&guard.stamp, EV_CHAN, CHAN_SEND, 0, me, 1, ++object_count, i);
            guard_unlock(&guard);
        } else {
            emit(NULL, EV_SOURCE, 0, 0, me, 0, 0, i);
        }
        if (i % 512 == 0)
            sched_yield();
    }
    collector_leave(col);
    atomic_fetch_sub(&writing, 1);
    return NULL;
}

/* Each round's writers are new threads: they take over the rings of the last. */
static void round_of(int round, struct seen *s, bool lazy)
{
    pthread_t t[WRITERS];
    writing = WRITERS;
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&t[i], NULL, writer, (void *)(intptr_t)(round * WRITERS + i)) == 0,
              "no thread");
    int64_t upto = INT64_MIN;
    while (writing) {
        int64_t now = collector_drain(col, false, take, s);
        CHECK(now >= upto, "the horizon fell");
        CHECK(s->last_stamp <= now, "an event above the horizon");
        upto = now;
        if (lazy)
            for (int i = 0; i < 200; i++)
                sched_yield();
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(t[i], NULL);
}

static void run(bool lazy)
{
    struct seen s = {.last_stamp = INT64_MIN};
    memset(&guard, 0, sizeof guard);
    object_count = 0;
    kicks = 0;
    col = collector_create(RING, kick, &kicks);
    for (int round = 0; round < ROUNDS; round++)
        round_of(round, &s, lazy);
    collector_drain(col, true, take, &s);
    for (int i = 0; i < WRITERS * ROUNDS; i++)
        s.missing += (uint64_t)(EACH - s.next[i]);
    CHECK(s.events + s.lost == (uint64_t)WRITERS * ROUNDS * EACH, "%lu events, %lu lost",
          (unsigned long)s.events, (unsigned long)s.lost);
    CHECK(s.missing == s.lost, "%lu are missing, %lu told", (unsigned long)s.missing,
          (unsigned long)s.lost);
    CHECK(collector_lost(col) == s.lost, "the count and the events differ");
    CHECK(!lazy || s.lost > 0, "nothing overflowed");
    CHECK(kicks > 0, "nobody was kicked");
    collector_destroy(col);
}

int main(void)
{
    run(false);
    run(true);
    return 0;
}
