/* SPDX-License-Identifier: MIT */
/* The seam between the primitives and the world they run in. Only src/runtime includes it.
 *
 * A primitive (channel, group, mutex …) is written once, like this:
 *
 *     guard_lock(&c->guard);
 *     … look, change, emit the event …
 *     if it must wait: put a struct waiter on the queue, task_waits(self, &c->guard, …)
 *     guard_unlock(&c->guard);
 *     task_park(self, deadline);                 // until somebody calls task_unpark(self)
 *
 * Park and unpark (park.h) are a binary permit: an unpark that comes first makes the next park
 * return at once. In sim guards cost nothing: all tasks share one OS thread and switch only inside
 * park, work, yield and step. In live a guard is a small futex mutex, and it carries the stamp that
 * keeps an object's events in the order of its guard (event/emit.h). */
#ifndef RUNTIME_EXEC_H
#define RUNTIME_EXEC_H

#include <setjmp.h>
#include <stdatomic.h>

#include "event/emit.h"
#include "runtime/guard.h"
#include "runtime/rt.h"
#include "runtime/timer.h"

/* A thing that is due at an instant. */
struct rt_timer {
    int64_t when_ns;
    uint64_t order; /* timer_order(); 0: the executor fills in the order of setting */
    void (*fire)(struct rt *rt, void *arg); /* engine context; may set the timer again */
    void *arg;
    uint32_t index; /* place in the heap + 1; 0 = not set */
};

struct exec_ops {
    /* Memory and a stack for a task; NULL: cannot be had. The caller fills it in (task_init) … */
    struct task *(*task_new)(struct rt *rt);
    /* … and makes it runnable. False: no thread to be had (the task's memory is taken back). */
    bool (*spawn)(struct rt *rt, struct task *t);
    /* Waits for the permit until deadline_ns of scenario time (NEVER: for ever). False: it passed.
     */
    bool (*park)(struct task *self, int64_t deadline_ns);
    void (*unpark)(struct task *t); /* any engine thread or context */
    int64_t (*now)(const struct rt *rt);
    void (*work)(struct task *self, int64_t ns);
    void (*yield)(struct task *self); /* the caller emits the states */
    void (*step)(struct task *self);  /* a searching scheduler may switch here; live: the gate */
    void (*timer_set)(struct rt *rt, struct rt_timer *t);  /* sets or moves */
    bool (*timer_stop)(struct rt *rt, struct rt_timer *t); /* false: was not set, or fires now */
    /* live: the same, and waits until it does not fire any more. Outside of guards. NULL in sim. */
    bool (*timer_end)(struct rt *rt, struct rt_timer *t);
    /* Called where rt->gate is not 0. live: stays while the run is paused, leaves when it is
     * stopped. sim: lets own stores become visible (cell.h), and is a step. */
    void (*gate)(struct task *self);
    /* Emits START, makes the task "main" (is_main) with fn(arg) and lets things go. */
    void (*start)(struct rt *rt, const char *scenario, void (*fn)(void *), void *arg);
    /* The task's end (after task_body, or a panic); never returns. self NULL: a panic in engine
     * context, after rt_stop. */
    NORETURN void (*exit)(struct task *self);
    /* The same from anywhere on its stack, after a Goexit. */
    NORETURN void (*leave)(struct task *self);
    void (*post)(struct rt *rt, void (*fn)(struct rt *, void *), void *arg);
    void (*stop)(struct rt *rt, enum end_why why); /* rt->ended is set; emit END, wake all */
    bool (*idle)(struct rt *rt);
    void (*pause)(struct rt *rt, bool paused);
    void (*speed)(struct rt *rt, double speed);
    void (*destroy)(struct rt *rt);
};

/* A frame that catches: rt_recover, rt_catch. */
struct rt_frame {
    jmp_buf here;
    struct rt_frame *outer;
    bool all; /* a Goexit too */
};

/* One who waits in a queue (waitq.h): a blocked operation, or a case of a select. */
struct waiter {
    struct waiter *next, *prev;
    struct task *task;
    uint32_t ticket;
    uint32_t index; /* the case of a select */
    bool queued;
    uintptr_t value; /* what a sender sends */
};
struct waitq {
    struct waiter *head, *tail;
    uint32_t n;
};

enum { FEW_CASES = 8 };

/* What both worlds keep of a task; each executor's task begins with it. What a switch and a message
 * touch stands together at the end. */
struct task {
    uint32_t name; /* strtab */
    bool is_main;
    void (*fn)(void *);
    void *arg;
    uint32_t line;       /* rt_source(), last emitted */
    int64_t wake_stamp;  /* live: the waker's stamp, so that effect follows cause */
    struct rng rng;      /* live: select picks */
    uint64_t park_order; /* timer order of the next deadline (timer.h), 0 = the order of setting */
    struct waiter *many; /* room for a large select, made at the first */
    struct rt_frame *frame;       /* the innermost, or NULL */
    void (*on_goexit)(void *arg); /* what a Goexit does last (errgroup.c); NULL: nothing */
    const char *panic_text;
    struct waiter few[FEW_CASES]; /* waiters of a select */
    /* A blocked operation, for who goes on with it when it is over (chan.c, select.c). */
    void *on;  /* the channel, or the select's cases */
    void *out; /* where a received value goes, or NULL */
    int32_t cases_n;
    bool selecting; /* sim: its other waiters are to be taken out by who completes it */

    _Atomic uint8_t state; /* enum task_state, last emitted; in live also by who wakes it */
    _Atomic uint8_t why;   /* enum why, last emitted */
    uint8_t proc;          /* PROC_NONE in live */
    bool ok;               /* outcome, written by the one who completes the operation */
    struct rt *rt;
    uint32_t id;
    _Atomic uint32_t ticket; /* counts waits; a waiter with an old ticket is dead */
    uint32_t fired;          /* outcome: which waiter (case) was completed */
    uintptr_t value;         /* outcome: what was received */
    struct waiter wait;      /* of an operation that waits in one queue */
};

/* What both worlds keep of a run; each executor's run begins with it. */
struct rt {
    const struct exec_ops *ops;
    enum world world;
    bool probes;
    _Atomic bool main_done;
    int procs;
    uint64_t seed;
    struct strtab *names;
    _Atomic int ended;               /* 0, or 1 + enum end_why */
    _Atomic uint32_t gate;           /* enum rt_gate bits */
    _Atomic uint32_t tasks, objects; /* ids given so far */
    _Atomic uint32_t refused;        /* tasks, for want of threads */
    struct rng *select_rng;          /* sim */
    _Atomic(struct context *) background;
    struct guard guard; /* of the lists below */
    struct rt_stream *streams;
    struct rt_chunk *chunks;         /* rt_alloc */
    struct rt_last *last;            /* rt_at_destroy */
    void *contexts;                  /* free list of quiet contexts */
    void *group_starts;              /* free list of errgroup.c */
    struct syncpool *pools;          /* all of them, the newest first */
    _Atomic(struct arrays *) arrays; /* slice.c: by object id */
    struct cells *cells;             /* sim: store buffers, made with the first cell */
};

/* The run, in task and in engine context. The executor sets it together with guard_live. */
extern _Thread_local struct rt *rt_engine;

/* Emits a TASK event for t. */
void task_emit(struct task *t, enum task_state state, enum why why, uint32_t obj);
/* The body of every task: runs fn, then emits done and notes that main has returned. Both executors
 * call it as the first thing on the task's stack, then ops->exit. */
void task_body(struct task *t);
/* Fills in a task (id, name, parent event). Called by rt_spawn. */
void task_init(struct task *t, struct rt *rt, const char *name, void (*fn)(void *), void *arg);
struct rt *exec_sim_create(const struct rt_config *c, const char **why);
struct rt *exec_live_create(const struct rt_config *c, const char **why);
/* Common parts, for the executors' create and destroy. */
void rt_init(struct rt *rt, const struct exec_ops *ops, const struct rt_config *c);
void rt_finish(struct rt *rt);

/* Emits START (for ops->start). */
void rt_emit_start(struct rt *rt, const char *scenario);

/* The next id of a counter; no locked instruction in sim. */
static inline uint32_t rt_next_id(_Atomic uint32_t *counter)
{
    if (LIKELY(!guard_live)) {
        uint32_t id = atomic_load_explicit(counter, memory_order_relaxed) + 1;
        atomic_store_explicit(counter, id, memory_order_relaxed);
        return id;
    }
    return atomic_fetch_add_explicit(counter, 1, memory_order_relaxed) + 1;
}

enum rt_gate {
    GATE_PAUSED = 1,
    GATE_STOPPED = 2,
    GATE_STEPS = 4, /* sim: the schedule wants to be asked at every step */
    GATE_STORES = 8 /* sim: stores wait in buffers */
};

/* Whether rt->gate is worth a look: in live always, in sim while it is not 0. */
extern _Thread_local bool gate_watch;

/* Every operation of a task begins with it, outside of guards: in live, where a paused run holds
 * its tasks and a stopped one lets them go. Free in sim, unless schedules are searched or stores
 * wait in a buffer: an operation on a primitive makes them visible. */
static inline void rt_gate(void)
{
    if (LIKELY(!gate_watch) || !rt_current)
        return;
    if (UNLIKELY(atomic_load_explicit(&rt_current->rt->gate, memory_order_relaxed)))
        rt_current->rt->ops->gate(rt_current);
}

/* The same for what orders nothing: asking the time, saying where one stands. */
static inline void rt_gate_live(void)
{
    if (UNLIKELY(guard_live))
        rt_gate();
}

static inline bool rt_timer_end(struct rt *rt, struct rt_timer *t)
{
    return rt->ops->timer_end ? rt->ops->timer_end(rt, t) : rt->ops->timer_stop(rt, t);
}

void rt_timer_init(struct rt_timer *t, uint64_t order, void (*fire)(struct rt *, void *),
                   void *arg);

#endif
