/* SPDX-License-Identifier: MIT */
/* Reading the scenario's file again, by a key and when it changes on disk.
 *
 * The folder is watched, not only the file: editors write a new one and rename it. Only a whole
 * valid file counts; a bad one leaves everything as it is, and the message says why. Of a good one
 * live parameters are set at once; the rest waits for the next start. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"

struct reload {
    int fd;
    char *name; /* in its folder */
};

struct reload *reload_open(const char *path)
{
    if (!path)
        return NULL;
    char *real = realpath(path, NULL);
    int fd = real ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    char *slash = real ? strrchr(real, '/') : NULL;
    struct reload *r = NULL;
    if (fd >= 0 && slash) {
        char *folder = slash == real ? xstrdup("/") : xstrndup(real, (size_t)(slash - real));
        if (inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO) >= 0) {
            r = xcalloc(1, sizeof *r);
            r->fd = fd;
            r->name = xstrdup(slash + 1);
        }
        free(folder);
    }
    if (!r && fd >= 0)
        close(fd);
    free(real);
    return r;
}

void reload_close(struct reload *r)
{
    if (!r)
        return;
    close(r->fd);
    free(r->name);
    free(r);
}

bool reload_changed(struct reload *r)
{
    _Alignas(struct inotify_event) char bytes[4096];
    bool changed = false;
    ssize_t n;
    while ((n = read(r->fd, bytes, sizeof bytes)) > 0)
        for (char *p = bytes; p < bytes + n;) {
            const struct inotify_event *e = (const void *)p;
            changed |= e->len && strcmp(e->name, r->name) == 0;
            p += sizeof *e + e->len;
        }
    return changed;
}

/* The value of every parameter in the new file that differs from the old. */
static size_t apply(struct watch *w, const struct scenario *old, const struct scenario *new,
                    size_t *waiting)
{
    size_t set = 0;
    *waiting = 0;
    for (size_t i = 0; i < w->params.n; i++) {
        const struct param_now *p = &w->params.at[i];
        void *was = scenario_block(old, p->table, p->section);
        void *is = scenario_block(new, p->table, p->section);
        if (!param_equal(p->row, was, is)) {
            char value[VALUE_TEXT];
            param_format(p->row, is, value, sizeof value);
            char *command = xasprintf("set %s %s", p->path, value);
            params_wait(w, p->path, NULL);
            if (p->row->live && !player_command(w->player, command, BY_RELOAD)) {
                set++;
            } else {
                params_wait(w, p->path, value);
                ++*waiting;
            }
            free(command);
        }
        free(was);
        free(is);
    }
    return set;
}

/* Does what is no parameter of the pattern differ in a way that only a start takes up? */
static bool other_changes(const struct scenario *old, const struct scenario *new)
{
    const struct scenario_params *a = &old->params, *b = &new->params;
    if (strcmp(a->pattern, b->pattern) != 0 || a->world != b->world || a->seed != b->seed ||
        a->procs != b->procs || a->schedule != b->schedule || a->for_ns != b->for_ns ||
        old->cues_n != new->cues_n)
        return true;
    for (size_t i = 0; i < old->cues_n; i++) {
        const struct cue *c = &old->cues[i], *d = &new->cues[i];
        if (c->at_ns != d->at_ns ||
            strcmp(c->command ? c->command : "", d->command ? d->command : "") != 0 ||
            strcmp(c->caption ? c->caption : "", d->caption ? d->caption : "") != 0)
            return true;
    }
    return false;
}

/* The file as it is now, with the options that were given; NULL with a sentence in *bad. */
static struct scenario *read_again(struct watch *w, const char **bad)
{
    static _Thread_local char sentence[512];
    struct errors e = {0};
    struct run_options given = w->options;
    size_t n = w->given_sets;
    const char **sets = xcalloc(n + 1, sizeof *sets);
    if (n)
        memcpy(sets, w->options.sets, n * sizeof *sets);
    given.sets = sets;
    given.sets_n = n;
    struct scenario *s = app_scenario(w->base->path, &given, &e);
    if (!s) {
        snprintf(sentence, sizeof sentence, _("%s:%d: %s%s (the old one stays)"), e.item[0].file,
                 e.item[0].line, e.item[0].text, e.total > 1 ? " …" : "");
        *bad = sentence;
    }
    errors_free(&e);
    free(sets);
    return s;
}

const char *watch_reload(struct watch *w, bool asked)
{
    const char *bad = NULL;
    if (player_replay(w->player))
        return _("this is a recording: its scenario is in the file");
    if (!w->base->path)
        return _("this scenario is built in: there is no file to read again");
    struct scenario *s = read_again(w, &bad);
    if (!s)
        return bad;
    size_t waiting, set = apply(w, w->base, s, &waiting);
    bool other = other_changes(w->base, s);
    w->file_seed |= !w->seed_fixed && w->base->params.seed != s->params.seed;
    bool text =
        s->text_len != w->base->text_len || memcmp(s->text, w->base->text, s->text_len) != 0;
    scenario_free(w->base);
    w->base = s;
    watch_setup(w);
    const char *restart = watch_key_for(w, "restart");
    if (waiting || other)
        watch_say(
            w,
            P_("read again: %zu parameter set; press %s for the rest, which counts from a start",
               "read again: %zu parameters set; press %s for the rest, which counts from a start",
               set),
            set, restart);
    else if (set)
        watch_say(w, P_("read again: %zu parameter set", "read again: %zu parameters set", set),
                  set);
    else if (text)
        watch_say(w, _("read again: nothing that changes the run"));
    else if (asked)
        watch_say(w, _("read again: the file is the same"));
    return NULL;
}
