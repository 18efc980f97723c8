/* SPDX-License-Identifier: MIT */
/* The programs whose mistake has nothing to do with luck: each raises its diagnosis under the first
 * schedule and in live, with its evidence in its text. */
#include <criterion/criterion.h>

#include <string.h>

#include "programs.h"

static const struct program *program(const char *name)
{
    for (unsigned i = 0; i < programs_n; i++)
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    cr_assert_fail("no program %s", name);
    return NULL;
}

/* also: another kind that goes with it, or its own. */
static const struct certain {
    const char *name;
    enum diagnosis_kind also;
    bool live; /* needs no particular time */
    const char *text, *tasks, *objs;
} certain[] = {
    {"lock_again", DIAG_ALL_ASLEEP, true,
     "main waits for the lock state, held by itself since 0.000 s", "main", "state"},
    {"read_again", DIAG_DEADLOCK, false,
     "cycle of 2 since 0.001 s: reader waits to read under config, held back by the waiting writer "
     "writer; writer waits to write under config, held by reader",
     "reader, writer", "config, config"},
    {"send_under_lock", DIAG_DEADLOCK, true,
     "cycle of 2 since 0.000 s: sender waits to send to results, received by receiver; receiver "
     "waits for the lock m, held by sender",
     "sender, receiver", "results, m"},
    {"wait_under_lock", DIAG_ALL_ASLEEP, true,
     "cycle of 2 since 0.000 s: main waits for the group workers, counted down by worker-1; "
     "worker-1 waits for the lock results, held by main",
     "main, worker-1", "workers, results"},
    {"nested_go", DIAG_ALL_ASLEEP, true,
     "outer waits for a slot of g, held by itself since 0.000 s", "outer", "g"},
    {"once_again", DIAG_ALL_ASLEEP, true,
     "main waits for the once config, run by itself since "
     "0.000 s",
     "main", "config"},
    {"nested_monitor", DIAG_DEADLOCK, true,
     "cycle of 2 since 0.000 s: waiter waits for the condition ready, signalled by signaller; "
     "signaller waits for the lock outer, held by waiter",
     "waiter, signaller", "ready, outer"},
    {"lock_order", DIAG_LOCK_ORDER, true,
     "could deadlock: b took x while it held y (0.000 s); a took y while it held x (0.000 s)",
     "b, a", "y, x"},
    {"no_unlock", DIAG_LEAK, true,
     "early took account at 0.000 s, ended at 0.000 s and did not give it back; later waits for it",
     "early, later", "account"},
    {"unlock_twice", DIAG_DOUBLE_UNLOCK, true,
     "hasty unlocks table at 0.000 s, which it had unlocked at 0.000 s; careful holds it since "
     "0.000 s, and is no longer alone",
     "hasty, careful", "table"},
    {"unlock_twice_alone", DIAG_PANIC, true,
     "main unlocks table at 0.000 s, which it had unlocked at 0.000 s", "main", "table"},
    {"large_one_starves", DIAG_STARVATION, false,
     "large waits for tokens since 0.001 s; meanwhile others got it 2098 times, and 1 wait",
     "large", "tokens"},
    {"polite", DIAG_LIVELOCK, false,
     "busy since 0.001 s and none gets on: gaston fails at left, held by alphonse; alphonse fails "
     "at right, held by gaston; 32 times in a row each",
     "gaston, alphonse", "left, right"},
    {"needless_default", DIAG_BUSY_LOOP, false,
     "listener asked 1000 times in 0.001 s for news without waiting, and in vain: it uses its "
     "processor to wait",
     "listener", "news"},
    {"ctx_not_passed", DIAG_WASTED_WORK, true,
     "fetch.ctx was cancelled at 0.025 s; fetch-1 began 1 call after that, the first at 0.050 s, "
     "and "
     "worked on for 0.050 s",
     "fetch-1", "fetch.ctx"},
    {"task_a_request", DIAG_UNBOUNDED_GROWTH, false,
     "tasks grow without a limit: from 101 at 0.100 s to 1141 now, 1141 started and 0 ended in all",
     "", ""},
    {"group_unlimited", DIAG_UNBOUNDED_GROWTH, false,
     "fetch has no limit, and main has started so many that 1000 run at once", "main", "fetch"},
};

Test(waits, each_tells_its_evidence)
{
    for (size_t i = 0; i < sizeof certain / sizeof *certain; i++) {
        const struct certain *c = &certain[i];
        const struct program *p = program(c->name);
        struct program_found f = program_run(p, WORLD_SIM, "fifo", 0);
        cr_expect_str_eq(f.text, c->text, "%s: %s", c->name, f.text);
        cr_expect_str_eq(f.tasks, c->tasks, "%s: %s", c->name, f.tasks);
        cr_expect_str_eq(f.objs, c->objs, "%s: %s", c->name, f.objs);
        for (int kind = 0; kind < DIAG_COUNT; kind++)
            cr_expect_eq(f.raised[kind], kind == (int)p->must || kind == (int)c->also, "%s: %s",
                         c->name, diagnosis_names[kind]);
    }
}

Test(waits, and_in_live)
{
    for (size_t i = 0; i < sizeof certain / sizeof *certain; i++) {
        const struct program *p = program(certain[i].name);
        if (!certain[i].live)
            continue;
        struct program_found f = program_run(p, WORLD_LIVE, NULL, 1);
        cr_expect(f.raised[p->must], "%s: %s", p->name, f.text);
    }
}
