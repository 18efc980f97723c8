/* SPDX-License-Identifier: MIT */
/* A cycle over a lock and a channel, while another task ticks on: no runtime would notice.
 *
 *   sender     lock m ✓   send … nobody receives yet
 *   receiver              lock m … before it would receive
 *   ticker     tick tick tick …
 *
 * Repaired: the sender unlocks first. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"

enum { TICKS = 30, FEW = 3 };
struct shared {
    struct mutex *m;
    struct chan *c, *locked;
    bool under_lock;
};

static void sender(void *arg)
{
    struct shared *s = arg;
    rt_hold(chan_id(s->c), ROLE_SENDS);
    mutex_lock(s->m);
    chan_close(s->locked);
    if (!s->under_lock)
        mutex_unlock(s->m);
    chan_send(s->c, 1);
    if (s->under_lock)
        mutex_unlock(s->m);
}

static void receiver(void *arg)
{
    struct shared *s = arg;
    rt_hold(chan_id(s->c), ROLE_RECEIVES);
    chan_recv(s->locked, NULL);
    mutex_lock(s->m);
    chan_recv(s->c, NULL);
    mutex_unlock(s->m);
}

static void ticker(void *arg)
{
    const struct shared *s = arg;
    for (int i = 0; i < (s->under_lock ? TICKS : FEW); i++)
        rt_sleep(10000000);
}

static void start(bool under_lock)
{
    struct shared *s = rt_alloc(rt_here(), sizeof *s);
    *s = (struct shared){mutex_make("m"), chan_make("results", 0), chan_make("locked", 0),
                         under_lock};
    rt_spawn("sender", sender, s);
    rt_spawn("receiver", receiver, s);
    rt_spawn("ticker", ticker, s);
}

void program_send_under_lock(void *arg)
{
    (void)arg;
    start(true);
}

void program_send_after_unlock(void *arg)
{
    (void)arg;
    start(false);
}
