/* SPDX-License-Identifier: MIT */
/* The terminal below curses: modes, signals, bytes out and bytes in. For term_curses.c. UI thread
 * only, but for the handlers. */
#ifndef VIEWS_TERM_TTY_H
#define VIEWS_TERM_TTY_H

#include <stdbool.h>
#include <stddef.h>

/* Standard input and output must be a terminal. Remembers its modes, takes over the signals, and
 * stderr when that is the terminal too. NULL, or a sentence. */
const char *tty_open(void);
/* Gives everything back; what came on stderr meanwhile is shown. */
void tty_close(void);
/* The modes for a screen (no echo, byte by byte; Ctrl-C and Ctrl-Z stay signals), or those that
 * were found. */
void tty_raw(bool raw);
/* What undoes the screen, for when the program dies: copied; written by the handlers. */
void tty_on_death(const char *bytes, size_t n);

/* Sends bytes in order without ever blocking; what the terminal does not take waits. */
void tty_send(const char *bytes, size_t n);
/* Nothing waits to be sent (tries to send first, for at most timeout_ms). */
bool tty_sent(int timeout_ms);

enum tty_wake {
    TTY_INPUT = 1,
    TTY_RESIZED = 2,
    TTY_STOP = 4,      /* SIGTSTP: somebody pressed Ctrl-Z */
    TTY_CONTINUED = 8, /* SIGCONT: whoever had the terminal may have changed its modes */
    TTY_SIGNAL = 16,   /* see tty_signal() */
    TTY_GONE = 32
};
/* Waits for something, at most timeout_ms (< 0: for ever). 0: nothing came. */
unsigned tty_wait(int timeout_ms);
/* Bytes that were typed, without waiting. */
size_t tty_read(char *out, size_t size);
/* SIGTERM, SIGINT or SIGHUP that came (SIGHUP also for a terminal that has gone), or 0. */
int tty_signal(void);
void tty_size(int *w, int *h);
/* Stops the process as Ctrl-Z would; returns when it goes on. */
void tty_stop(void);

#endif
