/* SPDX-License-Identifier: MIT */
/* Feeds hand-made events to a model, for tests. Times are in milliseconds. */
#ifndef TESTS_UNIT_FOLD_RUN_H
#define TESTS_UNIT_FOLD_RUN_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/emit.h"
#include "model/model.h"

#define MS INT64_C(1000000)

struct fold_run {
    struct strtab *names;
    struct model *m;
};

static inline struct fold_run fold_begin(void)
{
    struct fold_run f = {.names = strtab_create()};
    f.m = model_create(f.names);
    return f;
}

static inline void fold_free(struct fold_run *f)
{
    model_free(f->m);
    strtab_destroy(f->names);
}

static inline uint32_t fold_name(struct fold_run *f, const char *text)
{
    return strtab_intern(f->names, text);
}

static inline void fold_event(struct fold_run *f, struct event e)
{
    model_apply(f->m, &e);
}

static inline void fold_new_task(struct fold_run *f, int64_t ms, uint32_t id, const char *name,
                                 uint32_t parent)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_TASK,
                                 .op = TASK_NEW,
                                 .x = PROC_NONE << 8,
                                 .task = id,
                                 .a = fold_name(f, name),
                                 .c = parent});
}

static inline void fold_state(struct fold_run *f, int64_t ms, uint32_t id, enum task_state state,
                              enum why why, uint32_t on)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_TASK,
                                 .op = (uint8_t)state,
                                 .x = (uint16_t)(why | PROC_NONE << 8),
                                 .task = id,
                                 .obj = on});
}

static inline void fold_new_object(struct fold_run *f, int64_t ms, uint32_t id, enum obj_kind kind,
                                   const char *name, int64_t cap)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_OBJECT,
                                 .op = (uint8_t)kind,
                                 .obj = id,
                                 .c = fold_name(f, name),
                                 .v = cap});
}

static inline void fold_edge_of(struct fold_run *f, int64_t ms, uint32_t task, uint32_t obj,
                                enum role role, bool gone)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_EDGE,
                                 .op = (uint8_t)role,
                                 .x = gone,
                                 .task = task,
                                 .obj = obj});
}

static inline void fold_chan_op(struct fold_run *f, int64_t ms, uint32_t task, uint32_t obj,
                                enum chan_op op, uint32_t len, uint32_t senders, uint32_t receivers)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_CHAN,
                                 .op = (uint8_t)op,
                                 .task = task,
                                 .obj = obj,
                                 .c = receivers,
                                 .v = emit_ab(len, senders)});
}

static inline void fold_request_step(struct fold_run *f, int64_t ms, uint64_t id, enum phase phase,
                                     uint32_t task, uint32_t obj, uint32_t priority)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_REQUEST,
                                 .op = (uint8_t)phase,
                                 .task = task,
                                 .obj = obj,
                                 .c = priority,
                                 .v = (int64_t)id});
}

static inline void fold_simple(struct fold_run *f, int64_t ms, enum event_kind kind, uint8_t op)
{
    fold_event(f, (struct event){.t_ns = ms * MS, .kind = (uint8_t)kind, .op = op});
}

/* Any event, values from a generator: mostly small ids, sometimes anything. */
static inline uint64_t fold_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static inline struct event fold_any_event(uint64_t *x, int64_t *t)
{
    uint64_t r = fold_random(x);
    bool wild = r % 64 == 0;
    *t += (int64_t)(fold_random(x) % 3000000);
    struct event e = {.t_ns = wild ? (int64_t)fold_random(x) >> (r >> 8 & 31) : *t,
                      .kind = (uint8_t)(wild ? r >> 16 : (r >> 16) % EV_COUNT),
                      .op = (uint8_t)(wild ? r >> 24 : (r >> 24) % 10),
                      .x = (uint16_t)(wild ? r >> 32 : (r >> 32) % 3)};
    uint64_t a = fold_random(x), b = fold_random(x), c = fold_random(x);
    e.task = (uint32_t)(wild ? a : a % 40);
    e.obj = (uint32_t)(wild ? b : b % 24);
    e.c = (uint32_t)(wild ? c : c % 12);
    e.v = wild ? (int64_t)fold_random(x) : (int64_t)(c >> 32) % 50;
    return e;
}

#endif
