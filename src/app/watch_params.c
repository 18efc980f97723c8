/* SPDX-License-Identifier: MIT */
/* The parameters on the screen: what they are now, what the file says, and changing them.
 *
 * A live one is a command to the engine. One that counts only at a start waits in `pending` until
 * the next start, so that R begins with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"

static void add_row(struct watch *w, const struct param_table *t, const char *section,
                    const struct param *row)
{
    struct params *p = &w->params;
    if (p->n == WATCH_PARAMS)
        return;
    struct param_now *now = &p->at[p->n++];
    *now = (struct param_now){.row = row, .table = t};
    snprintf(now->section, sizeof now->section, "%s", section);
    snprintf(now->path, sizeof now->path, "%s.%s", section, row->name);
    param_allowed(row, now->allowed, sizeof now->allowed);
    if (w->base) {
        void *block = scenario_block(w->base, t, section);
        param_format(row, block, now->file, sizeof now->file);
        free(block);
    }
}

static void add_sections(struct watch *w, const struct scenario *s, const struct param_table *t)
{
    const char **names;
    bool own;
    size_t n = scenario_sections(s, t, &names, &own);
    for (size_t i = !own; i < n; i++)
        for (size_t k = 0; k < t->n; k++)
            add_row(w, t, names[i], &t->rows[k]);
    free(names);
}

void params_setup(struct watch *w)
{
    const struct scenario *s = player_scenario(w->player);
    const struct pattern *pattern = player_pattern(w->player);
    size_t chosen = w->params.chosen;
    memset(&w->params, 0, sizeof w->params);
    if (!s || !pattern)
        return;
    for (const struct param_table *const *t = pattern->tables; *t; t++)
        add_sections(w, s, *t);
    w->params.chosen = chosen < w->params.n ? chosen : 0;
}

/* The value that waits for the next start, or NULL. */
static const char *pending(const struct watch *w, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < w->pending_n; i++)
        if (strncmp(w->pending[i], path, len) == 0 && w->pending[i][len] == '=')
            return w->pending[i] + len + 1;
    return NULL;
}

static void set_pending(struct watch *w, const char *path, const char *value)
{
    size_t len = strlen(path), i = 0;
    while (i < w->pending_n &&
           !(strncmp(w->pending[i], path, len) == 0 && w->pending[i][len] == '='))
        i++;
    if (i == w->pending_n) {
        w->pending = xrealloc(w->pending, (w->pending_n + 1) * sizeof *w->pending);
        w->pending[w->pending_n++] = NULL;
    }
    free(w->pending[i]);
    w->pending[i] = value ? xasprintf("%s=%s", path, value) : NULL;
    if (!value)
        w->pending[i] = w->pending[--w->pending_n];
}

void params_wait(struct watch *w, const char *path, const char *value)
{
    set_pending(w, path, value);
}

void params_refresh(struct watch *w)
{
    struct params *p = &w->params;
    for (size_t i = 0; i < p->n; i++) {
        struct param_now *now = &p->at[i];
        const char *waits = pending(w, now->path);
        if (waits)
            snprintf(now->value, sizeof now->value, "%s", waits);
        else
            player_param(w->player, now->section, now->row->name, now->value, sizeof now->value);
        if (!w->base)
            snprintf(now->file, sizeof now->file, "%s", now->value);
        p->rows[i] = (struct param_row){.section = now->section,
                                        .name = now->row->name,
                                        .value = now->value,
                                        .allowed = now->allowed,
                                        .help = now->row->help,
                                        .unit = now->row->unit,
                                        .live = now->row->live,
                                        .changed = strcmp(now->value, now->file) != 0};
    }
}

struct param_now *params_find(struct watch *w, const char *path)
{
    struct param_now *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; i < w->params.n; i++) {
        struct param_now *p = &w->params.at[i];
        if (strcmp(p->path, path) == 0)
            return p;
        if (strcmp(p->row->name, path) == 0 &&
            matches++ == 0) /* the name alone, where it is clear */
            found = p;
    }
    return matches == 1 ? found : NULL;
}

/* A value for the next start: +N and -N are steps. NULL or a sentence. */
static const char *set_for_start(struct watch *w, struct param_now *p, const char *value)
{
    void *block = xcalloc(1, p->table->size);
    param_defaults(p->table, block);
    const char *bad = param_set(p->row, block, p->value);
    if (!bad && (*value == '+' || *value == '-')) {
        int64_t steps;
        bad = value_int(value + (*value == '+'), &steps);
        if (!bad)
            param_step(p->row, block, (int)steps);
    } else if (!bad) {
        bad = param_set(p->row, block, value);
    }
    char text[VALUE_TEXT];
    param_format(p->row, block, text, sizeof text);
    free(block);
    if (bad)
        return bad;
    char now[VALUE_TEXT];
    player_param(w->player, p->section, p->row->name, now, sizeof now);
    set_pending(w, p->path, strcmp(text, now) == 0 ? NULL : text);
    return NULL;
}

const char *params_set(struct watch *w, const char *path, const char *value)
{
    static _Thread_local char sentence[VALUE_TEXT + 256];
    struct param_now *p = params_find(w, path);
    if (player_replay(w->player))
        return _("this is a recording: what happened in it cannot be changed");
    const char *bad;
    /* After the end there is nothing to change any more but how it begins again. */
    if (p->row->live && !player_ended(w->player)) {
        char *command = xasprintf("set %s %s", p->path, value);
        bad = player_command(w->player, command, BY_KEY);
        if (!bad)
            answers_expect(w);
        free(command);
    } else {
        bad = set_for_start(w, p, value);
    }
    params_refresh(w);
    if (!bad)
        return NULL;
    if (strncmp(bad, "must", 4) != 0)
        return bad;
    snprintf(sentence, sizeof sentence, "%s %s", p->path, bad);
    return sentence;
}

static const char *reset_one(struct watch *w, struct param_now *p)
{
    set_pending(w, p->path, NULL);
    params_refresh(w);
    return strcmp(p->value, p->file) == 0 ? NULL : params_set(w, p->path, p->file);
}

const char *params_reset(struct watch *w, const char *path)
{
    if (player_replay(w->player))
        return _("this is a recording: what happened in it cannot be changed");
    const char *bad = NULL;
    size_t n = 0;
    for (size_t i = 0; i < w->params.n && !bad; i++) {
        struct param_now *p = &w->params.at[i];
        if ((path && strcmp(p->path, path) != 0) || (!path && strcmp(p->value, p->file) == 0))
            continue;
        bad = reset_one(w, p);
        n++;
    }
    if (bad)
        return bad;
    if (path)
        params_say(w);
    else
        watch_say(w,
                  P_("%zu parameter has the file's value again",
                     "%zu parameters have the file's values again", n),
                  n);
    return NULL;
}

/* The chosen one in a line, because at 80x24 its panel is not on the screen. */
void params_say(struct watch *w)
{
    params_refresh(w);
    watch_say(w, " ");
    w->message_param = (int)w->params.chosen;
    params_said(w);
}

/* A command takes effect at the engine's next safe point, after the key that gave it. */
void params_said(struct watch *w)
{
    if (w->message_param < 0 || (size_t)w->message_param >= w->params.n || !*w->message)
        return;
    const struct param_now *p = &w->params.at[w->message_param];
    bool waits = pending(w, p->path) != NULL;
    snprintf(w->message, sizeof w->message, "%s = %s%s%s%s  (%s)  %s", p->path, p->value,
             waits ? _(" from ") : "", waits ? watch_key_for(w, "restart") : "",
             waits ? _(" on") : "", p->allowed, _(p->row->help));
}

char **params_changed(struct watch *w, size_t *n)
{
    *n = 0;
    params_refresh(w);
    char **list = xcalloc(w->params.n + 1, sizeof *list);
    for (size_t i = 0; i < w->params.n; i++) {
        const struct param_now *p = &w->params.at[i];
        if (strcmp(p->value, p->file) != 0)
            list[(*n)++] = xasprintf("%s=%s", p->path, p->value);
    }
    return list;
}

void watch_add_set(struct watch *w, const char *set)
{
    struct run_options *o = &w->options;
    o->sets = xrealloc(o->sets, (o->sets_n + 2) * sizeof *o->sets);
    o->sets[o->sets_n++] = xstrdup(set);
    o->sets[o->sets_n] = NULL;
}

void watch_cut_sets(struct watch *w, size_t n)
{
    struct run_options *o = &w->options;
    while (o->sets_n > n)
        free((void *)(uintptr_t)o->sets[--o->sets_n]);
    if (o->sets)
        o->sets[n] = NULL;
}
