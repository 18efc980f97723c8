/* SPDX-License-Identifier: MIT */
/* Commands: at the newest instant they go to the engine. Behind it a sim makes another story
 * (player_branch.c), and live, which cannot go back, first comes to the newest. */
#include <stdio.h>
#include <stdlib.h>

#include "app/player_inside.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/command.h"
#include "base/text.h"

enum { AWAIT_NS = 300000000, ASIDE_NS = 100000000, AT_ONCE_NS = 40000000 };

/* Short: it has one line of a small terminal. `closed`: a recording was, and stays as it was. */
static void notice_branch(struct player *p, bool seen, bool closed, bool same)
{
    char when[VALUE_TEXT], recording[300] = "";
    value_human_duration(p->now_ns, when, sizeof when);
    if (closed && p->recorder)
        snprintf(recording, sizeof recording, _("; now recording to %.200s"), p->record_path);
    else if (closed)
        snprintf(recording, sizeof recording, _("; not recording any more: %.200s"),
                 p->record_error ? p->record_error : "?");
    p->notice_told = !closed && (same || !seen);
    snprintf(p->notice, sizeof p->notice,
             same ? _("The mark is put in at %s%s") : _("Another story from %s on%s"), when,
             recording);
}

static bool changes_nothing(const char *text)
{
    struct command c;
    if (command_parse(text, &c))
        return false;
    bool mark = c.id == CMD_MARK;
    command_free(&c);
    return mark;
}

/* NULL or a sentence. */
static const char *give(struct player *p, const char *text, enum by by)
{
    if (p->model->ended)
        return _("the scenario has ended");
    if (!changes_nothing(text)) { /* what comes after it is not what it was */
        engine_forget_script(p->engine);
        p->script_n = 0;
        p->again_ns = 0;
    }
    const char *bad = engine_command(p->engine, text, by);
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

/* The other story begins here, with its command. NULL or a sentence. */
static const char *begin_story(struct player *p)
{
    bool seen = p->shown_most > p->n, same = player_branch_same(p);
    char *command = xstrdup(player_branch_command(p));
    char *aside = player_record_aside(p); /* it holds what is about to be forgotten */
    player_branch_take_over(p);
    player_branch_stop(p);
    if (aside)
        player_record_failed(p, player_record(p, aside));
    notice_branch(p, seen, aside != NULL, same);
    const char *bad = give(p, command, same ? BY_KEY : BY_BRANCH);
    free(aside);
    free(command);
    return bad;
}

static void notice(struct player *p, const char *text)
{
    snprintf(p->notice, sizeof p->notice, "%s", text);
    p->notice_told = false;
}

/* Goes on with a branch. NULL, also when it is not over yet, or a sentence. */
static const char *branch_on(struct player *p, int64_t deadline)
{
    switch (player_branch_on(p, deadline)) {
    case BRANCH_DONE:
        return begin_story(p);
    case BRANCH_FAILED:
        player_branch_stop(p);
        return _("this run could not be executed again up to here");
    case BRANCH_MORE:
        break;
    }
    return NULL;
}

void player_command_on(struct player *p, int64_t deadline)
{
    const char *bad = branch_on(p, deadline);
    if (bad)
        notice(p, bad);
}

void player_command_stop(struct player *p)
{
    if (!p->branching)
        return;
    player_branch_stop(p);
    notice(p, _("called off: the run is as it was"));
}

/* Another story from the instant shown. NULL or a sentence. */
static const char *branch_here(struct player *p, const char *command)
{
    static _Thread_local char sentence[256];
    if (reel_first(p->reel) > 0)
        return _("too long ago to branch: the beginning of this run is no longer held");
    char *error = player_branch_start(p, command, changes_nothing(command));
    if (error) {
        snprintf(sentence, sizeof sentence, "%s", error);
        free(error);
        return sentence;
    }
    return branch_on(p, wall_now() + AT_ONCE_NS);
}

const char *player_command(struct player *p, const char *text, enum by by)
{
    bool sim = p->config.world == WORLD_SIM;
    if (!p->engine)
        return _("this is a recording: what happened in it cannot be changed");
    if (p->branching)
        return _("the run is still being executed again up to here");
    const char *bad = p->pattern ? pattern_check_command(p->pattern, text) : NULL;
    if (bad)
        return bad;
    player_seek_stop(p);
    player_take(p, 0);
    if (sim && p->paused && reel_last_ns(p->reel) - p->now_ns > ASIDE_NS)
        p->behind = true; /* what ran ahead of the pause was never seen: it need not stay */
    if (p->behind && sim)
        return p->model->ended ? _("the scenario has ended") : branch_here(p, text);
    if (p->behind) {
        player_goto(p, reel_count(p->reel), player_last(p), 0);
        player_front(p);
        notice(p, _("Live cannot go back: this takes effect now, at the newest instant"));
    }
    return give(p, text, by);
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
