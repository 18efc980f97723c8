/* SPDX-License-Identifier: MIT */
/* Worker pools in live, with random settings and random commands: threads, the real clock, and
 * nothing may be lost from the books. The accounting closes at every event of the merged stream,
 * unless a ring has dropped events, which the stream then says; whoever heeds the cancel ends.
 *
 * No times are asserted. PATTERNSCOPE_LONG: 200 pools instead of 12. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/account.h"
#include "tests/counts.h"
#include "tests/random_pool.h"
#include "tests/unit/pool_run.h"

enum { SPEED = 20 };

struct watched {
    struct account a;
    uint64_t lost, events;
    int64_t last_ns;
    bool backwards;
    _Atomic int ended; /* 1 + enum end_why */
};

static void take(void *arg, const struct event *ev, size_t n)
{
    struct watched *w = arg;
    for (size_t i = 0; i < n; i++) {
        account_see(&w->a, &ev[i]);
        w->events++;
        if (ev[i].kind == EV_LOST)
            w->lost += (uint64_t)ev[i].v;
        w->backwards |= ev[i].t_ns < w->last_ns;
        w->last_ns = ev[i].t_ns;
        if (ev[i].kind == EV_END)
            atomic_store(&w->ended, 1 + ev[i].op);
    }
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static struct pattern_run *fitting(struct rt *rt, const struct random_pool *p)
{
    const char *settings[RANDOM_SETTINGS + 3];
    size_t n = 0;
    for (; p->settings[n]; n++)
        settings[n] = p->settings[n];
    settings[n] = NULL;
    for (int i = 0;; i++) {
        struct pattern_run *pr = pattern_run_with(pattern_find("worker_pool"), rt, NULL, settings);
        const char *bad = pattern_check_run(pr);
        if (!bad)
            return pr;
        if (i)
            die("%s", bad);
        pattern_run_free(pr);
        settings[n++] = "worker_pool.autoscale=off";
        settings[n++] = "worker_pool.replace_hung=off";
        settings[n] = NULL;
    }
}

static void drive(struct rt *rt, struct pattern_run *pr, const struct random_pool *p,
                  struct watched *w)
{
    static struct posted_command c[RANDOM_COMMANDS];
    rt_start(rt, "stress", pattern_main, pr);
    for (int i = 0; i < p->commands; i++) {
        c[i] = (struct posted_command){.pr = pr, .text = p->command[i].text};
        while (rt_time(rt) < p->command[i].at_ns && !atomic_load(&w->ended))
            nap();
        rt_post(rt, post_command, &c[i]);
    }
    /* Who does not heed the cancel goes on for ever. */
    int64_t until = p->mistaken ? rt_time(rt) + 4 * RANDOM_SECOND : NEVER;
    while (!atomic_load(&w->ended) && rt_time(rt) < until)
        nap();
    rt_stop(rt, END_STOPPED);
    while (!atomic_load(&w->ended))
        nap();
}

/* 1: good, 0: bad, -1: events were lost, so there is nothing to check. */
static int one(uint64_t number)
{
    struct random_pool p;
    struct watched w = {0};
    struct strtab *names = strtab_create();
    random_pool(&p, number);
    struct rt_config c = {.world = WORLD_LIVE,
                          .seed = number,
                          .probes = true,
                          .speed = SPEED,
                          .names = names,
                          .sink = take,
                          .sink_arg = &w};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    if (!rt)
        die("%s", why);
    struct pattern_run *pr = fitting(rt, &p);
    drive(rt, pr, &p, &w);
    rt_destroy(rt);
    int good = w.lost ? -1 : 1;
    if (!w.lost && w.a.bad) {
        printf("# pool %" PRIu64 ": the accounting breaks with %s\n", number, w.a.first);
        good = 0;
    }
    if (!w.lost && !p.mistaken && !p.hangs && w.a.in_flight) {
        printf("# pool %" PRIu64 ": %" PRId64 " in flight at the end\n", number, w.a.in_flight);
        good = 0;
    }
    if (w.backwards) {
        printf("# pool %" PRIu64 ": time goes backwards\n", number);
        good = 0;
    }
    fflush(stdout);
    pattern_run_free(pr);
    account_free(&w.a);
    strtab_destroy(names);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, lost = 0, bad = 0;
    uint64_t pools = argc > 1 ? 1 : counts(200, 12, 12);
    for (uint64_t number = from; number < from + pools; number++) {
        int good = one(number);
        bad += good == 0;
        lost += good < 0;
    }
    printf("%" PRIu64 " pools, %" PRIu64 " bad, %" PRIu64 " with losses\n", pools, bad, lost);
    return bad ? 1 : lost == pools ? 77 : 0;
}
