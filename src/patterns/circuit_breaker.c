/* SPDX-License-Identifier: MIT */
/* The circuit breaker: traffic through one breaker, or through several on the same tape of
 * outcomes. Checklist T10; what a breaker does: policies/breaker*.c. */
#include "patterns/circuit_breaker.h"

#include <stdio.h>
#include <string.h>

#include "policies/attempts.h"
#include "policies/breaker.h"

#define ROW(f, t, d, lo, hi, ...)                                                              \
    {                                                                                          \
        .name = #f, .type = t, .offset = offsetof(struct circuit_breaker_params, f), .def = d, \
        .min = lo, .max = hi, __VA_ARGS__                                                      \
    }
static const char *const mistakes[] = {"none", "M3", "M4", NULL};
static const struct param rows[] = {
    ROW(timeout, PT_DURATION, "0", 0, 9e15, .live = true, .unit = "ns",
        .help = "a call is given up after this long, which is a failure; 0 = never"),
    ROW(fallback, PT_BOOL, "off", 0, 0, .live = true, .unit = "",
        .help = "an answer of one's own for what is refused or fails, see [fallback]"),
    ROW(mistake, PT_CHOICE, "none", 0, 0, .choices = mistakes, .unit = "",
        .help = "M3 no fallback, whatever is set; M4 one breaker for all endpoints (M1 a trip too "
                "low and M2 open_for too short are parameters of the breaker)"),
};
static const struct param_table circuit_breaker_table = {.section = "circuit_breaker",
                                                         .help = "calls through circuit breakers",
                                                         .rows = rows,
                                                         .n = ARRAY_LEN(rows),
                                                         .size =
                                                             sizeof(struct circuit_breaker_params)};

static struct circuit_breaker *breaker_run(const struct pattern_run *pr)
{
    return pattern_state(pr);
}

static int sections(const struct pattern_run *pr, const struct param_table *t)
{
    int n = 0;
    while (pattern_nth_section(pr, t, (size_t)n))
        n++;
    return n;
}

static const char *check(const struct pattern_run *pr)
{
    static _Thread_local char text[256];
    const struct traffic_params *t = pattern_params(pr, "traffic");
    const char *section, *bad;
    int lanes = sections(pr, &breaker_table), endpoints = sections(pr, &dependency_table);
    for (int i = 0; (section = pattern_nth_section(pr, &breaker_table, (size_t)i)); i++)
        if ((bad = breaker_check(pattern_params(pr, section)))) {
            snprintf(text, sizeof text, "[%.60s]: %.180s", section, bad);
            return text;
        }
    if (lanes > BREAKER_LANES || endpoints > BREAKER_ENDPOINTS) {
        snprintf(text, sizeof text, "%d breakers, %d dependencies: at most %d of each", lanes,
                 endpoints, BREAKER_LANES);
        return text;
    }
    if (lanes > 1 && endpoints > 1)
        return "either several breakers on the same calls, or several dependencies: a breaker for "
               "each is made of [breaker]";
    if (lanes > 1 && t->arrivals.kind == ARR_CLOSED)
        return "closed(…) arrivals depend on the answers, which differ from lane to lane: one "
               "breaker, or other arrivals";
    return NULL;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

void breaker_poke(struct circuit_breaker *w)
{
    chan_try_send(w->poke, 1);
}

/* Whose it is decides where it goes; nobody's go to each in turn. */
static int endpoint_of(const struct circuit_breaker *w, const struct request *r)
{
    return (int)((r->key ? r->key : r->id - 1) % (uint64_t)w->endpoints_n);
}

static void tape(void *arg)
{
    struct circuit_breaker *w = arg;
    struct request *r[BREAKER_LANES];
    for (int i = 0; i < w->gates_n; i++)
        rt_hold(gate_id(w->gates[i]), ROLE_SENDS);
    rt_hold(ctx_id(w->ctx), ROLE_RECEIVES);
    while (traffic_next(w->traffic, w->ctx, &r[0]) == RT_OK) {
        int to = endpoint_of(w, r[0]);
        dependency_foretell(w->endpoint[to], r[0]);
        for (int i = 1; i < w->lanes_n; i++)
            r[i] = request_for_lane(w->traffic, r[0], (uint16_t)i);
        for (int i = 0; i < w->lanes_n; i++)
            breaker_lane_offer(&w->lane[i], r[i], to);
        traffic_taken(w->traffic);
    }
    atomic_store(&w->last, true);
    breaker_poke(w);
    wg_done(w->wg);
}

/* What breakers do by themselves: a timer of the library. */
static void clock_task(void *arg)
{
    struct circuit_breaker *w = arg;
    struct select_case sc[] = {{.c = w->poke}, {.c = ctx_done(w->ctx)}};
    bool cancelled = false;
    for (int i = 0; i < w->gates_n; i++)
        rt_hold(gate_id(w->gates[i]), ROLE_OWNS);
    rt_hold(ctx_id(w->ctx), ROLE_RECEIVES);
    while (!atomic_load(&w->last) || atomic_load(&w->open)) {
        int64_t until = POLICY_NEVER;
        struct decided d;
        for (int i = 0; i < w->gates_n; i++) {
            gate_decided(w->gates[i], &d);
            int64_t next = gate_next_ns(w->gates[i]);
            until = next < until ? next : until;
        }
        if (chan_select_until(sc, cancelled ? 1 : 2, until) == 1)
            cancelled = true;
    }
    for (int i = 0; i < w->lanes_n; i++)
        chan_close(w->lane[i].calls);
    wg_done(w->wg);
}

static void free_fallback(void *arg)
{
    struct breaker_lane *l = arg;
    policy_free(l->fallback);
}

static struct gate *gate_add(struct circuit_breaker *w, const char *name,
                             const struct breaker_params *p, int lane)
{
    struct policy *policy = breaker_create(p, rt_now());
    struct gate *g = gate_make(name, OBJ_BREAKER, 0, policy, (uint16_t)lane);
    w->gates[w->gates_n++] = g;
    return g;
}

static const char *own_name(const char *section)
{
    const char *dot = strchr(section, '.');
    return dot ? dot + 1 : section;
}

static void lane_make(struct circuit_breaker *w, int i, const char *section)
{
    const struct circuit_breaker_params *own = pattern_params(w->pr, "circuit_breaker");
    const struct breaker_params *p = pattern_params(w->pr, section);
    struct breaker_lane *l = &w->lane[i];
    char name[PARAM_TEXT];
    l->of = w;
    l->name = own_name(section);
    l->fallback = fallback_create(pattern_params(w->pr, "fallback"), rt_rng(w->rt, "fallback"));
    rt_at_destroy(w->rt, free_fallback, l);
    l->calls = chan_make_quiet(0);
    bool each = w->endpoints_n > 1 && own->mistake != M4_ONE_FOR_ALL;
    for (int k = 0; k < w->endpoints_n; k++) {
        const char *at = pattern_nth_section(w->pr, &dependency_table, (size_t)k);
        snprintf(name, sizeof name, "%.120s-breaker", own_name(at));
        if (k == 0 || each)
            l->gate[k] = gate_add(w, each ? name : l->name, p, i);
        else
            l->gate[k] = l->gate[0];
        rt_edge(gate_id(l->gate[k]), dependency_id(w->endpoint[k]), ROLE_CALLS);
    }
}

static void start(struct circuit_breaker *w, const char *name, void (*task)(void *))
{
    wg_add(w->wg, 1);
    if (!rt_spawn(name, task, w))
        wg_done(w->wg);
}

static void circuit_breaker_main(struct pattern_run *pr)
{
    struct circuit_breaker *w = rt_alloc(pattern_rt(pr), sizeof *w);
    const char *section;
    w->pr = pr;
    w->rt = pattern_rt(pr);
    uint32_t source = rt_object(OBJ_SOURCE, "traffic", 0);
    w->lanes_n = sections(pr, &breaker_table);
    w->endpoints_n = sections(pr, &dependency_table);
    w->ctx = ctx_with_cancel(ctx_background(), "run");
    w->wg = wg_make("work");
    w->poke = chan_make_quiet(1);
    for (int i = 0; i < w->endpoints_n; i++) {
        section = pattern_nth_section(pr, &dependency_table, (size_t)i);
        w->endpoint[i] = dependency_make(own_name(section), pattern_params(pr, section));
    }
    for (int i = 0; i < w->lanes_n; i++)
        lane_make(w, i, pattern_nth_section(pr, &breaker_table, (size_t)i));
    w->traffic =
        traffic_start(pattern_params(pr, "traffic"), 1, w->lanes_n, pattern_base_dir(pr), source);
    rt_hold(ctx_id(w->ctx), ROLE_CLOSES);
    start(w, "clock", clock_task);
    start(w, "tape", tape);
    pattern_set_state(pr, w);
    wg_wait(w->wg);
}

/* ---- what people do to it -------------------------------------------------------------------- */

static void shut_down(struct pattern_run *pr)
{
    struct circuit_breaker *w = breaker_run(pr);
    if (atomic_exchange(&w->stopping, true))
        return;
    rt_mark("shutdown: no new requests; calls that are out come back", BY_ENGINE);
    traffic_stop(w->traffic);
}

static void cancel(struct pattern_run *pr)
{
    struct circuit_breaker *w = breaker_run(pr);
    atomic_store(&w->stopping, true);
    traffic_stop(w->traffic);
    ctx_cancel(w->ctx, NULL);
    traffic_discard(w->traffic, PHASE_CANCEL);
}

static void force(struct pattern_run *pr, enum breaker_state to)
{
    struct circuit_breaker *w = breaker_run(pr);
    for (int i = 0; i < w->gates_n; i++)
        gate_force(w->gates[i], to);
    breaker_poke(w);
}
static void force_open(struct pattern_run *pr)
{
    force(pr, BREAKER_OPEN);
}
static void force_closed(struct pattern_run *pr)
{
    force(pr, BREAKER_CLOSED);
}
static void force_half_open(struct pattern_run *pr)
{
    force(pr, BREAKER_HALF_OPEN);
}

static const struct pattern_action actions[] = {
    {"shutdown", "graceful: no new requests, calls that are out come back", shut_down},
    {"cancel", "hard: cancel the context; who waits for an answer gives up", cancel},
    {"open", "open the breakers by hand; their time in open begins", force_open},
    {"close", "close them by hand; their counts begin anew", force_closed},
    {"half_open", "half open by hand: the next calls are probes", force_half_open},
    {NULL, NULL, NULL},
};

static const char *inject(struct pattern_run *pr, const char *fault, const char *arg)
{
    return dependency_inject(breaker_run(pr)->endpoint[0], fault, arg);
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
    {"dependency", "hang",
     "the next call (or the next N) never returns; of several dependencies, "
     "the first one's",
     dependency_hangs},
    {"dependency", "errors", "calls fail for 5s, for a time, or the next N", dependency_fails},
    {"dependency", "slow", "calls take 10 times as long, or X times", dependency_slows},
    {"dependency", "recover", "calls are as the parameters say again", dependency_recovers},
    {NULL, NULL, NULL, NULL},
};

static void breaker_changed(struct circuit_breaker *w, const char *section, const void *params)
{
    for (int i = 0; i < w->lanes_n; i++) {
        const char *own = pattern_nth_section(w->pr, &breaker_table, (size_t)i);
        for (int k = 0; strcmp(section, own) == 0 && k < w->endpoints_n; k++) {
            if (k && w->lane[i].gate[k] == w->lane[i].gate[0])
                continue;
            const char *bad = gate_set(w->lane[i].gate[k], params);
            if (bad)
                rt_mark(bad, BY_ENGINE);
        }
    }
    breaker_poke(w);
}

static void changed(struct pattern_run *pr, const char *section, const char *name)
{
    struct circuit_breaker *w = breaker_run(pr);
    const void *params = pattern_params(pr, section);
    (void)name;
    if (strcmp(section, "traffic") == 0)
        traffic_changed(w->traffic, params);
    if (strcmp(section, "fallback") == 0)
        for (int i = 0; i < w->lanes_n; i++) {
            guard_lock(&w->lane[i].guard);
            policy_set(w->lane[i].fallback, rt_now(), params);
            guard_unlock(&w->lane[i].guard);
        }
    for (int i = 0; i < w->endpoints_n; i++)
        if (strcmp(section, pattern_nth_section(pr, &dependency_table, (size_t)i)) == 0)
            dependency_changed(w->endpoint[i], params);
    if (strncmp(section, "breaker", strlen("breaker")) == 0)
        breaker_changed(w, section, params);
}

static const struct param_table *const tables[] = {&circuit_breaker_table, &breaker_table,
                                                   &traffic_table,         &dependency_table,
                                                   &fallback_table,        NULL};

const struct pattern pattern_circuit_breaker = {
    .name = "circuit_breaker",
    .title = "Circuit breaker",
    .tables = tables,
    .check = check,
    .main = circuit_breaker_main,
    .changed = changed,
    .actions = actions,
    .faults = faults,
};
