/* SPDX-License-Identifier: MIT */
/* A list of all objects of some kinds, one or two lines each, for the panels that are nothing else.
 * Objects are numbered as they were made, so the order never changes under the eye. */
#include "base/text.h"
#include "views/parts/parts.h"

int objects_rows(const struct screen_state *s, object_listed *listed)
{
    int n = 0;
    for (uint32_t id = 1; id < s->model->objects_n; id++)
        n += s->model->objects[id].known && listed(&s->model->objects[id]);
    return n;
}

uint32_t objects_nth(const struct screen_state *s, object_listed *listed, int row)
{
    for (uint32_t id = 1; id < s->model->objects_n; id++)
        if (s->model->objects[id].known && listed(&s->model->objects[id]) && row-- == 0)
            return id;
    return 0;
}

void objects_draw(struct canvas *c, struct rect r, const struct screen_state *s,
                  struct view_state *state, const struct object_list *list)
{
    const struct model *m = s->model;
    int n = objects_rows(s, list->listed), row = 0;
    if (!n) {
        canvas_text_cut(c, r.x + 1, r.y, r.w - 1, ST_DIM, 0, _(list->none));
        return;
    }
    int pitch = n * 2 <= r.h || (list->two_lines && r.h == 2) ? 2 : 1, fit = r.h / pitch;
    int first = list_first(state, n, fit);
    for (uint32_t id = 1; id < m->objects_n && row < first + fit; id++) {
        if (!m->objects[id].known || !list->listed(&m->objects[id]) || row++ < first)
            continue;
        struct rect at = {r.x, r.y + (row - 1 - first) * pitch, r.w, pitch};
        draw_chosen(c, at.x, at.y, state->focused && row - 1 == state->chosen && n > 1);
        list->draw(c, at, s, id);
    }
    list_marks(c, r, first, first + fit < n ? n + r.h : 0);
}
