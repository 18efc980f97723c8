/* SPDX-License-Identifier: MIT */
/* The command line: what stands in options.def, read for one subcommand. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdio.h>

#include "app/app.h"

/* Who takes an option: a bit each, by the subcommands' names; watching has none. */
enum {
    IN_RUN = 1,
    IN_WATCH = 2,
    IN_REPLAY = 4,
    IN_EXPORT = 8,
    IN_CHECK = 16,
    IN_VERIFY = 32,
    IN_LIST = 64,
    IN_EXPLORE = 128,
    IN_ALL = 255
};
enum option_id {
#define OPTION(id, ...) OPT_##id,
#include "app/options.def"
#undef OPTION
    OPT_COUNT
};
struct option_row {
    const char *name;
    char letter;
    const char *argument; /* NULL: takes none */
    unsigned where;
    const char *help;
};
extern const struct option_row option_rows[OPT_COUNT];
/* The subcommand that a bit stands for; "" is watching. */
const char *option_taker(unsigned bit);

/* What was written on the command line. Strings are argv's. */
struct args {
    struct run_options run;
    const char *format, *out;
    int cols, rows;
    int64_t from_ns, to_ns; /* to: -1 = the end */
    bool json;
    int until;             /* explore: enum diagnosis_kind, or -1 */
    int policy;            /* enum explore_policy */
    int64_t seeds;         /* schedules */
    int64_t depth;         /* 0: not given */
    const char **operands; /* NULL-terminated */
    size_t operands_n;
};
/* Reads argv[1] and on. -1: go on; else the exit status: --help and --version were answered, or a
 * usage error has been told on stderr. args_free() in any case. */
int args_parse(struct args *a, unsigned where, int argc, char **argv);
void args_free(struct args *a);

/* The help of one subcommand (where: IN_WATCH for the program itself). */
void options_help(unsigned where, FILE *out);
/* "patternscope: MESSAGE" and where help is, on stderr; gives STATUS_USAGE. */
PRINTF(2, 3) int usage_error(unsigned where, const char *fmt, ...);
/* "patternscope: MESSAGE" on stderr; gives `status`. */
PRINTF(2, 3) int complain(int status, const char *fmt, ...);
/* Checks that there is one operand (or at least one); -1 or STATUS_USAGE. */
int one_operand(const struct args *a, unsigned where, const char *what);

#endif
