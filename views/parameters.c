/* SPDX-License-Identifier: MIT */
/* The parameters panel: name, value, what is allowed. The chosen one has the mark that the arrow
 * keys act on, a changed one a star; one that takes effect at the next start says so. The sentence
 * of the chosen one stands at the bottom. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static const char nothing[] = N_("no parameters");
static const char at_restart[] = N_("at restart");

static bool useful(const struct screen_state *s)
{
    return s->params_n > 0;
}

static int rows(const struct screen_state *s)
{
    return (int)s->params_n;
}

struct widths {
    int name, value;
};

static struct widths widths_for(const struct screen_state *s, int w)
{
    struct widths k = {4, 3};
    for (size_t i = 0; i < s->params_n; i++) {
        int name = utf8_width(s->params[i].name), value = utf8_width(s->params[i].value);
        k.name = name > k.name ? name : k.name;
        k.value = value > k.value ? value : k.value;
    }
    int name = w / 2 < 8 ? 8 : w / 2;
    k.name = k.name > name ? name : k.name;
    int value =
        w > 60 ? (w - k.name) / 2 : 8; /* a longer one pushes what is allowed to the right */
    k.value = k.value > value ? value : k.value;
    return k;
}

static void draw_row(struct canvas *c, struct rect r, int y, struct widths k,
                     const struct param_row *p, bool chosen)
{
    int x = r.x + 1, right = r.x + r.w - 1;
    uint8_t attr = chosen ? CELL_BOLD : 0;
    draw_chosen(c, r.x, y, chosen);
    if (p->changed)
        canvas_put(c, x, y, '*', ST_WARN, 0);
    canvas_text_cut(c, x + 1, y, k.name, chosen ? ST_TITLE : ST_NORMAL, 0, p->name);
    int at = x + k.name + 2, used = utf8_width(p->value);
    canvas_text_cut(c, at, y, right - at, p->changed ? ST_WARN : ST_TITLE, attr, p->value);
    at += (used > k.value ? used : k.value) + 2;
    if (!p->live && right - at > 12)
        right = draw_right(c, at, right, y, ST_DIM, 0, _(at_restart)) - 1;
    if (p->allowed && (right - at > 8 || right - at >= utf8_width(p->allowed)))
        canvas_text_cut(c, at, y, right - at, ST_DIM, 0, p->allowed);
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)r, (void)state;
    size_t n = 0;
    for (size_t i = 0; i < s->params_n; i++)
        n += s->params[i].changed;
    if (n)
        snprintf(out, size, _("%zu changed"), n);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    int n = rows(s);
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _(nothing));
        return;
    }
    const struct param_row *at = &s->params[s->params_at < s->params_n ? s->params_at : 0];
    int help = r.h >= 5 && at->help ? (r.h >= 9 ? 3 : 2) : 0;
    state->chosen = (int)s->params_at;
    struct rect list = {r.x, r.y, r.w, r.h - help};
    int first = list_first(state, n, list.h);
    struct widths k = widths_for(s, r.w - 4);
    for (int i = first; i < n && i < first + list.h; i++)
        draw_row(c, list, r.y + i - first, k, &s->params[i], i == state->chosen);
    list_marks(c, list, first, n);
    if (!help)
        return;
    struct str text = {0};
    str_addf(&text, "[%s] %s: %s%s", at->section, at->name, _(at->help),
             at->live ? "" : _(" (at the next restart)"));
    struct rect words = {r.x + 1, r.y + r.h - help, r.w - 2, help};
    if (help > 2 && draw_wrapped(NULL, words, 0, ST_DIM, text.data) < help) { /* set apart */
        words.y++;
        words.h--;
    }
    draw_wrapped(c, words, 0, ST_DIM, text.data);
    str_free(&text);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    (void)state;
    if (s->params_at >= s->params_n)
        return;
    const struct param_row *p = &s->params[s->params_at];
    str_addf(out, _("[%s] %s = %s\n\n%s\n\nallowed   %s\n"), p->section, p->name, p->value,
             p->help ? _(p->help) : "", p->allowed ? p->allowed : "");
    if (p->unit && *p->unit)
        str_addf(out, _("unit      %s\n"), p->unit);
    str_addf(out, _("takes     effect %s\n"), p->live ? _("at once") : _("at the next restart"));
    if (p->changed)
        str_add(out, _("changed   since the file was read\n"));
}

const struct view view_parameters = {
    .name = N_("parameters"),
    .alias = "params",
    .help = N_("what can be changed while it runs: value, allowed range, what it does"),
    .min_w = 24,
    .min_h = 4,
    .weight = 3,
    .draw = draw,
    .aside = aside,
    .rows = rows,
    .useful = useful,
    .details = details,
};
