/* SPDX-License-Identifier: MIT */
/* Inside of the simulated world: exec_sim*.c, and park.h, which inlines the way into a park. */
#ifndef RUNTIME_SIM_H
#define RUNTIME_SIM_H

#include <pthread.h>

#include "runtime/coro.h"
#include "runtime/exec.h"
#include "runtime/schedule.h"
#include "runtime/timer_heap.h"

enum { SIM_PROCS = 64, SIM_CHUNK = 1024 };
#define SIM_SLICE_NS INT64_C(10000000)

/* Where a task stands in a park. */
enum sim_parking {
    SIM_AWAKE,
    SIM_PARKED,
    SIM_HUNG,      /* parked, in io without a deadline */
    SIM_TIMED_OUT, /* its deadline has passed, it is runnable */
    SIM_BOTH,      /* the same, and then came the permit */
    SIM_PERMIT     /* the permit came first: the next park returns at once */
};

/* A task, at the top of its own stack slot: a blocked task costs one touched page. */
struct sim_task {
    struct task t;
    struct coro co;
    uint8_t parking; /* enum sim_parking */
    bool working;
    char *low;             /* the slot */
    struct rt_timer timer; /* deadline of park, end of a work slice */
    int64_t work_left;     /* ns of work() still to do */
    struct sim_task *next; /* free list */
    uint32_t slot;         /* number of the slot */
    uint32_t points;       /* where the schedule was asked at an operation of it */
};

/* A virtual processor: a run queue, and what keeps it busy. The queue is a ring of a power of two;
 * head and tail run freely, so that a push writes the one and a pop the other: a count that both
 * write makes each wait for the last one's store. */
struct sim_proc {
    _Alignas(64) struct sim_task **ring;
    uint32_t mask, head, tail;
    uint8_t index;
    uint64_t bit;            /* 1 << index */
    struct sim_task *worker; /* in work(): the processor is taken */
};

struct sim_post {
    struct sim_post *next;
    void (*fn)(struct rt *, void *);
    void *arg;
};

struct sim {
    struct rt rt;
    _Alignas(64) int64_t now_ns;
    uint64_t steps; /* made so far */
    /* When steps reaches it, sim_next_task() must look at everything: step_end, or 0 where a post
     * waits or a schedule has a say. Other threads set it to 0 (sim_post). */
    _Atomic uint64_t look_at;
    struct sim_proc *here; /* the processor that runs now */
    uint64_t ready;        /* bit p: proc[p] has a run queue */
    struct timer_heap timers;
    uint64_t busy;     /* bit p: proc[p] is in work() */
    int64_t until_ns;  /* of this rt_sim_run */
    uint64_t step_end; /* stop when steps reaches it */
    uint64_t moved_at; /* steps when time last moved */
    uint64_t still_steps;
    int procs; /* at least 1; `limited` says whether work() takes them */
    bool limited;
    struct rng *schedule_rng;  /* of thefts */
    struct sim_oracle *oracle; /* exec_sim_choice.c; NULL: first in, first out */
    struct coro main;
    struct coro nobody; /* takes what is left for ever without being a task's end */
    bool on_main;       /* timers and commands run on the main context now */
    jmp_buf leave_main; /* the way out for one that panics there */
    struct sim_task *spare;
    struct sim_task *reap; /* where a coroutine is more than its stack: to be freed from another */
    uint32_t alive, hung;  /* tasks; those that wait for io without a deadline */
    struct sim_proc proc[SIM_PROCS];
    struct sim_proc global; /* tasks whose slice was over while others waited */
    uint32_t slices;        /* that ended while somebody stood there */
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

/* Stack slots (exec_sim_stack.c): one that nobody has had. NULL: the machine gives no more. */
struct sim_task *sim_stack_new(struct sim *s);
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
/* Moves of tasks between queues, each an event. */
bool sim_steal(struct sim *s); /* false: nobody is idle, or nobody busy has a queue */
void sim_look_at_global(struct sim *s);
void sim_global_push(struct sim *s, struct sim_task *t);
void sim_global_take(struct sim *s, struct sim_proc *p, uint32_t n, bool front);
static inline uint64_t sim_all_procs(const struct sim *s)
{
    return s->procs == 64 ? ~UINT64_C(0) : (UINT64_C(1) << s->procs) - 1;
}

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

static inline uint32_t sim_runq_len(const struct sim_proc *p)
{
    return p->tail - p->head;
}

static inline void sim_runq_push(struct sim *s, struct sim_proc *p, struct sim_task *t)
{
    uint32_t len = sim_runq_len(p);
    if (UNLIKELY(len > p->mask))
        sim_runq_grow(p);
    p->ring[p->tail++ & p->mask] = t;
    if (!len)
        s->ready |= p->bit;
}

/* Goes on before all others. */
static inline void sim_runq_push_front(struct sim *s, struct sim_proc *p, struct sim_task *t)
{
    uint32_t len = sim_runq_len(p);
    if (UNLIKELY(len > p->mask))
        sim_runq_grow(p);
    p->ring[--p->head & p->mask] = t;
    if (!len)
        s->ready |= p->bit;
}

static inline struct sim_task *sim_runq_pop(struct sim *s, struct sim_proc *p)
{
    struct sim_task *t = p->ring[p->head++ & p->mask];
    if (p->head == p->tail)
        s->ready &= ~p->bit;
    return t;
}

/* A stack that was left for ever is given back: at once where a coroutine is no more than that,
 * else by whoever runs next. */
static inline void sim_reap(struct sim *s)
{
#ifndef CORO_PLAIN
    struct sim_task *dead = s->reap;
    if (dead) {
        s->reap = NULL;
        coro_free(&dead->co);
        sim_stack_give(s, dead);
    }
#else
    (void)s;
#endif
}

/* The usual case of sim_next_task() inline: nothing asks for attention and this processor, which is
 * not in work(), has more to do. */
static inline struct sim_task *sim_next(struct sim *s)
{
    struct sim_proc *p = s->here;
    if (UNLIKELY(p->head == p->tail ||
                 s->steps >= atomic_load_explicit(&s->look_at, memory_order_relaxed)))
        return sim_next_task(s);
    struct sim_task *t = sim_runq_pop(s, p);
    s->steps++;
    t->t.proc = p->index;
    return t;
}

/* ---- a task's beginning -----------------------------------------------------------------------
 */

void sim_task_entry(void);
void sim_task_timer_fired(struct rt *rt, void *task);

/* NULL: no memory for its stack. The caller fills it in (task_init). Its timer is not set: whoever
 * had the slot before has come to its end. */
static inline struct sim_task *sim_task_new(struct sim *s)
{
    struct sim_task *t = s->spare;
    if (LIKELY(t))
        s->spare = t->next;
    else if (!(t = sim_stack_new(s)))
        return NULL;
    t->work_left = 0;
    t->parking = SIM_AWAKE;
    t->working = false;
    t->t.proc = s->here->index;
    return t;
}

static inline void sim_spawn(struct sim *s, struct sim_task *t)
{
    coro_make(&t->co, t->low, (char *)t, sim_task_entry);
    s->alive++;
    sim_runq_push(s, s->here, t);
}

/* ---- switching ---------------------------------------------------------------------------------
 */

/* The running task has been left for `next` and is back. */
static inline void sim_back(struct sim *s, struct sim_task *self)
{
    sim_stack_check(self);
    sim_reap(s);
}

/* Leaves the running task for next (NULL: the main context); returns when it is dispatched again.
 */
static inline __attribute__((always_inline)) void
sim_switch_to(struct sim *s, struct sim_task *self, struct sim_task *next)
{
    rt_current = next ? &next->t : NULL;
    if (next == self)
        return;
    coro_switch(&self->co, next ? &next->co : &s->main, false);
    sim_back(s, self);
}

/* Leaves the running task as an operation's last act: then(self) is its result (coro.h). The first
 * thing in then() is sim_back(). */
static inline __attribute__((always_inline)) int sim_leave(struct sim *s, struct sim_task *self,
                                                           int (*then)(void *self))
{
    struct sim_task *next = sim_next(s);
    rt_current = next ? &next->t : NULL;
    if (UNLIKELY(next == self))
        return then(self);
    return coro_switch_then(&self->co, next ? &next->co : &s->main, then, self);
}

/* Before a park. False: there is no need to, sim_parked() knows already. */
static inline bool sim_park_begins(struct sim *s, struct sim_task *t, int64_t deadline_ns)
{
    if (UNLIKELY(t->parking == SIM_PERMIT)) {
        t->parking = SIM_AWAKE;
        return false;
    }
    t->parking = SIM_PARKED;
    if (deadline_ns != NEVER) {
        if (deadline_ns <= s->now_ns) {
            t->parking = SIM_TIMED_OUT;
            return false;
        }
        t->timer.when_ns = deadline_ns;
        t->timer.order = t->t.park_order;
        t->t.park_order = 0;
        timer_heap_set(&s->timers, &t->timer);
    } else if (UNLIKELY(t->t.why == WHY_IO)) {
        t->parking = SIM_HUNG;
        s->hung++;
    }
    return true;
}

/* After it. False: the deadline passed. */
static inline bool sim_parked(struct sim_task *t)
{
    if (LIKELY(t->parking == SIM_AWAKE))
        return true;
    t->parking = t->parking == SIM_BOTH ? SIM_PERMIT : SIM_AWAKE;
    return false;
}

static inline __attribute__((always_inline)) bool sim_park(struct task *self, int64_t deadline_ns)
{
    struct sim *s = sim_of(self->rt);
    struct sim_task *t = sim_task(self);
    if (sim_park_begins(s, t, deadline_ns))
        sim_switch_to(s, t, sim_next(s));
    return sim_parked(t);
}

/* Whose run queue it will stand in once it is woken: the waker's. */
static inline void sim_goes_to(struct task *task)
{
    if (rt_current)
        task->proc = sim_of(task->rt)->here->index;
}

static inline void sim_unpark(struct task *task)
{
    struct sim *s = sim_of(task->rt);
    struct sim_task *t = sim_task(task);
    if (UNLIKELY(t->parking != SIM_PARKED)) {
        if (t->parking != SIM_HUNG) {
            t->parking = t->parking == SIM_TIMED_OUT ? SIM_BOTH : SIM_PERMIT;
            return;
        }
        s->hung--;
    }
    t->parking = SIM_AWAKE;
    if (UNLIKELY(t->timer.index))
        timer_heap_remove(&s->timers, &t->timer);
    sim_runq_push(s, &s->proc[task->proc], t);
}

/* The caller emits the states around it. */
static inline void sim_yield(struct task *self)
{
    struct sim *s = sim_of(self->rt);
    sim_runq_push(s, s->here, sim_task(self));
    sim_switch_to(s, sim_task(self), sim_next(s));
}

#endif
