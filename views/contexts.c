/* SPDX-License-Identifier: MIT */
/* The contexts panel: the tree, with deadlines, and cancellation running down it. A cancelled
 * branch is red with its cause and the time; a child that its parent's cancel took down shows by an
 * arrow where the wave came from. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { DEPTH = 12, LISTED = 256 };
struct tree {
    uint32_t id[LISTED];
    uint8_t depth[LISTED];
    int n;
};

static bool is_context(const struct model *m, uint32_t id)
{
    return id && id < m->objects_n && m->objects[id].known && m->objects[id].kind == OBJ_CTX;
}

static void grow_branch(struct tree *t, const struct model *m, uint32_t parent, int depth)
{
    for (uint32_t id = 1; id < m->objects_n && t->n < LISTED; id++) {
        if (!is_context(m, id) || id == parent)
            continue;
        uint32_t of = is_context(m, m->objects[id].parent) ? m->objects[id].parent : 0;
        if (of != parent || (of && of >= id)) /* a parent is older: no loops */
            continue;
        t->depth[t->n] = (uint8_t)depth;
        t->id[t->n++] = id;
        if (depth < DEPTH)
            grow_branch(t, m, id, depth + 1);
    }
}

static int rows(const struct screen_state *s)
{
    struct tree t = {0};
    grow_branch(&t, s->model, 0, 0);
    return t.n;
}

static void context_state(const struct screen_state *s, const struct object_model *o, char *out,
                          size_t size, uint8_t *style)
{
    const struct model *m = s->model;
    char when[FORMAT_SIZE], left[FORMAT_SIZE];
    *style = ST_RUNNING;
    if (o->cancelled) {
        const char *cause = o->cause ? strtab_get(m->names, o->cause) : _("cancelled");
        bool inherited = is_context(m, o->parent) && m->objects[o->parent].cancelled;
        *style = ST_BAD;
        snprintf(out, size, _("✗ CANCELLED %s  %s%s"), format_second(when, o->closed_ns),
                 inherited ? _("← parent: ") : "", cause);
    } else if (o->deadline_ns) {
        int64_t ns = o->deadline_ns - s->view_ns;
        if (ns >= 0 && ns < 1000000000)
            *style = ST_WARN;
        if (ns >= 0)
            snprintf(out, size, _("● active  deadline in %s"), format_duration(left, ns));
        else
            snprintf(out, size, _("● active  deadline due since %s"), format_duration(left, -ns));
    } else {
        snprintf(out, size, _("● active  no deadline"));
    }
}

static void draw(struct canvas *c, struct rect r, const struct screen_state *s,
                 struct view_state *state)
{
    const struct model *m = s->model;
    struct tree t = {0};
    grow_branch(&t, m, 0, 0);
    if (!t.n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _("no contexts"));
        return;
    }
    int first = list_first(state, t.n, r.h);
    for (int i = first; i < t.n && i < first + r.h; i++) {
        const struct object_model *o = &m->objects[t.id[i]];
        int x = r.x + 1, y = r.y + i - first, right = r.x + r.w - 1;
        draw_chosen(c, r.x, y, state->focused && i == state->chosen && t.n > 1);
        for (int d = 1; d <= t.depth[i]; d++) {
            bool more = false; /* does a brother of this branch follow? */
            for (int k = i + 1; k < t.n && t.depth[k] >= d; k++)
                more |= t.depth[k] == d;
            uint32_t g =
                d == t.depth[i] ? (more ? GL_TEE_RIGHT : GL_CORNER_BL) : (more ? GL_POST : ' ');
            uint8_t line = o->cancelled ? ST_BAD : ST_BORDER;
            canvas_put(c, x, y, g, line, 0);
            canvas_put(c, x + 1, y, d == t.depth[i] ? GL_LINE : ' ', line, 0);
            x += 2;
        }
        char text[160];
        uint8_t style;
        context_state(s, o, text, sizeof text, &style);
        x = canvas_text_cut(c, x, y, right - x, o->cancelled ? ST_BAD : ST_TITLE, 0,
                            model_object_name(m, t.id[i]));
        canvas_text_cut(c, x + 2, y, right - x - 2, style, 0, text);
    }
    list_marks(c, r, first, t.n);
}

static void details(const struct screen_state *s, const struct view_state *state, struct str *out)
{
    struct tree t = {0};
    grow_branch(&t, s->model, 0, 0);
    if (state->chosen < 0 || state->chosen >= t.n)
        return;
    const struct model *m = s->model;
    const struct object_model *o = &m->objects[t.id[state->chosen]];
    char text[160];
    uint8_t style;
    context_state(s, o, text, sizeof text, &style);
    str_addf(out, _("context   %s\nstate     %s\n"), model_object_name(m, t.id[state->chosen]),
             text);
    if (is_context(m, o->parent))
        str_addf(out, _("parent    %s\n"), model_object_name(m, o->parent));
    if (o->deadline_ns)
        str_addf(out, _("deadline  %s\n"), format_clock(text, o->deadline_ns));
    str_add(out, _("waiting   "));
    int n = 0;
    for (uint32_t id = 1; id < m->tasks_n; id++)
        if (task_live(&m->tasks[id]) && m->tasks[id].on == t.id[state->chosen])
            str_addf(out, "%s%s", n++ ? ", " : "", model_task_name(m, id));
    str_add(out, n ? "\n" : _("nobody\n"));
}

const struct view view_contexts = {
    .name = N_("contexts"),
    .help = N_("the tree of contexts: deadlines, cancelled branches and their cause"),
    .min_w = 26,
    .min_h = 3,
    .weight = 3,
    .draw = draw,
    .rows = rows,
    .details = details,
};
