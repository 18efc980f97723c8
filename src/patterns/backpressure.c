/* SPDX-License-Identifier: MIT */
/* Backpressure: a producer, stages of unequal speed, and what their links do when the next stage
 * does not keep up. Checklist T2.C7, T2.M3.
 *
 *   producer ─▶ link1 ─▶ stage-a ─▶ link2 ─▶ … ─▶ consumer ─▶ dependency
 *                 ◀── a full link blocks its sender, so the link before it fills ──◀
 *
 * The hard idea: a link can be switched while it runs, and a channel cannot change its size. A link
 * is therefore a row of channels: its one sender makes the next one, then closes the one before;
 * its one receiver drains that and goes on with the next. So no item is lost or overtaken, and
 * whoever is blocked in a send when the switch comes stays there until there is room. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "patterns/pattern.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/sync.h"
#include "traffic/traffic.h"

enum { STAGES = 8, MOST_ITEMS = 10000000 };
enum link_kind { LINK_BLOCKING, LINK_UNBOUNDED, LINK_DROP_NEWEST, LINK_DROP_OLDEST };
enum { M3_IGNORED = 1 };

struct backpressure_params { /* [backpressure] */
    int64_t stages;
    int64_t queue;
    int link;       /* enum link_kind */
    int64_t memory; /* items */
    struct dist work;
    int mistake;
};
static const char *const kinds[] = {"blocking", "unbounded", "drop_newest", "drop_oldest", NULL};
static const char *const mistakes[] = {"none", "M3", NULL};

#define ROW(f, t, d, lo, hi, ...)                                                           \
    {                                                                                       \
        .name = #f, .type = t, .offset = offsetof(struct backpressure_params, f), .def = d, \
        .min = lo, .max = hi, __VA_ARGS__                                                   \
    }
static const struct param rows[] = {
    ROW(stages, PT_INT, "3", 1, STAGES, .unit = "tasks",
        .help = "how many handle an item one after the other; the last calls the dependency"),
    ROW(queue, PT_INT, "10", 0, MOST_ITEMS, .live = true, .unit = "items",
        .help = "how many a bounded link holds; 0 = it only hands over"),
    ROW(link, PT_CHOICE, "blocking", 0, 0, .choices = kinds, .live = true, .unit = "",
        .help = "what a full link does: blocks its sender, has no bound but memory, throws the "
                "newest or the oldest item away"),
    ROW(memory, PT_INT, "100000", 1, MOST_ITEMS, .unit = "items",
        .help = "unbounded: what fits into memory, in all links together; one more ends the "
                "program"),
    ROW(work, PT_DIST, "const(5ms)", 0, 0, .live = true, .unit = "ns",
        .help = "how long each stage but the last is busy with an item"),
    ROW(mistake, PT_CHOICE, "none", 0, 0, .choices = mistakes, .live = true, .unit = "",
        .help = "M3 backpressure ignored: every link is unbounded, whatever is written"),
};
static const struct param_table backpressure_table = {.section = "backpressure",
                                                      .help = "stages and the links between them",
                                                      .rows = rows,
                                                      .n = ARRAY_LEN(rows),
                                                      .size = sizeof(struct backpressure_params)};

struct made { /* a channel of a link */
    struct chan *c;
    struct made *_Atomic next;
};
struct link {
    char name[16];
    struct made *sends, *receives; /* each its own end's */
};
struct stage {
    struct backpressure *of;
    struct rng *rng;
    struct link *in, *out; /* out NULL: the last */
};
struct backpressure {
    struct pattern_run *pr;
    struct rt *rt;
    struct traffic *traffic;
    struct context *ctx;
    struct waitgroup *wg;
    struct dependency *dependency;
    struct link link[STAGES];
    struct stage stage[STAGES];
    _Atomic int64_t held; /* items in all links */
    int stages;
};

static const struct backpressure_params *params_of(const struct backpressure *b)
{
    return pattern_params(b->pr, "backpressure");
}

static enum link_kind kind_now(const struct backpressure_params *p)
{
    return p->mistake == M3_IGNORED ? LINK_UNBOUNDED : (enum link_kind)p->link;
}

/* ---- links ----------------------------------------------------------------------------------- */

static uint32_t cap_now(const struct backpressure_params *p)
{
    return (uint32_t)(kind_now(p) == LINK_UNBOUNDED ? p->memory : p->queue);
}

static struct made *make(struct backpressure *b, const struct link *l)
{
    struct made *m = rt_alloc(b->rt, sizeof *m);
    m->c = chan_make(l->name, cap_now(params_of(b)));
    return m;
}

/* The channel to send to, after a switch a new one. Its sender's task. */
static struct chan *to_send(struct backpressure *b, struct link *l)
{
    struct made *old = l->sends;
    if (chan_cap(old->c) == cap_now(params_of(b)))
        return old->c;
    struct made *m = make(b, l);
    rt_hold(chan_id(m->c), ROLE_SENDS);
    rt_hold(chan_id(m->c), ROLE_CLOSES);
    l->sends = m;
    atomic_store(&old->next, m); /* before the close, which the receiver sees */
    chan_close(old->c);
    rt_release(chan_id(old->c), ROLE_SENDS);
    rt_release(chan_id(old->c), ROLE_CLOSES);
    return m->c;
}

static void lose(struct backpressure *b, struct request *r, enum phase phase, struct chan *at)
{
    request_end(b->traffic, r, phase, chan_id(at));
    request_free(b->traffic, r);
}

/* Makes room by throwing the oldest away, until the new one fits. An unbuffered link holds none:
 * then it is the new one that is lost. */
static bool push_out(struct backpressure *b, struct chan *c, chan_value v)
{
    chan_value old;
    while (chan_try_send(c, v) != RT_OK) {
        if (chan_cap(c) == 0)
            return false;
        if (chan_try_recv(c, &old) != RT_OK)
            continue; /* the receiver was quicker: there is room now */
        atomic_fetch_sub(&b->held, 1);
        lose(b, (struct request *)old, PHASE_DROP, c);
    }
    return true;
}

/* False: the context was cancelled, and the item is still ours. */
static bool link_send(struct backpressure *b, struct link *l, struct request *r)
{
    struct chan *c = to_send(b, l);
    const struct backpressure_params *p = params_of(b);
    struct select_case sc[] = {{.c = c, .send = true, .value = (chan_value)r},
                               {.c = ctx_done(b->ctx)}};
    atomic_fetch_add(&b->held, 1);
    switch (kind_now(p)) {
    case LINK_UNBOUNDED:
        if (atomic_load(&b->held) > p->memory || chan_try_send(c, sc[0].value) != RT_OK)
            rt_panic(chan_id(c), "out of memory: %" PRId64 " items in the links", p->memory);
        return true;
    case LINK_DROP_NEWEST:
        if (chan_try_send(c, sc[0].value) == RT_OK)
            return true;
        break;
    case LINK_DROP_OLDEST:
        if (push_out(b, c, sc[0].value))
            return true;
        break;
    case LINK_BLOCKING:
        if (chan_select(sc, 2) == 0)
            return true;
        atomic_fetch_sub(&b->held, 1);
        return false;
    }
    atomic_fetch_sub(&b->held, 1);
    lose(b, r, PHASE_DROP, c);
    return true;
}

/* NULL: nothing more will come, or the context was cancelled. */
static struct request *link_recv(struct backpressure *b, struct link *l)
{
    for (;;) {
        struct made *m = l->receives;
        struct select_case sc[] = {{.c = m->c}, {.c = ctx_done(b->ctx)}};
        if (chan_select(sc, 2) == 1)
            return NULL;
        if (sc[0].ok) {
            atomic_fetch_sub(&b->held, 1);
            return (struct request *)sc[0].value;
        }
        struct made *next = atomic_load(&m->next);
        if (!next)
            return NULL;
        rt_release(chan_id(m->c), ROLE_RECEIVES);
        rt_hold(chan_id(next->c), ROLE_RECEIVES);
        l->receives = next;
    }
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static void hold_sending(const struct link *l)
{
    rt_hold(chan_id(l->sends->c), ROLE_SENDS);
    rt_hold(chan_id(l->sends->c), ROLE_CLOSES);
}

static void producer(void *arg)
{
    struct backpressure *b = arg;
    struct request *r;
    hold_sending(&b->link[0]);
    rt_hold(ctx_id(b->ctx), ROLE_RECEIVES);
    while (traffic_next(b->traffic, b->ctx, &r) == RT_OK) {
        bool sent = link_send(b, &b->link[0], r);
        traffic_taken(b->traffic);
        if (!sent) {
            lose(b, r, PHASE_CANCEL, b->link[0].sends->c);
            break;
        }
    }
    chan_close(b->link[0].sends->c);
    wg_done(b->wg);
}

/* The last one's work: the call, and the item's end. */
static void consume(struct backpressure *b, struct request *r)
{
    enum outcome outcome = OUTCOME_NONE;
    uint32_t obj = dependency_id(b->dependency);
    bool back = dependency_call(b->dependency, b->ctx, r, 0, &outcome) == RT_OK;
    enum phase phase = !back                                              ? PHASE_CANCEL
                       : outcome == OUTCOME_OK || outcome == OUTCOME_NONE ? PHASE_DONE
                       : outcome == OUTCOME_HANG                          ? PHASE_CANCEL
                                                                          : PHASE_ERROR;
    request_end(b->traffic, r, phase, obj);
    request_free(b->traffic, r);
}

static void stage(void *arg)
{
    struct stage *s = arg;
    struct backpressure *b = s->of;
    rt_hold(chan_id(s->in->receives->c), ROLE_RECEIVES);
    rt_hold(ctx_id(b->ctx), ROLE_RECEIVES);
    if (s->out)
        hold_sending(s->out);
    else
        rt_hold(dependency_id(b->dependency), ROLE_CALLS);
    for (struct request *r; (r = link_recv(b, s->in));) {
        if (s->in == &b->link[0])
            request_start(b->traffic, r, chan_id(s->in->receives->c));
        if (!s->out) {
            consume(b, r);
            continue;
        }
        int64_t busy = dist_sample(&params_of(b)->work, s->rng);
        if (busy > 0)
            rt_sleep(busy);
        if (!link_send(b, s->out, r)) {
            lose(b, r, PHASE_CANCEL, s->out->sends->c);
            break;
        }
    }
    if (s->out)
        chan_close(s->out->sends->c);
    wg_done(b->wg);
}

/* After a cancel: what stands in the links. */
static void empty(struct backpressure *b)
{
    chan_value v;
    for (int i = 0; i < b->stages; i++)
        for (struct made *m = b->link[i].receives; m; m = atomic_load(&m->next))
            while (chan_try_recv(m->c, &v) == RT_OK)
                lose(b, (struct request *)v, PHASE_CANCEL, m->c);
    traffic_discard(b->traffic, PHASE_CANCEL);
}

static void backpressure_main(struct pattern_run *pr)
{
    struct backpressure *b = rt_alloc(pattern_rt(pr), sizeof *b);
    b->pr = pr;
    b->rt = pattern_rt(pr);
    b->stages = (int)params_of(b)->stages;
    uint32_t source = rt_object(OBJ_SOURCE, "traffic", 0);
    b->ctx = ctx_with_cancel(ctx_background(), "run");
    b->wg = wg_make("work");
    b->dependency = dependency_make("dependency", pattern_params(pr, "dependency"));
    for (int i = 0; i < b->stages; i++) {
        struct link *l = &b->link[i];
        snprintf(l->name, sizeof l->name, "link%d", i + 1);
        l->sends = l->receives = make(b, l);
        b->stage[i] = (struct stage){.of = b, .in = l, .rng = rt_rng(b->rt, l->name)};
        if (i)
            b->stage[i - 1].out = l;
    }
    b->traffic = traffic_start(pattern_params(pr, "traffic"), 1, 1, pattern_base_dir(pr), source);
    rt_hold(ctx_id(b->ctx), ROLE_CLOSES);
    wg_add(b->wg, 1 + b->stages);
    pattern_set_state(pr, b);
    for (int i = 0; i < b->stages; i++) {
        char name[24];
        snprintf(name, sizeof name, "stage-%c", 'a' + i);
        if (!rt_spawn(i + 1 < b->stages ? name : "consumer", stage, &b->stage[i]))
            wg_done(b->wg);
    }
    if (!rt_spawn("producer", producer, b))
        wg_done(b->wg);
    wg_wait(b->wg);
    empty(b);
}

/* ---- what people do to it -------------------------------------------------------------------- */

static void shut_down(struct pattern_run *pr)
{
    struct backpressure *b = pattern_state(pr);
    rt_mark("shutdown: no new items; what is in the links goes through", BY_ENGINE);
    traffic_stop(b->traffic);
}

static void cancel(struct pattern_run *pr)
{
    struct backpressure *b = pattern_state(pr);
    traffic_stop(b->traffic);
    ctx_cancel(b->ctx, NULL);
}

static const struct pattern_action actions[] = {
    {"shutdown", "graceful: no new items, what is under way goes through", shut_down},
    {"cancel", "hard: cancel the context; what is in the links is given up", cancel},
    {NULL, NULL, NULL},
};

static const char *slows(struct pattern_run *pr, const char *arg)
{
    struct backpressure *b = pattern_state(pr);
    return dependency_inject(b->dependency, "slow", arg);
}
static const char *hangs(struct pattern_run *pr, const char *arg)
{
    struct backpressure *b = pattern_state(pr);
    return dependency_inject(b->dependency, "hang", arg);
}
static const char *recovers(struct pattern_run *pr, const char *arg)
{
    struct backpressure *b = pattern_state(pr);
    return dependency_inject(b->dependency, "recover", arg);
}
static const struct pattern_fault faults[] = {
    {"dependency", "slow", "calls take 10 times as long, or X times: pressure builds up", slows},
    {"dependency", "hang", "the next call (or the next N) never returns", hangs},
    {"dependency", "recover", "calls are as the parameters say again", recovers},
    {NULL, NULL, NULL, NULL},
};

static void changed(struct pattern_run *pr, const char *section, const char *name)
{
    struct backpressure *b = pattern_state(pr);
    (void)name; /* links look at their parameters at each send */
    if (strcmp(section, "traffic") == 0)
        traffic_changed(b->traffic, pattern_params(pr, "traffic"));
    else if (strcmp(section, "dependency") == 0)
        dependency_changed(b->dependency, pattern_params(pr, "dependency"));
}

static const struct param_table *const tables[] = {&backpressure_table, &traffic_table,
                                                   &dependency_table, NULL};

const struct pattern pattern_backpressure = {
    .name = "backpressure",
    .title = "Backpressure",
    .tables = tables,
    .main = backpressure_main,
    .changed = changed,
    .actions = actions,
    .faults = faults,
};
