/* SPDX-License-Identifier: MIT */
/* The search for schedules: how many it tries and how long it takes, with the shrinking, to find
 * each mistake of tests/programs, and the pool's send on a closed channel. Of SEARCHES searches
 * that begin with other seeds: the median number of schedules, and the longest time of all. */
#include <unistd.h>

#include "app/app.h"
#include "app/engine.h"
#include "bench.h"
#include "search.h"

enum { SEARCHES = 15, SCHEDULES = 100000, APART = 1000000 };

static void searches(const char *what, const struct explore_maker *m, enum diagnosis_kind until)
{
    double tried[SEARCHES], longest = 0;
    for (int i = 0; i < SEARCHES; i++) {
        struct explore_how how = {
            .until = until, .seed = 1 + (uint64_t)i * APART, .seeds = SCHEDULES, .threads = 2};
        struct explore_result r;
        double from = bench_clock(CLOCK_MONOTONIC);
        explore(m, &how, &r);
        double took = (bench_clock(CLOCK_MONOTONIC) - from) / 1e9;
        if (!r.found)
            die("%s: not in %d schedules", what, SCHEDULES);
        tried[i] = (double)r.tried;
        longest = took > longest ? took : longest;
        explore_result_free(&r);
    }
    qsort(tried, SEARCHES, sizeof tried[0], bench_less);
    bench_row("J", what, "patternscope", "random and pct", "schedules", tried[SEARCHES / 2]);
    bench_row("J", what, "patternscope", "random and pct", "s", longest);
}

static void pool(void)
{
    struct errors e = {0};
    struct run_options o;
    run_options_init(&o);
    struct scenario *s = app_scenario(SOURCE_ROOT "/tests/programs/pool_rare.ini", &o, &e);
    if (!s)
        die("%s", e.item[0].text);
    struct engine_config c;
    app_engine_config(&c, s, &o, NULL);
    struct explore_maker m = {.arg = &c, .run = explore_run_engine};
    searches("send on closed (T1.M2)", &m, DIAG_PANIC);
    scenario_free(s);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'J')
        return 0;
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct program *p = program_named(search_rows[i].mistake);
        struct explore_maker m = program_maker(p);
        searches(search_rows[i].what, &m, p->must);
    }
    pool();
    return 0;
}
