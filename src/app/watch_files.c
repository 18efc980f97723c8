/* SPDX-License-Identifier: MIT */
/* --events and --summary of a watched run: written from the tape when the user leaves, so that a
 * slow file never holds up the screen. The bytes are those of `patternscope run`. */
#include <stdlib.h>

#include "app/lines.h"
#include "app/options.h"
#include "app/watch.h"
#include "config.h"
#include "model/figures.h"
#include "base/text.h"

static void see(void *arg, const struct model *m, const struct event *e)
{
    lines_write(arg, m, e);
}

static void say(char *error)
{
    if (error)
        complain(0, "%s", error);
    free(error);
}

static void write_events(struct player *p, const char *name)
{
    struct lines l = {0};
    char *error = out_open(&l.out, name, true);
    if (!error) {
        if (!player_each(p, see, &l))
            complain(0, _("%s begins late: the first events were no longer held"), name);
        error = out_close(&l.out, true);
    }
    say(error);
    str_free(&l.line);
}

static void write_summary(struct player *p, const char *name, double wall_s)
{
    struct out o = {0};
    const struct scenario *s = player_scenario(p);
    char *id = s ? app_scenario_id(s) : NULL;
    struct summary_extra x = {.scenario = id,
                              .pattern = s ? s->params.pattern : "",
                              .version = PATTERNSCOPE_VERSION,
                              .wall_s = wall_s};
    struct str text = {0};
    summary_json(player_model(p), &x, &text);
    char *error = out_open(&o, name, true);
    if (!error) {
        fprintf(o.f, "%s\n", text.data);
        error = out_close(&o, true);
    }
    say(error);
    str_free(&text);
    free(id);
}

void watch_files(struct player *p, const struct run_options *o, double wall_s)
{
    if (o->events)
        write_events(p, o->events);
    if (o->summary)
        write_summary(p, o->summary, wall_s);
}
