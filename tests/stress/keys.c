/* SPDX-License-Identifier: MIT */
/* Every key of keys.def in every mode of the screen. No key is mute: where time stands still, so
 * that nothing else moves the screen, each changes it (an effect, or the sentence that says why
 * there is none), but for those that `silent` names; where time goes on, each is survived. Only
 * the keys that leave, leave.
 *
 *   a mode's keys ─▶ its sign stands on the screen ─▶ still ─▶ THE KEY ─▶ changed? ─▶ away
 *
 *   keys [MODE [KEY]]
 *
 * The names term_* here win over those of the views' library, which is not linked then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cmd.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/keycode.h"
#include "control/keymap.h"
#include "tests/counts.h"
#include "views/term.h"

/* ---- what is tried ------------------------------------------------------------------------------
 */

static const struct mode {
    const char *name, *scenario, *session;
    bool paused; /* from the start */
    bool moves;  /* time goes on: nothing can be said of the screen */
    int w, h;
    const char *keys; /* that lead there */
    const char *sign; /* then it says that */
} modes[] = {
    {"sim", "sim.ini", NULL, false, true, 80, 24, "", "workers"},
    {"sim paused", "sim.ini", NULL, true, false, 120, 40, ")", "00:01"},
    {"live", "live.ini", NULL, false, true, 80, 24, "", "workers"},
    {"live paused", "live.ini", NULL, false, false, 80, 24, "space", "PAUSED"},
    {"ended", "short.ini", NULL, false, false, 80, 24, "", "ended"},
    {"replay", NULL, "talk.psr", false, true, 80, 24, "", "workers"},
    {"replay paused", NULL, "talk.psr", false, false, 80, 24, "space )", "PAUSED"},
    {"gallery", "sim.ini", NULL, true, false, 80, 24, "Esc", "pick one"},
    {"help", "sim.ini", NULL, true, false, 80, 24, "?", "this help"},
    {"prompt", "sim.ini", NULL, true, false, 80, 24, ":", "set"},
    {"value", "sim.ini", NULL, true, false, 80, 24, "e", "allowed"},
    {"filter", "sim.ini", NULL, true, false, 80, 24, "/", "filter"},
    {"faults", "sim.ini", NULL, true, false, 80, 24, "i", "inject a fault"},
    {"details", "sim.ini", NULL, true, false, 80, 24, ") Tab Enter", "time in each state"},
    {"one panel", "sim.ini", NULL, true, false, 40, 10, ")", "flow"},
    {"too small", "sim.ini", NULL, true, false, 20, 5, "", "need 40x10"},
};

/* Where nothing is to be seen, and why. */
static const struct {
    const char *mode, *keys, *why;
} silent[] = {
    {"gallery", "F1 Ctrl-R Left Right Tab BackTab", "its own keys stand in its last line"},
    {"gallery", "Up k PageUp Home g", "the first line is chosen"},
    {"gallery", "Backspace space", "no search is typed, and none begins with a space"},
    {"help", "Up k PageUp Home g", "its beginning is shown"},
    {"prompt", "F1 F10 Ctrl-R PageUp PageDown", "a line is typed"},
    {"prompt", "Up Down Left Right Home End", "it is empty, and the first one"},
    {"value", "F1 F10 Ctrl-R PageUp PageDown Tab BackTab Up Down", "a line is typed"},
    {"value", "Right End", "the cursor is at its end"},
    {"filter", "F1 F10 Ctrl-R PageUp PageDown Tab BackTab Up Down", "a line is typed"},
    {"filter", "Left Right Home End", "it is empty"},
    {"faults", "space PageUp PageDown Home End g G", "a short list: arrows, numbers, Enter"},
    {"details", "space Up Down k j PageUp PageDown Home End g G", "it fits: nothing scrolls"},
    {"ended", "(", "a second back is the beginning, and ten times as fast it is over at once"},
    {"too small", NULL, "the size is all there is to say"},
};

static bool is_silent(const struct mode *m, const char *key)
{
    char word[48], list[128];
    snprintf(word, sizeof word, " %s ", key);
    for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
        snprintf(list, sizeof list, " %s ", silent[i].keys ? silent[i].keys : key);
        if (strcmp(silent[i].mode, m->name) == 0 && strstr(list, word))
            return true;
    }
    return false;
}

/* ---- the terminal that is none ------------------------------------------------------------------
 */

enum { STILL = 4, LATE_S = 20 }; /* looks at the keyboard without a frame; then something hangs */
static struct {
    const struct mode *mode;
    const char *to_press; /* of mode->keys */
    const char *key;      /* what is tried */
    enum { GOING_THERE, THERE, PRESSED, AWAY } phase;
    int still;
    int64_t since_ns;
    bool changed, never_there;
    struct str before, now; /* text and styles of a frame */
    size_t text_len;
} t;

static bool late(void)
{
    return wall_now() - t.since_ns > INT64_C(1000000000) * LATE_S;
}

const char *term_open(const struct term_options *o)
{
    (void)o;
    return NULL;
}
void term_close(void)
{
}
bool term_ascii(void)
{
    return false;
}
int term_colors(void)
{
    return 256;
}
void term_size(int *w, int *h)
{
    *w = t.mode->w;
    *h = t.mode->h;
}
void term_redraw(void)
{
    t.changed |= t.phase == PRESSED;
}
void term_suspend(void)
{
}
int term_signal(void)
{
    return 0;
}

bool term_show(const struct canvas *c, const struct theme *theme)
{
    (void)theme;
    struct str text = {0};
    canvas_dump(c, &text);
    t.text_len = text.len;
    for (int i = 0; i < c->w * c->h; i++)
        str_addf(&text, "%c%c", '0' + c->cell[i].style, '0' + c->cell[i].attr);
    if (!t.now.data || strcmp(t.now.data, text.data) != 0)
        t.still = 0;
    if (t.phase == PRESSED && strcmp(t.before.data, text.data) != 0)
        t.changed = true;
    str_free(&t.now);
    t.now = text;
    return true;
}

static uint32_t next_of_the_way(void)
{
    char name[16] = "";
    size_t n = strcspn(t.to_press, " ");
    snprintf(name, sizeof name, "%.*s", (int)n, t.to_press);
    t.to_press += n + (t.to_press[n] == ' ');
    t.still = 0;
    return key_parse(name);
}

static bool is_there(void)
{
    return t.now.data && strstr(t.now.data, t.mode->sign) && (t.mode->moves || t.still > STILL);
}

bool term_read(struct term_event *e, int timeout_ms)
{
    *e = (struct term_event){.key = PK_NONE, .mouse_x = -1, .mouse_y = -1};
    if (timeout_ms > 0)
        usleep(300);
    t.still++;
    switch (t.phase) {
    case GOING_THERE:
        if (*t.to_press && t.still > STILL) {
            e->key = next_of_the_way();
        } else if (!*t.to_press && is_there()) {
            str_clear(&t.before);
            str_add(&t.before, t.now.data);
            t.phase = THERE;
        } else if (late()) {
            t.never_there = true;
            t.phase = AWAY;
        }
        break;
    case THERE:
        e->key = key_parse(t.key);
        t.phase = PRESSED;
        t.still = 0;
        t.since_ns = wall_now();
        break;
    case PRESSED:
        if (late() || (t.still > STILL && (t.changed || t.mode->moves || is_silent(t.mode, t.key))))
            t.phase = AWAY;
        if (t.mode->moves && wall_now() - t.since_ns > 5000000)
            t.phase = AWAY;
        break;
    case AWAY:
        break;
    }
    return t.phase != AWAY;
}

/* ---- one key in one mode ------------------------------------------------------------------------
 */

static bool try_key(const struct mode *m, const char *key, const char *command)
{
    struct run_options o;
    run_options_init(&o);
    o.paused = m->paused;
    str_free(&t.now);
    t.mode = m;
    t.to_press = m->keys;
    t.key = key;
    t.phase = GOING_THERE;
    t.still = 0;
    t.since_ns = wall_now();
    t.changed = t.never_there = false;
    watch(m->scenario, m->session, &o);
    run_options_free(&o);
    bool left = t.phase != AWAY, leaves = strcmp(command, "quit") == 0;
    const char *bad = NULL;
    if (t.never_there)
        bad = "its sign was never shown";
    else if (left && !leaves)
        bad = "left the screen";
    else if (!left && !m->moves && !t.changed && !is_silent(m, key))
        bad = "is mute";
    if (bad)
        fprintf(stderr, "%s: %s (%s): %s\n%.*s", m->name, key, command, bad, (int)t.text_len,
                t.now.data ? t.now.data : "");
    return !bad;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static void write_text(const char *path, const char *head)
{
    FILE *f = fopen(path, "w");
    if (!f ||
        fprintf(f,
                "[scenario]\npattern = worker_pool\nseed = 4\n%s[traffic]\n"
                "arrivals = poisson(100/s)\n[dependency]\nlatency = exp(30ms)\n"
                "[worker_pool]\nworkers = 4\n",
                head) < 0 ||
        fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void make_files(void)
{
    write_text("sim.ini", "world = sim\n");
    write_text("live.ini", "world = live\n");
    write_text("short.ini", "world = sim\nfor = 200ms\nspeed = 10\n");
    char run[] = "run", name[] = "sim.ini", span[] = "--for=60s", record[] = "--record=talk.psr",
         quiet[] = "--summary=/dev/null";
    char *argv[] = {run, name, span, record, quiet, NULL};
    if (cmd_run(5, argv) != 0)
        exit(1);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/patternscope-keys-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    setenv("HOME", folder, 1);
    unsetenv("XDG_DATA_HOME");
    if (!freopen("/dev/null", "w", stdout))
        return 1;
    make_files();
    struct keymap *keys = keymap_create();
    /* Sanitized, each key in every sixth mode: what a key touches, it touches in any. */
    size_t tried = 0, bad = 0, step = argc > 1 ? 1 : counts(1, 1, 6);
    for (const struct mode *m = modes; m < modes + ARRAY_LEN(modes); m++)
        for (size_t i = (size_t)(m - modes) % step; i < keymap_count(keys) && !t.never_there;
             i += step) {
            char name[32];
            key_name(keymap_row(keys, i)->key, name, sizeof name);
            if ((argc > 1 && strcmp(m->name, argv[1]) != 0) ||
                (argc > 2 && strcmp(name, argv[2]) != 0))
                continue;
            tried++;
            bad += !try_key(m, name, keymap_row(keys, i)->command);
        }
    keymap_free(keys);
    str_free(&t.before);
    str_free(&t.now);
    char *command = xasprintf("rm -rf '%s'", folder);
    if (chdir("/") != 0 || system(command) != 0) /* NOLINT(cert-env33-c): our own folder */
        perror(folder);
    free(command);
    fprintf(stderr, "keys: %zu keys tried, %zu bad\n", tried, bad);
    return bad || !tried;
}
