/* SPDX-License-Identifier: MIT */
/* The summary for a person: what `run` prints. The same figures, fewer of them, in columns. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/figures_inside.h"

/* A duration with three digits and a unit that suits it. */
static const char *duration(char out[24], double ns)
{
    static const struct {
        double ns;
        const char *unit;
    } units[] = {{60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof units[0] && ns < units[i].ns * 0.9995)
        i++;
    double x = ns / units[i].ns;
    int digits = x >= 99.95 || x == 0 ? 0 : x >= 9.995 ? 1 : 2;
    snprintf(out, 24, "%.*f %s", digits, x, units[i].unit);
    return out;
}

static void head(const struct model *m, const struct summary_extra *x, struct str *out)
{
    char scenario[24], wall[24];
    str_addf(out, "%s (%s)  %s, seed %" PRIu64 "\n", x->scenario, x->pattern, world_names[m->world],
             m->seed);
    str_addf(out, "%-10s%s of scenario time in %s", "time", duration(scenario, (double)m->now_ns),
             duration(wall, x->wall_s * 1e9));
    static const char *const why[END_COUNT] = {
        [END_DONE] = "all work has ended",     [END_FOR] = "its time was over",
        [END_STOPPED] = "it was stopped",      [END_PANIC] = "a task panicked",
        [END_ASLEEP] = "all tasks are asleep",
    };
    str_addf(out, "; %s\n", m->ended ? why[m->end_why] : "it has not ended");
    str_addf(out, "%-10s%" PRIu64, "events", m->seq);
    if (m->lost)
        str_addf(out, ", and %" PRIu64 " lost: a ring was full", m->lost);
    str_addc(out, '\n');
}

/* "arrived 12  done 3", leaving out what is 0 but for the first two. */
static void counts(const struct model *m, const char *title, const struct figure_row *row,
                   const void *of, struct str *out)
{
    str_addf(out, "%-10s", title);
    for (int i = 0; row->name; row++, i++) {
        struct figure_value v = row->get(m, of);
        if (i > 1 && v.number == 0)
            continue;
        str_addf(out, "%s%s ", i ? "  " : "", row->name);
        if (v.number == (double)(int64_t)v.number)
            str_addf(out, "%" PRId64, (int64_t)v.number);
        else
            str_addf(out, "%.3g", v.number);
    }
    str_addc(out, '\n');
}

static void span_head(const char *title, struct str *out)
{
    str_addf(out, "%-10s", title);
    for (const struct figure_row *row = figure_hist; row->name; row++)
        str_addf(out, "%10s", row->name);
    str_addc(out, '\n');
}

/* A row of quantiles; its title is the span's name without the unit. */
static void span(const struct model *m, const char *name, const struct hist *h, struct str *out)
{
    str_addf(out, "%-10.*s", (int)strcspn(name, "_"), name);
    for (const struct figure_row *row = figure_hist; row->name; row++) {
        char text[24];
        str_addf(out, "%10s", h->count ? duration(text, row->get(m, h).number * 1e6) : "-");
    }
    str_addc(out, '\n');
}

static void requests(const struct model *m, struct str *out)
{
    for (size_t lane = 0; lane < m->lanes_n; lane++) {
        const struct lane_model *l = &m->lanes[lane];
        char title[96];
        snprintf(title, sizeof title, l->obj ? "%-9s " : "lane %-5s", model_lane_name(m, lane));
        counts(m, m->lanes_n > 1 ? title : "requests", figure_requests, l, out);
        span_head("", out);
        for (size_t i = 0; figure_spans[i].name; i++)
            span(m, figure_spans[i].name, figure_span_hist(l, &figure_spans[i]), out);
    }
    size_t n = figure_class_count(m);
    for (size_t i = 0; i < n; i++) {
        char title[32];
        snprintf(title, sizeof title, "wait of %zu", i);
        span(m, title, &m->classes[i].wait, out);
    }
}

enum { OBJECTS_SHOWN = 24 };

static void object(const struct model *m, const char *title, uint32_t id, struct str *out)
{
    const struct object_model *o = &m->objects[id];
    struct str line = {0};
    str_addf(&line, "%-10s%s, %s", title, model_object_name(m, id), obj_kind_names[o->kind]);
    for (const struct figure_row *row = figure_object; row->name; row++) {
        struct figure_value v = row->get(m, o);
        if (strcmp(row->name, "kind") == 0)
            continue;
        if (v.type == FIGURE_WORD)
            str_addf(&line, "  %s", v.word);
        else if (v.type == FIGURE_NUMBER && v.number != 0)
            str_addf(&line, v.number == (double)(int64_t)v.number ? "  %s %.0f" : "  %s %.3g",
                     row->name, v.number);
    }
    str_addf(out, "%s\n", line.data);
    str_free(&line);
}

static void objects(const struct model *m, struct str *out)
{
    size_t shown = 0, more = 0;
    for (uint32_t id = 1; id < m->objects_n; id++) {
        const struct object_model *o = &m->objects[id];
        if (!o->known || !o->name || figure_shadowed(m, id))
            continue;
        if (shown == OBJECTS_SHOWN)
            more++;
        else
            object(m, shown++ ? "" : "objects", id, out);
    }
    if (more)
        str_addf(out, "%-10sand %zu more\n", "", more);
}

void summary_text(const struct model *m, const struct summary_extra *x, struct str *out)
{
    head(m, x, out);
    counts(m, "tasks", figure_tasks, NULL, out);
    if (m->procs_n && proc_thefts(m))
        counts(m, "procs", figure_procs, NULL, out);
    requests(m, out);
    objects(m, out);
    for (size_t i = 0; i < m->diagnoses_n; i++) {
        const struct diagnosis *d = &m->diagnoses[i];
        char at[24];
        str_addf(out, "%-10s%s at %s: %s\n", i ? "" : "diagnoses",
                 d->kind < DIAG_COUNT ? diagnosis_names[d->kind] : "?",
                 duration(at, (double)d->t_ns), strtab_get(m->names, d->text));
    }
    if (!m->diagnoses_n)
        str_addf(out, "%-10snone\n", "diagnoses");
    if (x->expect_passed + x->expect_failed)
        str_addf(out, "%-10s%zu held, %zu failed\n", "expect", x->expect_passed, x->expect_failed);
    for (size_t i = 0; x->failures && i < x->expect_failed; i++)
        str_addf(out, "%-10s%s\n", "", x->failures[i]);
}
