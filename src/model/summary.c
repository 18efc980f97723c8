/* SPDX-License-Identifier: MIT */
/* The summary of a run: as JSON, exactly the paths of figures.def, and as a page for a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model/figures_inside.h"

/* ---- JSON ---------------------------------------------------------------------------------------
 */

void figure_number(struct str *out, double x)
{
    if (x > -9e15 && x < 9e15 && x == (double)(int64_t)x)
        str_addf(out, "%" PRId64, (int64_t)x);
    else if (x != x || x > 1e300 || x < -1e300)
        str_add(out, "null");
    else
        str_addf(out, "%.9g", x);
}

/* Nesting only matters for the comma and the indentation. */
struct json {
    struct str *out;
    int depth;
    bool first;
};

static void line(struct json *j)
{
    if (!j->first)
        str_addc(j->out, ',');
    j->first = false;
    str_addc(j->out, '\n');
    for (int i = 0; i < j->depth; i++)
        str_add(j->out, "  ");
}

static void key(struct json *j, const char *name)
{
    line(j);
    str_add_json(j->out, name);
    str_add(j->out, ": ");
}

static void open(struct json *j, const char *name, char bracket)
{
    if (name)
        key(j, name);
    else if (j->depth)
        line(j);
    str_addc(j->out, bracket);
    j->depth++;
    j->first = true;
}

static void close(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first) {
        j->first = true;
        line(j);
    }
    j->first = false;
    str_addc(j->out, bracket);
}

static void text(struct json *j, const char *name, const char *value)
{
    key(j, name);
    str_add_json(j->out, value ? value : "");
}

static void number(struct json *j, const char *name, double value)
{
    key(j, name);
    figure_number(j->out, value);
}

static void rows(struct json *j, const struct model *m, const struct figure_row *row,
                 const void *of)
{
    for (; row->name; row++) {
        struct figure_value v = row->get(m, of);
        if (v.type == FIGURE_NUMBER)
            number(j, row->name, v.number);
        else if (v.type == FIGURE_WORD)
            text(j, row->name, v.word);
    }
}

static void group(struct json *j, const char *name, const struct model *m,
                  const struct figure_row *row, const void *of)
{
    open(j, name, '{');
    rows(j, m, row, of);
    close(j, '}');
}

static void lane(struct json *j, const struct model *m, const struct lane_model *l)
{
    group(j, "requests", m, figure_requests, l);
    for (const struct figure_span *s = figure_spans; s->name; s++)
        group(j, s->name, m, figure_hist, figure_span_hist(l, s));
}

static void numbered(struct json *j, size_t i)
{
    char name[24];
    snprintf(name, sizeof name, "%zu", i);
    open(j, name, '{');
}

static void classes(struct json *j, const struct model *m)
{
    size_t n = figure_class_count(m);
    open(j, "classes", '{');
    for (size_t i = 0; i < n; i++) {
        numbered(j, i);
        rows(j, m, figure_classes, &m->classes[i]);
        group(j, "wait_ms", m, figure_hist, &m->classes[i].wait);
        close(j, '}');
    }
    close(j, '}');
}

/* Only the first object of a name: a path names one. */
bool figure_shadowed(const struct model *m, size_t id)
{
    for (size_t i = 1; i < id; i++)
        if (m->objects[i].known && m->objects[i].name == m->objects[id].name)
            return true;
    return false;
}

enum { OBJECTS_SHOWN = 4096 };

static void objects(struct json *j, const struct model *m)
{
    size_t shown = 0;
    open(j, "objects", '{');
    for (size_t i = 1; i < m->objects_n && shown < OBJECTS_SHOWN; i++) {
        const struct object_model *o = &m->objects[i];
        if (!o->known || !o->name || figure_shadowed(m, i))
            continue;
        shown++;
        group(j, model_object_name(m, (uint32_t)i), m, figure_object, o);
    }
    close(j, '}');
}

/* "a, b" as a list. Names hold no comma followed by a space. */
static void names(struct json *j, const char *name, const char *joined)
{
    key(j, name);
    str_addc(j->out, '[');
    while (*joined) {
        const char *end = strstr(joined, ", ");
        size_t n = end ? (size_t)(end - joined) : strlen(joined);
        struct str one = {0};
        str_addn(&one, joined, n);
        str_add_json(j->out, one.data);
        str_free(&one);
        joined += n;
        if (end) {
            joined += 2;
            str_add(j->out, ", ");
        }
    }
    str_addc(j->out, ']');
}

static void diagnoses(struct json *j, const struct model *m)
{
    open(j, "diagnoses", '[');
    for (size_t i = 0; i < m->diagnoses_n; i++) {
        const struct diagnosis *d = &m->diagnoses[i];
        open(j, NULL, '{');
        text(j, "kind", d->kind < DIAG_COUNT ? diagnosis_names[d->kind] : "?");
        key(j, "t");
        str_addf(j->out, "%" PRId64, d->t_ns);
        names(j, "tasks", strtab_get(m->names, d->tasks));
        names(j, "objs", strtab_get(m->names, d->objs));
        text(j, "text", strtab_get(m->names, d->text));
        close(j, '}');
    }
    close(j, ']');
}

void summary_json(const struct model *m, const struct summary_extra *x, struct str *out)
{
    struct json j = {.out = out, .first = true};
    open(&j, NULL, '{');
    text(&j, "scenario", x->scenario);
    text(&j, "pattern", x->pattern);
    text(&j, "world", world_names[m->world]);
    key(&j, "seed");
    str_addf(out, "%" PRIu64, m->seed);
    text(&j, "version", x->version);
    number(&j, "scenario_s", (double)m->now_ns / 1e9);
    number(&j, "wall_s", x->wall_s);
    text(&j, "end", m->ended ? end_names[m->end_why] : "running");
    number(&j, "events", (double)m->seq);
    number(&j, "lost", (double)m->lost);
    number(&j, "disagreed", (double)m->differ);
    group(&j, "tasks", m, figure_tasks, NULL);
    if (m->procs_n)
        group(&j, "procs", m, figure_procs, NULL);
    lane(&j, m, &m->lanes[0]);
    open(&j, "lanes", '{');
    for (size_t i = 0; i < m->lanes_n; i++) {
        open(&j, model_lane_name(m, i), '{');
        lane(&j, m, &m->lanes[i]);
        close(&j, '}');
    }
    close(&j, '}');
    classes(&j, m);
    objects(&j, m);
    diagnoses(&j, m);
    open(&j, "expect", '{');
    number(&j, "passed", (double)x->expect_passed);
    number(&j, "failed", (double)x->expect_failed);
    open(&j, "failures", '[');
    for (size_t i = 0; x->failures && i < x->expect_failed; i++) {
        line(&j);
        str_add_json(out, x->failures[i]);
    }
    close(&j, ']');
    close(&j, '}');
    close(&j, '}');
    str_addc(out, '\n');
}
