/* SPDX-License-Identifier: MIT */
/* Inside of the fold: what its files share. Every handler takes the event's time from m->now_ns,
 * which model_apply() has set (it never goes backwards). */
#ifndef MODEL_INSIDE_H
#define MODEL_INSIDE_H

#include "base/diag.h"
#include "model/model.h"

/* The entry of that id, made if need be; NULL: out of bounds (counted). */
struct task_model *model_task_make(struct model *m, uint32_t id);
struct object_model *model_object_make(struct model *m, uint32_t id);

static inline struct task_model *task_at(struct model *m, uint32_t id)
{
    if (LIKELY(id && id < m->tasks_n && m->tasks[id].known))
        return &m->tasks[id];
    return model_task_make(m, id);
}

static inline struct object_model *object_at(struct model *m, uint32_t id)
{
    if (LIKELY(id && id < m->objects_n && m->objects[id].known))
        return &m->objects[id];
    return model_object_make(m, id);
}

/* Grows to at least need; the new part is zero, and untouched until it is used. */
void model_grow(void *p, size_t *cap, size_t need, size_t size);
/* May an id be as large as that? Each id is made by an event. */
bool model_id_fits(const struct model *m, uint32_t id);
/* Is there room for so many? */
bool model_has_room(struct model *m, size_t tasks, size_t objects, size_t flights);

/* ---- the handlers, by kind of event --------------------------------------------------------- */

void fold_task(struct model *m, const struct event *e);
void fold_source(struct model *m, const struct event *e);
void fold_object(struct model *m, const struct event *e);
void fold_edge(struct model *m, const struct event *e);
void fold_thing(struct model *m, const struct event *e); /* CHAN, GROUP, LOCK, SEM */
void fold_ctx(struct model *m, const struct event *e);
void fold_timer(struct model *m, const struct event *e);
void fold_error(struct model *m, const struct event *e);
void fold_policy(struct model *m, const struct event *e); /* ADMIT, and what follows */
void fold_limiter(struct model *m, const struct event *e);
void fold_store(struct model *m, const struct event *e);
void fold_breaker(struct model *m, const struct event *e); /* BREAKER, RULE, COUNTS, HALF_OPEN */
/* A breaker has decided (ADMIT). */
void breaker_admit(struct model *m, const struct event *e);
/* A limiter has decided (ADMIT). */
void limiter_admit(struct model *m, const struct event *e);
void fold_sync(struct model *m, const struct event *e);   /* ONCE, COND, CELL, BYTE */
void fold_shared(struct model *m, const struct event *e); /* FLIGHT, BARRIER, MAP, POOL */
void fold_proc(struct model *m, const struct event *e);
/* A task goes from one state to another (TASK; t is still as it was). */
void proc_task(struct model *m, const struct task_model *t, const struct event *e);
/* A stretch of a task's life begins (model_task.c). */
void task_stroke(struct task_model *t, int64_t now_ns, uint8_t state, uint8_t why);
void fold_request(struct model *m, const struct event *e);

static inline void model_log_took(struct model *m, const struct event *e, int64_t took_ns)
{
    m->log[m->log_n++ % MODEL_LOG] =
        (struct log_entry){.seq = m->seq, .took_ns = took_ns, .ev = *e};
}

static inline void model_log(struct model *m, const struct event *e)
{
    model_log_took(m, e, -1);
}

/* ---- levels, histories, rates (model_level.c) ------------------------------------------------ */

/* Brings the history up to now: each step that is over becomes a sample. */
void history_catch_up(struct history *h, int64_t now_ns, float rest, bool rate);
void history_begin(struct history *h, int64_t now_ns, int64_t step_ns);

static inline void level_set(struct level *l, int64_t now_ns, double value)
{
    l->area += l->now * (double)(now_ns - l->since_ns);
    l->since_ns = now_ns;
    l->now = value;
    l->max = value > l->max ? value : l->max;
}

/* The level of an object: its mean, maximum and history. */
static inline void object_level(struct object_model *o, int64_t now_ns, double value)
{
    if (UNLIKELY(now_ns >= o->history.next_ns))
        history_catch_up(&o->history, now_ns, (float)o->level.now, false);
    level_set(&o->level, now_ns, value);
    float peak = (float)value;
    o->history.acc = peak > o->history.acc ? peak : o->history.acc;
}

#define MODEL_SECOND INT64_C(1000000000)

static inline void count_op(struct object_model *o, uint8_t op)
{
    o->ops[op & (OBJECT_OPS - 1)]++;
}

void object_rate_roll(struct object_model *o, int64_t now_ns);

static inline void object_rate(struct object_model *o, int64_t now_ns, uint32_t in, uint32_t out)
{
    if (UNLIKELY(now_ns - o->rate_from_ns >= MODEL_SECOND))
        object_rate_roll(o, now_ns);
    o->rate_count += in;
    o->rate_out_count += out;
}

#endif
