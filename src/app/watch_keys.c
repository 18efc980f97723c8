/* SPDX-License-Identifier: MIT */
/* Commands of the screen: one function each, in a table by command id. Commands of the engine go to
 * the player as they are. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch_commands.h"
#include "base/mem.h"
#include "base/text.h"

const char *command_rest(const struct command *c, int i)
{
    const char *p = c->text;
    for (int k = 0; k <= i; k++) {
        p += strcspn(p, " \t");
        p += strspn(p, " \t");
    }
    return p;
}

const char *sentence(const char *fmt, ...)
{
    static _Thread_local char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return text;
}

/* on, off, or nothing: the other way round than `now`. NULL or a sentence. */
static const char *on_off(const struct command *c, bool now, bool *wanted)
{
    *wanted = !now;
    return c->argc ? value_bool(c->argv[0], wanted) : NULL;
}

/* ---- time --------------------------------------------------------------------------------------
 */

static const char *do_pause(struct watch *w, const struct command *c)
{
    bool paused;
    const char *bad = on_off(c, player_paused(w->player), &paused);
    if (bad)
        return bad;
    if (!c->argc && player_now(w->player) >= player_last(w->player) && player_ended(w->player)) {
        if (!player_replay(w->player))
            return sentence(_("it has ended: %s starts it again"), watch_key_for(w, "restart"));
        paused = false; /* a recording that has run out plays again */
        player_seek(w->player, 0);
    }
    player_pause(w->player, paused);
    w->stepped = false;
    w->done |= TRIED_PAUSE;
    return NULL;
}

static const char *do_speed(struct watch *w, const struct command *c)
{
    static const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100};
    double now = player_speed(w->player), wanted = now;
    const char *how = arg(c, 0), *bad = NULL;
    if (strcmp(how, "up") == 0) {
        for (size_t i = ARRAY_LEN(steps); i-- > 0;)
            if (steps[i] > now * 1.001)
                wanted = steps[i];
    } else if (strcmp(how, "down") == 0) {
        for (size_t i = 0; i < ARRAY_LEN(steps); i++)
            if (steps[i] < now * 0.999)
                wanted = steps[i];
    } else {
        bad = value_float(how, &wanted);
        if (bad || wanted < 0.01 || wanted > 100)
            return _("speed takes 0.01 to 100, up, or down");
    }
    player_set_speed(w->player, wanted);
    watch_say(w, _("speed %g: %g scenario %s per second of wall time"), wanted,
              wanted < 1 ? wanted * 1000 : wanted, wanted < 1 ? "milliseconds" : "seconds");
    return NULL;
}

static const char *step(struct watch *w, const struct command *c, int dir)
{
    static const char *const names[] = {"event", "switch", "10ms"};
    int kind = -1;
    for (int i = 0; i < 3; i++)
        if (strcmp(c->argc ? c->argv[0] : "event", names[i]) == 0)
            kind = i;
    if (kind < 0)
        return sentence(_("a step is event, switch or 10ms, not '%s'"), c->argv[0]);
    w->done |= TRIED_STEP;
    struct event e;
    uint64_t before, after;
    player_shown(w->player, &e, &before);
    bool moved = player_step(w->player, (enum step_kind)kind, dir);
    player_shown(w->player, &e, &after);
    w->stepped |= moved;
    if (moved)
        w->stepped_by = (int64_t)(after - before);
    else
        return dir < 0                    ? _("this is the beginning")
               : player_ended(w->player)  ? _("this is the end")
               : player_replay(w->player) ? _("this is the end of the recording")
                                          : _("nothing more has happened yet");
    return NULL;
}

static const char *do_step(struct watch *w, const struct command *c)
{
    return step(w, c, 1);
}

static const char *do_back(struct watch *w, const struct command *c)
{
    return step(w, c, -1);
}

static const char *do_seek(struct watch *w, const struct command *c)
{
    const char *to = arg(c, 0);
    int64_t t = 0;
    if (strcmp(to, "start") == 0) {
        t = 0;
    } else if (strcmp(to, "end") == 0) {
        t = player_last(w->player);
    } else if (strcmp(to, "next") == 0 || strcmp(to, "prev") == 0) {
        if (!player_mark(w->player, *to == 'n' ? 1 : -1, &t))
            return *to == 'n' ? _("there is no mark after this") : _("there is no mark before");
    } else {
        const char *bad = value_duration(to + (*to == '+' || *to == '-'), &t);
        if (bad)
            return bad;
        if (*to == '+' || *to == '-')
            t = player_now(w->player) + (*to == '-' ? -t : t);
    }
    if (t > player_last(w->player)) {
        if (player_replay(w->player))
            watch_say(w, _("the recording ends there"));
        else if (player_ended(w->player))
            watch_say(w, _("this is the end"));
        else if (player_model(w->player)->world == WORLD_LIVE)
            watch_say(w, _("this is the newest: live cannot be asked what comes"));
    }
    player_seek(w->player, t);
    w->stepped = false;
    return NULL;
}

/* ---- parameters
 * ---------------------------------------------------------------------------------- */

/* In a panel that Tab has chosen the arrows move inside it; else they choose the parameter. */
static bool has_rows(struct watch *w)
{
    const struct view *v = views[w->focus];
    struct screen_state s;
    watch_state(w, &s);
    return v->rows && v->rows(&s) > 0;
}

static bool inside_panel(struct watch *w)
{
    return has_rows(w) && strcmp(views[w->focus]->name, "parameters") != 0;
}

static void move(struct watch *w, enum view_move how)
{
    struct screen_state s;
    watch_state(w, &s);
    int page = 5;
    for (int i = 0; i < w->layout.shown; i++)
        if (w->layout.item[i].view == w->focus && w->layout.item[i].r.h > 3)
            page = w->layout.item[i].r.h - 3;
    view_move(w->focus, &s, &w->states[w->focus], how, page);
}

/* That there is no such parameter, and which may be meant. */
static const char *no_param(struct watch *w, const char *which)
{
    const struct params *p = &w->params;
    const char *names[2 * WATCH_PARAMS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        names[n++] = p->at[i].path;
        names[n++] = p->at[i].row->name;
    }
    const char *near = str_nearest(which, names, n);
    for (size_t i = 0; near && i < n; i++)
        if (near == names[i])
            return sentence(_("there is no parameter '%.60s' here (did you mean '%.120s'?)"), which,
                            p->at[i / 2].path);
    return sentence(_("there is no parameter '%.60s' here: Tab after 'set ' lists them"), which);
}

static const char *do_select(struct watch *w, const struct command *c)
{
    const char *which = arg(c, 0);
    bool next = strcmp(which, "next") == 0, prev = strcmp(which, "prev") == 0;
    if ((next || prev) && inside_panel(w)) {
        move(w, next ? MOVE_DOWN : MOVE_UP);
        return NULL;
    }
    params_refresh(w);
    struct params *p = &w->params;
    if (!p->n)
        return _("there are no parameters here");
    if (next || prev) {
        /* The first press shows what is chosen already. */
        if (w->done & TRIED_PARAM)
            p->chosen = (p->chosen + (next ? 1 : p->n - 1)) % p->n;
    } else {
        struct param_now *at = params_find(w, which);
        if (!at)
            return no_param(w, which);
        p->chosen = (size_t)(at - p->at);
    }
    w->done |= TRIED_PARAM;
    params_say(w);
    return NULL;
}

static const char *do_change(struct watch *w, const struct command *c)
{
    params_refresh(w);
    if (!w->params.n)
        return _("there are no parameters here");
    const char *by = arg(c, 0);
    if (*by != '+' && *by != '-')
        return _("change takes +N or -N");
    w->done |= TRIED_PARAM;
    const char *bad = params_set(w, w->params.at[w->params.chosen].path, by);
    if (!bad)
        params_say(w);
    return bad;
}

static const char *do_set(struct watch *w, const struct command *c)
{
    w->done |= TRIED_PARAM;
    params_refresh(w);
    struct param_now *p = params_find(w, arg(c, 0));
    if (!p)
        return no_param(w, arg(c, 0));
    const char *bad = params_set(w, p->path, command_rest(c, 1));
    if (!bad) {
        w->params.chosen = (size_t)(p - w->params.at);
        params_say(w);
    }
    return bad;
}

static const char *do_reset(struct watch *w, const struct command *c)
{
    params_refresh(w);
    if (!c->argc) /* the key: the chosen one; `reset all` is typed */
        return w->params.n ? params_reset(w, w->params.at[w->params.chosen].path)
                           : _("there are no parameters here");
    if (strcmp(c->argv[0], "all") == 0)
        return params_reset(w, NULL);
    struct param_now *p = params_find(w, c->argv[0]);
    return p ? params_reset(w, p->path) : no_param(w, c->argv[0]);
}

static const char *do_edit(struct watch *w, const struct command *c)
{
    (void)c;
    params_refresh(w);
    if (!w->params.n)
        return _("there are no parameters here");
    if (player_replay(w->player))
        return _("this is a recording: what happened in it cannot be changed");
    w->done |= TRIED_PARAM;
    prompt_open(w, PROMPT_VALUE, w->params.at[w->params.chosen].value);
    return NULL;
}

/* ---- the engine's
 * ---------------------------------------------------------------------------------- */

static const char *engine(struct watch *w, const struct command *c)
{
    const char *bad = player_command(w->player, c->text, BY_KEY), *help = answer_help(w, c);
    if (bad && player_ended(w->player) && !player_replay(w->player))
        return sentence(_("the scenario has ended: %s starts it again"),
                        watch_key_for(w, "restart"));
    if (bad)
        return bad;
    watch_say(w, "%s%s%s", c->text, *help ? ": " : "", _(help));
    answers_expect(w);
    return NULL;
}

static const char *do_inject(struct watch *w, const struct command *c)
{
    w->done |= TRIED_INJECT;
    return engine(w, c);
}

static const char *do_mark(struct watch *w, const struct command *c)
{
    char text[300];
    if (c->argc)
        return engine(w, c);
    size_t marks = 1;
    int64_t t;
    const char *said;
    for (size_t i = 0; player_tweak(w->player, i, &t, &said); i++)
        marks += strncmp(said, "mark", 4) == 0;
    if (marks <= w->marks) /* the last one is still on its way to the tape */
        marks = w->marks + 1;
    snprintf(text, sizeof text, "mark mark %zu", marks);
    const char *bad = player_command(w->player, text, BY_KEY);
    if (bad)
        return bad;
    w->marks = marks;
    watch_say(w, _("mark %zu put here: a chapter of the recording"), marks);
    return NULL;
}

/* ---- panels
 * ---------------------------------------------------------------------------------------- */

static const char *do_focus(struct watch *w, const struct command *c)
{
    const char *to = arg(c, 0);
    struct screen_state s;
    watch_state(w, &s);
    if (strcmp(to, "next") == 0 || strcmp(to, "prev") == 0) {
        w->focus = view_next(&s, w->focus, *to == 'n' ? 1 : -1);
    } else {
        int view = view_index(to);
        if (view < 0)
            return sentence(_("there is no panel '%s' (see: list panels)"), to);
        w->focus = view;
    }
    watch_layout(w);
    return NULL;
}

static const char *do_move(struct watch *w, const struct command *c)
{
    static const char *const words[] = {"up", "down", "top", "bottom", "pageup", "pagedown"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(arg(c, 0), words[i]) == 0) {
            if (!has_rows(w) && !views[w->focus]->scrolls)
                return _("there are no lines to choose in this panel: Tab goes to the next");
            move(w, (enum view_move)i);
            return NULL;
        }
    if (strcmp(arg(c, 0), "left") == 0 || strcmp(arg(c, 0), "right") == 0)
        return NULL; /* no panel is wider than what it shows */
    return sentence(_("no such way to move: '%s'"), arg(c, 0));
}

static const char *do_open(struct watch *w, const struct command *c)
{
    (void)c;
    return overlay_open_details(w);
}

static const char *do_close(struct watch *w, const struct command *c)
{
    (void)c;
    if (w->overlay != OVERLAY_NONE)
        overlay_close(w);
    else if (*w->filter)
        w->filter[0] = '\0';
    else
        w->to_gallery = true;
    return NULL;
}

static const char *do_why(struct watch *w, const struct command *c)
{
    (void)c;
    return overlay_open_why(w);
}

static const char *do_filter(struct watch *w, const struct command *c)
{
    if (!c->argc) {
        prompt_open(w, PROMPT_FILTER, w->filter);
        return NULL;
    }
    snprintf(w->filter, sizeof w->filter, "%s", command_rest(c, 0));
    return NULL;
}

static const char *do_help(struct watch *w, const struct command *c)
{
    (void)c;
    w->done |= TRIED_HELP;
    overlay_open_help(w);
    return NULL;
}

static const char *do_prompt(struct watch *w, const struct command *c)
{
    prompt_open(w, PROMPT_COMMAND, command_rest(c, 0));
    return NULL;
}

static const char *do_theme(struct watch *w, const struct command *c)
{
    const struct theme *t = c->argc ? theme_find(c->argv[0])
                                    : &themes[(size_t)(w->screen.theme - themes + 1) % themes_n];
    if (!t)
        return sentence(_("there is no theme '%s' (see: list themes)"), c->argv[0]);
    w->screen.theme = t;
    w->redraw_all = true;
    watch_say(w, _("theme %s: %s"), t->name, _(t->help));
    return NULL;
}

static const char *do_redraw(struct watch *w, const struct command *c)
{
    (void)c;
    w->redraw_all = true;
    return NULL;
}

static const char *do_gallery(struct watch *w, const struct command *c)
{
    (void)c;
    w->to_gallery = true;
    return NULL;
}

static const char *do_inject_menu(struct watch *w, const struct command *c)
{
    (void)c;
    return overlay_open_inject(w);
}

static const char *do_quit(struct watch *w, const struct command *c)
{
    (void)c;
    w->quit = true;
    return NULL;
}

static handler *const handlers[CMD_COUNT] = {
    [CMD_SET] = do_set,
    [CMD_RESET] = do_reset,
    [CMD_INJECT] = do_inject,
    [CMD_DO] = engine,
    [CMD_MARK] = do_mark,
    [CMD_PAUSE] = do_pause,
    [CMD_SPEED] = do_speed,
    [CMD_STEP] = do_step,
    [CMD_BACK] = do_back,
    [CMD_SEEK] = do_seek,
    [CMD_SELECT] = do_select,
    [CMD_CHANGE] = do_change,
    [CMD_EDIT] = do_edit,
    [CMD_RECORD] = do_record,
    [CMD_SAVE] = do_save,
    [CMD_SAVE_CUES] = do_save_cues,
    [CMD_RESTART] = do_restart,
    [CMD_RESEED] = do_reseed,
    [CMD_RELOAD] = do_reload,
    [CMD_FOCUS] = do_focus,
    [CMD_MOVE] = do_move,
    [CMD_OPEN] = do_open,
    [CMD_CLOSE] = do_close,
    [CMD_WHY] = do_why,
    [CMD_FILTER] = do_filter,
    [CMD_HELP] = do_help,
    [CMD_PROMPT] = do_prompt,
    [CMD_THEME] = do_theme,
    [CMD_REDRAW] = do_redraw,
    [CMD_GALLERY] = do_gallery,
    [CMD_INJECT_MENU] = do_inject_menu,
    [CMD_QUIT] = do_quit,
};

const char *watch_command(struct watch *w, const char *text)
{
    struct command c;
    const char *bad = command_parse(text, &c);
    if (bad)
        return bad;
    bad = handlers[c.id](w, &c);
    command_free(&c);
    w->dirty = true;
    return bad;
}

void watch_key(struct watch *w, uint32_t key)
{
    w->dirty = true;
    if (w->message_until) {
        w->message[0] = '\0';
        w->message_until = 0;
    }
    if (w->overlay != OVERLAY_NONE && overlay_key(w, key))
        return;
    const char *command = keymap_command(w->keys, key);
    char name[32];
    if (!command) {
        key_name(key, name, sizeof name);
        watch_say(w, _("%s does nothing here; %s lists the keys"), name, watch_key_for(w, "help"));
        return;
    }
    const char *bad = watch_command(w, command);
    if (bad)
        watch_complain(w, "%s", bad);
}

const char *watch_key_for(const struct watch *w, const char *command)
{
    static _Thread_local char name[8][32];
    static _Thread_local unsigned next;
    char *out = name[next++ % 8];
    *out = '\0';
    for (size_t i = 0; i < keymap_count(w->keys) && !*out; i++) {
        const struct key_row *r = keymap_row(w->keys, i);
        if (strcmp(r->command, command) == 0)
            key_name(r->key, out, sizeof name[0]);
    }
    if (!*out) /* bound to none: it can still be typed */
        snprintf(out, sizeof name[0], ":%s", command);
    return out;
}
