/* SPDX-License-Identifier: MIT */
/* The slices panel: headers and the arrays under them. A strip shows the whole array: what the
 * header's length covers, what is left of its capacity, and what it cannot reach.
 *
 *   b   buf.array[1:3]  cap 4   ·██▒▒        shares it with buf                                 */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_SLICE;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

static const struct object_model *array_of(const struct model *m, const struct object_model *o)
{
    return o->parent && o->parent < m->objects_n ? &m->objects[o->parent] : NULL;
}

/* The array in at most w cells; one cell a place where that fits. */
static void draw_strip(struct canvas *c, int x, int y, int w, const struct object_model *o,
                       int64_t places)
{
    int64_t begin = o->part[0], end = begin + (int64_t)o->level.now,
            cap = begin + (int64_t)o->part[1];
    int cells = places < w ? (int)places : w;
    for (int i = 0; i < cells; i++) {
        int64_t at = (int64_t)i * places / cells;
        bool used = at >= begin && at < end, room = at >= end && at < cap;
        canvas_put(c, x + i, y,
                   used   ? GL_BLOCK
                   : room ? GL_SHADE
                          : GL_DOTS,
                   used   ? ST_RUNNING
                   : room ? ST_WAITING
                          : ST_DIM,
                   0);
    }
}

static void draw_sharers(struct canvas *c, int x, int y, int right, const struct model *m,
                         uint32_t id)
{
    struct str text = {0};
    uint32_t array = m->objects[id].parent, n = 0;
    for (uint32_t other = 1; array && other < m->objects_n; other++) {
        const struct object_model *o = &m->objects[other];
        if (other != id && o->known && listed(o) && o->parent == array)
            str_addf(&text, "%s%s", n++ ? ", " : "", model_object_name(m, other));
    }
    char line[160];
    if (n)
        snprintf(line, sizeof line, _("the same array as %s"), text.data);
    else
        snprintf(line, sizeof line, "%s", array ? _("its array is its own") : "");
    canvas_text_cut(c, x, y, right - x, n ? ST_WARN : ST_DIM, 0, line);
    str_free(&text);
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    const struct object_model *o = &m->objects[id], *array = array_of(m, o);
    char text[160];
    int name = r.w >= 50 ? 14 : 8, right = r.x + r.w - 1, x = r.x + 2 + name;
    canvas_text_cut(c, r.x + 1, r.y, name, ST_TITLE, 0, model_object_name(m, id));
    if (!array) {
        canvas_text_cut(c, x, r.y, right - x, ST_DIM, 0, _("nil"));
        return;
    }
    snprintf(text, sizeof text, _("%s[%" PRIu32 ":%" PRIu32 "]  cap %" PRIu32),
             model_object_name(m, o->parent), o->part[0], o->part[0] + (uint32_t)o->level.now,
             o->part[1]);
    x = canvas_text_cut(c, x, r.y, right - x, ST_NORMAL, 0, text) + 2;
    if (right > x)
        draw_strip(c, x, r.y, right - x < 32 ? right - x : 32, o, array->cap);
    if (r.h > 1)
        draw_sharers(c, r.x + 3, r.y + 1, right, m, id);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no slices"), .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    uint32_t id = objects_nth(s, listed, state->chosen);
    const struct object_model *o = &s->model->objects[id];
    const struct object_model *array = id ? array_of(s->model, o) : NULL;
    if (!id)
        return;
    str_addf(out, _("slice     %s\n%9" PRIu64 " reads and %" PRIu64 " writes of its header\n"),
             model_object_name(s->model, id), o->ops[CELL_READ], o->ops[CELL_WRITE]);
    if (array)
        str_addf(out,
                 _("array     %s, %" PRId64 " places\n%9" PRIu64 " reads and %" PRIu64
                   " writes of its places\n"),
                 model_object_name(s->model, o->parent), array->cap, array->ops[CELL_READ],
                 array->ops[CELL_WRITE]);
    if (array && array->owner)
        str_addf(out, _("          last written by %s\n"), model_task_name(s->model, array->owner));
}

const struct view view_slices = {
    .name = N_("slices"),
    .help = N_("byte slices: headers, the arrays under them, and who shares one"),
    .min_w = 24,
    .min_h = 3,
    .weight = 4,
    .draw = draw,
    .useful = useful,
    .rows = rows,
    .details = details,
};
