/* SPDX-License-Identifier: MIT */
/* The table of panels, made from views.def, and how one moves among and in them. */
#include <string.h>

#include "views/view.h"

#define VIEW(name) extern const struct view view_##name;
#include "views/views.def"
#undef VIEW

const struct view *const views[] = {
#define VIEW(name) &view_##name,
#include "views/views.def"
#undef VIEW
    NULL};

int view_index(const char *name)
{
    for (int i = 0; name && views[i]; i++)
        if (!strcmp(views[i]->name, name) || (views[i]->alias && !strcmp(views[i]->alias, name)))
            return i;
    return -1;
}

const struct view *view_find(const char *name)
{
    int i = view_index(name);
    return i < 0 ? NULL : views[i];
}

static int count(void)
{
    return (int)ARRAY_LEN(views) - 1;
}

static bool useful(const struct screen_state *s, int view)
{
    return !views[view]->useful || views[view]->useful(s);
}

int view_next(const struct screen_state *s, int focus, int dir)
{
    int n = count(), at = focus < 0 || focus >= n ? (dir < 0 ? 0 : n - 1) : focus;
    for (int i = 0; i < n; i++) {
        at = (at + (dir < 0 ? n - 1 : 1)) % n;
        if (useful(s, at))
            break;
    }
    return at;
}

static int moved(int at, int last, enum view_move move, int page)
{
    switch (move) {
    case MOVE_UP:
        at--;
        break;
    case MOVE_DOWN:
        at++;
        break;
    case MOVE_TOP:
        at = 0;
        break;
    case MOVE_BOTTOM:
        at = last;
        break;
    case MOVE_PAGE_UP:
        at -= page;
        break;
    case MOVE_PAGE_DOWN:
        at += page;
        break;
    }
    return at > last ? last : at < 0 ? 0 : at;
}

void view_move(int view, const struct screen_state *s, struct view_state *state,
               enum view_move move, int page)
{
    if (view < 0 || view >= count())
        return;
    page = page < 1 ? 1 : page;
    if (!views[view]->rows) { /* how far it can scroll is known when it is drawn */
        if (views[view]->scrolls)
            state->scroll = moved(state->scroll, 1 << 20, move, page);
        return;
    }
    int last = views[view]->rows(s) - 1;
    state->chosen = moved(state->chosen, last < 0 ? 0 : last, move, page);
    state->follow = state->chosen >= last && move != MOVE_UP && move != MOVE_PAGE_UP;
}
