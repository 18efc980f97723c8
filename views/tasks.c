/* SPDX-License-Identifier: MIT */
/* The tasks panel: a line a task, or, where they are four times more than fit, a heat map: a cell a
 * task (or a cell several, then the loudest state of them), with the counts by state as its legend.
 * What is chosen has its line below the map. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

/* How loud a state is: of several tasks in one cell the loudest shows. */
static const uint8_t loudness[TASK_STATE_COUNT] = {
    [TASK_PANICKED] = 9, [TASK_LEAKED] = 8,   [TASK_FROZEN] = 7,
    [TASK_WAITING] = 4,  [TASK_RUNNING] = 6,  [TASK_RUNNABLE] = 5,
    [TASK_NEW] = 2,      [TASK_SLEEPING] = 3, [TASK_DONE] = 1,
};

static bool shown(const struct screen_state *s, uint32_t id)
{
    const struct model *m = s->model;
    return m->tasks[id].known &&
           (!s->filter || !*s->filter || strstr(model_task_name(m, id), s->filter) ||
            strstr(state_look(m->tasks[id].state, m->tasks[id].why).word, s->filter));
}

/* A filter that hits no task is meant for the log. */
static bool filtered(const struct screen_state *s)
{
    if (!s->filter || !*s->filter)
        return false;
    for (uint32_t id = 1; id < s->model->tasks_n; id++)
        if (shown(s, id))
            return true;
    return false;
}

static bool listed(const struct screen_state *s, bool filter, uint32_t id)
{
    return s->model->tasks[id].known && (!filter || shown(s, id));
}

static int rows(const struct screen_state *s)
{
    bool filter = filtered(s);
    int n = 0;
    for (uint32_t id = 1; id < s->model->tasks_n; id++)
        n += listed(s, filter, id);
    return n;
}

static uint32_t task_at(const struct screen_state *s, int row)
{
    bool filter = filtered(s);
    for (uint32_t id = 1; id < s->model->tasks_n; id++)
        if (listed(s, filter, id) && row-- == 0)
            return id;
    return 0;
}

struct columns {
    int id, name, state, item, age, strokes;
};

/* What fits in w cells: the name and the state always, then age, item, strokes. */
static struct columns columns_for(int w, int name)
{
    struct columns k = {.name = name < 6 ? 6 : name, .id = w > 70 ? 5 : 0};
    int most = w > 90 ? 24 : w > 60 ? 16 : 12;
    k.name = k.name > most ? most : k.name;
    w -= 2 + k.id + k.name; /* the mark and a blank */
    k.state = w > 44 ? 24 : w > 22 ? w - 7 : w;
    k.state = k.state > 24 ? 24 : k.state;
    w -= k.state + 1;
    if (w >= 6) {
        k.age = 6;
        w -= 7;
    }
    if (w >= 8) {
        k.item = 8;
        w -= 9;
    }
    k.strokes = w >= 8 ? w : 0;
    return k;
}

enum { WINDOW_S = 4 };

static void draw_line(struct canvas *c, int x, int y, int w, const struct screen_state *s,
                      uint32_t id, struct columns k, bool chosen)
{
    const struct model *m = s->model;
    const struct task_model *t = &m->tasks[id];
    uint8_t state = state_shown(m, id);
    struct state_look l = state_look(state, t->why);
    bool over = t->state == TASK_DONE, loud = state == TASK_LEAKED || state == TASK_PANICKED;
    int right = x + w;
    char text[64], age[FORMAT_SIZE];
    draw_chosen(c, x, y, chosen);
    snprintf(text, sizeof text, "#%" PRIu32, id);
    canvas_text_cut(c, x + 1, y, k.id - 1, ST_DIM, 0, text);
    int at = x + 1 + k.id;
    canvas_text_cut(c, at, y, k.name, over ? ST_DONE : ST_NORMAL, loud ? CELL_BOLD : 0,
                    model_task_name(m, id));
    at += k.name + 1;
    canvas_put(c, at, y, l.glyph, l.style, 0);
    if (loud) /* it has no item and no future: its words may take their room */
        k.state += k.item ? k.item + 1 : 0;
    struct str words = {0};
    state_text(m, t, &words);
    if (utf8_width(words.data) > k.state - 2 && t->on) { /* the state and on what says the most */
        str_clear(&words);
        str_addf(&words, "%s: %s", l.word, model_object_name(m, t->on));
    }
    canvas_text_cut(c, at + 2, y, k.state - 2, l.style, 0, words.data);
    str_free(&words);
    at += k.state + 1;
    int64_t since = over ? t->ended_ns : t->since_ns;
    if (loud) {
        draw_right(c, at, at + k.age < right ? at + k.age : right, y, ST_BAD, 0,
                   format_duration(age, s->view_ns - since));
        return;
    }
    if (k.age && !over) /* the age of an ended task would grow for ever and say nothing */
        draw_right(c, at, at + k.age, y, ST_NORMAL, 0, format_duration(age, s->view_ns - since));
    else if (k.age)
        draw_right(c, at, at + k.age, y, ST_DONE, 0, format_second(age, since));
    at += k.age ? k.age + 1 : 0;
    if (k.item) {
        if (t->item)
            snprintf(text, sizeof text, _("job %" PRIu64), t->item);
        else if (t->items)
            snprintf(text, sizeof text, _("%" PRIu64 " done"), t->items);
        else
            text[0] = '\0';
        canvas_text_cut(c, at, y, k.item, t->item ? ST_NORMAL : ST_DIM, 0, text);
        at += k.item + 1;
    }
    if (k.strokes)
        draw_strokes(c, at, y, k.strokes, t, s->view_ns - WINDOW_S * INT64_C(1000000000),
                     s->view_ns);
}

static void draw_legend(struct canvas *c, int x, int y, int right, const struct screen_state *s,
                        bool filter)
{
    uint32_t count[STATE_GROUPS] = {0};
    const struct model *m = s->model;
    for (uint32_t id = 1; id < m->tasks_n; id++)
        if (listed(s, filter, id))
            count[state_group(m->tasks[id].state, m->tasks[id].why)]++;
    for (int rank = 0; rank < STATE_GROUPS; rank++) {
        int i = state_group_loud(rank);
        if (!count[i])
            continue;
        struct state_look l = state_group_look(i);
        char text[64], number[FORMAT_SIZE];
        snprintf(text, sizeof text, "%s %s", format_count(number, count[i]), state_group_word(i));
        if (x + 2 + utf8_width(text) > right)
            return;
        canvas_put(c, x, y, l.glyph, l.style, 0);
        x = canvas_text(c, x + 2, y, l.style, 0, text) + 2;
    }
}

static void draw_map(struct canvas *c, struct rect r, const struct screen_state *s,
                     struct view_state *state, int n)
{
    bool filter = filtered(s);
    int cells = r.w * (r.h - 2), each = (n + cells - 1) / cells, i = 0;
    each = each < 1 ? 1 : each;
    draw_legend(c, r.x, r.y, r.x + r.w, s, filter);
    uint32_t loudest = 0;
    bool here = false;
    for (uint32_t id = 1; id < s->model->tasks_n; id++) {
        if (!listed(s, filter, id))
            continue;
        const struct task_model *t = &s->model->tasks[id];
        const struct task_model *best = loudest ? &s->model->tasks[loudest] : NULL;
        if (!best ||
            loudness[t->state % TASK_STATE_COUNT] > loudness[best->state % TASK_STATE_COUNT])
            loudest = id;
        here |= state->focused && i == state->chosen;
        i++;
        if (i % each && i < n)
            continue;
        t = &s->model->tasks[loudest];
        struct state_look l = state_look(t->state, t->why);
        int cell = (i - 1) / each;
        canvas_put(c, r.x + cell % r.w, r.y + 1 + cell / r.w, l.glyph, l.style,
                   here ? CELL_REVERSE : 0);
        loudest = 0;
        here = false;
    }
    uint32_t id = task_at(s, state->chosen);
    if (id)
        draw_line(c, r.x, r.y + r.h - 1, r.w, s, id,
                  columns_for(r.w, utf8_width(model_task_name(s->model, id))), state->focused);
}

static int widest(const struct screen_state *s, bool filter)
{
    int name = 0;
    for (uint32_t id = 1; id < s->model->tasks_n; id++) {
        int w = listed(s, filter, id) ? utf8_width(model_task_name(s->model, id)) : 0;
        name = w > name ? w : name;
    }
    return name;
}

/* Many are drawn as a map. */
static bool as_map(struct rect r, int n)
{
    return r.h >= 4 && n > 4 * r.h;
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)state;
    char number[FORMAT_SIZE];
    int n = rows(s);
    bool filter = filtered(s);
    if (as_map(r, n) || filter)
        snprintf(out, size,
                 filter ? P_("%s task matches", "%s tasks match", n) : P_("%s task", "%s tasks", n),
                 format_count(number, (uint64_t)n));
    else if (n && columns_for(r.w - 1, widest(s, filter)).strokes)
        snprintf(out, size, _("last %d s"), WINDOW_S);
    if (s->model->refused_tasks) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, _("%s%s refused: no threads"), used ? ", " : "",
                 format_count(number, s->model->refused_tasks));
    }
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    int n = rows(s);
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no tasks yet"));
        return;
    }
    int first = list_first(state, n, r.h);
    if (as_map(r, n)) {
        draw_map(c, r, s, state, n);
        return;
    }
    bool filter = filtered(s);
    int row = 0;
    struct columns k = columns_for(r.w - 1, widest(s, filter));
    for (uint32_t id = 1; id < m->tasks_n && row < first + r.h; id++) {
        if (!listed(s, filter, id))
            continue;
        if (row >= first)
            draw_line(c, r.x, r.y + row - first, r.w - 1, s, id, k,
                      state->focused && row == state->chosen && n > 1);
        row++;
    }
    list_marks(c, r, first, n);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    const struct model *m = s->model;
    uint32_t id = task_at(s, state->chosen);
    if (!id)
        return;
    const struct task_model *t = &m->tasks[id];
    char text[FORMAT_SIZE];
    str_addf(out, _("task      %s (#%" PRIu32 ")\n"), model_task_name(m, id), id);
    if (t->parent)
        str_addf(out, _("parent    %s\n"), model_task_name(m, t->parent));
    str_add(out, _("state     "));
    state_text(m, t, out);
    str_addf(out, _(" for %s\n"), format_duration(text, s->view_ns - t->since_ns));
    str_addf(out, _("born      %s\n"), format_clock(text, t->born_ns));
    if (t->ended_ns)
        str_addf(out, _("ended     %s\n"), format_clock(text, t->ended_ns));
    if (t->item)
        str_addf(out, _("in hand   request %" PRIu64 " for %s\n"), t->item,
                 format_duration(text, s->view_ns - t->item_ns));
    str_addf(out, _("ended     %" PRIu64 " requests\n\ntime in each state\n"), t->items);
    for (int state_id = 0; state_id < TASK_STATE_COUNT; state_id++) {
        int64_t ns = t->in_state[state_id];
        if (state_id == t->state && task_live(t))
            ns += s->view_ns - t->since_ns;
        if (ns > 0)
            str_addf(out, "  %-10s %s\n", task_state_names[state_id], format_duration(text, ns));
    }
    bool any = false;
    for (size_t i = 0; i < m->edges_n; i++) {
        const struct edge_model *e = &m->edges[i];
        if (e->from_task != id)
            continue;
        if (!any)
            str_add(out, _("\nends it holds\n"));
        any = true;
        str_addf(out, "  %-9s %s%s\n", e->role < ROLE_COUNT ? role_names[e->role] : "?",
                 model_object_name(m, e->to_obj), e->gone ? _("  (given up)") : "");
    }
}

const struct view view_tasks = {
    .name = N_("tasks"),
    .alias = "workers",
    .help = N_("each task: its state, what it waits for and how long, its item, its last seconds"),
    .min_w = 30,
    .min_h = 4,
    .weight = 6,
    .draw = draw,
    .aside = aside,
    .rows = rows,
    .details = details,
};
