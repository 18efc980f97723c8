/* SPDX-License-Identifier: MIT */
/* Which job is next.
 *
 *   heap     producer: push, then jobs <- token       worker: <-jobs, then pop the most urgent
 *   queues   producer: jobs-0 or jobs-1 … by class    worker: the first that has something
 *
 * Strict priorities starve: as long as urgent jobs come, others wait. aging orders by
 * arrive + class * aging instead, so a job waits at most that much longer than an urgent one. */
#include <stdio.h>
#include <string.h>

#include "patterns/worker_pool.h"
#include "runtime/mutex.h"

static int64_t key(const struct job_heap *h, const struct request *r)
{
    return h->aging ? r->arrive_ns + r->priority * h->aging : r->priority;
}

static bool before(const struct job_heap *h, const struct request *a, const struct request *b)
{
    int64_t x = key(h, a), y = key(h, b);
    return x != y ? x < y : a->id < b->id;
}

static void rise(struct job_heap *h, uint32_t at)
{
    struct request *r = h->a[at];
    while (at && before(h, r, h->a[(at - 1) / 2])) {
        h->a[at] = h->a[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    h->a[at] = r;
}

static void sink(struct job_heap *h, uint32_t at)
{
    struct request *r = h->a[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= h->n)
            break;
        if (child + 1 < h->n && before(h, h->a[child + 1], h->a[child]))
            child++;
        if (!before(h, h->a[child], r))
            break;
        h->a[at] = h->a[child];
        at = child;
    }
    h->a[at] = r;
}

/* The parameter may have changed since the order was made. The lock is held. */
static void order(struct pool *p, struct job_heap *h)
{
    int64_t aging = params_of(p)->aging;
    if (aging == h->aging)
        return;
    h->aging = aging;
    for (uint32_t i = h->n / 2; i-- > 0;)
        sink(h, i);
}

void jobs_make(struct pool *p, const struct pool_params *w)
{
    uint32_t cap = (uint32_t)w->queue;
    bool queues = w->priorities > 1 && w->scheduling == SCHED_QUEUES;
    p->jobs_n = queues ? (int)w->priorities : 1;
    for (int i = 0; i < p->jobs_n; i++) {
        char name[16];
        snprintf(name, sizeof name, queues ? "jobs-%d" : "jobs", i);
        p->jobs[i] = chan_make(name, cap);
    }
    if (w->priorities > 1 && !queues) {
        p->heap = rt_alloc(p->rt, sizeof *p->heap);
        p->heap->lock = mutex_make("heap");
        p->heap->aging = w->aging;
    }
}

static void push(struct pool *p, struct job_heap *h, struct request *r)
{
    mutex_lock(h->lock);
    order(p, h);
    if (h->n ==
        h->cap) { /* the old room stays with the run: it doubles, so that is at most as much */
        uint32_t cap = h->cap ? h->cap * 2 : 64;
        struct request **a = rt_alloc(p->rt, cap * sizeof(struct request *));
        if (h->n)
            memcpy(a, h->a, h->n * sizeof(struct request *));
        h->a = a;
        h->cap = cap;
    }
    h->a[h->n++] = r;
    rise(h, h->n - 1);
    mutex_unlock(h->lock);
}

struct chan *jobs_put(struct pool *p, struct request *r)
{
    if (p->heap)
        push(p, p->heap, r);
    return p->jobs[p->jobs_n > 1 ? r->priority : 0];
}

struct request *jobs_unput(struct pool *p, struct request *r)
{
    struct job_heap *h = p->heap;
    if (!h)
        return r;
    /* A worker may have taken r for somebody else's token. A leaf is one of the least urgent. */
    mutex_lock(h->lock);
    r = h->a[--h->n];
    mutex_unlock(h->lock);
    return r;
}

struct request *jobs_get(struct pool *p, chan_value v)
{
    struct job_heap *h = p->heap;
    if (!h)
        return (struct request *)v;
    mutex_lock(h->lock);
    order(p, h);
    VERIFY(h->n);
    struct request *r = h->a[0];
    h->a[0] = h->a[--h->n];
    if (h->n)
        sink(h, 0);
    mutex_unlock(h->lock);
    return r;
}

int64_t jobs_waiting(struct pool *p)
{
    int64_t n = 0;
    for (int i = 0; i < p->jobs_n; i++)
        n += chan_len(p->jobs[i]);
    return n;
}

void jobs_close(struct pool *p)
{
    for (int i = 0; i < p->jobs_n; i++)
        chan_close(p->jobs[i]);
}
