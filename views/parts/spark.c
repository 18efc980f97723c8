/* SPDX-License-Identifier: MIT */
/* Histories as sparklines and Braille. Where samples are more than cells, a cell shows the highest
 * of its own: a peak is what one looks for, and a mean would hide it. */
#include "views/glyph.h"
#include "views/parts/parts.h"

double history_max(const struct history *h)
{
    double max = 0;
    for (uint32_t i = 0; i < h->n && i < HISTORY; i++)
        if ((double)h->sample[i] > max)
            max = (double)h->sample[i];
    return max;
}

/* The peak of column i of `columns`, newest at the right; -1: before the beginning. */
static double column(const struct history *h, int i, int columns)
{
    int n = (int)h->n < HISTORY ? (int)h->n : HISTORY;
    if (n <= columns) {
        int at = i - (columns - n);
        return at < 0 ? -1 : (double)h->sample[at];
    }
    int from = (int)((int64_t)i * n / columns), to = (int)((int64_t)(i + 1) * n / columns);
    double peak = 0;
    for (int k = from; k < to; k++)
        if ((double)h->sample[k] > peak)
            peak = (double)h->sample[k];
    return peak;
}

static int level_of(double v, double max, int levels)
{
    if (v <= 0 || max <= 0)
        return 0;
    int n = (int)(v / max * levels + 0.5);
    return n < 1 ? 1 : n > levels ? levels : n;
}

void draw_spark(struct canvas *c, int x, int y, int w, const struct history *h, double max,
                uint8_t style)
{
    if (max <= 0)
        max = history_max(h);
    for (int i = 0; i < w; i++) {
        double v = column(h, i, w);
        if (v < 0)
            continue;
        int level = level_of(v, max, 8);
        canvas_put(c, x + i, y, level ? GL_BAR_1 + (uint32_t)level - 1 : GL_BAR_1,
                   level ? style : ST_DIM, 0);
    }
}

void draw_braille(struct canvas *c, struct rect r, const struct history *h, double max,
                  uint8_t style)
{
    /* Dots from the bottom up, left and right column of a cell. */
    static const uint8_t dots[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    if (max <= 0)
        max = history_max(h);
    if (c->ascii && r.h == 1) {
        draw_spark(c, r.x, r.y, r.w, h, max, style);
        return;
    }
    for (int x = 0; x < r.w; x++) {
        double left = column(h, 2 * x, 2 * r.w), right = column(h, 2 * x + 1, 2 * r.w);
        if (left < 0 && right < 0)
            continue;
        int level[2] = {level_of(left, max, 4 * r.h), level_of(right, max, 4 * r.h)};
        for (int y = 0; y < r.h; y++) {
            uint32_t bits = 0;
            for (int side = 0; side < 2; side++)
                for (int dot = 0; dot < 4; dot++)
                    if (level[side] > (r.h - 1 - y) * 4 + dot)
                        bits |= dots[side][dot];
            if (bits)
                canvas_put(c, r.x + x, r.y + y, 0x2800 + bits, style, 0);
            else if (y == r.h - 1) /* the ground line: there was time, and it was nothing */
                canvas_put(c, r.x + x, r.y + y, 0x28c0, ST_DIM, CELL_DIM);
        }
    }
}
