/* SPDX-License-Identifier: MIT */
/* Runs a pattern with given parameters in sim, and folds its REQUEST events, for tests. */
#ifndef TESTS_UNIT_POOL_RUN_H
#define TESTS_UNIT_POOL_RUN_H

#include <stdio.h>

#include "patterns/pattern.h"
#include "tests/account.h"
#include "tests/unit/sim_run.h"

struct pool_run {
    struct sim_run r;
    struct pattern_run *pr;
};

/* Settings are "section.key=value", NULL at the end. */
static inline struct pattern_run *pattern_run_with(const struct pattern *p, struct rt *rt,
                                                   const char *base_dir,
                                                   const char *const *settings)
{
    struct pattern_block blocks[16] = {{0}};
    void *values[16];
    size_t n = 0;
    for (; p->tables[n]; n++) {
        values[n] = xcalloc(1, p->tables[n]->size);
        param_defaults(p->tables[n], values[n]);
        blocks[n] = (struct pattern_block){
            .table = p->tables[n], .section = p->tables[n]->section, .values = values[n]};
    }
    for (; *settings; settings++) {
        char name[128];
        const char *eq = strchr(*settings, '=');
        snprintf(name, sizeof name, "%.*s", (int)(eq - *settings), *settings);
        struct param_at at;
        if (!pattern_param(p, name, &at))
            die("no parameter %s", name);
        for (size_t i = 0; i < n; i++)
            if (p->tables[i] == at.table) {
                const char *bad = param_set(at.row, values[i], eq + 1);
                if (bad)
                    die("%s: %s", *settings, bad);
            }
    }
    struct pattern_run *pr = pattern_run_create(p, rt, blocks, base_dir);
    for (size_t i = 0; i < n; i++)
        free(values[i]);
    return pr;
}

/* Prepared and started, nothing has run yet. q->r must be initialised (sim_run_init). */
static inline void pool_run_begin(struct pool_run *q, const char *const *settings)
{
    const char *why = NULL;
    q->r.rt = rt_create(&q->r.config, &why);
    if (!q->r.rt)
        die("%s", why);
    q->pr = pattern_run_with(pattern_find("worker_pool"), q->r.rt, "tests", settings);
    const char *bad = pattern_check_run(q->pr);
    if (bad)
        die("%s", bad);
    rt_start(q->r.rt, "test", pattern_main, q->pr);
}

static inline void pool_run_free(struct pool_run *q)
{
    rt_destroy(q->r.rt);
    q->r.rt = NULL;
    pattern_run_free(q->pr);
    sim_run_free(&q->r);
}

struct posted_command {
    struct pattern_run *pr;
    const char *text;
    char bad[640];
    bool refused;
};
static inline void post_command(struct rt *rt, void *arg)
{
    struct posted_command *c = arg;
    (void)rt;
    const char *bad = pattern_command(c->pr, c->text, BY_KEY);
    c->refused = bad != NULL;
    snprintf(c->bad, sizeof c->bad, "%s", bad ? bad : "");
}

/* Gives the command at at_ns of scenario time. Returns NULL, or why it was refused (static). */
static inline const char *pool_run_command(struct pool_run *q, int64_t at_ns, const char *text)
{
    static struct posted_command c;
    rt_sim_run(q->r.rt, at_ns, UINT64_MAX);
    c = (struct posted_command){.pr = q->pr, .text = text};
    rt_post(q->r.rt, post_command, &c);
    rt_sim_run(q->r.rt, at_ns, UINT64_MAX);
    return c.refused ? c.bad : NULL;
}

static inline enum rt_state pool_run_to(struct pool_run *q, int64_t until_ns)
{
    return rt_sim_run(q->r.rt, until_ns, UINT64_MAX);
}

/* ---- the fold ---------------------------------------------------------------------------------
 */

/* Every request's life and the sum at every instant; the lives themselves are given back. */
static inline struct account account_fold(const struct event *ev, size_t n)
{
    struct account a = {0};
    for (size_t i = 0; i < n; i++)
        account_see(&a, &ev[i]);
    free(a.state);
    a.state = NULL;
    return a;
}

/* The text of the newest MARK that contains `part`, or "". */
static inline const char *last_mark(const struct sim_run *r, const char *part)
{
    for (size_t i = r->n; i-- > 0;)
        if (r->ev[i].kind == EV_MARK && strstr(strtab_get(r->names, r->ev[i].c), part))
            return strtab_get(r->names, r->ev[i].c);
    return "";
}

/* The id of the object with that name, 0: none. */
static inline uint32_t object_named(const struct sim_run *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->ev[i].kind == EV_OBJECT && strcmp(strtab_get(r->names, r->ev[i].c), name) == 0)
            return r->ev[i].obj;
    return 0;
}

#endif
