/* SPDX-License-Identifier: MIT */
/* The groups panel: WaitGroup counters on their way to 0, and who waits for that. A lamp a task
 * where they fit: lit for those that have not ended. Barriers, latches and singleflights are groups
 * too: tasks that wait for each other. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static bool listed(const struct object_model *o)
{
    return o->kind == OBJ_GROUP || o->kind == OBJ_BARRIER || o->kind == OBJ_LATCH ||
           o->kind == OBJ_FLIGHT;
}

static int rows(const struct screen_state *s)
{
    return objects_rows(s, listed);
}

static void draw_waiters(struct canvas *c, int x, int y, int w, const struct screen_state *s,
                         uint32_t obj)
{
    const struct model *m = s->model;
    char text[128], age[FORMAT_SIZE];
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        if (!task_live(t) || t->on != obj ||
            (t->why != WHY_WAITGROUP && t->why != WHY_BARRIER && t->why != WHY_JOIN))
            continue;
        snprintf(text, sizeof text, _("◌ %s waits %s"), model_task_name(m, id),
                 format_duration(age, s->view_ns - t->since_ns));
        canvas_text_cut(c, x, y, w, ST_WAITING, 0, text);
        return;
    }
    canvas_text_cut(c, x, y, w, ST_DIM, 0, _("nobody waits"));
}

/* What stands behind the name, and how many of how many lamps are lit. */
static uint8_t told(const struct object_model *o, char *text, size_t size, int64_t *lit,
                    int64_t *lamps)
{
    int64_t now = (int64_t)o->level.now, most = (int64_t)o->level.max;
    char a[FORMAT_SIZE], b[FORMAT_SIZE];
    *lit = now;
    *lamps = o->kind == OBJ_GROUP ? most : o->cap;
    switch (o->kind) {
    case OBJ_BARRIER:
        snprintf(text, size, _("%" PRId64 " of %" PRId64 " have come, round %" PRIu32), now, o->cap,
                 o->part[0] ? o->part[0] : 1);
        return ST_NORMAL;
    case OBJ_LATCH:
        *lit = o->closed || !o->cap ? 0 : o->ops[BARRIER_DOWN] ? now : o->cap;
        snprintf(text, size, _("closed, %" PRId64 " to go"), *lit);
        if (!*lit)
            snprintf(text, size, _("✓ open"));
        return *lit ? ST_NORMAL : ST_DONE;
    case OBJ_FLIGHT:
        snprintf(text, size, _("%" PRId64 " under way; %s run, %s shared"), now,
                 format_count(a, o->ops[FLIGHT_BEGIN]), format_count(b, o->ops[FLIGHT_JOIN]));
        return now ? ST_RUNNING : ST_NORMAL;
    default:
        snprintf(text, size, _("counter %" PRId64 " of %" PRId64), now, most);
        if (now == 0 && most > 0)
            snprintf(text, size, _("✓ counter 0, all %" PRId64 " ended"), most);
        return now ? ST_NORMAL : ST_DONE;
    }
}

static void draw_one(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    int x = r.x + 1, right = r.x + r.w - 1;
    int64_t lit, lamps;
    char text[96];
    x = canvas_text_cut(c, x, r.y, right - x > 20 ? right - x - 12 : 8, ST_TITLE, 0,
                        model_object_name(s->model, id)) +
        1;
    uint8_t style = told(o, text, sizeof text, &lit, &lamps);
    x = canvas_text_cut(c, x, r.y, right - x, style, 0, text) + 1;
    for (int64_t i = 0; i < lamps && lamps <= right - x; i++)
        canvas_put(c, x + (int)i, r.y, i < lit ? GL_RUNNING : GL_TICK,
                   i < lit ? ST_RUNNING : ST_DONE, 0);
    if (r.h > 1)
        draw_waiters(c, r.x + 3, r.y + 1, r.w - 4, s, id);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    static const struct object_list list = {
        .listed = listed, .none = N_("no groups"), .draw = draw_one};
    objects_draw(c, r, s, state, &list);
}

const struct view view_groups = {
    .name = N_("groups"),
    .help = N_("groups on their way to 0, barriers, latches, shared calls, and who waits for it"),
    .min_w = 24,
    .min_h = 3,
    .weight = 3,
    .draw = draw,
    .rows = rows,
};
