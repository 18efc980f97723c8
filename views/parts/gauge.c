/* SPDX-License-Identifier: MIT */
/* A gauge between two posts. Whole slots when they fit, else eighths of a cell. The highest it ever
 * was stands as a thin post in the empty part, so the mark never hides the fill. */
#include "views/glyph.h"
#include "views/parts/parts.h"

static int eighths_of(double value, double cap, int cells)
{
    double e = value / cap * cells * 8;
    int n = (int)(e + 0.5);
    if (value > 0 && n < 8 && n < 1)
        n = 1; /* something is never shown as nothing … */
    if (value < cap && n >= cells * 8)
        n = cells * 8 - 1; /* … nor nearly full as full */
    return n > cells * 8 ? cells * 8 : n;
}

void draw_gauge(struct canvas *c, int x, int y, int w, double value, double high, double cap)
{
    static const uint32_t part[8] = {GL_SHADE,     GL_BLOCK_1, GL_BLOCK_2, GL_BLOCK_3,
                                     GL_HALF_LEFT, GL_BLOCK_5, GL_BLOCK_6, GL_BLOCK_7};
    if (w < 3)
        return;
    bool full = cap > 0 && value >= cap, near = cap > 0 && value >= cap * 0.8 && cap > 1;
    uint8_t style = full || near ? ST_FILL_HIGH : ST_FILL;
    canvas_put(c, x, y, GL_HALF_RIGHT, full ? style : ST_BORDER, 0);
    canvas_put(c, x + w - 1, y, GL_HALF_LEFT, full ? style : ST_BORDER, 0);
    int cells = w - 2;
    if (cap <= 0) {
        for (int i = 0; i < cells; i++)
            canvas_put(c, x + 1 + i, y, i == cells / 2 ? GL_HAND_OFF : ' ', ST_DIM, 0);
        return;
    }
    int eighths = eighths_of(value, cap, cells);
    if (c->ascii || (cap <= cells && cells % (int)cap == 0))
        eighths = (eighths + 4) / 8 * 8;
    if (c->ascii && value > 0 && eighths == 0)
        eighths = 8;
    if (c->ascii && value < cap && eighths >= cells * 8 && cells > 1)
        eighths = cells * 8 - 8;
    int whole = eighths / 8;
    for (int i = 0; i < cells; i++) {
        if (i < whole)
            canvas_put(c, x + 1 + i, y, GL_BLOCK, style, 0);
        else if (i == whole && eighths % 8)
            canvas_put(c, x + 1 + i, y, part[eighths % 8], style, 0);
        else
            canvas_put(c, x + 1 + i, y, GL_SHADE, ST_DIM, 0);
    }
    int at = high > 0 ? (eighths_of(high, cap, cells) + 7) / 8 - 1 : -1;
    if (at >= (eighths + 7) / 8 && at < cells)
        canvas_put(c, x + 1 + at, y, GL_POST, ST_MARK, 0);
}
