/* SPDX-License-Identifier: MIT */
/* Requests: the accounting of each lane and class, and the table of those that have not ended.
 *
 * At every instant arrived = done + errors + rejected + timed_out + cancelled + dropped +
 * in_flight. An end whose beginning was lost counts as arrived too, so the sum closes also then;
 * how long it took is not known and goes into no histogram.
 *
 * The table is open addressing; a gap is closed by moving later entries back (Knuth, 6.4 R), so it
 * holds no tombstones and stays as small as what is in flight. */
#include "model/model_inside.h"

#include <stdlib.h>

#include "base/mem.h"

enum { LEVEL_STEP_NS = 20000000, RATE_STEP_NS = 200000000 };

static size_t home(const struct model *m, uint64_t id, uint16_t lane)
{
    uint64_t h = (id ^ (uint64_t)lane << 48) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h >> 32) & (m->flights_cap - 1);
}

static struct flight *find(const struct model *m, uint64_t id, uint16_t lane)
{
    if (!m->flights_cap)
        return NULL;
    size_t mask = m->flights_cap - 1;
    for (size_t i = home(m, id, lane); m->flights[i].id; i = (i + 1) & mask)
        if (m->flights[i].id == id && m->flights[i].lane == lane)
            return &m->flights[i];
    return NULL;
}

static struct flight *place(struct model *m, uint64_t id, uint16_t lane)
{
    size_t mask = m->flights_cap - 1, i = home(m, id, lane);
    while (m->flights[i].id)
        i = (i + 1) & mask;
    m->flights[i] = (struct flight){.id = id, .lane = lane};
    return &m->flights[i];
}

static struct flight *insert(struct model *m, uint64_t id, uint16_t lane)
{
    if (m->flights_n >= MODEL_FLIGHTS)
        return NULL;
    if ((m->flights_n + 1) * 2 > m->flights_cap) {
        struct flight *old = m->flights;
        size_t n = m->flights_cap, more = n ? n * 2 : 64;
        if (!model_has_room(m, m->tasks_n, m->objects_n, more))
            return NULL;
        m->flights_cap = more;
        m->flights = xcalloc(m->flights_cap, sizeof *m->flights);
        for (size_t i = 0; i < n; i++)
            if (old[i].id)
                *place(m, old[i].id, old[i].lane) = old[i];
        free(old);
    }
    m->flights_n++;
    return place(m, id, lane);
}

static void take_out(struct model *m, struct flight *f)
{
    size_t mask = m->flights_cap - 1, hole = (size_t)(f - m->flights);
    for (size_t i = (hole + 1) & mask; m->flights[i].id; i = (i + 1) & mask) {
        size_t at = home(m, m->flights[i].id, m->flights[i].lane);
        if (((i - at) & mask) >= ((i - hole) & mask)) {
            m->flights[hole] = m->flights[i];
            hole = i;
        }
    }
    m->flights[hole].id = 0;
    m->flights_n--;
}

const struct flight *model_request(const struct model *m, uint16_t lane, uint64_t id)
{
    return id ? find(m, id, lane) : NULL;
}

uint64_t lane_in_flight(const struct lane_model *l)
{
    return l->arrived -
           (l->done + l->errors + l->rejected + l->timed_out + l->cancelled + l->dropped);
}

/* ---- what a task has in hand, and how busy a pool is ------------------------------------------
 */

static void pool_level(struct model *m, uint32_t obj, double by)
{
    struct object_model *o = obj ? object_at(m, obj) : NULL;
    if (!o || (o->kind != OBJ_POOL && o->kind != OBJ_BULKHEAD))
        return;
    double now = o->level.now + by;
    object_level(o, m->now_ns, now > 0 ? now : 0);
}

static void put_down(struct model *m, struct task_model *t)
{
    t->busy_ns += m->now_ns - t->item_ns;
    t->item = 0;
    t->item_ns = m->now_ns;
    pool_level(m, t->item_obj, -1);
}

static void pick_up(struct model *m, struct task_model *t, uint64_t id, uint32_t obj)
{
    if (t->item)
        put_down(m, t);
    t->item = id;
    t->item_ns = m->now_ns;
    t->item_obj = obj;
    pool_level(m, obj, 1);
}

/* ---- the steps ---------------------------------------------------------------------------------
 */

static struct lane_model *lane_at(struct model *m, uint16_t lane)
{
    if (lane >= m->lanes_n)
        m->lanes_n = (size_t)lane + 1;
    return &m->lanes[lane];
}

static void rate_up(struct model *m, struct history *h)
{
    if (!h->step_ns)
        history_begin(h, m->now_ns, RATE_STEP_NS);
    history_catch_up(h, m->now_ns, 0, true);
    h->acc++;
}

static struct flight *arrives(struct model *m, struct lane_model *l, const struct event *e)
{
    l->arrived++;
    level_set(&l->in_system, m->now_ns, l->in_system.now + 1);
    m->classes[e->c < MODEL_CLASSES ? e->c : MODEL_CLASSES - 1].arrived++;
    if (e->x == 0)
        rate_up(m, &m->in_rate);
    struct flight *f = insert(m, (uint64_t)e->v, e->x);
    if (f) {
        f->arrive_ns = m->now_ns;
        f->start_ns = -1;
        f->class_ = (uint8_t)(e->c < MODEL_CLASSES ? e->c : MODEL_CLASSES - 1);
        f->obj = e->obj;
        f->phase = PHASE_ARRIVE;
    }
    return f;
}

static void starts(struct model *m, struct lane_model *l, struct flight *f, const struct event *e)
{
    struct task_model *t = e->task ? task_at(m, e->task) : NULL;
    if (t)
        pick_up(m, t, (uint64_t)e->v, e->obj);
    if (f->phase == PHASE_START)
        return;
    f->start_ns = m->now_ns;
    f->phase = PHASE_START;
    f->task = e->task;
    f->obj = e->obj;
    l->started++;
    level_set(&l->in_service, m->now_ns, l->in_service.now + 1);
    struct class_model *c = &m->classes[f->class_];
    c->started++;
    if (f->arrive_ns >= 0) {
        hist_add(&l->wait, m->now_ns - f->arrive_ns);
        hist_add(&c->wait, m->now_ns - f->arrive_ns);
    }
}

/* `done` frees whoever has it in hand; any other end only the task that says so itself: a worker
 * that hangs stays busy when its job is given up by another. */
static void puts_down(struct model *m, const struct flight *f, const struct event *e)
{
    uint32_t holder = e->op == PHASE_DONE && f ? f->task : e->task;
    struct task_model *t = holder ? task_at(m, holder) : NULL;
    if (!t || t->item != (uint64_t)e->v)
        return;
    t->items++;
    put_down(m, t);
}

static void ends(struct model *m, struct lane_model *l, struct flight *f, const struct event *e)
{
    uint64_t *const count[PHASE_COUNT] = {
        [PHASE_DONE] = &l->done,         [PHASE_ERROR] = &l->errors,
        [PHASE_TIMEOUT] = &l->timed_out, [PHASE_CANCEL] = &l->cancelled,
        [PHASE_REJECT] = &l->rejected,   [PHASE_DROP] = &l->dropped,
    };
    ++*count[e->op];
    level_set(&l->in_system, m->now_ns, l->in_system.now - 1);
    if (e->x == 0)
        rate_up(m, &m->out_rate);
    puts_down(m, f, e);
    struct object_model *o = e->obj ? object_at(m, e->obj) : NULL;
    if (o) {
        o->calls++;
        o->errors += e->op != PHASE_DONE;
    }
    if (!f)
        return;
    m->classes[f->class_].ended++;
    bool answered = e->op == PHASE_DONE || e->op == PHASE_ERROR || e->op == PHASE_TIMEOUT;
    if (answered && f->arrive_ns >= 0)
        hist_add(&l->latency, m->now_ns - f->arrive_ns);
    if (f->phase == PHASE_START) {
        level_set(&l->in_service, m->now_ns, l->in_service.now - 1);
        if (answered)
            hist_add(&l->service, m->now_ns - f->start_ns);
    }
    take_out(m, f);
}

void fold_request(struct model *m, const struct event *e)
{
    if (UNLIKELY(e->x >= MODEL_LANES || e->op >= PHASE_COUNT || !e->v)) {
        m->ignored++;
        return;
    }
    struct lane_model *l = lane_at(m, e->x);
    if (e->op == PHASE_LATE || e->op == PHASE_ATTEMPT) {
        l->late += e->op == PHASE_LATE;
        l->attempts += e->op == PHASE_ATTEMPT;
        if (e->op == PHASE_LATE)
            puts_down(m, NULL, e);
        model_log(m, e);
        return;
    }
    struct flight *f = find(m, (uint64_t)e->v, e->x);
    if (e->op == PHASE_ARRIVE) {
        if (f)
            m->ignored++;
        else
            arrives(m, l, e);
        return;
    }
    if (!f) {
        f = arrives(m, l, e);
        if (f)
            f->arrive_ns = -1; /* nobody knows when */
    }
    if (e->op == PHASE_START) {
        if (f)
            starts(m, l, f, e);
        return;
    }
    model_log_took(m, e, f && f->arrive_ns >= 0 ? m->now_ns - f->arrive_ns : -1);
    ends(m, l, f, e);
}
