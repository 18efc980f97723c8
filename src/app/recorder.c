/* SPDX-License-Identifier: MIT */
/* The recorder's thread.
 *
 *   UI thread   give ──▶ [chunk][chunk][chunk] ──▶ recorder thread: encode, write, tick each 50 ms
 *
 * The list is short on purpose: what does not fit stays on the tape and is offered again, so a disk
 * that cannot keep up costs no memory. Who waits for room waits for half of it: a wake-up costs as
 * much as a thousand events. */
#include "app/recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "base/mem.h"

enum { CHUNKS = 64, TICK_NS = 50000000 };

struct chunk {
    struct event *ev; /* its memory stays, for the next */
    size_t n, cap;
};
struct recorder {
    struct psr_writer *w; /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct chunk chunk[CHUNKS]; /* a ring */
    unsigned first, count;      /* under the lock; the first is the thread's while it writes it */
    bool stop;
    _Atomic uint64_t bytes;
    _Atomic(char *) error; /* set once */
};

static void after_write(struct recorder *r)
{
    atomic_store(&r->bytes, psr_size(r->w));
    if (psr_error(r->w) && !atomic_load(&r->error))
        atomic_store(&r->error, xstrdup(psr_error(r->w)));
}

static void *record(void *arg)
{
    struct recorder *r = arg;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TICK_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        while (!r->count && !r->stop &&
               pthread_cond_timedwait(&r->filled, &r->lock, &until) != ETIMEDOUT)
            ;
        if (!r->count && r->stop)
            break;
        const struct chunk *c = r->count ? &r->chunk[r->first] : NULL;
        pthread_mutex_unlock(&r->lock);
        if (c)
            psr_write(r->w, c->ev, c->n);
        psr_tick(r->w, wall_now());
        after_write(r);
        pthread_mutex_lock(&r->lock);
        if (c) {
            r->first = (r->first + 1) % CHUNKS;
            if (--r->count == CHUNKS / 2)
                pthread_cond_signal(&r->drained);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

struct recorder *recorder_start(const char *path, bool overwrite, const struct psr_header *h,
                                const struct strtab *names, char **error)
{
    struct psr_writer *w = psr_create(path, overwrite, h, names, error);
    if (!w)
        return NULL;
    struct recorder *r = xcalloc(1, sizeof *r);
    r->w = w;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->filled, &attr);
    pthread_condattr_destroy(&attr);
    pthread_cond_init(&r->drained, NULL);
    /* Signals belong to the screen's thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int rc = pthread_create(&r->thread, NULL, record, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        return r;
    *error = xasprintf("no thread for the recorder: %s", strerror(rc));
    free(psr_close(w));
    pthread_cond_destroy(&r->filled);
    pthread_cond_destroy(&r->drained);
    pthread_mutex_destroy(&r->lock);
    free(r);
    return NULL;
}

bool recorder_give(struct recorder *r, const struct event *ev, size_t n)
{
    pthread_mutex_lock(&r->lock);
    struct chunk *c = &r->chunk[(r->first + r->count) % CHUNKS];
    bool room = r->count < CHUNKS;
    pthread_mutex_unlock(&r->lock);
    if (!room)
        return false;
    grow(&c->ev, &c->cap, n, sizeof *c->ev);
    memcpy(c->ev, ev, n * sizeof *ev);
    c->n = n;
    pthread_mutex_lock(&r->lock);
    if (r->count++ == 0)
        pthread_cond_signal(&r->filled);
    pthread_mutex_unlock(&r->lock);
    return true;
}

void recorder_wait(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->count > CHUNKS / 2)
        pthread_cond_wait(&r->drained, &r->lock);
    pthread_mutex_unlock(&r->lock);
}

const char *recorder_error(const struct recorder *r)
{
    return atomic_load(&r->error);
}

uint64_t recorder_bytes(const struct recorder *r)
{
    return atomic_load(&r->bytes);
}

char *recorder_stop(struct recorder *r)
{
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->filled);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    char *error = psr_close(r->w);
    char *earlier = atomic_load(&r->error);
    if (earlier) {
        free(error);
        error = earlier;
    }
    pthread_cond_destroy(&r->filled);
    pthread_cond_destroy(&r->drained);
    pthread_mutex_destroy(&r->lock);
    for (int i = 0; i < CHUNKS; i++)
        free(r->chunk[i].ev);
    free(r);
    return error;
}
