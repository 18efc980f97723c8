/* SPDX-License-Identifier: MIT */
/* The limiters panel: what each has left (tokens of a bucket, room in a queue, requests in a
 * window, by its algorithm), and on a tape its last decisions, the newest at the right. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->known && o->kind == OBJ_LIMITER;
}

static int rows(const struct screen_state *s)
{
    int n = 0;
    for (uint32_t id = 1; id < s->model->objects_n; id++)
        n += listed(&s->model->objects[id]);
    return n;
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

/* The value of a parameter of the limiter with that name, or "". */
static const char *param_of(const struct screen_state *s, const char *limiter, const char *name)
{
    char section[160];
    snprintf(section, sizeof section, "limiter.%.140s", limiter);
    for (size_t i = 0; i < s->params_n; i++)
        if (strcmp(s->params[i].name, name) == 0 &&
            (strcmp(s->params[i].section, section) == 0 ||
             (strcmp(s->params[i].section, "limiter") == 0 && strcmp(limiter, "limiter") == 0)))
            return s->params[i].value ? s->params[i].value : "";
    return "";
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

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id,
                     bool chosen)
{
    const struct model *m = s->model;
    const struct object_model *o = &m->objects[id];
    const char *name = model_object_name(m, id);
    char text[128], number[FORMAT_SIZE];
    int right = r.x + r.w - 1, gauge = r.w >= 70 ? 14 : 8;
    draw_chosen(c, r.x, r.y, chosen);
    int x = canvas_text_cut(c, r.x + 1, r.y, 14, ST_TITLE, 0, name) + 1;
    x = x < r.x + 12 ? r.x + 12 : x;
    double cap = o->cap > 0 ? (double)o->cap : 1; /* no room at all is an empty bar */
    draw_gauge(c, x, r.y, gauge, o->level.now < 0 ? 0 : o->level.now, -1, cap);
    x += gauge + 1;
    snprintf(text, sizeof text, "%s/%" PRId64, format_number(number, o->level.now), o->cap);
    int after = x + 10;
    x = canvas_text_cut(c, x, r.y, right - x, o->level.now < 0 ? ST_WAITING : ST_NORMAL, 0, text);
    x = x < after ? after : x + 1;
    snprintf(text, sizeof text, _("%" PRIu64 " let in, %" PRIu64 " refused"), o->ops[ADMIT_OK],
             refused(o));
    x = canvas_text_cut(c, x, r.y, right - x, ST_NORMAL, 0, text) + 1;
    int lane = lane_of(m, id);
    if (r.h == 1) {
        if (right - x >= 8)
            draw_tape(c, x, r.y, right - x, m, lane);
        return;
    }
    const char *algorithm = param_of(s, name, "algorithm"), *rate = param_of(s, name, "rate");
    snprintf(text, sizeof text, "%s %s", algorithm, rate);
    int tape = r.w - 4 - utf8_width(text) - 2;
    canvas_text_cut(c, r.x + 3, r.y + 1, r.w - 4, ST_DIM, 0, text);
    if (tape > 8)
        draw_tape(c, right - tape, r.y + 1, tape, m, lane);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    int n = rows(s), row = 0;
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no limiters"));
        return;
    }
    int pitch = n * 2 <= r.h ? 2 : 1, fit = r.h / pitch, first = list_first(state, n, fit);
    for (uint32_t id = 1; id < m->objects_n && row < first + fit; id++) {
        if (!listed(&m->objects[id]) || row++ < first)
            continue;
        struct rect at = {r.x, r.y + (row - 1 - first) * pitch, r.w, pitch};
        draw_one(c, at, s, id, state->focused && row - 1 == state->chosen && n > 1);
    }
    list_marks(c, r, first, first + fit < n ? n + r.h : 0);
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
