/* SPDX-License-Identifier: MIT */
/* The flow panel: the topology as one would draw it on a board, alive.
 *
 *              jobs 10/10                          results 1/4
 *   producer ─ 20.1/s ─▶ ▐██████▌ ─▶ workers 4/4 busy ─▶ ▐█░░░▌ ─▶ consumer
 *   ‖ blocked: send 84ms  high 10      ●●◐●               high 3     ◌ waits: recv
 *
 * Nodes stand in columns of the topology; the widths that are left over go to the arrows. Three
 * degrees of detail are tried, the first that fits is drawn; where none does, a list is. Items on
 * the arrows move by the model's time, so nothing moves while that stands still. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { LIST_W = 38 /* a column of the list */ };

struct flow {
    struct canvas *c;
    struct rect r;
    const struct model *m;
    int64_t now_ns;
    struct crowds crowds;
    struct topo topo;
    int detail; /* 0 roomy … 2 tight */
    int gauge;  /* cells of a gauge */
    int lane;   /* lines a row of nodes takes */
    int top;
    int x[TOPO_NODES], w[TOPO_NODES]; /* by layer */
    struct route route;
};

static const struct object_model *object(const struct flow *f, int node)
{
    return &f->m->objects[f->topo.node[node].obj];
}
static const struct crowd *crowd(const struct flow *f, int node)
{
    return &f->crowds.at[f->topo.node[node].crowd];
}
static bool is_crowd(const struct flow *f, int node)
{
    return f->topo.node[node].crowd >= 0;
}
static bool has_level(const struct object_model *o)
{
    return o->kind == OBJ_CHAN || o->kind == OBJ_QUEUE || o->kind == OBJ_POOL ||
           o->kind == OBJ_BULKHEAD || o->kind == OBJ_LIMITER;
}

/* What stands on the line of the arrows. */
static void body_text(const struct flow *f, int node, char *out, size_t size)
{
    if (!is_crowd(f, node)) {
        snprintf(out, size, "%s", model_object_name(f->m, f->topo.node[node].obj));
        return;
    }
    const struct crowd *w = crowd(f, node);
    if (!w->prefix && w->n == 1)
        snprintf(out, size, "%s", w->name);
    else
        snprintf(out, size,
                 f->detail < 2 ? _("%s %" PRIu32 "/%" PRIu32 " busy") : "%s %" PRIu32 "/%" PRIu32,
                 w->name, w->busy, w->live);
}

static int body_width(const struct flow *f, int node)
{
    if (!is_crowd(f, node) && has_level(object(f, node)))
        return f->gauge;
    char text[128];
    body_text(f, node, text, sizeof text);
    int w = utf8_width(text), most = f->detail == 0 ? 32 : f->detail == 1 ? 24 : 18;
    return w < most ? w : most;
}

/* Chooses widths for a degree of detail. False: it does not fit. */
static bool fit(struct flow *f, int detail)
{
    static const struct {
        int gauge, arrow;
    } sizes[] = {{14, 14}, {10, 8}, {6, 4}};
    f->detail = detail;
    f->gauge = sizes[detail].gauge;
    const struct topo *t = &f->topo;
    memset(f->w, 0, sizeof f->w);
    for (int i = 0; i < t->n; i++) {
        int w = body_width(f, i);
        if (w > f->w[t->node[i].layer])
            f->w[t->node[i].layer] = w;
    }
    /* Below the last node there is nothing to the right of it: its words need a column. */
    if (t->layers && f->w[t->layers - 1] < 13)
        f->w[t->layers - 1] = 13;
    int used = 0, gaps = t->layers - 1;
    for (int i = 0; i < t->layers; i++)
        used += f->w[i];
    int spare = f->r.w - 2 - used;
    if (gaps && spare / gaps < sizes[detail].arrow)
        return false;
    if (spare < 0)
        return false;
    int x = f->r.x + 1, most = 26;
    for (int i = 0; i < t->layers; i++) {
        f->x[i] = x;
        int gap = gaps ? spare * (i + 1) / gaps - spare * i / gaps : 0;
        x += f->w[i] + (gap < most ? gap : most);
    }
    return true;
}

static int node_y(const struct flow *f, int node)
{
    const struct topo_node *n = &f->topo.node[node];
    int free = (f->topo.rows - f->topo.in_layer[n->layer]) * f->lane;
    return f->r.y + f->top + n->row * f->lane + free / 2 + 1;
}

/* How far a node's texts above and below may reach: to the next column, but not over a bend. */
static int room(const struct flow *f, int node)
{
    int layer = f->topo.node[node].layer, x = f->x[layer];
    if (layer + 1 >= f->topo.layers)
        return f->r.x + f->r.w - x;
    int next = f->x[layer + 1], bend = next - 4;
    if (f->topo.rows > 1 && bend - 1 > x + f->w[layer])
        next = bend;
    return next - x - 1;
}

/* A limiter as what it is; what has no bound against its highest; a channel as its buffer. */
static void draw_fill(const struct flow *f, uint32_t obj, int x, int y, int w)
{
    const struct object_model *o = &f->m->objects[obj];
    const struct limiter_model *l = o->kind == OBJ_LIMITER ? model_limiter(f->m, obj) : NULL;
    bool bound = o->cap > 0 || o->kind == OBJ_CHAN;
    if (l && l->told && w >= 8)
        draw_limiter(f->c, x, y, w, l, f->now_ns);
    else
        draw_gauge(f->c, x, y, w, o->level.now < 0 ? 0 : o->level.now, bound ? o->level.max : -1,
                   bound                ? (double)o->cap
                   : o->level.max > 1.0 ? o->level.max
                                        : 1);
}

static void draw_object(const struct flow *f, int node)
{
    const struct object_model *o = object(f, node);
    struct canvas *c = f->c;
    const char *name = model_object_name(f->m, f->topo.node[node].obj);
    int x = f->x[f->topo.node[node].layer], y = node_y(f, node), most = room(f, node);
    char text[160];
    if (!has_level(o)) {
        canvas_text_cut(c, x, y, f->w[f->topo.node[node].layer], ST_TITLE, 0, name);
        return;
    }
    if (o->cap > 0)
        snprintf(text, sizeof text, "%s %.0f/%" PRId64, name, o->level.now, o->cap);
    else if (o->kind == OBJ_CHAN)
        snprintf(text, sizeof text, "%s 0/0", name);
    else
        snprintf(text, sizeof text, "%s %.0f", name, o->level.now);
    bool full = o->cap > 0 && o->level.now >= (double)o->cap;
    canvas_text_cut(c, x, y - 1, most, full ? ST_FILL_HIGH : ST_TITLE, 0, text);
    draw_fill(f, f->topo.node[node].obj, x, y, f->gauge);
    if (o->closed) {
        char when[FORMAT_SIZE];
        snprintf(text, sizeof text, _("✗ CLOSED %s"), format_second(when, o->closed_ns));
        if (utf8_width(text) > most)
            snprintf(text, sizeof text, _("✗ CLOSED %s"), format_duration(when, o->closed_ns));
        if (utf8_width(text) > most) /* half a time is none */
            snprintf(text, sizeof text, _("✗ CLOSED"));
        canvas_text_cut(c, x, y + 1, most, ST_BAD, 0, text);
    } else if (o->cap > 0) {
        snprintf(text, sizeof text, full ? _("FULL high %.0f") : _("high %.0f"), o->level.max);
        canvas_text_cut(c, x, y + 1, most, full ? ST_FILL_HIGH : ST_DIM, 0, text);
    } else if (o->kind == OBJ_CHAN) {
        canvas_text_cut(c, x, y + 1, most, ST_DIM, 0, _("hand-off"));
    } else if (f->lane >= 3) {
        snprintf(text, sizeof text, _("high %.0f"), o->level.max);
        canvas_text_cut(c, x, y + 1, most, ST_DIM, 0, text);
    }
    if (f->lane < 4)
        return;
    uint32_t waits = o->senders ? o->senders : o->receivers;
    if (!waits)
        return;
    snprintf(text, sizeof text,
             o->senders ? P_("%" PRIu32 " sender waits", "%" PRIu32 " senders wait", waits)
                        : P_("%" PRIu32 " receiver waits", "%" PRIu32 " receivers wait", waits),
             waits);
    if (utf8_width(text) > most)
        snprintf(text, sizeof text,
                 o->senders ? _("%" PRIu32 " to send") : _("%" PRIu32 " to recv"), waits);
    canvas_text_cut(c, x, y + 2, most, o->senders ? ST_WARN : ST_DIM, 0, text);
}

/* "‖ blocked: send 84ms" for one task; where that is too wide, the word and the age. */
static void one_state(const struct flow *f, const struct crowd *w, int most, struct str *out,
                      struct state_look *look)
{
    const struct task_model *t = &f->m->tasks[w->first];
    char age[FORMAT_SIZE];
    uint8_t state = state_shown(f->m, w->first);
    *look = state_look(state, t->why);
    char glyph[5] = {0};
    utf8_encode(look->glyph, glyph);
    str_addf(out, "%s ", glyph);
    state_text(f->m, t, out);
    if (t->on && (t->why == WHY_CHAN_SEND || t->why == WHY_CHAN_RECV)) {
        /* The arrow shows on what: the word is enough. */
        char *last = strrchr(out->data, ' ');
        if (last && !strcmp(last + 1, model_object_name(f->m, t->on))) {
            *last = '\0';
            out->len = (size_t)(last - out->data);
        }
    }
    if (t->state != TASK_WAITING && state != TASK_LEAKED)
        return;
    format_duration(age, f->now_ns - t->since_ns);
    if (utf8_width(out->data) + 1 + utf8_width(age) > most) {
        str_clear(out);
        str_addf(out, "%s %s", glyph, look->word);
    }
    str_addf(out, " %s", age);
}

/* "2 blocked 2 calling", the loudest first, as far as there is room. */
static void draw_counts(const struct flow *f, const struct crowd *w, int x, int y, int right)
{
    char text[48], number[FORMAT_SIZE];
    for (int rank = 0; rank < STATE_GROUPS; rank++) {
        int i = state_group_loud(rank);
        if (!w->state[i] || (i == TASK_DONE && w->live))
            continue;
        snprintf(text, sizeof text, "%s %s", format_count(number, w->state[i]),
                 state_group_word(i));
        if (x + utf8_width(text) > right)
            return;
        x = canvas_text(f->c, x, y, state_group_look(i).style, 0, text) + 1;
    }
}

static int counts_width(const struct crowd *w)
{
    char number[FORMAT_SIZE];
    int width = 0;
    for (int i = 0; i < STATE_GROUPS; i++)
        if (w->state[i])
            width += 5 + (int)strlen(format_count(number, w->state[i])) +
                     utf8_width(state_group_word(i));
    return width;
}

/* A glyph a task with their counts behind, or only counts by state when they are too many. */
static void draw_strip(const struct flow *f, int node, int x, int y, int most)
{
    const struct crowd *w = crowd(f, node);
    int right = x + most;
    if ((int)w->n <= most) {
        for (uint32_t id = w->first; id < f->m->tasks_n; id++) {
            if (crowds_of(&f->crowds, id) != f->topo.node[node].crowd)
                continue;
            struct state_look l = state_look(state_shown(f->m, id), f->m->tasks[id].why);
            canvas_put(f->c, x++, y, l.glyph, l.style, 0);
        }
        draw_counts(f, w, x + 1, y, right);
        return;
    }
    bool words = counts_width(w) <= most;
    for (int rank = 0; rank < STATE_GROUPS; rank++) {
        int i = state_group_loud(rank);
        if (!w->state[i])
            continue;
        struct state_look l = state_group_look(i);
        char number[FORMAT_SIZE], text[48];
        format_count(number, w->state[i]);
        snprintf(text, sizeof text, words ? "%s %s" : "%s", number, state_group_word(i));
        if (x + 1 + utf8_width(text) > right)
            return;
        canvas_put(f->c, x, y, l.glyph, l.style, 0);
        x = canvas_text(f->c, x + 1 + words, y, l.style, 0, text) + 1 + words;
    }
}

static void draw_crowd(const struct flow *f, int node)
{
    const struct crowd *w = crowd(f, node);
    int layer = f->topo.node[node].layer, x = f->x[layer], y = node_y(f, node);
    int most = room(f, node);
    char text[160];
    body_text(f, node, text, sizeof text);
    bool idle = w->live == 0;
    canvas_text_cut(f->c, x, y, f->w[layer], idle ? ST_DONE : ST_TITLE, 0, text);
    if (w->n == 1 && !w->prefix) {
        struct str s = {0};
        struct state_look look;
        one_state(f, w, most, &s, &look);
        canvas_text_cut(f->c, x, y + 1, most, look.style, 0, s.data);
        str_free(&s);
        return;
    }
    draw_strip(f, node, x, y + 1, most);
    if (f->lane < 4 || !w->live)
        return;
    char age[FORMAT_SIZE];
    if (w->state[TASK_LEAKED] || !w->blocked) /* said already */
        return;
    format_duration(age, f->now_ns - w->since_ns);
    snprintf(text, sizeof text, _("‖ send blocked for %s"), age);
    if (utf8_width(text) > most)
        snprintf(text, sizeof text, _("‖ for %s"), age);
    canvas_text_cut(f->c, x, y + 2, most, ST_WARN, 0, text);
}

static double rate_of(const struct flow *f, const struct topo_link *l)
{
    const struct object_model *o = &f->m->objects[l->obj];
    int64_t span = f->now_ns - o->rate_from_ns;
    if (span < INT64_C(1000000000))
        return (double)(l->into ? o->rate : o->rate_out);
    /* Nothing has come for more than a second: the last whole one is no news any more. */
    return (double)(l->into ? o->rate_count : o->rate_out_count) * 1e9 / (double)span;
}

/* Items on their way: dots that travel with the model's time. */
static void draw_items(const struct flow *f, int x0, int x1, int y, double rate)
{
    int n = x1 - x0;
    if (rate <= 0 || n < 2)
        return;
    int every = rate >= 100 ? 3 : rate >= 10 ? 5 : 8;
    int64_t step = f->now_ns / 125000000; /* eight cells a second */
    for (int i = 0; i < n; i++)
        if ((i - step) % every == 0)
            canvas_put(f->c, x0 + i, y, GL_BULLET, ST_MARK, 0);
}

static void draw_link(const struct flow *f, const struct topo_link *l)
{
    const struct topo_node *a = &f->topo.node[l->from], *b = &f->topo.node[l->to];
    int y0 = node_y(f, l->from), y1 = node_y(f, l->to);
    int x0 = f->x[a->layer] + body_width(f, l->from) + 1, x1 = f->x[b->layer] - 2;
    bool blocked = l->into && a->crowd >= 0 && f->crowds.at[a->crowd].blocked_on == l->obj &&
                   f->crowds.at[a->crowd].blocked;
    uint8_t style = blocked ? ST_WARN : ST_DIM;
    double rate = rate_of(f, l);
    canvas_put(f->c, x1, y1, GL_HEAD_RIGHT, style, 0);
    char text[FORMAT_SIZE + 4], number[FORMAT_SIZE];
    snprintf(text, sizeof text, " %s ", format_rate(number, rate));
    int w = (int)strlen(text);
    if (y0 != y1 || b->layer != a->layer + 1)
        return;
    if (blocked)
        canvas_put(f->c, x1 - 1, y1, GL_PAUSED, ST_WARN, 0);
    if (x1 - x0 >= w + 2) { /* on the arrow */
        int at = x0 + (x1 - x0 - w) / 2;
        draw_items(f, x0, at, y0, blocked ? 0 : rate);
        draw_items(f, at + w, x1, y0, blocked ? 0 : rate);
        canvas_text(f->c, at, y0, rate > 0 ? ST_NORMAL : ST_DIM, 0, text);
    } else {
        draw_items(f, x0, x1, y0, blocked ? 0 : rate);
        int at = x0 + (x1 - x0 + 1 - (w - 2)) / 2;
        if (l->into && x1 - x0 + 1 >= w - 2 && rate > 0) /* above it; behind a gauge its name is */
            canvas_text(f->c, at, y0 - 1, ST_DIM, 0, number);
    }
}

static void route_link(struct flow *f, const struct topo_link *l)
{
    const struct topo_node *a = &f->topo.node[l->from], *b = &f->topo.node[l->to];
    int x0 = f->x[a->layer] + body_width(f, l->from) + 1 - f->r.x;
    int x1 = f->x[b->layer] - 3 - f->r.x, bend = f->x[a->layer + 1] - 4 - f->r.x;
    if (bend < x0)
        bend = x0;
    if (a->layer + 1 != b->layer) /* over columns between: along the own row, bend at the end */
        bend = x1 - 1 > x0 ? x1 - 1 : x0;
    route_add(&f->route, x0, node_y(f, l->from) - f->r.y, bend, x1, node_y(f, l->to) - f->r.y);
}

/* ---- what has no place on the line: calls, groups, contexts, cycles ---------------------------
 */

static int fact(const struct flow *f, int x, int y, uint8_t style, const char *text)
{
    int right = f->r.x + f->r.w;
    if (x > f->r.x + 1 && x + utf8_width(text) + 3 > right)
        return right;
    if (x > f->r.x + 1)
        x = canvas_text(f->c, x, y, ST_DIM, 0, "   ");
    return canvas_text_cut(f->c, x, y, right - x, style, 0, text);
}

static void draw_facts(const struct flow *f, int y)
{
    const struct model *m = f->m;
    int x = f->r.x + 1;
    char text[160], age[FORMAT_SIZE];
    for (int i = 0; i < f->topo.links; i++) {
        const struct topo_link *l = &f->topo.link[i];
        if (!l->back)
            continue;
        snprintf(text, sizeof text, _("↺ %s ─▶ %s closes a cycle"), model_object_name(m, l->obj),
                 is_crowd(f, l->to) ? crowd(f, l->to)->name : "…");
        x = fact(f, x, y, ST_WARN, text);
    }
    for (uint32_t id = 1; id < m->objects_n; id++) {
        const struct object_model *o = &m->objects[id];
        const char *name = model_object_name(m, id);
        if (!o->known)
            continue;
        if (o->kind == OBJ_CTX && o->cancelled) {
            snprintf(text, sizeof text, _("✗ %s CANCELLED %s"), name,
                     o->cause ? strtab_get(m->names, o->cause) : "");
            x = fact(f, x, y, ST_BAD, text);
        } else if (o->kind == OBJ_DEPENDENCY) {
            snprintf(text, sizeof text, _("calls %s %.0f in flight"), name, o->level.now);
            x = fact(f, x, y, o->level.now > 0 ? ST_SLEEPING : ST_DIM, text);
        } else if (o->kind == OBJ_GROUP) {
            snprintf(text, sizeof text, _("group %s %.0f"), name, o->level.now);
            x = fact(f, x, y, o->level.now > 0 ? ST_NORMAL : ST_DONE, text);
        }
    }
    if (m->panic_ns) {
        snprintf(text, sizeof text, _("✖ PANIC %s"), strtab_get(m->names, m->panic_text));
        fact(f, x, y, ST_BAD, text);
    }
    (void)age;
}

/* ---- the list, where columns do not fit
 * ---------------------------------------------------------- */

static void list_line(const struct flow *f, int node, int x, int right, int y)
{
    char text[160];
    if (is_crowd(f, node)) {
        const struct crowd *w = crowd(f, node);
        body_text(f, node, text, sizeof text);
        int at = canvas_text_cut(f->c, x, y, 15, w->live ? ST_TITLE : ST_DONE, 0, text);
        at = at < x + 16 ? x + 16 : at + 1;
        if (w->n > 1 || w->prefix) {
            draw_strip(f, node, at, y, right - at);
            return;
        }
        struct str s = {0};
        struct state_look look;
        one_state(f, w, right - at, &s, &look);
        canvas_text_cut(f->c, at, y, right - at, look.style, 0, s.data);
        str_free(&s);
        return;
    }
    const struct object_model *o = object(f, node);
    canvas_put(f->c, x, y, GL_DOWN, ST_DIM, 0);
    canvas_text_cut(f->c, x + 2, y, 13, ST_NORMAL, 0,
                    model_object_name(f->m, f->topo.node[node].obj));
    if (!has_level(o))
        return;
    if (o->closed)
        snprintf(text, sizeof text, _("%.0f CLOSED"), o->level.now);
    else if (o->cap)
        snprintf(text, sizeof text, "%.0f/%" PRId64, o->level.now, o->cap);
    else if (o->kind == OBJ_CHAN)
        snprintf(text, sizeof text, _("hand-off"));
    else
        snprintf(text, sizeof text, "%.0f", o->level.now);
    int w = right - (x + 16) - utf8_width(text) - 1;
    w = w > 24 ? 24 : w;
    draw_fill(f, f->topo.node[node].obj, x + 16, y, w);
    canvas_text(f->c, x + 17 + (w > 0 ? w : 0), y, o->closed ? ST_BAD : ST_NORMAL, 0, text);
}

static void draw_list(struct flow *f)
{
    f->detail = 2;
    int columns = 1, at = 0;
    while (f->topo.n > columns * f->r.h && f->r.w / (columns + 1) >= LIST_W)
        columns++;
    int w = f->r.w / columns;
    for (int layer = 0; layer < f->topo.layers; layer++)
        for (int i = 0; i < f->topo.n; i++) {
            if (f->topo.node[i].layer != layer || at >= columns * f->r.h)
                continue;
            int x = f->r.x + at / f->r.h * w;
            list_line(f, i, x + 1, x + w - 1, f->r.y + at % f->r.h);
            at++;
        }
    if (columns == 1 && at < f->r.h)
        draw_facts(f, f->r.y + at);
    list_marks(f->c, f->r, 0, f->topo.n > at ? f->r.h + 1 : 0);
}

static void draw_columns(struct flow *f)
{
    int facts = f->r.h > f->topo.rows * 3 ? 1 : 0;
    f->lane = (f->r.h - facts) / f->topo.rows;
    f->lane = f->lane > 4 ? 4 : f->lane;
    f->top = (f->r.h - facts - f->lane * f->topo.rows) / 2;
    route_start(&f->route, f->r.w, f->r.h);
    for (int i = 0; i < f->topo.links; i++)
        if (!f->topo.link[i].back)
            route_link(f, &f->topo.link[i]);
    route_draw(&f->route, f->c, f->r.x, f->r.y, ST_DIM);
    for (int i = 0; i < f->topo.n; i++) {
        if (is_crowd(f, i))
            draw_crowd(f, i);
        else
            draw_object(f, i);
    }
    for (int i = 0; i < f->topo.links; i++)
        if (!f->topo.link[i].back)
            draw_link(f, &f->topo.link[i]);
    if (facts)
        draw_facts(f, f->r.y + f->r.h - 1);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    (void)state;
    struct flow f = {.c = c, .r = r, .m = s->model, .now_ns = s->view_ns};
    crowds_collect(&f.crowds, f.m);
    topo_collect(&f.topo, &f.crowds, f.m);
    if (!f.topo.n)
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0,
                        f.m->started ? _("no channels yet") : _("nothing has started yet"));
    else if (f.topo.rows * 3 <= r.h && (fit(&f, 0) || fit(&f, 1) || fit(&f, 2)))
        draw_columns(&f);
    else
        draw_list(&f);
    crowds_free(&f.crowds);
}

const struct view view_flow = {
    .name = N_("flow"),
    .help = N_("who hands items to whom: tasks, channels, rates, pressure, closes and cancels"),
    .min_w = 24,
    .min_h = 5,
    .weight = 1,
    .draw = draw,
};
