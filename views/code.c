/* SPDX-License-Identifier: MIT */
/* The code panel: the pattern's listing, each line marked with the tasks that stand on it. Few
 * tasks on a line are named, many are counted. It scrolls by itself to the first line with a task
 * until somebody scrolls it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static const char nothing[] = N_("This pattern has no listing.");

static bool useful(const struct screen_state *s)
{
    return s->listing && s->listing[0];
}

static int rows(const struct screen_state *s)
{
    int n = 0;
    while (s->listing && s->listing[n])
        n++;
    return n;
}

struct standing {
    uint32_t n, running, first;
    uint8_t state, why; /* of the first */
};

static struct standing standing_on(const struct model *m, int line)
{
    struct standing on = {0};
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        if (!t->known || t->line != (uint32_t)line || t->state == TASK_DONE)
            continue;
        if (!on.n++) {
            on.first = id;
            on.state = state_shown(m, id);
            on.why = t->why;
        }
        on.running += t->state == TASK_RUNNING;
    }
    return on;
}

static void draw_mark(struct canvas *c, int x, int y, int w, const struct model *m,
                      struct standing on)
{
    if (!on.n)
        return;
    struct state_look l = state_look(on.state, on.why);
    char text[96], number[FORMAT_SIZE];
    if (on.n == 1)
        snprintf(text, sizeof text, "%s", model_task_name(m, on.first));
    else if (on.n <= 3 && w > 14)
        snprintf(text, sizeof text, "%s +%" PRIu32, model_task_name(m, on.first), on.n - 1);
    else
        snprintf(text, sizeof text, P_("%s task", "%s tasks", on.n), format_count(number, on.n));
    canvas_put(c, x, y, l.glyph, l.style, 0);
    canvas_text_cut(c, x + 2, y, w - 2, l.style, 0, text);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    int n = rows(s);
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _(nothing));
        return;
    }
    int first = list_first(state, n, r.h), mark = r.w > 60 ? 20 : r.w > 40 ? 16 : 10;
    for (int i = first; i < n && i < first + r.h; i++) {
        struct standing on = standing_on(s->model, i + 1);
        int y = r.y + i - first, code = r.w - 6 - (on.n ? mark + 1 : 0);
        draw_chosen(c, r.x, y, state->focused && i == state->chosen);
        canvas_textf(c, r.x + 1, y, ST_DIM, 0, "%3d ", i + 1);
        canvas_text_cut(c, r.x + 5, y, code, on.n ? ST_TITLE : ST_NORMAL, 0, s->listing[i]);
        draw_mark(c, r.x + r.w - mark - 1, y, mark, s->model, on);
    }
    list_marks(c, r, first, n);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    if (state->chosen < 0 || state->chosen >= rows(s))
        return;
    const struct model *m = s->model;
    str_addf(out, "%d  %s\n\n", state->chosen + 1, s->listing[state->chosen]);
    int n = 0;
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        const struct task_model *t = &m->tasks[id];
        if (!t->known || t->line != (uint32_t)(state->chosen + 1) || t->state == TASK_DONE)
            continue;
        if (n++ >= 40)
            continue;
        char age[FORMAT_SIZE];
        str_addf(out, "%-16s ", model_task_name(m, id));
        state_text(m, t, out);
        str_addf(out, _(" for %s\n"), format_duration(age, s->view_ns - t->since_ns));
    }
    if (!n)
        str_add(out, _("no task stands here\n"));
    else if (n > 40)
        str_addf(out, _("and %d more\n"), n - 40);
}

const struct view view_code = {
    .name = N_("code"),
    .help = N_("the pattern's listing, each line with the tasks that stand on it"),
    .min_w = 34,
    .min_h = 4,
    .weight = 5,
    .draw = draw,
    .rows = rows,
    .useful = useful,
    .details = details,
};
