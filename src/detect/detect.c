/* SPDX-License-Identifier: MIT */
/* The detectors' registry, and what they raise.
 *
 * Each state is flat and all of them lie in one block, so that a keyframe copies them; one that has
 * to grow keeps flat arrays beside it. An event
 * that no detector wants costs a shift and a test. */
#include "detect/detect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define DETECTOR(name) extern const struct detector detector_##name;
#include "detect/detectors.def"
#undef DETECTOR

#define DETECTOR(name) &detector_##name,
const struct detector *const detectors[] = {
#include "detect/detectors.def"
    NULL};
#undef DETECTOR

enum { KNOWN = sizeof detectors / sizeof detectors[0] - 1, RAISED = 1024, NAMED = 16 };
_Static_assert(EV_COUNT <= 64, "kinds of events are bits of 64");

struct raised {
    uint32_t kind, subject;
};
struct detect {
    struct strtab *names;
    struct model *m; /* while an event is seen */
    uint64_t kinds;  /* what any of them wants */
    uint64_t wants[KNOWN];
    size_t at;  /* which of them sees an event */
    bool ended; /* a file may say so again and again; looking at all tasks costs */
    size_t offset[KNOWN], bytes;
    char *state;
    struct raised *raised;
    size_t raised_n, raised_cap;
};

struct detect *detect_create(struct strtab *names)
{
    struct detect *d = xcalloc(1, sizeof *d);
    d->names = names;
    for (size_t i = 0; i < KNOWN; i++) {
        d->offset[i] = d->bytes;
        d->bytes += (detectors[i]->size + 15) & ~(size_t)15;
        d->wants[i] = detectors[i]->kinds;
        d->kinds |= d->wants[i];
    }
    d->state = xcalloc(1, d->bytes + 1);
    return d;
}

struct detect *detect_clone(const struct detect *d)
{
    struct detect *c = xmemdup(d, sizeof *d);
    c->state = xmemdup(d->state, d->bytes + 1);
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->adopt)
            detectors[i]->adopt(c->state + c->offset[i]);
    c->raised = xmemdup(d->raised, d->raised_n * sizeof *d->raised);
    c->raised_cap = d->raised_n;
    return c;
}

void detect_free(struct detect *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->drop)
            detectors[i]->drop(d->state + d->offset[i]);
    free(d->state);
    free(d->raised);
    free(d);
}

size_t detect_bytes(const struct detect *d)
{
    size_t n = sizeof *d + d->bytes + d->raised_cap * sizeof *d->raised;
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->bytes)
            n += detectors[i]->bytes(d->state + d->offset[i]);
    return n;
}

void detect_want(struct detect *d, uint64_t kinds)
{
    d->wants[d->at] |= kinds;
    d->kinds |= kinds;
}

void detect_apply(struct detect *d, struct model *m, const struct event *e)
{
    model_apply(m, e);
    if (LIKELY(e->kind >= EV_COUNT || !(d->kinds >> e->kind & 1)))
        return;
    if (e->kind == EV_END && d->ended)
        return;
    d->ended |= e->kind == EV_END;
    d->m = m;
    for (size_t i = 0; i < KNOWN; i++) {
        d->at = i;
        if (d->wants[i] >> e->kind & 1)
            detectors[i]->see(d, d->state + d->offset[i], m, e);
    }
    d->m = NULL;
}

static bool new_one(struct detect *d, enum diagnosis_kind kind, uint32_t subject)
{
    for (size_t i = 0; i < d->raised_n; i++)
        if (d->raised[i].kind == (uint32_t)kind && d->raised[i].subject == subject)
            return false;
    if (d->raised_n == RAISED)
        return false;
    grow(&d->raised, &d->raised_cap, d->raised_n + 1, sizeof *d->raised);
    d->raised[d->raised_n++] = (struct raised){(uint32_t)kind, subject};
    return true;
}

static uint32_t joined(struct detect *d, const uint32_t *ids, size_t n,
                       const char *(*name)(const struct model *m, uint32_t id))
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++)
        str_addf(&s, "%s%s", i ? ", " : "", name(d->m, ids[i]));
    uint32_t id = n ? strtab_intern(d->names, s.data) : 0;
    str_free(&s);
    return id;
}

void detect_raise(struct detect *d, enum diagnosis_kind kind, uint32_t subject,
                  const uint32_t *tasks, size_t tasks_n, const uint32_t *objs, size_t objs_n,
                  const char *fmt, ...)
{
    if (!new_one(d, kind, subject))
        return;
    struct str text = {0};
    va_list ap;
    va_start(ap, fmt);
    str_addvf(&text, fmt, ap);
    va_end(ap);
    struct diagnosis found = {.t_ns = d->m->now_ns,
                              .kind = (uint8_t)kind,
                              .tasks = joined(d, tasks, tasks_n, model_task_name),
                              .objs = joined(d, objs, objs_n, model_object_name),
                              .text = strtab_intern(d->names, text.data),
                              .seq = d->m->seq};
    str_free(&text);
    if (kind == DIAG_LEAK)
        model_leaked(d->m, tasks, tasks_n);
    model_diagnosis(d->m, &found);
}
