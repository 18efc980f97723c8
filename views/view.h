/* SPDX-License-Identifier: MIT */
/* A panel: one file, one record, one row in views.def. A pure function of the model and its own
 * view state onto the canvas. */
#ifndef VIEWS_VIEW_H
#define VIEWS_VIEW_H

#include "model/model.h"
#include "views/canvas.h"

/* The labels a panel may show of parameters; app fills it in from the tables, so that views know no
 * pattern. */
struct param_row {
    const char *section, *name, *value, *allowed, *help, *unit;
    bool live, changed;
};
/* What is the same for all panels in one frame. */
struct screen_state {
    const struct model *model;
    const char *scenario, *title, *notes; /* notes: the lesson's text or NULL */
    const char *const *listing;           /* pseudo-code, NULL-terminated, or NULL */
    bool paused, replay, ended_shown;
    double speed;
    int64_t view_ns; /* the instant that is shown */
    int64_t last_ns; /* the newest there is (replay: the end) */
    bool recording;
    int64_t recorded_ns;
    uint64_t recorded_bytes;
    const char *record_error; /* NULL: none */
    const char *message;      /* one line above the keys, or NULL */
    bool message_bad;
    const char *hint; /* what to press next */
    const struct param_row *params;
    size_t params_n, params_at; /* the chosen one */
    /* The key line; a NULL key ends it. A label with a blank names its keys itself: what stands
     * before the last blank ("[ ] speed"). The last one is shown whatever the width. */
    struct key_hint {
        const char *key, *label;
    } * keys;
    const char *filter; /* log */
};
/* Kept per panel: scrolling and what is chosen. All zero is a good start. */
struct view_state {
    int scroll, chosen;
    bool follow;  /* log: stay at the newest */
    bool focused; /* set by screen_draw(): the mark of what is chosen is shown only there */
    int zoom;
    uint64_t anchor; /* log: the entry that is chosen, however the list moves */
    int anchor_row;
};
struct view {
    const char *name;
    const char *help;
    const char *alias; /* another name that layouts may use, or NULL */
    int min_w, min_h;  /* with the frame */
    int weight;        /* its share of a row of panels */
    /* Draws inside r (the frame is drawn already). */
    void (*draw)(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state);
    /* A few words for the right end of its upper frame, about what is drawn in r; NULL: none. */
    void (*aside)(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size);
    /* Has it something to show? NULL: always. Tab passes over a panel that has not. */
    bool (*useful)(const struct screen_state *s);
    /* No rows, but more lines than fit: it is drawn from state->scroll on. */
    bool scrolls;
    /* How many rows there are to scroll through and choose from; NULL: none. */
    int (*rows)(const struct screen_state *s);
    /* Details of the chosen row, as text lines; NULL: none. */
    void (*details)(const struct screen_state *s, const struct view_state *state, struct str *out);
};
extern const struct view *const views[]; /* NULL-terminated, from views.def */
const struct view *view_find(const char *name);
int view_index(const char *name); /* -1: none */
/* The panel before (dir -1) or after (+1) that has something to show; focus itself when it is the
 * only one. */
int view_next(const struct screen_state *s, int focus, int dir);
/* Moves what is chosen in a panel with rows, and scrolls one without. `page` rows are a page.
 * Moving up ends the log's following, moving to the end takes it up again. */
enum view_move { MOVE_UP, MOVE_DOWN, MOVE_TOP, MOVE_BOTTOM, MOVE_PAGE_UP, MOVE_PAGE_DOWN };
void view_move(int view, const struct screen_state *s, struct view_state *state,
               enum view_move move, int page);

/* The layout: rows of panels, as in [layout] rows = flow:7, workers|channels, metrics|log. */
enum { LAYOUT_MAX = 24 };
struct layout {
    struct layout_item {
        int view; /* index in views */
        struct rect r;
    } item[LAYOUT_MAX];
    int n;
    int shown; /* how many fit; the others come with focus */
};
/* spec NULL: the default for that size (screens.md: 80x24 shows flow, tasks, channels; 40x10 one
 * panel). focus: index in views that must be seen. NULL, or a sentence naming the bad word. */
const char *layout_make(struct layout *l, const char *spec, int w, int h, int focus);
/* Checks a spec. NULL or a sentence. */
const char *layout_check(const char *spec);

/* The whole screen: top line, panels, message, key line; "need 40x10, have WxH" when it is smaller.
 * states: one per view, in the order of `views`. overlay may be NULL. */
struct overlay {
    const char *title;
    const char *text; /* lines */
    int scroll;
    int chosen;        /* line, or -1 */
    bool menu;         /* a line each, also when none is chosen; else text is wrapped */
    const char *input; /* prompt line under it, or NULL */
    int cursor;        /* byte of input that the cursor stands on */
    bool selected;     /* all of input would be replaced by what is typed */
};
enum { SCREEN_MIN_W = 40, SCREEN_MIN_H = 10 };
/* Over what is there. */
void overlay_draw(struct canvas *c, const struct overlay *o);
/* The furthest that an overlay on a screen of that size can be scrolled. */
int overlay_scroll_max(const struct overlay *o, int w, int h);
void screen_draw(struct canvas *c, const struct screen_state *s, const struct layout *l,
                 struct view_state *states, int focus, const struct overlay *overlay);

#endif
