/* SPDX-License-Identifier: MIT */
/* Themes: what a role looks like. Built-in ones are rows of data; all keep glyph + word besides
 * colour, so `mono` shows the same facts. Okabe-Ito colours, mapped to 256, 16 and 8 colours. */
#ifndef VIEWS_THEME_H
#define VIEWS_THEME_H

#include "views/canvas.h"

struct theme_style {
    int16_t fg, bg; /* xterm-256 number, -1 = the terminal's own */
    uint8_t attr;   /* CELL_* */
};
struct theme {
    const char *name, *help;
    struct theme_style style[ST_COUNT];
    uint32_t fg_rgb, bg_rgb; /* for pictures */
};
extern const struct theme themes[];
extern const size_t themes_n;
const struct theme *theme_find(const char *name);
/* The style of a cell in a terminal of `colors` (0, 8, 16, 256) colours. */
struct theme_style theme_style(const struct theme *t, uint8_t role, uint8_t attr, int colors);
uint32_t theme_rgb(int color256); /* 0xRRGGBB */

#endif
