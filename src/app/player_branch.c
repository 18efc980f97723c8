/* SPDX-License-Identifier: MIT */
/* Another story from the instant that is shown; or, for a mark, the same one with the mark in it.
 *
 *   tape      ├───────────────●━━━━━━━━━━━━━━━━━━┤        what comes after ● is forgotten
 *   engine 2  ├═══silently════▶ command ────────▶         the same steps up to ●, then other ones
 *
 * A fresh engine runs under the commands of the tape, each at the scheduler's step at which it took
 * effect then; hence it makes the same events, and only their number and the last one are looked
 * at. A long run takes a while to be executed again, so it goes on from tick to tick; until the end
 * the old story stands, and can be kept. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/player_inside.h"
#include "base/mem.h"

struct branching {
    struct engine *engine;
    struct engine_command *script;
    size_t script_n;
    char *command;
    struct event last; /* of the tape, up to where it is executed */
    uint64_t made;
    bool differs, same;
    struct event *rest; /* made beyond the last */
    size_t rest_n, rest_cap;
};

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

/* All commands, also those that the engine has still to give after an earlier mark. */
static struct engine_command *script_whole(const struct player *p, size_t *count)
{
    struct engine_command *script = script_up_to(p, UINT64_MAX, count);
    size_t cap = *count;
    for (size_t i = 0; i < p->script_n; i++) {
        const struct engine_command *c = &p->script[i], *last = *count ? &script[*count - 1] : NULL;
        if (last && c->step <= last->step && c->t_ns <= last->t_ns)
            continue;
        grow(&script, &cap, *count + 1, sizeof *script);
        script[(*count)++] = *c;
    }
    return script;
}

char *player_branch_start(struct player *p, const char *command, bool same)
{
    struct branching *b = xcalloc(1, sizeof *b);
    struct engine_config c = p->config;
    char *error = NULL;
    b->script = same ? script_whole(p, &c.script_n) : script_up_to(p, p->n, &c.script_n);
    b->script_n = c.script_n;
    b->same = same;
    b->command = xstrdup(command);
    c.script = b->script;
    if (p->n)
        reel_read(p->reel, p->n - 1, &b->last, 1);
    b->engine = engine_create(&c, &error);
    p->branching = b;
    if (b->engine) {
        engine_pause(b->engine, true);
        error = engine_go(b->engine);
    }
    if (error)
        player_branch_stop(p);
    return error;
}

void player_branch_stop(struct player *p)
{
    struct branching *b = p->branching;
    if (!b)
        return;
    engine_destroy(b->engine);
    free(b->script);
    free(b->command);
    free(b->rest);
    free(b);
    p->branching = NULL;
}

/* What was made so far; true: there was something. */
static bool take(struct player *p, struct branching *b)
{
    struct event ev[1024];
    size_t got = engine_take(b->engine, ev, ARRAY_LEN(ev));
    if (b->made < p->n && b->made + got >= p->n)
        b->differs = memcmp(&ev[p->n - b->made - 1], &b->last, sizeof b->last) != 0;
    size_t keep = b->made >= p->n ? got : b->made + got > p->n ? (size_t)(b->made + got - p->n) : 0;
    if (keep) {
        grow(&b->rest, &b->rest_cap, b->rest_n + keep, sizeof *b->rest);
        memcpy(b->rest + b->rest_n, ev + got - keep, keep * sizeof *ev);
        b->rest_n += keep;
    }
    b->made += got;
    return got > 0;
}

void player_branch_take_over(struct player *p)
{
    struct branching *b = p->branching;
    /* The instant shown may lie later than the last event: nothing happens until then. */
    if (p->now_ns > b->last.t_ns)
        engine_advance(b->engine, p->now_ns);
    engine_destroy(p->engine);
    p->engine = b->engine;
    b->engine = NULL;
    free(p->script);
    p->script = b->script;
    p->script_n = b->script_n;
    b->script = NULL;
    /* A mark before that may be still on the way. */
    int64_t made_ns = reel_last_ns(p->reel);
    if (b->same && p->again_ns > made_ns)
        made_ns = p->again_ns;
    p->ahead_ns = p->again_ns = b->same && p->paused ? made_ns : 0;
    reel_cut(p->reel, p->n);
    keyframes_cut(&p->keys, p->n);
    while (p->tweaks_n && p->tweaks[p->tweaks_n - 1].n >= p->n)
        p->tweaks_n--;
    p->shown_most = p->n;
    player_tape(p, b->rest, b->rest_n);
    p->taken_ns = b->last.t_ns - 1;
    p->behind = false;
}

void player_make_again(struct player *p)
{
    if (p->paused && p->ahead_ns > p->now_ns) {
        p->behind = true;
        engine_advance_start(p->engine, p->ahead_ns);
    }
    p->ahead_ns = 0;
}

/* One attempt to get on; false: it can get no further. */
static bool further(struct player *p, struct branching *b)
{
    if (take(p, b))
        return true;
    bool ended = engine_ended(b->engine);
    if (ended)
        return take(p, b); /* the last may have come in between */
    /* Up to the instant before, then event by event: many can share an instant. */
    if (engine_horizon(b->engine) < b->last.t_ns - 1) {
        engine_advance_start(b->engine, b->last.t_ns - 1);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    } else {
        engine_advance(b->engine, -1);
    }
    return true;
}

enum branch_state player_branch_on(struct player *p, int64_t deadline)
{
    struct branching *b = p->branching;
    while (b->made < p->n) {
        if (!further(p, b))
            return BRANCH_FAILED;
        if (wall_now() >= deadline && b->made < p->n)
            return BRANCH_MORE;
    }
    return b->differs ? BRANCH_FAILED : BRANCH_DONE;
}

const char *player_branch_command(const struct player *p)
{
    return p->branching->command;
}

bool player_branch_same(const struct player *p)
{
    return p->branching->same;
}

double player_branch_done(const struct player *p)
{
    return p->branching ? (double)p->branching->made / (double)(p->n ? p->n : 1) : -1;
}
