/* SPDX-License-Identifier: MIT */
/* Locks under real threads without probes: the quick paths, which a watched run never takes.
 *
 *   mutex      long and short holds, so that it starves and recovers; with deadlines and without
 *   rwmutex    one writer or readers; writers that give up must let the readers behind them in
 *   semaphore  never more out than there are; waiters of all sizes, with deadlines
 *   cond       a queue of one place: no signal is lost
 *
 * What is checked is conservation, and that nobody is left asleep: then the run would end. */
#include "stress.h"

#include "runtime/cond.h"
#include "runtime/rwmutex.h"
#include "runtime/semaphore.h"

enum { TASKS = 8, ROUNDS = 3000 };

static struct waitgroup *wg;
static _Atomic int inside, readers;
static uint64_t counter; /* whose lock it is */
static _Atomic uint64_t had, gave_up;
static bool done;

static int64_t soon(struct rng *rng)
{
    return rng_below(rng, 3) ? NEVER : rt_now() + 1 + rng_below(rng, 3000000);
}

/* Mostly nothing, seldom longer than a waiter's patience. */
static void hold(struct rng *rng)
{
    if (rng_below(rng, 400) == 0)
        rt_sleep(1200000);
    else if (rng_below(rng, 16) == 0)
        rt_yield();
}

static void ended(bool got)
{
    (got ? &had : &gave_up)[0]++;
}

/* ---- mutex ----------------------------------------------------------------------------------- */

static struct mutex *mu;

static void locker(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "locker");
    for (int i = 0; i < ROUNDS; i++) {
        bool got = mutex_lock_until(mu, soon(&rng)) == RT_OK;
        ended(got);
        if (!got)
            continue;
        CHECK(atomic_fetch_add(&inside, 1) == 0, "two inside");
        counter++;
        hold(&rng);
        CHECK(atomic_fetch_sub(&inside, 1) == 1, "two inside");
        mutex_unlock(mu);
    }
    wg_done(wg);
}

/* ---- rwmutex --------------------------------------------------------------------------------- */

static struct rwmutex *rw;

static void reader_or_writer(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "rw");
    for (int i = 0; i < ROUNDS; i++) {
        bool write = rng_below(&rng, 4) == 0;
        int64_t until = write ? soon(&rng) : NEVER;
        bool got = (write ? rwmutex_lock_until : rwmutex_rlock_until)(rw, until) == RT_OK;
        if (write)
            ended(got);
        if (!got)
            continue;
        if (write) {
            CHECK(atomic_fetch_add(&inside, 1) == 0 && readers == 0, "a writer is not alone");
            counter++;
        } else {
            readers++;
            CHECK(inside == 0, "a reader beside a writer");
        }
        hold(&rng);
        if (write) {
            CHECK(atomic_fetch_sub(&inside, 1) == 1 && readers == 0, "a writer is not alone");
            rwmutex_unlock(rw);
        } else {
            CHECK(inside == 0, "a reader beside a writer");
            readers--;
            rwmutex_runlock(rw);
        }
    }
    wg_done(wg);
}

/* ---- semaphore ------------------------------------------------------------------------------- */

enum { TOKENS = 5 };
static struct semaphore *sem;

static void acquirer(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "sem");
    struct context *ctx = ctx_background();
    for (int i = 0; i < ROUNDS; i++) {
        int n = 1 + (int)rng_below(&rng, TOKENS);
        bool got = sem_acquire_until(sem, ctx, n, soon(&rng)) == RT_OK;
        ended(got);
        if (!got)
            continue;
        CHECK(atomic_fetch_add(&inside, n) + n <= TOKENS, "more out than there are");
        hold(&rng);
        atomic_fetch_sub(&inside, n);
        sem_release(sem, n);
    }
    wg_done(wg);
}

/* ---- cond ------------------------------------------------------------------------------------ */

static struct cond *full, *empty;
static int place; /* mu's; 0: empty */

static void putter(void *arg)
{
    (void)arg;
    for (int i = 1; i <= ROUNDS; i++) {
        mutex_lock(mu);
        while (place)
            cond_wait(empty);
        place = i;
        cond_signal(full);
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void getter(void *arg)
{
    (void)arg;
    for (int i = 1; i <= ROUNDS; i++) {
        mutex_lock(mu);
        while (!place)
            cond_wait_until(full, rt_now() + 100000);
        counter += (uint64_t)place;
        place = 0;
        cond_signal(empty);
        mutex_unlock(mu);
    }
    wg_done(wg);
}

/* ---------------------------------------------------------------------------------------------- */

static void all_of(const char *name, void (*fn)(void *), int n)
{
    inside = readers = 0;
    counter = 0;
    had = 0;
    gave_up = 0;
    wg_add(wg, n);
    stress_spawn(name, fn, n);
    wg_wait(wg);
}

static void run(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    mu = mutex_make("mu");
    all_of("locker", locker, TASKS);
    CHECK(counter == had && had + gave_up == (uint64_t)TASKS * ROUNDS, "%lu of %lu",
          (unsigned long)counter, (unsigned long)had);
    rw = rwmutex_make("rw");
    all_of("rw", reader_or_writer, TASKS);
    CHECK(counter == had, "%lu of %lu", (unsigned long)counter, (unsigned long)had);
    CHECK(rwmutex_try_lock(rw), "nobody has it");
    sem = sem_make("sem", TOKENS, NULL);
    all_of("acquirer", acquirer, TASKS);
    CHECK(sem_taken(sem) == 0 && sem_try_acquire(sem, TOKENS), "all have come back");
    full = cond_make("full", mu);
    empty = cond_make("empty", mu);
    wg_add(wg, 1);
    CHECK(rt_spawn("putter", putter, NULL), "no task");
    all_of("getter", getter, 1);
    CHECK(counter == (uint64_t)ROUNDS * (ROUNDS + 1) / 2, "%lu", (unsigned long)counter);
    done = true;
}

int main(void)
{
    struct rt_config c = {.world = WORLD_LIVE, .seed = 1};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    CHECK(rt, "%s", why);
    rt_start(rt, "quiet", run, NULL);
    while (!rt_ended(rt)) {
        struct timespec nap = {.tv_nsec = 1000000};
        nanosleep(&nap, NULL);
    }
    rt_destroy(rt);
    CHECK(done, "the run ended before its time: somebody was left asleep");
    return 0;
}
