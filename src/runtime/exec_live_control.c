/* SPDX-License-Identifier: MIT */
/* The control thread of a live run: timers, posts, and the end of a run in which nothing can go on.
 *
 * Nothing can go on when no task is active (awake, or asleep until a deadline), no timer is set and
 * nothing was posted. The task that falls asleep last and the control thread that runs out of
 * timers look at each other's count after changing their own, so one of them sees it. */
#include "runtime/live.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"

/* The holder of the lock goes on after what earlier holders did. */
static void join_stamp(struct live *l)
{
    int64_t last = emit_last();
    if (l->stamp < last)
        l->stamp = last;
    else
        emit_after(l->stamp);
}

void live_timer_set(struct rt *rt, struct rt_timer *t)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    join_stamp(l);
    timer_heap_set(&l->timers, t);
    atomic_store(&l->timers_n, (uint32_t)l->timers.n);
    if (l->timers.slot[0].timer == t)
        pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static bool stop_locked(struct live *l, struct rt_timer *t)
{
    bool was = timer_heap_remove(&l->timers, t);
    atomic_store(&l->timers_n, (uint32_t)l->timers.n);
    join_stamp(l);
    return was;
}

bool live_timer_stop(struct rt *rt, struct rt_timer *t)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    bool was = stop_locked(l, t);
    pthread_mutex_unlock(&l->lock);
    return was;
}

bool live_timer_end(struct rt *rt, struct rt_timer *t)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    while (l->firing == t && rt_current)
        pthread_cond_wait(&l->fired, &l->lock);
    bool was = stop_locked(l, t);
    pthread_mutex_unlock(&l->lock);
    return was;
}

void live_post(struct rt *rt, void (*fn)(struct rt *, void *), void *arg)
{
    struct live *l = live_of(rt);
    struct live_post *p = xcalloc(1, sizeof *p);
    p->fn = fn;
    p->arg = arg;
    pthread_mutex_lock(&l->lock);
    *l->posts_tail = p;
    l->posts_tail = &p->next;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* A panic in it comes back here (live_exit). */
static NOINLINE void call(struct live *l, void (*fn)(struct rt *, void *), void *arg)
{
    if (setjmp(l->control_leave) == 0)
        fn(&l->rt, arg);
}

static void run_posts(struct live *l)
{
    struct live_post *p = l->posts;
    l->posts = NULL;
    l->posts_tail = &l->posts;
    pthread_mutex_unlock(&l->lock);
    while (p) {
        struct live_post *next = p->next;
        if (!rt_ended(&l->rt))
            call(l, p->fn, p->arg);
        free(p);
        p = next;
    }
    pthread_mutex_lock(&l->lock);
}

static void fire(struct live *l)
{
    struct rt_timer *t = timer_heap_pop(&l->timers);
    atomic_store(&l->timers_n, (uint32_t)l->timers.n);
    join_stamp(l);
    l->firing = t;
    pthread_mutex_unlock(&l->lock);
    call(l, t->fire, t->arg);
    pthread_mutex_lock(&l->lock);
    l->firing = NULL;
    pthread_cond_broadcast(&l->fired);
}

static void nothing_left(struct live *l)
{
    /* END comes after all that the sleepers said. */
    for (size_t i = 0; i < l->tasks_n; i++)
        if (l->stamp < l->tasks[i]->slept_stamp)
            l->stamp = l->tasks[i]->slept_stamp;
    emit_after(l->stamp);
    bool done = atomic_load(&l->rt.main_done) || atomic_load(&l->hung);
    pthread_mutex_unlock(&l->lock);
    rt_stop(&l->rt, done ? END_DONE : END_ASLEEP);
    pthread_mutex_lock(&l->lock);
}

void *live_control(void *arg)
{
    struct live *l = arg;
    rt_engine = &l->rt;
    guard_live = gate_watch = true;
    if (l->collector)
        collector_enter(l->collector);
    pthread_mutex_lock(&l->lock);
    while (!l->quit) {
        if (l->posts) {
            run_posts(l);
            continue;
        }
        int64_t now = live_now(&l->rt), when = timer_heap_next(&l->timers);
        bool ended = rt_ended(&l->rt);
        if (!ended && when <= now && !l->paused) {
            fire(l);
            continue;
        }
        if (!ended && l->started && when == NEVER && atomic_load(&l->active) == 0) {
            nothing_left(l);
            continue;
        }
        int64_t wall = ended ? INT64_MAX : live_wall(l, now, when);
        if (wall == INT64_MAX) {
            pthread_cond_wait(&l->changed, &l->lock);
        } else {
            struct timespec at = {.tv_sec = wall / 1000000000, .tv_nsec = wall % 1000000000};
            pthread_cond_timedwait(&l->changed, &l->lock, &at);
        }
    }
    pthread_mutex_unlock(&l->lock);
    if (l->collector)
        collector_leave(l->collector);
    return NULL;
}
