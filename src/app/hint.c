/* SPDX-License-Identifier: MIT */
/* One line that says what to press next. It follows what the user has not tried yet; keys come from
 * the keymap, so that it stays true when they are rebound. */
#include <stdio.h>

#include "app/watch.h"

const char *hint_line(const struct watch *w)
{
    static _Thread_local char line[256];
    const struct player *p = w->player;
    const char *help = watch_key_for(w, "help");
    if (player_ended(p) && player_replay(p))
        snprintf(line, sizeof line,
                 "The end of the recording. %s plays it again, %s steps back, %s leaves.",
                 watch_key_for(w, "restart"), watch_key_for(w, "back event"),
                 watch_key_for(w, "quit"));
    else if (player_ended(p))
        snprintf(line, sizeof line,
                 "It has ended (%s). %s again, %s with another seed, %s steps back, %s leaves.",
                 end_names[player_model(p)->end_why < END_COUNT ? player_model(p)->end_why : 0],
                 watch_key_for(w, "restart"), watch_key_for(w, "reseed"),
                 watch_key_for(w, "back event"), watch_key_for(w, "quit"));
    else if (player_paused(p) && !(w->done & TRIED_STEP))
        snprintf(line, sizeof line,
                 "Time stands still. %s next event, %s the one before, %s goes on.",
                 watch_key_for(w, "step event"), watch_key_for(w, "back event"),
                 watch_key_for(w, "pause"));
    else if (player_paused(p))
        snprintf(
            line, sizeof line,
            "Paused. %s next task switch, %s 10 ms, %s why the last line happened, %s goes on.",
            watch_key_for(w, "step switch"), watch_key_for(w, "step 10ms"), watch_key_for(w, "why"),
            watch_key_for(w, "pause"));
    else if (player_replay(p))
        snprintf(line, sizeof line,
                 "%s stops time, %s and %s go a second back or forward, %s all keys.",
                 watch_key_for(w, "pause"), watch_key_for(w, "seek -1s"),
                 watch_key_for(w, "seek +1s"), help);
    else if (!(w->done & TRIED_PARAM))
        snprintf(line, sizeof line,
                 "%s, then %s and %s: a parameter changes while it runs. %s all keys.",
                 watch_key_for(w, "select next"), watch_key_for(w, "change -1"),
                 watch_key_for(w, "change +1"), help);
    else if (!(w->done & TRIED_INJECT))
        snprintf(line, sizeof line,
                 "Press %s to break something: a hanging job, a burst of errors.",
                 watch_key_for(w, "inject-menu"));
    else if (!(w->done & TRIED_PAUSE))
        snprintf(line, sizeof line, "Press %s to stop time; then step through it, event by event.",
                 watch_key_for(w, "pause"));
    else if (!(w->done & TRIED_RECORD))
        snprintf(line, sizeof line,
                 "Press %s to record all of this, from the beginning on; %s for the gallery.",
                 watch_key_for(w, "record"), watch_key_for(w, "close"));
    else
        snprintf(line, sizeof line, "%s lists the keys, %s goes to the gallery.", help,
                 watch_key_for(w, "close"));
    return line;
}
