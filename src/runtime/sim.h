/* SPDX-License-Identifier: MIT */
/* Inside of the simulated world; only exec_sim*.c includes it. */
#ifndef RUNTIME_SIM_H
#define RUNTIME_SIM_H

#include <pthread.h>

#include "runtime/coro.h"
#include "runtime/exec.h"
#include "runtime/schedule.h"
#include "runtime/timer_heap.h"

enum { SIM_PROCS = 64, SIM_CHUNK = 4096 };
#define SIM_SLICE_NS INT64_C(10000000)

/* A task, at the top of its own stack slot: a blocked task costs one touched page. */
struct sim_task {
    struct task t;
    struct coro co;
    struct rt_timer timer;  /* deadline of park, end of a work slice */
    int64_t work_left;      /* ns of work() still to do */
    struct sim_task *next;  /* free list */
    char *low;              /* the slot */
    uint32_t slot;          /* number of the slot */
    uint8_t home;           /* the processor it last ran on */
    bool permit, timed_out, working, parked, made;
};

/* A virtual processor: a run queue (a ring of a power of two), and what keeps it busy. */
struct sim_proc {
    struct sim_task **ring;
    uint32_t cap, head, len;
    struct sim_task *worker; /* in work(): the processor is taken */
};

struct sim_post {
    struct sim_post *next;
    void (*fn)(struct rt *, void *);
    void *arg;
};

struct sim {
    struct rt rt;
    int64_t now_ns;
    int64_t until_ns;  /* of this rt_sim_run */
    uint64_t steps;    /* made so far */
    uint64_t step_end; /* stop when steps reaches it */
    struct timer_heap timers;
    struct sim_proc proc[SIM_PROCS];
    int procs;          /* at least 1; `limited` says whether work() takes them */
    bool limited;
    int at;             /* the processor that runs now */
    uint64_t ready;     /* bit p: proc[p] has a run queue */
    uint64_t busy;      /* bit p: proc[p] is in work() */
    const struct schedule *schedule;
    struct rng *schedule_rng;
    struct coro main;
    struct sim_task *reap; /* left its stack for ever; free it from another stack */
    struct sim_task *spare;
    uint32_t alive, hung;  /* tasks; those that wait for io without a deadline */
    uint32_t runnable;     /* tasks in all run queues */
    struct emitter out;
    struct event chunk[SIM_CHUNK];
    void (*sink)(void *arg, const struct event *ev, size_t n);
    void *sink_arg;
    _Atomic bool posted;
    pthread_mutex_t post_lock;
    struct sim_post *posts, **posts_tail;
    size_t stack_bytes;
    struct sim_slab *slabs;
    uint32_t slots;
};

/* Stack slots (exec_sim_stack.c). NULL: the machine gives no more. */
struct sim_task *sim_stack_take(struct sim *s);
void sim_stack_give(struct sim *s, struct sim_task *t);
void sim_stack_free_all(struct sim *s);
/* Dies with a sentence when a task has come near the end of its stack. */
static inline void sim_stack_check(const struct sim_task *t)
{
    if (UNLIKELY((char *)t->co.sp < t->low + 1024))
        die("a task overran its stack (task %u)", t->t.id);
}

#endif
