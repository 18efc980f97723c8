/* SPDX-License-Identifier: MIT */
/* The search for schedules: what it finds in programs that look healthy, that it says nothing of
 * their twins, that what it shrinks replays to the same bytes, and its parts by themselves. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../programs/search.h"
#include "app/app.h"
#include "app/cmd.h"
#include "app/engine.h"
#include "app/explore_inside.h"
#include "app/player_inside.h"
#include "app/rerun.h"
#include "app/session_header.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strtab.h"
#include "tests/counts.h"

/* ---- what is searched ----------------------------------------------------------------------- */

static struct explore_result search(const char *name, enum explore_policy policy, uint64_t seeds,
                                    int threads)
{
    const struct program *p = program_named(name);
    cr_assert(p, "%s", name);
    struct explore_maker m = program_maker(p);
    struct explore_how how = {.until = p->must == PROGRAM_NONE ? DIAG_PANIC : p->must,
                              .policy = policy,
                              .seed = 1,
                              .seeds = seeds,
                              .threads = threads};
    struct explore_result r;
    explore(&m, &how, &r);
    cr_assert_null(r.error, "%s", r.error);
    return r;
}

static bool same_choices(const struct choices *a, const struct choices *b)
{
    return a->n == b->n && (!a->n || !memcmp(a->item, b->item, a->n * sizeof *a->item));
}

/* One of the search's runs, all of it, as bytes. */
static struct attempt again(const struct search_row *row, const struct explore_result *r,
                            const char *policy, const struct choices *c)
{
    const struct program *p = program_named(row->mistake);
    struct explore_maker m = program_maker(p);
    struct explore_how how = {.until = p->must};
    struct attempt a = {
        .seed = r->seed,
        .policy = policy,
        .use = {.choices = c, .depth = r->depth, .points = r->points},
        .keep = true,
    };
    struct strtab *names = strtab_create();
    explore_run_one(&m, &how, &a, names);
    strtab_destroy(names);
    return a;
}

static void same_events(const struct attempt *a, const struct attempt *b, const char *name)
{
    cr_assert(a->hit && b->hit, "%s", name);
    cr_assert_eq(a->hit_events, b->hit_events, "%s", name);
    cr_assert_eq(memcmp(a->ev, b->ev, a->hit_events * sizeof *a->ev), 0, "%s", name);
}

Test(explore, finds_each_mistake_within_so_many_schedules)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        struct explore_result r = search(row->mistake, EXPLORE_BOTH, row->within, 2);
        cr_assert(r.found, "%s: not in %d schedules", row->mistake, (int)r.tried);
        cr_assert_gt(r.tried, 1, "%s looks healthy under fifo", row->mistake);
        cr_assert(r.fewest && r.choices.n, "%s", row->mistake);
        cr_assert_leq(r.choices.n, row->most, "%s: %zu choices", row->mistake, r.choices.n);
        explore_result_free(&r);
    }
}

Test(explore, what_it_shrinks_replays_to_the_same_bytes)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        struct explore_result r = search(row->mistake, EXPLORE_BOTH, row->within, 2);
        struct attempt first = again(row, &r, r.policy, NULL);
        struct attempt replayed = again(row, &r, "replay", &r.first);
        same_events(&first, &replayed, row->mistake);
        struct attempt a = again(row, &r, "replay", &r.choices);
        struct attempt b = again(row, &r, "replay", &r.choices);
        same_events(&a, &b, row->mistake);
        struct choices made = {0};
        explore_choices_of(&a, &made);
        cr_assert(same_choices(&made, &r.choices), "%s: each choice is one", row->mistake);
        choices_free(&made);
        explore_attempt_free(&first);
        explore_attempt_free(&replayed);
        explore_attempt_free(&a);
        explore_attempt_free(&b);
        explore_result_free(&r);
    }
}

Test(explore, no_choice_of_a_shrunk_schedule_can_be_left_out)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        struct explore_result r = search(row->mistake, EXPLORE_BOTH, row->within, 2);
        for (size_t k = 0; k < r.choices.n; k++) {
            struct choices but_one = {0};
            for (size_t j = 0; j < r.choices.n; j++)
                if (j != k)
                    choices_add(&but_one, r.choices.item[j]);
            struct attempt a = again(row, &r, "replay", &but_one);
            cr_assert(!a.hit, "%s: without choice %zu", row->mistake, k);
            explore_attempt_free(&a);
            choices_free(&but_one);
        }
        explore_result_free(&r);
    }
}

Test(explore, the_number_of_threads_changes_nothing)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        struct explore_result r[2];
        for (int k = 0; k < 2; k++)
            r[k] = search(search_rows[i].mistake, EXPLORE_BOTH, search_rows[i].within, 1 + 3 * k);
        cr_assert_eq(r[0].tried, r[1].tried);
        cr_assert_eq(r[0].seed, r[1].seed);
        cr_assert(same_choices(&r[0].first, &r[1].first));
        cr_assert(same_choices(&r[0].choices, &r[1].choices));
        explore_result_free(&r[0]);
        explore_result_free(&r[1]);
    }
}

Test(explore, twins_raise_nothing_in_as_many_schedules)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        const struct program *p = program_named(row->twin);
        cr_assert_eq(p->must, PROGRAM_NONE, "%s", row->twin);
        static const char *const policies[] = {"random", "pct"};
        for (uint64_t seed = 0; seed < counts(row->within, row->within, 20); seed++) {
            struct program_found f = program_run(p, WORLD_SIM, policies[seed % 2], 1 + seed);
            cr_assert_eq(f.diagnoses, 0, "%s, seed %d: %s", row->twin, (int)seed, f.text);
        }
    }
}

/* ---- the exhaustive search --------------------------------------------------------------------
 */

Test(explore, exhaustive_finds_with_the_fewest_choices_there_are)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        if (row->by_draw) /* the one seed may draw otherwise */
            continue;
        struct explore_result r = search(row->mistake, EXPLORE_EXHAUSTIVE, 100000, 2);
        cr_assert(r.found, "%s: not in %d schedules", row->mistake, (int)r.tried);
        cr_assert(r.least, "%s", row->mistake);
        cr_assert_eq(r.choices.n, r.first.n, "%s: fewest first", row->mistake);
        struct explore_result by_chance = search(row->mistake, EXPLORE_BOTH, row->within, 2);
        cr_assert_leq(r.choices.n, by_chance.choices.n, "%s", row->mistake);
        explore_result_free(&r);
        explore_result_free(&by_chance);
    }
}

Test(explore, exhaustive_comes_to_an_end_on_twins)
{
    static const char *const small[] = {"two_locks_ordered", "count_add", "add_before"};
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        struct explore_result r = search(small[i], EXPLORE_EXHAUSTIVE, 100000, 2);
        cr_assert(!r.found && r.all, "%s: %d tried", small[i], (int)r.tried);
        explore_result_free(&r);
    }
}

/* ---- the story ----------------------------------------------------------------------------------
 */

static char *story_of(const struct search_row *row, uint64_t *first)
{
    const struct program *p = program_named(row->mistake);
    struct explore_maker m = program_maker(p);
    struct explore_how how = {.until = p->must};
    struct explore_result r = search(row->mistake, EXPLORE_BOTH, row->within, 2);
    struct str story = {0};
    char *error = explore_story(&m, &how, &r, &story, first);
    cr_assert_null(error, "%s", error);
    explore_result_free(&r);
    return str_take(&story);
}

Test(explore, the_story_fits_80_columns_and_ends_with_the_diagnosis)
{
    for (size_t i = 0; i < search_rows_n; i++) {
        const struct search_row *row = &search_rows[i];
        uint64_t first;
        char *story = story_of(row, &first), *rest = story, *line;
        const char *kind = diagnosis_names[program_named(row->mistake)->must];
        int lines = 0, switches = 0;
        bool told = false;
        while ((line = strsep(&rest, "\n"))) {
            cr_assert_leq(utf8_width(line), 80, "%s: %s", row->mistake, line);
            lines++;
            switches += strstr(line, "-- ") != NULL;
            told |= strncmp(line, kind, strlen(kind)) == 0;
        }
        cr_assert(told && switches >= 1 && lines <= 40, "%s: %d lines", row->mistake, lines);
        free(story);
    }
}

Test(explore, the_story_says_who_is_interrupted_before_what)
{
    uint64_t first;
    char *story = story_of(&search_rows[0], &first);
    static const char *const in_order[] = {"there locks a\n",
                                           "there is interrupted, back goes on\n", "back locks b\n",
                                           "back waits for a", "there waits for b"};
    const char *at = story;
    for (size_t i = 0; i < ARRAY_LEN(in_order); i++) {
        at = strstr(at, in_order[i]);
        cr_assert(at, "no '%s' in order in\n%s", in_order[i], story);
    }
    cr_assert_gt(first, 0);
    free(story);
}

/* ---- the runs ----------------------------------------------------------------------------------
 */

static void spins(void *arg)
{
    (void)arg;
    for (;;)
        rt_yield();
}

Test(explore, a_run_without_an_end_is_given_up)
{
    const struct program endless = {"endless", "", DIAG_PANIC, spins};
    struct explore_maker m = program_maker(&endless);
    struct explore_how how = {
        .until = DIAG_PANIC, .seed = 1, .seeds = 3, .threads = 2, .max_events = 10000};
    struct explore_result r;
    explore(&m, &how, &r);
    cr_assert(!r.found);
    cr_assert_eq(r.tried, 3);
    cr_assert_eq(r.cut, 3);
    explore_result_free(&r);
}

static char *cannot(void *arg, uint64_t seed, const char *schedule, const struct schedule_use *use,
                    struct strtab *names, bool (*take)(void *, const struct event *, size_t),
                    void *take_arg)
{
    (void)arg, (void)seed, (void)schedule, (void)use, (void)names, (void)take, (void)take_arg;
    return xstrdup("no memory for stacks");
}

Test(explore, a_run_that_cannot_be_made_is_told)
{
    struct explore_maker m = {.run = cannot};
    for (int policy = EXPLORE_BOTH; policy <= EXPLORE_EXHAUSTIVE; policy++) {
        struct explore_how how = {
            .until = DIAG_PANIC, .policy = (enum explore_policy)policy, .seeds = 10, .threads = 2};
        struct explore_result r;
        explore(&m, &how, &r);
        cr_assert(!r.found && !r.all);
        cr_assert_str_eq(r.error, "no memory for stacks");
        explore_result_free(&r);
    }
}

/* ---- saving ------------------------------------------------------------------------------------
 */

/* Up to event `from` as ever, then four a second, or as many more as the speed is higher. */
static void plays_slowly(const char *path, uint64_t from)
{
    char *error, *warning;
    struct player *p = player_open_session(path, &error, &warning);
    cr_assert(p, "%s", error);
    int64_t wall = 1000000000, quarter = 250000000;
    for (int i = 0; p->n < from; i++, wall += quarter) {
        cr_assert_lt(i, 1000);
        player_tick(p, wall, quarter);
    }
    cr_assert_eq(p->n, from);
    for (int speed = 1; speed <= 2; speed++) {
        player_set_speed(p, speed);
        for (int i = 0; i < 30; i++, wall += quarter) {
            struct event next;
            uint64_t n = p->n;
            player_tick(p, wall, quarter);
            cr_assert_leq(p->n - n, (uint64_t)speed);
            cr_assert(player_event(p, p->n, &next));
            cr_assert(p->n - n == (uint64_t)speed || next.t_ns > player_now(p),
                      "only an event that is not due may hold it up");
        }
    }
    player_seek(p, player_last(p));
    while (player_seeking(p))
        player_tick(p, wall += quarter, quarter);
    cr_assert_eq(p->n, reel_count(p->reel));
    player_close(p);
}

/* Saves the first `most` choices of a random run of a pool, and has verify execute it again. */
static void save_and_verify(size_t most, uint64_t seed)
{
    static const char text[] = "[scenario]\npattern = worker_pool\nworld = sim\nprocs = 2\n"
                               "[traffic]\narrivals = burst(5 every 10ms)\ncount = 200\n"
                               "[dependency]\nlatency = exp(5ms)\n";
    struct errors e = {0};
    struct scenario *s = scenario_parse("pool", NULL, text, strlen(text), &app_schema, NULL, &e);
    cr_assert(s);
    struct run_options o;
    run_options_init(&o);
    struct engine_config c;
    app_engine_config(&c, s, &o, NULL);
    struct explore_maker m = {.arg = &c, .run = explore_run_engine};
    struct explore_how how = {.until = DIAG_PANIC};
    struct attempt a = {.seed = seed, .policy = "random"};
    struct strtab *names = strtab_create();
    explore_run_one(&m, &how, &a, names);
    strtab_destroy(names);
    cr_assert_null(a.error);
    struct explore_result r = {.found = true, .seed = seed, .policy = "random"};
    explore_choices_of(&a, &r.choices);
    cr_assert_gt(r.choices.n, most);
    r.choices.n = most;
    char *path = temporary_file();
    char *error = explore_save(&c, NULL, &r, 50, path);
    cr_assert_null(error, "%s", error);
    struct psr_reader *reader = psr_open(path, &error);
    cr_assert_eq(session_header_slow_from(psr_header(reader)), 38);
    cr_assert_gt(psr_total(reader), 200);
    psr_reader_close(reader);
    char *argv[] = {(char[]){"verify"}, path, NULL};
    cr_assert_eq(cmd_verify(2, argv), STATUS_OK);
    plays_slowly(path, 38);
    unlink(path);
    free(path);
    explore_attempt_free(&a);
    explore_result_free(&r);
    scenario_free(s);
}

Test(explore, a_saved_schedule_is_executed_again, .init = cr_redirect_stdout)
{
    for (uint64_t seed = 1; seed <= 5; seed++)
        save_and_verify(seed * 4, seed);
}

/* Then it is saved as the seed and the policy that made it. */
Test(explore, more_choices_than_a_value_holds_are_saved_otherwise, .init = cr_redirect_stdout)
{
    save_and_verify(60, 1);
}
