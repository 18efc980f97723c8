/* SPDX-License-Identifier: MIT */
/* What lies over the panels: help, details, why, the menu of faults. Each is a text that is made
 * once, when it is opened: a card speaks of one instant. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"

static void open_overlay(struct watch *w, enum overlay_kind kind, const char *title)
{
    w->overlay = kind;
    w->overlay_scroll = 0;
    w->overlay_chosen = -1;
    snprintf(w->overlay_title, sizeof w->overlay_title, "%s", title);
    str_clear(&w->overlay_text);
}

void overlay_close(struct watch *w)
{
    w->overlay = OVERLAY_NONE;
    w->dirty = true;
}

/* ---- help: the keys by what they do
 * --------------------------------------------------------------- */

void overlay_keys(const struct keymap *keys, struct str *out)
{
    size_t n = keymap_count(keys);
    for (size_t i = 0; i < n; i++) {
        const struct key_row *r = keymap_row(keys, i);
        bool told = !*r->command;
        for (size_t k = 0; k < i && !told; k++)
            told = strcmp(keymap_row(keys, k)->command, r->command) == 0;
        if (told)
            continue;
        struct str names = {0};
        for (size_t k = i; k < n; k++) {
            char name[32];
            if (strcmp(keymap_row(keys, k)->command, r->command) != 0)
                continue;
            key_name(keymap_row(keys, k)->key, name, sizeof name);
            str_addf(&names, "%s%s", k == i ? "" : " ", name);
        }
        struct command c;
        const char *help = r->help;
        if (!*help && !command_parse(r->command, &c)) {
            help = command_info[c.id].help;
            command_free(&c);
        }
        str_addf(out, "%s%*s%s\n", names.data,
                 15 - utf8_width(names.data) > 1 ? 15 - utf8_width(names.data) : 1, "", _(help));
        str_free(&names);
    }
}

void overlay_open_help(struct watch *w)
{
    open_overlay(w, OVERLAY_HELP, _("keys (arrows scroll, Esc closes)"));
    struct str *out = &w->overlay_text;
    overlay_keys(w->keys, out);
    const struct pattern *pattern = player_pattern(w->player);
    if (!pattern)
        return;
    str_addf(out, _("\nActions of %s (:do NAME)\n"), pattern->name);
    for (const struct pattern_action *a = pattern->actions; a && a->name; a++)
        str_addf(out, "%-14s %s\n", a->name, _(a->help));
}

/* ---- details and why
 * ------------------------------------------------------------------------------ */

const char *overlay_open_details(struct watch *w)
{
    const struct view *v = views[w->focus];
    struct screen_state s;
    watch_state(w, &s);
    if (!v->details)
        return _("nothing to open here: choose a panel with Tab, a line with the arrows");
    struct str text = {0};
    v->details(&s, &w->states[w->focus], &text);
    if (!text.len) {
        str_free(&text);
        return _("there is nothing here yet");
    }
    open_overlay(w, OVERLAY_DETAILS, v->name);
    str_add(&w->overlay_text, text.data);
    str_free(&text);
    return NULL;
}

/* The line of the log that is chosen, else the newest that the filter lets through. */
static const struct log_entry *chosen_line(struct watch *w)
{
    const struct model *m = player_model(w->player);
    const struct view_state *state = &w->states[view_index("log")];
    bool chosen = state->anchor && !state->follow;
    uint64_t oldest = m->log_n > MODEL_LOG ? m->log_n - MODEL_LOG : 0;
    struct str text = {0};
    const struct log_entry *found = NULL;
    for (uint64_t i = m->log_n; i-- > oldest && !found;) {
        const struct log_entry *line = &m->log[i % MODEL_LOG];
        if (chosen && line->seq != state->anchor)
            continue;
        str_clear(&text);
        if (!chosen && w->filter[0])
            model_sentence(m, &line->ev, &text);
        if (chosen || !w->filter[0] || (text.data && strstr(text.data, w->filter)))
            found = line;
    }
    str_free(&text);
    return found;
}

const char *overlay_open_why(struct watch *w)
{
    const struct log_entry *line = chosen_line(w);
    if (!line)
        return _("there is no line in the log to speak of");
    open_overlay(w, OVERLAY_WHY, "why");
    why_card(w->player, line, &w->overlay_text);
    return NULL;
}

/* ---- the menu of faults
 * --------------------------------------------------------------------------- */

const char *overlay_open_inject(struct watch *w)
{
    const struct pattern *pattern = player_pattern(w->player);
    if (player_replay(w->player))
        return _("this is a recording: what happened in it cannot be changed");
    if (!pattern || !pattern->faults || !pattern->faults[0].object)
        return _("this pattern has no faults to inject");
    open_overlay(w, OVERLAY_INJECT, _("inject a fault (Enter, or its number)"));
    for (int i = 0; pattern->faults[i].object; i++)
        str_addf(&w->overlay_text, "%d  %s %s: %s\n", i + 1, pattern->faults[i].object,
                 pattern->faults[i].fault, _(pattern->faults[i].help));
    w->overlay_chosen = 0;
    return NULL;
}

static void inject(struct watch *w, int i)
{
    const struct pattern_fault *f = &player_pattern(w->player)->faults[i];
    char *command = xasprintf("inject %s %s", f->object, f->fault);
    overlay_close(w);
    const char *bad = watch_command(w, command);
    if (bad)
        watch_complain(w, "%s", bad);
    free(command);
}

static bool inject_key(struct watch *w, uint32_t key)
{
    int n = 0;
    while (player_pattern(w->player)->faults[n].object)
        n++;
    if (key == PK_ENTER)
        inject(w, w->overlay_chosen);
    else if (key >= '1' && key < '1' + (uint32_t)n)
        inject(w, (int)(key - '1'));
    else if (n && (key == PK_DOWN || key == 'j'))
        w->overlay_chosen = (w->overlay_chosen + 1) % n;
    else if (n && (key == PK_UP || key == 'k'))
        w->overlay_chosen = (w->overlay_chosen + n - 1) % n;
    else if (key >= '0' && key <= '9')
        watch_complain(w, _("there is no fault %c: 1 to %d"), (char)key, n);
    else
        return false;
    return true;
}

/* ---- keys
 * ------------------------------------------------------------------------------------------ */

bool overlay_scroll(struct overlay *o, const struct canvas *c, uint32_t key)
{
    int max = overlay_scroll_max(o, c->w, c->h);
    int page = c->h > 8 ? c->h - 6 : 2, at = o->scroll;
    switch (key) {
    case PK_UP:
    case 'k':
        at--;
        break;
    case PK_DOWN:
    case 'j':
        at++;
        break;
    case PK_PAGEUP:
        at -= page;
        break;
    case PK_PAGEDOWN:
    case ' ':
        at += page;
        break;
    case PK_HOME:
    case 'g':
        at = 0;
        break;
    case PK_END:
    case 'G':
        at = max;
        break;
    default:
        return false;
    }
    o->scroll = at < 0 ? 0 : at > max ? max : at;
    return true;
}

static bool scroll_key(struct watch *w, uint32_t key)
{
    struct overlay o = {.title = w->overlay_title,
                        .text = w->overlay_text.data ? w->overlay_text.data : "",
                        .scroll = w->overlay_scroll,
                        .chosen = w->overlay_chosen};
    bool scrolled = overlay_scroll(&o, w->screen.canvas, key);
    w->overlay_scroll = o.scroll;
    return scrolled;
}

bool overlay_key(struct watch *w, uint32_t key)
{
    if (w->overlay == OVERLAY_PROMPT) {
        prompt_key(w, key);
        return true;
    }
    if (w->overlay == OVERLAY_INJECT && inject_key(w, key))
        return true;
    if (scroll_key(w, key))
        return true;
    const char *command = keymap_command(w->keys, key);
    /* The key that opened it closes it; others mean what they mean without it. */
    static const char *const own[] = {[OVERLAY_HELP] = "help",
                                      [OVERLAY_DETAILS] = "open",
                                      [OVERLAY_WHY] = "why",
                                      [OVERLAY_INJECT] = "inject-menu"};
    if (key == PK_ESC || key == PK_ENTER || (command && strcmp(command, own[w->overlay]) == 0) ||
        (command && strcmp(command, "quit") == 0)) {
        overlay_close(w);
        return true;
    }
    overlay_close(w);
    return false;
}
