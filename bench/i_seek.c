/* SPDX-License-Identifier: MIT */
/* Area I: how long somebody waits who goes to another place of a recording. A session of the worker
 * pool, a million events; the player goes through it once, which lays the keyframes, then to places
 * drawn at random. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/engine.h"
#include "app/player.h"
#include "app/rerun.h"
#include "base/mem.h"
#include "base/rng.h"

enum { SEEKS = 200 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void row(const char *configuration, double value)
{
    printf("I\treplay seek\tpatternscope\t%s\tms\t%.4g\n", configuration, value);
    fflush(stdout);
}

static void make_session(const char *path)
{
    const char *sets[] = {"traffic.count=34000", "traffic.arrivals=poisson(24/s)", "scenario.for=0",
                          NULL};
    struct run_options o;
    struct errors e = {0};
    run_options_init(&o);
    free(o.sets);
    o.sets = sets;
    struct scenario *s = app_scenario("worker_pool", &o, &e);
    if (!s)
        die("%s", e.item[0].text);
    struct strtab *names = strtab_create();
    struct engine_config c;
    app_engine_config(&c, s, &o, names);
    c.world = WORLD_SIM;
    c.cues = false;
    char *error = rerun(&c, sets, path, 1000000, NULL);
    if (error)
        die("%s", error);
    strtab_destroy(names);
    scenario_free(s);
}

/* Ticks until the player is there; the milliseconds it took. */
static double go(struct player *p, int64_t t_ns)
{
    double from = now_ms();
    player_seek(p, t_ns);
    while (player_seeking(p))
        player_tick(p, wall_now(), INT64_C(20000000));
    if (player_now(p) != t_ns)
        die("the player did not get there");
    return now_ms() - from;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'I')
        return 0;
    char path[] = "/tmp/patternscope-bench-XXXXXX", *error = NULL, *warning = NULL;
    int fd = mkstemp(path);
    if (fd < 0)
        die("no place in /tmp");
    close(fd);
    make_session(path);
    struct player *p = player_open_session(path, &error, &warning);
    if (!p)
        die("%s", error);
    player_pause(p, true);
    int64_t last = player_last(p);
    row("1 M events, first time to the end", go(p, last));
    struct rng r;
    rng_init(&r, 1, "seek");
    double took[SEEKS];
    for (int i = 0; i < SEEKS; i++)
        took[i] = go(p, (int64_t)(rng_u64(&r) % (uint64_t)last));
    qsort(took, SEEKS, sizeof *took, ascending);
    row("1 M events, anywhere, median", took[SEEKS / 2]);
    row("1 M events, anywhere, 99 of 100", took[SEEKS * 99 / 100]);
    player_close(p);
    unlink(path);
    return 0;
}
