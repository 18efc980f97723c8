/* SPDX-License-Identifier: MIT */
/* Commands about whole runs and their files: recording, saving, starting again. */
#include <stdlib.h>
#include <string.h>

#include "app/watch_commands.h"
#include "base/mem.h"
#include "base/text.h"

const char *do_record(struct watch *w, const struct command *c)
{
    struct player_recording r = player_recording(w->player);
    const char *first = arg(c, 0);
    bool on = !r.on;
    bool word = c->argc && !value_bool(first, &on);
    const char *file = command_rest(c, word ? 1 : 0);
    w->done |= TRIED_RECORD;
    if (c->argc && !word)
        on = true;
    char *bad = NULL, *path = NULL;
    if (!on && !r.on)
        return _("nothing is being recorded");
    if (on) {
        path = *file ? xstrdup(file) : save_record_name(w);
        bad = player_record(w->player, path);
        if (!bad)
            watch_say(w, _("recording to %s, from the beginning on"), path);
    } else {
        path = xstrdup(r.path);
        bad = player_record_stop(w->player);
        if (!bad)
            watch_say(w, _("recorded: %s (patternscope replay %s)"), path, path);
    }
    if (bad)
        watch_complain(w, "%s", bad);
    free(bad);
    free(path);
    return NULL;
}

const char *do_save(struct watch *w, const struct command *c)
{
    return save_scenario(w, command_rest(c, 0));
}

const char *do_save_cues(struct watch *w, const struct command *c)
{
    return save_cues(w, command_rest(c, 0));
}

/* A recording is of one run: the next one goes on in a file of its own. */
static void record_on(struct watch *w, struct str *said)
{
    if (!w->recorded)
        return;
    char *next = player_record_next(w->recorded);
    char *bad = player_record(w->player, next);
    if (bad)
        str_addf(said, _(", not recording any more: %s"), bad);
    else
        str_addf(said, _(", now recording to %s"), next);
    free(bad);
    free(next);
}

/* Starts again; what was tweaked stays tweaked, unless the file has become another pattern's. */
static const char *start_again(struct watch *w)
{
    size_t n = 0;
    bool same = strcmp(w->base->params.pattern, w->playing->params.pattern) == 0;
    char **sets = same ? params_changed(w, &n) : NULL;
    watch_cut_sets(w, w->given_sets);
    for (size_t i = 0; i < n; i++)
        watch_add_set(w, sets[i]);
    complete_free(sets);
    if (!watch_start(w)) {
        w->to_gallery = !w->player;
        return NULL;
    }
    struct str said = {0};
    str_addf(&said, _("started again with seed %llu"), (unsigned long long)player_seed(w->player));
    record_on(w, &said);
    if (n)
        str_addf(&said,
                 P_(", %zu changed parameter kept (:reset all)",
                    ", %zu changed parameters kept (:reset all)", n),
                 n);
    watch_say(w, "%s", said.data);
    str_free(&said);
    return NULL;
}

const char *do_restart(struct watch *w, const struct command *c)
{
    (void)c;
    if (player_replay(w->player)) {
        player_seek(w->player, 0);
        player_pause(w->player, false);
        return NULL;
    }
    /* The one that is running, also where none was given; but a new one in the file is meant. */
    w->options.seed_given = !w->file_seed;
    w->options.seed = player_seed(w->player);
    return start_again(w);
}

const char *do_reseed(struct watch *w, const struct command *c)
{
    if (player_replay(w->player))
        return _("this is a recording: it has the seed it was made with");
    int64_t seed = (int64_t)((uint64_t)wall_now() % 1000000);
    if (c->argc) {
        const char *bad = value_int(c->argv[0], &seed);
        if (bad || seed < 0)
            return _("a seed is a number from 0 on");
    }
    w->options.seed_given = true;
    w->options.seed = (uint64_t)seed;
    return start_again(w);
}

const char *do_reload(struct watch *w, const struct command *c)
{
    (void)c;
    return watch_reload(w, true);
}
