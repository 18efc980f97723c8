/* SPDX-License-Identifier: MIT */
/* Only what differs is written, in runs: a short stretch of equal cells between two runs costs
 * less than moving the cursor over it.
 *
 * Terminals do not agree on how wide each character is. So the cursor is put in its place again
 * after every wide and every combined one; a wrong guess then spoils one cell, not a line. */
#include "export/ansi.h"

#include <string.h>

enum { GAP = 4 };

static bool same_cell(const struct canvas *shown, const struct canvas *next, int i)
{
    return shown && memcmp(&shown->cell[i], &next->cell[i], sizeof *next->cell) == 0;
}

static bool same_style(struct theme_style a, struct theme_style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

static void color(struct str *out, int n, int base)
{
    if (n >= 0 && n < 8)
        str_addf(out, ";%d", base + n);
    else if (n >= 8 && n < 16)
        str_addf(out, ";%d", base + 60 + n - 8);
    else if (n >= 16)
        str_addf(out, ";%d;5;%d", base + 8, n);
}

static void style(struct str *out, struct theme_style s)
{
    str_add(out, "\033[0");
    if (s.attr & CELL_BOLD)
        str_add(out, ";1");
    if (s.attr & CELL_DIM)
        str_add(out, ";2");
    if (s.attr & CELL_UNDERLINE)
        str_add(out, ";4");
    if (s.attr & CELL_REVERSE)
        str_add(out, ";7");
    color(out, s.fg, 30);
    color(out, s.bg, 40);
    str_addc(out, 'm');
}

static void put(struct str *out, const struct cell *c)
{
    char bytes[4];
    str_addn(out, bytes, utf8_encode(c->ch, bytes));
    if (c->mark)
        str_addn(out, bytes, utf8_encode(c->mark, bytes));
}

/* The end of the run that begins at x: before GAP equal cells or the end of the line. */
static int run_end(const struct canvas *shown, const struct canvas *next, int y, int x)
{
    int end = x, equal = 0;
    for (; x < next->w && equal <= GAP; x++) {
        equal = same_cell(shown, next, y * next->w + x) ? equal + 1 : 0;
        if (!equal)
            end = x + 1;
    }
    return end;
}

static void go(struct str *out, int x, int y)
{
    str_addf(out, "\033[%d;%dH", y + 1, x + 1);
}

void ansi_diff(const struct canvas *shown, const struct canvas *next, const struct theme *t,
               struct str *out)
{
    struct theme_style now = {.fg = -1, .bg = -1};
    const struct theme_style plain = now;
    for (int y = 0; y < next->h; y++)
        for (int x = 0; x < next->w; x++) {
            const struct cell *row = &next->cell[y * next->w];
            if (same_cell(shown, next, y * next->w + x))
                continue;
            if (!row[x].ch && x) /* the right half alone cannot be written */
                x--;
            int end = run_end(shown, next, y, x);
            bool placed = false;
            for (; x < end; x++) {
                if (!row[x].ch)
                    continue;
                struct theme_style s = theme_style(t, row[x].style, row[x].attr, 256);
                if (!placed)
                    go(out, x, y);
                if (!same_style(s, now))
                    style(out, s);
                now = s;
                put(out, &row[x]);
                placed = !row[x].mark && x + 1 < next->w && row[x + 1].ch;
            }
            x--;
        }
    if (!same_style(now, plain))
        str_add(out, "\033[0m");
}
