/* SPDX-License-Identifier: MIT */
/* The maps panel: concurrent maps with their two parts. Above, how much was found without a lock;
 * below, the misses on their way to the next promotion. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_MAP;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

/* "read-only 12  dirty 14  misses 3 of 14", and the gauge of the misses. */
static void draw_parts(struct canvas *c, int x, int y, int w, const struct object_model *o)
{
    char text[128];
    int right = x + w;
    snprintf(text, sizeof text, _("read-only %" PRIu32), o->part[0]);
    x = canvas_text_cut(c, x, y, right - x, ST_RUNNING, 0, text) + 2;
    if (!o->part[1]) {
        canvas_text_cut(c, x, y, right - x, ST_DIM, 0, _("no dirty part"));
        return;
    }
    snprintf(text, sizeof text, _("dirty %" PRIu32), o->part[1]);
    x = canvas_text_cut(c, x, y, right - x, ST_WARN, 0, text) + 2;
    snprintf(text, sizeof text, _("misses %" PRIu32 " of %" PRIu32), o->part[2], o->part[1]);
    x = canvas_text_cut(c, x, y, right - x, ST_NORMAL, 0, text) + 1;
    if (right - x >= 8)
        draw_gauge(c, x, y, right - x < 14 ? right - x : 14, o->part[2], -1, o->part[1]);
}

static void draw_finds(struct canvas *c, int x, int y, int w, const struct object_model *o)
{
    char text[128], hits[FORMAT_SIZE], dirty[FORMAT_SIZE], up[FORMAT_SIZE];
    uint64_t all = o->ops[MAP_LOAD] + o->ops[MAP_LOAD_DIRTY] + o->ops[MAP_ABSENT];
    double share = all ? 100.0 * (double)o->ops[MAP_LOAD] / (double)all : 0;
    int right = x + w;
    snprintf(text, sizeof text, _("%.0f %% of %s finds without a lock"), share,
             format_count(hits, all));
    x = canvas_text_cut(c, x, y, right - x, share >= 90 ? ST_RUNNING : ST_NORMAL, 0, text) + 2;
    snprintf(text, sizeof text, P_("%s promotion", "%s promotions", o->ops[MAP_PROMOTE]),
             format_count(up, o->ops[MAP_PROMOTE]));
    x = canvas_text_cut(c, x, y, right - x, ST_MARK, 0, text) + 2;
    snprintf(text, sizeof text, P_("%s copy", "%s copies", o->ops[MAP_COPY]),
             format_count(dirty, o->ops[MAP_COPY]));
    canvas_text_cut(c, x, y, right - x, ST_DIM, 0, text);
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    int name = r.w >= 50 ? 14 : 8;
    canvas_text_cut(c, r.x + 1, r.y, name, ST_TITLE, 0, model_object_name(s->model, id));
    draw_parts(c, r.x + 2 + name, r.y, r.w - name - 3, o);
    if (r.h > 1)
        draw_finds(c, r.x + 3, r.y + 1, r.w - 4, o);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no maps"), .two_lines = true, .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    static const char *const words[MAP_OP_COUNT] = {
        N_("found in the read-only part, without a lock"),
        N_("found in the dirty part: a miss"),
        N_("not found"),
        N_("changed in place, without a lock"),
        N_("changed in place, in the dirty part"),
        N_("new keys"),
        N_("expunged keys stored again"),
        N_("deleted"),
        N_("not changed: another value"),
        N_("dirty part made anew"),
        N_("dirty part promoted"),
        N_("cleared"),
    };
    uint32_t id = objects_nth(s, listed, state->chosen);
    const struct object_model *o = &s->model->objects[id];
    if (!id)
        return;
    str_addf(out, _("map       %s\n"), model_object_name(s->model, id));
    for (int op = 0; op < MAP_OP_COUNT; op++)
        str_addf(out, "%9" PRIu64 " %s\n", o->ops[op], _(words[op]));
}

const struct view view_maps = {
    .name = N_("maps"),
    .help =
        N_("concurrent maps: read-only and dirty part, misses, promotions, finds without a lock"),
    .min_w = 30,
    .min_h = 4,
    .weight = 4,
    .draw = draw,
    .useful = useful,
    .rows = rows,
    .details = details,
};
