/* SPDX-License-Identifier: MIT */
/* The small programs of tests/programs: each raises its diagnosis under some random schedule, and
 * the repaired ones raise nothing under any. PATTERNSCOPE_LONG: 1000 schedules each instead of 100
 * (10 in a sanitized build of CI). */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "programs.h"
#include "tests/counts.h"

static uint64_t seeds(void)
{
    return counts(1000, 100, 10);
}

Test(programs, each_raises_its_diagnosis_under_some_schedule)
{
    for (unsigned i = 0; i < programs_n; i++) {
        const struct program *p = &programs[i];
        bool raised = p->must == PROGRAM_NONE;
        for (uint64_t seed = 1; !raised && seed <= 1000; seed++)
            raised = program_run(p, WORLD_SIM, "random", seed).raised[p->must];
        cr_assert(raised, "%s: %s", p->name, p->what);
    }
}

Test(programs, the_repaired_ones_raise_nothing_under_any)
{
    for (unsigned i = 0; i < programs_n; i++) {
        const struct program *p = &programs[i];
        for (uint64_t seed = 0; p->must == PROGRAM_NONE && seed <= seeds(); seed++) {
            struct program_found f = program_run(p, WORLD_SIM, seed ? "random" : "fifo", seed);
            cr_assert_eq(f.diagnoses, 0, "%s, seed %lu: %s", p->name, (unsigned long)seed, f.text);
            cr_assert_eq(f.end, END_DONE, "%s, seed %lu", p->name, (unsigned long)seed);
        }
    }
}

/* What is judged by order, not by luck, is found in every run. */
Test(programs, races_are_found_in_live_and_without_luck)
{
    static const char *const certain[] = {"count_plain", "message_by_sleep", "write_after_send",
                                          "write_under_rlock"};
    for (size_t k = 0; k < sizeof certain / sizeof *certain; k++)
        for (unsigned i = 0; i < programs_n; i++) {
            if (strcmp(programs[i].name, certain[k]) != 0)
                continue;
            cr_assert(program_run(&programs[i], WORLD_SIM, "fifo", 1).raised[DIAG_RACE]);
            struct program_found f = program_run(&programs[i], WORLD_LIVE, NULL, 1);
            cr_assert(f.raised[DIAG_RACE], "%s", certain[k]);
        }
}

Test(programs, nor_in_live)
{
    for (unsigned i = 0; i < programs_n; i++) {
        const struct program *p = &programs[i];
        for (int run = 0; p->must == PROGRAM_NONE && run < 5; run++) {
            struct program_found f = program_run(p, WORLD_LIVE, NULL, 1);
            cr_assert_eq(f.diagnoses, 0, "%s: %s", p->name, f.text);
            cr_assert_eq(f.end, END_DONE, "%s", p->name);
        }
    }
}
