/* SPDX-License-Identifier: MIT */
/* The table of the small programs (programs.def), and running one of them under the detectors. */
#ifndef TESTS_PROGRAMS_PROGRAMS_H
#define TESTS_PROGRAMS_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define PROGRAM(name, what, must) void program_##name(void *arg);
#include "programs.def"
#undef PROGRAM

#define PROGRAM_NONE DIAG_COUNT
struct program {
    const char *name;
    const char *what;
    enum diagnosis_kind must; /* PROGRAM_NONE: none at all */
    void (*fn)(void *arg);
};
extern const struct program programs[];
extern const unsigned programs_n;

struct program_found {
    bool raised[DIAG_COUNT]; /* by kind */
    uint32_t diagnoses;
    int end;         /* enum end_why */
    char text[512];  /* of the one it must raise, else of the first */
    char tasks[128]; /* of the same */
    char objs[128];  /* of the same */
};
/* Runs it to its end: schedule "fifo", "random" …; in live schedule and seed mean nothing. */
struct program_found program_run(const struct program *p, enum world world, const char *schedule,
                                 uint64_t seed);

#endif
