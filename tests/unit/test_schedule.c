/* SPDX-License-Identifier: MIT */
/* Scheduling oracles: choices as text, points and their numbers, PCT's priorities, and that a
 * recorded schedule is the same run again, whatever drives it. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/scenario.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"
#include "runtime/schedule.h"
#include "runtime/sync.h"
#include "sim_run.h"

/* ---- choices ----------------------------------------------------------------------------------
 */

Test(schedule, choices_are_read_as_they_are_written)
{
    struct choices c = {0};
    cr_assert_null(choices_parse("  5.3>2 0.1>4   5.12>4294967295 ", &c));
    cr_assert_eq(c.n, 3);
    choices_sort(&c);
    char *text = choices_text(&c);
    cr_assert_str_eq(text, "0.1>4 5.3>2 5.12>4294967295");
    free(text);
    cr_assert_eq(choices_find(&c, 5, 12)->next, UINT32_MAX);
    cr_assert_null(choices_find(&c, 5, 4));
    cr_assert_null(choices_find(&c, 4, 3));
    choices_free(&c);
    cr_assert_null(choices_parse("", &c));
    cr_assert_eq(c.n, 0);
    text = choices_text(&c);
    cr_assert_str_eq(text, "");
    free(text);
}

Test(schedule, what_is_no_choice_is_refused)
{
    static const char *const bad[] = {"5",
                                      "5.3",
                                      "5.3>",
                                      "5.3>x",
                                      ".3>2",
                                      "5.>2",
                                      "-5.3>2",
                                      "5.3>2,0.1>4",
                                      "5.3 > 2",
                                      "5,3>2",
                                      "5.3>2x",
                                      "x",
                                      "4294967296.1>2",
                                      "1.1>4294967296",
                                      "5.3>2 7",
                                      ">",
                                      "99999999999999999999999.1>1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert(choices_parse(bad[i], NULL), "%s", bad[i]);
}

Test(schedule, a_scenario_can_name_each_policy)
{
    const struct param *row = param_find(&scenario_table, "schedule");
    size_t n = 0;
    for (; schedules[n]; n++)
        cr_assert_str_eq(row->choices[n], schedules[n]->name);
    cr_assert_null(row->choices[n]);
    cr_assert_eq(schedule_find(NULL), schedules[0]);
    cr_assert_null(schedule_find("sjf"));
}

/* ---- the same run again ------------------------------------------------------------------------
 */

struct noted {
    struct choices made;
    uint64_t points, steps, candidates_off;
};

static void note(void *arg, const struct schedule_point *p, uint32_t pick, uint64_t events)
{
    struct noted *n = arg;
    (void)events;
    n->points++;
    n->steps += p->step;
    n->candidates_off += p->step && p->task[0] != p->leaving;
    if (pick)
        choices_add(&n->made, (struct choice){p->leaving, p->point, p->task[pick]});
}

static struct chan *work, *results;
static struct mutex *mu;

static void worker(void *arg)
{
    (void)arg;
    chan_value v;
    while (chan_recv(work, &v)) {
        rt_work((int64_t)(1 + v % 3) * 4000000);
        mutex_lock(mu);
        if (v % 4 == 0)
            rt_sleep(1000000);
        mutex_unlock(mu);
        chan_send(results, v);
        rt_yield();
    }
}

static void m_busy(void *arg)
{
    (void)arg;
    work = chan_make("work", 2);
    results = chan_make("results", 64);
    mu = mutex_make("mu");
    for (int i = 0; i < 5; i++)
        rt_spawn("worker", worker, NULL);
    for (chan_value i = 0; i < 30; i++)
        chan_send(work, i);
    chan_close(work);
    for (int i = 0; i < 30; i++)
        chan_recv(results, NULL);
}

/* at_once: scheduler steps between two looks from outside. */
static void run(struct sim_run *r, int procs, const char *schedule, struct schedule_use *use,
                uint64_t at_once)
{
    sim_run_init(r, 7);
    r->config.procs = procs;
    r->config.schedule = schedule;
    r->config.schedule_use = use;
    sim_run_start(r, m_busy, NULL);
    while (rt_sim_run(r->rt, NEVER, at_once) == RT_MORE) {
    }
}

static void same_run(const struct sim_run *a, const struct sim_run *b)
{
    cr_assert_eq(a->n, b->n);
    cr_assert_eq(memcmp(a->ev, b->ev, a->n * sizeof *a->ev), 0);
}

Test(schedule, recorded_choices_are_the_same_run_again)
{
    static const char *const policies[] = {"random", "pct"};
    static const int procs[] = {0, 1, 2, 4};
    for (size_t i = 0; i < ARRAY_LEN(policies) * ARRAY_LEN(procs); i++) {
        struct noted first = {0}, again = {0};
        struct schedule_use use = {.decided = note, .arg = &first, .points = 300};
        struct sim_run a, b;
        run(&a, procs[i / 2], policies[i % 2], &use, UINT64_MAX);
        cr_assert_eq(sim_run_end(&a), END_DONE);
        cr_assert_gt(first.made.n, 0);
        cr_assert_gt(first.steps, 0);
        cr_assert_eq(first.candidates_off, 0, "at a step the task itself comes first");
        choices_sort(&first.made);
        struct schedule_use replay = {.decided = note, .arg = &again, .choices = &first.made};
        run(&b, procs[i / 2], "replay", &replay, 1 + i);
        same_run(&a, &b);
        cr_assert_eq(first.points, again.points);
        cr_assert_eq(first.made.n, again.made.n);
        choices_free(&first.made);
        choices_free(&again.made);
        sim_run_free(&a);
        sim_run_free(&b);
    }
}

/* Being asked changes nothing, and to choose nothing is fifo. */
Test(schedule, replay_without_choices_is_fifo)
{
    static const int procs[] = {0, 1, 4};
    for (size_t i = 0; i < ARRAY_LEN(procs); i++) {
        struct sim_run a, b, c;
        struct choices none = {0};
        struct noted noted = {0};
        struct schedule_use use = {.choices = &none}, asked = {.decided = note, .arg = &noted};
        run(&a, procs[i], "fifo", NULL, UINT64_MAX);
        run(&b, procs[i], "replay", &use, UINT64_MAX);
        run(&c, procs[i], "fifo", &asked, 3);
        same_run(&a, &b);
        same_run(&a, &c);
        cr_assert_eq(noted.made.n, 0);
        cr_assert_gt(noted.points, 100);
        sim_run_free(&a);
        sim_run_free(&b);
        sim_run_free(&c);
    }
}

/* A choice whose task cannot run there, or whose point never comes, is passed over. */
Test(schedule, choices_that_mean_nothing_are_passed_over)
{
    struct choices c = {0};
    cr_assert_null(choices_parse("1.1>99 2.1>1 77.1>2 3.100000>1", &c));
    choices_sort(&c);
    struct schedule_use use = {.choices = &c};
    struct sim_run a;
    run(&a, 1, "replay", &use, UINT64_MAX);
    cr_assert_eq(sim_run_end(&a), END_DONE);
    sim_run_free(&a);
    choices_free(&c);
}

/* ---- PCT ---------------------------------------------------------------------------------------
 */

static struct rng rng_of(uint64_t seed)
{
    struct rng r;
    rng_init(&r, seed, "choices");
    return r;
}

/* With depth 1 priorities never change: whoever is highest runs until it cannot. */
Test(schedule, pct_runs_the_highest_until_a_change)
{
    const struct schedule *pct = schedule_find("pct");
    static const uint32_t task[] = {1, 2, 3, 4};
    for (uint64_t seed = 1; seed < 50; seed++) {
        struct rng rng = rng_of(seed);
        struct schedule_use use = {.depth = 1, .points = 10};
        void *state = xcalloc(1, pct->size);
        pct->start(state, &rng, &use);
        struct schedule_point p = {.n = 4, .task = task};
        uint32_t first = pct->pick(state, &p);
        for (uint32_t i = 1; i < 100; i++) {
            p = (struct schedule_point){
                .leaving = task[first], .point = i, .step = true, .n = 4, .task = task};
            cr_assert_eq(pct->pick(state, &p), first);
        }
        p = (struct schedule_point){.leaving = task[first], .point = 100, .n = 4, .task = task};
        cr_assert_neq(pct->pick(state, &p), first, "it has yielded");
        pct->end(state);
        free(state);
    }
}

/* With depth d it changes at most d - 1 times, at any point. */
Test(schedule, pct_changes_at_random_points)
{
    const struct schedule *pct = schedule_find("pct");
    enum { POINTS = 20, RUNS = 4000 };
    int changes_at[POINTS + 1] = {0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct rng rng = rng_of(seed);
        struct schedule_use use = {.depth = 2, .points = POINTS};
        void *state = xcalloc(1, pct->size);
        pct->start(state, &rng, &use);
        uint32_t runs = 1;
        int changes = 0;
        for (uint32_t i = 1; i <= POINTS; i++) {
            struct schedule_point p = {.leaving = runs, .point = i, .step = true, .n = 2};
            uint32_t self_first[] = {runs, 3 - runs};
            p.task = self_first;
            uint32_t next = self_first[pct->pick(state, &p)];
            if (next != runs && i > 1) { /* at the first it goes to the higher one */
                changes++;
                changes_at[i]++;
            }
            runs = next;
        }
        cr_assert_leq(changes, 1);
        pct->end(state);
        free(state);
    }
    for (int i = 2; i <= POINTS; i++)
        cr_assert(changes_at[i] > RUNS / POINTS / 2 && changes_at[i] < RUNS * 2 / POINTS,
                  "%d of %d at point %d", changes_at[i], RUNS, i);
}
