/* SPDX-License-Identifier: MIT */
/* The prompt: one line that is typed, for a command, a value or a filter. Tab goes through what can
 * stand at the end of the line; Up and Down through what was typed before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"

enum { SHOWN_MAX = 200 };

static void show_candidates(struct watch *w)
{
    struct prompt *p = &w->prompt;
    str_clear(&p->shown);
    if (p->kind == PROMPT_VALUE) {
        const struct param_now *at = &w->params.at[w->params.chosen];
        str_addf(&p->shown, _("%s\nallowed: %s\nin the file: %s\n"), _(at->row->help), at->allowed,
                 at->file);
        return;
    }
    if (p->kind == PROMPT_FILTER) {
        str_add(&p->shown,
                _("Only log lines with this text are shown; an empty line shows all.\n"));
        return;
    }
    char **helps, **list = complete(w, p->base ? p->base : p->text, &helps);
    int widest = 12; /* the sentences stand below each other */
    for (size_t i = 0; list[i] && i < SHOWN_MAX; i++)
        widest = helps[i] && utf8_width(list[i]) > widest ? utf8_width(list[i]) : widest;
    for (size_t i = 0; list[i] && i < SHOWN_MAX; i++) {
        if (helps[i])
            str_addf(&p->shown, "%s%*s  %s\n", list[i], widest - utf8_width(list[i]), "",
                     _(helps[i]));
        else
            str_addf(&p->shown, "%s\n", list[i]);
    }
    complete_free(list);
    complete_free(helps);
}

static void set_text(struct prompt *p, const char *text)
{
    snprintf(p->text, sizeof p->text, "%s", text);
    p->len = p->cursor = strlen(p->text);
}

static void typed(struct watch *w)
{
    struct prompt *p = &w->prompt;
    free(p->base);
    p->base = NULL;
    p->candidate = -1;
    show_candidates(w);
}

void prompt_open(struct watch *w, enum prompt_kind kind, const char *text)
{
    struct prompt *p = &w->prompt;
    p->kind = kind;
    p->history_at = p->history_n;
    set_text(p, text);
    p->fresh = kind != PROMPT_COMMAND && *text;
    w->overlay = OVERLAY_PROMPT;
    w->overlay_scroll = 0;
    const char *title = kind == PROMPT_COMMAND
                            ? _("command (Tab completes, Enter runs, Esc leaves)")
                        : kind == PROMPT_VALUE ? w->params.at[w->params.chosen].path
                                               : _("filter the log");
    snprintf(w->overlay_title, sizeof w->overlay_title, "%s", title);
    typed(w);
    w->dirty = true;
}

void prompt_free(struct prompt *p)
{
    for (size_t i = 0; i < p->history_n; i++)
        free(p->history[i]);
    free(p->base);
    str_free(&p->shown);
}

static void remember(struct prompt *p)
{
    if (!p->len || p->kind != PROMPT_COMMAND)
        return;
    if (p->history_n && strcmp(p->history[p->history_n - 1], p->text) == 0)
        return;
    if (p->history_n == PROMPT_HISTORY) {
        free(p->history[0]);
        memmove(p->history, p->history + 1, (PROMPT_HISTORY - 1) * sizeof *p->history);
        p->history_n--;
    }
    p->history[p->history_n++] = xstrdup(p->text);
}

static void enter(struct watch *w)
{
    struct prompt *p = &w->prompt;
    remember(p);
    char *text = xstrdup(p->text);
    const char *bad = NULL;
    overlay_close(w);
    if (p->kind == PROMPT_FILTER) {
        snprintf(w->filter, sizeof w->filter, "%s", text);
    } else if (p->kind == PROMPT_VALUE) {
        bad = *text ? params_set(w, w->params.at[w->params.chosen].path, text) : NULL;
        if (!bad && *text)
            params_say(w);
    } else if (*text) {
        bad = watch_command(w, text);
    }
    if (bad)
        watch_complain(w, "%s", bad);
    free(text);
}

/* The next (or the one before) of what can stand at the end. */
static void complete_next(struct watch *w, int dir)
{
    struct prompt *p = &w->prompt;
    if (p->kind != PROMPT_COMMAND)
        return;
    if (!p->base)
        p->base = xstrdup(p->text);
    char **helps, **list = complete(w, p->base, &helps);
    int n = 0;
    while (list[n])
        n++;
    if (n) {
        p->candidate = p->candidate < 0 ? (dir > 0 ? 0 : n - 1) : (p->candidate + dir + n) % n;
        const char *blank = strrchr(p->base, ' ');
        char text[PROMPT_MAX];
        snprintf(text, sizeof text, "%.*s%s", blank ? (int)(blank - p->base + 1) : 0, p->base,
                 list[p->candidate]);
        if (n == 1) { /* the only one: on to the next word */
            set_text(p, text);
            if (p->len + 1 < sizeof p->text)
                snprintf(p->text + p->len, 2, " ");
            p->cursor = ++p->len;
            typed(w);
        } else {
            set_text(p, text);
        }
    }
    complete_free(list);
    complete_free(helps);
}

static size_t before(const struct prompt *p)
{
    size_t i = p->cursor;
    while (i && ((unsigned char)p->text[--i] & 0xc0) == 0x80)
        ;
    return i;
}

static size_t after(const struct prompt *p)
{
    size_t i = p->cursor;
    if (i < p->len)
        i++;
    while (i < p->len && ((unsigned char)p->text[i] & 0xc0) == 0x80)
        i++;
    return i;
}

static void cut(struct watch *w, size_t from, size_t to)
{
    struct prompt *p = &w->prompt;
    memmove(p->text + from, p->text + to, p->len - to + 1);
    p->len -= to - from;
    p->cursor = from;
    typed(w);
}

static void insert(struct watch *w, uint32_t cp)
{
    struct prompt *p = &w->prompt;
    char bytes[5];
    size_t n = utf8_encode(cp, bytes);
    if (p->len + n >= sizeof p->text)
        return;
    memmove(p->text + p->cursor + n, p->text + p->cursor, p->len - p->cursor + 1);
    memcpy(p->text + p->cursor, bytes, n);
    p->len += n;
    p->cursor += n;
    typed(w);
}

static void recall(struct watch *w, int dir)
{
    struct prompt *p = &w->prompt;
    if (p->kind != PROMPT_COMMAND || (dir < 0 && p->history_at == 0) ||
        (dir > 0 && p->history_at >= p->history_n))
        return;
    p->history_at = dir < 0 ? p->history_at - 1 : p->history_at + 1;
    set_text(p, p->history_at < p->history_n ? p->history[p->history_at] : "");
    typed(w);
}

static void erase_word(struct watch *w)
{
    struct prompt *p = &w->prompt;
    size_t from = p->cursor;
    while (from && p->text[from - 1] == ' ')
        from--;
    while (from && p->text[from - 1] != ' ')
        from--;
    cut(w, from, p->cursor);
}

void prompt_key(struct watch *w, uint32_t key)
{
    struct prompt *p = &w->prompt;
    bool all = p->fresh;
    p->fresh = false;
    switch (key) {
    case PK_ESC:
        overlay_close(w);
        break;
    case PK_ENTER:
        enter(w);
        break;
    case PK_TAB:
        complete_next(w, 1);
        break;
    case PK_BACKTAB:
        complete_next(w, -1);
        break;
    case PK_UP:
        recall(w, -1);
        break;
    case PK_DOWN:
        recall(w, 1);
        break;
    case PK_LEFT:
        p->cursor = before(p);
        break;
    case PK_RIGHT:
        p->cursor = after(p);
        break;
    case PK_HOME:
    case 'A' & 31:
        p->cursor = 0;
        break;
    case PK_END:
    case 'E' & 31:
        p->cursor = p->len;
        break;
    case 'L' & 31:
        w->redraw_all = true;
        break;
    case 'U' & 31:
        cut(w, 0, p->cursor);
        break;
    case 'K' & 31:
        cut(w, p->cursor, p->len);
        break;
    case 'W' & 31:
        erase_word(w);
        break;
    case PK_DELETE:
        cut(w, all ? 0 : p->cursor, all ? p->len : after(p));
        break;
    case PK_BACKSPACE:
        if (!p->len)
            overlay_close(w);
        else
            cut(w, all ? 0 : before(p), p->cursor);
        break;
    default:
        if (key < ' ' || key >= 0x110000)
            break;
        if (all)
            cut(w, 0, p->len);
        insert(w, key);
    }
}
