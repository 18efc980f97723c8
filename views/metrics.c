/* SPDX-License-Identifier: MIT */
/* The metrics panel: rates, Little's law with both sides next to each other, latencies as a table,
 * and what they looked like over time. Lines come in order of weight: what does not fit is left out
 * from the end, and what room is left goes to the pictures. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { TABLE_H = 6 /* lines from which on there is a table */, NAME_W = 8, CELL_W = 7 };

struct pen {
    struct canvas *c;
    struct rect r;
    int x, y;
    const struct screen_state *s;
    const struct lane_model *lane;
};

static bool room(const struct pen *p)
{
    return p->y < p->r.y + p->r.h;
}

/* "name value" with the value bright; on the next line when it does not fit. False: no more room.
 */
static bool put(struct pen *p, const char *name, uint8_t style, const char *value)
{
    int w = utf8_width(name) + 1 + utf8_width(value), right = p->r.x + p->r.w;
    if (!room(p) || p->x + w > right)
        return false;
    int x = canvas_text(p->c, p->x, p->y, ST_DIM, 0, name) + 1;
    p->x = canvas_text(p->c, x, p->y, style, CELL_BOLD, value) + 2;
    return true;
}

static void line(struct pen *p)
{
    if (p->x > p->r.x + 1)
        p->y++;
    p->x = p->r.x + 1;
}

/* The mean of the newest samples that make up a second: one alone is too few events to be calm. */
static double newest(const struct history *h)
{
    uint32_t n = h->n < HISTORY ? h->n : HISTORY;
    int64_t span = h->step_ns > 0 ? (1000000000 + h->step_ns - 1) / h->step_ns : 1;
    uint32_t last = n < (uint64_t)span ? n : (uint32_t)span;
    double sum = 0;
    for (uint32_t i = n - last; i < n; i++)
        sum += (double)h->sample[i];
    return last ? sum / last : 0;
}

static void rates(struct pen *p)
{
    char text[FORMAT_SIZE];
    const struct model *m = p->s->model;
    put(p, _("in"), ST_TITLE, format_rate(text, newest(&m->in_rate)));
    put(p, _("out"), ST_TITLE, format_rate(text, newest(&m->out_rate)));
    put(p, _("in system"), ST_TITLE, format_count(text, lane_in_flight(p->lane)));
    line(p);
}

/* L, the mean number in the system, beside λ times W: equal once as many leave as come. */
static void little(struct pen *p)
{
    const struct lane_model *l = p->lane;
    char text[FORMAT_SIZE];
    double seconds = (double)p->s->view_ns / 1e9;
    if (seconds <= 0 || !l->latency.count)
        return;
    double mean = level_mean(&l->in_system, 0, p->s->view_ns);
    double lambda = (double)l->arrived / seconds, wait = hist_mean(&l->latency) / 1e9;
    put(p, "L", ST_TITLE, format_number(text, mean));
    put(p, "λW", ST_TITLE, format_number(text, lambda * wait));
    put(p, "λ", ST_NORMAL, format_rate(text, lambda));
    put(p, "W", ST_NORMAL, format_duration(text, (int64_t)(wait * 1e9)));
    line(p);
}

static void ended(struct pen *p)
{
    const struct lane_model *l = p->lane;
    const struct {
        const char *name;
        uint64_t n;
        uint8_t style;
    } ends[] = {{_("done"), l->done, ST_RUNNING},
                {_("errors"), l->errors, ST_BAD},
                {_("timeouts"), l->timed_out, ST_BAD},
                {_("rejected"), l->rejected, ST_BAD},
                {_("cancelled"), l->cancelled, ST_WARN},
                {_("dropped"), l->dropped, ST_WARN},
                {_("late"), l->late, ST_WARN}};
    char text[FORMAT_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (i && !ends[i].n)
            continue;
        if (put(p, ends[i].name, ends[i].style, format_count(text, ends[i].n)))
            continue;
        line(p);
        put(p, ends[i].name, ends[i].style, format_count(text, ends[i].n));
    }
    line(p);
}

/* ---- percentiles ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    double q; /* above 1: the largest */
} quantiles[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {N_("max"), 2}};

static int64_t quantile(const struct hist *h, size_t i)
{
    return quantiles[i].q > 1 ? h->max : hist_quantile(h, quantiles[i].q);
}

/* How many columns fit behind the names. */
static size_t columns(const struct pen *p)
{
    int fit = (p->r.w - 2 - NAME_W) / CELL_W, most = (int)ARRAY_LEN(quantiles);
    return (size_t)(fit < 0 ? 0 : fit > most ? most : fit);
}

static void table_row(struct pen *p, const char *name, const struct hist *h)
{
    if (!h->count || !room(p))
        return;
    char text[FORMAT_SIZE];
    canvas_text_cut(p->c, p->x, p->y, NAME_W, ST_NORMAL, 0, name);
    for (size_t i = 0, n = columns(p); i < n; i++) {
        int x = p->x + NAME_W + (int)i * CELL_W;
        draw_right(p->c, x, x + CELL_W, p->y, i < 3 ? ST_TITLE : ST_NORMAL, i < 3 ? CELL_BOLD : 0,
                   format_duration(text, quantile(h, i)));
    }
    p->y++;
}

static void table(struct pen *p)
{
    for (size_t i = 0, n = columns(p); i < n; i++) {
        int x = p->x + NAME_W + (int)i * CELL_W;
        draw_right(p->c, x, x + CELL_W, p->y, ST_DIM, 0, _(quantiles[i].name));
    }
    p->y++;
    table_row(p, _("latency"), &p->lane->latency);
    table_row(p, _("wait"), &p->lane->wait);
    table_row(p, _("service"), &p->lane->service);
}

/* Where there are few lines: in one. */
static void latency(struct pen *p)
{
    const struct hist *h = &p->lane->latency;
    if (!h->count || !room(p))
        return;
    char text[FORMAT_SIZE];
    p->x = canvas_text(p->c, p->x, p->y, ST_NORMAL, 0, _("latency")) + 1;
    for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
        if (!put(p, _(quantiles[i].name), ST_TITLE, format_duration(text, quantile(h, i))))
            break;
    line(p);
}

/* Waits by class, where there is more than one: who starves, and by how much. */
static void classes(struct pen *p)
{
    const struct model *m = p->s->model;
    int used = 0;
    for (int i = 0; i < MODEL_CLASSES; i++)
        used += m->classes[i].arrived > 0;
    if (used < 2)
        return;
    for (int i = 0; i < MODEL_CLASSES; i++) {
        const struct class_model *k = &m->classes[i];
        if (!k->arrived || !room(p))
            continue;
        char text[FORMAT_SIZE];
        p->x = canvas_textf(p->c, p->x, p->y, ST_NORMAL, 0, _("class %d waits"), i) + 1;
        put(p, "p50", ST_TITLE, format_duration(text, hist_quantile(&k->wait, 0.5)));
        put(p, "p95", ST_TITLE, format_duration(text, hist_quantile(&k->wait, 0.95)));
        uint64_t waiting = k->arrived > k->started ? k->arrived - k->started : 0;
        put(p, _("waiting"), waiting ? ST_WARN : ST_NORMAL, format_count(text, waiting));
        line(p);
    }
}

/* ---- pictures ---------------------------------------------------------------------------------
 */

/* A title above, an axis with its ends below where there is room for it. */
static struct rect frame(struct canvas *c, struct rect r, const char *title, const char *left,
                         const char *right)
{
    canvas_text_cut(c, r.x, r.y, r.w, ST_DIM, 0, title);
    struct rect in = {r.x, r.y + 1, r.w, r.h - 1};
    if (r.h < 4)
        return in;
    int y = r.y + r.h - 1;
    int x = canvas_text_cut(c, r.x, y, r.w / 2, ST_DIM, 0, left) + 1;
    int end = draw_right(c, x, r.x + r.w, y, ST_DIM, 0, right) - 1;
    for (; x < end; x++)
        canvas_put(c, x, y, GL_LINE, ST_BORDER, 0);
    in.h--;
    return in;
}

static void draw_latencies(const struct pen *p, struct rect r)
{
    const struct hist *h = &p->lane->latency;
    if (r.w < 12 || r.h < 2 || !h->count)
        return;
    char a[FORMAT_SIZE], b[FORMAT_SIZE], title[96];
    format_duration(a, h->min);
    format_duration(b, h->max);
    snprintf(title, sizeof title, r.h < 4 ? _("latency %s … %s") : _("latency, how often"), a, b);
    draw_histogram(p->c, frame(p->c, r, title, a, b), h, ST_FILL);
}

static void draw_rate(const struct pen *p, struct rect r, const char *what, const struct history *h)
{
    if (r.w < 12 || r.h < 2)
        return;
    double max = history_max(h);
    char top[FORMAT_SIZE], span[FORMAT_SIZE], ago[FORMAT_SIZE + 8], title[96];
    snprintf(title, sizeof title, _("%s, top %s"), what, format_rate(top, max));
    int64_t samples = h->n > (uint32_t)r.w * 2 ? h->n : (uint32_t)r.w * 2; /* two a cell */
    snprintf(ago, sizeof ago, _("%s ago"), format_duration(span, samples * h->step_ns));
    draw_braille(p->c, frame(p->c, r, title, ago, _("now")), h, max, ST_FILL);
}

static void pictures(struct pen *p)
{
    const struct model *m = p->s->model;
    struct rect r = {p->r.x + 1, p->y, p->r.w - 2, p->r.y + p->r.h - p->y};
    if (r.w >= 44) { /* side by side; rates above each other where they are high enough */
        int half = (r.w - 3) / 2;
        struct rect left = {r.x, r.y, half, r.h}, right = {r.x + half + 3, r.y, half, r.h};
        if (r.h >= 10) {
            left.h = r.h / 2;
            draw_rate(p, (struct rect){left.x, left.y + left.h, half, r.h - left.h}, _("out"),
                      &m->out_rate);
        }
        draw_rate(p, left, _("in"), &m->in_rate);
        draw_latencies(p, right);
        return;
    }
    if (r.h >= 6) {
        draw_latencies(p, (struct rect){r.x, r.y, r.w, r.h / 2});
        r.y += r.h / 2;
        r.h -= r.h / 2;
    }
    draw_rate(p, r, _("in"), &m->in_rate);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    (void)state;
    const struct model *m = s->model;
    if (!m->lanes_n || !m->lanes || !m->lanes[0].arrived) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no requests yet"));
        return;
    }
    struct pen p = {.c = c, .r = r, .x = r.x + 1, .y = r.y, .s = s, .lane = &m->lanes[0]};
    rates(&p);
    if (r.h < TABLE_H) {
        latency(&p);
        little(&p);
        ended(&p);
        return;
    }
    little(&p);
    ended(&p);
    table(&p);
    classes(&p);
    pictures(&p);
}

const struct view view_metrics = {
    .name = N_("metrics"),
    .help = N_("rates, L beside λW, latency percentiles and histogram, history, waits by class"),
    .min_w = 26,
    .min_h = 4,
    .weight = 5,
    .draw = draw,
};
