/* SPDX-License-Identifier: MIT */
/* Contexts: causes, what runs after a cancellation, and what a cancellation does not reach. */
#include "both.h"

#include "runtime/context.h"
#include "runtime/sync.h"

static struct waitgroup *wg;
static char said[6][64];

static void say(int i, const char *text)
{
    snprintf(said[i], sizeof said[i], "%s", text);
}

static void notes(void *arg)
{
    both_note((char)(intptr_t)arg);
    wg_done(wg);
}

static void m_causes(void *arg)
{
    (void)arg;
    struct context *root = ctx_with_cancel(ctx_background(), "root");
    struct context *child = ctx_with_cancel(root, "child");
    struct context *timed =
        ctx_with_deadline_cause(ctx_background(), "timed", rt_now() + 1000000, "too slow");
    struct context *below = ctx_with_cancel(timed, "below");
    say(0, ctx_cause(child));
    ctx_cancel(root, "the first job failed");
    ctx_cancel(root, "another");
    say(1, ctx_cause(child));
    say(2, ctx_err(child));
    chan_recv(ctx_done(below), NULL);
    say(3, ctx_cause(below));
    say(4, ctx_err(below));
    say(5, ctx_cause(ctx_with_cancel(root, "late")));
}

BOTH(context, the_cause_goes_down_the_tree)
{
    cr_assert_eq(both_whole(m_causes, NULL), END_DONE);
    cr_assert_str_eq(said[0], "");
    cr_assert_str_eq(said[1], "the first job failed");
    cr_assert_str_eq(said[2], "context canceled");
    cr_assert_str_eq(said[3], "too slow");
    cr_assert_str_eq(said[4], "deadline exceeded");
    cr_assert_str_eq(said[5], "the first job failed");
}

static void m_without(void *arg)
{
    (void)arg;
    struct context *root = ctx_with_timeout(ctx_background(), "root", 1000000);
    struct context *free_of_it = ctx_without_cancel(root, "cleanup");
    struct context *below = ctx_with_cancel(free_of_it, "below");
    chan_recv(ctx_done(root), NULL);
    both_note(ctx_cancelled(root) ? 'y' : 'n');
    both_note(ctx_cancelled(free_of_it) ? 'y' : 'n');
    both_note(ctx_cancelled(below) ? 'y' : 'n');
    both_note(ctx_deadline(below) == NEVER ? 'y' : 'n');
    ctx_cancel(free_of_it, NULL); /* nothing: nobody can cancel it */
    both_note(ctx_cancelled(free_of_it) ? 'y' : 'n');
    ctx_cancel(below, NULL);
    both_note(ctx_cancelled(below) ? 'y' : 'n');
}

BOTH(context, without_cancel_is_not_reached)
{
    cr_assert_eq(both_whole(m_without, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "ynnyny");
}

static void m_after(void *arg)
{
    (void)arg;
    struct context *root = ctx_with_cancel(ctx_background(), "root");
    struct context *child = ctx_with_cancel(root, "child");
    wg = wg_make("wg");
    wg_add(wg, 3);
    struct ctx_after *a = ctx_after(root, "a", notes, (void *)'a');
    struct ctx_after *b = ctx_after(root, "b", notes, (void *)'b');
    struct ctx_after *c = ctx_after(child, "c", notes, (void *)'c');
    both_note(ctx_after_stop(b) ? 'y' : 'n');
    both_note(ctx_after_stop(b) ? 'y' : 'n'); /* stopped before */
    ctx_cancel(root, NULL);
    both_note(ctx_after_stop(a) ? 'y' : 'n'); /* started */
    both_note(ctx_after_stop(c) ? 'y' : 'n');
    struct ctx_after *d = ctx_after(child, "d", notes, (void *)'d');
    both_note(ctx_after_stop(d) ? 'y' : 'n');
    wg_wait(wg);
}

BOTH(context, after_functions)
{
    cr_assert_eq(both_ends(m_after, NULL), END_DONE);
    int ran[4] = {0};
    char stops[BOTH_NOTES];
    int n = 0;
    for (const char *p = both_notes; *p; p++)
        if (*p >= 'a' && *p <= 'd')
            ran[*p - 'a']++;
        else
            stops[n++] = *p;
    stops[n] = '\0';
    cr_assert_str_eq(stops, "ynnnn");
    cr_assert_eq(ran[0], 1);
    cr_assert_eq(ran[1], 0);
    cr_assert_eq(ran[2], 1);
    cr_assert_eq(ran[3], 1, "of a context that is cancelled already: at once");
    if (world == WORLD_SIM) {
        cr_assert_str_eq(both_notes, "ynnnnacd");
        cr_assert_eq(sim_run_count(&both_run, EV_CTX, CTX_AFTER), 4);
        cr_assert_eq(sim_run_count(&both_run, EV_CTX, CTX_AFTER_STOPPED), 1);
    }
    both_over();
}

/* A deadline fires in engine context: what follows is a task all the same, and may block. */
static void blocks(void *arg)
{
    rt_sleep(1000000);
    notes(arg);
}
static void m_after_deadline(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    wg_add(wg, 2);
    struct context *timed = ctx_with_timeout(ctx_background(), "timed", 2000000);
    ctx_after(timed, "x", blocks, (void *)'x');
    ctx_after(timed, "y", blocks, (void *)'x');
    wg_wait(wg);
}

BOTH(context, after_a_deadline)
{
    cr_assert_eq(both_whole(m_after_deadline, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "xx");
}
