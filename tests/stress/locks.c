/* SPDX-License-Identifier: MIT */
/* Mutex, RWMutex, semaphore and Cond under real threads: 8 tasks, and what must be conserved.
 *
 *   mutex      a plain counter stays right, whichever way it is locked
 *   rwmutex    readers see two plain words that a writer changes together as equal
 *   semaphore  never more tokens out than there are, and all come back
 *   cond       a bounded buffer: all that is put in comes out once, in order for each producer
 *
 * PATTERNSCOPE_LONG: a million operations a task without events, and a quarter of it with them;
 * else a hundredth. */
#include <time.h>

#include "runtime/cond.h"
#include "runtime/rwmutex.h"
#include "runtime/semaphore.h"
#include "stress.h"

enum { TASKS = 8, MILLION = 1000000, TIMED = 64 /* every so manyeth waits until a deadline */ };

static int each;
static struct waitgroup *wg;

static void all(const char *name, void (*fn)(void *))
{
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    stress_spawn(name, fn, TASKS);
    wg_wait(wg);
}

static bool soon(int i)
{
    return i % TIMED == 0;
}

/* ---- mutex ------------------------------------------------------------------------------------
 */

static struct mutex *mu;
static uint64_t counter; /* mu's */

static void locker(void *arg)
{
    (void)arg;
    for (int i = 0; i < each; i++) {
        if (soon(i)) {
            while (mutex_lock_until(mu, rt_now() + 20000) != RT_OK)
                ;
        } else if (i % 3 || !mutex_try_lock(mu)) {
            mutex_lock(mu);
        }
        counter++;
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void mutexes(void *arg)
{
    (void)arg;
    counter = 0;
    mu = mutex_make("mu");
    all("locker", locker);
    CHECK(counter == (uint64_t)TASKS * (uint64_t)each, "%lu", (unsigned long)counter);
}

/* ---- rwmutex ----------------------------------------------------------------------------------
 */

static struct rwmutex *rw;
static uint64_t left, right; /* rw's; always equal for whoever may look */

static void read_or_write(void *arg)
{
    uint64_t me = (uint64_t)(uintptr_t)arg;
    for (int i = 0; i < each; i++) {
        bool write = (uint64_t)i % 8 == me;
        if (write) {
            if (soon(i / 8))
                while (rwmutex_lock_until(rw, rt_now() + 20000) != RT_OK)
                    ;
            else if (i % 3 || !rwmutex_try_lock(rw))
                rwmutex_lock(rw);
            left++;
            right++;
            rwmutex_unlock(rw);
            continue;
        }
        if (soon(i))
            while (rwmutex_rlock_until(rw, rt_now() + 20000) != RT_OK)
                ;
        else if (i % 3 || !rwmutex_try_rlock(rw))
            rwmutex_rlock(rw);
        CHECK(left == right, "a reader saw half of a write");
        rwmutex_runlock(rw);
    }
    wg_done(wg);
}

static void rwmutexes(void *arg)
{
    (void)arg;
    left = right = 0;
    rw = rwmutex_make("rw");
    all("reader", read_or_write);
    uint64_t writes = 0;
    for (int me = 0; me < TASKS; me++)
        for (int i = 0; i < each; i++)
            writes += i % 8 == me;
    CHECK(left == writes && right == writes, "%lu of %lu writes", (unsigned long)left,
          (unsigned long)writes);
}

/* ---- semaphore --------------------------------------------------------------------------------
 */

enum { SIZE = 5 };
static struct semaphore *sem;
static struct context *dead;
static _Atomic int64_t out, most;

static void taker(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(uintptr_t)arg, "taker");
    for (int i = 0; i < each; i++) {
        int64_t n = 1 + rng_below(&rng, SIZE);
        if (soon(i)) {
            CHECK(sem_acquire(sem, dead, n) == RT_CANCELLED, "a dead context had tokens");
            while (sem_acquire_until(sem, ctx_background(), n, rt_now() + 20000) != RT_OK)
                ;
        } else if (i % 3 || !sem_try_acquire(sem, n)) {
            CHECK(sem_acquire(sem, ctx_background(), n) == RT_OK, "no tokens");
        }
        int64_t now = atomic_fetch_add(&out, n) + n, seen = most;
        CHECK(now <= SIZE, "%ld of %d tokens are out", (long)now, SIZE);
        while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
            ;
        atomic_fetch_sub(&out, n);
        sem_release(sem, n);
    }
    wg_done(wg);
}

static void semaphores(void *arg)
{
    (void)arg;
    out = most = 0;
    dead = ctx_with_cancel(ctx_background(), "dead");
    ctx_cancel(dead, NULL);
    sem = sem_make("sem", SIZE, NULL);
    all("taker", taker);
    CHECK(sem_taken(sem) == 0, "%ld tokens are missing", (long)sem_taken(sem));
    CHECK(most == SIZE, "never more than %ld were out", (long)most);
}

/* ---- cond -------------------------------------------------------------------------------------
 */

enum { ROOM = 16 };
static struct cond *filled, *emptied;
static uint64_t buffer[ROOM]; /* mu's, with what follows */
static uint32_t begin, used;
static uint64_t next[TASKS / 2], taken;

static void await(struct cond *c, int i)
{
    if (soon(i))
        cond_wait_until(c, rt_now() + 20000);
    else
        cond_wait(c);
}

static void producer(uint64_t me)
{
    for (int i = 0; i < each; i++) {
        mutex_lock(mu);
        while (used == ROOM)
            await(emptied, i);
        buffer[(begin + used++) % ROOM] = me << 32 | (uint64_t)i;
        if (i % 2)
            cond_signal(filled);
        else
            cond_broadcast(filled);
        mutex_unlock(mu);
    }
}

static void consumer(void)
{
    for (int i = 0; i < each; i++) {
        mutex_lock(mu);
        while (!used)
            await(filled, i);
        uint64_t v = buffer[begin], who = v >> 32;
        begin = (begin + 1) % ROOM;
        used--;
        taken++;
        CHECK(who < TASKS / 2 && (v & UINT32_MAX) == next[who], "%lu after %lu of %lu",
              (unsigned long)(v & UINT32_MAX), (unsigned long)next[who], (unsigned long)who);
        next[who]++;
        cond_signal(emptied);
        mutex_unlock(mu);
    }
}

static void makes_or_takes(void *arg)
{
    uint64_t me = (uint64_t)(uintptr_t)arg;
    if (me % 2)
        consumer();
    else
        producer(me / 2);
    wg_done(wg);
}

static void conds(void *arg)
{
    (void)arg;
    begin = used = 0;
    taken = 0;
    memset(next, 0, sizeof next);
    mu = mutex_make("mu");
    filled = cond_make("filled", mu);
    emptied = cond_make("emptied", mu);
    all("cond", makes_or_takes);
    CHECK(taken == (uint64_t)TASKS / 2 * (uint64_t)each && !used, "%lu taken, %u left",
          (unsigned long)taken, used);
}

/* ---- both ways: with events, where everything goes through the guards, and without ------------
 */

static void quietly(void (*fn)(void *))
{
    const char *why = NULL;
    struct strtab *names = strtab_create();
    struct rt_config c = {.world = WORLD_LIVE, .seed = 1, .names = names};
    struct rt *rt = rt_create(&c, &why);
    CHECK(rt, "%s", why);
    rt_start(rt, "quiet", fn, NULL);
    while (!rt_ended(rt))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    rt_destroy(rt);
    strtab_destroy(names);
}

int main(void)
{
    void (*const programs[])(void *) = {mutexes, rwmutexes, semaphores, conds};
    struct stress s;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        each = counts_long() ? MILLION : MILLION / 100;
        quietly(programs[i]);
        each /= 4; /* events cost, and are dropped when a ring is full */
        stress_run(&s, programs[i], NULL);
        CHECK(s.end == END_DONE, "program %zu ended %s", i, end_names[s.end]);
    }
    return 0;
}
