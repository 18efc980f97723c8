/* SPDX-License-Identifier: MIT */
/* A run of a scenario, and its tasks: what patterns, policies and traffic are written on.
 *
 * The same code runs in two worlds. In live a task is a pthread and time is real; in sim a task is
 * a coroutine, all of them on the thread that calls rt_sim_run(), and time is virtual. Words are
 * Go's: a task is a goroutine, a virtual processor is a P.
 *
 * Memory: whatever belongs to a run (tasks, channels, groups, contexts, rt_alloc) is freed by
 * rt_destroy() and never earlier, unless said otherwise; a task that panics or leaks owns nothing.
 *
 * Thread rules: "task context" means inside a task; "engine context" means inside a function given
 * to rt_post() or a timer's fire function, where nothing may block. */
#ifndef RUNTIME_RT_H
#define RUNTIME_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/rng.h"
#include "base/strtab.h"
#include "event/event.h"

struct rt;
struct task;
struct schedule_use;

#define NEVER INT64_MAX /* a deadline that does not come */

/* Results of blocking calls that may end early. */
enum rt_status {
    RT_OK,
    RT_TIMEOUT,   /* the deadline passed */
    RT_CANCELLED, /* the context was cancelled */
    RT_CLOSED,    /* the channel is closed (and empty) */
    RT_AGAIN      /* a try-operation would have blocked */
};

struct rt_config {
    enum world world;
    uint64_t seed;
    int procs;                               /* sim: virtual processors, 1..64; 0 = no limit */
    const char *schedule;                    /* sim: one of schedules.def; NULL = fifo */
    const struct schedule_use *schedule_use; /* what it is to know (schedule.h), or NULL */
    bool probes;                             /* emit events */
    double speed;                            /* live: scenario seconds per wall second */
    struct strtab *names;                    /* borrowed; outlives the run */
    /* Takes every chunk of events in order; sim: on the thread that calls rt_sim_run(), may block;
     * live: on the collector's thread; n = 0: no event, but the stream is complete up to ev->t_ns.
     * END is the last event of all. */
    void (*sink)(void *arg, const struct event *ev, size_t n);
    void *sink_arg;
    size_t stack_bytes; /* 0 = the default of the world */
    /* sim: after so many scheduler steps at one instant the run ends with a panic, because nothing
     * in it takes time; 0 = no such limit. */
    uint64_t still_steps;
};

/* Creates a run that has not started. Returns NULL with *why (static text) when the environment
 * refuses (no threads, no memory map). */
struct rt *rt_create(const struct rt_config *config, const char **why);
/* Stops every task wherever it is and frees the run. live: waits for its threads. NULL is fine. */
void rt_destroy(struct rt *rt);

/* Emits START and makes the task "main" runnable. Once. */
void rt_start(struct rt *rt, const char *scenario, void (*main_fn)(void *arg), void *arg);

enum rt_state {
    RT_MORE, /* sim: reached until_ns or the steps; there is more to do */
    RT_IDLE, /* sim: reached until_ns; nothing is due, but somebody outside may still post */
    RT_ENDED /* END was emitted; the state stays for rt_destroy() */
};
/* sim only; one thread, the same for all calls, and that thread's `emitter` is the run's meanwhile.
 * Runs until the virtual clock stands at until_ns and all that is due by then has run, or `steps`
 * scheduler steps (dispatches and timer firings) have been made, or the run ended. Flushes the
 * events to the sink before it returns. */
enum rt_state rt_sim_run(struct rt *rt, int64_t until_ns, uint64_t steps);
/* sim: scheduler steps made so far (what a recorded command is tied to). live: 0. */
uint64_t rt_steps(const struct rt *rt);
/* sim: when the next thing is due, or NEVER. Engine thread, between rt_sim_run() calls. */
int64_t rt_sim_next(const struct rt *rt);

/* Runs fn(arg) in engine context at the next safe point: sim, before the next step, at the present
 * virtual time; live, on the run's control thread. Any thread; does not wait. Order is kept. */
void rt_post(struct rt *rt, void (*fn)(struct rt *rt, void *arg), void *arg);
/* Ends the run: emits END, no task runs again. Any thread. The first reason stays. */
void rt_stop(struct rt *rt, enum end_why why);
bool rt_ended(const struct rt *rt);
/* No task can run, nothing is due, and no call is under way that may yet return: the run is about
 * to end by itself. Engine context. */
bool rt_idle(struct rt *rt);

/* live: pauses scenario time and stops tasks at their next gate (any operation of the runtime);
 * resuming brings no burst. sim: the caller simply does not call rt_sim_run(). Any thread. */
void rt_pause(struct rt *rt, bool paused);
void rt_set_speed(struct rt *rt, double speed); /* live, any thread */

/* Scenario time, ns. Any thread. */
int64_t rt_time(const struct rt *rt);
enum world rt_world(const struct rt *rt);
int rt_procs(const struct rt *rt); /* sim: virtual processors (0 = no limit); live: the machine's */
struct strtab *rt_names(const struct rt *rt);
uint64_t rt_seed(const struct rt *rt);
/* The stream of that name, made at its first use; the caller's guard protects it. */
struct rng *rt_rng(struct rt *rt, const char *stream);
/* Zeroed memory that lives as long as the run. Any engine thread. */
void *rt_alloc(struct rt *rt, size_t bytes);
/* The same, on cache lines of its own: for what several processors hammer on. */
void *rt_alloc_line(struct rt *rt, size_t bytes);
char *rt_keep(struct rt *rt, const char *text); /* a copy that lives as long as the run */
/* Has rt_destroy() call fn(arg), for what is not memory (a file): no task runs any more, and what
 * rt_alloc gave is still there. Any engine thread. */
void rt_at_destroy(struct rt *rt, void (*fn)(void *arg), void *arg);

/* ---- tasks -------------------------------------------------------------------------------- */

extern _Thread_local struct task *rt_current; /* NULL outside a task */

static inline struct task *rt_self(void)
{
    return rt_current;
}
/* The run of the present task or engine context. */
struct rt *rt_here(void);
uint32_t task_id(const struct task *t);
uint32_t task_self_id(void); /* 0 in engine context */

/* Starts a task: Go's `go`. Task or engine context. Returns its id. In live, where no thread can be
 * had, returns 0 after an event that says so; callers that need the task must check. */
uint32_t rt_spawn(const char *name, void (*fn)(void *arg), void *arg);

int64_t rt_now(void); /* scenario time; task or engine context */
/* Sleeps for ns of scenario time (state "sleeping"). */
void rt_sleep(int64_t ns);
/* Uses a processor for ns: sim, holds a P in slices of 10 ms; live, computes. */
void rt_work(int64_t ns);
/* Gives way to other runnable tasks (runtime.Gosched). */
void rt_yield(void);
/* A point where a searching scheduler may switch. Free otherwise. */
void rt_step(void);
/* Panics the present task: unrecovered, it ends the scenario. obj: what it was misused on, or 0. */
NORETURN PRINTF(2, 3) void rt_panic(uint32_t obj, const char *fmt, ...);
/* Runs fn(arg) and catches a panic in it: returns NULL, or the panic's text (valid for the run). */
const char *rt_recover(void (*fn)(void *arg), void *arg);
/* Ends the present task where it stands (runtime.Goexit): rt_recover() does not stop it. */
NORETURN void rt_goexit(void);
/* What Go does with defer: as rt_recover(), and a Goexit is caught too, as RT_GOEXIT. The caller
 * clears up and lets rt_again() go on with either. */
extern const char RT_GOEXIT[];
const char *rt_catch(void (*fn)(void *arg), void *arg);
NORETURN void rt_again(uint32_t obj, const char *caught);

/* ---- objects and edges --------------------------------------------------------------------- */

/* A named object; emits OBJECT. cap 0 where it has none. Task or engine context. Returns its id. */
uint32_t rt_object(enum obj_kind kind, const char *name, int64_t cap);
/* Emits OBJECT again with a new constant. */
void rt_object_update(uint32_t obj, enum obj_kind kind, const char *name, int64_t cap);
/* The present task holds that end of obj, until it ends or lets go: leak detection lives on it. */
void rt_hold(uint32_t obj, enum role role);
void rt_release(uint32_t obj, enum role role);
/* An edge between two objects (for the flow panel). */
void rt_edge(uint32_t from_obj, uint32_t to_obj, enum role role);
/* Where the present task stands in the pattern's listing. */
void rt_source(uint32_t line);
/* A caption in the stream. Task or engine context. */
void rt_mark(const char *text, enum by by);

#endif
