/* SPDX-License-Identifier: MIT */
/* The log panel: events as sentences, newest at the bottom. It follows the newest until somebody
 * moves up; then what was chosen stays chosen while the ring moves on under it: the anchor holds
 * the entry's place in the stream, not its row. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static const char nothing[] = N_("nothing has happened yet");

static uint64_t oldest(const struct model *m)
{
    return m->log_n > MODEL_LOG ? m->log_n - MODEL_LOG : 0;
}
static const struct log_entry *entry(const struct model *m, uint64_t i)
{
    return &m->log[i % MODEL_LOG];
}

static bool shown(const struct screen_state *s, uint64_t i, struct str *text)
{
    if (!s->filter || !*s->filter)
        return true;
    str_clear(text);
    model_log_sentence(s->model, entry(s->model, i), text);
    return text->data && strstr(text->data, s->filter);
}

static int rows(const struct screen_state *s)
{
    const struct model *m = s->model;
    if (!s->filter || !*s->filter)
        return (int)(m->log_n - oldest(m));
    struct str text = {0};
    int n = 0;
    for (uint64_t i = oldest(m); i < m->log_n; i++)
        n += shown(s, i, &text);
    str_free(&text);
    return n;
}

/* The entry of a row, or log_n. */
static uint64_t entry_at(const struct screen_state *s, int row)
{
    const struct model *m = s->model;
    if (!s->filter || !*s->filter) {
        uint64_t i = oldest(m) + (uint64_t)(row < 0 ? 0 : row);
        return i < m->log_n ? i : m->log_n;
    }
    struct str text = {0};
    uint64_t i = oldest(m);
    for (; i < m->log_n; i++)
        if (shown(s, i, &text) && row-- == 0)
            break;
    str_free(&text);
    return i;
}

/* The row of the first entry that is not older than the anchor. */
static int row_of(const struct screen_state *s, uint64_t anchor)
{
    const struct model *m = s->model;
    struct str text = {0};
    int row = 0;
    for (uint64_t i = oldest(m); i < m->log_n && entry(m, i)->seq < anchor; i++)
        row += shown(s, i, &text);
    str_free(&text);
    return row;
}

uint8_t event_style(const struct event *e)
{
    switch (e->kind) {
    case EV_PANIC:
    case EV_DIAGNOSIS:
    case EV_LOST:
        return ST_BAD;
    case EV_MARK:
    case EV_COMMAND:
    case EV_PARAM:
        return ST_MARK;
    case EV_START:
    case EV_END:
        return ST_TITLE;
    case EV_CHAN:
        return e->op == CHAN_CLOSE || e->op == CHAN_DROP ? ST_WARN : ST_NORMAL;
    case EV_CTX:
        return e->op == CTX_CANCEL ? ST_BAD : ST_NORMAL;
    case EV_TASK:
        return e->op < TASK_STATE_COUNT ? state_look(e->op, (uint8_t)(e->x & 255)).style
                                        : ST_NORMAL;
    case EV_REQUEST:
        return e->op == PHASE_DONE ? ST_NORMAL : e->op >= PHASE_ERROR ? ST_WARN : ST_NORMAL;
    default:
        return ST_NORMAL;
    }
}

static void settle(const struct screen_state *s, struct view_state *state, int n)
{
    if (!state->anchor && !state->chosen)
        state->follow = true; /* untouched */
    if (state->follow)
        state->chosen = n - 1;
    else if (state->anchor && state->chosen == state->anchor_row)
        state->chosen = row_of(s, state->anchor);
    state->chosen = state->chosen >= n ? n - 1 : state->chosen;
    uint64_t at = entry_at(s, state->chosen);
    state->anchor = at < s->model->log_n ? entry(s->model, at)->seq + !entry(s->model, at)->seq : 0;
    state->anchor_row = state->chosen;
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)r, (void)s;
    if (!state->follow && state->anchor)
        snprintf(out, size, _("stays; End follows"));
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    int n = rows(s), h = r.h;
    bool filter = s->filter && *s->filter;
    if (filter && h > 2) {
        canvas_textf(c, r.x + 1, r.y, ST_MARK, 0, "/ %s", s->filter);
        h--;
    }
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y + r.h - h, r.w - 1, ST_DIM, 0,
                        filter ? _("no line has this text") : _(nothing));
        return;
    }
    settle(s, state, n);
    int first = list_first(state, n, h), row = first;
    struct str text = {0};
    for (uint64_t i = entry_at(s, first); i < m->log_n && row < first + h; i++) {
        if (filter && !shown(s, i, &text))
            continue;
        const struct log_entry *l = entry(m, i);
        str_clear(&text);
        model_log_sentence(m, l, &text);
        char when[FORMAT_SIZE];
        int y = r.y + r.h - h + row - first;
        bool chosen = state->focused && row == state->chosen && !state->follow;
        draw_chosen(c, r.x, y, chosen);
        int x = canvas_text(c, r.x + 1, y, ST_DIM, 0, format_second(when, l->ev.t_ns)) + 1;
        canvas_text_cut(c, x, y, r.x + r.w - 1 - x, event_style(&l->ev), chosen ? CELL_BOLD : 0,
                        text.data ? text.data : "");
        row++;
    }
    str_free(&text);
    list_marks(c, (struct rect){r.x, r.y + r.h - h, r.w, h}, first, n);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    uint64_t i = entry_at(s, state->chosen);
    if (i < s->model->log_n)
        why_text(s->model, &entry(s->model, i)->ev, entry(s->model, i)->seq, out);
}

const struct view view_log = {
    .name = N_("log"),
    .help = N_("what happened, as sentences; w on a line says why"),
    .min_w = 24,
    .min_h = 3,
    .weight = 5,
    .draw = draw,
    .aside = aside,
    .rows = rows,
    .details = details,
};
