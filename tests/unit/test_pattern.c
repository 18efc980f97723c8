/* SPDX-License-Identifier: MIT */
/* Patterns: parameters that are published, commands and what they leave in the stream. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "patterns/worker_pool.h"
#include "pool_run.h"

#define SECOND        INT64_C(1000000000)
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(pattern, every_parameter_has_a_default_that_reads_back)
{
    for (size_t k = 0; patterns[k]; k++)
        for (size_t i = 0; patterns[k]->tables[i]; i++) {
            const struct param_table *t = patterns[k]->tables[i];
            void *a = xcalloc(1, t->size), *b = xcalloc(1, t->size);
            param_defaults(t, a);
            for (size_t r = 0; r < t->n; r++) {
                char text[VALUE_TEXT];
                param_format(&t->rows[r], a, text, sizeof text);
                cr_assert_null(param_set(&t->rows[r], b, text), "%s.%s", t->section,
                               t->rows[r].name);
                cr_assert(param_equal(&t->rows[r], a, b), "%s.%s", t->section, t->rows[r].name);
                cr_assert(*t->rows[r].help && t->rows[r].unit, "%s.%s", t->section,
                          t->rows[r].name);
            }
            free(a);
            free(b);
        }
    cr_assert_null(pattern_find("no_such"));
}

Test(pattern, commands_are_checked_without_a_run)
{
    const struct pattern *p = pattern_find("worker_pool");
    static const char *const good[] = {"set worker_pool.workers 8",
                                       "set workers +1",
                                       "set traffic.arrivals burst(10 every 1s)",
                                       "set worker_pool.consumer -3",
                                       "reset",
                                       "reset worker_pool.workers",
                                       "do shutdown",
                                       "do cancel",
                                       "inject dependency hang",
                                       "inject dependency errors 5s",
                                       "mark",
                                       "mark a b c",
                                       "pause",
                                       "speed 2",
                                       "set worker_pool.mistake M3",
                                       "set worker_pool.workers auto"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *bad = pattern_check_command(p, good[i]);
        cr_assert_null(bad, "%s: %s", good[i], bad);
    }
    static const struct {
        const char *text, *part;
    } refused[] = {{"set worker_pool.workes 8", "did you mean 'worker_pool.workers'"},
                   {"set worker_pool.workers 0", "1..10000 or auto"},
                   {"set worker_pool.workers", "usage"},
                   {"set worker_pool.queue 5", "next restart"},
                   {"reset worker_pool.queue", "next restart"},
                   {"set dependency.latency fast", "a distribution"},
                   {"do explode", "there are: shutdown, cancel"},
                   {"inject dependency melt", "dependency hang"},
                   {"inject moon hang", "dependency hang"},
                   {"frobnicate", "no command"},
                   {"set worker_pool.mistake M9", "M1"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *bad = pattern_check_command(p, refused[i].text);
        cr_assert(bad && strstr(bad, refused[i].part), "%s: %s", refused[i].text,
                  bad ? bad : "accepted");
    }
}

static void begin(struct pool_run *q, const char *const *settings)
{
    sim_run_init(&q->r, 1);
    pool_run_begin(q, settings);
}

/* The newest PARAM event of that name, as "value by". */
static const char *param_seen(const struct pool_run *q, const char *name)
{
    static char text[VALUE_TEXT + 32];
    for (size_t i = q->r.n; i-- > 0;) {
        const struct event *e = &q->r.ev[i];
        if (e->kind == EV_PARAM && strcmp(strtab_get(q->r.names, e->c), name) == 0) {
            snprintf(text, sizeof text, "%s %s", strtab_get(q->r.names, e->a), by_names[e->op]);
            return text;
        }
    }
    return "";
}

Test(pattern, all_parameters_are_in_the_stream_before_anything_happens)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=3", "traffic.count=1"));
    pool_run_to(&q, NEVER);
    size_t params = 0, rows = 0, i = 0;
    while (i < q.r.n && q.r.ev[i].kind != EV_OBJECT)
        params += q.r.ev[i++].kind == EV_PARAM;
    for (size_t k = 0; pattern_of(q.pr)->tables[k]; k++)
        rows += pattern_of(q.pr)->tables[k]->n;
    cr_assert_eq(params, rows);
    cr_assert_str_eq(param_seen(&q, "worker_pool.workers"), "3 file");
    cr_assert_str_eq(param_seen(&q, "traffic.count"), "1 file");
    pool_run_free(&q);
}

Test(pattern, a_change_is_a_new_block_and_the_old_one_stays_as_it_was)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=3"));
    const struct pool_params *first = pattern_params(q.pr, "worker_pool");
    for (int i = 0; i < 50; i++)
        cr_assert_null(
            pool_run_command(&q, i * SECOND / 10, i % 2 ? "set workers -1" : "set workers +1"));
    cr_assert_null(pool_run_command(&q, 6 * SECOND, "set worker_pool.workers 7"));
    const struct pool_params *now = pattern_params(q.pr, "worker_pool");
    cr_assert(first->workers == 3 && now->workers == 7 && first != now);
    cr_assert_str_eq(param_seen(&q, "worker_pool.workers"), "7 key");
    char text[64];
    cr_assert(pattern_param_text(q.pr, "worker_pool.workers", text, sizeof text));
    cr_assert_str_eq(text, "7");
    cr_assert_null(pool_run_command(&q, 7 * SECOND, "reset worker_pool.workers"));
    cr_assert_str_eq(param_seen(&q, "worker_pool.workers"), "3 key");
    pool_run_free(&q);
}

Test(pattern, reset_alone_gives_every_changed_parameter_its_value_again)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=3", "dependency.error_rate=0.1"));
    pool_run_command(&q, SECOND, "set workers 5");
    pool_run_command(&q, SECOND, "set dependency.error_rate 0.5");
    pool_run_command(&q, SECOND, "set traffic.arrivals steady(3/s)");
    size_t before = sim_run_count(&q.r, EV_PARAM, -1);
    cr_assert_null(pool_run_command(&q, 2 * SECOND, "reset"));
    cr_assert_eq(sim_run_count(&q.r, EV_PARAM, -1) - before, 3, "only what had changed");
    cr_assert_str_eq(param_seen(&q, "dependency.error_rate"), "0.1 key");
    cr_assert_str_eq(param_seen(&q, "traffic.arrivals"), "poisson(20/s) key");
    pool_run_free(&q);
}

Test(pattern, steps_begin_at_what_auto_stands_for)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=auto"));
    pool_run_command(&q, SECOND, "set workers +1");
    cr_assert_str_eq(param_seen(&q, "worker_pool.workers"), "5 key", "4 processors, one more");
    pool_run_free(&q);
}

Test(pattern, a_refused_command_is_in_the_stream_and_changes_nothing)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=3"));
    pool_run_to(&q, SECOND);
    size_t params = sim_run_count(&q.r, EV_PARAM, -1);
    const char *bad = pool_run_command(&q, SECOND, "set worker_pool.queue 5");
    cr_assert(bad && strstr(bad, "restart"));
    cr_assert_not_null(pool_run_command(&q, SECOND, "set worker_pool.mistake M4"));
    cr_assert_not_null(pool_run_command(&q, SECOND, "set worker_pool.replace_hung on"),
                       "without a job_timeout");
    cr_assert_not_null(pool_run_command(&q, SECOND, "pause"), "a command of the screen");
    cr_assert_eq(sim_run_count(&q.r, EV_COMMAND, -1), 4);
    cr_assert_eq(sim_run_count(&q.r, EV_PARAM, -1), params);
    cr_assert(strstr(last_mark(&q.r, "refused: set worker_pool.queue 5"), "restart"));
    cr_assert_eq(((const struct pool_params *)pattern_params(q.pr, "worker_pool"))->replace_hung,
                 false);
    pool_run_free(&q);
}

Test(pattern, commands_carry_the_step_and_who_gave_them)
{
    struct pool_run q;
    begin(&q, SETTINGS("worker_pool.workers=3"));
    pool_run_to(&q, SECOND);
    uint64_t steps = rt_steps(q.r.rt);
    pool_run_command(&q, SECOND, "mark here it is");
    for (size_t i = 0; i < q.r.n; i++)
        if (q.r.ev[i].kind == EV_COMMAND) {
            cr_assert_eq(q.r.ev[i].v, (int64_t)steps);
            cr_assert_eq(q.r.ev[i].op, BY_KEY);
            cr_assert_eq(q.r.ev[i].t_ns, SECOND);
        }
    cr_assert_str_eq(last_mark(&q.r, "here"), "here it is");
    pool_run_free(&q);
}
