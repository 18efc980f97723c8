/* SPDX-License-Identifier: MIT */
/* The breakers panel: where there is room, the state machine of the chosen one, its present state
 * heavy, an edge with its rule and its present numbers; else a few lines that say the same. Several
 * breakers stand above it as a list. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_BREAKER;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

/* A line of the list: state, what counts, let in and refused, the last results. */
static void draw_row(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    const struct breaker_model *b = model_breaker(m, id);
    const struct object_model *o = &m->objects[id];
    char text[96], in[FORMAT_SIZE], no[FORMAT_SIZE];
    int right = r.x + r.w - 1;
    if (!b)
        return;
    struct state_look look = breaker_look(b);
    canvas_text_cut(c, r.x + 1, r.y, 13, ST_TITLE, 0, model_object_name(m, id));
    int x = r.x + 15;
    canvas_put(c, x, r.y, look.glyph, look.style, 0);
    canvas_text_cut(c, x + 2, r.y, 12, look.style, 0, look.word);
    x += 15;
    breaker_words(b, s->view_ns, text, sizeof text);
    canvas_text_cut(c, x, r.y, 24 < right - x ? 24 : right - x, ST_NORMAL, 0, text);
    x += 25;
    format_count(in, o->ops[ADMIT_OK]);
    format_count(no, breaker_refusals(o, b));
    snprintf(text, sizeof text, _("%s in %s not"), in, no);
    if (x + utf8_width(text) <= right)
        x = canvas_text_cut(c, x, r.y, right - x, ST_NORMAL, 0, text) + 1;
    if (right - x >= 4)
        draw_results(c, x, r.y, right - x, b);
}

/* Changes of state, the newest first, in the lines of r. */
static void draw_changes(struct canvas *c, struct rect r, const struct model *m,
                         const struct breaker_model *b)
{
    const struct breaker_change *k;
    for (int i = 0; i < r.h && (k = breaker_change(b, (size_t)i)); i++) {
        char text[200], at[FORMAT_SIZE];
        snprintf(text, sizeof text, "%s %s → %s%s: %s", format_clock(at, k->t_ns),
                 _(breaker_state_names[k->from]), _(breaker_state_names[k->to]),
                 k->dry ? _(" (dry run)") : "", strtab_get(m->names, k->why));
        canvas_text_cut(c, r.x + 1, r.y + i, r.w - 1, i ? ST_DIM : ST_NORMAL, 0, text);
    }
}

/* The few lines of a small panel. */
static void draw_small(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    const struct breaker_model *b = model_breaker(m, id);
    const struct object_model *o = &m->objects[id];
    char text[160], words[96], in[FORMAT_SIZE], no[FORMAT_SIZE], else_[FORMAT_SIZE];
    int right = r.x + r.w - 1, y = r.y;
    struct state_look look = breaker_look(b);
    int x = canvas_text_cut(c, r.x + 1, y, 14, ST_TITLE, 0, model_object_name(m, id)) + 1;
    canvas_put(c, x, y, look.glyph, look.style, 0);
    x = canvas_text_cut(c, x + 2, y, right - x - 2, look.style, 0, look.word) + 1;
    breaker_words(b, s->view_ns, words, sizeof words);
    if (x + utf8_width(words) <= right)
        canvas_text_cut(c, x, y, right - x, ST_NORMAL, 0, words);
    else
        canvas_text_cut(c, r.x + 1, ++y, r.w - 2, ST_NORMAL, 0, words);
    if (++y >= r.y + r.h)
        return;
    snprintf(text, sizeof text, _("let in %s  refused %s  fallback %s"),
             format_count(in, o->ops[ADMIT_OK]), format_count(no, breaker_refusals(o, b)),
             format_count(else_, o->calls - o->errors));
    canvas_text_cut(c, r.x + 1, y, r.w - 2, ST_NORMAL, 0, text);
    if (++y < r.y + r.h)
        draw_results(c, r.x + 1, y, r.w - 2, b);
    if (++y < r.y + r.h)
        draw_changes(c, (struct rect){r.x, y, r.w, r.y + r.h - y}, m, b);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no breakers"), .draw = draw_row};
    int n = rows(s), above = n > 1 ? n : 0;
    if (above > r.h / 2 && r.h < above + BREAKER_MACHINE_H)
        above = r.h < BREAKER_MACHINE_H + 1 ? r.h : r.h - BREAKER_MACHINE_H;
    above = above < n || n < 2 ? above : n;
    if (!n || above) {
        objects_draw(c, (struct rect){r.x, r.y, r.w, n ? above : r.h}, s, state, &list);
        if (!n || above == r.h)
            return;
    }
    struct rect rest = {r.x, r.y + above, r.w, r.h - above};
    uint32_t id = objects_nth(s, listed, n > 1 ? state->chosen : 0);
    const struct breaker_model *b = id ? model_breaker(s->model, id) : NULL;
    if (!b)
        return;
    if (rest.w >= BREAKER_MACHINE_W && rest.h >= BREAKER_MACHINE_H) {
        draw_machine(c, rest, s->model, b, s->view_ns);
        rest.y += BREAKER_MACHINE_H;
        rest.h -= BREAKER_MACHINE_H;
        draw_changes(c, rest, s->model, b);
    } else {
        draw_small(c, rest, s, id);
    }
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    int n = rows(s);
    uint32_t id = objects_nth(s, listed, n > 1 ? state->chosen : 0);
    const struct breaker_model *b = id ? model_breaker(s->model, id) : NULL;
    if (b && b->trip && r.w >= 60)
        snprintf(out, size, "%s: %s", model_object_name(s->model, id),
                 strtab_get(s->model->names, b->trip));
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    uint32_t id = objects_nth(s, listed, state->chosen);
    const struct breaker_model *b = id ? model_breaker(s->model, id) : NULL;
    const struct breaker_change *k;
    char at[FORMAT_SIZE];
    if (!b)
        return;
    str_addf(out, _("%s opens at %s, for %s"), model_object_name(s->model, id),
             b->trip ? strtab_get(s->model->names, b->trip) : "?",
             format_duration(at, b->open_for_ns));
    str_addf(out, _("\nopened %" PRIu64 " times, closed %" PRIu64 ", half open %" PRIu64 "\n"),
             b->openings, b->closings, b->probings);
    str_addf(out,
             _("results: %" PRIu64 " ok, %" PRIu64 " failed, %" PRIu64 " slow, %" PRIu64
               " ignored, %" PRIu64 " too late\n\n"),
             b->by_result[SAW_OK], b->by_result[SAW_FAILED], b->by_result[SAW_SLOW],
             b->by_result[SAW_IGNORED], b->by_result[SAW_LATE]);
    for (size_t i = 0; (k = breaker_change(b, i)); i++)
        str_addf(out, "%s %s → %s%s: %s\n", format_clock(at, k->t_ns),
                 _(breaker_state_names[k->from]), _(breaker_state_names[k->to]),
                 k->dry ? _(" (dry run)") : "", strtab_get(s->model->names, k->why));
}

const struct view view_breakers = {
    .name = N_("breakers"),
    .help = N_("each circuit breaker as its state machine, with what would change its state"),
    .alias = "breaker",
    .min_w = 30,
    .min_h = 3,
    .weight = 4,
    .draw = draw,
    .aside = aside,
    .useful = useful,
    .rows = rows,
    .details = details,
};
