/* SPDX-License-Identifier: MIT */
/* Area E: locks, live, without probes, beside pthread's. Tasks are pinned in turn to two
 * processors; the time is the wall's, over all operations of all tasks. */
#include "bench.h"

#include "runtime/mutex.h"
#include "runtime/rwmutex.h"
#include "runtime/sync.h"

static pthread_mutex_t pmutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t prwlock = PTHREAD_RWLOCK_INITIALIZER;
static struct mutex *mu;
static struct rwmutex *rw;
static struct waitgroup *wg;
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

/* ---- so many tasks at once ----------------------------------------------------------------------
 */

static int threads;
static void (*body)(uint64_t n);
static struct share {
    uint64_t n;
    int cpu;
} shares[8];

static void pinned(void *arg)
{
    const struct share *s = arg;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(s->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    body(s->n);
    wg_done(wg);
}

static void contend(uint64_t n)
{
    int cpu[2] = {0, 0}, found = 0;
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    for (int i = CPU_SETSIZE; i-- > 0 && found < 2;)
        if (CPU_ISSET(i, &all))
            cpu[found++] = i;
    if (found < 2)
        cpu[1] = cpu[0];
    mu = mutex_make("mu");
    rw = rwmutex_make("rw");
    wg = wg_make("wg");
    wg_add(wg, threads);
    for (int i = 0; i < threads; i++) {
        shares[i] = (struct share){n / (uint64_t)threads + 1, cpu[i % 2]};
        if (!rt_spawn("contender", pinned, &shares[i]))
            die("no threads are to be had");
    }
    wg_wait(wg);
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
    struct bench_run run = {.world = WORLD_LIVE, .op = contend};
    for (threads = 1; threads <= 4; threads *= 2)
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            char configuration[24];
            snprintf(configuration, sizeof configuration, "%d thread%s", threads,
                     threads > 1 ? "s" : "");
            body = cases[i].body;
            bench_row("E", cases[i].name, cases[i].implementation, configuration, "ns/op",
                      bench_median(bench_round, &run, 1000));
        }
    return 0;
}
