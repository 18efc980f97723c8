/* SPDX-License-Identifier: MIT */
/* The terminal: the only door to curses. UI thread only. */
#ifndef VIEWS_TERM_H
#define VIEWS_TERM_H

#include "views/theme.h"

struct term_options {
    int colors; /* -1 = as the terminal says; 0, 8, 16, 256 */
    bool ascii; /* force ASCII */
    bool mouse;
    int escape_ms; /* how long a lone ESC waits for a sequence: 25 */
};
struct term_event {
    /* enum key (control/keycode.h) or a code point; PK_NONE: nothing; PK_RESIZE: the size changed,
     * or the screen came back. 26 (Ctrl-Z, also for a SIGTSTP): the caller stops its clocks, calls
     * term_suspend(), and starts them again. */
    uint32_t key;
    int mouse_x, mouse_y; /* >= 0: a click or wheel there */
    int wheel;
};
/* Sets the locale (C.UTF-8 when LC_ALL, LC_CTYPE and LANG are all unset), opens the screen,
 * installs the restore hook for crashes. NULL, or a sentence (not a terminal; TERM unknown). */
const char *term_open(const struct term_options *o);
void term_close(void); /* idempotent; the terminal is as it was found */
bool term_ascii(void);
int term_colors(void);
void term_size(int *w, int *h);
/* Shows the canvas: only what changed since the last is written. Never blocks. False: the terminal
 * does not take it now (the frame is skipped) or has gone. */
bool term_show(const struct canvas *c, const struct theme *t);
void term_redraw(void); /* the next show paints everything */
/* Waits up to timeout_ms for input. False: the terminal has gone. */
bool term_read(struct term_event *e, int timeout_ms);
/* Restores the terminal, stops the process, returns after SIGCONT with everything to be redrawn. */
void term_suspend(void);
/* SIGTERM, SIGINT, SIGHUP that came, or 0. Also set by a vanished terminal (SIGHUP). */
int term_signal(void);

#endif
