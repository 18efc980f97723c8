/* SPDX-License-Identifier: MIT */
/* The channels panel: fill, highest, who waits at which end and for how long, history, the closed
 * stamp. Two lines a channel where there is room: the second is for who waits. Dependencies and
 * queues, which have a level as well, follow in one line each. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { WAITS = 34 /* cells for "‖ 12 senders wait 491ms  high 100" */ };

static bool listed(const struct object_model *o)
{
    return o->known && (o->kind == OBJ_CHAN || o->kind == OBJ_QUEUE || o->kind == OBJ_DEPENDENCY ||
                        o->kind == OBJ_POOL);
}

static int rows(const struct screen_state *s)
{
    int n = 0;
    for (uint32_t id = 1; id < s->model->objects_n; id++)
        n += listed(&s->model->objects[id]);
    return n;
}

static uint32_t object_at(const struct screen_state *s, int row)
{
    for (uint32_t id = 1; id < s->model->objects_n; id++)
        if (listed(&s->model->objects[id]) && row-- == 0)
            return id;
    return 0;
}

/* A damaged session can bring a level below 0. */
static uint64_t whole(double level)
{
    return level > 0 ? (uint64_t)level : 0;
}

static void level_text(const struct object_model *o, char *out, size_t size)
{
    char now[FORMAT_SIZE], cap[FORMAT_SIZE];
    if (o->kind == OBJ_DEPENDENCY)
        snprintf(out, size, _("%s in flight"), format_count(now, whole(o->level.now)));
    else if (o->cap > 0)
        snprintf(out, size, "%s/%s", format_count(now, whole(o->level.now)),
                 format_count(cap, (uint64_t)o->cap));
    else if (o->kind == OBJ_CHAN)
        snprintf(out, size, "0/0");
    else
        snprintf(out, size, "%s", format_count(now, whole(o->level.now)));
}

/* "1 sender waits 84ms   high 10", or the stamp. */
static void draw_waits(struct canvas *c, int x, int y, int w, const struct screen_state *s,
                       uint32_t id)
{
    const struct object_model *o = &s->model->objects[id];
    char text[96], age[FORMAT_SIZE], number[FORMAT_SIZE];
    int right = x + w;
    if (o->kind == OBJ_DEPENDENCY) {
        snprintf(text, sizeof text, _("%s requests ended, "), format_count(number, o->calls));
        x = canvas_text_cut(c, x, y, right - x, ST_DIM, 0, text);
        snprintf(text, sizeof text, _("%s failed"), format_count(number, o->errors));
        canvas_text_cut(c, x, y, right - x, o->errors ? ST_BAD : ST_DIM, 0, text);
        return;
    }
    if (o->closed) {
        snprintf(text, sizeof text, _("✗ CLOSED at %s"), format_second(age, o->closed_ns));
        x = canvas_text_cut(c, x, y, right - x, ST_BAD, 0, text) + 2;
        if (o->level.now > 0) {
            snprintf(text, sizeof text, _("%s left"), format_count(number, whole(o->level.now)));
            x = canvas_text_cut(c, x, y, right - x, ST_WARN, 0, text) + 2;
        }
    }
    if (o->senders) {
        snprintf(text, sizeof text, P_("‖ %s sender waits %s", "‖ %s senders wait %s", o->senders),
                 format_count(number, o->senders),
                 format_duration(
                     age, longest_wait(s->model, id, WHY_CHAN_SEND, o->senders_since, s->view_ns)));
        x = canvas_text_cut(c, x, y, right - x, ST_WARN, 0, text) + 2;
    }
    if (o->receivers) {
        snprintf(text, sizeof text,
                 P_("◌ %s receiver waits %s", "◌ %s receivers wait %s", o->receivers),
                 format_count(number, o->receivers),
                 format_duration(age, longest_wait(s->model, id, WHY_CHAN_RECV, o->receivers_since,
                                                   s->view_ns)));
        x = canvas_text_cut(c, x, y, right - x, ST_WAITING, 0, text) + 2;
    }
    if (!o->senders && !o->receivers && !o->closed)
        x = canvas_text_cut(c, x, y, right - x, ST_DIM, 0, _("nobody waits")) + 2;
    if (o->cap > 0 || o->kind != OBJ_CHAN) {
        snprintf(text, sizeof text, _("high %s"), format_count(number, whole(o->level.max)));
        if (x + utf8_width(text) <= right)
            canvas_text(c, x, y, ST_DIM, 0, text);
    }
}

static void draw_object(struct canvas *c, struct rect r, int name, const struct screen_state *s,
                        uint32_t id, bool chosen)
{
    const struct object_model *o = &s->model->objects[id];
    char text[64];
    level_text(o, text, sizeof text);
    int level = o->kind != OBJ_DEPENDENCY && utf8_width(text) > 7 ? utf8_width(text) : 7;
    int gauge = (r.w - name - level - 4) / (r.w >= 74 ? 4 : 2);
    gauge = gauge > 18 ? 18 : gauge < 6 ? 6 : gauge;
    int spark = r.w - name - level - gauge - 5;
    bool full = o->cap > 0 && o->level.now >= (double)o->cap;
    draw_chosen(c, r.x, r.y, chosen);
    canvas_text_cut(c, r.x + 1, r.y, name, o->closed ? ST_DONE : ST_TITLE, 0,
                    model_object_name(s->model, id));
    int x = r.x + 2 + name;
    if (o->kind == OBJ_DEPENDENCY) {
        canvas_text(c, x, r.y, o->level.now > 0 ? ST_SLEEPING : ST_DIM, 0, "◔ ");
        canvas_text_cut(c, x + 2, r.y, gauge + level - 1, o->level.now > 0 ? ST_NORMAL : ST_DIM, 0,
                        text);
        x += gauge + 1;
        *text = '\0';
    } else {
        draw_gauge(c, x, r.y, gauge, o->level.now, o->level.max, (double)o->cap);
        x += gauge + 1;
    }
    canvas_text(c, x, r.y, full ? ST_FILL_HIGH : ST_NORMAL, 0, text);
    x += level + 1;
    if (r.h == 1 && spark >= WAITS + 8) { /* one wide line: who waits stands in it */
        draw_waits(c, x, r.y, WAITS, s, id);
        x += WAITS + 1;
        spark -= WAITS + 1;
    }
    if (spark > 3)
        draw_spark(c, x, r.y, spark, &o->history, o->cap > 0 ? (double)o->cap : 0,
                   full ? ST_FILL_HIGH : ST_FILL);
    if (r.h > 1)
        draw_waits(c, r.x + 2 + name, r.y + 1, r.w - name - 2, s, id);
}

/* What the histories cover: all of them began with their object, nearly together. */
static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)state;
    char span[FORMAT_SIZE];
    uint32_t id = object_at(s, 0);
    if (!id || r.w < 40)
        return;
    const struct history *h = &s->model->objects[id].history;
    if (h->n > 1)
        snprintf(out, size, _("level over %s"), format_duration(span, (int64_t)h->n * h->step_ns));
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    int n = rows(s);
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no channels yet"));
        return;
    }
    bool wide = r.w >= 74;
    int lines = wide ? 1 : n * 2 <= r.h || r.h < 3 ? 2 : n * 3 <= r.h * 2 ? 2 : 1;
    lines = r.h < 2 ? 1 : lines;
    int pitch = wide ? (n * 2 <= r.h + 1 ? 2 : 1) : n * 3 <= r.h + 1 ? 3 : lines;
    int fit = r.h / pitch + (pitch == 3 && r.h % 3 == 2);
    int first = list_first(state, n, fit > 0 ? fit : 1), name = 4, row = 0;
    for (uint32_t id = 1; id < m->objects_n; id++) {
        int w = listed(&m->objects[id]) ? utf8_width(model_object_name(m, id)) : 0;
        name = w > name ? w : name;
    }
    name = name > r.w / 3 ? r.w / 3 : name;
    for (uint32_t id = 1; id < m->objects_n && row < first + fit; id++) {
        if (!listed(&m->objects[id]))
            continue;
        if (row >= first)
            draw_object(c, (struct rect){r.x, r.y + (row - first) * pitch, r.w, lines}, name, s, id,
                        state->focused && row == state->chosen && n > 1);
        row++;
    }
    list_marks(c, r, first, first + fit < n ? n + r.h : 0);
}

static void holders(const struct screen_state *s, uint32_t id, uint8_t role, struct str *out)
{
    const struct model *m = s->model;
    int n = 0;
    for (size_t i = 0; i < m->edges_n; i++) {
        const struct edge_model *e = &m->edges[i];
        if (e->to_obj != id || e->role != role || e->gone)
            continue;
        if (n++ < 12)
            str_addf(out, "%s%s", n > 1 ? ", " : "",
                     e->from_task ? model_task_name(m, e->from_task)
                                  : model_object_name(m, e->from_obj));
    }
    if (!n)
        str_add(out, _("nobody"));
    else if (n > 12)
        str_addf(out, _(" and %d more"), n - 12);
    str_addc(out, '\n');
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    const struct model *m = s->model;
    uint32_t id = object_at(s, state->chosen);
    if (!id)
        return;
    const struct object_model *o = &m->objects[id];
    char text[FORMAT_SIZE];
    str_addf(out, "%-10s%s\n", o->kind < OBJ_KIND_COUNT ? obj_kind_names[o->kind] : _("object"),
             model_object_name(m, id));
    if (o->kind == OBJ_CHAN && !o->cap)
        str_add(out, _("capacity  0: a send waits until somebody receives\n"));
    else if (o->cap)
        str_addf(out, _("capacity  %" PRId64 "\n"), o->cap);
    str_addf(out, _("level     %.0f now, %.0f highest, %.2f mean\n"), o->level.now, o->level.max,
             level_mean(&o->level, 0, s->view_ns));
    if (o->kind == OBJ_CHAN) {
        str_addf(out, _("sent      %" PRIu64 "\nreceived  %" PRIu64 "\n"), o->ops[CHAN_SEND],
                 o->ops[CHAN_RECV]);
        if (o->ops[CHAN_DROP])
            str_addf(out, _("dropped   %" PRIu64 "\n"), o->ops[CHAN_DROP]);
        str_addf(out, _("waiting   %" PRIu32 " to send, %" PRIu32 " to receive\n"), o->senders,
                 o->receivers);
        if (o->closed)
            str_addf(out, _("CLOSED    at %s\n"), format_clock(text, o->closed_ns));
        str_add(out, _("\ncan send     "));
        holders(s, id, ROLE_SENDS, out);
        str_add(out, _("can receive  "));
        holders(s, id, ROLE_RECEIVES, out);
        str_add(out, _("may close    "));
        holders(s, id, ROLE_CLOSES, out);
    } else {
        str_addf(out, _("ended     %" PRIu64 " requests, %" PRIu64 " failed\n"), o->calls,
                 o->errors);
    }
}

const struct view view_channels = {
    .name = N_("channels"),
    .help =
        N_("each channel: fill, highest, who waits at which end, its history, when it was closed"),
    .min_w = 30,
    .min_h = 4,
    .weight = 4,
    .draw = draw,
    .aside = aside,
    .rows = rows,
    .details = details,
};
