/* SPDX-License-Identifier: MIT */
/* From one frame to the next: the bytes that turn what a terminal shows into a canvas. No terminal
 * and no curses here; term_curses.c says what its strings are. */
#ifndef VIEWS_TERM_PAINT_H
#define VIEWS_TERM_PAINT_H

#include "base/str.h"
#include "views/canvas.h"

enum { PAINT_ATTRS = 16, PAINT_LOOK = 96 };
struct paint {
    /* Appends the bytes that put the cursor there. */
    void (*place)(struct str *out, int x, int y);
    /* What switches to the style of a role with an attribute, from whatever was before. */
    struct paint_look {
        char bytes[PAINT_LOOK];
        size_t n;
    } look[ST_COUNT][PAINT_ATTRS];
    struct str clear;     /* an empty screen in the plain style, cursor at its upper left */
    bool corner;          /* a character in the lower right corner does not scroll the screen */
    struct canvas *shown; /* what the terminal shows; NULL: not known. Owned */
    int x, y, style;      /* where the cursor stands and which look is on; -1: not known */
};
/* Appends what is needed to show c, and takes it as shown. Nothing is appended when it is shown
 * already. `all`: the terminal may show anything. */
void paint_frame(struct paint *p, const struct canvas *c, bool all, struct str *out);
void paint_free(struct paint *p);

#endif
