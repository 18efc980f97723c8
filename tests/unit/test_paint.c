/* SPDX-License-Identifier: MIT */
/* From frame to frame: a small terminal reads what was painted, and must end up with the canvas.
 * Its strings are made up here, each as plain as it can be. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "views/term_paint.h"

enum { MOST_W = 40, MOST_H = 12 };

/* <y,x> goes there, {style} switches, # clears; everything else is shown. */
static void place(struct str *out, int x, int y)
{
    str_addf(out, "<%d,%d>", y, x);
}

static void make(struct paint *p)
{
    *p = (struct paint){.place = place, .corner = true};
    str_add(&p->clear, "#");
    for (int role = 0; role < ST_COUNT; role++)
        for (int attr = 0; attr < PAINT_ATTRS; attr++) {
            struct paint_look *l = &p->look[role][attr];
            l->n = (size_t)snprintf(l->bytes, sizeof l->bytes, "{%d}", role * PAINT_ATTRS + attr);
        }
}

struct screen {
    int w, h, x, y, style;
    struct cell cell[MOST_H][MOST_W];
};

static void show(struct screen *t, uint32_t ch)
{
    int width = cp_width(ch);
    if (width == 0) {
        int x = t->x - 1;
        while (x > 0 && !t->cell[t->y][x].ch)
            x--;
        t->cell[t->y][x].mark = (uint16_t)ch;
        return;
    }
    cr_assert(t->x + width <= t->w, "beyond the edge");
    struct cell c = {.ch = ch,
                     .style = (uint8_t)(t->style / PAINT_ATTRS),
                     .attr = (uint8_t)(t->style % PAINT_ATTRS)};
    t->cell[t->y][t->x++] = c;
    c.ch = 0;
    if (width == 2)
        t->cell[t->y][t->x++] = c;
}

static void read_bytes(struct screen *t, const char *p)
{
    const char *end = p + strlen(p);
    while (p < end) {
        char *after;
        if (*p == '#') {
            memset(t->cell, 0, sizeof t->cell);
            t->x = t->y = 0;
            p++;
        } else if (*p == '<') {
            t->y = (int)strtol(p + 1, &after, 10);
            t->x = (int)strtol(after + 1, &after, 10);
            p = after + 1;
        } else if (*p == '{') {
            t->style = (int)strtol(p + 1, &after, 10);
            p = after + 1;
        } else {
            uint32_t ch;
            p += utf8_decode(p, end, &ch);
            show(t, ch);
        }
    }
}

static void same(const struct screen *t, const struct canvas *c, int round)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            const struct cell *want = &c->cell[y * c->w + x], *got = &t->cell[y][x];
            cr_assert(want->ch == got->ch && want->mark == got->mark &&
                          (want->style == got->style && want->attr == got->attr),
                      "round %d, column %d, row %d: U+%04X instead of U+%04X", round, x, y,
                      (unsigned)got->ch, (unsigned)want->ch);
        }
}

/* Characters of all widths, in clumps, so that halves are overwritten and runs begin inside. */
static void scribble(struct canvas *c, struct rng *r)
{
    static const char *const words[] = {"a",  "word words", "━━▶", "漢字", "e\xcc\x81te\xcc\x81",
                                        "  ", "漢a字b"};
    int n = (int)rng_below(r, 6);
    for (int i = 0; i < n; i++)
        canvas_text(c, (int)rng_below(r, (uint32_t)c->w + 4) - 4, (int)rng_below(r, (uint32_t)c->h),
                    (uint8_t)rng_below(r, 3), (uint8_t)rng_below(r, 2),
                    words[rng_below(r, ARRAY_LEN(words))]);
}

Test(paint, any_frame_after_any_other)
{
    static const struct {
        int w, h;
    } sizes[] = {{40, 12}, {7, 3}, {1, 1}, {2, 12}};
    struct rng r;
    rng_init(&r, 7, "paint");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct paint p;
        struct screen t = {.w = sizes[i].w, .h = sizes[i].h};
        struct canvas *c = canvas_create(sizes[i].w, sizes[i].h);
        make(&p);
        for (int round = 0; round < 2000; round++) {
            struct str bytes = {0};
            if (round % 50 == 0)
                canvas_clear(c);
            scribble(c, &r);
            paint_frame(&p, c, round % 97 == 0, &bytes);
            if (bytes.len)
                read_bytes(&t, bytes.data);
            same(&t, c, round);
            str_free(&bytes);
        }
        paint_free(&p);
        canvas_free(c);
    }
}

Test(paint, the_same_again_is_nothing)
{
    struct paint p;
    struct canvas *c = canvas_create(30, 5);
    struct str bytes = {0};
    make(&p);
    canvas_text(c, 2, 1, ST_BAD, 0, "something 漢 wide");
    paint_frame(&p, c, true, &bytes);
    cr_assert(bytes.len > 0);
    str_clear(&bytes);
    paint_frame(&p, c, false, &bytes);
    cr_assert_eq(bytes.len, 0UL);
    canvas_put(c, 4, 1, 'X', ST_BAD, 0);
    paint_frame(&p, c, false, &bytes);
    char want[32];
    snprintf(want, sizeof want, "<1,4>{%d}X", ST_BAD * PAINT_ATTRS);
    cr_assert_str_eq(bytes.data, want);
    str_clear(&bytes);
    canvas_put(c, 7, 1, 'Y', ST_BAD, 0);
    paint_frame(&p, c, false, &bytes);
    cr_assert_str_eq(bytes.data, "<1,7>Y", "the style is still on");
    str_free(&bytes);
    paint_free(&p);
    canvas_free(c);
}

Test(paint, a_corner_that_would_scroll_is_left_out)
{
    struct paint p;
    struct canvas *c = canvas_create(3, 2);
    struct str bytes = {0};
    make(&p);
    p.corner = false;
    canvas_text(c, 0, 0, ST_NORMAL, 0, "abc");
    canvas_text(c, 0, 1, ST_NORMAL, 0, "def");
    paint_frame(&p, c, true, &bytes);
    cr_assert_str_eq(bytes.data, "#{0}abc<1,0>de");
    str_free(&bytes);
    paint_free(&p);
    canvas_free(c);
}
