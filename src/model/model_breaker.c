/* SPDX-License-Identifier: MIT */
/* Breakers: what each holds to, how it counts, what came back last, and its changes of state.
 *
 * A dry run acts as "metrics_only" all the time; what it counts as goes on changing, and so do its
 * changes, marked as dry. */
#include "base/mem.h"
#include "model/model_inside.h"

enum { BREAKERS = 4096 };

const struct breaker_model *model_breaker(const struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->breakers_n; i++)
        if (m->breakers[i].obj == obj)
            return &m->breakers[i];
    return NULL;
}

static struct breaker_model *breaker_at(struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->breakers_n; i++)
        if (m->breakers[i].obj == obj)
            return &m->breakers[i];
    struct object_model *o = object_at(m, obj);
    if (!o || m->breakers_n == BREAKERS) {
        m->ignored++;
        return NULL;
    }
    grow(&m->breakers, &m->breakers_cap, m->breakers_n + 1, sizeof *m->breakers);
    m->breakers[m->breakers_n] = (struct breaker_model){.obj = obj, .since_ns = m->now_ns};
    return &m->breakers[m->breakers_n++];
}

const struct breaker_change *breaker_change(const struct breaker_model *b, size_t back)
{
    if (back >= b->changes_n || back >= MODEL_CHANGES)
        return NULL;
    return &b->change[(b->changes_n - 1 - back) % MODEL_CHANGES];
}

void breaker_admit(struct model *m, const struct event *e)
{
    if (m->objects[e->obj].kind != OBJ_BREAKER)
        return;
    struct breaker_model *b = breaker_at(m, e->obj);
    if (!b)
        return;
    bool ok = e->x >> 8 & ADMIT_IS_OK;
    b->dry_refused += ok && e->op != ADMIT_OK;
    b->refused += e->op != ADMIT_OK;
}

/* It flaps when it is closed for less time than it was open before, and then opens again. */
static void count_flaps(struct model *m, struct breaker_model *b, uint8_t from, uint8_t to)
{
    int64_t closed = m->now_ns - b->since_ns, open = b->since_ns - b->opened_ns;
    if (from == BREAKER_CLOSED && to == BREAKER_OPEN) {
        b->flaps = b->openings > 0 && closed < open ? b->flaps + 1 : 0;
        b->opened_ns = m->now_ns;
    }
    b->openings += to == BREAKER_OPEN;
    b->closings += to == BREAKER_CLOSED;
    b->probings += to == BREAKER_HALF_OPEN;
}

static void changes(struct model *m, struct breaker_model *b, const struct event *e)
{
    uint8_t from = e->x & 0xff;
    bool dry = e->x >> 8;
    if (e->op >= BREAKER_STATE_COUNT || from >= BREAKER_STATE_COUNT) {
        m->ignored++;
        return;
    }
    b->change[b->changes_n++ % MODEL_CHANGES] = (struct breaker_change){
        .t_ns = m->now_ns, .why = e->c, .from = from, .to = e->op, .dry = dry};
    if (!dry)
        b->state = e->op;
    b->in_a_row = e->task;
    bool own = e->op <= BREAKER_HALF_OPEN && from <= BREAKER_HALF_OPEN;
    if (own && !dry)
        count_flaps(m, b, from, e->op);
    b->dry_openings += dry && e->op == BREAKER_OPEN;
    b->counts_as = e->op <= BREAKER_HALF_OPEN ? e->op : BREAKER_CLOSED;
    b->since_ns = m->now_ns;
    b->refused = 0;
    b->half_open_ns = 0;
    model_log(m, e);
}

static void counts(struct breaker_model *b, const struct event *e)
{
    uint8_t result = e->x & 0xff;
    b->out = (uint8_t)(e->x >> 8);
    b->calls = e->task;
    b->failures = e->c;
    b->level = (double)(int32_t)e->a / 1000;
    b->threshold = (double)(int32_t)e->b / 1000;
    if (e->op == BREAKER_CLOSED)
        b->trip_at = b->threshold;
    if (result == SAW_NONE || result >= BREAKER_RESULT_COUNT)
        return;
    b->by_result[result]++;
    b->result[b->results_n++ % MODEL_RESULTS] = result;
}

void fold_breaker(struct model *m, const struct event *e)
{
    struct breaker_model *b = breaker_at(m, e->obj);
    if (!b)
        return;
    switch (e->kind) {
    case EV_BREAKER:
        changes(m, b, e);
        break;
    case EV_RULE:
        b->trip = e->c;
        b->open_for_ns = e->v > 0 && e->v < MODEL_TIME_MAX ? e->v : 0;
        b->probes = e->task;
        b->close_after = e->x;
        break;
    case EV_COUNTS:
        counts(b, e);
        break;
    default:
        b->half_open_ns = e->v > 0 && e->v < MODEL_TIME_MAX ? e->v : 0;
        break;
    }
}
