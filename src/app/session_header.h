/* SPDX-License-Identifier: MIT */
/* The header of a session: what it takes to execute the run again. For `run --record` and for the
 * screen alike. */
#ifndef APP_SESSION_HEADER_H
#define APP_SESSION_HEADER_H

#include "app/engine.h"
#include "session/psr.h"

struct session_header {
    struct psr_header header; /* points into what follows and into the scenario */
    char *id, *options, *trace;
};
/* sets: the --set options the scenario was read with, NULL-terminated or NULL. Reads the trace, if
 * there is one. The scenario must outlive it. */
void session_header_make(struct session_header *h, const struct engine_config *c,
                         const char *const *sets);
/* The player is to show the events from that one on a few at a time. */
void session_header_slow(struct session_header *h, uint64_t from_event);
void session_header_free(struct session_header *h);

/* The "set" lines of a header's options as sets for scenario_parse(): NULL-terminated, pointing
 * into *copy; both are malloc'ed. */
const char **session_header_sets(const struct psr_header *h, char **copy);
/* Did the cues of that session happen? */
bool session_header_cues(const struct psr_header *h);

/* From which event on it is to be shown slowly; UINT64_MAX: none. */
uint64_t session_header_slow_from(const struct psr_header *h);

#endif
