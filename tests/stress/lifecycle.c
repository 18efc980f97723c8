/* SPDX-License-Identifier: MIT */
/* A live run's life: it is stopped, destroyed, paused, sped up and posted to from other threads
 * while its tasks are anywhere; tasks panic; thousands come and go. Whatever happens, the run ends
 * for the reason given, END is the last event, and all threads come home. */
#include <time.h>

#include "stress.h"

static struct rng dice;

static void nap(uint32_t most_ns)
{
    struct timespec t = {.tv_nsec = (long)rng_below(&dice, most_ns)};
    nanosleep(&t, NULL);
}

/* ---- a scenario that never ends by itself, with everything in it ------------------------------
 */

static struct chan *pipe_in, *pipe_out;
static struct mutex *mu;
static struct context *root;
static int64_t panic_after_ns; /* 0: it does not panic by itself */

static void moves(void *arg)
{
    (void)arg;
    for (chan_value v; chan_recv(pipe_in, &v);)
        chan_send(pipe_out, v);
}

static void feeds(void *arg)
{
    for (chan_value i = 0;; i++) {
        struct select_case sc[] = {{.c = pipe_in, .send = true, .value = i}, {.c = pipe_out}};
        chan_select_until(sc, 2, rt_now() + 50000);
        if (i % 64 == (chan_value)(uintptr_t)arg)
            rt_work(20000);
    }
}

static void locks(void *arg)
{
    (void)arg;
    for (;;) {
        mutex_lock(mu);
        rt_yield();
        mutex_unlock(mu);
        rt_sleep(1000);
    }
}

static void short_lived(void *arg)
{
    wg_done(arg);
}

static void spawns(void *arg)
{
    (void)arg;
    for (;;) {
        struct waitgroup *wg = wg_make("wg");
        wg_add(wg, 3);
        for (int i = 0; i < 3; i++)
            if (!rt_spawn("short", short_lived, wg))
                wg_done(wg);
        wg_wait(wg);
    }
}

static void times(void *arg)
{
    (void)arg;
    struct timer *tick = ticker_make("ticker", 30000);
    for (;;) {
        struct context *job = ctx_with_timeout_quiet(root, 40000);
        struct select_case sc[] = {{.c = timer_chan(tick)}, {.c = ctx_done(job)}};
        chan_select(sc, 2);
        ctx_release(job);
    }
}

static void sleeps_for_ever(void *arg)
{
    (void)arg;
    chan_recv(NULL, NULL);
}

static void zoo(void *arg)
{
    (void)arg;
    pipe_in = chan_make("in", 0);
    pipe_out = chan_make("out", 3);
    mu = mutex_make("mu");
    root = ctx_with_cancel(ctx_background(), "root");
    void (*const kinds[])(void *) = {moves, feeds, locks, spawns, times, sleeps_for_ever};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (uintptr_t k = 0; k < 2; k++)
            rt_spawn("zoo", kinds[i], (void *)k);
    if (panic_after_ns) {
        rt_sleep(panic_after_ns);
        rt_panic(0, "as planned");
    }
    chan_recv(NULL, NULL);
}

/* ---- ways to end ----------------------------------------------------------------------------- */

static void panics(struct rt *rt, void *arg)
{
    (void)rt;
    (void)arg;
    rt_panic(0, "in engine context");
}

static void stops(struct rt *rt, void *arg)
{
    (void)arg;
    rt_stop(rt, END_FOR);
}

static void ends(void)
{
    struct stress s;
    for (int round = 0; round < 40; round++) {
        bool by_itself = round % 5 == 1;
        int why = by_itself || round % 5 == 2 ? END_PANIC : round % 5 == 3 ? END_FOR : END_STOPPED;
        panic_after_ns = by_itself ? rng_below(&dice, 2000000) + 1 : 0;
        stress_start(&s, zoo, NULL);
        nap(3000000);
        switch (round % 5) {
        case 0:
            rt_stop(s.rt, END_STOPPED);
            rt_stop(s.rt, END_FOR); /* the first reason stays */
            break;
        case 2:
            rt_post(s.rt, panics, NULL);
            break;
        case 3:
            rt_post(s.rt, stops, NULL);
            break;
        case 4:
            rt_pause(s.rt, true);
            nap(1000000);
            rt_stop(s.rt, END_STOPPED);
            break;
        }
        stress_end(&s);
        CHECK(s.end == why, "round %d: ended %s", round, end_names[s.end]);
        CHECK(s.of_kind[EV_PANIC] == (why == END_PANIC), "round %d: %lu panics", round,
              (unsigned long)s.of_kind[EV_PANIC]);
    }
}

/* Destroyed as it is: nobody has stopped it, its tasks are awake, asleep, held by a pause. */
static void destroyed(void)
{
    panic_after_ns = 0;
    for (int round = 0; round < 25; round++) {
        struct stress s;
        stress_start(&s, zoo, NULL);
        if (round % 3)
            nap(2000000);
        if (round % 4 == 3)
            rt_pause(s.rt, true);
        rt_destroy(s.rt);
        strtab_destroy(s.names);
        sem_destroy(&s.over);
        CHECK(s.end < 0, "nobody has ended it");
    }
}

/* ---- posts from many threads ------------------------------------------------------------------
 */

enum { POSTERS = 3, POSTS = 2000 };

static struct chan *all_posted;
static int next_post[POSTERS], posted;
static struct rt *target;

static void post_runs(struct rt *rt, void *arg)
{
    int who = (int)((uintptr_t)arg / POSTS), number = (int)((uintptr_t)arg % POSTS);
    CHECK(rt == target && !rt_self(), "posts run in engine context");
    CHECK(next_post[who] == number, "poster %d: %d instead of %d", who, number, next_post[who]);
    next_post[who]++;
    rt_mark("post", BY_KEY);
    if (++posted == POSTERS * POSTS)
        chan_close(all_posted);
}

static void waits_for_posts(void *arg)
{
    sem_t *ready = arg;
    all_posted = chan_make("all posted", 0);
    sem_post(ready);
    /* With a deadline: else nothing can ever happen between two posts, and the run ends. */
    while (chan_recv_until(all_posted, NULL, rt_now() + 1000000) != RT_CLOSED)
        ;
}

static void *poster(void *arg)
{
    for (uintptr_t i = 0; i < POSTS; i++)
        rt_post(target, post_runs, (void *)((uintptr_t)arg * POSTS + i));
    return NULL;
}

static void posts(void)
{
    struct stress s;
    sem_t ready;
    pthread_t t[POSTERS];
    sem_init(&ready, 0, 0);
    stress_start(&s, waits_for_posts, &ready);
    target = s.rt;
    sem_wait(&ready);
    for (uintptr_t i = 0; i < POSTERS; i++)
        CHECK(pthread_create(&t[i], NULL, poster, (void *)i) == 0, "no thread");
    for (int i = 0; i < POSTERS; i++)
        pthread_join(t[i], NULL);
    stress_end(&s);
    CHECK(s.end == END_DONE && posted == POSTERS * POSTS, "%d of %d", posted, POSTERS * POSTS);
    CHECK(s.of_kind[EV_MARK] + s.lost >= POSTERS * POSTS, "a post's events are gone");
    sem_destroy(&ready);
}

/* ---- pause, speed ---------------------------------------------------------------------------- */

static struct waitgroup *wg;
static _Atomic uint32_t jobs;

static void job(void *arg)
{
    struct context *ctx = ctx_with_timeout_quiet(ctx_background(), 300000);
    (void)arg;
    for (int i = 0; i < 30; i++) {
        int64_t before = rt_now();
        rt_sleep(20000);
        CHECK(rt_now() >= before + 20000, "woken before its time");
        chan_try_send(pipe_in, 1);
        chan_try_recv(pipe_in, NULL);
    }
    CHECK(ctx_wait_until(ctx, WHY_CTX, 0, NEVER, 0) == RT_CANCELLED, "it has a deadline");
    ctx_release(ctx);
    jobs++;
    wg_done(wg);
}

static void many_jobs(void *arg)
{
    (void)arg;
    pipe_in = chan_make("in", 2);
    wg = wg_make("wg");
    wg_add(wg, 20);
    stress_spawn("job", job, 20);
    wg_wait(wg);
}

static void pauses(void)
{
    for (int round = 0; round < 6; round++) {
        struct stress s;
        jobs = 0;
        stress_start(&s, many_jobs, NULL);
        while (!rt_ended(s.rt)) {
            rt_pause(s.rt, true);
            int64_t at = rt_time(s.rt);
            nap(200000);
            CHECK(rt_time(s.rt) == at, "time went on in a pause");
            rt_set_speed(s.rt, (double[]){0.1, 1, 3, 20}[rng_below(&dice, 4)]);
            CHECK(rt_time(s.rt) == at, "time went on with a new speed in a pause");
            rt_pause(s.rt, false);
            nap(300000);
        }
        stress_end(&s);
        CHECK(s.end == END_DONE && jobs == 20, "ended %s after %u jobs", end_names[s.end], jobs);
    }
}

/* ---- thousands of tasks -----------------------------------------------------------------------
 */

enum { BATCHES = 12, BATCH = 400 };

static void spawns_one(void *arg)
{
    CHECK(rt_spawn("leaf", short_lived, arg), "no task");
}

static void thousands(void *arg)
{
    (void)arg;
    for (int i = 0; i < BATCHES; i++) {
        wg = wg_make("wg");
        wg_add(wg, BATCH);
        for (int k = 0; k < BATCH; k++)
            CHECK(rt_spawn("branch", spawns_one, wg), "no task");
        wg_wait(wg);
    }
}

static void come_and_go(void)
{
    struct stress s;
    stress_run(&s, thousands, NULL);
    CHECK(s.end == END_DONE, "ended %s", end_names[s.end]);
    uint64_t born = s.task_ops[TASK_NEW], ended = s.task_ops[TASK_DONE];
    uint64_t all = 1 + 2 * BATCHES * BATCH;
    CHECK(born <= all && ended <= all, "more than were started");
    CHECK(born + ended + s.lost >= 2 * all, "%lu born, %lu ended, %lu lost", (unsigned long)born,
          (unsigned long)ended, (unsigned long)s.lost);
}

/* ---- an end in the middle of a burst ------------------------------------------------------------
 */

enum { BURST = 60000, BURSTS = 48 };

static void burst(void *arg)
{
    struct chan *c = chan_make("c", 1);
    chan_value v;
    for (int i = 0; i < BURST; i++) {
        chan_send(c, 1);
        chan_recv(c, &v);
    }
    wg_done(arg);
}

static void bursts(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    wg_add(wg, BURSTS);
    for (int i = 0; i < BURSTS; i++)
        CHECK(rt_spawn("burst", burst, wg), "no task");
    wg_wait(wg);
}

/* What the rings could not hold is known only after the end, and is counted all the same. */
static void ends_in_a_burst(void)
{
    struct stress s;
    stress_run(&s, bursts, NULL);
    uint64_t all = (uint64_t)2 * BURST * BURSTS;
    CHECK(s.end == END_DONE, "ended %s", end_names[s.end]);
    CHECK(s.of_kind[EV_CHAN] + s.lost >= all, "%lu events, %lu lost of %lu",
          (unsigned long)s.of_kind[EV_CHAN], (unsigned long)s.lost, (unsigned long)all);
}

/* ---- no thread to be had -----------------------------------------------------------------------
 */

static void refused(void)
{
    const char *why = NULL;
    struct strtab *names = strtab_create();
    struct rt_config c = {.world = WORLD_LIVE, .names = names, .stack_bytes = (size_t)1 << 46};
    CHECK(!rt_create(&c, &why) && why, "64 TiB of stack were given");
    strtab_destroy(names);
}

int main(void)
{
    rng_init(&dice, 7, "lifecycle");
    ends();
    destroyed();
    posts();
    pauses();
    come_and_go();
    ends_in_a_burst();
    refused();
    return 0;
}
