/* SPDX-License-Identifier: MIT */
/* A session as the source of an export. One event is read ahead, because only its time says
 * whether it belongs before an instant; diagnoses stand in no session and follow the event that
 * completed them. */
#include "app/source.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "app/fold.h"
#include "app/frame.h"
#include "app/app.h"
#include "app/rerun.h"
#include "base/mem.h"

enum { AHEAD = 1024 };

struct source {
    struct export_source out;
    struct psr_reader *reader;
    struct scenario *scenario; /* NULL: it cannot be read any more */
    struct fold fold;
    struct frame frame;
    double speed;
    bool ascii;
    struct event *ahead;
    size_t ahead_n, ahead_at;
    char *title;
};

static struct source *of(struct export_source *out)
{
    return (struct source *)((char *)out - offsetof(struct source, out));
}

static bool next(struct export_source *out, int64_t t_ns, struct event *ev)
{
    struct source *s = of(out);
    struct event e;
    if (fold_diagnosis(&s->fold, &e)) {
        if (ev)
            *ev = e;
        return true;
    }
    if (s->ahead_at == s->ahead_n) {
        s->ahead_at = 0;
        s->ahead_n = psr_read(s->reader, s->ahead, AHEAD);
    }
    struct model *m = s->fold.model;
    if (s->ahead_at == s->ahead_n || s->ahead[s->ahead_at].t_ns > t_ns) {
        int64_t now = t_ns < out->end_ns ? t_ns : out->end_ns;
        if (now > m->now_ns)
            model_advance(m, now);
        return false;
    }
    e = s->ahead[s->ahead_at++];
    detect_apply(s->fold.detect, m, &e);
    if (ev)
        *ev = e;
    return true;
}

static const struct model *model_of(struct export_source *out)
{
    return of(out)->fold.model;
}

static void draw(struct export_source *out, struct canvas *c)
{
    struct source *s = of(out);
    c->ascii = s->ascii;
    frame_draw(&s->frame, s->fold.model, out->end_ns, s->speed, c);
}

struct source *source_open(const char *path, double speed, bool ascii, char **error)
{
    struct psr_reader *r = psr_open(path, error);
    if (!r)
        return NULL;
    struct source *s = xcalloc(1, sizeof *s);
    s->reader = r;
    s->scenario = session_scenario(psr_header(r), NULL);
    s->speed = speed;
    s->ascii = ascii;
    s->ahead = xmalloc(AHEAD * sizeof *s->ahead);
    fold_init(&s->fold, psr_names(r));
    model_set_room(s->fold.model, fold_room(r));
    frame_init(&s->frame, s->scenario);
    const char *title = s->scenario ? s->scenario->params.title : "";
    s->title = xstrdup(*title ? title : psr_header(r)->scenario);
    s->out = (struct export_source){.next = next,
                                    .model = model_of,
                                    .draw = draw,
                                    .end_ns = psr_last_time(r),
                                    .title = s->title};
    return s;
}

void source_free(struct source *s)
{
    if (!s)
        return;
    frame_free(&s->frame);
    fold_free(&s->fold);
    scenario_free(s->scenario);
    psr_reader_close(s->reader);
    free(s->ahead);
    free(s->title);
    free(s);
}

struct export_source *source_export(struct source *s)
{
    return &s->out;
}

bool source_full(const struct source *s)
{
    return s->fold.model->full;
}

const char *source_warning(const struct source *s)
{
    return psr_warning(s->reader);
}
