/* SPDX-License-Identifier: MIT */
/* The procs panel: the virtual processors of a sim, a line each: what runs there, its run queue,
 * its last moments, how busy it was, what it stole and lost. The first line is the global queue's
 * and the thefts'. */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { WINDOW_MS = 1000, LEAST_CAP = 4 };

static bool useful(const struct screen_state *s)
{
    return s->model->procs && s->model->procs_n;
}

static int rows(const struct screen_state *s)
{
    return useful(s) ? (int)s->model->procs_n : 0;
}

/* The gauges have one scale: the longest queue ever. */
static double scale(const struct model *m)
{
    uint32_t most = proc_max_runq(m);
    most = m->global_max > most ? m->global_max : most;
    return most < LEAST_CAP ? LEAST_CAP : most;
}

struct columns {
    int label, task, gauge, strokes, busy, thefts;
};

static struct columns columns_for(int w)
{
    struct columns k = {.label = 4, .busy = 5};
    k.task = w >= 90 ? 20 : w >= 56 ? 16 : 12;
    k.gauge = w >= 70 ? 10 : w >= 34 ? 6 : 0;
    k.thefts = w >= 60 ? 19 : 0;
    int rest = w - k.label - k.task - 1 - (k.gauge ? k.gauge + 5 : 0) - k.busy - 1 - k.thefts - 1;
    k.strokes = rest >= 8 ? rest - 1 : 0;
    return k;
}

static void draw_head(struct canvas *c, struct rect r, const struct model *m, struct columns k)
{
    char text[96], number[FORMAT_SIZE], more[FORMAT_SIZE];
    int x = r.x + 1, right = r.x + r.w;
    uint64_t thefts = proc_thefts(m);
    canvas_text_cut(c, x, r.y, k.label + k.task, ST_TITLE, 0, _("global queue"));
    x += k.label + k.task + 1;
    if (k.gauge)
        draw_gauge(c, x, r.y, k.gauge, m->global, m->global_max, scale(m));
    x += k.gauge ? k.gauge + 1 : 0;
    snprintf(text, sizeof text, "%" PRIu32, m->global);
    x = canvas_text_cut(c, x, r.y, right - x, m->global ? ST_RUNNABLE : ST_DIM, 0, text) + 2;
    snprintf(text, sizeof text, P_("%s theft", "%s thefts", thefts), format_count(number, thefts));
    if (thefts)
        snprintf(text, sizeof text, P_("%s theft of %s", "%s thefts of %s", thefts), number,
                 format_count(more, proc_stolen(m)));
    if (x + utf8_width(text) <= right)
        canvas_text(c, x, r.y, thefts ? ST_MARK : ST_DIM, 0, text);
}

static void draw_proc(struct canvas *c, int x, int y, int w, const struct screen_state *s,
                      uint32_t i, struct columns k, bool chosen)
{
    const struct model *m = s->model;
    const struct proc_model *p = &m->procs[i];
    char text[96], a[FORMAT_SIZE], b[FORMAT_SIZE];
    int right = x + w;
    draw_chosen(c, x, y, chosen);
    snprintf(text, sizeof text, "P%" PRIu32, i);
    canvas_text_cut(c, x + 1, y, k.label - 1, ST_NORMAL, 0, text);
    x += 1 + k.label;
    struct state_look l = state_look(p->task ? TASK_RUNNING : TASK_SLEEPING, WHY_NONE);
    canvas_put(c, x, y, p->task ? l.glyph : GL_WAITING, p->task ? l.style : ST_DIM, 0);
    canvas_text_cut(c, x + 2, y, k.task - 2, p->task ? l.style : ST_DIM, 0,
                    p->task ? model_task_name(m, p->task) : _("idle"));
    x += k.task + 1;
    if (k.gauge) {
        draw_gauge(c, x, y, k.gauge, p->runq, p->runq_max, scale(m));
        snprintf(text, sizeof text, "%" PRIu32, p->runq);
        canvas_text_cut(c, x + k.gauge + 1, y, 3, p->runq ? ST_RUNNABLE : ST_DIM, 0, text);
        x += k.gauge + 5;
    }
    if (k.strokes) {
        draw_strokes(c, x, y, k.strokes, &p->strip, s->view_ns - WINDOW_MS * INT64_C(1000000),
                     s->view_ns);
        x += k.strokes + 1;
    }
    double busy = s->view_ns > 0 ? (double)proc_busy_ns(p, s->view_ns) / (double)s->view_ns : 0;
    snprintf(text, sizeof text, "%.0f %%", 100 * busy);
    draw_right(c, x, x + k.busy, y, busy > 0.9 ? ST_FILL_HIGH : ST_NORMAL, 0, text);
    x += k.busy + 1;
    if (!k.thefts)
        return;
    snprintf(text, sizeof text, _("stole %s lost %s"), format_count(a, p->stolen),
             format_count(b, p->lost));
    canvas_text_cut(c, x, y, right - x, p->stolen || p->lost ? ST_MARK : ST_DIM, 0, text);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    int n = rows(s);
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0,
                        s->model->world == WORLD_LIVE ? _("live: the machine's own scheduler")
                                                      : _("no virtual processors"));
        return;
    }
    int top = r.h > 1, fit = r.h - top, first = list_first(state, n, fit);
    struct columns k = columns_for(r.w - 1);
    if (top)
        draw_head(c, r, s->model, k);
    for (int i = first; i < n && i < first + fit; i++)
        draw_proc(c, r.x, r.y + top + i - first, r.w - 1, s, (uint32_t)i, k,
                  state->focused && i == state->chosen && n > 1);
    list_marks(c, (struct rect){r.x, r.y + top, r.w, fit}, first, n);
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)state;
    if (useful(s) && columns_for(r.w - 1).strokes)
        snprintf(out, size, _("last %d s"), WINDOW_MS / 1000);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    if (!useful(s) || state->chosen < 0 || state->chosen >= rows(s))
        return;
    const struct model *m = s->model;
    const struct proc_model *p = &m->procs[state->chosen];
    char text[FORMAT_SIZE];
    str_addf(out, _("processor P%d\n"), state->chosen);
    str_addf(out, _("runs      %s\n"), p->task ? model_task_name(m, p->task) : _("nobody"));
    str_addf(out, _("queue     %" PRIu32 " now, %" PRIu32 " at most\n"), p->runq, p->runq_max);
    str_addf(out, _("busy      %s of %s\n"), format_duration(text, proc_busy_ns(p, s->view_ns)),
             format_duration((char[FORMAT_SIZE]){0}, s->view_ns));
    str_addf(out, _("begun     %" PRIu64 " times a task\n"), p->dispatches);
    str_addf(out, _("stole     %" PRIu64 " times, %" PRIu64 " tasks; lost %" PRIu64 "\n"),
             p->thefts, p->stolen, p->lost);
    str_addf(out, _("global    took %" PRIu64 " tasks of that queue\n"), p->global);
}

const struct view view_procs = {
    .name = N_("procs"),
    .help = N_("virtual processors: what runs, run queues, the global queue, thefts, how busy"),
    .min_w = 30,
    .min_h = 4,
    .weight = 5,
    .draw = draw,
    .aside = aside,
    .useful = useful,
    .rows = rows,
    .details = details,
};
