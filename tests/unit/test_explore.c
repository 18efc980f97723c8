/* SPDX-License-Identifier: MIT */
/* The search for schedules: what it finds in programs that look healthy, that it says nothing of
 * their twins, that what it shrinks replays to the same bytes, and its parts by themselves. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "../programs/search.h"
#include "app/explore_inside.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strtab.h"

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
        for (uint64_t seed = 0; seed < row->within; seed++) {
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
    static const char *const small[] = {"two_locks_ordered", "counter_add", "add_before"};
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        struct explore_result r = search(small[i], EXPLORE_EXHAUSTIVE, 100000, 2);
        cr_assert(!r.found && r.all, "%s: %d tried", small[i], (int)r.tried);
        explore_result_free(&r);
    }
}
