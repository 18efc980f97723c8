/* SPDX-License-Identifier: MIT */
/* What became of a limiter's or a breaker's requests as one stacked bar. Shares are rounded by the
 * largest rest, so that they fill the bar, and what has happened at all has a cell if there is one.
 */
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { PARTS = 5 };

static void shares(const uint64_t n[PARTS], int w, int out[PARTS])
{
    double total = 0, rest[PARTS];
    int used = 0;
    for (int i = 0; i < PARTS; i++)
        total += (double)n[i];
    for (int i = 0; i < PARTS; i++) {
        double share = total > 0 ? (double)n[i] / total * w : 0;
        out[i] = (int)share;
        if (n[i] && !out[i])
            out[i] = 1;
        rest[i] = share - out[i];
        used += out[i];
    }
    while (total > 0 && used != w) {
        int step = used < w ? 1 : -1, best = -1;
        for (int i = 0; i < PARTS; i++)
            if (n[i] && (step > 0 || out[i] > 1) &&
                (best < 0 || (step > 0 ? rest[i] > rest[best] : rest[i] < rest[best])))
                best = i;
        if (best < 0)
            return;
        out[best] += step;
        rest[best] -= step;
        used += step;
    }
}

void draw_outcomes(struct canvas *c, int x, int y, int w, const struct object_model *o,
                   const struct limiter_model *l)
{
    static const struct {
        uint32_t glyph;
        uint8_t style;
    } looks[PARTS] = {{GL_BLOCK, ST_RUNNING},
                      {GL_BAR_5, ST_WAITING},
                      {GL_CROSS, ST_BAD},
                      {GL_HOLLOW, ST_WARN},
                      {GL_DASHES, ST_DIM}};
    uint64_t in = o->ops[ADMIT_OK], waited = l ? l->waited : 0;
    uint64_t n[PARTS] = {in > waited ? in - waited : 0, waited,
                         o->ops[ADMIT_LIMITED] + o->ops[ADMIT_OPEN],
                         o->ops[ADMIT_FULL] + o->ops[ADMIT_HALF_OPEN],
                         o->ops[ADMIT_TIMEOUT] + o->ops[ADMIT_CANCELLED] + o->ops[ADMIT_UNREACHED]};
    int cells[PARTS];
    if (w < PARTS)
        return;
    shares(n, w, cells);
    for (int i = 0; i < PARTS; i++)
        for (int k = 0; k < cells[i]; k++)
            canvas_put(c, x++, y, looks[i].glyph, looks[i].style, 0);
}
