/* SPDX-License-Identifier: MIT */
/* The pools panel: pools of things to use again. Above, how often something was there; below, a
 * shelf a processor with its items as blocks, then the victims. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_SYNC_POOL;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

/* "▐██░▌3" for each shelf, as far as they fit. */
static void draw_shelves(struct canvas *c, int x, int y, int w, const struct model *m, uint32_t id)
{
    const struct object_model *o = &m->objects[id];
    const struct shelves_model *s = NULL;
    int right = x + w;
    char text[32];
    uint8_t most = 4;
    for (size_t i = 0; i < m->shelves_n && !s; i++)
        s = m->shelves[i].obj == id ? &m->shelves[i] : NULL;
    for (uint32_t i = 0; s && i < s->n; i++)
        most = s->items[i] > most ? s->items[i] : most;
    snprintf(text, sizeof text, _("victims %" PRIu32), o->part[1]);
    int last = right - utf8_width(text) - 1;
    for (uint32_t i = 0; s && i < s->n; i++) {
        char number[32];
        snprintf(number, sizeof number, s->items[i] < UINT8_MAX ? "%u" : "%u+", s->items[i]);
        if (x + 10 + utf8_width(number) > last) {
            canvas_put(c, x, y, GL_ELLIPSIS, ST_DIM, 0);
            x += 2;
            break;
        }
        snprintf(text, sizeof text, "P%" PRIu32, i);
        x = canvas_text(c, x, y, ST_DIM, 0, text);
        draw_gauge(c, x, y, 6, s->items[i], -1, most);
        x = canvas_text(c, x + 6, y, s->items[i] ? ST_NORMAL : ST_DIM, 0, number) + 1;
    }
    snprintf(text, sizeof text, _("victims %" PRIu32), o->part[1]);
    canvas_text_cut(c, x, y, right - x, o->part[1] ? ST_WARN : ST_DIM, 0, text);
}

static void draw_finds(struct canvas *c, int x, int y, int w, const struct object_model *o)
{
    uint64_t own = o->ops[POOL_GET], stolen = o->ops[POOL_STEAL], victim = o->ops[POOL_VICTIM],
             made = o->ops[POOL_NEW], all = own + stolen + victim + made;
    char text[128], a[FORMAT_SIZE], b[FORMAT_SIZE];
    int right = x + w;
    snprintf(text, sizeof text, _("%s gets, %.0f %% found"), format_count(a, all),
             all ? 100.0 * (double)(all - made) / (double)all : 0);
    x = canvas_text_cut(c, x, y, right - x, ST_RUNNING, 0, text) + 2;
    snprintf(text, sizeof text, _("%s made"), format_count(a, made));
    x = canvas_text_cut(c, x, y, right - x, made ? ST_WARN : ST_DIM, 0, text) + 2;
    snprintf(text, sizeof text, _("%s stolen, %s victims"), format_count(a, stolen),
             format_count(b, victim));
    x = canvas_text_cut(c, x, y, right - x, stolen || victim ? ST_MARK : ST_DIM, 0, text) + 2;
    snprintf(text, sizeof text, P_("%s collection", "%s collections", o->ops[POOL_COLLECT]),
             format_count(a, o->ops[POOL_COLLECT]));
    canvas_text_cut(c, x, y, right - x, ST_DIM, 0, text);
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    int name = r.w >= 50 ? 14 : 8;
    canvas_text_cut(c, r.x + 1, r.y, name, ST_TITLE, 0, model_object_name(s->model, id));
    draw_finds(c, r.x + 2 + name, r.y, r.w - name - 3, o);
    if (r.h > 1)
        draw_shelves(c, r.x + 3, r.y + 1, r.w - 4, s->model, id);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no pools"), .two_lines = true, .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    static const char *const words[POOL_OP_COUNT] = {
        N_("taken from the own shelf"),
        N_("taken from another's shelf"),
        N_("taken from the victims"),
        N_("made, because nothing was there"),
        N_("put back"),
        N_("collections"),
    };
    uint32_t id = objects_nth(s, listed, state->chosen);
    const struct object_model *o = &s->model->objects[id];
    if (!id)
        return;
    str_addf(out, _("pool      %s\n"), model_object_name(s->model, id));
    str_addf(out, _("%9" PRIu32 " on shelves now\n%9" PRIu32 " victims now\n"), o->part[0],
             o->part[1]);
    for (int op = 0; op < POOL_OP_COUNT; op++)
        str_addf(out, "%9" PRIu64 " %s\n", o->ops[op], _(words[op]));
}

const struct view view_pools = {
    .name = N_("pools"),
    .help =
        N_("pools of things to use again: a shelf a processor, victims, what was found or made"),
    .min_w = 30,
    .min_h = 4,
    .weight = 4,
    .draw = draw,
    .useful = useful,
    .rows = rows,
    .details = details,
};
