/* SPDX-License-Identifier: MIT */
/* The live world: a pthread a task, the monotonic clock, real contention.
 *
 *   task threads      one a task, run the scenario's code; each with a ring of events
 *   control thread    timers, posts, and sees when nothing can go on (exec_live_control.c)
 *   gatherer          reads the rings out, in order, into the sink (exec_live_gather.c)
 *
 * The hard idea: a run must be stopped and paused while its tasks are anywhere. Nobody is
 * interrupted; every operation of the runtime begins with a gate (rt_gate), where a task holds no
 * guard, and every wait ends with one. A paused or stopped run keeps it there. The tasks of a
 * stopped run go home when it is destroyed, by longjmp to the foot of their threads, but not before
 * all of them rest: what lies on one's stack may stand in a queue that another still walks.
 *
 *   task A   select: waiters on c and d, asleep ················ rests ······· longjmp
 *   task B           send on d: looks at A's waiter ──▶ gate: rests ····· longjmp
 *   destroy          stop ······························ all rest ──▶ go home
 */
#include "runtime/live.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { RING_EVENTS = 16384, STACK_BYTES = 64 << 10, SPINS = 100 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STACK_FACTOR = 8 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { STACK_FACTOR = 8 };
#else
enum { STACK_FACTOR = 1 };
#endif
#else
enum { STACK_FACTOR = 1 };
#endif

static void yield_op(struct task *self)
{
    (void)self;
    rt_gate();
    sched_yield();
}

static void step_op(struct task *self)
{
    (void)self;
    rt_gate();
}

static void start_main(struct rt *rt, void *arg)
{
    struct live *l = live_of(rt);
    (void)arg;
    rt_emit_start(rt, l->scenario);
    task_init(&l->main->t, rt, "main", l->main_fn, l->main_arg);
    l->main->t.is_main = true;
    live_spawn(rt, &l->main->t);
    pthread_mutex_lock(&l->lock);
    l->started = true;
    pthread_mutex_unlock(&l->lock);
}

static void live_start(struct rt *rt, const char *scenario, void (*fn)(void *), void *arg)
{
    struct live *l = live_of(rt);
    l->main_fn = fn;
    l->main_arg = arg;
    l->scenario = xstrdup(scenario);
    pthread_mutex_lock(&l->lock);
    live_clock_set(l);
    pthread_mutex_unlock(&l->lock);
    live_post(rt, start_main, NULL);
}

NORETURN static void live_exit(struct task *self)
{
    if (self)
        live_leave(self);
    longjmp(live_of(rt_engine)->control_leave, 1);
}

/* To the foot of its thread, which goes on as after any end. */
NORETURN static void leave_op(struct task *self)
{
    longjmp(live_task(self)->leave, 1);
}

static void live_stop(struct rt *rt, enum end_why why)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    int64_t stamp = emit_raw_clock();
    stamp = stamp > emit_last() ? stamp : emit_last() + 1;
    stamp = stamp > l->stamp ? stamp : l->stamp + 1;
    l->end_why = why;
    atomic_store_explicit(&l->end_stamp, stamp, memory_order_release);
    atomic_fetch_or(&rt->gate, GATE_STOPPED);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    futex_wake(&rt->gate, INT_MAX);
    live_kick(l);
}

static void clock_changed(struct live *l)
{
    if (l->started || atomic_load(&l->clock))
        live_clock_set(l);
    live_look_again(l, false);
    pthread_cond_signal(&l->changed);
}

static bool live_idle(struct rt *rt)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    bool idle = !l->timers.n && !l->posts && atomic_load(&l->active) == 0 && !atomic_load(&l->hung);
    pthread_mutex_unlock(&l->lock);
    return idle;
}

static void live_pause(struct rt *rt, bool paused)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    if (l->paused != paused) {
        l->paused = paused;
        if (paused)
            atomic_fetch_or(&rt->gate, GATE_PAUSED);
        else
            atomic_fetch_and(&rt->gate, ~(uint32_t)GATE_PAUSED);
        clock_changed(l);
    }
    pthread_mutex_unlock(&l->lock);
    if (!paused)
        futex_wake(&rt->gate, INT_MAX);
}

static void live_speed(struct rt *rt, double speed)
{
    struct live *l = live_of(rt);
    if (!(speed > 0))
        return;
    pthread_mutex_lock(&l->lock);
    l->speed = speed;
    clock_changed(l);
    pthread_mutex_unlock(&l->lock);
}

/* ---- creation and end --------------------------------------------------------------------------
 */

static void free_all(struct live *l)
{
    for (size_t i = 0; i < l->tasks_n; i++)
        free(l->tasks[i]);
    free(l->tasks);
    while (l->posts) {
        struct live_post *next = l->posts->next;
        free(l->posts);
        l->posts = next;
    }
    collector_destroy(l->collector);
    timer_heap_free(&l->timers);
    live_clock_free(l);
    pthread_cond_destroy(&l->changed);
    pthread_cond_destroy(&l->fired);
    pthread_mutex_destroy(&l->lock);
    free(l->scenario);
    rt_finish(&l->rt);
    free(l);
}

/* Until nobody is in the middle of an operation. */
static void all_rest(struct live *l)
{
    for (size_t i = 0; i < l->tasks_n; i++)
        for (int64_t nap = 20000; !atomic_load(&l->tasks[i]->rests);) {
            struct timespec ts = {.tv_nsec = nap};
            nanosleep(&ts, NULL);
            nap = nap < 1000000 ? nap * 2 : nap;
        }
}

static void live_destroy(struct rt *rt)
{
    struct live *l = live_of(rt);
    pthread_mutex_lock(&l->lock);
    l->quit = true; /* no thread is made from now on, and that tasks go home is no end */
    atomic_fetch_or(&rt->gate, GATE_STOPPED);
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    futex_wake(&rt->gate, INT_MAX);
    if (l->has_control)
        pthread_join(l->control, NULL);
    all_rest(l);
    atomic_store(&l->go_home, 1);
    futex_wake(&l->go_home, INT_MAX);
    live_look_again(l, true);
    for (size_t i = 0; i < l->tasks_n; i++) {
        atomic_store(&l->tasks[i]->start, START_QUIT);
        futex_wake(&l->tasks[i]->start, 1);
    }
    for (size_t i = 0; i < l->tasks_n; i++)
        if (l->tasks[i]->has_thread)
            pthread_join(l->tasks[i]->thread, NULL);
    atomic_store(&l->gather_quit, true);
    live_kick(l);
    if (l->has_gatherer)
        pthread_join(l->gatherer, NULL);
    free_all(l);
}

static const struct exec_ops live_ops = {
    .task_new = live_task_new,
    .spawn = live_spawn,
    .park = live_park,
    .unpark = live_unpark,
    .now = live_now,
    .work = live_work,
    .yield = yield_op,
    .step = step_op,
    .timer_set = live_timer_set,
    .timer_stop = live_timer_stop,
    .timer_end = live_timer_end,
    .gate = live_gate,
    .start = live_start,
    .exit = live_exit,
    .leave = leave_op,
    .post = live_post,
    .stop = live_stop,
    .idle = live_idle,
    .pause = live_pause,
    .speed = live_speed,
    .destroy = live_destroy,
};

static int usable_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

struct rt *exec_live_create(const struct rt_config *c, const char **why)
{
    struct live *l = aligned_alloc(64, (sizeof *l + 63) & ~(size_t)63);
    if (!l)
        die_of_memory();
    memset(l, 0, sizeof *l);
    emit_clock_init();
    rt_init(&l->rt, &live_ops, c);
    l->cpus = usable_cpus();
    l->rt.procs = l->cpus;
    l->speed = c->speed > 0 ? c->speed : 1;
    live_limits(l);
    l->stack_bytes = c->stack_bytes ? c->stack_bytes : (size_t)STACK_BYTES * STACK_FACTOR;
    l->sink = c->sink;
    l->sink_arg = c->sink_arg;
    l->posts_tail = &l->posts;
    atomic_store(&l->end_stamp, INT64_MAX);
    atomic_store(&guard_spins, l->cpus > 1 ? SPINS : 0);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, &monotonic);
    pthread_cond_init(&l->fired, NULL);
    pthread_condattr_destroy(&monotonic);
    if (c->probes)
        l->collector = collector_create(RING_EVENTS, live_kick, l);
    l->has_control = live_thread(&l->control, "control", 0, live_control, l);
    l->has_gatherer =
        l->has_control && l->collector && live_thread(&l->gatherer, "collector", 0, live_gather, l);
    struct task *main_task =
        l->has_control && l->has_gatherer == (l->collector != NULL) ? live_task_new(&l->rt) : NULL;
    if (!main_task) {
        *why = "no threads are to be had";
        live_destroy(&l->rt);
        return NULL;
    }
    l->main = live_task(main_task);
    return &l->rt;
}
