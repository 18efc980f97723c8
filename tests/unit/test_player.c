/* SPDX-License-Identifier: MIT */
/* The player: whatever way one came to an instant, the model there is the one that a fold from the
 * start gives; and another story that begins in the past is a whole run of its own. */
#include "player_run.h"

#include "app/cmd.h"
#include "tests/counts.h"

Test(player, steps_forward_and_the_same_steps_back)
{
    enum { STEPS = 60 };
    static const char *const names[] = {"event", "switch", "10ms"};
    struct player_run r = player_begin("");
    player_at(r.p, 400 * MS);
    for (int kind = STEP_EVENT; kind <= STEP_10MS; kind++) {
        int64_t at[STEPS + 1] = {player_now(r.p)};
        uint64_t n[STEPS + 1] = {r.p->n};
        struct model *was[STEPS + 1] = {model_clone(player_model(r.p))};
        for (int i = 1; i <= STEPS; i++) {
            cr_assert(player_step(r.p, (enum step_kind)kind, 1), "%s %d", names[kind], i);
            at[i] = player_now(r.p);
            n[i] = r.p->n;
            was[i] = model_clone(player_model(r.p));
            if (kind == STEP_EVENT)
                cr_assert_eq(n[i], n[i - 1] + 1);
            if (kind == STEP_10MS)
                cr_assert_eq(at[i], at[i - 1] + 10 * MS);
        }
        for (int i = STEPS; i-- > 1;) {
            cr_assert(player_step(r.p, (enum step_kind)kind, -1), "%s %d", names[kind], i);
            cr_assert_eq(r.p->n, n[i], "%s back to %d: event %llu, not %llu", names[kind], i,
                         (unsigned long long)r.p->n, (unsigned long long)n[i]);
            cr_assert_eq(player_now(r.p), at[i]);
            const char *bad = model_difference(player_model(r.p), was[i]);
            cr_assert(!bad, "%s back to %d: %s", names[kind], i, bad);
        }
        for (int i = 0; i <= STEPS; i++)
            model_free(was[i]);
    }
    player_end(&r);
}

Test(player, a_switch_is_a_task_that_begins_to_run)
{
    struct player_run r = player_begin("");
    struct event e = {0};
    player_at(r.p, 300 * MS);
    for (int i = 0; i < 20; i++) {
        cr_assert(player_step(r.p, STEP_SWITCH, 1));
        cr_assert(player_event(r.p, r.p->n - 1, &e));
        cr_assert(e.kind == EV_TASK && e.op == TASK_RUNNING);
    }
    for (int i = 0; i < 19; i++) {
        cr_assert(player_step(r.p, STEP_SWITCH, -1));
        cr_assert(player_event(r.p, r.p->n - 1, &e));
        cr_assert(e.kind == EV_TASK && e.op == TASK_RUNNING);
    }
    player_end(&r);
}

Test(player, from_mark_to_mark)
{
    struct player_run r = player_begin("[cue.1]\nat = 100ms\nsay = one\n"
                                       "[cue.2]\nat = 300ms\nsay = two\n");
    int64_t t = -1;
    player_at(r.p, 400 * MS);
    cr_assert_not(player_mark(r.p, 1, &t));
    cr_assert(player_mark(r.p, -1, &t));
    cr_assert_eq(t, 300 * MS);
    player_at(r.p, t); /* on a mark, the one before is another */
    cr_assert(player_mark(r.p, -1, &t));
    cr_assert_eq(t, 100 * MS);
    player_at(r.p, t);
    cr_assert_not(player_mark(r.p, -1, &t));
    cr_assert(player_mark(r.p, 1, &t));
    cr_assert_eq(t, 300 * MS);
    player_end(&r);
}

Test(player, a_step_tells_its_event)
{
    struct player_run r = player_begin("");
    struct event e, before;
    uint64_t n, was;
    player_at(r.p, 100 * MS);
    cr_assert(player_shown(r.p, &before, &was));
    cr_assert(player_step(r.p, STEP_EVENT, 1));
    cr_assert(player_shown(r.p, &e, &n));
    cr_assert_eq(n, was + 1);
    cr_assert(player_step(r.p, STEP_EVENT, -1));
    cr_assert(player_shown(r.p, &e, &n));
    cr_assert_eq(n, was);
    cr_assert_eq(memcmp(&e, &before, sizeof e), 0);
    player_seek(r.p, 0);
    while (player_step(r.p, STEP_EVENT, -1))
        ;
    cr_assert_not(player_shown(r.p, &e, &n));
    player_end(&r);
}

Test(player, before_the_first_and_after_the_last)
{
    struct player_run r = player_begin("");
    player_at(r.p, 20 * MS);
    player_seek(r.p, 0);
    while (player_step(r.p, STEP_EVENT, -1))
        ;
    cr_assert_eq(r.p->n, 0);
    cr_assert_eq(player_now(r.p), 0);
    cr_assert_not(player_step(r.p, STEP_SWITCH, -1));
    cr_assert_not(player_step(r.p, STEP_10MS, -1));
    player_check(r.p, "at the beginning");
    player_end(&r);
}

/* Anywhere by any key; keyframes close together, and memory for a few of them only. */
static void wander(struct player *p, uint64_t seed, size_t steps, int64_t span_ns)
{
    struct rng g;
    rng_init(&g, seed, "wander");
    for (size_t i = 0; i < steps; i++) {
        uint64_t what = rng_below(&g, 8);
        char when[64];
        if (what < 3)
            player_step(p, (enum step_kind)what, 1);
        else if (what < 6)
            player_step(p, (enum step_kind)(what - 3), -1);
        else if (what == 6)
            player_at(p, (int64_t)rng_below(&g, (uint64_t)span_ns));
        else
            player_at(p, player_now(p) + ((int64_t)rng_below(&g, 100) - 50) * MS);
        snprintf(when, sizeof when, "seed %d step %zu (%d)", (int)seed, i, (int)what);
        player_check(p, when);
    }
}

Test(player, anywhere_is_as_from_the_start)
{
    for (uint64_t seed = 1; seed <= counts(60, 3, 3); seed++) {
        struct player_run r = player_begin("");
        r.p->keys.every = 97;
        r.p->keys.budget = 4 << 20;
        player_at(r.p, 700 * MS);
        wander(r.p, seed, 60, 900 * MS);
        cr_assert_leq(r.p->keys.bytes, r.p->keys.budget);
        cr_assert_gt(r.p->keys.count, 2);
        player_end(&r);
    }
}

Test(player, keyframes_stay_within_their_budget)
{
    struct player_run r = player_begin("");
    r.p->keys.every = 64;
    size_t one = model_bytes(player_model(r.p));
    r.p->keys.budget = 12 * one;
    for (int64_t t = 500 * MS; t <= 4 * SEC; t += 500 * MS) {
        player_at(r.p, t);
        size_t bytes = 0;
        for (size_t i = 0; i < r.p->keys.count; i++)
            bytes += r.p->keys.at[i].bytes;
        cr_assert_eq(bytes, r.p->keys.bytes);
        cr_assert_leq(bytes, r.p->keys.budget);
    }
    cr_assert_eq(r.p->keys.at[0].n, 0);
    cr_assert_gt(r.p->keys.every, 64);
    player_end(&r);
}

/* What happens to the tape once it has forgotten its beginning. */
Test(player, a_tape_that_forgets_still_goes_back_to_what_it_holds)
{
    struct player_run r = player_begin("");
    reel_free(r.p->reel);
    r.p->reel = reel_create(32 << 10);
    r.p->keys.every = 500;
    for (int64_t t = 0; t <= 8 * SEC; t += 100 * MS)
        player_at(r.p, t);
    cr_assert_eq(player_model(r.p)->lost, 0);
    cr_assert_gt(reel_first(r.p->reel), 0);
    cr_assert_leq(reel_bytes(r.p->reel), 64 << 10);
    player_at(r.p, 0);
    cr_assert_gt(player_now(r.p), 0);
    cr_assert_lt(player_now(r.p), 8 * SEC);
    uint64_t oldest = r.p->n;
    player_at(r.p, 8 * SEC);
    cr_assert_eq(player_now(r.p), 8 * SEC);
    /* Steps back end where it begins, and say so. */
    player_at(r.p, 0);
    cr_assert_eq(r.p->n, oldest);
    int steps = 0;
    while (player_step(r.p, STEP_10MS, -1))
        cr_assert_lt(++steps, 100);
    char *error = player_record(r.p, "never.psr");
    cr_assert(error);
    cr_assert(strstr(error, "beginning"), "%s", error);
    free(error);
    cr_assert_neq(access("never.psr", F_OK), 0);
    player_end(&r);
}

/* A fold that is slower than its engine by more than the tape holds: told, not hidden. */
Test(player, what_the_tape_has_forgotten_before_it_was_shown_is_lost)
{
    struct player_run r = player_begin("");
    reel_free(r.p->reel);
    r.p->reel = reel_create(32 << 10);
    while (engine_horizon(r.p->engine) < 8 * SEC) {
        engine_advance(r.p->engine, 8 * SEC);
        player_take(r.p, 0);
    }
    player_at(r.p, 8 * SEC);
    cr_assert_gt(player_model(r.p)->lost, 0);
    cr_assert_eq(r.p->n, reel_count(r.p->reel));
    cr_assert_eq(player_now(r.p), 8 * SEC);
    player_end(&r);
}

/* An engine that is far ahead waits; the position must still come up to it, and on. */
Test(player, a_sim_that_runs_away_is_caught_up_with)
{
    struct player_run r = player_begin("");
    while (reel_count(r.p->reel) <= 1 << 16) {
        engine_advance(r.p->engine, 60 * SEC);
        player_take(r.p, 0);
    }
    uint64_t held = reel_count(r.p->reel);
    player_take(r.p, 0);
    cr_assert_eq(reel_count(r.p->reel), held, "it takes no more than it can show");
    player_pause(r.p, false);
    int64_t to = reel_last_ns(r.p->reel) + SEC / 10;
    for (int i = 0; i < 3000 && player_now(r.p) < to; i++)
        player_tick(r.p, wall_now(), 20 * MS);
    cr_assert_geq(player_now(r.p), to);
    cr_assert_eq(player_model(r.p)->lost, 0);
    player_pause(r.p, true);
    player_check(r.p, "after catching up");
    player_end(&r);
}

/* ---- branches ---------------------------------------------------------------------------------
 */

static char *made_path(const char *name)
{
    return xasprintf("/tmp/patternscope-test-%d-%s", (int)getpid(), name);
}

static int verified(const char *path)
{
    char name[] = "verify", *argv[] = {name, (char *)(uintptr_t)path, NULL};
    return cmd_verify(2, argv);
}

/* Waits, as the screen does, until a command has taken effect. */
static void settle(struct player *p)
{
    for (int i = 0; i < 20000 && (p->branching || p->awaited); i++) {
        player_tick(p, wall_now(), 20 * MS);
        usleep(1000);
    }
    cr_assert_not(p->branching);
    cr_assert_not(p->awaited);
}

Test(player, another_story_from_the_past)
{
    struct player_run r = player_begin("");
    player_at(r.p, 900 * MS);
    uint64_t end = reel_count(r.p->reel);
    player_at(r.p, 400 * MS);
    uint64_t n = r.p->n;
    struct event *was = xcalloc(n, sizeof *was), now;
    for (uint64_t i = 0; i < n; i++)
        player_event(r.p, i, &was[i]);
    cr_assert(r.p->behind);
    const char *bad = player_command(r.p, "set worker_pool.workers 9", BY_KEY);
    cr_assert_null(bad, "%s", bad);
    settle(r.p);
    cr_assert_not(r.p->behind);
    cr_assert_lt(reel_count(r.p->reel), end);
    for (uint64_t i = 0; i < n; i++) {
        player_event(r.p, i, &now);
        cr_assert(memcmp(&now, &was[i], sizeof now) == 0, "event %llu", (unsigned long long)i);
    }
    free(was);
    player_check(r.p, "after the branch");
    char value[32];
    cr_assert(player_param(r.p, "worker_pool", "workers", value, sizeof value));
    cr_assert_str_eq(value, "9");
    player_at(r.p, 1200 * MS);
    player_check(r.p, "later");
    /* It is a run of its own: executed again it is the same. */
    char *path = made_path("branch.psr");
    char *error = player_record(r.p, path);
    cr_assert_null(error, "%s", error);
    error = player_record_stop(r.p);
    cr_assert_null(error, "%s", error);
    cr_assert_eq(verified(path), 0);
    unlink(path);
    free(path);
    player_end(&r);
}

/* Marks apart, and what asks for them. */
static uint64_t story(struct player *p, struct event *out, uint64_t most)
{
    uint64_t n = 0;
    struct event e;
    for (uint64_t i = 0; i < reel_count(p->reel) && n < most; i++) {
        player_event(p, i, &e);
        bool mark = e.kind == EV_MARK ||
                    (e.kind == EV_COMMAND && strncmp(strtab_get(p->names, e.c), "mark", 4) == 0);
        if (!mark)
            out[n++] = e;
    }
    return n;
}

Test(player, a_mark_in_the_past_changes_nothing)
{
    enum { MOST = 100000 };
    struct player_run r = player_begin("");
    struct event *was = xcalloc(MOST, sizeof *was), *now = xcalloc(MOST, sizeof *now);
    player_at(r.p, 600 * MS);
    cr_assert_null(player_command(r.p, "set worker_pool.workers 9", BY_KEY));
    settle(r.p);
    player_at(r.p, 1200 * MS);
    uint64_t n = story(r.p, was, MOST), events = reel_count(r.p->reel);
    player_at(r.p, 450 * MS);
    cr_assert_null(player_command(r.p, "mark there", BY_KEY));
    settle(r.p);
    player_at(r.p, 400 * MS); /* before the command has come again */
    cr_assert_null(player_command(r.p, "mark here", BY_KEY));
    settle(r.p);
    cr_assert_str_eq(player_notice(r.p), "");
    player_check(r.p, "at the mark");
    cr_assert_eq(player_now(r.p), 400 * MS);
    for (int i = 0; i < 60000 && reel_count(r.p->reel) < events + 4; i++) {
        player_tick(r.p, wall_now(), 20 * MS);
        usleep(1000);
    }
    cr_assert_eq(player_now(r.p), 400 * MS);
    uint64_t again = story(r.p, now, MOST);
    cr_assert_geq(again, n);
    for (uint64_t i = 0; i < n; i++)
        cr_assert(memcmp(&was[i], &now[i], sizeof *was) == 0, "event %llu", (unsigned long long)i);
    int64_t t;
    player_at(r.p, 1200 * MS);
    player_check(r.p, "later");
    cr_assert(player_mark(r.p, -1, &t));
    cr_assert_eq(t, 450 * MS);
    player_at(r.p, 450 * MS);
    cr_assert(player_mark(r.p, -1, &t));
    cr_assert_eq(t, 400 * MS);
    /* A change is another story still: what was to come is not given. */
    player_at(r.p, 500 * MS);
    cr_assert_null(player_command(r.p, "set worker_pool.workers 2", BY_KEY));
    settle(r.p);
    player_at(r.p, 1200 * MS);
    char value[32];
    cr_assert(player_param(r.p, "worker_pool", "workers", value, sizeof value));
    cr_assert_str_eq(value, "2");
    char *path = made_path("marked.psr");
    free(player_record(r.p, path));
    free(player_record_stop(r.p));
    cr_assert_eq(verified(path), 0);
    unlink(path);
    free(path);
    free(was);
    free(now);
    player_end(&r);
}

/* It goes on from tick to tick; until it is done the old story stands. */
Test(player, a_branch_is_called_off)
{
    struct player_run r = player_begin("");
    player_at(r.p, 900 * MS);
    uint64_t end = reel_count(r.p->reel);
    player_at(r.p, 400 * MS);
    char *error = player_branch_start(r.p, "set worker_pool.workers 9", false);
    cr_assert_null(error, "%s", error);
    cr_assert_eq(player_branch_on(r.p, 1), BRANCH_MORE);
    cr_assert_geq(player_branch_done(r.p), 0);
    const char *bad = player_command(r.p, "set worker_pool.workers 3", BY_KEY);
    cr_assert(bad && strstr(bad, "still being executed"), "%s", bad);
    player_pause(r.p, true);
    cr_assert_lt(player_branch_done(r.p), 0);
    cr_assert(strstr(player_notice(r.p), "called off"));
    cr_assert_str_eq(player_notice(r.p), "");
    cr_assert_eq(reel_count(r.p->reel), end);
    cr_assert_eq(player_now(r.p), 400 * MS);
    player_at(r.p, 1000 * MS);
    player_check(r.p, "after it was called off");
    /* And once more to its end. */
    player_at(r.p, 400 * MS);
    error = player_branch_start(r.p, "set worker_pool.workers 9", false);
    cr_assert_null(error, "%s", error);
    settle(r.p);
    cr_assert(strstr(player_notice(r.p), "Another story from 400ms on"));
    player_at(r.p, 1000 * MS);
    player_check(r.p, "in the other story");
    player_end(&r);
}

Test(player, branches_of_branches)
{
    struct player_run r = player_begin("");
    struct rng g;
    rng_init(&g, 3, "branches");
    for (size_t i = 0; i < counts(120, 6, 3); i++) {
        char command[64];
        snprintf(command, sizeof command,
                 i % 3 == 2   ? "inject dependency errors"
                 : i % 3 == 1 ? "set traffic.arrivals steady(%d/s)"
                              : "set worker_pool.workers %d",
                 1 + (int)rng_below(&g, 12));
        player_at(r.p, (int64_t)(200 + rng_below(&g, 400)) * MS);
        const char *bad = player_command(r.p, command, BY_KEY);
        cr_assert_null(bad, "%s: %s", command, bad);
        settle(r.p);
        player_check(r.p, command);
        player_at(r.p, player_now(r.p) + 100 * MS);
    }
    char *path = made_path("branches.psr");
    char *error = player_record(r.p, path);
    cr_assert_null(error, "%s", error);
    free(player_record_stop(r.p));
    cr_assert_eq(verified(path), 0);
    unlink(path);
    free(path);
    player_end(&r);
}

Test(player, a_recording_of_what_is_forgotten_is_closed_and_the_other_story_gets_its_own)
{
    struct player_run r = player_begin("");
    char *path = made_path("story.psr"), *other = made_path("story-2.psr");
    player_at(r.p, 300 * MS);
    char *error = player_record(r.p, path);
    cr_assert_null(error, "%s", error);
    player_at(r.p, 900 * MS);
    player_tick(r.p, wall_now(), 20 * MS);
    player_at(r.p, 500 * MS);
    cr_assert_null(player_command(r.p, "set worker_pool.workers 2", BY_KEY));
    settle(r.p);
    struct player_recording now = player_recording(r.p);
    cr_assert(now.on);
    cr_assert_str_eq(now.path, other);
    player_at(r.p, 700 * MS);
    free(player_record_stop(r.p));
    cr_assert_eq(verified(path), 0);
    cr_assert_eq(verified(other), 0);
    unlink(path);
    unlink(other);
    free(path);
    free(other);
    player_end(&r);
}

Test(player, recording_on_and_off_is_a_whole_session_each_time)
{
    struct player_run r = player_begin("");
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "part%d.psr", i);
        char *path = made_path(name);
        player_at(r.p, player_now(r.p) + 200 * MS);
        char *error = player_record(r.p, path);
        cr_assert_null(error, "%s", error);
        error = player_record(r.p, path);
        cr_assert(error && strstr(error, "is being recorded"), "%s", error);
        free(error);
        cr_assert_null(player_command(r.p, "set worker_pool.workers +1", BY_KEY));
        settle(r.p);
        player_at(r.p, player_now(r.p) + 100 * MS);
        error = player_record_stop(r.p);
        cr_assert_null(error, "%s", error);
        cr_assert_not(player_recording(r.p).on);
        cr_assert_eq(verified(path), 0);
        char *warning;
        struct player *again = player_open_session(path, &error, &warning);
        cr_assert(again, "%s", error);
        cr_assert_null(warning, "%s", warning);
        cr_assert_eq(reel_count(again->reel), reel_count(r.p->reel));
        player_close(again);
        unlink(path);
        free(path);
    }
    player_end(&r);
}

/* ---- replay -----------------------------------------------------------------------------------
 */

Test(player, a_replay_is_wandered_like_a_run)
{
    struct player_run r = player_begin("");
    char *path = made_path("replay.psr"), *error, *warning;
    player_at(r.p, 700 * MS);
    error = player_record(r.p, path);
    cr_assert_null(error, "%s", error);
    error = player_record_stop(r.p);
    cr_assert_null(error, "%s", error);
    struct player *p = player_open_session(path, &error, &warning);
    cr_assert(p, "%s", error);
    p->keys.every = 111;
    cr_assert(player_replay(p));
    cr_assert_eq(player_seed(p), 5);
    cr_assert_str_eq(player_scenario(p)->params.pattern, "worker_pool");
    player_pause(p, true);
    wander(p, 4, 60, 800 * MS);
    cr_assert(player_command(p, "set worker_pool.workers 2", BY_KEY));
    error = player_record(p, "never.psr");
    cr_assert(error);
    free(error);
    player_close(p);
    unlink(path);
    free(path);
    player_end(&r);
}

Test(player, a_replay_plays_by_wall_time_and_speed_up_to_its_end)
{
    struct player_run r = player_begin("");
    char *path = made_path("play.psr"), *error, *warning;
    player_at(r.p, 900 * MS);
    int64_t last = reel_last_ns(r.p->reel);
    free(player_record(r.p, path));
    free(player_record_stop(r.p));
    struct player *p = player_open_session(path, &error, &warning);
    int64_t wall = 1000 * SEC;
    player_tick(p, wall, SEC);
    player_tick(p, wall += 100 * MS, SEC);
    cr_assert_eq(player_now(p), 100 * MS);
    player_set_speed(p, 0.1);
    player_tick(p, wall += 100 * MS, SEC);
    cr_assert_eq(player_now(p), 110 * MS);
    player_pause(p, true);
    player_tick(p, wall += 100 * MS, SEC);
    cr_assert_eq(player_now(p), 110 * MS);
    player_pause(p, false);
    player_set_speed(p, 2);
    player_tick(p, wall += 100 * MS, SEC);
    cr_assert_eq(player_now(p), 310 * MS);
    player_check(p, "while playing");
    player_set_speed(p, 1000);
    cr_assert_float_eq(player_speed(p), 100, 1e-9);
    player_tick(p, wall += 100 * MS, SEC);
    cr_assert_eq(player_now(p), last);
    cr_assert_not(player_step(p, STEP_EVENT, 1));
    cr_assert_not(player_step(p, STEP_10MS, 1));
    cr_assert(player_step(p, STEP_10MS, -1));
    cr_assert_eq(player_now(p), last - 10 * MS);
    player_close(p);
    unlink(path);
    free(path);
    player_end(&r);
}
