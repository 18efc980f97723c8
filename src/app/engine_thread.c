/* SPDX-License-Identifier: MIT */
/* The engine on a thread of its own, paced by wall time; the screen takes events out of a queue.
 *
 *   engine thread   now ├──────────made──────────┤ AHEAD_NS
 *   scenario time  ─────●────────────────────────●─────▶
 *                       └ follows (wall - pauses) * speed
 *
 * The screen never waits for the engine except in engine_advance(), and then at most 100 ms. The
 * engine of a sim waits while the queue is full; in live it is the collector's thread that waits,
 * and the rings in front of it drop and count. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "app/engine_inside.h"
#include "base/mem.h"

enum { STEPS_AT_ONCE = 20000 };
#define MS            INT64_C(1000000)
#define TICK_NS       (5 * MS)
#define AHEAD_NS      (10 * MS)  /* wall time */
#define BEHIND_MAX_NS (250 * MS) /* of wall time; more than that is given up */
#define ADVANCE_NS    (100 * MS)

static struct timespec after(int64_t ns)
{
    int64_t t = wall_now() + ns;
    return (struct timespec){.tv_sec = t / 1000000000, .tv_nsec = t % 1000000000};
}

/* Waits on c for at most ns; the lock is held. */
static void wait_for(struct engine *e, pthread_cond_t *c, int64_t ns)
{
    struct timespec t = after(ns);
    pthread_cond_timedwait(c, &e->lock, &t);
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void wait_for_room(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    /* The reader signals without the lock: a signal may be missed, hence the short wait. */
    if (!atomic_load(&e->quit))
        wait_for(e, &e->wake, MS);
    pthread_mutex_unlock(&e->lock);
}

static void put(struct queue *q, const struct event *ev, size_t n)
{
    uint64_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    size_t at = head & (QUEUE_EVENTS - 1);
    size_t first = n < QUEUE_EVENTS - at ? n : QUEUE_EVENTS - at;
    memcpy(q->ring + at, ev, first * sizeof *ev);
    memcpy(q->ring, ev + first, (n - first) * sizeof *ev);
    atomic_store_explicit(&q->head, head + n, memory_order_release);
}

static size_t room(const struct queue *q)
{
    return QUEUE_EVENTS - (size_t)(atomic_load_explicit(&q->head, memory_order_relaxed) -
                                   atomic_load_explicit(&q->tail, memory_order_acquire));
}

void engine_put(struct engine *e, const struct event *ev, size_t n)
{
    bool live = e->c.world == WORLD_LIVE;
    if (live && !n) {
        atomic_store(&e->horizon, rt_time(e->rt));
        return;
    }
    while (n && !atomic_load(&e->quit)) {
        size_t k = room(&e->queue);
        if (!k) {
            wait_for_room(e);
            continue;
        }
        k = k < n ? k : n;
        put(&e->queue, ev, k);
        atomic_fetch_add(&e->emitted, k);
        /* More of the same instant may follow. */
        if (ev[k - 1].t_ns - 1 > atomic_load(&e->horizon))
            atomic_store(&e->horizon, ev[k - 1].t_ns - 1);
        if (ev[k - 1].kind == EV_END) {
            atomic_store(&e->horizon, ev[k - 1].t_ns);
            atomic_store(&e->ended, true);
        }
        ev += k;
        n -= k;
    }
}

size_t engine_take(struct engine *e, struct event *out, size_t max)
{
    struct queue *q = &e->queue;
    uint64_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    uint64_t n = atomic_load_explicit(&q->head, memory_order_acquire) - tail;
    if (n > max)
        n = max;
    if (!n)
        return 0;
    size_t at = tail & (QUEUE_EVENTS - 1);
    size_t first = n < QUEUE_EVENTS - at ? n : QUEUE_EVENTS - at;
    memcpy(out, q->ring + at, first * sizeof *out);
    memcpy(out + first, q->ring, (n - first) * sizeof *out);
    bool was_full = room(q) == 0;
    atomic_store_explicit(&q->tail, tail + n, memory_order_release);
    if (was_full)
        pthread_cond_broadcast(&e->wake);
    return n;
}

int64_t engine_horizon(const struct engine *e)
{
    return atomic_load(&e->horizon);
}

bool engine_ended(const struct engine *e)
{
    return atomic_load(&e->ended);
}

/* ---- the thread of a sim -------------------------------------------------------------------- */

/* Wall time without pauses. They are counted by who pauses: this thread may sleep through one, or
 * be stopped together with the whole process. The lock is held. */
static int64_t wall_counted(const struct engine *e)
{
    return (e->paused ? e->paused_since_ns : wall_now()) - e->paused_ns;
}

/* Scenario time that wall time has made due. Only the engine's thread. */
struct pace {
    int64_t due_ns;
    int64_t counted_ns; /* up to here of wall_counted() */
};

/* Who stops the process from outside tells nobody: that is one long step, and most of it is lost.
 */
static void pace_move(struct pace *p, double speed, int64_t counted_ns)
{
    int64_t passed = counted_ns - p->counted_ns;
    passed = passed > BEHIND_MAX_NS ? BEHIND_MAX_NS : passed;
    p->due_ns += (int64_t)((double)passed * speed);
    p->counted_ns = counted_ns;
}

/* The pace neither lags behind steps made by hand nor gathers what a slow machine cannot do. */
static void pace_bound(struct pace *p, int64_t now_ns, double speed)
{
    int64_t most = now_ns + (int64_t)((double)BEHIND_MAX_NS * speed);
    if (p->due_ns < now_ns - (int64_t)((double)AHEAD_NS * speed))
        p->due_ns = now_ns - (int64_t)((double)AHEAD_NS * speed);
    if (p->due_ns > most)
        p->due_ns = most;
}

static void made_until(struct engine *e, enum rt_state state)
{
    int64_t t = rt_time(e->rt) - (state == RT_MORE);
    if (t > atomic_load(&e->horizon))
        atomic_store(&e->horizon, t);
}

/* Is there still something to advance to? It may be called off, or the target may move. */
static bool advance_on(struct engine *e, int64_t *until_ns)
{
    pthread_mutex_lock(&e->lock);
    bool on = e->stepping && !atomic_load(&e->quit);
    *until_ns = e->step_until_ns;
    pthread_mutex_unlock(&e->lock);
    return on;
}

/* At least one event, or until that instant. */
static void advance(struct engine *e)
{
    uint64_t had = atomic_load(&e->emitted);
    enum rt_state state = RT_MORE;
    int64_t until_ns;
    while (state != RT_ENDED && advance_on(e, &until_ns)) {
        if (until_ns >= 0) {
            state = engine_run_sim(e, until_ns, STEPS_AT_ONCE);
            made_until(e, state);
            if (state == RT_IDLE)
                break;
            continue;
        }
        int64_t next = rt_sim_next(e->rt);
        state = engine_run_sim(e, next == NEVER ? rt_time(e->rt) : next, 1);
        made_until(e, RT_IDLE);
        if (atomic_load(&e->emitted) > had || (next == NEVER && state == RT_IDLE))
            break;
    }
}

static void *sim_thread(void *arg)
{
    struct engine *e = arg;
    bool more = false;
    pthread_mutex_lock(&e->lock);
    struct pace pace = {.due_ns = rt_time(e->rt), .counted_ns = wall_counted(e)};
    while (!atomic_load(&e->quit) && !rt_ended(e->rt)) {
        if (!more && !e->poked && !e->stepping)
            wait_for(e, &e->wake, e->paused ? 20 * TICK_NS : TICK_NS);
        bool paused = e->paused, stepping = e->stepping, poked = e->poked;
        double speed = e->speed;
        int64_t counted_ns = wall_counted(e);
        e->poked = false;
        pthread_mutex_unlock(&e->lock);
        pace_move(&pace, speed, counted_ns);
        more = false;
        if (stepping) {
            advance(e);
        } else if (!paused) {
            int64_t until = pace.due_ns + (int64_t)((double)AHEAD_NS * speed);
            if (until < rt_time(e->rt))
                until = rt_time(e->rt);
            enum rt_state state = engine_run_sim(e, until, STEPS_AT_ONCE);
            made_until(e, state);
            more = state == RT_MORE;
        } else if (poked) {
            rt_sim_run(e->rt, rt_time(e->rt), 0);
        }
        pace_bound(&pace, rt_time(e->rt), speed);
        pthread_mutex_lock(&e->lock);
        if (stepping) {
            e->stepping = false;
            pthread_cond_broadcast(&e->done);
        }
    }
    e->stepping = false;
    pthread_cond_broadcast(&e->done);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

char *engine_go(struct engine *e)
{
    e->queue.ring = xmalloc(QUEUE_EVENTS * sizeof *e->queue.ring);
    e->threaded = true;
    atomic_store(&e->horizon, rt_time(e->rt) - 1);
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    engine_begin(e);
    int failed = 0;
    if (e->c.world == WORLD_SIM) {
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 512 << 10);
        failed = pthread_create(&e->thread, &attr, sim_thread, e);
        pthread_attr_destroy(&attr);
        e->thread_made = !failed;
    }
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return failed ? xasprintf("no thread for the engine: %s", strerror(failed)) : NULL;
}

/* ---- what the screen asks for --------------------------------------------------------------- */

void engine_poke(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->poked = true;
    pthread_cond_broadcast(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

void engine_pause(struct engine *e, bool paused)
{
    if (e->c.world == WORLD_LIVE)
        rt_pause(e->rt, paused);
    pthread_mutex_lock(&e->lock);
    if (paused && !e->paused)
        e->paused_since_ns = wall_now();
    else if (!paused && e->paused)
        e->paused_ns += wall_now() - e->paused_since_ns;
    e->paused = paused;
    pthread_cond_broadcast(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

void engine_speed(struct engine *e, double speed)
{
    if (e->c.world == WORLD_LIVE)
        rt_set_speed(e->rt, speed);
    pthread_mutex_lock(&e->lock);
    e->speed = speed;
    pthread_mutex_unlock(&e->lock);
}

void engine_advance_start(struct engine *e, int64_t until_ns)
{
    if (!e->thread_made)
        return;
    pthread_mutex_lock(&e->lock);
    e->stepping = true;
    e->step_until_ns = until_ns;
    pthread_cond_broadcast(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

void engine_advance_stop(struct engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->stepping = false;
    pthread_mutex_unlock(&e->lock);
}

void engine_advance(struct engine *e, int64_t until_ns)
{
    engine_advance_start(e, until_ns);
    pthread_mutex_lock(&e->lock);
    struct timespec end = after(ADVANCE_NS);
    while (e->stepping && !atomic_load(&e->ended))
        if (pthread_cond_timedwait(&e->done, &e->lock, &end) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&e->lock);
}

static void run_pending(struct rt *rt, void *arg)
{
    const struct pending *p = arg;
    (void)rt;
    pattern_command(p->engine->run, p->text, p->by);
}

const char *engine_command(struct engine *e, const char *text, enum by by)
{
    const char *bad = pattern_check_command(e->pattern, text);
    if (bad)
        return bad;
    size_t n = strlen(text) + 1;
    struct pending *p = xmalloc(sizeof *p + n);
    *p = (struct pending){.engine = e, .by = by};
    memcpy(p->text, text, n);
    pthread_mutex_lock(&e->lock);
    p->next = e->pending;
    e->pending = p;
    pthread_mutex_unlock(&e->lock);
    rt_post(e->rt, run_pending, p);
    engine_poke(e);
    return NULL;
}

static void run_stop(struct rt *rt, void *arg)
{
    struct engine *e = arg;
    rt_stop(rt, e->stop_why);
}

void engine_stop(struct engine *e, enum end_why why)
{
    if (e->c.world == WORLD_LIVE) {
        rt_stop(e->rt, why);
        return;
    }
    /* Its END goes the way of all events: through the engine's own thread. */
    e->stop_why = why;
    rt_post(e->rt, run_stop, e);
    engine_poke(e);
}
