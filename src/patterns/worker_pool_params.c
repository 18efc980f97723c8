/* SPDX-License-Identifier: MIT */
/* The parameters of the worker pool, and which of them fit together. */
#include <stdio.h>

#include "control/errors.h"
#include "patterns/worker_pool.h"

static const char *const mistakes[] = {"none", "M1", "M2", "M3", "M4", NULL};
static const char *const schedulings[] = {"heap", "queues", NULL};

#define ROW(f, t, d, lo, hi, ...)                                                              \
    {                                                                                          \
        .name = #f, .type = t, .offset = offsetof(struct pool_params, f), .def = d, .min = lo, \
        .max = hi, __VA_ARGS__                                                                 \
    }
static const struct param rows[] = {
    ROW(workers, PT_INT, "auto", 1, POOL_WORKERS, .automatic = true, .live = true, .unit = "tasks",
        .help = "how many work; auto = one a processor"),
    ROW(queue, PT_INT, "100", 0, 10000000, .unit = "jobs",
        .help = "capacity of the jobs channel; 0 = unbuffered"),
    ROW(results, PT_INT, "auto", 0, 10000000, .automatic = true, .unit = "results",
        .help = "capacity of the results channel; auto = as many as workers at the start"),
    ROW(consumer, PT_DIST, "0", 0, 0, .live = true, .unit = "ns",
        .help = "how long the consumer is busy with a result"),
    ROW(cpu, PT_FLOAT, "0", 0, 1, .live = true, .unit = "",
        .help = "share of a job's time that is processor time, the rest is waiting"),
    ROW(priorities, PT_INT, "1", 1, POOL_CLASSES, .unit = "classes",
        .help = "classes of urgency, 0 is the most urgent; jobs are spread over them evenly"),
    ROW(scheduling, PT_CHOICE, "heap", 0, 0, .choices = schedulings, .unit = "",
        .help = "with priorities: heap = one channel and a heap, queues = a channel a class"),
    ROW(aging, PT_DURATION, "0", 0, 9e15, .live = true, .unit = "ns",
        .help = "heap: a job that waits this long rises by one class; 0 = never"),
    ROW(job_timeout, PT_DURATION, "0", 0, 9e15, .live = true, .unit = "ns",
        .help = "a job is given up after this long; 0 = never"),
    ROW(replace_hung, PT_BOOL, "off", 0, 0, .live = true, .unit = "",
        .help = "jobs cannot be cancelled; a worker stuck past job_timeout is replaced"),
    ROW(autoscale, PT_BOOL, "off", 0, 0, .live = true, .unit = "",
        .help = "add and retire workers by the length of the queue"),
    ROW(autoscale_min, PT_INT, "1", 1, POOL_WORKERS, .live = true, .unit = "tasks",
        .help = "never fewer workers"),
    ROW(autoscale_max, PT_INT, "16", 1, POOL_WORKERS, .live = true, .unit = "tasks",
        .help = "never more workers"),
    ROW(autoscale_up, PT_FLOAT, "0.5", 0, 1, .live = true, .unit = "",
        .help = "one worker more while the queue is at least this full"),
    ROW(autoscale_down, PT_FLOAT, "0.1", 0, 1, .live = true, .unit = "",
        .help = "one worker less while the queue is at most this full"),
    ROW(autoscale_every, PT_DURATION, "500ms", 1e6, 9e15, .live = true, .unit = "ns",
        .help = "how often the autoscaler looks"),
    ROW(mistake, PT_CHOICE, "none", 0, 0, .choices = mistakes, .live = true, .unit = "",
        .help = "M1 jobs never closed, M2 results closed too early, M3 no cancel handling, "
                "M4 one task produces and consumes"),
};
const struct param_table pool_table = {.section = "worker_pool",
                                       .help = "a pool of workers between two channels",
                                       .rows = rows,
                                       .n = ARRAY_LEN(rows),
                                       .size = sizeof(struct pool_params)};

int64_t pool_workers(const struct rt *rt, const struct pool_params *w)
{
    if (w->workers != PARAM_AUTO)
        return w->workers;
    int procs = rt ? rt_procs(rt) : 0;
    return procs > 0 ? procs : 4;
}

/* The trace is read whole before the run, so that a bad line is an error of the scenario. */
static const char *check_trace(const struct pattern_run *pr, const struct traffic_params *t)
{
    static _Thread_local char text[600];
    struct errors e = {0};
    const char *bad = NULL;
    if (!traffic_check(t, pattern_base_dir(pr), &e)) {
        const struct error_item *first = &e.item[0];
        if (first->line)
            snprintf(text, sizeof text, "%.400s:%d: %.150s", first->file, first->line, first->text);
        else
            snprintf(text, sizeof text, "%.400s: %.150s", first->file, first->text);
        bad = text;
    }
    errors_free(&e);
    return bad;
}

const char *pool_check(const struct pattern_run *pr)
{
    const struct pool_params *w = pattern_params(pr, "worker_pool");
    const struct traffic_params *t = pattern_params(pr, "traffic");
    const struct pool *p = pattern_state(pr);
    if (w->autoscale && w->autoscale_min > w->autoscale_max)
        return "worker_pool.autoscale_min is above autoscale_max";
    if (w->autoscale && w->autoscale_down >= w->autoscale_up)
        return "worker_pool.autoscale_down must be below autoscale_up";
    if (w->autoscale && w->queue == 0)
        return "worker_pool.autoscale looks at the queue: it needs queue above 0";
    if (w->replace_hung && w->job_timeout == 0)
        return "worker_pool.replace_hung needs a job_timeout that says when a job hangs";
    if (!p)
        return check_trace(pr, t);
    if ((w->mistake == M4_ONE_TASK) != (p->shown_mistake == M4_ONE_TASK))
        return "M4 is in how the tasks are started: it takes effect at the next restart (R)";
    if (t->arrivals.kind == ARR_TRACE && !traffic_has_trace(p->traffic))
        return "a trace is read from the start on: it takes effect at the next restart (R)";
    return NULL;
}
