/* SPDX-License-Identifier: MIT */
/* Frames, right-aligned and wrapped text, and lists that scroll. */
#include <string.h>

#include "base/str.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

void draw_box(struct canvas *c, struct rect r, const char *title, bool chosen)
{
    if (r.w < 2 || r.h < 2)
        return;
    static const uint32_t thin[6] = {GL_CORNER_TL, GL_CORNER_TR, GL_CORNER_BL,
                                     GL_CORNER_BR, GL_LINE,      GL_POST};
    static const uint32_t heavy[6] = {GL_CORNER_TL_HEAVY, GL_CORNER_TR_HEAVY, GL_CORNER_BL_HEAVY,
                                      GL_CORNER_BR_HEAVY, GL_LINE_HEAVY,      GL_POST_HEAVY};
    const uint32_t *g = chosen ? heavy : thin;
    uint8_t style = chosen ? ST_FOCUS : ST_BORDER;
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    for (int x = r.x + 1; x < right; x++) {
        canvas_put(c, x, r.y, g[4], style, 0);
        canvas_put(c, x, bottom, g[4], style, 0);
    }
    for (int y = r.y + 1; y < bottom; y++) {
        canvas_put(c, r.x, y, g[5], style, 0);
        canvas_put(c, right, y, g[5], style, 0);
    }
    canvas_put(c, r.x, r.y, g[0], style, 0);
    canvas_put(c, right, r.y, g[1], style, 0);
    canvas_put(c, r.x, bottom, g[2], style, 0);
    canvas_put(c, right, bottom, g[3], style, 0);
    if (!title || r.w < 6)
        return;
    canvas_put(c, r.x + 1, r.y, ' ', style, 0);
    int x = canvas_text_cut(c, r.x + 2, r.y, r.w - 5, chosen ? ST_FOCUS : ST_TITLE, 0, title);
    canvas_put(c, x, r.y, ' ', style, 0);
}

void draw_chosen(struct canvas *c, int x, int y, bool chosen)
{
    if (chosen)
        canvas_put(c, x, y, GL_CHOSEN, ST_MARK, 0);
}

int draw_right(struct canvas *c, int x, int right, int y, uint8_t style, uint8_t attr,
               const char *text)
{
    int at = right - utf8_width(text);
    if (at < x)
        return right;
    canvas_text(c, at, y, style, attr, text);
    return at;
}

/* The bytes of the next line of at most w cells from p; *next is where the one after begins. */
static size_t wrap_line(const char *p, int w, const char **next)
{
    const char *end = p + strcspn(p, "\n"), *at = p, *gap = NULL;
    int cells = 0;
    while (at < end) {
        uint32_t ch;
        size_t n = utf8_decode(at, end, &ch);
        int width = cp_width(ch);
        if (cells + width > w && at > p)
            break;
        if (ch == ' ')
            gap = at;
        cells += width;
        at += n;
    }
    if (at == end) {
        *next = *end ? end + 1 : end;
        return (size_t)(end - p);
    }
    if (*at == ' ')
        gap = at;
    if (gap && gap > p) {
        *next = gap + 1;
        return (size_t)(gap - p);
    }
    *next = at;
    return (size_t)(at - p);
}

static int text_n(struct canvas *c, int x, int y, uint8_t style, const char *text, size_t n)
{
    char bytes[2048];
    n = n < sizeof bytes - 1 ? n : sizeof bytes - 1;
    memcpy(bytes, text, n);
    bytes[n] = '\0';
    return canvas_text(c, x, y, style, 0, bytes);
}

int draw_wrapped(struct canvas *c, struct rect r, int skip, uint8_t style, const char *text)
{
    int line = 0;
    if (r.w < 1)
        return 0;
    while (*text) {
        const char *next;
        size_t n = wrap_line(text, r.w, &next);
        if (c && line >= skip && line - skip < r.h)
            text_n(c, r.x, r.y + line - skip, style, text, n);
        line++;
        text = next;
    }
    return line;
}

int draw_wrapped_cut(struct canvas *c, struct rect r, uint8_t style, const char *text)
{
    const char *next;
    int x = r.x;
    for (int line = 0; line < r.h && *text; line++, text = next) {
        size_t n = wrap_line(text, r.w, &next);
        bool cut = line == r.h - 1 && *next;
        if (cut)
            n = wrap_line(text, r.w - 1, &next);
        x = text_n(c, r.x, r.y + line, style, text, n);
        if (cut)
            canvas_put(c, x++, r.y + line, GL_ELLIPSIS, style, 0);
    }
    return x;
}

int list_first(struct view_state *state, int n, int h)
{
    if (state->chosen >= n)
        state->chosen = n - 1;
    if (state->chosen < 0)
        state->chosen = 0;
    if (h < 1)
        return 0;
    if (state->scroll > state->chosen)
        state->scroll = state->chosen;
    if (state->scroll < state->chosen - h + 1)
        state->scroll = state->chosen - h + 1;
    if (state->scroll > n - h)
        state->scroll = n - h;
    if (state->scroll < 0)
        state->scroll = 0;
    return state->scroll;
}

void list_marks(struct canvas *c, struct rect r, int first, int n)
{
    if (first > 0)
        canvas_put(c, r.x + r.w - 1, r.y, GL_UP_MARK, ST_MARK, 0);
    if (first + r.h < n)
        canvas_put(c, r.x + r.w - 1, r.y + r.h - 1, GL_DOWN_MARK, ST_MARK, 0);
}
