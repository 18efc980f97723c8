/* SPDX-License-Identifier: MIT */
/* patternscope [SCENARIO], and patternscope replay SESSION: to the screen. */
#include "app/cmd.h"
#include "app/options.h"
#include "base/str.h"

/* Several words: the first was to be a subcommand. */
static int too_many(const struct args *a)
{
    const char *names[16];
    size_t n = 0;
    for (; subcommands[n].name && n < ARRAY_LEN(names); n++)
        names[n] = subcommands[n].name;
    const char *near = str_nearest(a->operands[0], names, n);
    if (near)
        return usage_error(IN_WATCH, "there is no command '%s' (did you mean '%s'?)",
                           a->operands[0], near);
    return one_operand(a, IN_WATCH, "scenario");
}

int cmd_watch(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_WATCH, argc, argv);
    if (status < 0 && a.operands_n > 1)
        status = too_many(&a);
    if (status < 0)
        status = watch(a.operands[0], NULL, &a.run);
    args_free(&a);
    return status;
}

int cmd_replay(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_REPLAY, argc, argv);
    if (status < 0)
        status = one_operand(&a, IN_REPLAY, "session");
    if (status < 0)
        status = watch(NULL, a.operands[0], &a.run);
    args_free(&a);
    return status;
}
