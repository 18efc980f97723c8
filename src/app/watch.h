/* SPDX-License-Identifier: MIT */
/* What the files behind the screen share: one struct watch, UI thread only.
 *
 * A key is looked up in the keymap and gives a command; a command is looked up by its id in a table
 * (watch_keys.c) and gives NULL or a sentence, which is shown. */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include "app/app.h"
#include "app/player.h"
#include "base/str.h"
#include "control/command.h"
#include "control/keymap.h"
#include "views/term.h"
#include "views/view.h"

enum { FRAME_NS = 33333333, WATCH_PARAMS = 128 };

/* ---- the screen, which the gallery shares (watch.c) ------------------------------------------ */

struct screen {
    struct canvas *canvas;
    const struct theme *theme;
    const struct run_options *options;
};
void screen_size(struct screen *s); /* the canvas gets the terminal's size */
/* NULL: to be closed by term_close(); else why there is no screen. */
const char *screen_open(struct screen *s, const struct run_options *o);

/* ---- parameters (watch_params.c) --------------------------------------------------------------
 */

struct param_now {
    const struct param *row;
    const struct param_table *table;
    char section[64];
    char path[192]; /* section.name */
    char value[VALUE_TEXT], file[VALUE_TEXT];
    char allowed[128];
};
struct params {
    struct param_now at[WATCH_PARAMS];
    struct param_row rows[WATCH_PARAMS]; /* what the panel shows, pointing into `at` */
    size_t n, chosen;
};

/* ---- the prompt (prompt.c) --------------------------------------------------------------------
 */

enum prompt_kind { PROMPT_COMMAND, PROMPT_VALUE, PROMPT_FILTER };
enum { PROMPT_MAX = 512, PROMPT_HISTORY = 32 };
struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_MAX];
    size_t len, cursor; /* bytes */
    bool fresh;         /* nothing was pressed yet: what is typed replaces the text */
    char *history[PROMPT_HISTORY];
    size_t history_n, history_at;
    struct str shown; /* the candidates, as lines */
    char *base;       /* what was typed before Tab went through the candidates */
    int candidate;    /* -1: none taken yet */
};

/* ---- overlays (overlay.c) ---------------------------------------------------------------------
 */

enum overlay_kind {
    OVERLAY_NONE,
    OVERLAY_HELP,
    OVERLAY_DETAILS,
    OVERLAY_WHY,
    OVERLAY_INJECT,
    OVERLAY_PROMPT
};

struct watch {
    struct screen screen;
    struct run_options
        options; /* sets: own strings; those given and, after a restart, the tweaks */
    size_t given_sets;
    struct scenario *base;    /* as the file and the options given say, without tweaks */
    struct scenario *playing; /* what the player borrows; NULL in a replay */
    char *session;            /* replay: the file */
    char *id;                 /* the name on the screen */
    struct player *player;
    char *recorded;   /* the file that the run before this one was recorded to, or NULL */
    int64_t begun_ns; /* wall time */
    struct keymap *keys;
    struct key_hint *hints; /* the key line, from the keymap */

    struct layout layout;
    const char *layout_spec;
    struct view_state *states;
    int focus;
    struct params params;
    char **pending; /* "section.key=value" for the next start */
    size_t pending_n;
    char filter[128];

    enum overlay_kind overlay;
    char overlay_title[160];
    struct str overlay_text;
    int overlay_scroll, overlay_chosen;
    struct prompt prompt;

    char message[600];
    bool message_bad;
    int64_t message_until; /* wall time; 0: until the next key */
    int message_param;     /* >= 0: it speaks of that parameter and follows its value */
    bool ended_told, record_error_told;
    char last_words[160];    /* of the pattern, at the end; "": none */
    uint64_t log_seen;       /* up to here the log was looked through for answers to commands */
    int64_t commanded_until; /* wall time; an answer to a command comes before */
    bool seed_fixed;         /* given on the command line */
    bool file_seed;     /* the file was read again and has another seed: the next start takes it */
    unsigned done;      /* what the user has tried: enum hint bits */
    bool stepped;       /* what is shown was reached by a step, */
    int64_t stepped_by; /* over so many events; negative: back */

    struct reload *reload;
    size_t marks; /* the last number that a mark of this run was given */
    bool dirty, quit, to_gallery, redraw_all;
    bool pasting; /* between the marks around pasted text */
    char *chosen; /* the gallery's pick, to be opened */
};

/* watch.c */
PRINTF(2, 3) void watch_say(struct watch *w, const char *fmt, ...);
PRINTF(2, 3) void watch_complain(struct watch *w, const char *fmt, ...);
/* Starts w->base with the options' sets, or the session, anew. False: the old run goes on when the
 * scenario cannot be read that way, or is gone when there is no engine for it; it says why. */
bool watch_start(struct watch *w);
/* Builds keymap, layout and key line from the scenario in use. */
void watch_setup(struct watch *w);
/* Fills in what panels see. */
void watch_state(struct watch *w, struct screen_state *s);
void watch_layout(struct watch *w);

/* watch_input.c */
void watch_input(struct watch *w, const struct term_event *e);

/* watch_keys.c: NULL or a sentence. */
const char *watch_command(struct watch *w, const char *text);
void watch_key(struct watch *w, uint32_t key);
/* The name of the first key that is bound to a command, for hints; ":COMMAND" if none is. */
const char *watch_key_for(const struct watch *w, const char *command);

/* watch_params.c */
void params_setup(struct watch *w); /* which there are; after a start */
void params_refresh(struct watch *w);
struct param_now *params_find(struct watch *w, const char *path);
const char *params_set(struct watch *w, const char *path, const char *value);
const char *params_reset(struct watch *w, const char *path);
/* That value counts from the next start on. */
void params_wait(struct watch *w, const char *path, const char *value);
void params_say(struct watch *w);
/* The same message again, with the value as it has become. */
void params_said(struct watch *w);
/* "section.key=value" of all that differs from the file, NULL-terminated; both levels malloc'ed. */
char **params_changed(struct watch *w, size_t *n);

/* "section.key=value" wins over the file at the next start. */
void watch_add_set(struct watch *w, const char *set);
/* Forgets the sets beyond n. */
void watch_cut_sets(struct watch *w, size_t n);

/* watch_files.c: --events and --summary, when the user leaves. */
void watch_files(struct player *p, const struct run_options *o, double wall_s);

/* prompt.c */
void prompt_open(struct watch *w, enum prompt_kind kind, const char *text);
void prompt_key(struct watch *w, uint32_t key);
void prompt_free(struct prompt *p);
/* complete.c: candidates for what stands before the cursor, as words that replace the last one;
 * NULL-terminated, both levels malloc'ed. helps (likewise, entries may be NULL) or NULL. */
char **complete(struct watch *w, const char *text, char ***helps);
void complete_free(char **list);

/* overlay.c */
void overlay_open_help(struct watch *w);
const char *overlay_open_details(struct watch *w);
const char *overlay_open_why(struct watch *w);
const char *overlay_open_inject(struct watch *w);
/* A key while an overlay is open; false: it is not the overlay's. */
bool overlay_key(struct watch *w, uint32_t key);
void overlay_close(struct watch *w);
/* The keys of a map and what they do, a line each. */
void overlay_keys(const struct keymap *keys, struct str *out);
/* False: it is no key that scrolls. */
bool overlay_scroll(struct overlay *o, const struct canvas *c, uint32_t key);
/* why.c: the card of a line of the log. */
void why_card(struct player *p, const struct log_entry *line, struct str *out);

/* words.c: the screen speaks the user's language from here on, if there is a catalog for it. */
void words_load(void);

/* answer.c: what the engine says to a command, and at the end, becomes a message. */
void answers_expect(struct watch *w); /* a command was given */
void answers_look(struct watch *w);
/* What a fault or an action does, from the pattern's table; "" when there is none. */
const char *answer_help(const struct watch *w, const struct command *c);

/* hint.c: one line that says what to press next; valid until the next call. */
const char *hint_line(const struct watch *w);
enum {
    TRIED_PARAM = 1,
    TRIED_PAUSE = 2,
    TRIED_STEP = 4,
    TRIED_INJECT = 8,
    TRIED_RECORD = 16,
    TRIED_HELP = 32
};

/* reload.c */
struct reload *reload_open(const char *path); /* NULL: nothing to watch */
void reload_close(struct reload *r);
bool reload_changed(struct reload *r); /* never blocks */
const char *watch_reload(struct watch *w, bool asked);

/* save.c */
const char *save_scenario(struct watch *w, const char *file);
const char *save_cues(struct watch *w, const char *file);
char *save_record_name(const struct watch *w);

/* gallery.c: lets pick a scenario, beginning at `now` (or NULL). NULL: Esc (back), or *quit.
 * malloc'ed name. */
char *gallery(struct screen *s, const char *now, bool can_go_back, bool *quit);
/* What the gallery says when it opens again: why the pick could not be started. */
void gallery_complain(const char *text);

#endif
