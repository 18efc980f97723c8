/* SPDX-License-Identifier: MIT */
/* Inside of the simulated world: exec_sim*.c, and park.h, which inlines the way into a park. */
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
    struct rt_timer timer; /* deadline of park, end of a work slice */
    int64_t work_left;     /* ns of work() still to do */
    struct sim_task *next; /* free list */
    char *low;             /* the slot */
    uint32_t slot;         /* number of the slot */
    uint32_t points;       /* where the schedule was asked at an operation of it */
    uint8_t home;          /* the processor it last ran on */
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
    uint64_t moved_at; /* steps when time last moved */
    uint64_t still_steps;
    struct timer_heap timers;
    struct sim_proc proc[SIM_PROCS];
    int procs; /* at least 1; `limited` says whether work() takes them */
    bool limited;
    int at;                    /* the processor that runs now */
    uint64_t ready;            /* bit p: proc[p] has a run queue */
    uint64_t busy;             /* bit p: proc[p] is in work() */
    struct rng *schedule_rng;  /* of thefts */
    struct sim_oracle *oracle; /* exec_sim_choice.c; NULL: first in, first out */
    struct coro main;
    struct coro nobody;    /* takes what is left for ever without being a task's end */
    bool on_main;          /* timers and commands run on the main context now */
    jmp_buf leave_main;    /* the way out for one that panics there */
    struct sim_task *reap; /* left its stack for ever; free it from another stack */
    struct sim_task *spare;
    uint32_t alive, hung; /* tasks; those that wait for io without a deadline */
    uint32_t runnable;    /* tasks in all run queues */
    struct emitter out;
    uint64_t handed; /* events that have left the chunk */
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

/* Finds what runs next, moving time on if nothing can now; NULL: go to the main context. Runs posts
 * and timers, on the caller's stack. */
struct sim_task *sim_next_task(struct sim *s);
void sim_runq_grow(struct sim_proc *p);

/* A schedule that is not fifo's (exec_sim_choice.c). Made by sim_oracle_make(): NULL for fifo. */
struct sim_oracle *sim_oracle_make(struct sim *s, const struct schedule *schedule,
                                   const struct schedule_use *use);
void sim_oracle_free(struct sim_oracle *o);
/* rt_current leaves, or a timer fires (NULL): what is chosen next is chosen there. */
void sim_oracle_leave(struct sim *s);
/* Moves who is chosen to the front of its processor's queue and gives that processor; some run
 * queue outside of work() is not empty. */
int sim_oracle_next(struct sim *s);
/* Before an operation of the running task: goes on with it or another. */
void sim_oracle_step(struct sim *s, struct task *self);

static inline struct sim *sim_of(const struct rt *rt)
{
    return (struct sim *)(uintptr_t)rt;
}

static inline struct sim_task *sim_task(struct task *t)
{
    return (struct sim_task *)t;
}

static inline void sim_runq_push(struct sim *s, int proc, struct sim_task *t, bool front)
{
    struct sim_proc *p = &s->proc[proc];
    if (UNLIKELY(p->len == p->cap))
        sim_runq_grow(p);
    if (front)
        p->ring[--p->head & (p->cap - 1)] = t;
    else
        p->ring[(p->head + p->len) & (p->cap - 1)] = t;
    p->len++;
    s->ready |= UINT64_C(1) << proc;
    s->runnable++;
}

static inline void sim_reap(struct sim *s)
{
    struct sim_task *dead = s->reap;
    if (dead) {
        s->reap = NULL;
        coro_free(&dead->co);
        sim_stack_give(s, dead);
    }
}

/* Leaves the running task; returns when it is dispatched again. */
/* The usual case of sim_next_task() inline: nothing asks for attention and this processor has work.
 */
static inline struct sim_task *sim_next(struct sim *s)
{
    struct sim_proc *p = &s->proc[s->at];
    if (UNLIKELY(!p->len || p->worker || s->steps >= s->step_end || s->oracle ||
                 atomic_load_explicit(&s->posted, memory_order_acquire)))
        return sim_next_task(s);
    struct sim_task *t = p->ring[p->head++ & (p->cap - 1)];
    if (--p->len == 0)
        s->ready &= ~(UINT64_C(1) << s->at);
    s->runnable--;
    s->steps++;
    t->home = (uint8_t)s->at;
    t->t.proc = (uint8_t)s->at;
    return t;
}

static inline __attribute__((always_inline)) void sim_switch_away(struct sim *s,
                                                                  struct sim_task *self)
{
    struct sim_task *next = sim_next(s);
    if (next == self) {
        rt_current = &self->t;
        return;
    }
    rt_current = next ? &next->t : NULL;
    coro_switch(&self->co, next ? &next->co : &s->main, false);
    sim_stack_check(self);
    sim_reap(s);
}

static inline __attribute__((always_inline)) bool sim_park(struct task *self, int64_t deadline_ns)
{
    struct sim *s = sim_of(self->rt);
    struct sim_task *t = sim_task(self);
    if (UNLIKELY(t->permit)) {
        t->permit = false;
        return true;
    }
    bool hung = false;
    if (deadline_ns != NEVER) {
        if (deadline_ns <= s->now_ns)
            return false;
        t->timer.when_ns = deadline_ns;
        t->timer.order = self->park_order;
        self->park_order = 0;
        timer_heap_set(&s->timers, &t->timer);
    } else if (UNLIKELY(self->why == WHY_IO)) {
        hung = true;
        s->hung++;
    }
    t->parked = true;
    sim_switch_away(s, t);
    s->hung -= hung;
    if (t->timed_out) {
        t->timed_out = false;
        return false;
    }
    return true;
}

/* Whose run queue it will stand in once it is woken: the waker's. */
static inline void sim_goes_to(struct task *task)
{
    struct sim *s = sim_of(task->rt);
    task->proc = rt_current ? (uint8_t)s->at : sim_task(task)->home;
}

static inline void sim_unpark(struct task *task)
{
    struct sim *s = sim_of(task->rt);
    struct sim_task *t = sim_task(task);
    if (UNLIKELY(!t->parked)) {
        t->permit = true;
        return;
    }
    t->parked = false;
    if (t->timer.index)
        timer_heap_remove(&s->timers, &t->timer);
    sim_runq_push(s, task->proc, t, false);
}

/* The caller emits the states around it. */
static inline __attribute__((always_inline)) void sim_yield(struct task *self)
{
    struct sim *s = sim_of(self->rt);
    sim_runq_push(s, s->at, sim_task(self), false);
    sim_switch_away(s, sim_task(self));
}

#endif
