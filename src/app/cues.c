/* SPDX-License-Identifier: MIT */
/* Cues: the scenario's timeline, as timers of the engine. A cue at an instant comes after the ends
 * of calls and the arrivals of that instant, and cues among each other in their order: timers that
 * are set first fire first, and these are set before the pattern's main runs. */
#include "app/engine_inside.h"
#include "base/mem.h"
#include "control/command.h"
#include "runtime/timer.h"

struct engine_cue {
    struct engine *engine;
    const struct cue *cue;
};

/* The screen's commands (pause, speed) only leave their trace; whoever watches acts on it. */
static void for_the_screen(struct engine *e, const char *text)
{
    emit(NULL, EV_COMMAND, BY_CUE, 0, 0, 0, strtab_intern(rt_names(e->rt), text),
         (int64_t)rt_steps(e->rt));
}

static void fire(struct rt *rt, void *arg)
{
    const struct engine_cue *c = arg;
    (void)rt;
    if (c->cue->caption)
        rt_mark(c->cue->caption, BY_CUE);
    if (!c->cue->command)
        return;
    struct command cmd;
    if (command_parse(c->cue->command, &cmd))
        return; /* checked when the file was read */
    bool engine = command_info[cmd.id].engine;
    command_free(&cmd);
    if (engine)
        pattern_command(c->engine->run, c->cue->command, BY_CUE);
    else
        for_the_screen(c->engine, c->cue->command);
}

void cues_set(struct engine *e)
{
    const struct scenario *s = e->c.scenario;
    if (!e->c.cues || !s->cues_n)
        return;
    e->cues = xcalloc(s->cues_n, sizeof *e->cues);
    for (size_t i = 0; i < s->cues_n; i++) {
        e->cues[i] = (struct engine_cue){e, &s->cues[i]};
        timer_func(s->cues[i].at_ns, 0, fire, &e->cues[i]);
    }
}
