/* SPDX-License-Identifier: MIT */
/* The collector: rings, and their merge by stamp.
 *
 * A drain has three steps. First the instant T: the present, less a lag that covers a processor's
 * store buffer. Then every ring is looked at once: what it holds, and whether its thread is in the
 * middle of an event, whose stamp is then above the ring's last. The least of these bounds and T is
 * the horizon: no event at or below it can come later. Last, a heap merges the rings up to there.
 *
 * The writer touches the reader's count (tail) only when it has used up a quarter of its ring. */
#include "event/collector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BIG_RINGS = 64, SMALL_PART = 16, LEAST = 1024, CHUNK = 512, LAG_NS = 50000 };

struct ring {
    _Alignas(64) struct emitter e; /* the writer's line */
    _Alignas(64) _Atomic uint64_t tail;
    struct event *buf;
    uint64_t size;
    struct collector *c;
    _Atomic bool left; /* its thread is gone */
    /* The drain's own. */
    uint64_t to;        /* may be read up to here */
    int64_t seen;       /* the newest stamp it has shown */
    uint64_t lost_told; /* losses that have their event */
    struct ring *next_free;
};

struct collector {
    size_t ring_events;
    void (*kick)(void *arg);
    void *kick_arg;
    pthread_mutex_t lock; /* of the list of rings and the free list */
    struct ring **rings;
    size_t n, cap;
    struct ring *free;
    _Atomic uint64_t lost;
    /* The drain's own. */
    struct ring **look, **heap;
    size_t look_cap, heap_cap;
    int64_t horizon;
    struct event chunk[CHUNK];
    size_t chunk_n;
};

struct collector *collector_create(size_t ring_events, void (*kick)(void *arg), void *kick_arg)
{
    VERIFY(ring_events >= LEAST && (ring_events & (ring_events - 1)) == 0);
    emit_clock_init();
    struct collector *c = xcalloc(1, sizeof *c);
    c->ring_events = ring_events;
    c->kick = kick;
    c->kick_arg = kick_arg;
    c->horizon = INT64_MIN;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void collector_destroy(struct collector *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++) {
        free(c->rings[i]->buf);
        free(c->rings[i]);
    }
    free(c->rings);
    free(c->look);
    free(c->heap);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- the writer's side -------------------------------------------------------------------------
 */

static bool refill(struct emitter *e)
{
    struct ring *r = (struct ring *)(void *)e;
    uint64_t head = atomic_load_explicit(&e->head, memory_order_relaxed);
    uint64_t used = head - atomic_load_explicit(&r->tail, memory_order_acquire);
    uint64_t room = r->size - used, at = head & (r->size - 1);
    if (used >= r->size / 2 && r->c->kick)
        r->c->kick(r->c->kick_arg);
    if (!room) {
        atomic_store_explicit(&e->lost, atomic_load_explicit(&e->lost, memory_order_relaxed) + 1,
                              memory_order_relaxed);
        return false;
    }
    uint64_t n = r->size / 4;
    n = n < room ? n : room;
    n = n < r->size - at ? n : r->size - at;
    e->next = r->buf + at;
    e->end = e->next + n;
    return true;
}

static void *aligned(size_t bytes)
{
    void *p = aligned_alloc(64, bytes);
    if (!p)
        die_of_memory();
    return p;
}

static struct ring *ring_make(struct collector *c)
{
    struct ring *r = aligned(sizeof *r);
    memset(r, 0, sizeof *r);
    r->c = c;
    r->e.refill = refill;
    r->seen = INT64_MIN;
    size_t small = c->ring_events / SMALL_PART;
    r->size = c->n < BIG_RINGS ? c->ring_events : small < LEAST ? LEAST : small;
    r->buf = aligned(r->size * sizeof(struct event)); /* malloc: no mapping each */
    return r;
}

void collector_enter(struct collector *c)
{
    pthread_mutex_lock(&c->lock);
    struct ring *r = c->free;
    if (r) {
        c->free = r->next_free;
        atomic_store_explicit(&r->left, false, memory_order_relaxed);
    } else {
        r = ring_make(c);
        grow(&c->rings, &c->cap, c->n + 1, sizeof(struct ring *));
        c->rings[c->n++] = r;
    }
    pthread_mutex_unlock(&c->lock);
    emitter = &r->e;
}

void collector_leave(struct collector *c)
{
    struct ring *r = (struct ring *)(void *)emitter;
    (void)c;
    if (!r)
        return;
    emitter = NULL;
    atomic_store_explicit(&r->left, true, memory_order_release);
}

/* ---- the drain ---------------------------------------------------------------------------------
 */

struct taker {
    void (*take)(void *arg, struct event *ev, size_t n);
    void *arg;
};

static void hand_over(struct collector *c, const struct taker *to)
{
    if (c->chunk_n)
        to->take(to->arg, c->chunk, c->chunk_n);
    c->chunk_n = 0;
}

static inline void push(struct collector *c, const struct event *ev, const struct taker *to)
{
    c->chunk[c->chunk_n++] = *ev;
    if (c->chunk_n == CHUNK)
        hand_over(c, to);
}

static inline const struct event *front(const struct ring *r)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    return &r->buf[tail & (r->size - 1)];
}

/* Looks at a ring once; returns below which stamp (inclusive) it will give nothing new. */
static int64_t look_at(struct ring *r, int64_t now)
{
    uint64_t head = atomic_load_explicit(&r->e.head, memory_order_acquire);
    uint64_t begun = atomic_load_explicit(&r->e.begun, memory_order_acquire);
    r->to = head;
    if (head != atomic_load_explicit(&r->tail, memory_order_relaxed))
        r->seen = r->buf[(head - 1) & (r->size - 1)].t_ns;
    return begun > head && r->seen < now ? r->seen : now;
}

static void sift_down(struct ring **heap, size_t n, size_t i)
{
    struct ring *r = heap[i];
    int64_t stamp = front(r)->t_ns;
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && front(heap[child + 1])->t_ns < front(heap[child])->t_ns)
            child++;
        if (stamp <= front(heap[child])->t_ns)
            break;
        heap[i] = heap[child];
    }
    heap[i] = r;
}

/* Takes from r what lies at or below limit. True: it is used up. */
static bool take_run(struct collector *c, struct ring *r, int64_t limit, const struct taker *to)
{
    uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed), mask = r->size - 1;
    while (tail != r->to && r->buf[tail & mask].t_ns <= limit)
        push(c, &r->buf[tail++ & mask], to);
    atomic_store_explicit(&r->tail, tail, memory_order_release);
    return tail == r->to;
}

static void merge(struct collector *c, size_t n, int64_t horizon, const struct taker *to)
{
    struct ring **heap = c->heap;
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i);
    while (n && front(heap[0])->t_ns <= horizon) {
        int64_t limit = horizon;
        for (size_t i = 1; i <= 2 && i < n; i++)
            limit = front(heap[i])->t_ns < limit ? front(heap[i])->t_ns : limit;
        if (take_run(c, heap[0], limit, to))
            heap[0] = heap[--n];
        if (n)
            sift_down(heap, n, 0);
    }
}

/* Losses since the last drain, as one event; gives read-out rings of threads that left back. */
static void settle(struct collector *c, size_t n, int64_t horizon, const struct taker *to)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < n; i++) {
        struct ring *r = c->look[i];
        uint64_t total = atomic_load_explicit(&r->e.lost, memory_order_relaxed);
        lost += total - r->lost_told;
        r->lost_told = total;
        if (atomic_load_explicit(&r->left, memory_order_acquire) &&
            atomic_load_explicit(&r->tail, memory_order_relaxed) ==
                atomic_load_explicit(&r->e.head, memory_order_relaxed)) {
            pthread_mutex_lock(&c->lock);
            if (atomic_load_explicit(&r->left, memory_order_relaxed)) {
                atomic_store_explicit(&r->left, false, memory_order_relaxed);
                r->next_free = c->free;
                c->free = r;
            }
            pthread_mutex_unlock(&c->lock);
        }
    }
    if (!lost)
        return;
    atomic_fetch_add_explicit(&c->lost, lost, memory_order_relaxed);
    struct event e = {.t_ns = horizon, .kind = EV_LOST, .v = (int64_t)lost};
    push(c, &e, to);
}

int64_t collector_drain(struct collector *c, bool all,
                        void (*take)(void *arg, struct event *ev, size_t n), void *arg)
{
    const struct taker to = {take, arg};
    int64_t now = emit_raw_clock();
    int64_t horizon = now - (int64_t)(LAG_NS / emit_tick_ns());
    pthread_mutex_lock(&c->lock); /* the list may move when a thread enters */
    size_t n = c->n;
    grow(&c->look, &c->look_cap, n, sizeof(struct ring *));
    grow(&c->heap, &c->heap_cap, n, sizeof(struct ring *));
    if (n)
        memcpy(c->look, c->rings, n * sizeof(struct ring *));
    pthread_mutex_unlock(&c->lock);
    size_t full = 0;
    int64_t newest = now;
    for (size_t i = 0; i < n; i++) {
        struct ring *r = c->look[i];
        horizon = look_at(r, horizon);
        newest = r->seen > newest ? r->seen : newest;
        if (r->to != atomic_load_explicit(&r->tail, memory_order_relaxed))
            c->heap[full++] = r;
    }
    if (all)
        horizon = newest;
    if (horizon < c->horizon) /* nothing below it was left, so this cannot take back anything */
        horizon = c->horizon;
    c->horizon = horizon;
    merge(c, full, horizon, &to);
    settle(c, n, horizon, &to);
    hand_over(c, &to);
    return horizon;
}

uint64_t collector_lost(const struct collector *c)
{
    return atomic_load_explicit(&c->lost, memory_order_relaxed);
}
