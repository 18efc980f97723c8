/* SPDX-License-Identifier: MIT */
/* Only runs of cells that differ are written: a cell costs a byte, a movement of the cursor about
 * eight, so a run goes on over a few equal cells. A style is switched only where it changes.
 *
 * Terminals do not agree on how wide each character is. After a wide or combined one the cursor is
 * put in its place again, so that a wrong guess spoils one cell and not the line. Behind the last
 * column it may stand in two places: there, too. */
#include "views/term_paint.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 6 };

static bool same(const struct cell *a, const struct cell *b)
{
    return !memcmp(a, b, sizeof *a);
}

static void place(struct paint *p, int x, int y, struct str *out)
{
    if (p->y != y || p->x != x)
        p->place(out, x, y);
    p->x = x;
    p->y = y;
}

static void switch_to(struct paint *p, int style, struct str *out)
{
    if (style == p->style)
        return;
    const struct paint_look *l = &p->look[style / PAINT_ATTRS][style % PAINT_ATTRS];
    str_addn(out, l->bytes, l->n);
    p->style = style;
}

static int style_of(const struct cell *c)
{
    return (c->style < ST_COUNT ? c->style : ST_NORMAL) * PAINT_ATTRS + c->attr % PAINT_ATTRS;
}

/* The cells from x on that have one style. Returns the first that has not. */
static int put_alike(struct paint *p, const struct cell *row, int x, int end, int y,
                     struct str *out)
{
    char bytes[1024];
    size_t n = 0;
    int style = style_of(&row[x]);
    place(p, x, y, out);
    switch_to(p, style, out);
    for (; x < end && n + 16 < sizeof bytes && style_of(&row[x]) == style; x++) {
        const struct cell *c = &row[x];
        if (LIKELY(c->ch < 0x80 && c->ch && !c->mark)) {
            bytes[n++] = (char)c->ch;
            continue;
        }
        if (!c->ch)
            continue; /* the right half came with the left */
        n += utf8_encode(c->ch, bytes + n);
        if (c->mark)
            n += utf8_encode(c->mark, bytes + n);
        if (c->mark || (c->ch >= 0x300 && cp_width(c->ch) != 1)) {
            for (x++; x < end && !row[x].ch; x++)
                ;
            p->x = -1;
            str_addn(out, bytes, n);
            return x;
        }
    }
    str_addn(out, bytes, n);
    p->x = x;
    return x;
}

static void put_row(struct paint *p, const struct cell *row, const struct cell *old, int w, int y,
                    struct str *out)
{
    for (int x = 0; x < w;) {
        if (same(&row[x], &old[x])) {
            x++;
            continue;
        }
        int from = x, end = x;
        for (; x < w && x - end <= GAP; x++)
            if (!same(&row[x], &old[x]))
                end = x + 1;
        if (from > 0 && !row[from].ch) /* a right half is written with its left one */
            from--;
        for (x = from; x < end;)
            x = put_alike(p, row, x, end, y, out);
        if (x >= w)
            p->x = -1;
    }
}

void paint_frame(struct paint *p, const struct canvas *c, bool all, struct str *out)
{
    if (!p->shown) {
        p->shown = canvas_create(c->w, c->h);
        all = true;
    }
    if (all || p->shown->w != c->w || p->shown->h != c->h) {
        canvas_resize(p->shown, c->w, c->h);
        /* A theme may have a ground of its own: no cell is as it should be. */
        memset(p->shown->cell, 0xff, (size_t)c->w * (size_t)c->h * sizeof *p->shown->cell);
        str_addn(out, p->clear.data, p->clear.len);
        p->x = p->y = 0;
        p->style = -1;
    }
    for (int y = 0; y < c->h; y++) {
        const struct cell *row = c->cell + (size_t)y * (size_t)c->w;
        struct cell *old = p->shown->cell + (size_t)y * (size_t)c->w;
        if (!memcmp(row, old, (size_t)c->w * sizeof *row))
            continue;
        put_row(p, row, old, c->w - (y == c->h - 1 && !p->corner), y, out);
        memcpy(old, row, (size_t)c->w * sizeof *row);
    }
}

void paint_free(struct paint *p)
{
    canvas_free(p->shown);
    str_free(&p->clear);
    p->shown = NULL;
}
