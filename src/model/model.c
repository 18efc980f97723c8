/* SPDX-License-Identifier: MIT */
/* The fold: one event after another becomes the state of the run.
 *
 * The hard idea: everything that grows does so by events that were there (an id cannot be larger
 * than the number of events, give or take a loss), and all that is kept is flat, so that a keyframe
 * is one copy of each array. Each kind's handler stands with its subject: model_task.c,
 * model_object.c, model_request.c. */
#include "model/model_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    ID_SLACK = 16 << 10,   /* a stream may begin in the middle */
    LOST_SLACK = 64 << 10, /* and what was lost may have made some */
    PARAMS = 1024,
    DIAGNOSES = 1024,
};

/* ---- memory --------------------------------------------------------------------------------- */

struct model *model_create(struct strtab *names)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->names = names;
    m->lanes = xcalloc(MODEL_LANES, sizeof *m->lanes);
    m->log = xcalloc(MODEL_LOG, sizeof *m->log);
    return m;
}

/* Into zeroed memory. What is still zero is not written, so it takes no page: ids with gaps cost
 * address space, not memory. */
static void copy_sparse(char *to, const char *from, size_t bytes)
{
    enum { PAGE = 4096 };
    for (size_t at = 0; at < bytes; at += PAGE) {
        size_t n = bytes - at < PAGE ? bytes - at : PAGE;
        if (from[at] || memcmp(from + at, from + at + 1, n - 1) != 0)
            memcpy(to + at, from + at, n);
    }
}

static void *copy(const void *p, size_t n, size_t size)
{
    if (!n)
        return NULL;
    void *to = xcalloc(n, size);
    copy_sparse(to, p, n * size);
    return to;
}

struct model *model_clone(const struct model *m)
{
    struct model *c = xmemdup(m, sizeof *m);
    c->tasks = copy(m->tasks, m->tasks_n, sizeof *m->tasks);
    c->tasks_cap = m->tasks_n;
    c->objects = copy(m->objects, m->objects_n, sizeof *m->objects);
    c->objects_cap = m->objects_n;
    c->edges = copy(m->edges, m->edges_n, sizeof *m->edges);
    c->edges_cap = m->edges_n;
    c->edge_slots = copy(m->edge_slots, m->edge_slots_cap, sizeof *m->edge_slots);
    c->flights = copy(m->flights, m->flights_cap, sizeof *m->flights);
    c->lanes = xcalloc(MODEL_LANES, sizeof *m->lanes);
    memcpy(c->lanes, m->lanes, m->lanes_n * sizeof *m->lanes);
    c->diagnoses = copy(m->diagnoses, m->diagnoses_n, sizeof *m->diagnoses);
    c->diagnoses_cap = m->diagnoses_n;
    c->log = xcalloc(MODEL_LOG, sizeof *m->log);
    memcpy(c->log, m->log, (m->log_n < MODEL_LOG ? m->log_n : MODEL_LOG) * sizeof *m->log);
    c->procs = copy(m->procs, m->procs ? MODEL_PROCS : 0, sizeof *m->procs);
    c->shelves = copy(m->shelves, m->shelves_n, sizeof *m->shelves);
    c->shelves_cap = m->shelves_n;
    c->limiters = copy(m->limiters, m->limiters_n, sizeof *m->limiters);
    c->limiters_cap = m->limiters_n;
    c->breakers = copy(m->breakers, m->breakers_n, sizeof *m->breakers);
    c->breakers_cap = m->breakers_n;
    c->params = copy(m->params, m->params_n, sizeof *m->params);
    c->params_cap = m->params_n;
    return c;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    free(m->tasks);
    free(m->objects);
    free(m->edges);
    free(m->edge_slots);
    free(m->flights);
    free(m->lanes);
    free(m->diagnoses);
    free(m->log);
    free(m->params);
    free(m->procs);
    free(m->shelves);
    free(m->limiters);
    free(m->breakers);
    free(m);
}

size_t model_bytes(const struct model *m)
{
    return sizeof *m + m->tasks_cap * sizeof *m->tasks + m->objects_cap * sizeof *m->objects +
           m->edges_cap * sizeof *m->edges + m->edge_slots_cap * sizeof *m->edge_slots +
           m->flights_cap * sizeof *m->flights + MODEL_LANES * sizeof *m->lanes +
           m->diagnoses_cap * sizeof *m->diagnoses + MODEL_LOG * sizeof *m->log +
           m->params_cap * sizeof *m->params + m->shelves_cap * sizeof *m->shelves +
           m->limiters_cap * sizeof *m->limiters + m->breakers_cap * sizeof *m->breakers +
           (m->procs ? MODEL_PROCS : 0) * sizeof *m->procs;
}

void model_grow(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t n = *cap ? *cap : 16;
    while (n < need)
        n *= 2;
    void **pp = p;
    void *bigger = xcalloc(n, size); /* large ones come untouched from the kernel */
    if (*cap)
        copy_sparse(bigger, *pp, *cap * size);
    free(*pp);
    *pp = bigger;
    *cap = n;
}

bool model_id_fits(const struct model *m, uint32_t id)
{
    uint64_t lost = m->lost < LOST_SLACK ? m->lost : LOST_SLACK;
    return id < MODEL_IDS && id <= m->seq + lost + ID_SLACK;
}

void model_set_room(struct model *m, size_t bytes)
{
    m->room = bytes;
}

bool model_has_room(struct model *m, size_t tasks, size_t objects, size_t flights)
{
    size_t bytes =
        tasks * sizeof *m->tasks + objects * sizeof *m->objects + flights * sizeof *m->flights;
    if (!m->room || bytes <= m->room)
        return true;
    m->full = true;
    return false;
}

/* ---- names ------------------------------------------------------------------------------------
 */

static const char *unknown(uint32_t id)
{
    static _Thread_local char text[8][16];
    static _Thread_local unsigned next;
    char *out = text[next++ % 8];
    snprintf(out, sizeof text[0], "?%u", (unsigned)id);
    return out;
}

const char *model_task_name(const struct model *m, uint32_t task)
{
    if (task < m->tasks_n && m->tasks[task].name)
        return strtab_get(m->names, m->tasks[task].name);
    return unknown(task);
}

const char *model_object_name(const struct model *m, uint32_t obj)
{
    if (obj < m->objects_n && m->objects[obj].name)
        return strtab_get(m->names, m->objects[obj].name);
    return unknown(obj);
}

/* ---- the run itself ----------------------------------------------------------------------------
 */

static void fold_run(struct model *m, const struct event *e)
{
    if (e->kind == EV_END) {
        m->ended = true;
        m->end_why = e->op < END_COUNT ? e->op : END_STOPPED;
    } else {
        m->started = true;
        m->world = e->op < WORLD_COUNT ? e->op : WORLD_SIM;
        m->scenario = e->c;
        m->seed = (uint64_t)e->v;
        m->procs_n = m->world == WORLD_SIM && e->x <= MODEL_PROCS ? e->x : 0;
    }
    model_log(m, e);
}

static void fold_panic(struct model *m, const struct event *e)
{
    model_log(m, e);
    if (m->panic_text)
        return;
    m->panic_text = e->c;
    m->panic_task = e->task;
    m->panic_ns = m->now_ns;
}

static void fold_param(struct model *m, const struct event *e)
{
    struct params_seen seen = {.name = e->c, .value = e->a, .t_ns = m->now_ns, .by = e->op};
    if (e->op != BY_FILE)
        model_log(m, e);
    for (size_t i = 0; i < m->params_n; i++)
        if (m->params[i].name == e->c) {
            m->params[i] = seen;
            return;
        }
    if (m->params_n == PARAMS) {
        m->ignored++;
        return;
    }
    grow(&m->params, &m->params_cap, m->params_n + 1, sizeof *m->params);
    m->params[m->params_n++] = seen;
}

static void fold_lost(struct model *m, const struct event *e)
{
    if (e->kind == EV_REFUSED) {
        m->refused_tasks = e->v > 0 ? (uint64_t)e->v : 0;
        if (!(e->v & (e->v - 1))) /* thousands may follow: 1, 2, 4 … tell as much */
            model_log(m, e);
        return;
    }
    if (e->v > 0 && m->lost < (uint64_t)INT64_MAX)
        m->lost += (uint64_t)e->v;
    model_log(m, e);
}

static void fold_told(struct model *m, const struct event *e)
{
    if (e->kind == EV_PANIC)
        fold_panic(m, e);
    else if (e->kind == EV_PARAM)
        fold_param(m, e);
    else if (e->kind == EV_LOST || e->kind == EV_REFUSED)
        fold_lost(m, e);
    else
        model_log(m, e);
}

static inline void set_now(struct model *m, int64_t t_ns)
{
    if (UNLIKELY(t_ns > MODEL_TIME_MAX))
        t_ns = MODEL_TIME_MAX;
    if (t_ns > m->now_ns)
        m->now_ns = t_ns;
}

static inline void count_event(struct model *m, const struct event *e)
{
    set_now(m, e->t_ns);
    m->seq++;
}

static inline void apply(struct model *m, const struct event *e)
{
    count_event(m, e);
    switch ((enum event_kind)e->kind) {
    case EV_TASK:
        fold_task(m, e);
        return;
    case EV_CHAN:
    case EV_GROUP:
    case EV_LOCK:
    case EV_SEM:
        fold_thing(m, e);
        return;
    case EV_REQUEST:
        fold_request(m, e);
        return;
    case EV_SELECT:
        return;
    case EV_PROC:
        fold_proc(m, e);
        return;
    case EV_FLIGHT:
    case EV_BARRIER:
    case EV_MAP:
    case EV_POOL:
        fold_shared(m, e);
        return;
    case EV_ADMIT:
    case EV_LAW:
    case EV_LIMITER:
    case EV_RETRY_AFTER:
    case EV_STORE:
    case EV_OVER:
        fold_policy(m, e);
        return;
    case EV_BREAKER:
    case EV_RULE:
    case EV_COUNTS:
    case EV_HALF_OPEN:
        fold_breaker(m, e);
        return;
    case EV_SOURCE:
        fold_source(m, e);
        return;
    case EV_START:
    case EV_END:
        fold_run(m, e);
        return;
    case EV_OBJECT:
        fold_object(m, e);
        return;
    case EV_EDGE:
        fold_edge(m, e);
        return;
    case EV_CTX:
        fold_ctx(m, e);
        return;
    case EV_TIMER:
        fold_timer(m, e);
        return;
    case EV_ERROR:
        fold_error(m, e);
        return;
    case EV_ONCE:
    case EV_COND:
    case EV_CELL:
    case EV_BYTE:
        fold_sync(m, e);
        return;
    case EV_PANIC:
    case EV_PARAM:
    case EV_COMMAND:
    case EV_MARK:
    case EV_LOST:
    case EV_REFUSED:
        fold_told(m, e);
        return;
    case EV_DIAGNOSIS: /* comes through model_diagnosis() */
    case EV_COUNT:
        break;
    }
    m->ignored++;
}

void model_apply(struct model *m, const struct event *e)
{
    apply(m, e);
}

void model_apply_all(struct model *m, const struct event *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        apply(m, &e[i]);
}

void model_advance(struct model *m, int64_t now_ns)
{
    set_now(m, now_ns);
    int64_t now = m->now_ns;
    for (size_t i = 1; i < m->objects_n; i++) {
        struct object_model *o = &m->objects[i];
        if (!o->known)
            continue;
        if (now >= o->history.next_ns)
            history_catch_up(&o->history, now, (float)o->level.now, false);
        object_rate_roll(o, now);
    }
    history_catch_up(&m->in_rate, now, 0, true);
    history_catch_up(&m->out_rate, now, 0, true);
}

void model_diagnosis(struct model *m, const struct diagnosis *d)
{
    if (m->diagnoses_n == DIAGNOSES) {
        m->ignored++;
        return;
    }
    grow(&m->diagnoses, &m->diagnoses_cap, m->diagnoses_n + 1, sizeof *m->diagnoses);
    m->diagnoses[m->diagnoses_n++] = *d;
    struct event e = model_diagnosis_event(d);
    model_log(m, &e);
}

struct event model_diagnosis_event(const struct diagnosis *d)
{
    return (struct event){.t_ns = d->t_ns,
                          .kind = EV_DIAGNOSIS,
                          .op = d->kind,
                          .a = d->tasks,
                          .b = d->objs,
                          .c = d->text};
}
