/* SPDX-License-Identifier: MIT */
/* Tables and small things that the subcommands share. */
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cmd.h"
#include "app/names.h"
#include "app/engine.h"
#include "base/mem.h"
#include "model/figures.h"
#include "views/view.h"

const struct subcommand subcommands[] = {
#define SUBCOMMAND(name, args, help) {#name, args, help, cmd_##name},
#include "app/subcommands.def"
#undef SUBCOMMAND
    {0},
};

/* ---- the schema ----------------------------------------------------------------------------- */

static const struct param_table *const *schema_tables(const char *pattern)
{
    const struct pattern *p = pattern_find(pattern);
    return p ? p->tables : NULL;
}

static const char *schema_check_command(const char *pattern, const char *text)
{
    const struct pattern *p = pattern_find(pattern);
    return p ? pattern_check_command(p, text) : NULL;
}

static const char *const pattern_names[] = {
#define PATTERN(name) #name,
#include "patterns/patterns.def"
#undef PATTERN
    NULL,
};

const struct schema app_schema = {
    .patterns = pattern_names,
    .tables = schema_tables,
    .check_command = schema_check_command,
    .check_layout = layout_check,
    .is_figure = figure_is,
    .figures = figure_paths,
};

/* ---- scenarios ------------------------------------------------------------------------------ */

struct scenario *app_scenario(const char *name, const struct run_options *o, struct errors *e)
{
    struct scenario *s = catalog_read(name, o ? o->sets : NULL, e);
    size_t before = e->total;
    if (s)
        engine_check(s, e);
    if (s && e->total > before) {
        scenario_free(s);
        return NULL;
    }
    return s;
}

char *app_scenario_id(const struct scenario *s)
{
    const char *name = s->path ? s->path : s->name;
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    size_t n = strlen(base);
    if (n > 4 && strcmp(base + n - 4, ".ini") == 0)
        n -= 4;
    return xstrndup(base, n);
}

int64_t wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void app_engine_config(struct engine_config *c, const struct scenario *s,
                       const struct run_options *o, struct strtab *names)
{
    *c = (struct engine_config){
        .scenario = s,
        .world = o->world >= 0 ? (enum world)o->world : scenario_world(s),
        .seed = o->seed_given ? o->seed : (uint64_t)s->params.seed,
        .for_ns = o->for_ns >= 0 ? o->for_ns : s->params.for_ns,
        .speed = o->speed > 0 ? o->speed : s->params.speed,
        .cues = o->cues,
        .probes = true,
        .names = names,
    };
}
