/* SPDX-License-Identifier: MIT */
/* Objects: what they are, contexts, timers, errors of groups, and the edges that say who holds
 * which end. */
#include "model/model_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { STEP_NS = 20000000 };

struct object_model *model_object_make(struct model *m, uint32_t id)
{
    if (!id)
        return NULL;
    size_t n = id < m->objects_n ? m->objects_n : (size_t)id + 1;
    if (!model_id_fits(m, id) || !model_has_room(m, m->tasks_n, n, m->flights_cap)) {
        m->ignored++;
        return NULL;
    }
    model_grow(&m->objects, &m->objects_cap, n, sizeof *m->objects);
    m->objects_n = n;
    struct object_model *o = &m->objects[id];
    o->known = true;
    o->born_ns = o->rate_from_ns = o->level.since_ns = m->now_ns;
    history_begin(&o->history, m->now_ns, STEP_NS);
    return o;
}

void fold_object(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    o->kind = e->op < OBJ_KIND_COUNT ? e->op : OBJ_NONE;
    o->name = e->c;
    o->cap = e->v;
}

void fold_ctx(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    if (o->kind == OBJ_NONE)
        o->kind = OBJ_CTX;
    o->parent = e->c;
    if (e->op == CTX_NEW)
        o->deadline_ns = e->v;
    if (e->op != CTX_CANCEL || o->cancelled)
        return;
    o->cancelled = o->closed = true;
    o->closed_ns = m->now_ns;
    o->cause = e->task;
    model_log(m, e);
}

void fold_error(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    if (e->x)
        o->cause = e->c;
    model_log(m, e);
}

void fold_timer(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    if (e->op == TIMER_SET)
        o->deadline_ns = e->v;
    object_level(o, m->now_ns, e->op == TIMER_SET);
}

/* ---- edges: an array for readers, and an index that finds one again ---------------------------
 */

static uint32_t *edge_slot(const struct model *m, const struct edge_model *e)
{
    uint64_t h = ((uint64_t)e->from_task << 32 | e->to_obj) ^ (uint64_t)e->from_obj << 17 ^ e->role;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    size_t mask = m->edge_slots_cap - 1, i = (size_t)(h >> 32) & mask;
    for (; m->edge_slots[i]; i = (i + 1) & mask) {
        const struct edge_model *there = &m->edges[m->edge_slots[i] - 1];
        if (there->from_task == e->from_task && there->from_obj == e->from_obj &&
            there->to_obj == e->to_obj && there->role == e->role)
            break;
    }
    return &m->edge_slots[i];
}

static void index_edges(struct model *m)
{
    if ((m->edges_n + 1) * 2 <= m->edge_slots_cap)
        return;
    free(m->edge_slots);
    m->edge_slots_cap = m->edge_slots_cap ? m->edge_slots_cap * 2 : 64;
    m->edge_slots = xcalloc(m->edge_slots_cap, sizeof *m->edge_slots);
    for (size_t i = 0; i < m->edges_n; i++)
        *edge_slot(m, &m->edges[i]) = (uint32_t)i + 1;
}

void fold_edge(struct model *m, const struct event *e)
{
    if (e->op >= ROLE_COUNT || !object_at(m, e->obj) ||
        (e->task ? !task_at(m, e->task) : e->c && !object_at(m, e->c))) {
        m->ignored++;
        return;
    }
    struct edge_model edge = {.from_task = e->task,
                              .from_obj = e->task ? 0 : e->c,
                              .to_obj = e->obj,
                              .role = e->op,
                              .gone = e->x != 0};
    index_edges(m);
    uint32_t *slot = edge_slot(m, &edge);
    if (*slot) {
        m->edges[*slot - 1].gone = edge.gone;
        return;
    }
    if (m->edges_n == MODEL_EDGES) {
        m->ignored++;
        return;
    }
    grow(&m->edges, &m->edges_cap, m->edges_n + 1, sizeof *m->edges);
    m->edges[m->edges_n++] = edge;
    *slot = (uint32_t)m->edges_n;
}

const struct edge_model *model_edge(const struct model *m, uint32_t task, uint32_t obj,
                                    uint8_t role)
{
    struct edge_model e = {.from_task = task, .to_obj = obj, .role = role};
    const uint32_t *slot = m->edge_slots_cap ? edge_slot(m, &e) : NULL;
    return slot && *slot ? &m->edges[*slot - 1] : NULL;
}
