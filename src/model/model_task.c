/* SPDX-License-Identifier: MIT */
/* Tasks: the state of each, how long it stood in which, and its last strokes.
 *
 * A state is worth a stroke only if it took time: in sim "runnable" and "running" mostly begin at
 * the same instant, so the later one takes the earlier one's place and the ring reaches further
 * back. */
#include "model/model_inside.h"

#include <string.h>

static bool ended(uint8_t state)
{
    return state == TASK_DONE || state == TASK_PANICKED;
}

static void came(struct model *m)
{
    if (++m->live_tasks > m->peak_tasks)
        m->peak_tasks = m->live_tasks;
}

static void went(struct model *m)
{
    if (m->live_tasks)
        m->live_tasks--;
}

struct task_model *model_task_make(struct model *m, uint32_t id)
{
    if (!id)
        return NULL;
    size_t n = id < m->tasks_n ? m->tasks_n : (size_t)id + 1;
    if (!model_id_fits(m, id) || !model_has_room(m, n, m->objects_n, m->flights_cap)) {
        m->ignored++;
        return NULL;
    }
    model_grow(&m->tasks, &m->tasks_cap, n, sizeof *m->tasks);
    m->tasks_n = n;
    struct task_model *t = &m->tasks[id];
    t->known = true;
    t->proc = PROC_NONE;
    t->born_ns = t->since_ns = m->now_ns;
    came(m);
    return t;
}

/* ---- what a change of state means for the objects -----------------------------------------------
 */

#define BIT(x)       (1u << (x))
#define AT_AN_OBJECT (BIT(WHY_CHAN_SEND) | BIT(WHY_CHAN_RECV) | BIT(WHY_IO))

/* Calls in flight are tasks that wait for them. */
static NOINLINE void call_ends(struct model *m, uint32_t on)
{
    struct object_model *o = object_at(m, on);
    if (o && o->level.now > 0)
        object_level(o, m->now_ns, o->level.now - 1);
}

static void waits_at(struct model *m, uint8_t why, uint32_t on)
{
    struct object_model *o = object_at(m, on);
    if (UNLIKELY(!o))
        return;
    int64_t now = m->now_ns;
    if (why == WHY_IO) {
        object_level(o, now, o->level.now + 1);
        object_rate(o, now, 1, 0);
        return;
    }
    /* without a branch: which of the two is anybody's guess */
    uint32_t send = why == WHY_CHAN_SEND, recv = 1 - send;
    o->senders_since = send && !o->senders ? now : o->senders_since;
    o->receivers_since = recv && !o->receivers ? now : o->receivers_since;
    o->senders += send;
    o->receivers += recv;
}

static void born(struct model *m, struct task_model *t, const struct event *e)
{
    t->name = e->a;
    t->parent = e->c;
    t->born_ns = m->now_ns;
    if (!m->main_task && !e->c && strcmp(strtab_get(m->names, e->a), "main") == 0)
        m->main_task = e->task;
}

static void let_go(struct model *m, struct task_model *t)
{
    if (!t->item)
        return;
    t->busy_ns += m->now_ns - t->item_ns;
    t->item = 0;
    t->item_ns = m->now_ns;
}

/* The log: of what may fill it in no time (every receive waits) only what tells something. By
 * state, the reasons that are worth a line. */
#define EVER (BIT(WHY_COUNT) - 1)
static const uint16_t logged[TASK_STATE_COUNT] = {
    [TASK_NEW] = EVER,
    [TASK_WAITING] = EVER & ~(BIT(WHY_CHAN_RECV) | BIT(WHY_SELECT) | BIT(WHY_IO) | BIT(WHY_SLEEP) |
                              BIT(WHY_CTX)),
    [TASK_DONE] = EVER,
    [TASK_LEAKED] = EVER,
    [TASK_PANICKED] = EVER,
    [TASK_FROZEN] = EVER,
};

void task_stroke(struct task_model *t, int64_t now_ns, uint8_t state, uint8_t why)
{
    uint32_t n = t->strokes;
    n += !n || t->stroke[(n - 1) % TIMELINE].from_ns != now_ns;
    t->strokes = n;
    t->stroke[(n - 1) % TIMELINE] = (struct stroke){.from_ns = now_ns, .state = state, .why = why};
}

static void rare(struct model *m, struct task_model *t, const struct event *e)
{
    switch (e->op) {
    case TASK_NEW:
        m->started_tasks++;
        if (t)
            born(m, t, e);
        else
            came(m);
        break;
    case TASK_DONE:
    case TASK_PANICKED:
        m->done_tasks += e->op == TASK_DONE;
        if (!t || !ended(t->state))
            went(m);
        if (t) {
            t->ended_ns = m->now_ns;
            let_go(m, t);
        }
        if (m->main_task && e->task == m->main_task && e->op == TASK_DONE)
            m->main_done = true;
        break;
    default:
        break;
    }
}

void fold_task(struct model *m, const struct event *e)
{
    uint8_t why = (uint8_t)e->x, state = e->op;
    if (UNLIKELY(state >= TASK_STATE_COUNT || why >= WHY_COUNT)) {
        m->ignored++;
        return;
    }
    struct task_model *t = task_at(m, e->task);
    int64_t now = m->now_ns;
    if (UNLIKELY((1u << state & (1u << TASK_NEW | 1u << TASK_DONE | 1u << TASK_PANICKED)) != 0))
        rare(m, t, e);
    if (UNLIKELY(!t))
        return;
    if (UNLIKELY(ended(t->state) && !ended(state)))
        came(m); /* its end was another's, or the stream is damaged */
    if (m->procs_n)
        proc_task(m, t, e);
    t->in_state[t->state] += now - t->since_ns;
    if (t->why == WHY_IO && t->on)
        call_ends(m, t->on);
    if ((AT_AN_OBJECT >> why & 1) && e->obj)
        waits_at(m, why, e->obj);
    t->state = state;
    t->why = why;
    t->proc = (uint8_t)(e->x >> 8);
    t->on = e->obj;
    t->others = state == TASK_WAITING ? e->c : 0;
    t->until_ns = state == TASK_WAITING ? e->v : 0;
    t->since_ns = now;
    task_stroke(t, now, state, why);
    if (logged[state] >> why & 1)
        model_log(m, e);
}

void fold_source(struct model *m, const struct event *e)
{
    struct task_model *t = task_at(m, e->task);
    if (t)
        t->line = e->a;
}

void model_leaked(struct model *m, const uint32_t *tasks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct task_model *t = task_at(m, tasks[i]);
        if (!t || t->state == TASK_LEAKED || ended(t->state))
            continue;
        t->state = TASK_LEAKED; /* since when it waits, and for what, stays */
        m->leaked_tasks++;
    }
}
