/* SPDX-License-Identifier: MIT */
/* The terminal, by what ncurses knows of its kind: the only file that includes it.
 *
 *   canvas ──▶ what differs from the last frame ──▶ the terminal's own strings ──▶ the terminal
 *              (term_paint.c)                        (terminfo)                    (term_tty.c)
 *
 * Windows of ncurses are not used. They take every cell of every frame, 30 ns each, and compare
 * them once more, although the canvas is compared here; their output flushes at every row, and with
 * a write() that blocks: a terminal that is stopped (Ctrl-S, a stalled line) would hold the program
 * for ever. Nor are their keys: term_keys.c decodes what was typed.
 */
#include "views/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "base/str.h"
#include "control/keycode.h"
#include "views/term_keys.h"
#include "views/term_paint.h"
#include "views/term_tty.h"

static struct {
    bool open, ascii, redraw, resized, mouse;
    int colors, escape_ms;
    const char *to, *fore, *back; /* the formats that place the cursor and set the colours */
    struct paint paint;
    struct str bytes; /* of a frame; kept for the next */
    const struct theme *theme;
    struct key_sequence key[16];
    size_t keys;
    char typed[256];
    size_t typed_n;
} term;

static void place(struct str *out, int x, int y);

static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";
/* Pasted text comes between two marks, or its letters would be commands. */
static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
static const char no_locale[] = "C.UTF-8";

/* ---- opening ----------------------------------------------------------------------------------
 */

/* NULL when unset or empty, which means the same. */
static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

/* Characters only: numbers keep their decimal points everywhere. */
static void take_locale(void)
{
    const char *want = env("LC_ALL");
    want = want ? want : env("LC_CTYPE");
    want = want ? want : env("LANG");
    if (want && setlocale(LC_CTYPE, ""))
        return;
    /* One that is not installed, but asked for UTF-8 (a login from elsewhere). */
    if (!want || strstr(want, "UTF-8") || strstr(want, "utf8"))
        setlocale(LC_CTYPE, no_locale);
}

static int depth(const struct term_options *o)
{
    int most = tigetnum("colors");
    if (o->colors < 0 && env("NO_COLOR"))
        return 0;
    int want = o->colors < 0 || o->colors > most ? most : o->colors;
    return want >= 256 ? 256 : want >= 16 ? 16 : want >= 8 ? 8 : 0;
}

/* NULL: the terminal cannot do that. */
static const char *capability(const char *name)
{
    const char *p = tigetstr(name);
    return p == (const char *)-1 ? NULL : p; /* NOLINT(performance-no-int-to-ptr): it says no so */
}

/* Without the delays that stand in it for terminals of old: "$<5>". */
static void add_plain(struct str *out, const char *p)
{
    for (; p && *p; p++)
        if (p[0] == '$' && p[1] == '<' && strchr(p, '>'))
            p = strchr(p, '>');
        else
            str_addc(out, *p);
}

static void add_capability(struct str *out, const char *name)
{
    add_plain(out, capability(name));
}

static void learn_keys(void)
{
    static const struct {
        const char *name;
        uint32_t key;
    } names[] = {
        {"kcuu1", PK_UP},     {"kcud1", PK_DOWN},   {"kcub1", PK_LEFT}, {"kcuf1", PK_RIGHT},
        {"khome", PK_HOME},   {"kend", PK_END},     {"kpp", PK_PAGEUP}, {"knp", PK_PAGEDOWN},
        {"kcbt", PK_BACKTAB}, {"kdch1", PK_DELETE}, {"kf1", PK_F1},     {"kf10", PK_F10},
    };
    term.keys = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct str s = {0};
        add_capability(&s, names[i].name);
        if (s.len > 1 && s.len < sizeof term.key[0].bytes) {
            memcpy(term.key[term.keys].bytes, s.data, s.len + 1);
            term.key[term.keys++].key = names[i].key;
        }
        str_free(&s);
    }
}

static void enter_screen(void)
{
    struct str s = {0};
    add_capability(&s, "smcup");
    add_capability(&s, "civis");
    if (term.mouse)
        str_add(&s, mouse_on);
    str_add(&s, paste_on);
    tty_send(s.data, s.len);
    str_free(&s);
}

/* Also what a dying program sends. */
static void leave_text(struct str *out)
{
    int w, h;
    tty_size(&w, &h);
    if (term.mouse)
        str_add(out, mouse_off);
    str_add(out, paste_off);
    add_capability(out, "sgr0");
    add_capability(out, "op");
    if (!capability("rmcup")) { /* no other screen to go back to: below this one */
        add_plain(out, tiparm(term.to, h - 1, 0));
        str_add(out, "\r\n");
    }
    add_capability(out, "rmcup");
    add_capability(out, "cnorm");
}

static void leave_screen(void)
{
    struct str s = {0};
    leave_text(&s);
    tty_send(s.data, s.len);
    str_free(&s);
}

static void prepare_death(void)
{
    struct str s = {0};
    leave_text(&s);
    str_add(&s, "\r\n");
    tty_on_death(s.data, s.len);
    str_free(&s);
}

/* What the terminal can do, by the name of its kind. NULL, or why that is not enough. */
static const char *learn_terminal(void)
{
    static _Thread_local char sentence[256];
    int error = 0;
    const char *type = getenv("TERM");
    if (!type || !*type)
        return "TERM is not set, so nobody knows how to draw; try: TERM=xterm-256color";
    if (setupterm(type, STDOUT_FILENO, &error) != OK) {
        snprintf(sentence, sizeof sentence,
                 "the terminal type TERM=%.64s is not known here; try: TERM=xterm-256color", type);
        return sentence;
    }
    term.to = capability("cup");
    if (!term.to || !capability("clear")) {
        snprintf(sentence, sizeof sentence,
                 "TERM=%.64s cannot place text on the screen; use `patternscope run`", type);
        del_curterm(cur_term);
        return sentence;
    }
    term.fore = capability("setaf") ? capability("setaf") : capability("setf");
    term.back = capability("setab") ? capability("setab") : capability("setb");
    return NULL;
}

const char *term_open(const struct term_options *o)
{
    take_locale();
    const char *error = tty_open();
    if (error)
        return error;
    error = learn_terminal();
    if (error) {
        tty_close();
        return error;
    }
    term.ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    term.colors = term.fore && term.back ? depth(o) : 0;
    term.escape_ms = o->escape_ms > 0 ? o->escape_ms : 25;
    term.theme = NULL;
    term.typed_n = 0;
    term.redraw = true;
    term.resized = false;
    term.paint =
        (struct paint){.place = place, .corner = tigetflag("am") <= 0 || tigetflag("xenl") > 0};
    add_capability(&term.paint.clear, "sgr0");
    add_capability(&term.paint.clear, "op");
    add_capability(&term.paint.clear, "clear");
    learn_keys();
    term.mouse = o->mouse && capability("kmous");
    prepare_death();
    enter_screen();
    static bool registered;
    if (!registered)
        atexit(term_close);
    registered = true;
    term.open = true;
    return NULL;
}

void term_close(void)
{
    if (!term.open)
        return;
    term.open = false;
    leave_screen();
    tty_close();
    del_curterm(cur_term);
    paint_free(&term.paint);
    str_free(&term.bytes);
    term.to = term.fore = term.back = NULL;
}

bool term_ascii(void)
{
    return term.ascii;
}
int term_colors(void)
{
    return term.colors;
}
void term_size(int *w, int *h)
{
    tty_size(w, h);
}
void term_redraw(void)
{
    term.redraw = true;
}
int term_signal(void)
{
    return tty_signal();
}

/* ---- showing ----------------------------------------------------------------------------------
 */

static void place(struct str *out, int x, int y)
{
    add_plain(out, tiparm(term.to, y, x));
}

static void make_look(struct paint_look *l, struct theme_style s)
{
    struct str bytes = {0};
    add_capability(&bytes, "sgr0");
    /* Most terminals take the colours back with the rest. */
    if (!strstr(bytes.data ? bytes.data : "", "[0m") && !strstr(bytes.data ? bytes.data : "", "[m"))
        add_capability(&bytes, "op");
    static const struct {
        int attr;
        const char *name;
    } attrs[] = {
        {CELL_BOLD, "bold"}, {CELL_DIM, "dim"}, {CELL_UNDERLINE, "smul"}, {CELL_REVERSE, "rev"}};
    for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
        if (s.attr & attrs[i].attr)
            add_capability(&bytes, attrs[i].name);
    if (term.colors && s.fg >= 0)
        add_plain(&bytes, tiparm(term.fore, s.fg));
    if (term.colors && s.bg >= 0)
        add_plain(&bytes, tiparm(term.back, s.bg));
    l->n = bytes.len < sizeof l->bytes ? bytes.len : 0;
    if (l->n)
        memcpy(l->bytes, bytes.data, l->n);
    str_free(&bytes);
}

static void make_looks(const struct theme *t)
{
    term.theme = t;
    for (int role = 0; role < ST_COUNT; role++)
        for (int attr = 0; attr < PAINT_ATTRS; attr++)
            make_look(&term.paint.look[role][attr],
                      theme_style(t, (uint8_t)role, (uint8_t)attr, term.colors));
}

bool term_show(const struct canvas *c, const struct theme *t)
{
    if (!term.open || !tty_sent(0))
        return false;
    if (t != term.theme) {
        make_looks(t);
        term.redraw = true;
    }
    str_clear(&term.bytes);
    paint_frame(&term.paint, c, term.redraw, &term.bytes);
    term.redraw = false;
    tty_send(term.bytes.data, term.bytes.len);
    return true;
}

/* ---- input ------------------------------------------------------------------------------------
 */

static bool next_key(struct term_event *e, bool final)
{
    if (!term.typed_n)
        return false;
    size_t used = keys_decode(term.typed, term.typed_n, final, term.key, term.keys, e);
    if (!used)
        return false;
    term.typed_n -= used;
    memmove(term.typed, term.typed + used, term.typed_n);
    return true;
}

static void come_back(void)
{
    tty_raw(true);
    enter_screen();
    term.redraw = true;
    term.resized = true;
}

static bool resized(struct term_event *e)
{
    if (!term.resized)
        return false;
    term.resized = false;
    term.redraw = true;
    e->key = PK_RESIZE;
    return true;
}

bool term_read(struct term_event *e, int timeout_ms)
{
    *e = (struct term_event){.key = PK_NONE, .mouse_x = -1, .mouse_y = -1};
    if (resized(e) || next_key(e, false))
        return true;
    bool partial = term.typed_n > 0;
    unsigned wake = tty_wait(partial ? term.escape_ms : timeout_ms);
    if (wake & TTY_GONE)
        return false;
    if (wake & TTY_CONTINUED)
        come_back();
    if (wake & TTY_RESIZED)
        term.resized = true;
    if (wake & TTY_STOP) {
        e->key = 26;
        return true;
    }
    if (resized(e))
        return true;
    if (wake & TTY_INPUT)
        term.typed_n += tty_read(term.typed + term.typed_n, sizeof term.typed - term.typed_n);
    if (next_key(e, partial && !(wake & TTY_INPUT)) || !(wake & TTY_INPUT))
        return true;
    /* An unfinished sequence: the rest comes at once, or never. */
    if (tty_wait(term.escape_ms) & TTY_INPUT)
        term.typed_n += tty_read(term.typed + term.typed_n, sizeof term.typed - term.typed_n);
    next_key(e, true);
    return true;
}

void term_suspend(void)
{
    if (!term.open)
        return;
    leave_screen();
    tty_sent(200);
    tty_raw(false);
    tty_stop();
    come_back();
}
