/* SPDX-License-Identifier: MIT */
/* The engine: a scenario becomes blocks of parameters, a run of its pattern, cues, an end.
 *
 * Executing again is the hard part. A command of an earlier run took effect between two steps of
 * the scheduler, at an instant that need not be a step's (nothing was due, the clock followed the
 * wall). Its COMMAND event holds both, so
 *
 *   run until (t, step) ─▶ post the command ─▶ it runs before the next step, at t ─▶ go on
 *
 * is the same run again. */
#include "app/engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/engine_inside.h"
#include "base/mem.h"
#include "base/str.h"
#include "runtime/timer.h"
#include "traffic/traffic.h"

/* ---- from a scenario to blocks -------------------------------------------------------------- */

static struct pattern_block *blocks_make(const struct scenario *s, const struct pattern *p)
{
    struct pattern_block *blocks = xcalloc(1, sizeof *blocks);
    size_t n = 0, cap = 1;
    for (size_t i = 0; p->tables[i]; i++) {
        const char **names;
        bool own;
        size_t sections = scenario_sections(s, p->tables[i], &names, &own);
        grow(&blocks, &cap, n + sections + 1, sizeof *blocks);
        for (size_t k = 0; k < sections; k++)
            blocks[n++] =
                (struct pattern_block){.table = p->tables[i],
                                       .section = names[k],
                                       .values = scenario_block(s, p->tables[i], names[k]),
                                       .unused = k == 0 && !own};
        free(names);
    }
    blocks[n] = (struct pattern_block){0};
    return blocks;
}

static void blocks_free(struct pattern_block *blocks)
{
    for (size_t i = 0; blocks[i].table; i++)
        free((void *)(uintptr_t)blocks[i].values);
    free(blocks);
}

/* The folder that a trace's path is relative to. */
static char *base_dir(const struct scenario *s)
{
    const char *slash = s->path ? strrchr(s->path, '/') : NULL;
    if (!slash)
        return xstrdup(s->path ? "." : "configs");
    return slash == s->path ? xstrdup("/") : xstrndup(s->path, (size_t)(slash - s->path));
}

/* An error of a value that was given, in the file or by --set. */
static void setting_error(const struct scenario *s, const char *section, const char *key,
                          const char *bad, struct errors *e)
{
    for (size_t i = 0; i < s->settings_n; i++) {
        const struct setting *v = &s->settings[i];
        if (strcmp(v->section, section) != 0 || strcmp(v->key, key) != 0)
            continue;
        char *option = xasprintf("--set %s.%s", section, key);
        const char *file = s->path ? s->path : s->name;
        error_at(e, v->line ? file : option, v->line, "%s = %s: %s", key, v->value, bad);
        free(option);
    }
}

static void choices_check(const struct scenario *s, struct errors *e)
{
    const char *bad = choices_parse(s->params.choices, NULL);
    if (bad)
        setting_error(s, "scenario", "choices", bad, e);
}

/* Reads traces for their errors. One that is not there has no line of its own: the scenario's,
 * which names it, is the one to mend. */
static void traces_check(const struct scenario *s, const struct pattern_block *block,
                         const char *dir, struct errors *e)
{
    struct errors found = {0};
    traffic_check(block->values, dir, &found);
    for (size_t i = 0; i < found.kept; i++) {
        const struct error_item *it = &found.item[i];
        if (it->line) {
            error_at(e, it->file, it->line, "%s", it->text);
            continue;
        }
        char *bad = xasprintf("%s %s", it->file, it->text);
        setting_error(s, block->section, "arrivals", bad, e);
        free(bad);
    }
    e->total += found.total - found.kept;
    errors_free(&found);
}

/* Cues that set what this scenario does not have. */
static void cues_check(const struct scenario *s, const struct pattern_run *run, struct errors *e)
{
    for (size_t i = 0; i < s->cues_n; i++) {
        const char *bad =
            s->cues[i].command ? pattern_check_section(run, s->cues[i].command) : NULL;
        if (bad)
            error_at(e, s->path ? s->path : s->name, s->cues[i].line, "%s", bad);
    }
}

void engine_check(const struct scenario *s, struct errors *e)
{
    const struct pattern *p = pattern_find(s->params.pattern);
    VERIFY(p); /* control asked the schema */
    struct pattern_block *blocks = blocks_make(s, p);
    char *dir = base_dir(s);
    size_t before = e->total;
    choices_check(s, e);
    for (size_t i = 0; blocks[i].table; i++)
        if (blocks[i].table == &traffic_table)
            traces_check(s, &blocks[i], dir, e);
    struct pattern_run *run = pattern_run_create(p, NULL, blocks, dir);
    cues_check(s, run, e);
    const char *bad = p->check && e->total == before ? p->check(run) : NULL;
    if (bad)
        error_at(e, s->path ? s->path : s->name, 0, "%s", bad);
    pattern_run_free(run);
    blocks_free(blocks);
    free(dir);
}

/* ---- the first safe point ------------------------------------------------------------------- */

/* What could not go on anyway ends as it would without: all is done, or asleep. */
static void time_is_up(struct rt *rt, void *arg)
{
    (void)arg;
    if (!rt_idle(rt))
        rt_stop(rt, END_FOR);
}

/* Runs before the pattern's main. */
static void set_up(struct rt *rt, void *arg)
{
    struct engine *e = arg;
    (void)rt;
    cues_set(e);
    /* After all else that is due at that instant. */
    if (e->c.for_ns > 0)
        timer_func(e->c.for_ns, timer_order(TIMER_OTHER, (UINT64_C(1) << 62) - 1), time_is_up, e);
}

void engine_begin(struct engine *e)
{
    if (e->begun)
        return;
    e->begun = true;
    rt_post(e->rt, set_up, e);
    rt_start(e->rt, e->id, pattern_main, e->run);
}

/* ---- creation ------------------------------------------------------------------------------- */

static void sink(void *arg, const struct event *ev, size_t n)
{
    struct engine *e = arg;
    if (e->threaded)
        engine_put(e, ev, n);
    else if (n && e->take)
        e->take(e->take_arg, ev, n);
}

/* What the scenario says of its schedule, unless the caller knows better. */
static void schedule_read(struct engine *e)
{
    const struct scenario_params *s = &e->c.scenario->params;
    if (e->c.schedule)
        return;
    e->c.schedule = param_find(&scenario_table, "schedule")->choices[s->schedule];
    choices_parse(s->choices, &e->choices);
    choices_sort(&e->choices);
    e->schedule_use = (struct schedule_use){
        .depth = (int)s->depth, .points = (uint64_t)s->points, .choices = &e->choices};
    e->c.schedule_use = &e->schedule_use;
}

/* A pool whose jobs come at once and take no time would run for ever at one instant. So many steps
 * are seconds of work; no scenario of ours makes a thousandth of them. */
enum { STILL_STEPS = 1 << 22 };

/* Threads that the run makes inherit a mask that blocks every signal: they are the screen's. */
static struct rt *rt_make(struct engine *e, const char **why)
{
    const struct scenario *s = e->c.scenario;
    struct rt_config config = {.world = e->c.world,
                               .seed = e->c.seed,
                               .procs = (int)s->params.procs,
                               .schedule = e->c.schedule,
                               .schedule_use = e->c.schedule_use,
                               .probes = e->c.probes,
                               .speed = e->c.speed,
                               .names = e->c.names,
                               .sink = sink,
                               .sink_arg = e,
                               .still_steps = STILL_STEPS};
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    struct rt *rt = rt_create(&config, why);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return rt;
}

struct engine *engine_create(const struct engine_config *c, char **error)
{
    const char *why = NULL;
    struct engine *e = xcalloc(1, sizeof *e);
    e->c = *c;
    e->speed = c->speed > 0 ? c->speed : 1;
    e->c.speed = e->speed;
    atomic_init(&e->script_n, c->script_n);
    e->pattern = pattern_find(c->scenario->params.pattern);
    VERIFY(e->pattern);
    schedule_read(e);
    e->rt = rt_make(e, &why);
    if (!e->rt) {
        *error = xstrdup(why);
        choices_free(&e->choices);
        free(e);
        return NULL;
    }
    e->id = app_scenario_id(c->scenario);
    pthread_mutex_init(&e->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&e->wake, &attr);
    pthread_cond_init(&e->done, &attr);
    pthread_condattr_destroy(&attr);
    struct pattern_block *blocks = blocks_make(c->scenario, e->pattern);
    char *dir = c->base_dir ? xstrdup(c->base_dir) : base_dir(c->scenario);
    e->run = pattern_run_create(e->pattern, e->rt, blocks, dir);
    free(dir);
    blocks_free(blocks);
    return e;
}

void engine_destroy(struct engine *e)
{
    if (!e)
        return;
    atomic_store(&e->quit, true);
    engine_poke(e);
    if (e->thread_made)
        pthread_join(e->thread, NULL);
    rt_destroy(e->rt);
    pattern_run_free(e->run);
    while (e->pending) {
        struct pending *next = e->pending->next;
        free(e->pending);
        e->pending = next;
    }
    pthread_cond_destroy(&e->wake);
    pthread_cond_destroy(&e->done);
    pthread_mutex_destroy(&e->lock);
    free(e->queue.ring);
    choices_free(&e->choices);
    free(e->cues);
    free(e->id);
    free(e);
}

const struct pattern *engine_pattern(const struct engine *e)
{
    return e->pattern;
}

struct rt *engine_rt(const struct engine *e)
{
    return e->rt;
}

bool engine_param(const struct engine *e, const char *section, const char *name, char *out,
                  size_t size)
{
    char path[2 * PARAM_TEXT];
    snprintf(path, sizeof path, "%s.%s", section, name);
    return pattern_param_text(e->run, path, out, size);
}

/* ---- pulled --------------------------------------------------------------------------------- */

static void run_script(struct rt *rt, void *arg)
{
    struct engine *e = arg;
    (void)rt;
    const struct engine_command *c = &e->c.script[e->script_at++];
    pattern_command(e->run, c->text, c->by);
}

/* Up to the next command of the script, if it comes first: true, and it is posted. */
static bool to_command(struct engine *e, int64_t until_ns, uint64_t last_step, enum rt_state *state)
{
    const struct engine_command *c = &e->c.script[e->script_at];
    if (c->step > last_step || c->t_ns > until_ns)
        return false;
    uint64_t now = rt_steps(e->rt);
    if (now < c->step)
        *state = rt_sim_run(e->rt, c->t_ns, c->step - now);
    /* All steps are made; if the clock had gone on by itself, nothing is due until then. */
    if (*state != RT_ENDED && rt_time(e->rt) < c->t_ns)
        *state = rt_sim_run(e->rt, c->t_ns, UINT64_MAX);
    if (*state == RT_ENDED)
        return true;
    rt_post(e->rt, run_script, e);
    *state = rt_sim_run(e->rt, rt_time(e->rt), 0);
    return true;
}

void engine_forget_script(struct engine *e)
{
    atomic_store(&e->script_n, 0);
}

enum rt_state engine_run_sim(struct engine *e, int64_t until_ns, uint64_t steps)
{
    uint64_t at = rt_steps(e->rt);
    uint64_t last = steps > UINT64_MAX - at ? UINT64_MAX : at + steps;
    enum rt_state state = RT_MORE;
    while (e->script_at < atomic_load(&e->script_n) && state != RT_ENDED)
        if (!to_command(e, until_ns, last, &state))
            break;
    at = rt_steps(e->rt);
    return state == RT_ENDED ? state : rt_sim_run(e->rt, until_ns, last - at);
}

enum rt_state engine_run(struct engine *e, int64_t until_ns, uint64_t steps,
                         void (*take)(void *arg, const struct event *ev, size_t n), void *arg)
{
    e->take = take;
    e->take_arg = arg;
    engine_begin(e);
    enum rt_state state = engine_run_sim(e, until_ns, steps);
    e->take = NULL;
    return state;
}
