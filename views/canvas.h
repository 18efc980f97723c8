/* SPDX-License-Identifier: MIT */
/* The canvas: a grid of cells that views draw on. No terminal here.
 *
 * Drawing outside of the clip rectangle does nothing, so views need not care about sizes. A style
 * is a role of the theme (theme.h), not a colour. */
#ifndef VIEWS_CANVAS_H
#define VIEWS_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

struct str;

/* What a cell means; themes turn it into colours and attributes. One row each in roles.def. */
enum role_style {
#define ROLE(id, ...) ST_##id,
#include "views/roles.def"
#undef ROLE
    ST_COUNT
};
enum { CELL_BOLD = 1, CELL_REVERSE = 2, CELL_UNDERLINE = 4, CELL_DIM = 8 };

struct cell {
    uint32_t ch; /* code point; 0 = the right half of a wide one */
    uint8_t style;
    uint8_t attr;
    uint16_t mark; /* a combining mark on it (BMP), or 0 */
};
_Static_assert(sizeof(struct cell) == 8, "a cell is 8 bytes");

struct rect {
    int x, y, w, h;
};
struct canvas {
    int w, h;
    struct cell *cell; /* w * h, row by row */
    struct rect clip;
    bool ascii; /* glyphs are drawn from the ASCII set (glyph.h) */
};

struct canvas *canvas_create(int w, int h);
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int w, int h); /* clears */
void canvas_clear(struct canvas *c);
/* Sets the clip rectangle (within the canvas); returns the old one. */
struct rect canvas_clip(struct canvas *c, struct rect r);
void canvas_put(struct canvas *c, int x, int y, uint32_t ch, uint8_t style, uint8_t attr);
/* UTF-8 text from x on; returns the x after it. Control characters become '?'. */
int canvas_text(struct canvas *c, int x, int y, uint8_t style, uint8_t attr, const char *text);
PRINTF(6, 7)
int canvas_textf(struct canvas *c, int x, int y, uint8_t style, uint8_t attr, const char *fmt, ...);
/* At most w cells, cut with '…' ('~' in ASCII). */
int canvas_text_cut(struct canvas *c, int x, int y, int w, uint8_t style, uint8_t attr,
                    const char *text);
void canvas_fill(struct canvas *c, struct rect r, uint32_t ch, uint8_t style, uint8_t attr);
/* The text of the canvas: h lines, trailing spaces cut, each with a line end. */
void canvas_dump(const struct canvas *c, struct str *out);
bool canvas_equal(const struct canvas *a, const struct canvas *b);

#endif
