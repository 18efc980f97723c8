/* SPDX-License-Identifier: MIT */
/* What comes from the terminal: keys, what is pasted, the mouse, a new size, Ctrl-Z. */
#include "app/watch.h"
#include "base/text.h"

static void click(struct watch *w, const struct term_event *e)
{
    for (int i = 0; i < w->layout.shown; i++) {
        struct rect r = w->layout.item[i].r;
        if (e->mouse_x < r.x || e->mouse_x >= r.x + r.w || e->mouse_y < r.y ||
            e->mouse_y >= r.y + r.h)
            continue;
        w->focus = w->layout.item[i].view;
        if (e->wheel)
            watch_command(w, e->wheel > 0 ? "move down" : "move up");
        watch_layout(w);
        w->dirty = true;
    }
}

static void suspend(struct watch *w)
{
    bool paused = player_paused(w->player);
    player_pause(w->player, true);
    term_suspend();
    player_tick(w->player, wall_now(), 0); /* still paused: the time away did not pass */
    player_pause(w->player, paused);
    w->redraw_all = w->dirty = true;
}

/* What is pasted goes into the line that is being typed, as one line; elsewhere its letters would
 * be commands that nobody meant. */
static void paste(struct watch *w, uint32_t key)
{
    if (w->overlay != OVERLAY_PROMPT)
        return;
    if (key == PK_ENTER || key == PK_TAB)
        key = ' ';
    if (key >= ' ' && key < KEY_BASE_)
        prompt_key(w, key);
    w->dirty = true;
}

static void paste_begins(struct watch *w)
{
    w->pasting = true;
    if (w->overlay != OVERLAY_PROMPT)
        watch_say(w, _("pasted text goes nowhere here: %s opens a line for it"),
                  watch_key_for(w, "prompt"));
}

void watch_input(struct watch *w, const struct term_event *e)
{
    if (e->key == PK_PASTE) {
        paste_begins(w);
    } else if (w->pasting && e->key != PK_RESIZE && e->key != ('Z' & 31)) {
        /* Esc: should the mark of the end never come. */
        w->pasting = e->key != PK_PASTED && e->key != PK_ESC;
        paste(w, e->key);
    } else if (e->key == PK_RESIZE) {
        screen_size(&w->screen);
        watch_layout(w);
        w->dirty = true;
    } else if (e->key == ('Z' & 31)) {
        suspend(w);
    } else if (e->key == ('C' & 31)) {
        w->quit = true;
    } else if (e->mouse_x >= 0 && e->key == PK_NONE) {
        if (w->overlay == OVERLAY_NONE)
            click(w, e);
        else if (e->wheel)
            overlay_key(w, e->wheel > 0 ? PK_DOWN : PK_UP);
    } else if (e->key != PK_NONE) {
        watch_key(w, e->key);
    }
}
