/* SPDX-License-Identifier: MIT */
/* The canvas, its glyphs and themes, without a terminal. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "views/canvas.h"
#include "views/glyph.h"
#include "views/parts/parts.h"
#include "views/theme.h"

static char *dump(const struct canvas *c)
{
    struct str s = {0};
    canvas_dump(c, &s);
    return str_take(&s);
}

static void shows(const struct canvas *c, const char *text)
{
    char *got = dump(c);
    cr_assert_str_eq(got, text);
    free(got);
}

/* Each row adds up to the width: a 0 stands right behind a wide one and nowhere else. */
static void sound(const struct canvas *c)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            const struct cell *at = &c->cell[y * c->w + x];
            bool wide = at->ch && cp_width(at->ch) == 2;
            if (wide)
                cr_assert(x + 1 < c->w && at[1].ch == 0, "half a character at %d,%d", x, y);
            if (!at->ch)
                cr_assert(x > 0 && at[-1].ch && cp_width(at[-1].ch) == 2, "a right half at %d,%d",
                          x, y);
        }
}

Test(canvas, text_ends_where_it_says)
{
    struct canvas *c = canvas_create(12, 2);
    cr_assert_eq(canvas_text(c, 1, 0, ST_NORMAL, 0, "aλ漢e\xcc\x81z"), 7);
    shows(c, " aλ漢e\xcc\x81z\n\n");
    cr_assert_eq(canvas_textf(c, 0, 1, ST_NORMAL, 0, "%d/%s", 7, "x"), 3);
    cr_assert_eq(c->cell[5].mark, 0x301, "the accent stands on its letter");
    sound(c);
    canvas_free(c);
}

Test(canvas, wide_characters_never_leave_a_half)
{
    struct canvas *c = canvas_create(6, 1);
    canvas_text(c, 0, 0, ST_NORMAL, 0, "漢字漢");
    canvas_put(c, 1, 0, 'x', ST_NORMAL, 0); /* its right half: the left one goes */
    shows(c, " x字漢\n");
    sound(c);
    canvas_put(c, 2, 0, 'y', ST_NORMAL, 0); /* its left half: the right one goes */
    shows(c, " xy 漢\n");
    sound(c);
    canvas_put(c, 3, 0, 0x6f22, ST_NORMAL, 0); /* over a blank and the next one's left half */
    shows(c, " xy漢\n");
    sound(c);
    canvas_put(c, 5, 0, 0x6f22, ST_NORMAL, 0); /* no room for both halves */
    sound(c);
    canvas_free(c);
}

Test(canvas, nothing_leaves_the_clip)
{
    struct canvas *c = canvas_create(8, 4);
    canvas_clip(c, (struct rect){2, 1, 3, 2});
    canvas_fill(c, (struct rect){-5, -5, 50, 50}, '#', ST_NORMAL, 0);
    canvas_text(c, -3, 1, ST_NORMAL, 0, "abcdefghijklmnop");
    canvas_text(c, 0, 2, ST_NORMAL, 0, "漢漢漢漢");
    sound(c);
    canvas_clip(c, (struct rect){0, 0, 8, 4});
    shows(c, "\n  fgh\n  漢\n\n");
    canvas_free(c);
    c = canvas_create(8, 1);
    canvas_clip(c, (struct rect){100, -4, 7, 9}); /* outside: empty */
    canvas_put(c, 7, 0, 'x', ST_NORMAL, 0);
    shows(c, "\n");
    canvas_free(c);
}

Test(canvas, a_cut_says_so)
{
    struct canvas *c = canvas_create(10, 3);
    canvas_text_cut(c, 0, 0, 5, ST_NORMAL, 0, "worker");
    canvas_text_cut(c, 0, 1, 6, ST_NORMAL, 0, "worker");
    cr_assert_eq(canvas_text_cut(c, 0, 2, 4, ST_NORMAL, 0, "漢字漢"), 3);
    shows(c, "work…\nworker\n漢…\n");
    cr_assert_eq(canvas_text_cut(c, 3, 0, 0, ST_NORMAL, 0, "x"), 3);
    sound(c);
    canvas_free(c);
}

Test(canvas, hostile_text_is_harmless)
{
    struct canvas *c = canvas_create(30, 1);
    /* Escapes, a bell, C1 controls, broken UTF-8, joiners and direction marks. */
    canvas_text(c, 0, 0, ST_NORMAL, 0,
                "a\033[2J\a\xc2\x9b\xff\xe2\x82"
                "z\xe2\x80\x8d\xe2\x80\xae!");
    char *got = dump(c);
    for (const char *p = got; *p; p++)
        cr_assert((unsigned char)*p >= 0x20 || *p == '\n');
    cr_assert_null(strstr(got, "\xe2\x80\xae"), "no direction mark comes through");
    cr_assert_null(strstr(got, "\xc2\x9b"), "no control of the upper half either");
    cr_assert_not_null(strstr(got, "z!"));
    free(got);
    sound(c);
    canvas_free(c);
}

Test(canvas, ascii_is_ascii)
{
    struct canvas *c = canvas_create(20, 2);
    c->ascii = true;
    canvas_text(c, 0, 0, ST_NORMAL, 0, "▶ ●◐ 漢e\xcc\x81 ⣿░█");
    draw_box(c, (struct rect){0, 0, 20, 2}, NULL, true);
    canvas_text(c, 2, 1, ST_NORMAL, 0, "λ ≥ µ");
    for (int i = 0; i < 40; i++)
        cr_assert(c->cell[i].ch >= 0x20 && c->cell[i].ch < 0x7f && !c->cell[i].mark);
    canvas_free(c);
}

Test(canvas, resizing_clears_and_zero_is_a_size)
{
    struct canvas *c = canvas_create(0, 0);
    canvas_text(c, 0, 0, ST_NORMAL, 0, "x");
    canvas_resize(c, 3, 1);
    canvas_text(c, 0, 0, ST_NORMAL, 0, "abc");
    canvas_resize(c, 2, 2);
    shows(c, "\n\n");
    canvas_resize(c, -4, 7);
    cr_assert_eq(c->w, 0);
    struct canvas *d = canvas_create(0, 7);
    cr_assert(canvas_equal(c, d));
    canvas_resize(c, 2, 1);
    canvas_resize(d, 2, 1);
    canvas_put(d, 1, 0, ' ', ST_BAD, 0);
    cr_assert(!canvas_equal(c, d), "a style is a difference");
    canvas_free(c);
    canvas_free(d);
}

Test(glyph, each_has_a_twin_of_its_width)
{
    static const struct {
        const char *name;
        uint32_t code;
        char twin;
    } rows[] = {
#define GLYPH(id, c, t) {#id, c, t},
#include "views/glyph.def"
#undef GLYPH
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cr_assert(!i || rows[i].code > rows[i - 1].code, "%s stands out of order", rows[i].name);
        cr_assert_eq(cp_width(rows[i].code), 1, "%s is not one cell", rows[i].name);
        cr_assert(rows[i].twin > ' ' && rows[i].twin < 0x7f, "%s has no twin", rows[i].name);
        cr_assert_eq(glyph_ascii(rows[i].code), rows[i].twin, "%s is not found", rows[i].name);
    }
    cr_assert_eq(glyph_ascii(0x4e2d), '?');
    cr_assert_eq(glyph_ascii('a'), 'a');
    cr_assert_eq(glyph_ascii(0x2800), ' ');
    cr_assert_eq(glyph_ascii(0x28ff), '#');
}

/* Without colour, and in ASCII, two states must still look different: by glyph or by word. */
Test(state, each_state_has_its_own_word_and_glyph)
{
    for (uint8_t a = 0; a < TASK_STATE_COUNT; a++)
        for (uint8_t b = 0; b < a; b++) {
            struct state_look p = state_look(a, WHY_NONE), q = state_look(b, WHY_NONE);
            cr_assert(strcmp(p.word, q.word) != 0, "%d and %d", a, b);
            cr_assert(p.glyph != q.glyph, "%d and %d", a, b);
            cr_assert(glyph_ascii(p.glyph) != glyph_ascii(q.glyph), "%s and %s in ASCII", p.word,
                      q.word);
        }
    struct state_look send = state_look(TASK_WAITING, WHY_CHAN_SEND);
    struct state_look recv = state_look(TASK_WAITING, WHY_CHAN_RECV);
    cr_assert(send.glyph != recv.glyph && strcmp(send.word, recv.word) != 0);
    cr_assert_str_eq(state_look(200, 200).word, state_look(TASK_NEW, 0).word);
}

Test(theme, every_row_proves_itself)
{
    static const int depths[] = {0, 8, 16, 256};
    cr_assert(themes_n >= 4);
    for (size_t i = 0; i < themes_n; i++) {
        const struct theme *t = &themes[i];
        cr_assert(t->help && *t->help);
        cr_assert_eq(theme_find(t->name), t, "%s stands twice", t->name);
        for (uint8_t role = 0; role < ST_COUNT; role++) {
            struct theme_style s = t->style[role];
            cr_assert(s.fg >= -1 && s.fg < 256 && s.bg >= -1 && s.bg < 256);
            /* A row that was left out would be black on black. */
            cr_assert(s.fg || s.bg, "%s has no row for role %d", t->name, role);
            for (size_t d = 0; d < ARRAY_LEN(depths); d++) {
                struct theme_style got = theme_style(t, role, 0, depths[d]);
                if (depths[d] == 0)
                    cr_assert(got.fg == -1 && got.bg == -1);
                else
                    cr_assert(got.fg < depths[d] && got.bg < depths[d]);
                cr_assert(got.fg < 0 || got.fg != got.bg, "%s: role %d is invisible with %d",
                          t->name, role, depths[d]);
            }
        }
    }
    cr_assert_null(theme_find("no such theme"));
    cr_assert_null(theme_find(NULL));
}

static int distance(uint32_t a, uint32_t b)
{
    int r = (int)(a >> 16) - (int)(b >> 16), g = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
    int l = (int)(a & 255) - (int)(b & 255);
    return 2 * r * r + 4 * g * g + 3 * l * l;
}

/* Text is readable on its theme's ground: the ground of the picture, or of the row itself. */
Test(theme, text_is_readable)
{
    for (size_t i = 0; i < themes_n; i++)
        for (uint8_t role = 0; role < ST_COUNT; role++) {
            if (role == ST_BORDER)
                continue; /* meant to stay back */
            struct theme_style s = themes[i].style[role];
            uint32_t fg = s.fg < 0 ? themes[i].fg_rgb : theme_rgb(s.fg);
            uint32_t bg = s.bg < 0 ? themes[i].bg_rgb : theme_rgb(s.bg);
            cr_assert(distance(fg, bg) > 20000, "%s: role %d", themes[i].name, role);
        }
}

Test(theme, colours_of_xterm)
{
    cr_assert_eq(theme_rgb(16), 0x000000);
    cr_assert_eq(theme_rgb(231), 0xffffff);
    cr_assert_eq(theme_rgb(214), 0xffaf00);
    cr_assert_eq(theme_rgb(244), 0x808080);
    cr_assert_eq(theme_rgb(-1), 0);
    cr_assert_eq(theme_rgb(256), 0);
}

/* Past a minute an instant reads as the clock on top does. */
Test(canvas, seconds_of_the_log)
{
    static const struct {
        int64_t ms;
        const char *text;
    } c[] = {{-5, "0.000"},       {12431, "12.431"},     {59999, "59.999"},     {60000, "1:00.000"},
             {89403, "1:29.403"}, {600050, "10:00.050"}, {3600000, "60:00.000"}};
    char text[FORMAT_SIZE];
    for (size_t i = 0; i < sizeof c / sizeof *c; i++)
        cr_expect_str_eq(format_second(text, c[i].ms * 1000000), c[i].text);
}
