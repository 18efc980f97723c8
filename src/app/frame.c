/* SPDX-License-Identifier: MIT */
/* A frame is a function of the model: parameters are the file's until a PARAM event says more. */
#include "app/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/mem.h"

static void section_make(struct frame *f, const struct param_table *t, const char *section)
{
    void *block = scenario_block(f->scenario, t, section);
    f->params = xrealloc(f->params, (f->params_n + t->n) * sizeof *f->params);
    f->defaults = xrealloc(f->defaults, (f->params_n + t->n) * sizeof *f->defaults);
    for (size_t k = 0; k < t->n; k++) {
        char value[VALUE_TEXT], allowed[512];
        param_format(&t->rows[k], block, value, sizeof value);
        param_allowed(&t->rows[k], allowed, sizeof allowed);
        f->defaults[f->params_n] = xstrdup(value);
        f->params[f->params_n++] = (struct param_row){.section = section,
                                                      .name = t->rows[k].name,
                                                      .allowed = xstrdup(allowed),
                                                      .help = t->rows[k].help,
                                                      .unit = t->rows[k].unit,
                                                      .live = t->rows[k].live};
    }
    free(block);
}

static void params_make(struct frame *f)
{
    for (size_t i = 0; f->pattern && f->pattern->tables[i]; i++) {
        const char **names;
        bool own;
        size_t n = scenario_sections(f->scenario, f->pattern->tables[i], &names, &own);
        for (size_t k = !own; k < n; k++)
            section_make(f, f->pattern->tables[i], names[k]);
        free(names);
    }
}

void frame_init(struct frame *f, const struct scenario *s)
{
    *f = (struct frame){.scenario = s, .pattern = s ? pattern_find(s->params.pattern) : NULL};
    f->id = s ? app_scenario_id(s) : xstrdup("session");
    size_t n = 0;
    while (views[n])
        n++;
    f->states = xcalloc(n + 1, sizeof *f->states);
    for (size_t i = 0; i < n; i++)
        f->states[i].follow = true;
    f->keys = xcalloc(1, sizeof *f->keys); /* nobody presses any */
    params_make(f);
}

void frame_free(struct frame *f)
{
    for (size_t i = 0; i < f->params_n; i++) {
        free((void *)(uintptr_t)f->params[i].allowed);
        free(f->defaults[i]);
    }
    free(f->params);
    free(f->defaults);
    free(f->states);
    free(f->keys);
    free(f->id);
    *f = (struct frame){0};
}

/* What the stream says of a parameter by now. */
static const char *value_seen(const struct model *m, const struct param_row *p)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", p->section, p->name);
    for (size_t i = 0; i < m->params_n; i++)
        if (strcmp(strtab_get(m->names, m->params[i].name), name) == 0)
            return strtab_get(m->names, m->params[i].value);
    return NULL;
}

static void params_fill(struct frame *f, const struct model *m)
{
    for (size_t i = 0; i < f->params_n; i++) {
        const char *seen = value_seen(m, &f->params[i]);
        f->params[i].value = seen ? seen : f->defaults[i];
        f->params[i].changed = strcmp(f->params[i].value, f->defaults[i]) != 0;
    }
}

void frame_draw(struct frame *f, const struct model *m, int64_t last_ns, double speed,
                struct canvas *c)
{
    params_fill(f, m);
    struct screen_state s = {.model = m,
                             .scenario = f->id,
                             .title = f->scenario ? f->scenario->params.title : NULL,
                             .notes = f->scenario ? f->scenario->notes : NULL,
                             .listing = f->pattern ? f->pattern->listing : NULL,
                             .ended_shown = m->ended,
                             .speed = speed,
                             .view_ns = m->now_ns,
                             .last_ns = last_ns,
                             .params = f->params,
                             .params_n = f->params_n,
                             .keys = f->keys};
    struct layout l;
    if (layout_make(&l, f->scenario ? f->scenario->layout : NULL, c->w, c->h, -1))
        layout_make(&l, NULL, c->w, c->h, -1);
    canvas_clear(c);
    screen_draw(c, &s, &l, f->states, -1, NULL);
}
