/* SPDX-License-Identifier: MIT */
/* Area A's anchors in live: what threads cost that do only the thing itself, without closing,
 * cancelling, gates and events. A baton over raw futex words, and queues of a mutex and conditions,
 * on one processor and on two. */
#include "bench.h"

#include "runtime/futex.h"

enum { SLOTS = 100, MOST = 8 };

/* A round: the threads and what each does `each` times. */
static uint64_t each;

static void together(void *(*fn)(void *), int k, void (*mine)(void))
{
    pthread_t thread[MOST];
    for (int i = 0; i < k; i++)
        if (pthread_create(&thread[i], NULL, fn, (void *)(intptr_t)i) != 0)
            die("no threads are to be had");
    mine();
    for (int i = 0; i < k; i++)
        pthread_join(thread[i], NULL);
}

/* ---- a baton over two words ------------------------------------------------------------------ */

static struct {
    _Alignas(64) _Atomic uint32_t word;
} turn[2];

static void give(int to)
{
    atomic_store(&turn[to].word, 1);
    futex_wake(&turn[to].word, 1);
}

static void await(int who)
{
    while (!atomic_load(&turn[who].word))
        futex_wait(&turn[who].word, 0);
    atomic_store(&turn[who].word, 0);
}

static void *answers(void *arg)
{
    for (uint64_t i = 0; i < each; i++) {
        await(1);
        give(0);
    }
    return arg;
}

static void asks(void)
{
    for (uint64_t i = 0; i < each; i++) {
        give(1);
        await(0);
    }
}

static double baton(uint64_t n, void *arg)
{
    (void)arg;
    each = n;
    double from = bench_clock(CLOCK_MONOTONIC);
    together(answers, 1, asks);
    return bench_clock(CLOCK_MONOTONIC) - from;
}

/* ---- a queue --------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, room[MOST];
static uint64_t slot[MOST][SLOTS];
static unsigned first[MOST], used[MOST], slots;
static int queues;
static volatile uint64_t seen;

static void put(int q, uint64_t v)
{
    pthread_mutex_lock(&lock);
    while (used[q] == slots)
        pthread_cond_wait(&room[q], &lock);
    slot[q][(first[q] + used[q]++) % slots] = v;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
}

/* From the first that has one, looking round from `from` on; returns which. */
static int take_any(int from)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        for (int i = 0; i < queues; i++) {
            int q = (from + i) % queues;
            if (!used[q])
                continue;
            seen = slot[q][first[q]];
            first[q] = (first[q] + 1) % slots;
            used[q]--;
            pthread_cond_signal(&room[q]);
            pthread_mutex_unlock(&lock);
            return q;
        }
        pthread_cond_wait(&filled, &lock);
    }
}

static void *fills(void *arg)
{
    for (uint64_t i = 0; i < each; i++)
        put((int)(intptr_t)arg, i);
    return arg;
}

static void drains(void)
{
    int from = 0;
    for (uint64_t i = 0; i < each * (uint64_t)queues; i++)
        from = take_any(from) + 1;
}

static double queue(uint64_t n, void *arg)
{
    queues = *(const int *)arg;
    slots = queues == 1 ? SLOTS : 1;
    each = n / (uint64_t)queues + 1;
    double from = bench_clock(CLOCK_MONOTONIC);
    together(fills, queues, drains);
    return bench_clock(CLOCK_MONOTONIC) - from;
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'A')
        return 0;
    static const char *const on[] = {"live, one core", "live, two cores"};
    static int one = 1, two = 2, eight = 8;
    for (int i = 0; i < MOST; i++)
        pthread_cond_init(&room[i], NULL);
    for (int cores = 1; cores <= 2 && bench_cpus(cores); cores++) {
        const char *c = on[cores - 1], *mutex = "mutex and conditions";
        bench_row("A", "pingpong", "raw futex", c, "ns/rt", bench_median(baton, NULL, 64));
        bench_row("A", "buf100 1P1C", mutex, c, "ns/msg", bench_median(queue, &one, 64));
        bench_row("A", "select 2", mutex, c, "ns/msg", bench_median(queue, &two, 64));
        bench_row("A", "select 8", mutex, c, "ns/msg", bench_median(queue, &eight, 64));
    }
    return 0;
}
