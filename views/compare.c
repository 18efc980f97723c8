/* SPDX-License-Identifier: MIT */
/* The compare panel: lanes on the same traffic, a column each. Who let through what, and the last
 * requests on which they disagree, the newest first. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { HEAD = 21, COLUMN_LEAST = 9 };

static bool useful(const struct screen_state *s)
{
    return s->model->lanes_n > 1;
}

static int rows(const struct screen_state *s)
{
    int n = 0;
    const struct comparison *k;
    for (size_t i = 0; (k = model_comparison(s->model, i)); i++)
        n += comparison_differs(k);
    return n;
}

static void draw_lane(struct canvas *c, int x, int y, int w, const struct comparison *k,
                      size_t lane)
{
    uint8_t bit = (uint8_t)(1u << lane);
    if (!(k->decided & bit))
        canvas_text_cut(c, x, y, w, ST_DIM, 0, _("┈ waits"));
    else if (k->ok & bit)
        canvas_text_cut(c, x, y, w, ST_RUNNING, 0, k->waited & bit ? _("✓ waited") : _("✓"));
    else {
        char text[32];
        snprintf(text, sizeof text, "✗ %s", admit_why_names[k->why[lane]]);
        canvas_text_cut(c, x, y, w, ST_BAD, 0, text);
    }
}

/* Who let through what: how many, of them after a wait; whom nobody else let in (or refused); and
 * the outcomes as a bar. */
static void draw_head(struct canvas *c, struct rect r, const struct model *m, int column, int lines)
{
    char text[64];
    static const char *const heads[] = {"", N_("let in (waited)"), N_("only it: in, out"),
                                        N_("outcomes")};
    for (int i = 1; i < lines; i++)
        canvas_text_cut(c, r.x + 1, r.y + i, HEAD - 2, ST_DIM, 0, _(heads[i]));
    snprintf(text, sizeof text, _("of %" PRIu64), m->lanes[0].arrived);
    canvas_text_cut(c, r.x + 1, r.y, HEAD - 2, ST_NORMAL, 0, text);
    for (size_t lane = 0; lane < m->lanes_n; lane++) {
        int x = r.x + HEAD + (int)lane * column, w = r.x + r.w - x;
        w = w < column - 1 ? w : column - 1;
        const struct lane_model *a = &m->lanes[lane];
        const struct limiter_model *l = model_limiter(m, a->obj);
        canvas_text_cut(c, x, r.y, w, ST_TITLE, 0, model_lane_name(m, lane));
        if (!a->obj)
            continue;
        const struct object_model *o = &m->objects[a->obj];
        if (l && l->waited)
            snprintf(text, sizeof text, _("%" PRIu64 " (%" PRIu64 ")"), o->ops[ADMIT_OK],
                     l->waited);
        else
            snprintf(text, sizeof text, _("%" PRIu64), o->ops[ADMIT_OK]);
        if (lines > 1)
            canvas_text_cut(c, x, r.y + 1, w, ST_NORMAL, 0, text);
        snprintf(text, sizeof text, _("%" PRIu64 ", %" PRIu64), a->alone_in, a->alone_out);
        if (lines > 2)
            canvas_text_cut(c, x, r.y + 2, w, ST_NORMAL, 0, text);
        if (lines > 3)
            draw_outcomes(c, x, r.y + 3, w, o, l);
    }
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    if (m->lanes_n < 2) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0,
                        _("only one lane: nothing to compare"));
        return;
    }
    int column = (r.w - HEAD) / (int)m->lanes_n;
    column = column < COLUMN_LEAST ? COLUMN_LEAST : column > 20 ? 20 : column;
    int head = r.h >= 8 ? 4 : 2;
    draw_head(c, r, m, column, head);
    int n = rows(s), fit = r.h - head, first = list_first(state, n, fit), row = 0;
    const struct comparison *k;
    for (size_t i = 0; (k = model_comparison(m, i)) && row < first + fit; i++) {
        if (!comparison_differs(k) || row++ < first)
            continue;
        int y = r.y + head + row - 1 - first;
        char text[64], at[FORMAT_SIZE];
        snprintf(text, sizeof text, "#%" PRIu32 " %s", k->id, format_clock(at, k->t_ns));
        draw_chosen(c, r.x, y, state->focused && row - 1 == state->chosen && n > 1);
        canvas_text_cut(c, r.x + 1, y, HEAD - 2, ST_DIM, 0, text);
        for (size_t lane = 0; lane < m->lanes_n; lane++) {
            int x = r.x + HEAD + (int)lane * column, w = r.x + r.w - x;
            if (w > 0)
                draw_lane(c, x, y, w < column - 1 ? w : column - 1, k, lane);
        }
    }
    struct rect list = {r.x, r.y + head, r.w, fit};
    list_marks(c, list, first, n > first + fit ? n : 0);
}

/* Why a breaker let it in or not: its last change of state before that. */
static void breaker_reason(const struct model *m, const struct breaker_model *b,
                           const struct comparison *k, struct str *out)
{
    const struct breaker_change *c;
    char at[FORMAT_SIZE];
    for (size_t i = 0; (c = breaker_change(b, i)); i++)
        if (c->t_ns <= k->t_ns) {
            str_addf(out, _(": %s since %s, %s"), _(breaker_state_names[c->to]),
                     format_clock(at, c->t_ns), strtab_get(m->names, c->why));
            return;
        }
    if (!b->changes_n || b->changes_n <= MODEL_CHANGES)
        str_addf(out, _(": closed all along, opens at %s"),
                 b->trip ? strtab_get(m->names, b->trip) : "?");
}

static const struct comparison *chosen(const struct model *m, int row)
{
    const struct comparison *k;
    for (size_t i = 0; (k = model_comparison(m, i)); i++)
        if (comparison_differs(k) && row-- == 0)
            return k;
    return NULL;
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    const struct model *m = s->model;
    const struct comparison *k = chosen(m, state->chosen);
    char at[FORMAT_SIZE];
    if (!k)
        return;
    str_addf(out, _("request %" PRIu32 " at %s\n\n"), k->id, format_clock(at, k->t_ns));
    for (size_t lane = 0; lane < m->lanes_n; lane++) {
        const struct breaker_model *b = model_breaker(m, m->lanes[lane].obj);
        uint8_t bit = (uint8_t)(1u << lane);
        str_addf(out, "%s %s", model_lane_name(m, lane),
                 !(k->decided & bit) ? _("waits")
                 : k->ok & bit       ? _("lets it in")
                                     : _("refuses it"));
        if (k->decided & bit && !(k->ok & bit))
            str_addf(out, " (%s)", admit_why_names[k->why[lane]]);
        if (b && k->decided & bit)
            breaker_reason(m, b, k, out);
        str_addc(out, '\n');
    }
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)state;
    if (r.w >= 40 && s->model->lanes_n > 1)
        snprintf(out, size, _("they disagree on %" PRIu64), s->model->differ);
}

const struct view view_compare = {
    .name = N_("compare"),
    .help = N_("lanes on the same traffic: who let how many in, and where they disagree"),
    .min_w = 34,
    .min_h = 4,
    .weight = 4,
    .draw = draw,
    .aside = aside,
    .useful = useful,
    .rows = rows,
    .details = details,
};
