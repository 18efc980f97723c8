/* SPDX-License-Identifier: MIT */
/* Random schedules in sim: small programs of channels, selects, mutexes, RWMutexes, semaphores and
 * conditions, each run under as many schedules as seeds. Whatever the schedule, nothing is lost or
 * doubled, nobody is inside with another, and everybody comes home.
 *
 * PATTERNSCOPE_LONG: 100 000 schedules of each program, else a fiftieth of it. */
#include "runtime/cond.h"
#include "runtime/exec.h"
#include "runtime/rwmutex.h"
#include "runtime/semaphore.h"
#include "stress.h"

enum { SCHEDULES = 100000, TASKS = 4, EACH = 3 };

static struct waitgroup *wg;
static struct chan *c, *d;
static struct mutex *mu;
static struct rwmutex *rw;
static struct semaphore *sem;
static struct cond *filled, *emptied;
static int inside, readers, level, sum, count, used; /* sim: one thread */
static uint64_t seed;
static uint64_t traces; /* of what was done in which order, to see that schedules differ */

static void trace(uint64_t what)
{
    traces = (traces ^ what) * UINT64_C(1099511628211);
}

#define MUST(cond) CHECK(cond, "seed %lu", (unsigned long)seed)

static void spawn(void (*fn)(void *))
{
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    for (intptr_t i = 0; i < TASKS; i++)
        rt_spawn("task", fn, (void *)i);
    wg_wait(wg);
}

/* ---- channels: two send, two receive ----------------------------------------------------------
 */

static void over_channel(void *arg)
{
    intptr_t me = (intptr_t)arg;
    chan_value v;
    for (int i = 0; i < EACH; i++) {
        if (me < TASKS / 2) {
            chan_send(c, (chan_value)(1 << (me * EACH + i)));
            continue;
        }
        MUST(chan_recv(c, &v) && !(sum & (int)v));
        sum |= (int)v;
        trace((uint64_t)v << 8 | (uint64_t)me);
    }
    wg_done(wg);
}

static void channels(void)
{
    c = chan_make("c", (uint32_t)(seed % 3));
    spawn(over_channel);
    MUST(sum == (1 << (TASKS / 2 * EACH)) - 1 && chan_len(c) == 0);
    chan_close(c);
}

/* ---- selects: everybody offers both -----------------------------------------------------------
 */

static void by_select(void *arg)
{
    intptr_t me = (intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        struct select_case sc[] = {{.c = c, .send = true, .value = 1}, {.c = d}, {.c = c}};
        if (me % 2) {
            sc[0].c = d;
            sc[1].c = c;
            sc[2].c = d;
        }
        int got = i == 1 ? chan_select_until(sc, 3, rt_now() + 1000) : chan_select(sc, 3);
        trace((uint64_t)(got + 8) << 8 | (uint64_t)me);
        if (got == SELECT_TIMEOUT)
            continue;
        MUST(got >= 0 && got < 3 && (got == 0 || (sc[got].ok && sc[got].value == 1)));
        sum += got == 0;
        count += got != 0;
    }
    wg_done(wg);
}

/* Receives whatever they send when nobody else is left to. */
static void receives_all(void *arg)
{
    (void)arg;
    for (;;) {
        struct select_case sc[] = {{.c = c}, {.c = d}};
        if (chan_select_until(sc, 2, rt_now() + 1000000) == SELECT_TIMEOUT)
            return;
        count++;
    }
}

static void selects(void)
{
    c = chan_make("c", (uint32_t)(seed % 2));
    d = chan_make("d", 0);
    rt_spawn("receives all", receives_all, NULL);
    spawn(by_select);
    rt_sleep(5000000);
    MUST(sum == count + (int)chan_len(c) + (int)chan_len(d));
}

/* ---- locks ------------------------------------------------------------------------------------
 */

static void by_mutex(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        if (i == 1 && mutex_try_lock(mu)) {
        } else if (i == 2) {
            while (mutex_lock_until(mu, rt_now() + 1000) != RT_OK)
                ;
        } else {
            mutex_lock(mu);
        }
        MUST(++inside == 1);
        trace((uint64_t)(uintptr_t)arg);
        rt_step();
        if (i == 0)
            rt_sleep(10);
        MUST(--inside == 0);
        count++;
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void mutexes(void)
{
    mu = mutex_make("mu");
    spawn(by_mutex);
    MUST(count == TASKS * EACH && mutex_try_lock(mu));
}

static void by_rwmutex(void *arg)
{
    intptr_t me = (intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        trace((uint64_t)me << 4 | (uint64_t)i);
        if ((me + i) % 2) {
            if (i != 1 || !rwmutex_try_rlock(rw))
                rwmutex_rlock(rw);
            readers++;
            MUST(inside == 0);
            rt_step();
            MUST(inside == 0);
            readers--;
            rwmutex_runlock(rw);
        } else {
            if (i == 2)
                while (rwmutex_lock_until(rw, rt_now() + 1000) != RT_OK)
                    ;
            else
                rwmutex_lock(rw);
            MUST(++inside == 1 && readers == 0);
            rt_step();
            MUST(--inside == 0 && readers == 0);
            rwmutex_unlock(rw);
        }
        count++;
    }
    wg_done(wg);
}

static void rwmutexes(void)
{
    rw = rwmutex_make("rw");
    spawn(by_rwmutex);
    MUST(count == TASKS * EACH && rwmutex_try_lock(rw));
}

static void by_semaphore(void *arg)
{
    intptr_t me = (intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        int64_t n = 1 + (me + i) % 3;
        if (i == 1 && sem_try_acquire(sem, n)) {
        } else if (i == 2) {
            while (sem_acquire_until(sem, ctx_background(), n, rt_now() + 1000) != RT_OK)
                ;
        } else {
            MUST(sem_acquire(sem, ctx_background(), n) == RT_OK);
        }
        level += (int)n;
        MUST(level <= 3);
        trace((uint64_t)me);
        rt_step();
        level -= (int)n;
        sem_release(sem, n);
    }
    wg_done(wg);
}

static void semaphores(void)
{
    sem = sem_make("sem", 3, NULL);
    spawn(by_semaphore);
    MUST(sem_taken(sem) == 0 && level == 0);
}

/* ---- cond: a buffer of one --------------------------------------------------------------------
 */

static void by_cond(void *arg)
{
    intptr_t me = (intptr_t)arg;
    bool puts = me % 2;
    for (int i = 0; i < EACH; i++) {
        mutex_lock(mu);
        while (used == (puts ? 1 : 0)) {
            struct cond *wait = puts ? emptied : filled;
            if (i == 1)
                cond_wait_until(wait, rt_now() + 1000);
            else
                cond_wait(wait);
        }
        used += puts ? 1 : -1;
        count += puts;
        trace((uint64_t)me);
        cond_signal(puts ? filled : emptied);
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void conds(void)
{
    mu = mutex_make("mu");
    filled = cond_make("filled", mu);
    emptied = cond_make("emptied", mu);
    spawn(by_cond);
    MUST(used == 0 && count == TASKS / 2 * EACH);
}

/* ---- the campaign -----------------------------------------------------------------------------
 */

static void run_program(void *arg)
{
    ((void (*)(void))(uintptr_t)arg)();
}

static uint64_t run(void (*program)(void), struct strtab *names)
{
    const char *why = NULL;
    struct rt_config config = {.world = WORLD_SIM,
                               .seed = seed,
                               .procs = 1 + (int)(seed % 2),
                               .schedule = "random",
                               .names = names};
    struct rt *rt = rt_create(&config, &why);
    CHECK(rt, "%s", why);
    inside = readers = level = sum = count = used = 0;
    traces = UINT64_C(14695981039346656037);
    rt_start(rt, "schedules", run_program, (void *)(uintptr_t)program);
    CHECK(rt_sim_run(rt, NEVER, UINT64_MAX) == RT_ENDED, "seed %lu", (unsigned long)seed);
    CHECK(atomic_load(&rt->ended) == 1 + END_DONE, "seed %lu ended %s", (unsigned long)seed,
          end_names[atomic_load(&rt->ended) - 1]);
    rt_destroy(rt);
    return traces;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*program)(void);
    } programs[] = {{"channels", channels},   {"selects", selects},       {"mutexes", mutexes},
                    {"rwmutexes", rwmutexes}, {"semaphores", semaphores}, {"conds", conds}};
    struct strtab *names = strtab_create();
    /* In sim there is one thread: nothing for the thread sanitizer, however much time it has. */
    uint64_t schedules = COUNTS_TSAN ? 20 : counts(SCHEDULES, SCHEDULES / 50, SCHEDULES / 400);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        uint64_t first = 0, others = 0;
        for (seed = 1; seed <= schedules; seed++) {
            uint64_t t = run(programs[i].program, names);
            if (seed == 1)
                first = t;
            others += t != first;
        }
        CHECK(others > schedules / 4, "%s: the schedules are all alike", programs[i].name);
        printf("%s: %lu schedules\n", programs[i].name, (unsigned long)schedules);
        fflush(stdout);
    }
    strtab_destroy(names);
    return 0;
}
