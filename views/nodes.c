/* SPDX-License-Identifier: MIT */
/* The nodes panel: the store that nodes share, who reaches it, and where each node's requests died:
 * at its own gate, or at the shared one, a trip further on. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/parts/parts.h"

static bool is_store(const struct object_model *o)
{
    return o->kind == OBJ_STORE;
}

static bool listed(const struct object_model *o)
{
    return is_store(o) || o->kind == OBJ_LIMITER;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, is_store) ? objects_rows(s, listed) : 0;
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

/* A number and what it counts, where there is any; in that style. The column behind it. */
static int put(struct canvas *c, int x, int right, int y, uint8_t style, const char *words,
               uint64_t n)
{
    char text[96], number[FORMAT_SIZE];
    if (!n)
        return x;
    snprintf(text, sizeof text, "%s %s", format_count(number, n), words);
    return utf8_width(text) <= right - x ? canvas_text(c, x, y, style, 0, text) + 2 : x;
}

/* How many tasks have a way to it. */
static uint64_t links(const struct model *m, uint32_t id)
{
    uint64_t n = 0;
    for (size_t i = 0; i < m->edges_n; i++)
        n += m->edges[i].to_obj == id && m->edges[i].role == ROLE_CALLS && !m->edges[i].gone;
    return n;
}

static void draw_store(struct canvas *c, int x, int right, int y, const struct screen_state *s,
                       uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    uint64_t down = o->ops[STORE_DOWN] - o->ops[STORE_UP], all = links(s->model, id);
    char text[96];
    if (down && down <= all)
        snprintf(text, sizeof text, _("✗ DOWN for %" PRIu64 " of %" PRIu64), down, all);
    else
        snprintf(text, sizeof text, _("✓ reached by %" PRIu64), all);
    x = canvas_text_cut(c, x, y, right - x, down ? ST_BAD : ST_RUNNING, 0, text) + 2;
    x = put(c, x, right, y, ST_BAD, _("overwritten"), o->ops[STORE_OVERWRITE]);
    x = put(c, x, right, y, ST_WARN, _("without an answer"),
            o->ops[STORE_FAILED] + o->ops[STORE_TIMEOUT]);
    x = put(c, x, right, y, ST_WARN, _("nonsense"), o->ops[STORE_NONSENSE]);
    x = put(c, x, right, y, ST_NORMAL, _("taken"), o->ops[STORE_TAKE]);
    x = put(c, x, right, y, ST_NORMAL, _("refused"), o->errors);
    x = put(c, x, right, y, ST_DIM, _("read"), o->ops[STORE_GET]);
    put(c, x, right, y, ST_DIM, _("written"), o->ops[STORE_SET] + o->ops[STORE_OVERWRITE]);
}

static void draw_node(struct canvas *c, int x, int right, int y, const struct screen_state *s,
                      uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    const struct limiter_model *l = model_limiter(s->model, id);
    uint64_t unreached = o->ops[ADMIT_UNREACHED];
    uint64_t here = o->errors > unreached ? o->errors - unreached : 0;
    uint64_t refused = o->ops[ADMIT_LIMITED];
    x = put(c, x, right, y, ST_RUNNING, _("let in"), o->ops[ADMIT_OK]);
    x = put(c, x, right, y, ST_BAD, _("over"), l ? l->over : 0);
    if (!here && !unreached) {
        put(c, x, right, y, ST_NORMAL, _("refused"), refused);
        return;
    }
    x = put(c, x, right, y, ST_NORMAL, _("died at its gate"), here);
    x = put(c, x, right, y, ST_NORMAL, _("at the store"), refused > here ? refused - here : 0);
    put(c, x, right, y, ST_WARN, _("unreached"), unreached);
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    int right = r.x + r.w - 1, name = r.w >= 70 ? 12 : 9;
    const struct object_model *o = &s->model->objects[id];
    canvas_text_cut(c, r.x + 1, r.y, name - 1, ST_TITLE, 0, model_object_name(s->model, id));
    if (is_store(o))
        draw_store(c, r.x + 1 + name, right, r.y, s, id);
    else
        draw_node(c, r.x + 1 + name, right, r.y, s, id);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no nodes that share a store"), .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

const struct view view_nodes = {
    .name = N_("nodes"),
    .help = N_("a store that nodes share: who reaches it, and where each node's requests died"),
    .min_w = 30,
    .min_h = 3,
    .weight = 3,
    .draw = draw,
    .useful = useful,
    .rows = rows,
};
