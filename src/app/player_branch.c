/* SPDX-License-Identifier: MIT */
/* Commands, and what happens when one is given while the position lies behind the newest.
 *
 *   tape      ├───────────────●━━━━━━━━━━━━━━━━━━┤        what comes after ● is forgotten
 *   engine 2  ├═══silently════▶ command ────────▶         the same steps up to ●, then other ones
 *
 * In sim a fresh engine runs under the commands of the tape, each at the scheduler's step at which
 * it took effect then; hence it makes the same events, and only their number is looked at. */
#include <stdio.h>
#include <stdlib.h>

#include "app/player_inside.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/command.h"

enum { AWAIT_NS = 300000000, ASIDE_NS = 100000000 };

/* The commands of the first n events that an engine does not give itself. */
static struct engine_command *script_up_to(const struct player *p, uint64_t n, size_t *count)
{
    struct engine_command *script = NULL;
    size_t cap = 0;
    *count = 0;
    for (size_t i = 0; i < p->tweaks_n && p->tweaks[i].n < n; i++) {
        const struct player_tweak *w = &p->tweaks[i];
        if (w->by == BY_CUE || w->by == BY_FILE || w->by == BY_ENGINE)
            continue;
        grow(&script, &cap, *count + 1, sizeof *script);
        script[(*count)++] = (struct engine_command){
            .step = w->step, .t_ns = w->t_ns, .by = w->by, .text = strtab_get(p->names, w->text)};
    }
    return script;
}

/* Runs e silently until n events have been made; what it made beyond goes to *rest. */
static bool run_up_to(struct engine *e, uint64_t n, int64_t t_ns, struct event **rest,
                      size_t *rest_n)
{
    struct event ev[1024];
    uint64_t made = 0;
    size_t got, cap = 0;
    *rest = NULL;
    *rest_n = 0;
    int stuck = 0;
    while (made < n && stuck < 1000) {
        /* Up to the instant before, then event by event: many can share an instant. */
        int64_t before = engine_horizon(e);
        if (engine_horizon(e) < t_ns - 1)
            engine_advance(e, t_ns - 1);
        else
            engine_advance(e, -1);
        bool more = engine_horizon(e) != before;
        while ((got = engine_take(e, ev, ARRAY_LEN(ev)))) {
            more = true;
            if (made + got > n) {
                size_t keep = made >= n ? got : (size_t)(made + got - n);
                grow(rest, &cap, *rest_n + keep, sizeof **rest);
                for (size_t i = got - keep; i < got; i++)
                    (*rest)[(*rest_n)++] = ev[i];
            }
            made += got;
        }
        if (!more && engine_ended(e))
            break;
        stuck = more ? 0 : stuck + 1;
    }
    return made >= n;
}

bool player_branch(struct player *p, char **error)
{
    *error = NULL;
    size_t count, rest_n = 0;
    struct event *rest = NULL;
    struct engine_command *script = script_up_to(p, p->n, &count);
    struct event last = {0};
    if (p->n)
        reel_read(p->reel, p->n - 1, &last, 1);
    struct engine_config c = p->config;
    c.script = script;
    c.script_n = count;
    struct engine *e = engine_create(&c, error);
    if (e) {
        engine_pause(e, true);
        *error = engine_go(e);
        if (!*error && !run_up_to(e, p->n, last.t_ns, &rest, &rest_n))
            *error = xstrdup("this run could not be executed again up to here");
        /* The instant shown may lie later: nothing happens until then. */
        if (!*error && p->now_ns > last.t_ns)
            engine_advance(e, p->now_ns);
    }
    if (!*error) {
        engine_destroy(p->engine);
        p->engine = e;
        reel_cut(p->reel, p->n);
        keyframes_cut(&p->keys, p->n);
        while (p->tweaks_n && p->tweaks[p->tweaks_n - 1].n >= p->n)
            p->tweaks_n--;
        p->shown_most = p->n;
        reel_add(p->reel, rest, rest_n);
        p->taken_ns = last.t_ns - 1;
        p->behind = false;
    } else {
        engine_destroy(e);
    }
    free(rest);
    free(script);
    return !*error;
}

static const char *sentence(char *owned)
{
    static _Thread_local char text[512];
    snprintf(text, sizeof text, "%s", owned);
    free(owned);
    return text;
}

/* Short: it has one line of a small terminal. `closed`: a recording was, and stays as it was. */
static void notice_branch(struct player *p, bool seen, bool closed)
{
    char when[VALUE_TEXT], recording[300] = "";
    value_human_duration(p->now_ns, when, sizeof when);
    if (closed && p->recorder)
        snprintf(recording, sizeof recording, "; now recording to %.200s", p->record_path);
    else if (closed)
        snprintf(recording, sizeof recording, "; not recording any more: %.200s",
                 p->record_error ? p->record_error : "?");
    p->notice_told = !seen && !closed;
    snprintf(p->notice, sizeof p->notice, "Another story from %s on%s", when, recording);
}

/* Another story from the instant shown. NULL or a sentence. */
static const char *branch_here(struct player *p)
{
    char *error;
    bool seen = p->shown_most > p->n;
    if (reel_first(p->reel) > 0)
        return "too long ago to branch: the beginning of this run is no longer held";
    char *aside = player_record_aside(p);
    bool branched = player_branch(p, &error);
    if (aside && branched)
        player_record_failed(p, player_record(p, aside));
    if (branched)
        notice_branch(p, seen, aside != NULL);
    free(aside);
    return branched ? NULL : sentence(error);
}

/* A position that is not the newest: sim branches, live comes back. NULL or a sentence. */
static const char *to_the_newest(struct player *p, enum by *by)
{
    bool sim = p->config.world == WORLD_SIM;
    player_seek_stop(p);
    player_take(p, 0);
    if (sim && p->paused && reel_last_ns(p->reel) - p->now_ns > ASIDE_NS)
        p->behind = true; /* what ran ahead of the pause was never seen: it need not stay */
    if (!p->behind)
        return NULL;
    if (sim) {
        *by = BY_BRANCH;
        return branch_here(p);
    }
    player_goto(p, reel_count(p->reel), player_last(p), 0);
    player_front(p);
    snprintf(p->notice, sizeof p->notice,
             "Live cannot go back: this takes effect now, at the newest instant");
    p->notice_told = false;
    return NULL;
}

const char *player_command(struct player *p, const char *text, enum by by)
{
    if (!p->engine)
        return "this is a recording: what happened in it cannot be changed";
    const char *bad = p->pattern ? pattern_check_command(p->pattern, text) : NULL;
    if (!bad)
        bad = to_the_newest(p, &by);
    if (bad)
        return bad;
    if (p->model->ended)
        return "the scenario has ended";
    bad = engine_command(p->engine, text, by);
    if (bad)
        return bad;
    p->awaited++;
    p->awaited_until = wall_now() + AWAIT_NS;
    if (p->paused) {
        player_take(p, 0);
        player_fold(p, reel_count(p->reel), INT64_MAX, 0);
        player_advance(p, p->now_ns);
    }
    player_engine_pause(p);
    return NULL;
}

bool player_tweak(const struct player *p, size_t i, int64_t *t_ns, const char **text)
{
    size_t k = 0;
    for (size_t j = 0; j < p->tweaks_n && p->tweaks[j].n < p->n; j++) {
        const struct player_tweak *w = &p->tweaks[j];
        if (w->by == BY_CUE || w->by == BY_FILE || w->by == BY_ENGINE || k++ < i)
            continue;
        *t_ns = w->t_ns;
        *text = strtab_get(p->names, w->text);
        return true;
    }
    return false;
}
