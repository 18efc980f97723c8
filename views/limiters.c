/* SPDX-License-Identifier: MIT */
/* The limiters panel: each as what it is (parts/limiter.c), how many it let in and refused, and on
 * a tape its last decisions, the newest at the right. Where there is room, a second line: what it
 * holds to, what it tells the refused, and what became of all as one bar. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_LIMITER;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

static uint64_t refused(const struct object_model *o)
{
    uint64_t n = 0;
    for (int why = ADMIT_OK + 1; why < ADMIT_WHY_COUNT; why++)
        n += o->ops[why];
    return n;
}

static int lane_of(const struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->lanes_n; i++)
        if (m->lanes[i].obj == obj)
            return (int)i;
    return -1;
}

/* A mark a decision: let in, let in after a wait, refused. */
static void draw_tape(struct canvas *c, int x, int y, int w, const struct model *m, int lane)
{
    const struct comparison *k;
    uint8_t bit = (uint8_t)(lane < 0 ? 0 : 1u << lane);
    for (int i = 0; i < w && (k = model_comparison(m, (size_t)i)); i++) {
        bool waited = k->waited & bit, ok = k->ok & bit;
        if (k->decided & bit)
            canvas_put(c, x + w - 1 - i, y,
                       !ok      ? GL_CROSS
                       : waited ? GL_WAITING
                                : GL_TICK,
                       !ok      ? ST_BAD
                       : waited ? ST_WAITING
                                : ST_RUNNING,
                       0);
        else
            canvas_put(c, x + w - 1 - i, y, GL_DOTS, ST_DIM, 0);
    }
}

/* One that is no lane's: what it has itself decided. */
static void draw_own_tape(struct canvas *c, int x, int y, int w, const struct limiter_model *l)
{
    for (int i = 0; i < w && i < MODEL_TAPE && (uint64_t)i < l->tape_n; i++) {
        bool ok = l->tape[(l->tape_n - 1 - (uint64_t)i) % MODEL_TAPE].ok;
        canvas_put(c, x + w - 1 - i, y, ok ? GL_TICK : GL_CROSS, ok ? ST_RUNNING : ST_BAD, 0);
    }
}

static void counts(const struct object_model *o, const struct limiter_model *l, bool words,
                   char *out, size_t size)
{
    char in[FORMAT_SIZE], no[FORMAT_SIZE];
    format_count(in, o->ops[ADMIT_OK]);
    format_count(no, refused(o));
    if (!words && l && l->over)
        snprintf(out, size, _("%s in, %u over"), in, l->over);
    else if (!words)
        snprintf(out, size, _("%s in %s not"), in, no);
    else if (l && l->over)
        snprintf(out, size, _("%s let in, %u over, %s refused"), in, l->over, no);
    else if (l && l->line)
        snprintf(out, size, _("%s let in, %s refused, %u wait"), in, no, l->line);
    else
        snprintf(out, size, _("%s let in, %s refused"), in, no);
}

/* What it holds to, what the refused are told, and the outcomes as one bar. */
static void draw_second(struct canvas *c, struct rect r, const struct object_model *o,
                        const struct limiter_model *l)
{
    char text[160], span[FORMAT_SIZE], after[FORMAT_SIZE];
    const char *law = l && l->law < LAW_COUNT ? law_names[l->law] : "";
    int x = r.x + 3, right = r.x + r.w - 1;
    if (l)
        snprintf(text, sizeof text, l->law == LAW_ADAPTIVE ? _("%s, target %s") : _("%s, %s each"),
                 law, format_duration(span, l->span_ns));
    else
        text[0] = '\0';
    x = canvas_text_cut(c, x, r.y, right - x, ST_DIM, 0, text) + 1;
    if (l && l->over) {
        snprintf(text, sizeof text, _("%u over"), l->over);
        x = canvas_text_cut(c, x + 1, r.y, right - x, ST_BAD, 0, text) + 1;
    }
    if (l && l->refused) {
        snprintf(text, sizeof text, _("refused: come again in %s"),
                 l->retry_ns < 0 ? "∞" : format_duration(after, l->retry_ns));
        if (x + utf8_width(text) < right)
            x = canvas_text_cut(c, x + 1, r.y, right - x, ST_DIM, 0, text) + 1;
    }
    int w = right - x - 1 > 40 ? 40 : right - x - 1;
    if (w >= 12)
        draw_outcomes(c, right - w, r.y, w, o, l);
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    const struct object_model *o = &m->objects[id];
    const struct limiter_model *l = model_limiter(m, id);
    char text[128];
    int right = r.x + r.w - 1, picture = r.w >= 100 ? 25 : r.w >= 70 ? 17 : 9;
    int x = canvas_text_cut(c, r.x + 1, r.y, r.w >= 70 ? 14 : 10, ST_TITLE, 0,
                            model_object_name(m, id)) +
            1;
    x = x < r.x + 10 ? r.x + 10 : x;
    if (l && l->told) {
        draw_limiter(c, x, r.y, picture, l, s->view_ns);
        x += picture + 1;
        limiter_words(l, s->view_ns, text, sizeof text);
        int after = x + (r.w >= 70 ? 22 : 12);
        canvas_text_cut(c, x, r.y, after - 1 < right ? after - 1 - x : right - x,
                        l->now < 0 ? ST_WAITING : ST_NORMAL, 0, text);
        x = after;
    }
    counts(o, l, r.w >= 100, text, sizeof text);
    if (x + utf8_width(text) <= right)
        x = canvas_text_cut(c, x, r.y, right - x, ST_NORMAL, 0, text) + 1;
    int lane = lane_of(m, id);
    if (right - x >= 8 && lane < 0 && l)
        draw_own_tape(c, x, r.y, right - x, l);
    else if (right - x >= 8)
        draw_tape(c, x, r.y, right - x, m, lane);
    if (r.h > 1)
        draw_second(c, (struct rect){r.x, r.y + 1, r.w, 1}, o, l);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no limiters"), .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

const struct view view_limiters = {
    .name = N_("limiters"),
    .help = N_("each limiter: what it has left, how many it let in, its last decisions"),
    .min_w = 30,
    .min_h = 3,
    .weight = 4,
    .draw = draw,
    .useful = useful,
    .rows = rows,
};
