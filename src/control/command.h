/* SPDX-License-Identifier: MIT */
/* Commands: what keys are bound to, what cues do, what is typed at `:` and what is recorded.
 *
 * One row each in commands.def. A command is either the engine's (it changes the run, is recorded
 * as a COMMAND event and can stand in a cue) or the screen's (pause, panels, quit …). */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum command_id {
#define COMMAND(id, ...) CMD_##id,
#include "control/commands.def"
#undef COMMAND
    CMD_COUNT
};
struct command_info {
    const char *name;
    const char *args; /* "PARAM VALUE|+N|-N", "" */
    const char *help; /* one sentence */
    bool engine;
    bool cue; /* may stand in a cue */
};
extern const struct command_info command_info[CMD_COUNT];

struct command {
    enum command_id id;
    int argc;
    char *argv[4]; /* as `args` lists them; the last takes the rest of the line, spaces and all */
    char *text;    /* the whole, trimmed */
};
/* NULL, or a sentence (thread-local buffer). On success the caller frees it with command_free(). */
const char *command_parse(const char *text, struct command *out);
void command_free(struct command *c);

#endif
