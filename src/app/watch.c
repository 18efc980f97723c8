/* SPDX-License-Identifier: MIT */
/* Watching: input, command, tick, draw; thirty times a second, and only when something changed.
 *
 *   term_read ──▶ keymap ──▶ command ──▶ player, or this screen's own state
 *                                            │
 *   term_show ◀── screen_draw ◀── model ◀────┘ tick                                             */
#include "app/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { BUDGET_NS = 20000000, IDLE_MS = 50 };
static const int64_t MESSAGE_NS = 6000000000;

PRINTF(3, 0) static void say(struct watch *w, bool bad, const char *fmt, va_list ap)
{
    vsnprintf(w->message, sizeof w->message, fmt, ap);
    w->message_bad = bad;
    w->message_until = wall_now() + MESSAGE_NS;
    w->message_param = -1;
    w->dirty = true;
}

void watch_say(struct watch *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(w, false, fmt, ap);
    va_end(ap);
}

void watch_complain(struct watch *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(w, true, fmt, ap);
    va_end(ap);
}

/* ---- the screen ------------------------------------------------------------------------------ */

void screen_size(struct screen *s)
{
    int width, height;
    term_size(&width, &height);
    if (!s->canvas)
        s->canvas = canvas_create(width, height);
    else if (s->canvas->w != width || s->canvas->h != height)
        canvas_resize(s->canvas, width, height);
    s->canvas->ascii = term_ascii();
}

const char *screen_open(struct screen *s, const struct run_options *o)
{
    struct term_options t = {
        .colors = o->colors, .ascii = o->ascii, .mouse = o->mouse, .escape_ms = 25};
    const char *bad = term_open(&t);
    if (bad)
        return bad;
    s->options = o;
    s->theme = o->theme ? theme_find(o->theme) : NULL;
    if (!s->theme)
        s->theme = &themes[0];
    const char *no_color = getenv("NO_COLOR");
    if (!o->theme && o->colors < 0 && no_color && *no_color && theme_find("mono"))
        s->theme = theme_find("mono");
    screen_size(s);
    return NULL;
}

void watch_layout(struct watch *w)
{
    layout_make(&w->layout, w->layout_spec, w->screen.canvas->w, w->screen.canvas->h, w->focus);
}

/* ---- a run ----------------------------------------------------------------------------------- */

static void free_hints(struct watch *w)
{
    for (struct key_hint *h = w->hints; h && h->key; h++)
        free((void *)(uintptr_t)h->key);
    free(w->hints);
    w->hints = NULL;
}

/* What a row is called in the key line, or NULL. A recording cannot be changed: there the keys that
 * move in it take the places of those that change. */
static const char *hint_label(const struct watch *w, const struct key_row *r)
{
    static const struct {
        const char *command, *label; /* in a replay; NULL: not there */
    } other[] = {{"seek +1s", "( ) second"}, {"seek next", "chapter"}, {"change +1", NULL},
                 {"inject-menu", NULL},      {"mark", NULL},           {"record", NULL}};
    for (size_t i = 0; w->session && i < ARRAY_LEN(other); i++)
        if (strcmp(r->command, other[i].command) == 0)
            return other[i].label;
    return r->label;
}

/* The key line: the rows that have a label, under the keys that they are bound to now. */
static void make_hints(struct watch *w)
{
    size_t n = keymap_count(w->keys), kept = 0;
    free_hints(w);
    w->hints = xcalloc(n + 1, sizeof *w->hints);
    for (size_t i = 0; i < n; i++) {
        const struct key_row *r = keymap_row(w->keys, i);
        char name[32];
        const char *label = hint_label(w, r);
        if (!label || !*r->command)
            continue;
        key_name(r->key, name, sizeof name);
        w->hints[kept++] = (struct key_hint){.key = xstrdup(name), .label = label};
    }
}

void watch_setup(struct watch *w)
{
    const struct scenario *s = w->base ? w->base : player_scenario(w->player);
    keymap_free(w->keys);
    w->keys = keymap_create();
    for (size_t i = 0; s && i < s->settings_n; i++)
        if (strcmp(s->settings[i].section, "keys") == 0)
            keymap_bind(w->keys, s->settings[i].key, s->settings[i].value);
    make_hints(w);
    w->layout_spec = s ? s->layout : NULL;
    if (w->focus < 0) { /* a new one: the first panel of its layout */
        struct layout first;
        layout_make(&first, w->layout_spec, w->screen.canvas->w, w->screen.canvas->h, -1);
        w->focus = first.n ? first.item[0].view : 0;
    }
    watch_layout(w);
    params_setup(w);
    w->dirty = true;
}

static void forget_run(struct watch *w)
{
    struct player_recording r = player_recording(w->player);
    free(w->recorded);
    w->recorded = r.on ? xstrdup(r.path) : NULL;
    if (r.on)
        watch_say(w, "recorded: %s", r.path);
    player_close(w->player);
    w->player = NULL;
    for (size_t i = 0; i < w->pending_n; i++)
        free(w->pending[i]);
    free(w->pending);
    w->pending = NULL;
    w->pending_n = 0;
    w->ended_told = w->record_error_told = w->file_seed = w->stepped = false;
    w->log_seen = 0;
    w->marks = 0;
}

static void watch_name(struct watch *w)
{
    const struct scenario *s = player_scenario(w->player);
    const char *slash = w->session ? strrchr(w->session, '/') : NULL;
    free(w->id);
    w->id = s ? app_scenario_id(s) : xstrdup(slash ? slash + 1 : w->session);
}

bool watch_start(struct watch *w)
{
    struct scenario *s = NULL;
    char *error = NULL, *warning = NULL;
    if (w->base) {
        struct errors e = {0};
        s = scenario_parse(w->base->name, w->base->path, w->base->text, w->base->text_len,
                           &app_schema, w->options.sets, &e);
        if (!s) {
            watch_complain(w, "%s", e.kept ? e.item[0].text : _("the scenario cannot be read"));
            errors_free(&e);
            return false;
        }
        errors_free(&e);
    }
    if (w->player)
        forget_run(w);
    scenario_free(w->playing);
    w->playing = s;
    w->player = w->session ? player_open_session(w->session, &error, &warning)
                           : player_open(w->playing, &w->options, &error);
    if (!w->player) {
        watch_complain(w, "%s", error);
        free(error);
        return false;
    }
    if (warning)
        watch_complain(w, "%s", warning);
    free(warning);
    w->begun_ns = wall_now();
    watch_name(w);
    watch_setup(w);
    return true;
}

/* ---- drawing --------------------------------------------------------------------------------- */

void watch_state(struct watch *w, struct screen_state *s)
{
    const struct player *p = w->player;
    const struct scenario *scenario = player_scenario(p);
    const struct pattern *pattern = player_pattern(p);
    struct player_recording r = player_recording(p);
    params_refresh(w);
    params_said(w);
    *s = (struct screen_state){.model = player_model(p),
                               .scenario = w->id,
                               .title = scenario && *scenario->params.title ? scenario->params.title
                                        : pattern                           ? pattern->title
                                                                            : "",
                               .notes = scenario ? scenario->notes : NULL,
                               .listing = pattern ? pattern->listing : NULL,
                               .paused = player_paused(p),
                               .replay = player_replay(p),
                               .ended_shown = player_ended(p),
                               .speed = player_speed(p),
                               .view_ns = player_now(p),
                               .last_ns = player_last(p),
                               .recording = r.on,
                               .recorded_ns = r.wall_ns,
                               .recorded_bytes = r.bytes,
                               .record_error = r.error,
                               .message = *w->message ? w->message : NULL,
                               .message_bad = *w->message && w->message_bad,
                               .hint = hint_line(w),
                               .params = w->params.rows,
                               .params_n = w->params.n,
                               .params_at = w->params.chosen,
                               .keys = w->hints,
                               .filter = *w->filter ? w->filter : NULL};
}

static bool draw(struct watch *w)
{
    struct screen_state s;
    watch_state(w, &s);
    struct overlay o = {.title = w->overlay_title,
                        .text = w->overlay_text.data ? w->overlay_text.data : "",
                        .scroll = w->overlay_scroll,
                        .chosen = w->overlay_chosen};
    if (w->overlay == OVERLAY_PROMPT) {
        o.text = w->prompt.shown.data ? w->prompt.shown.data : "";
        o.input = w->prompt.text;
        o.chosen = w->prompt.candidate;
        o.menu = w->prompt.kind == PROMPT_COMMAND;
        o.cursor = (int)w->prompt.cursor;
        o.selected = w->prompt.fresh;
    }
    canvas_clear(w->screen.canvas);
    screen_draw(w->screen.canvas, &s, &w->layout, w->states, w->focus,
                w->overlay != OVERLAY_NONE ? &o : NULL);
    if (w->redraw_all)
        term_redraw();
    w->redraw_all = false;
    return term_show(w->screen.canvas, w->screen.theme);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void look_at_run(struct watch *w)
{
    const char *cue, *notice = player_notice(w->player);
    answers_look(w);
    if (*notice)
        watch_say(w, "%s", notice);
    while (*(cue = player_cue(w->player))) {
        watch_command(w, cue);
        w->dirty = true;
    }
    struct player_recording r = player_recording(w->player);
    if (r.error && !w->record_error_told)
        watch_complain(w, _("the recording has stopped: %s"), r.error);
    w->record_error_told = r.error != NULL;
    if (w->reload && reload_changed(w->reload)) {
        const char *bad = watch_reload(w, false);
        if (bad)
            watch_complain(w, "%s", bad);
    }
    /* While paused nothing moves, not even a message that has been there long enough. */
    if (w->message_until && !player_paused(w->player) && wall_now() > w->message_until) {
        w->message[0] = '\0';
        w->message_until = 0;
        w->dirty = true;
    }
}

/* Until the user leaves, picks something else, or a signal comes. */
static void loop(struct watch *w)
{
    int64_t next = 0;
    while (!w->quit && !w->to_gallery && !term_signal()) {
        int64_t now = wall_now();
        if (player_tick(w->player, now, BUDGET_NS))
            w->dirty = true;
        look_at_run(w);
        now = wall_now();
        if (w->dirty && now >= next) {
            if (draw(w))
                w->dirty = false;
            next = next + FRAME_NS > now ? next + FRAME_NS : now + FRAME_NS;
        }
        int wait_ms =
            player_paused(w->player) || player_ended(w->player) ? IDLE_MS : FRAME_NS / 1000000;
        if (w->dirty || !player_paused(w->player))
            wait_ms = next > now ? (int)((next - now) / 1000000) + 1 : 1;
        if (player_seeking(w->player) || player_branch_done(w->player) >= 0)
            wait_ms = 1;
        struct term_event e;
        if (!term_read(&e, wait_ms))
            break;
        /* Much input at once does not keep the screen from being drawn. */
        while (e.key != PK_NONE || e.mouse_x >= 0) {
            watch_input(w, &e);
            if (w->quit || w->to_gallery || term_signal() ||
                (w->dirty && wall_now() > next + FRAME_NS) || !term_read(&e, 0))
                break;
        }
    }
}

/* Views have their states by index. */
static void reset_states(struct watch *w)
{
    size_t n = 0;
    while (views[n])
        n++;
    free(w->states);
    w->states = xcalloc(n + 1, sizeof *w->states);
}

static bool open_named(struct watch *w, const char *name, struct errors *e)
{
    struct scenario *s = app_scenario(name, &w->options, e);
    if (!s)
        return false;
    if (w->player)
        forget_run(w);
    reload_close(w->reload);
    w->reload = reload_open(s->path);
    scenario_free(w->playing);
    scenario_free(w->base);
    w->playing = NULL;
    w->base = s;
    free(w->session);
    w->session = NULL;
    w->focus = -1;
    w->params.chosen = 0;
    w->filter[0] = '\0';
    reset_states(w);
    return true;
}

/* The gallery: on a pick the run is another one. False: the user leaves. */
static bool pick(struct watch *w)
{
    bool paused = w->player && player_paused(w->player), quit = false;
    w->to_gallery = false;
    if (w->player)
        player_pause(w->player, true);
    while (!quit && !term_signal()) {
        char *name = gallery(&w->screen, w->base ? w->base->name : NULL, w->player != NULL, &quit);
        if (quit)
            break;
        if (!name) {                               /* back to what was there */
            player_tick(w->player, wall_now(), 0); /* as after Ctrl-Z */
            player_pause(w->player, paused);
            watch_setup(w);
            return true;
        }
        struct errors e = {0};
        bool found = open_named(w, name, &e);
        free(name);
        if (found && watch_start(w))
            return true;
        gallery_complain(e.kept ? e.item[0].text : w->message);
        errors_free(&e);
    }
    return false;
}

/* --record: a talk that was to be recorded and is not would be noticed too late, so it does not
 * begin. False: it says why. */
static bool start_recording(struct watch *w)
{
    char *bad = w->options.record ? player_record(w->player, w->options.record) : NULL;
    if (bad)
        watch_complain(w, "%s", bad);
    free(bad);
    return !bad;
}

static void close_all(struct watch *w)
{
    struct player_recording r =
        w->player ? player_recording(w->player) : (struct player_recording){0};
    char *recorded = r.on ? xstrdup(r.path) : NULL;
    term_close();
    if (w->player && !term_signal())
        watch_files(w->player, &w->options, (double)(wall_now() - w->begun_ns) / 1e9);
    if (w->player)
        forget_run(w);
    if (recorded && !term_signal())
        fprintf(stderr, "patternscope: recorded: %s (to watch it: patternscope replay %s)\n",
                recorded, recorded);
    free(recorded);
    reload_close(w->reload);
    prompt_free(&w->prompt);
    free_hints(w);
    keymap_free(w->keys);
    scenario_free(w->playing);
    scenario_free(w->base);
    canvas_free(w->screen.canvas);
    str_free(&w->overlay_text);
    free(w->states);
    free(w->session);
    free(w->id);
    free(w->recorded);
    watch_cut_sets(w, 0);
    run_options_free(&w->options);
}

/* What there is to watch, before the terminal is touched. -1, or an exit status. */
static int prepare(struct watch *w, const char *name, const char *session)
{
    struct errors e = {0};
    char *error = NULL, *warning = NULL;
    if (session) {
        w->session = xstrdup(session);
        w->player = player_open_session(session, &error, &warning);
        if (!w->player) {
            fprintf(stderr, "patternscope: %s\n", error);
            free(error);
            return STATUS_USAGE;
        }
        if (warning)
            watch_complain(w, "%s", warning);
        free(warning);
        watch_name(w);
    } else if (name && !open_named(w, name, &e)) {
        errors_print(&e, stderr);
        errors_free(&e);
        return STATUS_USAGE;
    }
    return -1;
}

static int run(struct watch *w, const char *name)
{
    words_load();
    const char *bad = screen_open(&w->screen, &w->options);
    if (bad) {
        fprintf(stderr, "patternscope: %s\nWithout a terminal: patternscope run %s\n", bad,
                name ? name : "worker_pool");
        return STATUS_ENVIRONMENT;
    }
    if (w->base && !watch_start(w)) {
        term_close();
        fprintf(stderr, "patternscope: %s\n", w->message);
        return STATUS_ENVIRONMENT;
    }
    if (w->player) {
        watch_setup(w);
        player_pause(w->player, w->options.paused);
        if (!start_recording(w)) {
            term_close();
            fprintf(stderr, "patternscope: %s\n", w->message);
            return STATUS_USAGE;
        }
    }
    if (!w->player && !pick(w))
        return STATUS_OK;
    do
        loop(w);
    while (w->to_gallery && pick(w));
    return STATUS_OK;
}

/* A terminal that goes away hangs up twice, for itself and for the shell in it: the second one must
 * not kill us before the recording is closed. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(how, &set, NULL);
}

int watch(const char *name, const char *session, const struct run_options *o)
{
    struct watch w = {.options = *o, .dirty = true, .overlay_chosen = -1, .message_param = -1};
    w.options.sets = NULL;
    w.options.sets_n = 0;
    for (size_t i = 0; i < o->sets_n; i++)
        watch_add_set(&w, o->sets[i]);
    w.given_sets = o->sets_n;
    w.seed_fixed = o->seed_given;
    reset_states(&w);
    int status = prepare(&w, name, session);
    if (status < 0)
        status = run(&w, name);
    int sig = term_signal();
    if (sig)
        hold_signals(SIG_BLOCK);
    close_all(&w);
    if (sig) {
        signal(sig, SIG_DFL);
        raise(sig);
        hold_signals(SIG_UNBLOCK);
    }
    return status;
}
