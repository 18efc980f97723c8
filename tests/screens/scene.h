/* SPDX-License-Identifier: MIT */
/* A scene: a scenario run in sim up to an instant, its events folded, and the screen drawn onto a
 * canvas. The only clock is the virtual one, so a scene is the same everywhere. */
#ifndef TESTS_SCREENS_SCENE_H
#define TESTS_SCREENS_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/engine.h"
#include "app/app.h"
#include "base/mem.h"
#include "base/str.h"
#include "detect/detect.h"
#include "patterns/pattern.h"
#include "views/view.h"

enum { SCENE_PARAMS = 64, SCENE_VIEWS = 32 };
struct scene {
    struct strtab *names;
    struct model *model;
    struct detect *detect;
    struct scenario *scenario;
    struct engine *engine; /* of a scenario */
    struct rt *rt;         /* of a program */
    uint64_t changed;      /* bit i: parameter i was changed */
    struct screen_state s;
    struct view_state states[SCENE_VIEWS];
    struct param_row params[SCENE_PARAMS];
    char values[SCENE_PARAMS][128], allowed[SCENE_PARAMS][256];
};

static struct key_hint scene_keys[] = {
    {"?", "help"},      {"space", "pause"},       {".", "step"},          {",", "back"},
    {"]", "[ ] speed"}, {"Down", "↑↓ parameter"}, {"Right", "←→ change"}, {"i", "inject"},
    {"m", "mark"},      {"r", "record"},          {"Tab", "panel"},       {"q", "quit"},
    {NULL, NULL},
};

static inline void scene_take(void *arg, const struct event *ev, size_t n)
{
    struct scene *sc = arg;
    for (size_t i = 0; i < n && !sc->model->ended; i++) /* a program may stop its own run */
        detect_apply(sc->detect, sc->model, &ev[i]);
}

static inline void scene_init(struct scene *sc)
{
    memset(sc, 0, sizeof *sc);
    sc->names = strtab_create();
    sc->model = model_create(sc->names);
    sc->detect = detect_create(sc->names);
    sc->s = (struct screen_state){
        .model = sc->model, .speed = 1, .keys = scene_keys, .params = sc->params};
}

/* sets: "section.key=value", NULL at the end; or NULL. */
static inline void scene_start(struct scene *sc, const char *path, const char *const *sets)
{
    static const char *const none[] = {NULL};
    struct errors e = {0};
    scene_init(sc);
    sc->scenario = scenario_read(path, &app_schema, sets ? sets : none, &e);
    if (e.total)
        die("%s:%d: %s", e.item[0].file, e.item[0].line, e.item[0].text);
    char *why = NULL;
    sc->engine = engine_create(&(struct engine_config){.scenario = sc->scenario,
                                                       .world = WORLD_SIM,
                                                       .seed = sc->scenario->params.seed,
                                                       .for_ns = sc->scenario->params.for_ns,
                                                       .speed = 1,
                                                       .cues = true,
                                                       .probes = true,
                                                       .names = sc->names},
                               &why);
    if (!sc->engine)
        die("%s", why);
    const struct pattern *p = engine_pattern(sc->engine);
    sc->s.scenario = p->name;
    sc->s.title = sc->scenario->params.title;
    sc->s.notes = sc->scenario->notes;
    sc->s.listing = p->listing;
}

/* A program of the test's own instead of a pattern. */
static inline void scene_program(struct scene *sc, void (*fn)(void *), void *arg)
{
    scene_init(sc);
    const char *why = NULL;
    sc->rt = rt_create(&(struct rt_config){.world = WORLD_SIM,
                                           .seed = 7,
                                           .procs = 4,
                                           .probes = true,
                                           .names = sc->names,
                                           .sink = scene_take,
                                           .sink_arg = sc},
                       &why);
    if (!sc->rt)
        die("%s", why);
    sc->s.scenario = sc->s.title = "program";
    rt_start(sc->rt, "program", fn, arg);
}

static inline void scene_to(struct scene *sc, int64_t ms)
{
    if (sc->engine)
        engine_run(sc->engine, ms * 1000000, UINT64_MAX, scene_take, sc);
    else
        rt_sim_run(sc->rt, ms * 1000000, UINT64_MAX);
    if (!sc->model->ended)
        model_advance(sc->model, ms * 1000000);
    sc->s.view_ns = sc->s.last_ns = sc->model->now_ns;
}

static inline void scene_command(struct scene *sc, int64_t ms, const char *text)
{
    scene_to(sc, ms);
    const char *bad = engine_command(sc->engine, text, BY_KEY);
    if (bad)
        die("%s: %s", text, bad);
    scene_to(sc, ms);
}

static inline void scene_params(struct scene *sc)
{
    const struct pattern *p = sc->engine ? engine_pattern(sc->engine) : NULL;
    size_t n = 0;
    for (size_t i = 0; p && p->tables[i]; i++)
        for (size_t k = 0; k < p->tables[i]->n && n < SCENE_PARAMS; k++, n++) {
            const struct param *row = &p->tables[i]->rows[k];
            engine_param(sc->engine, p->tables[i]->section, row->name, sc->values[n],
                         sizeof sc->values[n]);
            param_allowed(row, sc->allowed[n], sizeof sc->allowed[n]);
            sc->params[n] = (struct param_row){.section = p->tables[i]->section,
                                               .name = row->name,
                                               .value = sc->values[n],
                                               .allowed = sc->allowed[n],
                                               .help = row->help,
                                               .unit = row->unit,
                                               .live = row->live,
                                               .changed = n < 64 && (sc->changed >> n & 1)};
        }
    sc->s.params_n = n;
}

static inline void scene_draw(struct scene *sc, struct canvas *c, const char *spec,
                              const char *focus, const struct overlay *o)
{
    struct layout l;
    scene_params(sc);
    const char *bad = layout_make(&l, spec, c->w, c->h, view_index(focus));
    if (bad)
        die("%s", bad);
    screen_draw(c, &sc->s, &l, sc->states, view_index(focus), o);
}

static inline void scene_free(struct scene *sc)
{
    engine_destroy(sc->engine);
    rt_destroy(sc->rt);
    scenario_free(sc->scenario);
    detect_free(sc->detect);
    model_free(sc->model);
    strtab_destroy(sc->names);
}

#endif
