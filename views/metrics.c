/* SPDX-License-Identifier: MIT */
/* The metrics panel: rates, Little's law with both sides next to each other, latencies, and what
 * they looked like over time. Lines come in order of weight: what does not fit is left out from the
 * end, and what room is left goes to the pictures. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

struct pen {
    struct canvas *c;
    struct rect r;
    int x, y;
    const struct screen_state *s;
    const struct lane_model *lane;
};

/* "name value" with the value bright; on the next line when it does not fit. False: no more room.
 */
static bool put(struct pen *p, const char *name, uint8_t style, const char *value)
{
    int w = utf8_width(name) + 1 + utf8_width(value), right = p->r.x + p->r.w;
    if (p->y >= p->r.y + p->r.h || p->x + w > right)
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
    put(p, "in", ST_TITLE, format_rate(text, newest(&m->in_rate)));
    put(p, "out", ST_TITLE, format_rate(text, newest(&m->out_rate)));
    put(p, "in system", ST_TITLE, format_count(text, lane_in_flight(p->lane)));
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
    } ends[] = {{"done", l->done, ST_RUNNING},
                {"errors", l->errors, ST_BAD},
                {"timeouts", l->timed_out, ST_BAD},
                {"rejected", l->rejected, ST_BAD},
                {"cancelled", l->cancelled, ST_WARN},
                {"dropped", l->dropped, ST_WARN},
                {"late", l->late, ST_WARN}};
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

static void percentiles(struct pen *p, const char *name, const struct hist *h)
{
    if (!h->count)
        return;
    static const struct {
        const char *name;
        double q;
    } at[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
    if (p->y >= p->r.y + p->r.h)
        return;
    char text[FORMAT_SIZE];
    p->x = canvas_text(p->c, p->x, p->y, ST_NORMAL, 0, name) + 1;
    for (size_t i = 0; i < ARRAY_LEN(at); i++)
        put(p, at[i].name, ST_TITLE, format_duration(text, hist_quantile(h, at[i].q)));
    put(p, "max", ST_NORMAL, format_duration(text, h->max));
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
        if (!k->arrived || p->y >= p->r.y + p->r.h)
            continue;
        char text[FORMAT_SIZE];
        p->x = canvas_textf(p->c, p->x, p->y, ST_NORMAL, 0, "class %d waits", i) + 1;
        put(p, "p50", ST_TITLE, format_duration(text, hist_quantile(&k->wait, 0.5)));
        put(p, "p95", ST_TITLE, format_duration(text, hist_quantile(&k->wait, 0.95)));
        uint64_t waiting = k->arrived > k->started ? k->arrived - k->started : 0;
        put(p, "waiting", waiting ? ST_WARN : ST_NORMAL, format_count(text, waiting));
        line(p);
    }
}

static void picture(struct canvas *c, struct rect r, const struct model *m, const char *title,
                    const struct hist *h, const struct history *history, uint8_t style)
{
    if (r.w < 8 || r.h < 2)
        return;
    char a[FORMAT_SIZE], text[96];
    if (h) {
        if (!h->count)
            return;
        char b[FORMAT_SIZE];
        draw_histogram(c, (struct rect){r.x, r.y + 1, r.w, r.h - 1}, h, style);
        snprintf(text, sizeof text, "%s %s … %s", title, format_duration(a, h->min),
                 format_duration(b, h->max));
    } else {
        double max = history_max(history);
        draw_braille(c, (struct rect){r.x, r.y + 1, r.w, r.h - 1}, history, max, style);
        snprintf(text, sizeof text, "%s, top %s", title, format_rate(a, max));
    }
    (void)m;
    canvas_text_cut(c, r.x, r.y, r.w, ST_DIM, 0, text);
}

static void pictures(struct pen *p)
{
    const struct model *m = p->s->model;
    struct rect r = {p->r.x + 1, p->y, p->r.w - 2, p->r.y + p->r.h - p->y};
    if (r.h > 8)
        r.h = 8 + (r.h - 8) / 2;
    if (r.w >= 44) {
        int half = (r.w - 2) / 2;
        picture(p->c, (struct rect){r.x, r.y, half, r.h}, m, "in", NULL, &m->in_rate, ST_FILL);
        picture(p->c, (struct rect){r.x + half + 2, r.y, half, r.h}, m, "latency",
                &p->lane->latency, NULL, ST_FILL);
        return;
    }
    if (r.h >= 6) {
        picture(p->c, (struct rect){r.x, r.y, r.w, r.h / 2}, m, "latency", &p->lane->latency, NULL,
                ST_FILL);
        r.y += r.h / 2;
        r.h -= r.h / 2;
    }
    picture(p->c, r, m, "in", NULL, &m->in_rate, ST_FILL);
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    (void)state;
    const struct model *m = s->model;
    if (!m->lanes_n || !m->lanes || !m->lanes[0].arrived) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, "no requests yet");
        return;
    }
    struct pen p = {.c = c, .r = r, .x = r.x + 1, .y = r.y, .s = s, .lane = &m->lanes[0]};
    rates(&p);
    little(&p);
    percentiles(&p, "latency", &p.lane->latency);
    ended(&p);
    percentiles(&p, "wait   ", &p.lane->wait);
    percentiles(&p, "service", &p.lane->service);
    classes(&p);
    pictures(&p);
}

const struct view view_metrics = {
    .name = "metrics",
    .help = "rates, L beside λW, latency percentiles and histogram, history, waits by class",
    .min_w = 26,
    .min_h = 4,
    .weight = 5,
    .draw = draw,
};
