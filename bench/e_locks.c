/* SPDX-License-Identifier: MIT */
/* Area E: locks, live, without probes, beside pthread's. Tasks are pinned in turn to two
 * processors; the time is the wall's, over all operations of all tasks. */
#include "contend.h"

#include "runtime/mutex.h"
#include "runtime/rwmutex.h"

static pthread_mutex_t pmutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t prwlock = PTHREAD_RWLOCK_INITIALIZER;
static struct mutex *mu;
static struct rwmutex *rw;
static struct {
    _Alignas(64) volatile long x;
} data;

static void b_mutex(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        mutex_lock(mu);
        data.x++;
        mutex_unlock(mu);
    }
}

static void b_read(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        rwmutex_rlock(rw);
        (void)data.x;
        rwmutex_runlock(rw);
    }
}

static void b_read_write(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % 10 == 0) {
            rwmutex_lock(rw);
            data.x++;
            rwmutex_unlock(rw);
        } else {
            rwmutex_rlock(rw);
            (void)data.x;
            rwmutex_runlock(rw);
        }
    }
}

static void b_pmutex(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        pthread_mutex_lock(&pmutex);
        data.x++;
        pthread_mutex_unlock(&pmutex);
    }
}

static void b_pread_write(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (i % 10 == 0) {
            pthread_rwlock_wrlock(&prwlock);
            data.x++;
        } else {
            pthread_rwlock_rdlock(&prwlock);
            (void)data.x;
        }
        pthread_rwlock_unlock(&prwlock);
    }
}

static void begin(void)
{
    mu = mutex_make("mu");
    rw = rwmutex_make("rw");
}

int main(void)
{
    static const struct {
        const char *name, *implementation;
        void (*body)(uint64_t n);
    } cases[] = {
        {"mutex", "patternscope", b_mutex},
        {"mutex", "pthread mutex", b_pmutex},
        {"rwlock read", "patternscope", b_read},
        {"rwlock 90/10", "patternscope", b_read_write},
        {"rwlock 90/10", "pthread rwlock", b_pread_write},
    };
    for (int tasks = 1; tasks <= 4; tasks *= 2)
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            bench_row("E", cases[i].name, cases[i].implementation, contend_words(tasks), "ns/op",
                      contend(tasks, begin, cases[i].body));
    return 0;
}
