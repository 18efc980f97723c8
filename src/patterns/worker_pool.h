/* SPDX-License-Identifier: MIT */
/* Inside of the worker pool: worker_pool*.c.
 *
 * Who owns what: a request belongs to its producer until it stands in a jobs channel, then to the
 * worker that takes it, which ends it and gives its memory back. What goes on to the consumer is a
 * result by value (number and outcome), so nobody reads a request that somebody else may end. */
#ifndef PATTERNS_WORKER_POOL_H
#define PATTERNS_WORKER_POOL_H

#include <stdatomic.h>

#include "event/emit.h"
#include "patterns/pattern.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/guard.h"
#include "runtime/sync.h"
#include "runtime/timer.h"
#include "traffic/traffic.h"

enum mistake { M_NONE, M1_JOBS_NOT_CLOSED, M2_RESULTS_TOO_EARLY, M3_NO_CANCEL, M4_ONE_TASK };
enum scheduling { SCHED_HEAP, SCHED_QUEUES };
enum { POOL_CLASSES = 8, POOL_WORKERS = 10000 };

struct pool_params { /* [worker_pool] */
    int64_t workers, queue, results;
    struct dist consumer;
    double cpu;
    int64_t priorities;
    int scheduling; /* enum scheduling */
    int64_t aging;
    int64_t job_timeout;
    bool replace_hung;
    bool autoscale;
    int64_t autoscale_min, autoscale_max, autoscale_every;
    double autoscale_up, autoscale_down;
    int mistake; /* enum mistake */
};
extern const struct param_table pool_table;
const char *pool_check(const struct pattern_run *pr);
/* The number of workers that the parameters ask for. */
int64_t pool_workers(const struct rt *rt, const struct pool_params *w);

/* Jobs that wait, the most urgent first (scheduling = heap). The jobs channel then carries one
 * token per job: it counts, blocks and closes; the heap says which job a token stands for. */
struct job_heap {
    struct mutex *lock;
    struct request **a;
    uint32_t n, cap;
    int64_t aging; /* that the order was made with */
};

struct pool {
    struct pattern_run *pr;
    struct rt *rt;
    _Atomic(void *) *params; /* [worker_pool] */
    struct traffic *traffic;
    struct dependency *dependency;
    uint32_t dependency_obj;
    struct context *ctx;
    struct chan *jobs[POOL_CLASSES]; /* one, or with scheduling = queues one a class */
    int jobs_n;
    struct job_heap *heap; /* NULL: first come, first served */
    struct chan *results;
    struct chan *stop;        /* closed by a graceful shutdown */
    struct chan *retire;      /* a token for each worker that is to go */
    struct chan *done;        /* main waits on it */
    struct chan *scaler_quit; /* closed when the workers have ended */
    struct waitgroup *wg;
    struct rng *consumer_rng;
    _Atomic bool stopping, cancelled;
    int64_t stopped_ns;
    int64_t shown_mistake; /* the mistake the run began with */

    struct guard guard; /* of the next six */
    int64_t active;     /* workers that count in wg */
    int64_t retiring;   /* tokens in `retire` */
    int64_t target;     /* how many there should be */
    int64_t named;      /* number of the last worker that was started */
    bool scaler_runs, over;
    _Atomic bool results_closed;

    _Atomic int64_t sent, got; /* jobs handed to the channel; results that the consumer has */
    _Atomic bool all_sent;     /* the producer has ended */
    _Atomic int64_t zombies;   /* workers stuck for good in a job that was given up */
    /* since the shutdown */
    _Atomic int64_t drained, rejected, dropped;

    /* faults */
    _Atomic int64_t consumer_extra_ns;
};

/* A worker, and the job in its hand. */
struct worker {
    struct pool *pool;
    int64_t number;
    struct timer *timer; /* replace_hung: when its job is given up; NULL until needed */
    struct guard guard;  /* of the rest */
    struct request *r;   /* in hand, while it may be given up */
    int64_t deadline_ns; /* of r */
    bool zombie;         /* r was given up; its place is taken */
};

static inline const struct pool_params *params_of(const struct pool *p)
{
    return atomic_load_explicit(p->params, memory_order_acquire);
}
static inline bool has_mistake(const struct pool *p, enum mistake m)
{
    return params_of(p)->mistake == (int)m;
}

/* What goes through the results channel. */
static inline chan_value result_of(const struct request *r, enum phase phase)
{
    return (chan_value)(r->id << 4 | (uint64_t)phase);
}

/* Where tasks stand in the listing: LINE(name, text), see worker_pool_listing.def. */
enum pool_line {
    LINE_NONE,
#define LINE(id, text) LINE_##id,
#include "patterns/worker_pool_listing.def"
#undef LINE
};
static inline void at_line(enum pool_line line)
{
    if (emitter)
        rt_source((uint32_t)line);
}

/* ---- worker_pool_priority.c: which job is next ------------------------------------------------
 */

void jobs_make(struct pool *p, const struct pool_params *w);
/* The channel that r goes to. Heap: r is put in first (jobs_unput() when it cannot be sent). */
struct chan *jobs_put(struct pool *p, struct request *r);
/* The send did not come about: which request is out again (heap: not always the same one). */
struct request *jobs_unput(struct pool *p, struct request *r);
/* What a value from a jobs channel stands for. */
struct request *jobs_get(struct pool *p, chan_value v);
/* Jobs that wait, in all channels. */
int64_t jobs_waiting(struct pool *p);
void jobs_close(struct pool *p);

/* ---- worker_pool_scale.c: how many workers ----------------------------------------------------
 */

/* The machine had no threads for all workers: some go again, for the tasks without which nothing
 * goes on, and a caption says how many are left. Panics with the number when that is nobody. */
void pool_make_room(struct pool *p, int64_t wanted, int64_t started);
/* Starts a task without which nothing goes on: panics where no thread is to be had. */
void pool_spawn(struct pool *p, const char *name, void (*fn)(void *arg));
/* Task or engine context. Starts or retires workers so that `target` are left. */
void pool_resize(struct pool *p, int64_t target);
/* Starts the autoscaler unless it runs. */
void pool_scaler_start(struct pool *p);
/* Starts one worker in a place that is counted already. False: no thread was to be had, and the
 * place is given up. */
bool worker_start(struct pool *p);
/* The present task leaves its place; a token of `retire` was taken for it. */
void worker_leave(struct pool *p, bool retired);

/* ---- worker_pool_work.c -----------------------------------------------------------------------
 */

void worker_task(void *worker);

/* ---- worker_pool_hung.c: jobs that may hang ----------------------------------------------------
 */

/* Calls the dependency for r under the job's timeout. Returns how the request ends, or PHASE_LATE
 * when it was given up meanwhile and the worker has no place any more. */
enum phase worker_call(struct worker *w, struct request *r);

/* ---- worker_pool_control.c --------------------------------------------------------------------
 */

extern const struct pattern_action pool_actions[];
extern const struct pattern_fault pool_faults[];
void pool_changed(struct pattern_run *pr, const char *section, const char *name);
int64_t pool_automatic(const struct pattern_run *pr, const char *section, const char *name);

#endif
