/* SPDX-License-Identifier: MIT */
/* The small programs of tests/programs: each raises its diagnosis under some random schedule, and
 * the repaired ones raise nothing under any. PATTERNSCOPE_LONG: 1000 schedules each instead of 100.
 */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "programs.h"

static uint64_t seeds(void)
{
    return getenv("PATTERNSCOPE_LONG") ? 1000 : 100;
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
