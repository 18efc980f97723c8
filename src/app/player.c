/* SPDX-License-Identifier: MIT */
/* The player: opening, closing, and the position that moves with time.
 *
 * At the front the position is the engine's horizon, so that what is shown is the newest. Once the
 * user has gone back the engine stands still and the position moves by wall time times speed, until
 * it has caught up:
 *
 *        back          play …               caught up: the engine goes on
 *   ├─────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┤▶                                                    */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/fold.h"
#include "app/player_inside.h"
#include "app/rerun.h"
#include "app/session_header.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/command.h"

enum {
    REEL_BYTES = 256 << 20,
    KEYFRAME_BYTES = 192 << 20,
    KEYFRAME_EVERY = 1 << 15,
    TICK_MAX_NS = 250000000, /* a longer time between two ticks counts as this */
    SLOW_PER_S = 4           /* events a second of wall time, at speed 1 */
};

static struct player *create(const struct run_options *o)
{
    struct player *p = xcalloc(1, sizeof *p);
    p->options = o;
    p->speed = 1;
    p->seek_ns = -1;
    p->slow_from = UINT64_MAX;
    p->notice_told = true;
    p->cue_ns = -1;
    p->keys.budget = KEYFRAME_BYTES;
    p->keys.every = KEYFRAME_EVERY;
    return p;
}

static void start_fold(struct player *p)
{
    p->model = model_create(p->names);
    if (p->reader) {
        size_t room = fold_room(p->reader);
        model_set_room(p->model, room);
        p->keys.budget = room / 3 < KEYFRAME_BYTES ? room / 3 : KEYFRAME_BYTES;
        p->keys.strict = true;
    }
    p->detect = detect_create(p->names);
    keyframes_offer(&p->keys, 0, p->model, p->detect);
}

struct player *player_open(const struct scenario *s, const struct run_options *o, char **error)
{
    struct player *p = create(o);
    p->scenario = s;
    p->names = p->own_names = strtab_create();
    p->reel = reel_create(REEL_BYTES);
    p->cues = o->cues;
    app_engine_config(&p->config, s, o, p->names);
    p->speed = p->config.speed;
    p->paused = o->paused;
    start_fold(p);
    *error = NULL;
    p->engine = engine_create(&p->config, error);
    if (p->engine) {
        p->pattern = engine_pattern(p->engine);
        engine_pause(p->engine, p->paused);
        *error = engine_go(p->engine);
    }
    if (*error) {
        player_close(p);
        return NULL;
    }
    return p;
}

struct player *player_open_session(const char *path, char **error, char **warning)
{
    static const struct run_options none = {.world = -1, .for_ns = -1, .cues = true};
    *error = *warning = NULL;
    struct psr_reader *r = psr_open(path, error);
    size_t len = strlen(path);
    if (!r && len > 4 && strcmp(path + len - 4, ".ini") == 0) {
        char *why = *error;
        *error = xasprintf("%s; a scenario is watched by: patternscope %s", why, path);
        free(why);
    }
    if (!r)
        return NULL;
    struct player *p = create(&none);
    const struct psr_header *h = psr_header(r);
    p->reader = r;
    p->names = psr_names(r);
    p->reel = reel_over(r);
    struct errors e = {0};
    p->cues = session_header_cues(h);
    p->own_scenario = session_scenario(h, &e);
    p->scenario = p->own_scenario;
    if (p->scenario)
        p->pattern = pattern_find(p->scenario->params.pattern);
    if (e.total)
        *warning = xasprintf("its scenario is not one that this version reads: %s",
                             e.kept ? e.item[0].text : "");
    else if (psr_warning(r))
        *warning = xstrdup(psr_warning(r));
    errors_free(&e);
    p->config.world = (enum world)h->world;
    p->config.seed = h->seed;
    p->slow_from = session_header_slow_from(h);
    start_fold(p);
    return p;
}

void player_close(struct player *p)
{
    if (!p)
        return;
    player_branch_stop(p);
    engine_destroy(p->engine);
    free(p->script);
    p->engine = NULL;
    free(player_record_stop(p));
    model_free(p->model);
    detect_free(p->detect);
    keyframes_free(&p->keys);
    reel_free(p->reel);
    free(p->tweaks);
    free(p->record_path);
    free(p->record_error);
    psr_reader_close(p->reader);
    scenario_free(p->own_scenario);
    strtab_destroy(p->own_names);
    free(p);
}

/* ---- what is shown ------------------------------------------------------------------------- */

const struct model *player_model(const struct player *p)
{
    return p->model;
}

int64_t player_now(const struct player *p)
{
    return p->now_ns;
}

int64_t player_last(const struct player *p)
{
    int64_t last = reel_last_ns(p->reel);
    if (p->engine && !engine_ended(p->engine) && p->taken_ns > last)
        last = p->taken_ns;
    return last > p->now_ns ? last : p->now_ns;
}

bool player_behind(const struct player *p)
{
    return p->behind;
}

const char *player_notice(struct player *p)
{
    if (p->model->full && !p->full_told) {
        p->full_told = true;
        p->notice_told = false;
        snprintf(p->notice, sizeof p->notice, "%s", fold_full());
    }
    bool told = p->notice_told;
    p->notice_told = true;
    return told ? "" : p->notice;
}

bool player_replay(const struct player *p)
{
    return p->reader != NULL;
}

bool player_ended(const struct player *p)
{
    return p->model->ended;
}

uint64_t player_seed(const struct player *p)
{
    return p->config.seed;
}

const struct scenario *player_scenario(const struct player *p)
{
    return p->scenario;
}

const struct pattern *player_pattern(const struct player *p)
{
    return p->pattern;
}

bool player_param(const struct player *p, const char *section, const char *name, char *out,
                  size_t size)
{
    char path[2 * PARAM_TEXT];
    snprintf(path, sizeof path, "%s.%s", section, name);
    for (size_t i = 0; i < p->model->params_n; i++)
        if (strcmp(strtab_get(p->names, p->model->params[i].name), path) == 0) {
            snprintf(out, size, "%s", strtab_get(p->names, p->model->params[i].value));
            return true;
        }
    if (!p->scenario || !p->pattern)
        return false;
    for (const struct param_table *const *t = p->pattern->tables; *t; t++) {
        size_t len = strlen((*t)->section);
        if (strncmp(section, (*t)->section, len) != 0 ||
            (section[len] && !((*t)->repeats && section[len] == '.')))
            continue;
        const struct param *row = param_find(*t, name);
        if (!row)
            continue;
        void *block = scenario_block(p->scenario, *t, section);
        param_format(row, block, out, size);
        free(block);
        return true;
    }
    return false;
}

/* ---- time ---------------------------------------------------------------------------------- */

bool player_seeking(const struct player *p)
{
    return p->seek_ns >= 0;
}

bool player_paused(const struct player *p)
{
    return p->paused;
}

void player_pause(struct player *p, bool paused)
{
    p->paused = paused;
    player_command_stop(p);
    if (paused)
        player_seek_stop(p);
    player_engine_pause(p);
}

double player_speed(const struct player *p)
{
    return p->speed;
}

void player_set_speed(struct player *p, double speed)
{
    p->speed = speed < 0.01 ? 0.01 : speed > 100 ? 100 : speed;
    p->config.speed = p->speed;
    if (p->engine)
        engine_speed(p->engine, p->speed);
}

/* What a search has found happens at one instant, or nearly: there, events come one by one. The
 * number of the first event that is not due yet. */
static uint64_t due(struct player *p, int64_t passed_ns)
{
    uint64_t count = reel_count(p->reel);
    if (p->slow_from >= count || !p->reader || p->engine)
        return count;
    if (p->n < p->slow_from)
        return p->slow_from;
    p->slow_owed += (double)passed_ns / 1e9 * p->speed * SLOW_PER_S;
    uint64_t n = (uint64_t)p->slow_owed;
    p->slow_owed -= (double)n;
    return p->n + n < count ? p->n + n : count;
}

/* Time waits for an event that is not due yet. */
static int64_t wait_for_next(struct player *p, int64_t target)
{
    struct event next;
    bool waits = p->n < reel_count(p->reel) && reel_read(p->reel, p->n, &next, 1) == 1;
    return waits && next.t_ns < target ? next.t_ns : target;
}

/* Moves to `target`, or as far as the budget allows; true: got there. */
static bool play_to(struct player *p, int64_t target, uint64_t until, int64_t deadline)
{
    bool there = player_fold(p, until, target, deadline);
    if (there && until < reel_count(p->reel))
        target = wait_for_next(p, target);
    player_advance(p, there ? target : p->now_ns);
    return there;
}

static void play(struct player *p, int64_t passed_ns, int64_t deadline)
{
    int64_t last = player_last(p), target;
    if (!p->behind && p->engine) {
        target = p->taken_ns;
        if (reel_last_ns(p->reel) < target && !engine_ended(p->engine) && p->model->ended)
            target = reel_last_ns(p->reel);
    } else {
        target = p->now_ns + (int64_t)((double)passed_ns * p->speed);
    }
    bool all = target >= last;
    if (all)
        target = last;
    if (play_to(p, target, due(p, passed_ns), deadline) && all && p->n >= reel_count(p->reel))
        player_front(p);
}

bool player_tick(struct player *p, int64_t wall_ns, int64_t budget_ns)
{
    int64_t passed = p->wall_ns ? wall_ns - p->wall_ns : 0;
    if (passed > TICK_MAX_NS)
        passed = TICK_MAX_NS;
    p->wall_ns = wall_ns;
    int64_t start = wall_now(), n = (int64_t)p->n, now = p->now_ns, last = player_last(p);
    player_take(p, start + budget_ns / 2);
    if (p->branching) {
        player_command_on(p, start + budget_ns);
        return true;
    }
    if (p->seek_ns >= 0)
        player_seek_on(p, start + budget_ns);
    else if (!p->paused)
        play(p, passed, start + budget_ns);
    else if (p->awaited && !p->behind) {
        /* A command while time stands still: its effect is shown, and nothing else moves. */
        player_fold(p, reel_count(p->reel), INT64_MAX, start + budget_ns);
        player_advance(p, p->now_ns);
        if (wall_ns > p->awaited_until)
            p->awaited = 0;
    }
    if (p->ahead_ns && !p->awaited)
        player_make_again(p);
    if (p->recorder) {
        if (!p->paused)
            p->record_wall_ns += passed;
        player_record_feed(p);
    }
    /* In the past, how far it goes is on the screen too. */
    return (int64_t)p->n != n || p->now_ns != now || (p->behind && player_last(p) != last);
}

/* ---- cues that are the screen's -------------------------------------------------------------- */

const char *player_cue(struct player *p)
{
    const struct scenario *s = p->scenario;
    for (; s && p->cues && p->cue_at < s->cues_n; p->cue_at++) {
        const struct cue *c = &s->cues[p->cue_at];
        struct command command;
        if (c->at_ns > p->now_ns)
            break;
        if (c->at_ns <= p->cue_ns || !c->command || command_parse(c->command, &command))
            continue;
        bool engine = command_info[command.id].engine;
        command_free(&command);
        if (engine)
            continue;
        p->cue_at++;
        return c->command;
    }
    if (p->now_ns > p->cue_ns)
        p->cue_ns = p->now_ns;
    return "";
}
