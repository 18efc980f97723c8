/* SPDX-License-Identifier: MIT */
/* Inside of the live world: exec_live*.c. */
#ifndef RUNTIME_LIVE_H
#define RUNTIME_LIVE_H

#include <pthread.h>

#include "event/collector.h"
#include "runtime/exec.h"
#include "runtime/futex.h"
#include "runtime/timer_heap.h"

/* The word that a task parks on. */
enum {
    WORD_PERMIT = 1,
    WORD_SLEEP = 2,
    WORD_TIMED = 4, /* with a deadline */
    WORD_AGAIN = 8  /* asleep, but the clock has changed or the run ends: look again */
};
/* The word that a thread without a task sleeps on. */
enum { START_NONE, START_GO, START_QUIT, START_SLEEP };

/* A task and its thread. The thread outlives the task: after its end it waits for the next one, and
 * the record stays until the run is destroyed, because a waker may still be about to wake it. */
struct live_task {
    struct task t;
    struct live *l; /* as t.rt, but never written again */
    _Alignas(64) _Atomic uint32_t word;
    _Atomic uint32_t start;
    uint32_t spin_ns, spin_wait, spin_gap; /* how long to spin before sleeping: live_park() */
    int64_t slept_stamp;                   /* the last stamp before it went to sleep */
    /* Touches no other task's record, queue or guard any more, unless it gets past a gate. */
    _Atomic bool rests;
    pthread_t thread;
    bool has_thread, over;  /* over: the thread ends, to be joined */
    struct live_task *next; /* idle, or free */
    jmp_buf leave;
};

/* From `from` on, scenario time is base_ns + (stamp - from) * rate. Never freed before the run. */
struct live_segment {
    _Atomic(struct live_segment *) next;
    int64_t from, base_ns;
    double rate;      /* scenario ns a tick; 0: paused */
    double wall_a_ns; /* wall ns a scenario ns, as if not paused */
};

struct live_post {
    struct live_post *next;
    void (*fn)(struct rt *, void *);
    void *arg;
};

struct live {
    struct rt rt;
    /* Tasks that are not asleep for an unknown time, and those asleep in io. */
    _Alignas(64) _Atomic uint32_t active;
    _Atomic uint32_t hung, spinners, timers_n;
    _Atomic uint32_t go_home; /* stopped tasks may leave their stacks */
    int cpus;
    size_t stack_bytes;
    size_t spare; /* address space that no thread may take; 0: it is not limited */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed, fired;
    struct live_task **tasks, *idle, *free;
    size_t tasks_n, tasks_cap, idle_n;
    uint32_t alive;
    uint64_t born;
    int64_t no_thread_until_ns; /* CLOCK_MONOTONIC: do not ask again before */
    struct timer_heap timers;
    struct rt_timer *firing;
    struct live_post *posts, **posts_tail;
    int64_t stamp; /* the newest stamp of whoever held the lock and cared */
    bool quit, started, paused;
    double speed;
    struct live_task *main;
    void (*main_fn)(void *);
    void *main_arg;
    char *scenario;

    _Atomic(struct live_segment *) clock;
    _Atomic bool clock_changes;
    struct live_segment *clock_first;

    pthread_t control, gatherer;
    bool has_control, has_gatherer;
    jmp_buf control_leave;

    /* The collector's side. */
    struct collector *collector;
    void (*sink)(void *arg, const struct event *ev, size_t n);
    void *sink_arg;
    _Atomic uint32_t kick;
    _Atomic bool gather_quit;
    _Atomic int64_t end_stamp; /* INT64_MAX: not ended */
    enum end_why end_why;
    bool end_told;
    struct live_segment *told_segment;
    int64_t told_ns;
};

static inline struct live *live_of(const struct rt *rt)
{
    return (struct live *)(uintptr_t)rt;
}

static inline struct live_task *live_task(struct task *t)
{
    return (struct live_task *)t;
}

/* exec_live_clock.c */
int64_t live_now(const struct rt *rt);
/* The instant of CLOCK_MONOTONIC at which it will be deadline_ns, as things stand; INT64_MAX: never
 * (paused). now_ns: scenario time. */
int64_t live_wall(const struct live *l, int64_t now_ns, int64_t deadline_ns);
/* A new segment from now on. The lock is held. */
void live_clock_set(struct live *l);
/* Collector's thread, stamps in rising order. */
int64_t live_told(struct live *l, int64_t stamp);
void live_clock_free(struct live *l);

/* exec_live_task.c */
struct task *live_task_new(struct rt *rt);
bool live_spawn(struct rt *rt, struct task *task);
/* Before the first thread: looks how much memory there is to be had. */
void live_limits(struct live *l);
bool live_thread(pthread_t *thread, const char *name, size_t stack_bytes, void *(*fn)(void *),
                 void *arg);
NORETURN void live_leave(struct task *self);
void live_gate(struct task *self);
bool live_park(struct task *self, int64_t deadline_ns);
void live_unpark(struct task *t);
void live_work(struct task *self, int64_t ns);
/* Everybody who sleeps with a deadline (all: or without) looks again. */
void live_look_again(struct live *l, bool all);
/* active may have become 0. */
void live_maybe_quiet(struct live *l);

/* exec_live_control.c */
void *live_control(void *arg);
void live_timer_set(struct rt *rt, struct rt_timer *t);
bool live_timer_stop(struct rt *rt, struct rt_timer *t);
bool live_timer_end(struct rt *rt, struct rt_timer *t);
void live_post(struct rt *rt, void (*fn)(struct rt *, void *), void *arg);

/* exec_live_gather.c */
void *live_gather(void *arg);
void live_kick(void *arg);

#endif
