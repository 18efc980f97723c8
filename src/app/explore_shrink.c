/* SPDX-License-Identifier: MIT */
/* Shrinking: delta debugging over the choices (A. Zeller, R. Hildebrandt: Simplifying and isolating
 * failure-inducing input, 2002).
 *
 *   ▏a b c d e f g h▕   without a-d? without e-h? … no: finer parts; yes: go on with what is left
 *
 * A choice that is left out changes what comes after it, and some of the others then come to
 * nothing: what a run really chose is what goes on being shrunk. It ends where none of them can be
 * left out alone. Quite another schedule may do with fewer: where a run is small, all those with
 * fewer are tried (explore_exhaustive.c). */
#include <stdlib.h>

#include "app/explore_inside.h"
#include "base/mem.h"

enum { PARTS = 32, RUNS = 5000, FEWER_RUNS = 2000, FEWER_POINTS = 1000 };

/* Without the elements from..to. */
static void without(const struct choices *all, size_t from, size_t to, struct choices *out)
{
    for (size_t i = 0; i < all->n; i++)
        if (i < from || i >= to)
            choices_add(out, all->item[i]);
}

/* Leaves out one of `parts` parts, those from `first` on, at most PARTS of them. True: *all is
 * smaller. */
static bool try_parts(const struct explore_maker *m, const struct explore_how *how,
                      struct explore_result *r, struct choices *all, size_t parts, size_t first)
{
    struct attempt a[PARTS] = {0};
    struct choices left[PARTS] = {0};
    size_t n = parts - first < PARTS ? parts - first : PARTS;
    for (size_t i = 0; i < n; i++) {
        size_t part = first + i;
        without(all, all->n * part / parts, all->n * (part + 1) / parts, &left[i]);
        a[i] = (struct attempt){.seed = r->seed, .policy = "replay", .use = {.choices = &left[i]}};
    }
    explore_run(m, how, a, n, true);
    bool smaller = false;
    explore_failed(r, a, n);
    if (!r->run_points)
        r->run_points = a[0].points;
    for (size_t i = 0; i < n; i++) {
        r->shrink_runs += a[i].done;
        struct choices made = {0};
        if (a[i].hit && !smaller)
            explore_choices_of(&a[i], &made);
        if (a[i].hit && !smaller && made.n < all->n) {
            choices_free(all);
            *all = made;
            smaller = true;
        } else {
            choices_free(&made);
        }
        explore_attempt_free(&a[i]);
        choices_free(&left[i]);
    }
    return smaller;
}

static bool any_part(const struct explore_maker *m, const struct explore_how *how,
                     struct explore_result *r, struct choices *all, size_t parts)
{
    for (size_t first = 0; first < parts && !r->error; first += PARTS)
        if (try_parts(m, how, r, all, parts, first))
            return true;
    return false;
}

static bool go_on(const struct explore_how *how, const struct explore_result *r)
{
    return !r->error && r->shrink_runs < RUNS && !(how->stop && how->stop());
}

/* Is there a schedule of that seed with fewer choices? Fewest first. */
static void try_fewer(const struct explore_maker *m, const struct explore_how *how,
                      struct explore_result *r)
{
    struct explore_how all = *how;
    struct explore_result other = {0};
    all.depth = (int)r->choices.n - 1;
    all.seed = r->seed;
    all.seeds = FEWER_RUNS;
    explore_exhaustive(m, &all, &other);
    r->shrink_runs += other.tried;
    if (other.found) {
        choices_free(&r->choices);
        r->choices = other.first;
        other.first = (struct choices){0};
    }
    r->fewest = other.found || other.all;
    explore_result_free(&other);
}

void explore_shrink(const struct explore_maker *m, const struct explore_how *how,
                    struct explore_result *r)
{
    struct choices all = {0};
    without(&r->first, 0, 0, &all);
    size_t parts = 1;
    while (all.n && go_on(how, r)) {
        if (any_part(m, how, r, &all, parts)) {
            parts = parts > 2 ? parts - 1 : 1;
        } else if (parts >= all.n) {
            r->least = true;
            break;
        } else {
            parts = parts * 2 < all.n ? parts * 2 : all.n;
        }
        if (parts > all.n)
            parts = all.n;
    }
    r->least |= all.n == 0;
    r->choices = all;
    r->fewest |= r->least && all.n < 2;
    if (r->least && !r->fewest && r->run_points <= FEWER_POINTS && go_on(how, r))
        try_fewer(m, how, r);
}
