/* SPDX-License-Identifier: MIT */
/* Writing what was tried: as a scenario whose values are the present ones, or as one with a cue for
 * each command. The file's text stays, comments and order too; only values change. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"

/* "worker_pool" of the scenario's path or name. */
static char *stem(const struct watch *w)
{
    const struct scenario *s = player_scenario(w->player);
    return s ? app_scenario_id(s) : xstrdup("session");
}

/* Beside the scenario's file when it has one that can be written to, else here; never over
 * something that is there. */
static char *free_name(const struct watch *w, const char *word, const char *extension)
{
    char *name = stem(w), *folder = xstrdup("");
    const char *path = w->base && w->base->path ? w->base->path : "";
    const char *slash = strrchr(path, '/');
    if (slash && strcmp(extension, "ini") == 0) {
        free(folder);
        folder = xstrndup(path, (size_t)(slash - path + 1));
        if (access(folder, W_OK) != 0)
            *folder = '\0';
    }
    char *free_path = NULL;
    for (int i = 1; i < 1000; i++) {
        free(free_path);
        free_path = i == 1 ? xasprintf("%s%s-%s.%s", folder, name, word, extension)
                           : xasprintf("%s%s-%s-%d.%s", folder, name, word, i, extension);
        if (access(free_path, F_OK) != 0)
            break;
    }
    free(name);
    free(folder);
    return free_path;
}

char *save_record_name(const struct watch *w)
{
    char when[32];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm);
    return free_name(w, when, "psr");
}

static const char *write_file(struct watch *w, const char *file, const char *word, const char *text,
                              const char *what)
{
    static _Thread_local char sentence[512];
    if (*file && access(file, F_OK) == 0) {
        snprintf(sentence, sizeof sentence, _("%.300s is there already: choose another name"),
                 file);
        return sentence;
    }
    char *path = *file ? xstrdup(file) : free_name(w, word, "ini");
    int rc = scenario_write(path, text);
    if (rc == 0)
        watch_say(w, _("%s written to %s"), what, path);
    else
        snprintf(sentence, sizeof sentence, "%.300s: %s", path, strerror(-rc));
    free(path);
    return rc == 0 ? NULL : sentence;
}

/* The text with section.key = value, taking over the old text. */
static char *with(char *text, const char *section, const char *key, const char *value)
{
    char *next = scenario_text_set(text, section, key, value, "set while watching");
    free(text);
    return next;
}

/* The file's text with what options of the command line changed. */
static char *text_as_run(struct watch *w)
{
    const struct scenario *s = w->base;
    const struct run_options *o = &w->options;
    char *text = xstrndup(s->text, s->text_len), value[VALUE_TEXT];
    for (size_t i = 0; i < o->sets_n; i++) {
        char *set = xstrdup(o->sets[i]), *equals = strchr(set, '='), *dot = NULL;
        if (equals) {
            *equals = '\0';
            dot = strrchr(set, '.');
        }
        if (dot) {
            *dot = '\0';
            text = with(text, set, dot + 1, equals + 1);
        }
        free(set);
    }
    if (o->world >= 0)
        text = with(text, "scenario", "world", world_names[o->world]);
    if (player_seed(w->player) != (uint64_t)s->params.seed) {
        snprintf(value, sizeof value, "%llu", (unsigned long long)player_seed(w->player));
        text = with(text, "scenario", "seed", value);
    }
    if (o->for_ns >= 0) {
        value_format_duration(o->for_ns, value, sizeof value);
        text = with(text, "scenario", "for", value);
    }
    return text;
}

const char *save_scenario(struct watch *w, const char *file)
{
    if (!w->playing)
        return _("this is a recording: nothing was changed in it");
    params_refresh(w);
    char *text = text_as_run(w), what[64];
    size_t n = 0;
    for (size_t i = 0; i < w->params.n; i++) {
        const struct param_now *p = &w->params.at[i];
        if (strcmp(p->value, p->file) == 0)
            continue;
        text = with(text, p->section, p->row->name, p->value);
        n++;
    }
    snprintf(what, sizeof what,
             P_("a scenario with %zu changed value", "a scenario with %zu changed values", n), n);
    const char *bad = write_file(w, file, "tweaked", text, what);
    free(text);
    return bad;
}

const char *save_cues(struct watch *w, const char *file)
{
    if (!w->playing)
        return _("this is a recording: its commands are in its events");
    char *text = text_as_run(w), what[64];
    const char *command;
    int64_t t;
    size_t n = 0;
    for (; player_tweak(w->player, n, &t, &command); n++) {
        char *next = scenario_text_add_cue(text, t, command, NULL);
        free(text);
        text = next;
    }
    if (!n) {
        free(text);
        return _("nothing was changed yet that a cue could do");
    }
    snprintf(what, sizeof what, P_("a scenario with %zu cue", "a scenario with %zu cues", n), n);
    const char *bad = write_file(w, file, "cues", text, what);
    free(text);
    return bad;
}
