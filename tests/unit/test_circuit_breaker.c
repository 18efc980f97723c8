/* SPDX-License-Identifier: MIT */
/* The circuit breaker's lanes: one tape of outcomes for all, each decides as its breaker alone,
 * what is told are legal changes, and what is set by hand is in force. */
#include <criterion/criterion.h>

#include "model/figures.h"
#include "model/model.h"
#include "patterns/circuit_breaker.h"
#include "policies/breaker.h"
#include "tests/unit/pool_run.h"

#define S(n) ((int64_t)(n)*1000000000)

static void set_all(const struct param_table *t, void *block, const char *text)
{
    char copy[512], *at = copy;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word; (word = strsep(&at, ";"));) {
        char *eq = strchr(word, '=');
        if (!eq)
            continue;
        *eq = '\0';
        const struct param *row = param_find(t, word);
        cr_assert(row && !param_set(row, block, eq + 1), "%s", word);
    }
}

struct section_text {
    const char *section, *text;
};

/* Sections of one table, or all of a table's own when there is none of it. */
static void begin(struct pool_run *q, uint64_t seed, const struct section_text *given)
{
    const struct pattern *p = pattern_find("circuit_breaker");
    struct pattern_block blocks[32] = {{0}};
    void *values[32];
    size_t n = 0;
    sim_run_init(&q->r, seed);
    const char *why = NULL;
    q->r.rt = rt_create(&q->r.config, &why);
    for (size_t i = 0; p->tables[i]; i++) {
        const struct param_table *t = p->tables[i];
        size_t own = n, dotted = 0;
        values[n] = xcalloc(1, t->size);
        param_defaults(t, values[n]);
        blocks[n] = (struct pattern_block){.table = t, .section = t->section, .values = values[n]};
        n++;
        for (const struct section_text *g = given; g->section; g++) {
            size_t len = strlen(t->section);
            if (strncmp(g->section, t->section, len) != 0)
                continue;
            if (!g->section[len]) {
                set_all(t, values[own], g->text);
            } else if (g->section[len] == '.') {
                values[n] = xcalloc(1, t->size);
                param_defaults(t, values[n]);
                set_all(t, values[n], g->text);
                blocks[n] =
                    (struct pattern_block){.table = t, .section = g->section, .values = values[n]};
                n++;
                dotted++;
            }
        }
        blocks[own].unused = dotted > 0;
    }
    q->pr = pattern_run_create(p, q->r.rt, blocks, "tests");
    for (size_t i = 0; i < n; i++)
        free(values[i]);
    const char *bad = pattern_check_run(q->pr);
    cr_assert_null(bad, "%s", bad);
    rt_start(q->r.rt, "test", pattern_main, q->pr);
}

static struct model *folded(const struct pool_run *q)
{
    struct model *m = model_create(q->r.names);
    model_apply_all(m, q->r.ev, q->r.n);
    return m;
}

static double figure(const struct model *m, const char *path)
{
    return figure_get(m, path).number;
}

static const struct section_text three[] = {
    {"traffic", "arrivals=poisson(20/s);count=1200"},
    {"dependency", "latency=lognormal(40ms, 0.5);error_rate=0.35"},
    {"breaker.a", "trip=consecutive(3);open_for=2s"},
    {"breaker.b", "trip=consecutive(3);open_for=2s"},
    {"breaker.c",
     "trip=rate(60% of 20 calls, min 10);open_for=3s;half_open_requests=3;close_after=2"},
    {NULL, NULL}};

Test(circuit_breaker, lanes_find_the_same_outcomes)
{
    struct pool_run q;
    uint8_t end_of[3][1201] = {{0}};
    begin(&q, 7, three);
    cr_assert_eq(pool_run_to(&q, S(300)), RT_ENDED);
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind == EV_REQUEST && (e->op == PHASE_DONE || e->op == PHASE_ERROR))
            end_of[e->x][e->v] = e->op;
        else if (e->kind == EV_REQUEST && e->op == PHASE_REJECT)
            end_of[e->x][e->v] = PHASE_REJECT;
    }
    size_t both = 0, differ = 0;
    for (int id = 1; id <= 1200; id++) {
        cr_assert(end_of[0][id] && end_of[2][id], "request %d has ended in every lane", id);
        cr_assert_eq(end_of[0][id], end_of[1][id], "twins agree on %d", id);
        if (end_of[0][id] == PHASE_REJECT || end_of[2][id] == PHASE_REJECT) {
            differ += end_of[0][id] != end_of[2][id];
            continue;
        }
        both++;
        cr_assert_eq(end_of[0][id], end_of[2][id], "request %d: one outcome for all", id);
    }
    cr_assert_gt(both, 50);
    cr_assert_gt(differ, 50);
    struct model *m = folded(&q);
    cr_assert_eq(figure(m, "disagreed"), differ);
    cr_assert_eq(figure(m, "objects.a.openings"), figure(m, "objects.b.openings"));
    cr_assert_gt(figure(m, "objects.a.openings"), 3);
    for (int lane = 0; lane < 3; lane++) {
        const struct lane_model *l = &m->lanes[lane];
        cr_assert_eq(l->arrived, 1200);
        cr_assert_eq(l->done + l->errors + l->rejected, 1200);
    }
    model_free(m);
    pool_run_free(&q);
}

/* What is told is a path through the machine, and each step says why. */
Test(circuit_breaker, changes_are_legal_and_explained)
{
    struct pool_run q;
    uint8_t at[64] = {0};
    size_t steps = 0;
    begin(&q, 11, three);
    pool_run_to(&q, S(300));
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind == EV_ADMIT && !(e->x >> 8 & ADMIT_IS_OK))
            cr_assert_eq(e->op, at[e->obj] == BREAKER_OPEN ? ADMIT_OPEN : ADMIT_HALF_OPEN);
        if (e->kind != EV_BREAKER)
            continue;
        uint8_t from = e->x & 0xff, to = e->op;
        cr_assert_eq(from, at[e->obj], "from the state it was in");
        cr_assert(from == BREAKER_HALF_OPEN ||
                      to == (from == BREAKER_OPEN ? BREAKER_HALF_OPEN : BREAKER_OPEN),
                  "%s to %s", breaker_state_names[from], breaker_state_names[to]);
        cr_assert_gt(strlen(strtab_get(q.r.names, e->c)), 5);
        cr_assert_leq(e->b, e->a, "failures are of calls");
        at[e->obj] = to;
        steps++;
    }
    cr_assert_gt(steps, 30);
    pool_run_free(&q);
}

/* The first ask and end events replayed to a breaker alone give the same decisions. */
Test(circuit_breaker, a_lane_decides_as_its_breaker_alone)
{
    static const struct section_text one[] = {{"traffic", "arrivals=poisson(20/s);count=800"},
                                              {"dependency", "latency=const(30ms);error_rate=0.5"},
                                              {"breaker", "trip=consecutive(3);open_for=1s"},
                                              {NULL, NULL}};
    struct pool_run q;
    begin(&q, 3, one);
    cr_assert_eq(pool_run_to(&q, S(300)), RT_ENDED);
    struct breaker_params p;
    param_defaults(&breaker_table, &p);
    set_all(&breaker_table, &p, one[2].text);
    struct policy *alone = breaker_create(&p, 0);
    struct ticket ticket[801];
    size_t refused = 0;
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind == EV_ADMIT) {
            struct policy_request r = {.id = e->c, .deadline_ns = POLICY_NEVER, .cost = 1};
            struct admission a;
            policy_admit(alone, e->t_ns, &r, &a);
            cr_assert_eq(a.ok, e->x >> 8 & 1, "request %u", e->c);
            ticket[e->c] = a.ticket;
            refused += !a.ok;
        } else if (e->kind == EV_REQUEST && (e->op == PHASE_DONE || e->op == PHASE_ERROR)) {
            policy_end(alone, e->t_ns, &ticket[e->v], e->op == PHASE_DONE ? CALL_OK : CALL_ERROR,
                       30000000);
        }
    }
    cr_assert_gt(refused, 100);
    policy_free(alone);
    pool_run_free(&q);
}

static const char *state_of(const struct pool_run *q, const char *path)
{
    struct model *m = folded(q);
    static char word[32];
    snprintf(word, sizeof word, "%s", figure_get(m, path).word);
    model_free(m);
    return word;
}

Test(circuit_breaker, by_hand)
{
    static const struct section_text well[] = {{"traffic", "arrivals=steady(20/s);count=400"},
                                               {"dependency", "latency=const(10ms)"},
                                               {"breaker.a", "trip=consecutive(3);open_for=2s"},
                                               {NULL, NULL}};
    struct pool_run q;
    begin(&q, 3, well);
    cr_assert_null(pool_run_command(&q, S(2), "do open"));
    cr_assert_str_eq(state_of(&q, "objects.a.state"), "open");
    pool_run_to(&q, S(5));
    cr_assert_str_eq(state_of(&q, "objects.a.state"), "closed", "a probe closes it again");
    cr_assert_null(pool_run_command(&q, S(6), "set breaker.a.mode forced_open"));
    cr_assert_str_eq(state_of(&q, "objects.a.state"), "forced_open");
    cr_assert_null(pool_run_command(&q, S(8), "set breaker.a.mode disabled"));
    cr_assert_str_eq(state_of(&q, "objects.a.state"), "disabled");
    cr_assert_null(pool_run_command(&q, S(9), "set breaker.a.mode metrics_only"));
    cr_assert_null(pool_run_command(&q, S(9), "inject dependency errors 2s"));
    cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
    struct model *m = folded(&q);
    cr_assert_eq(figure(m, "objects.a.would_open"), 1);
    cr_assert_gt(figure(m, "objects.a.would_refuse"), 10);
    cr_assert_gt(figure(m, "requests.errors"), 30, "but it let them pass");
    cr_assert_gt(figure(m, "requests.rejected"), 60, "2 s open, 2 s forced open");
    cr_assert_lt(figure(m, "requests.rejected"), 85);
    model_free(m);
    pool_run_free(&q);
}

/* Two endpoints, one sick: a breaker for each leaves the other alone, one for both does not. */
Test(circuit_breaker, one_for_all_refuses_the_healthy)
{
    for (int shared = 0; shared < 2; shared++) {
        struct section_text two[] = {{"circuit_breaker", shared ? "mistake=M4" : "mistake=none"},
                                     {"traffic", "arrivals=steady(20/s);count=400"},
                                     {"dependency.sick", "latency=const(10ms);error_rate=1"},
                                     {"dependency.well", "latency=const(10ms)"},
                                     {"breaker", "trip=rate(40% of 10 calls, min 10);open_for=60s"},
                                     {NULL, NULL}};
        struct pool_run q;
        begin(&q, 3, two);
        cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
        struct model *m = folded(&q);
        double well = figure(m, "objects.well.calls");
        if (shared)
            cr_assert_lt(well, 50);
        else
            cr_assert_eq(well, 200);
        model_free(m);
        pool_run_free(&q);
    }
}

/* Refused and failed calls are answered by the fallback; M3 has none. */
Test(circuit_breaker, a_fallback_answers)
{
    for (int mistake = 0; mistake < 2; mistake++) {
        struct section_text ill[] = {
            {"circuit_breaker", mistake ? "fallback=on;mistake=M3" : "fallback=on;timeout=50ms"},
            {"traffic", "arrivals=steady(20/s);count=200"},
            {"dependency", "latency=const(10ms);error_rate=0.5;hang_rate=0"},
            {"breaker", "trip=consecutive(3);open_for=2s"},
            {NULL, NULL}};
        struct pool_run q;
        begin(&q, 3, ill);
        if (!mistake)
            cr_assert_null(pool_run_command(&q, S(4), "inject dependency hang 3"));
        cr_assert_eq(pool_run_to(&q, S(60)), RT_ENDED);
        struct model *m = folded(&q);
        if (mistake) {
            cr_assert_gt(figure(m, "requests.rejected"), 20);
            cr_assert_eq(figure(m, "objects.breaker.fallbacks"), 0);
        } else {
            cr_assert_eq(figure(m, "requests.done"), 200);
            cr_assert_gt(figure(m, "objects.breaker.fallbacks"), 20);
        }
        model_free(m);
        pool_run_free(&q);
    }
}
