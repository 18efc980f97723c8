/* SPDX-License-Identifier: MIT */
/* A monkey at the keyboard: the whole screen, with a terminal that is none. It presses what is
 * bound (and what is not), types and pastes into the prompt, changes the size, goes to the gallery
 * and back, records, reloads; over live and sim, lessons and a session. Nothing may crash, hang,
 * leak or race, and every frame must be one that could be shown.
 *
 *   monkey [SECONDS [SEED]]          PATTERNSCOPE_LONG=1: ten times as long
 *
 * The names term_* here win over those of the views' library, which is not linked then. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cmd.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "control/command.h"
#include "control/keycode.h"
#include "control/keymap.h"
#include "tests/counts.h"
#include "views/term.h"

enum { LATE_S = 60 }; /* nothing may keep the screen for longer, on the slowest machine */

static struct {
    struct rng rng;
    struct keymap *keys;
    int left; /* events until it has had enough */
    int w, h;
    uint64_t pressed, frames;
    int64_t last_ns, slowest_ns;
    char slowest[64], last[64];
    char text[256]; /* still to be typed */
    size_t text_at;
    uint32_t after_text;
} monkey;

/* ---- what it does -----------------------------------------------------------------------------
 */

static uint32_t below(uint32_t n)
{
    return (uint32_t)rng_below(&monkey.rng, n);
}

static const char *word_of(const char *args)
{
    static const char *const some[] = {"worker_pool.workers",
                                       "workers",
                                       "+1",
                                       "-3",
                                       "9",
                                       "dependency",
                                       "consumer",
                                       "hang",
                                       "0.5",
                                       "1s",
                                       "+200ms",
                                       "log",
                                       "on",
                                       "off",
                                       "mono",
                                       "exp(5ms)",
                                       "steady(500/s)",
                                       "\xc3\xa4",
                                       "traffic.arrivals",
                                       "shutdown",
                                       "",
                                       "a  b"};
    size_t n = strlen(args);
    if (n && below(2)) { /* a word that the row itself has */
        size_t at = below((uint32_t)n);
        static char word[64];
        size_t len = strcspn(args + at, " |[]");
        snprintf(word, sizeof word, "%.*s", (int)(len < 60 ? len : 60), args + at);
        return word;
    }
    return some[below(ARRAY_LEN(some))];
}

/* ":COMMAND WORD WORD", often a sensible one. */
static void make_command(void)
{
    const struct command_info *c = &command_info[below(CMD_COUNT)];
    if (strcmp(c->name, "quit") == 0 && below(4))
        c = &command_info[CMD_SET];
    int n = snprintf(monkey.text, sizeof monkey.text, ":%s", c->name);
    for (uint32_t k = below(4); k-- > 0;)
        n += snprintf(monkey.text + n, sizeof monkey.text - (size_t)n, " %s", word_of(c->args));
    monkey.text_at = 0;
    monkey.after_text = below(5) ? PK_ENTER : PK_ESC;
}

static void make_garbage(void)
{
    size_t n = 1 + below(200);
    for (size_t i = 0; i < n; i++)
        monkey.text[i] = (char)(' ' + below(95));
    monkey.text[n] = '\0';
    monkey.text_at = 0;
    monkey.after_text = PK_PASTED;
}

static uint32_t any_key(void)
{
    switch (below(16)) {
    case 0:
        make_command();
        return PK_NONE;
    case 1:
        make_garbage();
        return PK_PASTE;
    case 2:
        return PK_UP + below(PK_PASTE - PK_UP);
    case 3:
        return 1 + below(0x2ff);
    case 4:
        monkey.w = 1 + (int)below(below(2) ? 200 : 60);
        monkey.h = 1 + (int)below(below(2) ? 60 : 20);
        return PK_RESIZE;
    case 5:
        return 'Z' & 31;
    default:
        break;
    }
    const struct key_row *r = keymap_row(monkey.keys, below((uint32_t)keymap_count(monkey.keys)));
    return r->key;
}

/* Leaving too often would keep it from getting anywhere. */
static uint32_t seldom_leaves(uint32_t key)
{
    const char *command = keymap_command(monkey.keys, key);
    bool leaves = key == ('C' & 31) ||
                  (command && (strcmp(command, "quit") == 0 || strcmp(command, "close") == 0));
    return leaves && below(16) ? ' ' : key;
}

static uint32_t next_key(void)
{
    static uint32_t held, times;
    if (monkey.text[monkey.text_at])
        return (unsigned char)monkey.text[monkey.text_at++] & 0x7f;
    if (monkey.after_text) {
        uint32_t key = monkey.after_text;
        monkey.after_text = 0;
        return key;
    }
    if (times) {
        times--;
        return held;
    }
    held = seldom_leaves(any_key());
    times = held != PK_NONE && below(12) == 0 ? below(40) : 0; /* a key that is held down */
    return held;
}

/* ---- the terminal that is none ------------------------------------------------------------------
 */

const char *term_open(const struct term_options *o)
{
    (void)o;
    monkey.last_ns = wall_now();
    return NULL;
}
void term_close(void)
{
}
bool term_ascii(void)
{
    return monkey.pressed / 1000 % 2;
}
int term_colors(void)
{
    return 256;
}
void term_size(int *w, int *h)
{
    *w = monkey.w;
    *h = monkey.h;
}
void term_redraw(void)
{
}
void term_suspend(void)
{
}
int term_signal(void)
{
    return 0;
}

static void complain_of(const char *what)
{
    fprintf(stderr, "monkey: %s, after %s\n", what, monkey.last);
    abort();
}

bool term_show(const struct canvas *c, const struct theme *t)
{
    if (!t || c->w != monkey.w || c->h != monkey.h)
        complain_of("a frame of another size");
    for (int i = 0; i < c->w * c->h; i++) {
        const struct cell *cell = &c->cell[i];
        if (cell->style >= ST_COUNT || (cell->ch && (cell->ch < ' ' || cell->ch == 0x7f)))
            complain_of("a cell that cannot be shown");
    }
    monkey.frames++;
    return below(50) != 0; /* sometimes it does not take the frame */
}

bool term_read(struct term_event *e, int timeout_ms)
{
    *e = (struct term_event){.key = PK_NONE, .mouse_x = -1, .mouse_y = -1};
    int64_t now = wall_now();
    if (now - monkey.last_ns > monkey.slowest_ns) {
        monkey.slowest_ns = now - monkey.last_ns;
        snprintf(monkey.slowest, sizeof monkey.slowest, "%s", monkey.last);
    }
    alarm(LATE_S);
    if (monkey.left-- <= 0)
        return false;
    if (below(3) == 0) {
        if (timeout_ms > 0)
            usleep(1000 * below(timeout_ms < 12 ? (uint32_t)timeout_ms + 1 : 12));
    } else if (below(40) == 0) {
        e->mouse_x = (int)below((uint32_t)monkey.w);
        e->mouse_y = (int)below((uint32_t)monkey.h);
        e->wheel = (int)below(3) - 1;
    } else {
        e->key = next_key();
        if (e->key != PK_NONE) {
            monkey.pressed++;
            key_name(e->key, monkey.last, sizeof monkey.last);
        }
    }
    monkey.last_ns = wall_now();
    return true;
}

/* ---- rounds -------------------------------------------------------------------------------------
 */

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void round_files(void)
{
    write_text("pool.ini", "[scenario]\npattern = worker_pool\nworld = live\nseed = 4\n"
                           "[traffic]\narrivals = poisson(400/s)\n"
                           "[dependency]\nlatency = exp(8ms)\n[worker_pool]\nworkers = 4\n"
                           "[keys]\nF6 = inject dependency hang\nF7 = do cancel\n");
    if (access("talk.psr", F_OK) == 0)
        return;
    char run[] = "run", name[] = "pool.ini", world[] = "--world=sim", span[] = "--for=2s",
         record[] = "--record=talk.psr", quiet[] = "--summary=/dev/null";
    char *argv[] = {run, name, world, span, record, quiet, NULL};
    if (cmd_run(6, argv) != 0) {
        fprintf(stderr, "monkey: no session was made\n");
        exit(1);
    }
}

static void one_round(uint64_t seed)
{
    static const char *const what[] = {"pool.ini",
                                       "pool.ini",
                                       "worker_pool",
                                       "lessons/T1.M3",
                                       NULL,
                                       "worker_pool_autoscale",
                                       "lessons/T1.M4-one-task"};
    struct run_options o;
    run_options_init(&o);
    rng_init(&monkey.rng, seed, "monkey");
    round_files();
    monkey.w = 80;
    monkey.h = 24;
    monkey.left = 3000;
    monkey.text[0] = '\0';
    monkey.text_at = 0;
    monkey.after_text = 0;
    o.paused = below(4) == 0;
    o.world = (int)below(3) - 1;
    o.speed = below(3) == 0 ? 100 : below(3) == 0 ? 0.01 : 0;
    if (below(5) == 0)
        watch(NULL, "talk.psr", &o);
    else
        watch(what[below(ARRAY_LEN(what))], NULL, &o);
    run_options_free(&o);
}

static void clean(const char *folder)
{
    char *command = xasprintf("rm -rf '%s'", folder);
    if (system(command) != 0) /* NOLINT(cert-env33-c): our own folder */
        perror(folder);
    free(command);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/patternscope-monkey-XXXXXX";
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 10;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, rounds = 0;
    if (counts_long())
        seconds *= 10;
    if (!mkdtemp(folder) || chdir(folder) != 0) {
        perror(folder);
        return 1;
    }
    setenv("HOME", folder, 1);
    unsetenv("XDG_DATA_HOME");
    /* What watch() says when it is over belongs to no test's output. */
    if (!freopen("/dev/null", "w", stdout))
        return 1;
    monkey.keys = keymap_create();
    int64_t end = wall_now() + (int64_t)(seconds * 1e9);
    while (wall_now() < end || !rounds) {
        fprintf(stderr, "monkey: seed %llu\n", (unsigned long long)(seed + rounds));
        one_round(seed + rounds++);
    }
    alarm(0);
    keymap_free(monkey.keys);
    if (chdir("/") == 0)
        clean(folder);
    fprintf(stderr,
            "monkey: %llu rounds, %llu keys, %llu frames; the longest without looking at the "
            "keyboard: %.0f ms, after %s\n",
            (unsigned long long)rounds, (unsigned long long)monkey.pressed,
            (unsigned long long)monkey.frames, (double)monkey.slowest_ns / 1e6, monkey.slowest);
    return monkey.frames && monkey.pressed ? 0 : 1;
}
