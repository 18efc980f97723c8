/* SPDX-License-Identifier: MIT */
/* Several searches' threads at once: runs of the programs and of a pool, each with its own names,
 * model and random streams, share nothing. The answers are those of one thread. In a sanitized
 * build a search is cut short: what threads share, the first runs share. */
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/engine.h"
#include "search.h"
#include "tests/counts.h"

static void same_with_threads(const char *what, const struct explore_maker *m,
                              enum diagnosis_kind until, enum explore_policy policy)
{
    struct explore_result r[2];
    for (int i = 0; i < 2; i++) {
        struct explore_how how = {.until = until,
                                  .policy = policy,
                                  .seed = 1,
                                  .seeds = counts(300, 300, 60),
                                  .threads = i ? 4 : 1};
        explore(m, &how, &r[i]);
        if (r[i].error)
            die("%s: %s", what, r[i].error);
    }
    char *a = choices_text(&r[0].choices), *b = choices_text(&r[1].choices);
    if (r[0].found != r[1].found || r[0].tried != r[1].tried || r[0].seed != r[1].seed ||
        strcmp(a, b) != 0)
        die("%s: 4 threads find another schedule than one", what);
    printf("%s: %s, the same\n", what, r[0].found ? "found" : "not found");
    free(a);
    free(b);
    explore_result_free(&r[0]);
    explore_result_free(&r[1]);
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
    same_with_threads("pool", &m, DIAG_PANIC, EXPLORE_BOTH);
    scenario_free(s);
}

int main(void)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct program *p = program_named(search_rows[i].mistake);
        struct explore_maker m = program_maker(p);
        same_with_threads(p->name, &m, p->must, EXPLORE_BOTH);
        same_with_threads(p->name, &m, p->must, EXPLORE_EXHAUSTIVE);
    }
    pool();
    return 0;
}
