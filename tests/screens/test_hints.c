/* SPDX-License-Identifier: MIT */
/* The line that says what to press next, in every scenario: at 80x24 it is read whole, at 40x10 it
 * ends behind a word. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/watch.h"
#include "base/mem.h"

#define SEC INT64_C(1000000000)
enum { STEPS = 40 };

struct seen {
    struct strtab *names;
    struct screen_state s;
    struct view_state *states;
    struct canvas *large, *small;
    size_t hints, cut;
};

static void seen_init(struct seen *t)
{
    *t = (struct seen){.names = strtab_create()};
    t->s.model = model_create(t->names);
    t->states = xcalloc(64, sizeof *t->states);
    t->large = canvas_create(80, 24);
    t->small = canvas_create(40, 10);
}

static void seen_free(struct seen *t)
{
    model_free((void *)(uintptr_t)t->s.model);
    strtab_destroy(t->names);
    free(t->states);
    canvas_free(t->large);
    canvas_free(t->small);
}

/* The last lines before the keys, without the blanks around them. */
static void bottom(struct seen *t, struct canvas *c, int lines, char *out, size_t size)
{
    struct layout l;
    struct str text = {0};
    const char *bad = layout_make(&l, NULL, c->w, c->h, -1);
    cr_assert(!bad, "%s", bad);
    screen_draw(c, &t->s, &l, t->states, 0, NULL);
    canvas_dump(c, &text);
    char *rest = text.data, *line;
    *out = '\0';
    for (int y = 0; y < c->h - 1 && (line = strsep(&rest, "\n")); y++) {
        line += strspn(line, " ");
        if (y >= c->h - 1 - lines)
            snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? " " : "", line);
    }
    str_free(&text);
}

static void look(struct seen *t, const struct watch *w, const char *when)
{
    char shown[1024];
    const char *hint = t->s.hint = hint_line(w);
    cr_assert(*hint, "%s, %s: nothing", w->id, when);
    bottom(t, t->large, utf8_width(hint) > 78 ? 2 : 1, shown, sizeof shown);
    cr_assert_str_eq(shown, hint, "%s, %s", w->id, when);
    bottom(t, t->small, 1, shown, sizeof shown);
    t->hints++;
    if (strcmp(shown, hint) == 0)
        return;
    t->cut++;
    char *end = strstr(shown, "…");
    cr_assert(end && !end[strlen("…")], "%s, %s: %s", w->id, when, shown);
    *end = '\0';
    size_t n = strlen(shown);
    cr_assert(n > 10 && strncmp(shown, hint, n) == 0 && hint[n] == ' ', "%s, %s: '%s' of '%s'",
              w->id, when, shown, hint);
}

static void go(struct player *p, int64_t t_ns)
{
    player_seek(p, t_ns);
    while (player_seeking(p))
        player_tick(p, wall_now(), SEC / 50);
}

static void look_at_steps(struct seen *t, struct watch *w)
{
    static const int64_t by[] = {1, -1, 0, 12345, -12345};
    for (int i = 0; i < STEPS; i++) {
        w->stepped = player_step(w->player, i % 8 ? STEP_EVENT : STEP_10MS, i < STEPS / 2 ? -1 : 1);
        for (size_t k = 0; k < ARRAY_LEN(by); k++) {
            w->stepped_by = by[k];
            look(t, w, "after a step");
        }
    }
    w->stepped = false;
}

static void look_at_all(struct seen *t, struct watch *w)
{
    static const unsigned tried[] = {0, TRIED_PARAM, TRIED_PARAM | TRIED_INJECT,
                                     TRIED_PARAM | TRIED_INJECT | TRIED_PAUSE, ~0u};
    player_pause(w->player, false);
    for (size_t i = 0; i < ARRAY_LEN(tried); i++) {
        w->done = tried[i];
        look(t, w, "running");
    }
    go(w->player, SEC);
    player_pause(w->player, true);
    for (size_t i = 0; i < 2 && !player_ended(w->player); i++) {
        w->done = i ? ~0u : 0;
        look(t, w, "paused");
    }
    look_at_steps(t, w);
    go(w->player, SEC / 2);
    look(t, w, "in the past");
    for (int i = 0; i < 100 && !player_ended(w->player); i++) /* it goes only so far at once */
        go(w->player, INT64_C(3600) * SEC);
    answers_look(w);
    cr_assert(player_ended(w->player), "%s", w->id);
    look(t, w, "at the end");
    *w->last_words = '\0';
    look(t, w, "at the end, without last words");
    look_at_steps(t, w);
}

static void look_at_replay(struct seen *t, struct watch *w)
{
    char path[] = "/tmp/patternscope-hints-XXXXXX", *error = NULL, *warning = NULL;
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    unlink(path); /* a file that is there is not written over */
    error = player_record(w->player, path);
    cr_assert(!error, "%s", error);
    error = player_record_stop(w->player);
    cr_assert(!error, "%s", error);
    player_close(w->player);
    w->player = player_open_session(path, &error, &warning);
    cr_assert(w->player, "%s", error);
    free(warning);
    w->id = path;
    t->s.replay = true;
    look_at_all(t, w);
    t->s.replay = false;
    unlink(path);
}

static void look_at_scenario(struct seen *t, const char *path, bool replay)
{
    struct watch *w = xcalloc(1, sizeof *w);
    struct errors e = {0};
    char *error = NULL;
    struct run_options o;
    run_options_init(&o);
    o.world = WORLD_SIM;
    o.for_ns = 8 * SEC;
    struct scenario *s = app_scenario(path, &o, &e);
    cr_assert(s, "%s: %s", path, e.kept ? e.item[0].text : "?");
    w->id = (char *)(uintptr_t)path;
    w->keys = keymap_create();
    w->player = player_open(s, &o, &error);
    cr_assert(w->player, "%s: %s", path, error);
    look_at_all(t, w);
    if (replay)
        look_at_replay(t, w);
    player_close(w->player);
    keymap_free(w->keys);
    scenario_free(s);
    run_options_free(&o);
    free(w);
}

Test(hints, are_read_whole_in_every_scenario, .timeout = 100)
{
    glob_t found;
    struct seen t;
    seen_init(&t);
    cr_assert_eq(glob(SCREENS "/../../configs/*.ini", 0, NULL, &found), 0);
    cr_assert_eq(glob(SCREENS "/../../configs/lessons/*.ini", GLOB_APPEND, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        look_at_scenario(&t, found.gl_pathv[i], i == 0);
    cr_assert(t.hints > 200 * found.gl_pathc && t.cut);
    globfree(&found);
    seen_free(&t);
}
