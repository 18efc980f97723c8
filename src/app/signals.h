/* SPDX-License-Identifier: MIT */
/* Signals that end a run without a terminal: it ends as if it were stopped, files are closed, and
 * then the program dies by the signal, so that a shell sees it. */
#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

/* From now on INT, TERM, HUP and PIPE are only noted; a second one kills at once. */
void signals_note(void);
/* The signal that came, or 0. */
int signals_came(void);
/* Dies by it; returns when none came. */
void signals_die(void);

#endif
