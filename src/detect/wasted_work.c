/* SPDX-License-Identifier: MIT */
/* Wasted work: a task worked on after its context was cancelled.
 *
 *   ctx       ────────── cancel
 *   heeds     call ──────┤ ends
 *   does not  call ────────────┤ call ──────────┤ …      begun after the cancel, for nobody
 *
 * A task belongs to a context when it says that it listens to it (rt_hold(ctx, ROLE_RECEIVES)), or
 * when the errgroup that runs it has one. What was under way at the cancel may end in peace, also a
 * computation with the call at its end. What counts are calls and sleeps that begin later and take
 * time: one call, or two sleeps. In live a cancel takes a while to come around, so there they must
 * begin LATE_NS after it. */
#include "detect/detect.h"

#include "base/str.h"
#include "detect/facts.h"
#include "base/text.h"

#define LATE_NS INT64_C(200000000)
enum { SLEEPS = 2 };

struct worker {
    uint32_t ctx; /* that it listens to, or 0 */
    uint32_t calls, sleeps;
    int64_t since_ns; /* of the call or sleep it is in, or 0 */
    int64_t worked_ns;
    int64_t first_ns; /* the first that began after the cancel */
};
struct state {
    struct slots workers; /* by task */
    struct slots groups;  /* uint32_t by object: the context of an errgroup */
    bool wants;           /* something was cancelled */
};

static void see_edge(struct state *s, const struct model *m, const struct event *e)
{
    if (e->obj >= m->objects_n || m->objects[e->obj].kind != OBJ_CTX)
        return;
    if (e->task && e->op == ROLE_RECEIVES && e->task < m->tasks_n) {
        struct worker *w = slot_at(&s->workers, e->task, sizeof *w);
        w->ctx = e->x ? 0 : e->obj;
    } else if (!e->task && e->op == ROLE_OWNS && e->c < m->objects_n) {
        *(uint32_t *)slot_at(&s->groups, e->c, sizeof(uint32_t)) = e->obj;
    }
}

/* The cancelled context that the task belongs to, or 0. */
static uint32_t cancelled_ctx(const struct state *s, const struct facts *f, const struct model *m,
                              uint32_t task)
{
    const struct worker *w = slot_have(&s->workers, task, sizeof *w);
    if (w && w->ctx && m->objects[w->ctx].cancelled)
        return w->ctx;
    for (const struct hold *h = facts_holds(f, task); h; h = hold_at(f, h->more)) {
        const uint32_t *ctx = slot_have(&s->groups, h->obj, sizeof *ctx);
        if (ctx && *ctx && m->objects[*ctx].cancelled)
            return *ctx;
    }
    return 0;
}

static void tell(struct detect *d, const struct model *m, const struct worker *w, uint32_t task,
                 uint32_t ctx)
{
    struct str what = {0};
    if (w->calls)
        str_addf(&what, P_("%u call", "%u calls", w->calls), w->calls);
    if (w->sleeps)
        str_addf(&what, P_("%s%u sleep", "%s%u sleeps", w->sleeps), w->calls ? _(" and ") : "",
                 w->sleeps);
    detect_raise(d, DIAG_WASTED_WORK, ctx, &task, 1, &ctx, 1,
                 _("%s was cancelled at %.3f s; %s began %s after that, the first at %.3f s, and "
                   "worked on for %.3f s"),
                 model_object_name(m, ctx), (double)m->objects[ctx].closed_ns / 1e9,
                 model_task_name(m, task), what.data, (double)w->first_ns / 1e9,
                 (double)w->worked_ns / 1e9);
    str_free(&what);
}

/* Has it waited for nothing since before then? Its present stroke is the call. */
static bool under_way(const struct task_model *t, int64_t then_ns)
{
    for (uint32_t i = 2; i <= t->strokes && i <= TIMELINE; i++) {
        const struct stroke *s = &t->stroke[(t->strokes - i) % TIMELINE];
        if (s->state != TASK_RUNNING && s->state != TASK_RUNNABLE && s->state != TASK_FROZEN)
            return false;
        if (s->from_ns <= then_ns)
            return true;
    }
    return t->strokes > TIMELINE; /* it computes for longer than is remembered */
}

static void see_task(struct detect *d, struct state *s, const struct model *m,
                     const struct event *e)
{
    uint32_t ctx = cancelled_ctx(s, detect_facts(d), m, e->task);
    if (!ctx)
        return;
    struct worker *w = slot_at(&s->workers, e->task, sizeof *w);
    if (w->since_ns) {
        w->worked_ns += m->now_ns - w->since_ns;
        w->since_ns = 0;
        if (w->worked_ns > 0 && (w->calls || w->sleeps >= SLEEPS))
            tell(d, m, w, e->task, ctx);
    }
    bool call = e->op == TASK_WAITING && (e->x & 0xff) == WHY_IO;
    int64_t late_ns = m->world == WORLD_LIVE ? LATE_NS : 0;
    int64_t then_ns = m->objects[ctx].closed_ns + late_ns;
    if ((!call && e->op != TASK_SLEEPING) || m->now_ns <= then_ns ||
        under_way(&m->tasks[e->task], then_ns))
        return;
    w->calls += call;
    w->sleeps += !call;
    w->since_ns = m->now_ns;
    if (!w->first_ns)
        w->first_ns = m->now_ns;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct state *s = state;
    if (e->kind == EV_EDGE) {
        see_edge(s, m, e);
    } else if (e->kind == EV_CTX) {
        if (!s->wants)
            detect_want(d, UINT64_C(1) << EV_TASK);
        s->wants = true;
    } else if (e->task && e->task < m->tasks_n) {
        see_task(d, s, m, e);
    }
}

static void adopt(void *state)
{
    struct state *s = state;
    slots_adopt(&s->workers, sizeof(struct worker));
    slots_adopt(&s->groups, sizeof(uint32_t));
}

static void drop(void *state)
{
    struct state *s = state;
    slots_drop(&s->workers);
    slots_drop(&s->groups);
}

static size_t bytes(const void *state)
{
    const struct state *s = state;
    return s->workers.cap * sizeof(struct worker) + s->groups.cap * sizeof(uint32_t);
}

const struct detector detector_wasted_work = {
    .name = "wasted_work",
    .help = "a task worked on after it was cancelled",
    .size = sizeof(struct state),
    .kinds = UINT64_C(1) << EV_EDGE,
    .wants = {{EV_CTX, 1u << CTX_CANCEL}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
