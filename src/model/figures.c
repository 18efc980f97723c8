/* SPDX-License-Identifier: MIT */
/* Figures by path.
 *
 * figures.def is expanded several times: into a reader for each row, into a list of rows for each
 * family, and into the list of all paths. So a row is all there is to add. */
#include "model/figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/figures_inside.h"

#define NUM(x)  ((struct figure_value){.type = FIGURE_NUMBER, .number = (double)(x)})
#define WORD(x) ((struct figure_value){.type = FIGURE_WORD, .word = (x)})

static const char *figure_diagnoses(const struct model *m)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < m->diagnoses_n; i++)
        if (m->diagnoses[i].kind < DIAG_COUNT)
            kinds |= 1u << m->diagnoses[i].kind;
    if (!kinds)
        return "none";
    if (!(kinds & (kinds - 1)))
        return diagnosis_names[__builtin_ctz(kinds)];
    struct str s = {0};
    for (unsigned k = 0; k < DIAG_COUNT; k++)
        if (kinds >> k & 1)
            str_addf(&s, "%s%s", s.len ? ", " : "", diagnosis_names[k]);
    const char *word = strtab_get(m->names, strtab_intern(m->names, s.data));
    str_free(&s);
    return word;
}

static const struct breaker_model *figure_breaker(const struct model *m,
                                                  const struct object_model *o)
{
    return o->kind == OBJ_BREAKER ? model_breaker(m, (uint32_t)(o - m->objects)) : NULL;
}

static const char *figure_state(const struct model *m, const struct object_model *o)
{
    const struct breaker_model *b;
    switch (o->kind) {
    case OBJ_CHAN:
        return o->closed ? "closed" : "open";
    case OBJ_CTX:
        return o->cancelled ? "cancelled" : "active";
    case OBJ_LOCK:
        return o->level.now > 0 ? "locked" : "free";
    case OBJ_RWLOCK:
        return o->owner ? "locked" : o->level.now > 0 ? "read" : "free";
    case OBJ_LATCH:
        return o->closed || !o->cap ? "open" : "closed";
    case OBJ_ONCE:
        return o->level.now > 0 ? "done" : o->owner ? "running" : "new";
    case OBJ_BREAKER:
        b = figure_breaker(m, o);
        return breaker_state_names[b ? b->state : BREAKER_CLOSED];
    default:
        return NULL;
    }
}

static const struct limiter_model *figure_limiter(const struct model *m,
                                                  const struct object_model *o)
{
    return o->kind == OBJ_LIMITER ? model_limiter(m, (uint32_t)(o - m->objects)) : NULL;
}

/* ---- a reader for each row ---------------------------------------------------------------------
 */

#define READER(family, name, type, var, value)                                        \
    static struct figure_value family##_##name(const struct model *m, const void *of) \
    {                                                                                 \
        const type *var = of;                                                         \
        (void)m;                                                                      \
        (void)var;                                                                    \
        return value;                                                                 \
    }
#define RUN(name, value, help)      READER(get_run, name, void, none, value)
#define TASKS(name, value, help)    READER(get_tasks, name, void, none, value)
#define PROCS(name, value, help)    READER(get_procs, name, void, none, value)
#define REQUESTS(name, value, help) READER(get_requests, name, struct lane_model, l, value)
#define HIST(name, value, help)     READER(get_hist, name, struct hist, h, value)
#define CLASSES(name, value, help)  READER(get_classes, name, struct class_model, c, value)
#define OBJECT(name, when, value, help) \
    READER(get_object, name, struct object_model, o, (when) ? value : (struct figure_value){0})
#include "model/figures.def"

/* ---- the lists ---------------------------------------------------------------------------------
 */

#define ROW(family, name) {#name, family##_##name},
const struct figure_row figure_run[] = {
#define RUN(name, value, help) ROW(get_run, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_tasks[] = {
#define TASKS(name, value, help) ROW(get_tasks, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_procs[] = {
#define PROCS(name, value, help) ROW(get_procs, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_requests[] = {
#define REQUESTS(name, value, help) ROW(get_requests, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_hist[] = {
#define HIST(name, value, help) ROW(get_hist, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_classes[] = {
#define CLASSES(name, value, help) ROW(get_classes, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_row figure_object[] = {
#define OBJECT(name, when, value, help) ROW(get_object, name)
#include "model/figures.def"
    {NULL, NULL}};
const struct figure_span figure_spans[] = {
#define SPANS(name, member, help) {#name, offsetof(struct lane_model, member)},
#include "model/figures.def"
    {NULL, 0}};

#define PATH(path, help) path,
const char *const figure_paths[] = {
#include "model/figures_paths.def"
    NULL};
#undef PATH
#define PATH(path, help) help,
static const char *const helps[] = {
#include "model/figures_paths.def"
    NULL};
#undef PATH

const char *figure_help(size_t i)
{
    return i < ARRAY_LEN(helps) ? helps[i] : NULL;
}

size_t figure_class_count(const struct model *m)
{
    size_t n = MODEL_CLASSES;
    while (n && !m->classes[n - 1].arrived)
        n--;
    return n > 1 ? n : 0;
}

/* ---- finding one --------------------------------------------------------------------------------
 */

static const struct figure_row *row_of(const struct figure_row *rows, const char *name)
{
    for (; rows->name; rows++)
        if (strcmp(rows->name, name) == 0)
            return rows;
    return NULL;
}

/* What follows "prefix." in path, or NULL. */
static const char *after(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(path, prefix, n) == 0 && path[n] == '.' && path[n + 1] ? path + n + 1 : NULL;
}

/* A number that ends at a dot; *rest: what follows. -1: none. */
static int number_of(const char *text, const char **rest)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '.' || n > 1000000)
        return -1;
    *rest = end + 1;
    return (int)n;
}

/* A path, taken apart. */
struct found {
    const struct figure_row *row; /* NULL: not well formed */
    enum { OF_RUN, OF_LANE, OF_SPAN, OF_CLASS, OF_CLASS_WAIT, OF_OBJECT } of;
    const struct figure_span *span;
    int number; /* lane or class; -1: a lane by its name */
    const char *name;
    size_t name_len; /* object or lane */
};

static struct found take_apart_lane(const char *path, int lane)
{
    const char *rest = after(path, "requests");
    struct found f = {.of = OF_LANE, .number = lane};
    if (rest) {
        f.row = row_of(figure_requests, rest);
        return f;
    }
    f.of = OF_SPAN;
    for (f.span = figure_spans; f.span->name; f.span++)
        if ((rest = after(path, f.span->name))) {
            f.row = row_of(figure_hist, rest);
            return f;
        }
    return f;
}

static struct found take_apart(const char *path)
{
    struct found f = {.of = OF_RUN};
    const char *rest;
    if ((rest = after(path, "tasks"))) {
        f.row = row_of(figure_tasks, rest);
    } else if ((rest = after(path, "procs"))) {
        f.row = row_of(figure_procs, rest);
    } else if ((rest = after(path, "objects"))) {
        const char *dot = strrchr(rest, '.');
        f.of = OF_OBJECT;
        f.name = rest;
        f.name_len = dot ? (size_t)(dot - rest) : 0;
        f.row = f.name_len ? row_of(figure_object, dot + 1) : NULL;
    } else if ((rest = after(path, "lanes"))) {
        const char *in = NULL;
        int lane = number_of(rest, &in);
        if (lane >= 0)
            return take_apart_lane(in, lane);
        in = strchr(rest, '.');
        if (!in || in == rest || *rest < 'A')
            return f; /* no name, and no number that fits */
        f = take_apart_lane(in + 1, -1);
        f.name = rest;
        f.name_len = (size_t)(in - rest);
        return f;
    } else if ((rest = after(path, "classes"))) {
        const char *in = NULL;
        f.number = number_of(rest, &in);
        if (f.number < 0)
            return f;
        rest = after(in, "wait_ms");
        f.of = rest ? OF_CLASS_WAIT : OF_CLASS;
        f.row = rest ? row_of(figure_hist, rest) : row_of(figure_classes, in);
    } else {
        f.row = row_of(figure_run, path);
        return f.row ? f : take_apart_lane(path, 0);
    }
    return f;
}

bool figure_is(const char *path)
{
    return take_apart(path).row != NULL;
}

static const struct object_model *object_named(const struct model *m, const char *name, size_t len)
{
    for (size_t i = 1; i < m->objects_n; i++) {
        const struct object_model *o = &m->objects[i];
        if (!o->known || !o->name)
            continue;
        const char *have = strtab_get(m->names, o->name);
        if (strncmp(have, name, len) == 0 && !have[len])
            return o;
    }
    return NULL;
}

static int lane_named(const struct model *m, const char *name, size_t len)
{
    for (size_t i = 0; i < m->lanes_n; i++) {
        const char *have = model_lane_name(m, i);
        if (strncmp(have, name, len) == 0 && !have[len])
            return (int)i;
    }
    return -1;
}

struct figure_value figure_get(const struct model *m, const char *path)
{
    static const struct figure_value none = {0};
    struct found f = take_apart(path);
    if (!f.row)
        return none;
    switch (f.of) {
    case OF_RUN:
        return f.row->get(m, NULL);
    case OF_LANE:
    case OF_SPAN:
        if (f.number < 0)
            f.number = lane_named(m, f.name, f.name_len);
        if (f.number < 0 || (f.number && (size_t)f.number >= m->lanes_n))
            return none;
        if (f.of == OF_LANE)
            return f.row->get(m, &m->lanes[f.number]);
        return f.row->get(m, figure_span_hist(&m->lanes[f.number], f.span));
    case OF_CLASS:
    case OF_CLASS_WAIT:
        if (f.number >= MODEL_CLASSES)
            return none;
        if (f.of == OF_CLASS)
            return f.row->get(m, &m->classes[f.number]);
        return f.row->get(m, &m->classes[f.number].wait);
    case OF_OBJECT: {
        const struct object_model *o = object_named(m, f.name, f.name_len);
        return o ? f.row->get(m, o) : none;
    }
    }
    return none;
}
