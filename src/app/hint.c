/* SPDX-License-Identifier: MIT */
/* One line that says what to press next. It follows what the user has not tried yet; keys come from
 * the keymap, so that it stays true when they are rebound. With the default keys each line fits the
 * 78 columns that it has on a small terminal. */
#include <stdio.h>

#include "app/watch.h"
#include "base/text.h"

static char line[256];

static const char *key(const struct watch *w, const char *command)
{
    return watch_key_for(w, command);
}

static void ended(const struct watch *w)
{
    if (player_replay(w->player))
        snprintf(line, sizeof line,
                 _("The end of the recording: %s plays it again, %s steps back, %s leaves."),
                 key(w, "restart"), key(w, "back event"), key(w, "quit"));
    else if (*w->last_words)
        snprintf(line, sizeof line, "%s. %s again, %s another.", w->last_words, key(w, "restart"),
                 key(w, "close"));
    else
        snprintf(line, sizeof line,
                 _("It has ended: %s again, %s with a new seed, %s steps back, %s picks another."),
                 key(w, "restart"), key(w, "reseed"), key(w, "back event"), key(w, "close"));
}

/* After a step: the event at which it stopped, so that one sees what each does. */
static bool stepped(const struct watch *w)
{
    struct event e;
    struct str words = {0};
    uint64_t n;
    int64_t by = w->stepped_by;
    if (!w->stepped || !player_shown(w->player, &e, &n))
        return false;
    const char *past = player_behind(w->player) && !player_replay(w->player) ? _("past: ") : "";
    unsigned long long at = n;
    model_sentence(player_model(w->player), &e, &words);
    if (by == 0)
        snprintf(line, sizeof line, _("%sno event in that time; the last was %llu: %s"), past, at,
                 words.data);
    else if (by == 1 || by == -1)
        snprintf(line, sizeof line, _("%sevent %llu: %s"), past, at, words.data);
    else
        snprintf(line, sizeof line,
                 by > 0 ? _("%s%lld events on, at %llu: %s") : _("%s%lld events back, at %llu: %s"),
                 past, (long long)(by > 0 ? by : -by), at, words.data);
    str_free(&words);
    return true;
}

static void paused(const struct watch *w)
{
    const struct player *p = w->player;
    bool live = player_model(p)->world == WORLD_LIVE;
    if (stepped(w))
        return;
    if (player_behind(p) && !player_replay(p))
        snprintf(line, sizeof line,
                 live ? _("This is the past: %s plays on; a change takes effect now, not then.")
                      : _("This is the past: %s plays on; a change from here makes another story."),
                 key(w, "pause"));
    else if (!(w->done & TRIED_STEP))
        snprintf(line, sizeof line,
                 _("Time stands still: %s is the next event, %s the one before; %s goes on."),
                 key(w, "step event"), key(w, "back event"), key(w, "pause"));
    else
        snprintf(line, sizeof line,
                 _("Paused: %s next task switch, %s 10 ms on, %s goes on; %s explains a log line."),
                 key(w, "step switch"), key(w, "step 10ms"), key(w, "pause"), key(w, "why"));
}

static void running(const struct watch *w)
{
    if (!(w->done & TRIED_PARAM))
        snprintf(line, sizeof line,
                 _("%s, then %s and %s change a parameter while it runs. %s lists all keys."),
                 key(w, "select next"), key(w, "change -1"), key(w, "change +1"), key(w, "help"));
    else if (!(w->done & TRIED_INJECT))
        snprintf(line, sizeof line,
                 _("Press %s to break something: a hanging job, a burst of errors."),
                 key(w, "inject-menu"));
    else if (!(w->done & TRIED_PAUSE))
        snprintf(line, sizeof line,
                 _("Press %s to stop time; then step through it, event by event."),
                 key(w, "pause"));
    else if (!(w->done & TRIED_RECORD))
        snprintf(line, sizeof line,
                 _("Press %s to record all of this, from the beginning on; %s for the gallery."),
                 key(w, "record"), key(w, "close"));
    else
        snprintf(line, sizeof line, _("%s lists the keys, %s goes to the gallery."), key(w, "help"),
                 key(w, "close"));
}

const char *hint_line(const struct watch *w)
{
    const struct player *p = w->player;
    if (player_branch_done(p) >= 0)
        snprintf(line, sizeof line,
                 _("The run is executed again up to here: %.0f %%; %s calls it off."),
                 100 * player_branch_done(p), key(w, "pause"));
    else if (player_seeking(p))
        snprintf(line, sizeof line, _("On the way there; %s stops here."), key(w, "pause"));
    else if (player_ended(p))
        ended(w);
    else if (player_paused(p))
        paused(w);
    else if (player_replay(p))
        snprintf(
            line, sizeof line,
            _("%s stops time, %s and %s go a second back or on, %s is slower; %s lists all keys."),
            key(w, "pause"), key(w, "seek -1s"), key(w, "seek +1s"), key(w, "speed down"),
            key(w, "help"));
    else
        running(w);
    return line;
}
