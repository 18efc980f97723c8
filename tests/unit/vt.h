/* SPDX-License-Identifier: MIT */
/* A terminal emulator of a hundred lines, for what our exports write and nothing else: anything it
 * does not know is an error. It shares no code with them; widths are the C library's. */
#ifndef TESTS_UNIT_VT_H
#define TESTS_UNIT_VT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { VT_BOLD = 1, VT_DIM = 2, VT_UNDERLINE = 4, VT_REVERSE = 8 };
struct vt_style {
    int fg, bg; /* -1: the terminal's own */
    unsigned attr;
};
struct vt_cell {
    wchar_t ch, mark; /* ch 0: the right half of a wide one */
    struct vt_style style;
};
struct vt {
    int w, h, x, y;
    bool cursor;
    struct vt_style style;
    struct vt_cell *cell;
    char wrong[128]; /* the first thing that was not understood, or "" */
};

static const struct vt_style vt_plain = {-1, -1, 0};

static inline void vt_erase(struct vt *t)
{
    for (int i = 0; i < t->w * t->h; i++)
        t->cell[i] = (struct vt_cell){.ch = ' ', .style = {-1, t->style.bg, 0}};
}

static inline struct vt vt_new(int w, int h)
{
    struct vt t = {.w = w, .h = h, .cursor = true, .style = vt_plain};
    t.cell = calloc((size_t)w * (size_t)h, sizeof *t.cell);
    vt_erase(&t);
    return t;
}

static inline void vt_bad(struct vt *t, const char *what, const char *at)
{
    if (!*t->wrong)
        snprintf(t->wrong, sizeof t->wrong, "%s at \"%.40s\"", what, at);
}

static inline void vt_sgr(struct vt *t, const int *n, int count)
{
    static const unsigned attr[8] = {
        [1] = VT_BOLD, [2] = VT_DIM, [4] = VT_UNDERLINE, [7] = VT_REVERSE};
    for (int i = 0; i < count; i++) {
        int base = n[i] % 10;
        if (n[i] == 0)
            t->style = vt_plain;
        else if (n[i] < 8 && attr[n[i]])
            t->style.attr |= attr[n[i]];
        else if ((n[i] == 38 || n[i] == 48) && i + 2 < count && n[i + 1] == 5) {
            *(n[i] == 38 ? &t->style.fg : &t->style.bg) = n[i + 2];
            i += 2;
        } else if (n[i] >= 30 && n[i] < 38)
            t->style.fg = base;
        else if (n[i] >= 40 && n[i] < 48)
            t->style.bg = base;
        else if (n[i] >= 90 && n[i] < 98)
            t->style.fg = base + 8;
        else if (n[i] >= 100 && n[i] < 108)
            t->style.bg = base + 8;
        else
            vt_bad(t, "an unknown attribute", "");
    }
}

/* After ESC [; the first byte after the sequence. */
static inline const char *vt_csi(struct vt *t, const char *p)
{
    const char *from = p;
    int n[16] = {0}, count = 0;
    bool private = *p == '?';
    p += private;
    for (; (*p >= '0' && *p <= '9') || *p == ';'; p++)
        if (*p == ';')
            count += count < 14;
        else
            n[count] = n[count] * 10 + *p - '0';
    count++;
    if (private && n[0] == 25 && (*p == 'h' || *p == 'l'))
        t->cursor = *p == 'h';
    else if (*p == 'm')
        vt_sgr(t, n, count);
    else if (*p == 'J' && n[0] == 2)
        vt_erase(t);
    else if (*p == 'H' && n[0] >= 1 && n[1] >= 1 && n[0] <= t->h && n[1] <= t->w)
        t->y = n[0] - 1, t->x = n[1] - 1;
    else
        vt_bad(t, "a sequence that is unknown or leads off the screen", from);
    return p + 1;
}

/* As terminals do: whoever loses half of a wide character loses the other half too. */
static inline void vt_halve(struct vt *t, int x)
{
    struct vt_cell *row = t->cell + t->y * t->w;
    if (row[x].ch == 0 && x > 0)
        row[x - 1].ch = ' ', row[x - 1].mark = 0;
    if (x + 1 < t->w && row[x + 1].ch == 0)
        row[x + 1].ch = ' ';
}

static inline void vt_print(struct vt *t, wchar_t ch, const char *at)
{
    struct vt_cell *row = t->cell + t->y * t->w;
    int width = wcwidth(ch);
    if (width == 0) {
        int x = t->x - 1;
        x -= x > 0 && row[x].ch == 0;
        if (x < 0)
            vt_bad(t, "a mark on nothing", at);
        else
            row[x].mark = ch;
        return;
    }
    if (width < 0 || t->x + width > t->w) {
        vt_bad(t, "a character that cannot be shown there", at);
        return;
    }
    for (int i = 0; i < width; i++) {
        vt_halve(t, t->x + i);
        row[t->x + i] = (struct vt_cell){.ch = i ? 0 : ch, .style = t->style};
    }
    t->x += width;
}

static inline void vt_write(struct vt *t, const char *p)
{
    const char *end = p + strlen(p);
    mbstate_t state = {0};
    while (p < end && !*t->wrong) {
        if (p[0] == '\033' && p[1] == '[') {
            p = vt_csi(t, p + 2);
        } else if (*p == '\r') {
            t->x = 0;
            p++;
        } else if (*p == '\n') {
            t->y += t->y + 1 < t->h; /* the last line of an export: what scrolls out is not asked */
            p++;
        } else {
            wchar_t ch;
            size_t n = mbrtowc(&ch, p, (size_t)(end - p), &state);
            if (n == 0 || n > 4 || ch < ' ') {
                vt_bad(t, "bytes that are no text", p);
                return;
            }
            vt_print(t, ch, p);
            p += n;
        }
    }
}

#endif
