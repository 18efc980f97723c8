/* SPDX-License-Identifier: MIT */
/* patternscope [SCENARIO], and patternscope replay SESSION: to the screen. */
#include "app/cmd.h"
#include "app/options.h"

int cmd_watch(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_WATCH, argc, argv);
    if (status < 0 && a.operands_n > 1)
        status = one_operand(&a, IN_WATCH, "scenario");
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
