/* SPDX-License-Identifier: MIT */
/* Limiters: what each holds to, how it stands, and a tape of its last decisions.
 *
 * What was let in stands on the tape at the instant at which it passes, which lies ahead of the
 * decision where the limiter has promised an instant:
 *
 *   decision at t ──┬── wait_ns ──▶ passes at t + wait_ns      (ADMIT_AHEAD)
 *   waited for it ──┘── passes at t
 */
#include "base/mem.h"
#include "model/model_inside.h"

enum { LIMITERS = 4096 };

static struct limiter_model *limiter_at(struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->limiters_n; i++)
        if (m->limiters[i].obj == obj)
            return &m->limiters[i];
    if (m->limiters_n == LIMITERS) {
        m->ignored++;
        return NULL;
    }
    grow(&m->limiters, &m->limiters_cap, m->limiters_n + 1, sizeof *m->limiters);
    m->limiters[m->limiters_n] = (struct limiter_model){.obj = obj, .law = LAW_COUNT};
    return &m->limiters[m->limiters_n++];
}

const struct limiter_model *model_limiter(const struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->limiters_n; i++)
        if (m->limiters[i].obj == obj)
            return &m->limiters[i];
    return NULL;
}

void limiter_admit(struct model *m, const struct event *e)
{
    if (m->objects[e->obj].kind != OBJ_LIMITER)
        return;
    struct limiter_model *l = limiter_at(m, e->obj);
    if (!l)
        return;
    bool ok = e->x >> 8 & ADMIT_IS_OK, ahead = e->x >> 8 & ADMIT_AHEAD;
    int64_t wait = ahead && e->v > 0 && e->v < MODEL_TIME_MAX ? e->v : 0;
    l->waited += ok && e->v > 0;
    size_t at = l->tape_n++ % MODEL_TAPE;
    l->tape[at].t_ns = m->now_ns + wait;
    l->tape[at].ok = ok;
    l->tape[at].waited = e->v > 0;
}

static void stands(struct limiter_model *l, const struct event *e, int64_t now_ns)
{
    bool windows = e->op == LAW_FIXED_WINDOW || e->op == LAW_SLIDING_COUNTER;
    if (windows && l->told && e->v > l->at_ns) {
        size_t at = l->past_n++ % MODEL_PAST;
        l->past[at].from_ns = l->at_ns;
        l->past[at].used = l->now;
    }
    l->law = e->op;
    l->told = true;
    l->told_ns = now_ns;
    l->now = (double)(int32_t)e->c / 1000;
    l->other = (double)(int32_t)e->task / 1000;
    l->at_ns = e->v;
    l->line = e->x;
}

void fold_store(struct model *m, const struct event *e)
{
    struct object_model *o = e->op < STORE_OP_COUNT ? object_at(m, e->obj) : NULL;
    if (!o) {
        m->ignored++;
        return;
    }
    count_op(o, e->op);
    object_rate(o, m->now_ns, 1, 0);
    if (e->op == STORE_TAKE || e->op == STORE_SET || e->op == STORE_OVERWRITE)
        object_level(o, m->now_ns, e->a);
    if (e->op == STORE_OVERWRITE || e->op == STORE_NONSENSE || e->op == STORE_DOWN ||
        e->op == STORE_UP)
        model_log(m, e);
}

void fold_limiter(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    struct limiter_model *l = o && o->kind != OBJ_BREAKER ? limiter_at(m, e->obj) : NULL;
    if (!l)
        return;
    if (e->kind == EV_LAW) {
        l->law_ns = m->now_ns;
        l->law = e->op;
        l->span_ns = e->v > 0 && e->v < MODEL_TIME_MAX ? e->v : 0;
        l->count = e->c;
        l->queue = e->task;
    } else if (e->kind == EV_LIMITER) {
        if (e->v < -MODEL_TIME_MAX || e->v > MODEL_TIME_MAX)
            m->ignored++;
        else
            stands(l, e, m->now_ns);
    } else if (e->kind == EV_OVER) {
        l->over = e->b;
        model_log(m, e);
    } else {
        l->refused++;
        l->retry_ns = e->v < MODEL_TIME_MAX ? e->v : -1;
        double after = e->v > 0 ? (double)e->v : 0;
        l->retry_sum_ns += after;
        l->retry_max_ns = after > l->retry_max_ns ? after : l->retry_max_ns;
    }
}
