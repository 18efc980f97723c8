/* SPDX-License-Identifier: MIT */
/* The rate limiter: one tape of requests through one limiter, or through several side by side.
 * Checklist T2; what each library does: policies/limiter*.c. */
#include "patterns/rate_limiter.h"

#include <stdio.h>
#include <string.h>

#define ROW(f, t, d, lo, hi, ...)                                                           \
    {                                                                                       \
        .name = #f, .type = t, .offset = offsetof(struct rate_limiter_params, f), .def = d, \
        .min = lo, .max = hi, __VA_ARGS__                                                   \
    }
static const char *const mistakes[] = {"none", "M1", NULL};
static const struct param rows[] = {
    ROW(patience, PT_DURATION, "forever", 0, 0, .forever = true, .live = true, .unit = "ns",
        .help = "how long a request would wait to be let in; a limiter that knows says no at once"),
    ROW(priorities, PT_INT, "1", 1, 8, .unit = "classes",
        .help = "classes of urgency, 0 is the most urgent; requests are spread over them evenly"),
    ROW(server, PT_INT, "0", 0, 10000, .unit = "calls",
        .help = "how many calls the server behind each limiter works on at once, the others stand "
                "in its queue; 0 = all of them"),
    ROW(mistake, PT_CHOICE, "none", 0, 0, .choices = mistakes, .unit = "",
        .help = "M1 who waits at a limiter does not listen to the context (M2 burst = 0, M4 per = "
                "key are "
                "parameters of the limiter)"),
};
static const struct param_table rate_limiter_table = {.section = "rate_limiter",
                                                      .help = "requests through limiters",
                                                      .rows = rows,
                                                      .n = ARRAY_LEN(rows),
                                                      .size = sizeof(struct rate_limiter_params)};

static struct rate_limiter *limiter_of(const struct pattern_run *pr)
{
    return pattern_state(pr);
}

static const char *check(const struct pattern_run *pr)
{
    static _Thread_local char text[256];
    const struct traffic_params *t = pattern_params(pr, "traffic");
    const char *section, *bad;
    int lanes = 0;
    for (; (section = pattern_nth_section(pr, &limiter_table, (size_t)lanes)); lanes++)
        if ((bad = limiter_check(pattern_params(pr, section)))) {
            snprintf(text, sizeof text, "[%.60s]: %.180s", section, bad);
            return text;
        }
    if (lanes > LIMITER_LANES) {
        snprintf(text, sizeof text, "%d limiters: at most %d can stand side by side", lanes,
                 LIMITER_LANES);
        return text;
    }
    if (lanes > 1 && t->arrivals.kind == ARR_CLOSED)
        return "closed(…) arrivals depend on the answers, which differ from lane to lane: one "
               "limiter, or other arrivals";
    return NULL;
}

/* ---- tasks -------------------------------------------------------------------------------------
 */

void limiter_enter(struct rate_limiter *w)
{
    atomic_fetch_add(&w->tasks, 1);
    wg_add(w->wg, 1);
}

void limiter_leave(struct rate_limiter *w)
{
    wg_done(w->wg);
    if (atomic_fetch_sub(&w->tasks, 1) == 1)
        chan_close(w->over);
}

static void tape(void *arg)
{
    struct rate_limiter *w = arg;
    struct request *r[LIMITER_LANES];
    for (int i = 0; i < w->lanes_n; i++)
        rt_hold(gate_id(w->lane[i].gate), ROLE_SENDS);
    rt_hold(ctx_id(w->ctx), ROLE_RECEIVES);
    while (traffic_next(w->traffic, w->ctx, &r[0]) == RT_OK) {
        for (int i = 1; i < w->lanes_n; i++)
            r[i] = request_for_lane(w->traffic, r[0], (uint16_t)i);
        for (int i = 0; i < w->lanes_n; i++)
            lane_offer(&w->lane[i], r[i]);
        traffic_taken(w->traffic);
    }
    for (int i = 0; i < w->lanes_n; i++)
        lane_last(&w->lane[i]);
    limiter_leave(w);
}

static void lane_free(void *arg)
{
    struct lane *l = arg;
    kept_free(&l->waiting, &l->turns);
}

static void lane_make(struct rate_limiter *w, int i, const char *section)
{
    struct lane *l = &w->lane[i];
    const struct limiter_params *p = pattern_params(w->pr, section);
    const char *dot = strchr(section, '.');
    struct policy *policy = limiter_create(p, rt_now());
    char name[PARAM_TEXT];
    l->of = w;
    l->name = dot ? dot + 1 : section;
    l->gate = gate_make(l->name, OBJ_LIMITER, (int64_t)policy_cap(policy), policy, (uint16_t)i);
    snprintf(name, sizeof name, w->lanes_n > 1 ? "%.200s.dependency" : "dependency", l->name);
    l->dependency = dependency_make(name, pattern_params(w->pr, "dependency"));
    l->dependency_obj = dependency_id(l->dependency);
    l->poke = chan_make_quiet(1);
    snprintf(name, sizeof name, "%.200s.queue", l->name);
    l->calls = w->server ? chan_make(name, SERVER_QUEUE) : chan_make_quiet(0);
    rt_at_destroy(w->rt, lane_free, l);
    rt_edge(gate_id(l->gate), l->dependency_obj, ROLE_CALLS);
}

static void serve(struct lane *l, int number)
{
    char name[96];
    snprintf(name, sizeof name, "%.64s-server-%d", l->name, number);
    limiter_enter(l->of);
    if (!rt_spawn(name, lane_server, l))
        limiter_leave(l->of);
}

static void rate_limiter_main(struct pattern_run *pr)
{
    struct rate_limiter *w = rt_alloc(pattern_rt(pr), sizeof *w);
    const char *section;
    w->pr = pr;
    w->rt = pattern_rt(pr);
    const struct rate_limiter_params *p = pattern_params(pr, "rate_limiter");
    w->server = (int)p->server;
    uint32_t source = rt_object(OBJ_SOURCE, "traffic", 0);
    while (w->lanes_n < LIMITER_LANES &&
           pattern_nth_section(pr, &limiter_table, (size_t)w->lanes_n))
        w->lanes_n++;
    w->ctx = ctx_with_cancel(ctx_background(), "run");
    w->wg = wg_make("work");
    w->over = chan_make_quiet(0);
    w->heeds = p->mistake != M1_NO_CONTEXT;
    for (int i = 0; (section = pattern_nth_section(pr, &limiter_table, (size_t)i)); i++)
        lane_make(w, i, section);
    w->traffic = traffic_start(pattern_params(pr, "traffic"), (int)p->priorities, w->lanes_n,
                               pattern_base_dir(pr), source);
    rt_hold(ctx_id(w->ctx), ROLE_CLOSES);
    for (int i = 0; i <= w->lanes_n; i++)
        limiter_enter(w);
    for (int i = 0; i < w->lanes_n; i++)
        if (!rt_spawn(w->lane[i].name, lane_task, &w->lane[i]))
            limiter_leave(w);
    if (!rt_spawn("tape", tape, w))
        limiter_leave(w);
    for (int i = 0; i < w->lanes_n * w->server; i++)
        serve(&w->lane[i % w->lanes_n], i / w->lanes_n + 1);
    pattern_set_state(pr, w);
    if (w->heeds) {
        wg_wait(w->wg);
        return;
    }
    struct select_case sc[] = {{.c = w->over}, {.c = ctx_done(w->ctx)}};
    chan_select(sc, 2); /* M1: who cancels does not wait for the others */
}

/* ---- what people do to it
 * ------------------------------------------------------------------------ */

static void shut_down(struct pattern_run *pr)
{
    struct rate_limiter *w = limiter_of(pr);
    if (atomic_exchange(&w->stopping, true))
        return;
    rt_mark("shutdown: no new requests; those that wait are let in in their turn", BY_ENGINE);
    traffic_stop(w->traffic);
}

static void cancel(struct pattern_run *pr)
{
    struct rate_limiter *w = limiter_of(pr);
    atomic_store(&w->stopping, true);
    traffic_stop(w->traffic);
    for (int i = 0; i < w->lanes_n; i++)
        gate_shutdown(w->lane[i].gate);
    ctx_cancel(w->ctx, NULL);
    traffic_discard(w->traffic, PHASE_CANCEL);
}

static const struct pattern_action actions[] = {
    {"shutdown", "graceful: no new requests, those that wait have their turn", shut_down},
    {"cancel", "hard: cancel the context; who waits gives up", cancel},
    {NULL, NULL, NULL},
};

static const char *inject(struct pattern_run *pr, const char *fault, const char *arg)
{
    struct rate_limiter *w = limiter_of(pr);
    const char *bad = NULL;
    for (int i = 0; i < w->lanes_n; i++) {
        const char *one = dependency_inject(w->lane[i].dependency, fault, arg);
        bad = bad ? bad : one;
    }
    return bad;
}
static const char *dependency_hangs(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "hang", arg);
}
static const char *dependency_fails(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "errors", arg);
}
static const char *dependency_slows(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "slow", arg);
}
static const char *dependency_recovers(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "recover", arg);
}
static const struct pattern_fault faults[] = {
    {"dependency", "hang", "the next call (or the next N) of each lane never returns",
     dependency_hangs},
    {"dependency", "errors", "calls fail for 5s, for a time, or the next N", dependency_fails},
    {"dependency", "slow", "calls take 10 times as long, or X times", dependency_slows},
    {"dependency", "recover", "calls are as the parameters say again", dependency_recovers},
    {NULL, NULL, NULL, NULL},
};

static void changed(struct pattern_run *pr, const char *section, const char *name)
{
    struct rate_limiter *w = limiter_of(pr);
    (void)name;
    if (strcmp(section, "traffic") == 0)
        traffic_changed(w->traffic, pattern_params(pr, "traffic"));
    for (int i = 0; i < w->lanes_n; i++) {
        struct lane *l = &w->lane[i];
        if (strcmp(section, "dependency") == 0)
            dependency_changed(l->dependency, pattern_params(pr, "dependency"));
        const char *own = pattern_nth_section(pr, &limiter_table, (size_t)i);
        if (own && strcmp(section, own) == 0) {
            const char *bad = gate_set(l->gate, pattern_params(pr, section));
            if (bad)
                rt_mark(bad, BY_ENGINE);
            chan_try_send(l->poke, 1);
        }
    }
}

static const struct param_table *const tables[] = {&rate_limiter_table, &limiter_table,
                                                   &traffic_table, &dependency_table, NULL};

const struct pattern pattern_rate_limiter = {
    .name = "rate_limiter",
    .title = "Rate limiter",
    .tables = tables,
    .check = check,
    .main = rate_limiter_main,
    .changed = changed,
    .actions = actions,
    .faults = faults,
};
