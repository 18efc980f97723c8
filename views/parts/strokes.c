/* SPDX-License-Identifier: MIT */
/* A task's last seconds as strokes. A cell stands for a span of time and shows the state that held
 * longest in it; the window is cut at whole cells, so that strokes move left by cells and do not
 * flicker between two states as time goes on. */
#include "views/glyph.h"
#include "views/parts/parts.h"

static const struct stroke *nth(const struct task_model *t, uint32_t i)
{
    return &t->stroke[i % TIMELINE];
}

void draw_strokes(struct canvas *c, int x, int y, int w, const struct task_model *t,
                  int64_t from_ns, int64_t to_ns)
{
    if (w <= 0 || to_ns <= from_ns || !t->strokes)
        return;
    int64_t cell = (to_ns - from_ns) / w;
    if (cell < 1)
        return;
    int64_t last = (to_ns + cell - 1) / cell * cell; /* the end of the newest cell */
    uint32_t first = t->strokes > TIMELINE ? t->strokes - TIMELINE : 0;
    for (int i = w - 1; i >= 0; i--) {
        int64_t hi = last - (int64_t)(w - 1 - i) * cell, lo = hi - cell;
        if (hi > to_ns)
            hi = to_ns;
        int64_t longest = 0;
        const struct stroke *best = NULL;
        int64_t end = hi;
        for (uint32_t k = t->strokes; k-- > first;) {
            const struct stroke *s = nth(t, k);
            if (s->from_ns >= hi) {
                end = s->from_ns;
                continue;
            }
            int64_t a = s->from_ns > lo ? s->from_ns : lo, b = end < hi ? end : hi;
            if (b - a > longest || (b - a == longest && !best)) {
                longest = b - a;
                best = s;
            }
            end = s->from_ns;
            if (s->from_ns <= lo)
                break;
        }
        if (!best) {
            if (t->strokes > TIMELINE &&
                t->born_ns < lo) /* it lived, and what it did is not kept */
                canvas_put(c, x + i, y, GL_DOTS, ST_DIM, 0);
            continue;
        }
        struct state_look l = state_look(best->state, best->why);
        canvas_put(c, x + i, y, l.stroke, l.style, 0);
    }
}
