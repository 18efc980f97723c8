/* SPDX-License-Identifier: MIT */
/* A histogram of durations. The axis is logarithmic, since latencies spread over decades: column i
 * of w ends at min * (max/min)^(i/w). The library's log and pow differ between machines, so the
 * octaves of the buckets themselves are the axis: a bucket's index is nearly linear in the
 * logarithm. */
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { COLUMNS = 256 };

void draw_histogram(struct canvas *c, struct rect r, const struct hist *h, uint8_t style)
{
    if (!h->count || r.w < 1 || r.h < 1)
        return;
    int w = r.w < COLUMNS ? r.w : COLUMNS;
    unsigned from = hist_index(h->min), to = hist_index(h->max) + 1;
    uint64_t column[COLUMNS] = {0}, most = 1;
    if (to - from < (unsigned)w) { /* fewer buckets than columns: widen both ways */
        unsigned more = (unsigned)w - (to - from);
        from = from > more / 2 ? from - more / 2 : 0;
        to = from + (unsigned)w;
    }
    for (unsigned i = from; i < to && i < ARRAY_LEN(h->bucket); i++)
        if (h->bucket[i])
            column[(uint64_t)(i - from) * (unsigned)w / (to - from)] += h->bucket[i];
    for (int i = 0; i < w; i++)
        most = column[i] > most ? column[i] : most;
    for (int i = 0; i < w; i++) {
        int level = (int)((column[i] * (uint64_t)r.h * 8 + most - 1) / most);
        for (int y = 0; y < r.h; y++) {
            int part = level - (r.h - 1 - y) * 8;
            if (part > 0)
                canvas_put(c, r.x + i, r.y + y, GL_BAR_1 + (uint32_t)(part > 8 ? 8 : part) - 1,
                           style, 0);
            else if (y == r.h - 1)
                canvas_put(c, r.x + i, r.y + y, GL_BAR_1, ST_DIM, CELL_DIM);
        }
    }
}
