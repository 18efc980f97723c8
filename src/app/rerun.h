/* SPDX-License-Identifier: MIT */
/* Executing a scenario in sim into a session file of its own. */
#ifndef APP_RERUN_H
#define APP_RERUN_H

#include "app/engine.h"
#include "session/psr.h"

/* The scenario that a session carries, read with the --set options it was recorded with. NULL: this
 * program cannot read it (e, which may be NULL, says why). */
struct scenario *session_scenario(const struct psr_header *h, struct errors *e);
/* How long that run was to be, ns of scenario time; 0: until it ended. */
int64_t session_for(const struct psr_header *h, const struct scenario *s);

/* A new file in $TMPDIR or /tmp: malloc'ed path, to be unlinked by the caller. NULL with errno. */
char *temporary_file(void);
/* Runs until it ends, has made max_events, or a signal comes (signals.h); what it made is at path.
 * stop: appended when max_events are made, or NULL. NULL, or a malloc'ed sentence. */
char *rerun(const struct engine_config *c, const char *const *sets, const char *path,
            uint64_t max_events, const struct event *stop);

#endif
