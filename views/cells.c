/* SPDX-License-Identifier: MIT */
/* The cells panel: shared cells with what is visible to all in them, and beside it what stands in
 * the store buffers of tasks, which nobody but its task sees so far.
 *
 *   ready  0   writer sees 1 (relaxed)        last written by main, 2 loads, 1 store            */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_CELL;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static bool useful(const struct screen_state *s)
{
    return rows(s) > 0;
}

static uint64_t reads(const struct object_model *o)
{
    return o->ops[CELL_READ] + o->ops[CELL_LOAD];
}

static uint64_t writes(const struct object_model *o)
{
    return o->ops[CELL_WRITE] + o->ops[CELL_STORE] + o->ops[CELL_CAS] + o->ops[CELL_ADD] +
           o->ops[CELL_SWAP];
}

/* Exactly, as long as a double holds it so. */
static const char *value_text(char out[FORMAT_SIZE], double value)
{
    if (value > -1e15 && value < 1e15)
        snprintf(out, FORMAT_SIZE, "%.0f", value);
    else
        format_number(out, value);
    return out;
}

/* "writer sees 1 (relaxed)", for each store that is not visible yet. */
static void draw_buffered(struct canvas *c, int x, int y, int right, const struct model *m,
                          uint32_t id)
{
    for (uint32_t i = 0; i < m->stores_n && x < right; i++) {
        const struct store_model *b = &m->stores[i];
        char text[160];
        if (b->obj != id)
            continue;
        snprintf(text, sizeof text, _("%s alone sees %" PRId64 " (%s)"),
                 model_task_name(m, b->task), b->value,
                 b->order < CELL_ORDER_COUNT ? cell_order_names[b->order] : "?");
        x = canvas_text_cut(c, x, y, right - x, ST_WARN, 0, text) + 2;
    }
}

static void draw_use(struct canvas *c, int x, int y, int w, const struct model *m, uint32_t id)
{
    const struct object_model *o = &m->objects[id];
    char text[128], a[FORMAT_SIZE], b[FORMAT_SIZE];
    int right = x + w;
    snprintf(text, sizeof text, _("%s read, %s written"), format_count(a, reads(o)),
             format_count(b, writes(o)));
    x = canvas_text_cut(c, x, y, right - x, ST_NORMAL, 0, text) + 2;
    if (o->ops[CELL_CAS_FAILED]) {
        snprintf(text, sizeof text, P_("%s failed CAS", "%s failed CAS", o->ops[CELL_CAS_FAILED]),
                 format_count(a, o->ops[CELL_CAS_FAILED]));
        x = canvas_text_cut(c, x, y, right - x, ST_WARN, 0, text) + 2;
    }
    if (o->owner) {
        snprintf(text, sizeof text, _("last by %s"), model_task_name(m, o->owner));
        canvas_text_cut(c, x, y, right - x, ST_DIM, 0, text);
    }
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    char number[FORMAT_SIZE];
    int name = r.w >= 50 ? 14 : 8, right = r.x + r.w - 1, x = r.x + 2 + name;
    canvas_text_cut(c, r.x + 1, r.y, name, ST_TITLE, 0, model_object_name(m, id));
    const struct object_model *o = &m->objects[id];
    bool known = reads(o) + writes(o) + o->ops[CELL_CAS_FAILED] > 0; /* else it has its first */
    x = canvas_text_cut(c, x, r.y, right - x, known ? ST_RUNNING : ST_DIM, 0,
                        known ? value_text(number, o->level.now) : _("not used yet")) +
        2;
    draw_buffered(c, x, r.y, right, m, id);
    if (r.h > 1)
        draw_use(c, r.x + 3, r.y + 1, r.w - 4, m, id);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no cells"), .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    static const char *const words[] = {
        [CELL_READ] = N_("plain reads"),
        [CELL_WRITE] = N_("plain writes"),
        [CELL_LOAD] = N_("atomic loads"),
        [CELL_STORE] = N_("atomic stores"),
        [CELL_CAS] = N_("compare-and-swaps"),
        [CELL_CAS_FAILED] = N_("compare-and-swaps that found another value"),
        [CELL_ADD] = N_("additions"),
        [CELL_SWAP] = N_("swaps"),
        [CELL_FLUSH] = N_("stores that became visible later"),
    };
    uint32_t id = objects_nth(s, listed, state->chosen);
    const struct object_model *o = &s->model->objects[id];
    if (!id)
        return;
    str_addf(out, _("cell      %s\n"), model_object_name(s->model, id));
    for (size_t op = 0; op < ARRAY_LEN(words); op++)
        str_addf(out, "%9" PRIu64 " %s\n", o->ops[op], _(words[op]));
}

const struct view view_cells = {
    .name = N_("cells"),
    .help = N_("shared cells: what all see, what stands in store buffers, who wrote last"),
    .min_w = 24,
    .min_h = 3,
    .weight = 4,
    .draw = draw,
    .useful = useful,
    .rows = rows,
    .details = details,
};
