/* SPDX-License-Identifier: MIT */
/* The notes panel: the lesson's text. What to watch, what to press, what the mistake changes, the
 * interview question and its answer. What a detector found stands above it, with its evidence. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static const char nothing[] = N_("This scenario has no notes.");

static bool useful(const struct screen_state *s)
{
    return (s->notes && *s->notes) || s->model->diagnoses_n;
}

/* The lesson, a blank line between its paragraphs, their first words ("Watch:") bright. */
static int draw_lesson(struct canvas *c, struct rect r, const char *text, int skip)
{
    int line = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *paragraph = xstrndup(text, n);
        struct rect at = r;
        int down = line > skip ? line - skip : 0;
        at.y += down;
        at.h -= down;
        int lines = draw_wrapped(c && at.h > 0 ? c : NULL, at, skip > line ? skip - line : 0,
                                 ST_NORMAL, paragraph);
        char *colon = strchr(paragraph, ':');
        if (c && at.h > 0 && line >= skip && colon &&
            !memchr(paragraph, ' ', (size_t)(colon - paragraph))) {
            *colon = '\0';
            canvas_text(c, at.x, at.y, ST_TITLE, 0, paragraph);
        }
        free(paragraph);
        text += n + (text[n] == '\n');
        line += lines + (*text != '\0' && n > 0);
    }
    return line;
}

static int draw_diagnoses(struct canvas *c, struct rect r, const struct model *m, int skip)
{
    int line = 0;
    for (size_t i = 0; i < m->diagnoses_n; i++) {
        struct str text = {0};
        diagnosis_text(m, &m->diagnoses[i], &text);
        struct rect at = r;
        at.y += line > skip ? line - skip : 0;
        at.h -= line > skip ? line - skip : 0;
        line += draw_wrapped(c, at, skip > line ? skip - line : 0, ST_BAD, text.data);
        str_free(&text);
    }
    return line ? line + 1 : 0;
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const char *text = s->notes && *s->notes ? s->notes : _(nothing);
    struct rect in = {r.x + 1, r.y, r.w - 2, r.h};
    int found = draw_diagnoses(NULL, in, s->model, 0);
    int lines = found + draw_lesson(NULL, in, text, 0);
    if (state->scroll > lines - r.h)
        state->scroll = lines - r.h;
    if (state->scroll < 0)
        state->scroll = 0;
    draw_diagnoses(c, in, s->model, state->scroll);
    int skip = state->scroll > found ? state->scroll - found : 0;
    int down = found > state->scroll ? found - state->scroll : 0;
    in.y += down;
    in.h -= down;
    draw_lesson(c, in, text, skip);
    list_marks(c, r, state->scroll, lines);
}

const struct view view_notes = {
    .name = N_("notes"),
    .help = N_("the lesson: what to watch, what to press, what the mistake changes, the question"),
    .min_w = 24,
    .min_h = 4,
    .weight = 4,
    .scrolls = true,
    .draw = draw,
    .useful = useful,
};
