/* SPDX-License-Identifier: MIT */
/* The terminal, by ncurses: the only file that includes it.
 *
 *   canvas ──▶ what differs from the last frame ──▶ ncurses ──▶ memory file ──▶ the terminal
 *              (by runs of cells)                  (moves, colours)            (never blocks)
 *
 * ncurses compares 12 000 cells and draws at 25 ns each whether or not anything changed, so it is
 * told only of runs that did. And it writes with a blocking write(): a terminal that is stopped
 * (Ctrl-S, a stalled line) would hold the program for ever. So it writes into a file in memory, and
 * the bytes go on from there without blocking; while some are left, frames are skipped.
 *
 * Input does not come through ncurses: its modes belong to its output, which is no terminal here.
 * term_keys.c decodes what was typed.
 */
#include "views/term.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/keycode.h"
#include "views/term_keys.h"
#include "views/term_tty.h"

enum {
    ATTRS = 16,
    PAIRS = 256,
    GAP = 6 /* equal cells between two runs that are handed over too */
};

static struct {
    bool open, ascii, redraw, resized;
    int colors, escape_ms;
    SCREEN *screen;
    FILE *file; /* ncurses' output */
    struct canvas *shown;
    const struct theme *theme;
    cchar_t look[ST_COUNT][ATTRS]; /* a blank in that style */
    struct {
        short fg, bg;
    } pair[PAIRS];
    int pairs;
    cchar_t *run;
    size_t run_cap;
    struct key_sequence key[16];
    size_t keys;
    char typed[256];
    size_t typed_n;
    bool mouse;
} term;

static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";
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

/* A capability as plain bytes: without the delays of old printers. */
static void add_capability(struct str *out, const char *name)
{
    const char *p = tigetstr(name);
    if (!p || p == (const char *)-1) /* NOLINT(performance-no-int-to-ptr): that is how it says no */
        return;
    for (; *p; p++)
        if (p[0] == '$' && p[1] == '<' && strchr(p, '>'))
            p = strchr(p, '>');
        else
            str_addc(out, *p);
}

static void prepare_death(void)
{
    struct str s = {0};
    if (term.mouse)
        str_add(&s, mouse_off);
    static const char *const undo[] = {"sgr0", "op", "rmcup", "cnorm"};
    for (size_t i = 0; i < ARRAY_LEN(undo); i++)
        add_capability(&s, undo[i]);
    str_add(&s, "\r\n");
    tty_on_death(s.data, s.len);
    str_free(&s);
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

/* Hands on what ncurses wrote. */
static void ship(void)
{
    int fd = fileno(term.file);
    off_t end = lseek(fd, 0, SEEK_CUR);
    if (end <= 0)
        return;
    char bytes[8192];
    off_t at = 0;
    for (ssize_t n; at < end && (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n)
        tty_send(bytes, (size_t)(n < end - at ? n : end - at));
    lseek(fd, 0, SEEK_SET);
}

/* ncurses takes the size of something that is no terminal from the environment; resizeterm() alone
 * would leave a scroll region of 24 lines in the stream. */
static const char *start_curses(void)
{
    static _Thread_local char sentence[256];
    int w, h, error = 0;
    const char *type = getenv("TERM");
    if (!type || !*type)
        return "TERM is not set, so nobody knows how to draw; try: TERM=xterm-256color";
    if (setupterm(type, STDOUT_FILENO, &error) != OK) {
        snprintf(sentence, sizeof sentence,
                 "the terminal type TERM=%.64s is not known here; try: TERM=xterm-256color", type);
        return sentence;
    }
    bool moves = tigetstr("cup") && tigetstr("cup") != (char *)-1; /* NOLINT */
    del_curterm(cur_term);
    if (!moves) {
        snprintf(sentence, sizeof sentence,
                 "TERM=%.64s cannot place text on the screen; use `patternscope run`", type);
        return sentence;
    }
    int fd = memfd_create("screen", MFD_CLOEXEC);
    term.file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!term.file) {
        if (fd >= 0)
            close(fd);
        return "no memory file could be made for the screen";
    }
    tty_size(&w, &h);
    char columns_text[16], lines_text[16];
    snprintf(columns_text, sizeof columns_text, "%d", w);
    snprintf(lines_text, sizeof lines_text, "%d", h);
    char *old_columns = getenv("COLUMNS") ? xstrdup(getenv("COLUMNS")) : NULL;
    char *old_lines = getenv("LINES") ? xstrdup(getenv("LINES")) : NULL;
    setenv("COLUMNS", columns_text, 1);
    setenv("LINES", lines_text, 1);
    term.screen = newterm(type, term.file, stdin);
    if (old_columns)
        setenv("COLUMNS", old_columns, 1);
    else
        unsetenv("COLUMNS");
    if (old_lines)
        setenv("LINES", old_lines, 1);
    else
        unsetenv("LINES");
    free(old_columns);
    free(old_lines);
    if (!term.screen) {
        fclose(term.file);
        snprintf(sentence, sizeof sentence, "TERM=%.64s cannot show a screen", type);
        return sentence;
    }
    return NULL;
}

const char *term_open(const struct term_options *o)
{
    take_locale();
    const char *error = tty_open();
    if (error)
        return error;
    error = start_curses();
    if (error) {
        tty_close();
        return error;
    }
    term.ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    term.colors = depth(o);
    term.escape_ms = o->escape_ms > 0 ? o->escape_ms : 25;
    term.theme = NULL;
    term.typed_n = 0;
    term.redraw = true;
    term.resized = false;
    term.shown = canvas_create(COLS, LINES);
    if (term.colors) {
        start_color();
        use_default_colors();
    }
    curs_set(0);
    leaveok(stdscr, TRUE);
    learn_keys();
    const char *reports = tigetstr("kmous");
    term.mouse = o->mouse && reports && reports != (const char *)-1; /* NOLINT */
    prepare_death();
    ship();
    if (term.mouse)
        tty_send(mouse_on, sizeof mouse_on - 1);
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
    if (term.mouse)
        tty_send(mouse_off, sizeof mouse_off - 1);
    endwin();
    ship();
    tty_close();
    delscreen(term.screen);
    fclose(term.file);
    canvas_free(term.shown);
    free(term.run);
    term.screen = NULL;
    term.file = NULL;
    term.shown = NULL;
    term.run = NULL;
    term.run_cap = 0;
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

static short pair_of(short fg, short bg)
{
    if (fg < 0 && bg < 0)
        return 0;
    for (int i = 1; i <= term.pairs; i++)
        if (term.pair[i].fg == fg && term.pair[i].bg == bg)
            return (short)i;
    if (term.pairs + 1 >= PAIRS || term.pairs + 1 >= COLOR_PAIRS)
        return 0;
    short n = (short)++term.pairs;
    term.pair[n].fg = fg;
    term.pair[n].bg = bg;
    init_pair(n, fg, bg);
    return n;
}

static void make_looks(const struct theme *t)
{
    term.theme = t;
    term.pairs = 0;
    for (int role = 0; role < ST_COUNT; role++)
        for (int attr = 0; attr < ATTRS; attr++) {
            struct theme_style s = theme_style(t, (uint8_t)role, (uint8_t)attr, term.colors);
            attr_t a = A_NORMAL;
            a |= s.attr & CELL_BOLD ? A_BOLD : 0;
            a |= s.attr & CELL_REVERSE ? A_REVERSE : 0;
            a |= s.attr & CELL_UNDERLINE ? A_UNDERLINE : 0;
            a |= s.attr & CELL_DIM ? A_DIM : 0;
            setcchar(&term.look[role][attr], L" ", a, term.colors ? pair_of(s.fg, s.bg) : 0, NULL);
        }
}

static bool same(const struct cell *a, const struct cell *b)
{
    return !memcmp(a, b, sizeof *a);
}

/* Hands cells from..to-1 of a row to ncurses. */
static void put_run(int y, const struct cell *row, int from, int to)
{
    size_t n = 0;
    for (int x = from; x < to; x++) {
        const struct cell *c = &row[x];
        if (!c->ch)
            continue; /* the right half comes with the left */
        cchar_t *out = &term.run[n++];
        *out = term.look[c->style < ST_COUNT ? c->style : ST_NORMAL][c->attr % ATTRS];
        out->chars[0] = (wchar_t)c->ch;
        out->chars[1] = c->mark;
    }
    mvadd_wchnstr(y, from, term.run, (int)n);
}

static void put_row(int y, const struct cell *row, const struct cell *old, int w)
{
    for (int x = 0; x < w;) {
        if (same(&row[x], &old[x])) {
            x++;
            continue;
        }
        int from = x, last = x;
        for (; x < w && x - last <= GAP; x++)
            if (!same(&row[x], &old[x]))
                last = x;
        while (from > 0 && !row[from].ch)
            from--;
        x = last + 1;
        while (x < w && !row[x].ch)
            x++;
        put_run(y, row, from, x);
    }
}

bool term_show(const struct canvas *c, const struct theme *t)
{
    if (!term.open || !tty_sent(0))
        return false;
    int w = c->w < COLS ? c->w : COLS, h = c->h < LINES ? c->h : LINES;
    bool all = term.redraw || t != term.theme || c->w != term.shown->w || c->h != term.shown->h;
    if (t != term.theme)
        make_looks(t);
    if (all) {
        canvas_resize(term.shown, c->w, c->h);
        erase();
        if (term.redraw)
            clearok(curscr, TRUE);
        term.redraw = false;
    }
    grow(&term.run, &term.run_cap, (size_t)w + 1, sizeof *term.run);
    bool any = all;
    for (int y = 0; y < h; y++) {
        const struct cell *row = c->cell + (size_t)y * (size_t)c->w;
        struct cell *old = term.shown->cell + (size_t)y * (size_t)c->w;
        if (all) {
            put_run(y, row, 0, w);
        } else {
            if (!memcmp(row, old, (size_t)c->w * sizeof *row))
                continue;
            put_row(y, row, old, w);
        }
        any = true;
        memcpy(old, row, (size_t)c->w * sizeof *row);
    }
    if (!any)
        return true;
    wnoutrefresh(stdscr);
    doupdate();
    ship();
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
    term.redraw = true;
    term.resized = true;
}

static bool resized(struct term_event *e)
{
    if (!term.resized)
        return false;
    term.resized = false;
    int w, h;
    tty_size(&w, &h);
    if (w != COLS || h != LINES) {
        resizeterm(h, w);
        term.redraw = true;
    }
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
    if (term.mouse)
        tty_send(mouse_off, sizeof mouse_off - 1);
    endwin();
    ship();
    tty_sent(200);
    tty_raw(false);
    tty_stop();
    come_back();
    if (term.mouse)
        tty_send(mouse_on, sizeof mouse_on - 1);
}
