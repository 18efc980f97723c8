/* SPDX-License-Identifier: MIT */
/* The canvas. Its one difficulty are wide characters: they take two cells, the right one has ch 0.
 * Whoever overwrites one half blanks the other, so that a row always adds up to its width. */
#include "views/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "views/glyph.h"

static const struct cell blank = {.ch = ' '};

struct canvas *canvas_create(int w, int h)
{
    struct canvas *c = xcalloc(1, sizeof *c);
    canvas_resize(c, w, h);
    return c;
}

void canvas_free(struct canvas *c)
{
    if (!c)
        return;
    free(c->cell);
    free(c);
}

void canvas_resize(struct canvas *c, int w, int h)
{
    w = w < 0 ? 0 : w;
    h = h < 0 ? 0 : h;
    if (!c->cell || w * h > c->w * c->h)
        c->cell = xrealloc(c->cell, ((size_t)w * (size_t)h + 1) * sizeof *c->cell);
    c->w = w;
    c->h = h;
    canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
    c->clip = (struct rect){.w = c->w, .h = c->h};
    for (size_t i = 0, n = (size_t)c->w * (size_t)c->h; i < n; i++)
        c->cell[i] = blank;
}

struct rect canvas_clip(struct canvas *c, struct rect r)
{
    struct rect old = c->clip;
    int right = r.x + r.w, bottom = r.y + r.h;
    r.x = r.x < 0 ? 0 : r.x > c->w ? c->w : r.x;
    r.y = r.y < 0 ? 0 : r.y > c->h ? c->h : r.y;
    right = right > c->w ? c->w : right;
    bottom = bottom > c->h ? c->h : bottom;
    r.w = right > r.x ? right - r.x : 0;
    r.h = bottom > r.y ? bottom - r.y : 0;
    c->clip = r;
    return old;
}

static bool inside(const struct canvas *c, int x, int y)
{
    return x >= c->clip.x && y >= c->clip.y && x < c->clip.x + c->clip.w &&
           y < c->clip.y + c->clip.h;
}

/* Blanks the other half of a wide character that is about to lose the half at x. */
static void unpair(struct canvas *c, int x, int y)
{
    struct cell *row = c->cell + (size_t)y * (size_t)c->w;
    if (row[x].ch == 0 && x > 0)
        row[x - 1].ch = ' ', row[x - 1].mark = 0;
    if (x + 1 < c->w && row[x + 1].ch == 0)
        row[x + 1].ch = ' ';
}

static void set(struct canvas *c, int x, int y, struct cell to)
{
    struct cell *at = c->cell + (size_t)y * (size_t)c->w + (size_t)x;
    if (UNLIKELY(at->ch == 0 || (x + 1 < c->w && at[1].ch == 0)))
        unpair(c, x, y);
    *at = to;
}

/* Puts a combining mark on what stands before x. */
static void put_mark(struct canvas *c, int x, int y, uint32_t ch)
{
    /* Joiners, direction marks and variation selectors change how terminals lay out: left out. */
    if (c->ascii || ch > 0xffff || (ch >= 0x200b && ch <= 0x2064) || ch >= 0xfe00)
        return;
    x--;
    while (x > 0 && inside(c, x, y) && c->cell[(size_t)y * (size_t)c->w + (size_t)x].ch == 0)
        x--;
    if (inside(c, x, y))
        c->cell[(size_t)y * (size_t)c->w + (size_t)x].mark = (uint16_t)ch;
}

void canvas_put(struct canvas *c, int x, int y, uint32_t ch, uint8_t style, uint8_t attr)
{
    if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
        ch = '?';
    int width = ch < 0x300 ? 1 : cp_width(ch);
    if (width == 0) {
        put_mark(c, x, y, ch);
        return;
    }
    struct cell to = {.ch = ch, .style = style, .attr = attr};
    if (UNLIKELY(c->ascii) && ch >= 0x80)
        to.ch = (uint32_t)glyph_ascii(ch);
    bool left = inside(c, x, y);
    if (width == 1) {
        if (left)
            set(c, x, y, to);
        return;
    }
    bool right = inside(c, x + 1, y);
    if (left && right && !c->ascii) {
        set(c, x + 1, y, blank);
        set(c, x, y, to);
        c->cell[(size_t)y * (size_t)c->w + (size_t)x + 1] =
            (struct cell){.ch = 0, .style = style, .attr = attr};
        return;
    }
    if (!c->ascii)
        to.ch = ' '; /* half of it does not fit */
    if (left)
        set(c, x, y, to);
    if (right)
        set(c, x + 1, y, to);
}

/* The ASCII that text begins with, quickly: halves of wide characters are lost at its ends only.
 * Returns how many bytes that were. */
static size_t put_ascii(struct canvas *c, int x, int y, struct cell to, const char *text)
{
    int n = 0;
    while (text[n] >= ' ' && text[n] < 0x7f)
        n++;
    int left = c->clip.x, right = c->clip.x + c->clip.w;
    int from = x > left ? x : left, end = x + n < right ? x + n : right;
    if (from >= end || y < c->clip.y || y >= c->clip.y + c->clip.h)
        return (size_t)n;
    unpair(c, from, y);
    unpair(c, end - 1, y);
    struct cell *row = c->cell + (size_t)y * (size_t)c->w;
    for (int at = from; at < end; at++) {
        to.ch = (uint32_t)text[at - x];
        row[at] = to;
    }
    return (size_t)n;
}

int canvas_text(struct canvas *c, int x, int y, uint8_t style, uint8_t attr, const char *text)
{
    size_t ascii = put_ascii(c, x, y, (struct cell){.style = style, .attr = attr}, text);
    x += (int)ascii;
    text += ascii;
    if (!*text)
        return x;
    const char *end = text + strlen(text);
    while (text < end) {
        uint32_t ch;
        text += utf8_decode(text, end, &ch);
        canvas_put(c, x, y, ch, style, attr);
        x += ch < 0x300 ? 1 : cp_width(ch);
    }
    return x;
}

int canvas_textf(struct canvas *c, int x, int y, uint8_t style, uint8_t attr, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return canvas_text(c, x, y, style, attr, text);
}

int canvas_text_cut(struct canvas *c, int x, int y, int w, uint8_t style, uint8_t attr,
                    const char *text)
{
    if (w <= 0)
        return x;
    int right = x + w;
    bool fits = utf8_width(text) <= w;
    const char *end = text + strlen(text);
    while (text < end) {
        uint32_t ch;
        text += utf8_decode(text, end, &ch);
        int width = ch < 0x300 ? 1 : cp_width(ch);
        if (!fits && x + width > right - 1 && width) {
            canvas_put(c, x, y, GL_ELLIPSIS, style, attr);
            return x + 1;
        }
        canvas_put(c, x, y, ch, style, attr);
        x += width;
    }
    return x;
}

void canvas_fill(struct canvas *c, struct rect r, uint32_t ch, uint8_t style, uint8_t attr)
{
    int step = cp_width(ch) == 2 ? 2 : 1;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x += step)
            canvas_put(c, x, y, ch, style, attr);
}

void canvas_dump(const struct canvas *c, struct str *out)
{
    for (int y = 0; y < c->h; y++) {
        const struct cell *row = c->cell + (size_t)y * (size_t)c->w;
        int w = c->w;
        while (w > 0 && row[w - 1].ch == ' ' && !row[w - 1].mark)
            w--;
        for (int x = 0; x < w; x++) {
            char bytes[4];
            if (row[x].ch)
                str_addn(out, bytes, utf8_encode(row[x].ch, bytes));
            if (row[x].mark)
                str_addn(out, bytes, utf8_encode(row[x].mark, bytes));
        }
        str_addc(out, '\n');
    }
}

bool canvas_equal(const struct canvas *a, const struct canvas *b)
{
    return a->w == b->w && a->h == b->h &&
           (a->w == 0 || a->h == 0 ||
            !memcmp(a->cell, b->cell, (size_t)a->w * (size_t)a->h * sizeof *a->cell));
}
