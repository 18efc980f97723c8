/* SPDX-License-Identifier: MIT */
/* A scene: a pattern run in sim up to an instant, its events folded, and the screen drawn onto a
 * canvas. The only clock is the virtual one, so a scene is the same everywhere. */
#ifndef TESTS_SCREENS_SCENE_H
#define TESTS_SCREENS_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct rt *rt;
    struct pattern_run *pr;
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
    for (size_t i = 0; i < n; i++)
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

/* Settings: "section.key=value", NULL at the end. */
static inline void **scene_blocks(const struct pattern *p, const char *const *settings)
{
    static void *blocks[16];
    size_t n = 0;
    for (; p->tables[n]; n++) {
        blocks[n] = xcalloc(1, p->tables[n]->size);
        param_defaults(p->tables[n], blocks[n]);
    }
    for (; settings && *settings; settings++) {
        char name[128];
        const char *eq = strchr(*settings, '=');
        snprintf(name, sizeof name, "%.*s", (int)(eq - *settings), *settings);
        const struct param_table *t;
        const struct param *row;
        if (!pattern_param(p, name, &t, &row))
            die("no parameter %s", name);
        for (size_t i = 0; i < n; i++) {
            const char *bad = p->tables[i] == t ? param_set(row, blocks[i], eq + 1) : NULL;
            if (bad)
                die("%s: %s", *settings, bad);
        }
    }
    return blocks;
}

static inline void scene_start(struct scene *sc, const char *pattern, uint64_t seed,
                               const char *const *settings)
{
    scene_init(sc);
    const char *why = NULL;
    sc->rt = rt_create(&(struct rt_config){.world = WORLD_SIM,
                                           .seed = seed,
                                           .procs = 4,
                                           .probes = true,
                                           .names = sc->names,
                                           .sink = scene_take,
                                           .sink_arg = sc},
                       &why);
    const struct pattern *p = pattern_find(pattern);
    if (!sc->rt || !p)
        die("%s: %s", pattern, why ? why : "no such pattern");
    void **blocks = scene_blocks(p, settings);
    sc->pr = pattern_run_create(p, sc->rt, blocks, ".");
    for (size_t i = 0; p->tables[i]; i++)
        free(blocks[i]);
    why = pattern_check_run(sc->pr);
    if (why)
        die("%s", why);
    sc->s.scenario = p->name;
    sc->s.title = p->title;
    sc->s.listing = p->listing;
    rt_start(sc->rt, p->name, pattern_main, sc->pr);
}

static inline void scene_to(struct scene *sc, int64_t ms)
{
    rt_sim_run(sc->rt, ms * 1000000, UINT64_MAX);
    if (!sc->model->ended)
        model_advance(sc->model, ms * 1000000);
    sc->s.view_ns = sc->s.last_ns = sc->model->now_ns;
}

struct scene_command {
    struct pattern_run *pr;
    const char *text;
    enum by by;
};
static inline void scene_post(struct rt *rt, void *arg)
{
    (void)rt;
    struct scene_command *c = arg;
    const char *bad = pattern_command(c->pr, c->text, c->by);
    if (bad)
        die("%s: %s", c->text, bad);
}
static inline void scene_command(struct scene *sc, int64_t ms, const char *text, enum by by)
{
    scene_to(sc, ms);
    struct scene_command c = {sc->pr, text, by};
    rt_post(sc->rt, scene_post, &c);
    scene_to(sc, ms);
}

static inline void scene_params(struct scene *sc)
{
    const struct pattern *p = sc->pr ? pattern_of(sc->pr) : NULL;
    size_t n = 0;
    for (size_t i = 0; p && p->tables[i]; i++)
        for (size_t k = 0; k < p->tables[i]->n && n < SCENE_PARAMS; k++, n++) {
            const struct param *row = &p->tables[i]->rows[k];
            char name[128];
            snprintf(name, sizeof name, "%s.%s", p->tables[i]->section, row->name);
            pattern_param_text(sc->pr, name, sc->values[n], sizeof sc->values[n]);
            param_allowed(row, sc->allowed[n], sizeof sc->allowed[n]);
            sc->params[n] = (struct param_row){.section = p->tables[i]->section,
                                               .name = row->name,
                                               .value = sc->values[n],
                                               .allowed = sc->allowed[n],
                                               .help = row->help,
                                               .unit = row->unit,
                                               .live = row->live};
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
    rt_destroy(sc->rt);
    pattern_run_free(sc->pr);
    detect_free(sc->detect);
    model_free(sc->model);
    strtab_destroy(sc->names);
}

#endif
