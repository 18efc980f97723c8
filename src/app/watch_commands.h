/* SPDX-License-Identifier: MIT */
/* What the files share that hold the screen's commands. */
#ifndef APP_WATCH_COMMANDS_H
#define APP_WATCH_COMMANDS_H

#include "app/watch.h"

/* Does what a command says. NULL, or a sentence. */
typedef const char *handler(struct watch *w, const struct command *c);

/* Argument i, or "". */
static inline const char *arg(const struct command *c, int i)
{
    return i < c->argc ? c->argv[i] : "";
}

/* From argument i to the end of the line. */
const char *command_rest(const struct command *c, int i);
/* Valid until this thread's next one. */
PRINTF(1, 2) const char *sentence(const char *fmt, ...);

/* watch_runs.c: files, recording, starting again. */
handler do_record, do_save, do_save_cues, do_restart, do_reseed, do_reload;

#endif
