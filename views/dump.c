/* SPDX-License-Identifier: MIT */
/* The dump panel: all goroutines as Go's debug=2 prints them, at the instant that is shown. Only as
 * many are written as fit; a file's words, so they are not translated. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "model/dump.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { LINES = 5 }; /* of one goroutine, with the blank one after it */

static int rows(const struct screen_state *s)
{
    return (int)dump_count(s->model);
}

/* The task of a row, or 0. */
static uint32_t task_at(const struct screen_state *s, int row)
{
    for (uint32_t id = 1; id < s->model->tasks_n; id++)
        if (dump_has(s->model, id) && row-- == 0)
            return id;
    return 0;
}

static void write_one(const struct screen_state *s, uint32_t id, struct str *out)
{
    str_clear(out);
    dump_task(s->model, id, s->view_ns, s->scenario, s->listing, out);
}

/* Its lines from y on, as far as they are inside r. Returns how many. */
static int draw_one(struct canvas *c, struct rect r, int y, const struct screen_state *s,
                    uint32_t id, char *text)
{
    struct state_look l = state_look(state_shown(s->model, id), s->model->tasks[id].why);
    int n = 0;
    for (char *line = text; *line && y + n < r.y + r.h; n++) {
        size_t bytes = strcspn(line, "\n");
        bool more = line[bytes] == '\n';
        line[bytes] = '\0';
        canvas_text_cut(c, r.x + 1, y + n, r.w - 2,
                        n == 0   ? l.style
                        : n == 1 ? ST_NORMAL
                                 : ST_DIM,
                        0, line);
        line += bytes + more;
    }
    return n;
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    int n = rows(s), y = r.y;
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no goroutine is left"));
        return;
    }
    int fit = r.h / LINES > 0 ? r.h / LINES : 1, first = list_first(state, n, fit);
    struct str text = {0};
    for (int row = first; row < n && y < r.y + r.h; row++) {
        uint32_t id = task_at(s, row);
        write_one(s, id, &text);
        draw_chosen(c, r.x, y, state->focused && row == state->chosen && n > 1);
        y += draw_one(c, r, y, s, id, text.data) + 1;
    }
    str_free(&text);
    list_marks(c, r, first, first + fit < n ? n + r.h : 0);
}

static void aside(struct rect r, const struct screen_state *s, const struct view_state *state,
                  char *out, size_t size)
{
    (void)r, (void)state;
    int n = rows(s);
    char number[FORMAT_SIZE];
    if (n)
        snprintf(out, size, P_("%s goroutine", "%s goroutines", n),
                 format_count(number, (uint64_t)n));
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    uint32_t id = task_at(s, state->chosen);
    if (id)
        dump_task(s->model, id, s->view_ns, s->scenario, s->listing, out);
}

const struct view view_dump = {
    .name = N_("dump"),
    .help = N_("all goroutines as Go's debug=2 prints them: where each stands, and since when"),
    .min_w = 30,
    .min_h = 4,
    .weight = 6,
    .draw = draw,
    .aside = aside,
    .rows = rows,
    .details = details,
};
