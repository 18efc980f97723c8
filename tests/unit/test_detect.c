/* SPDX-License-Identifier: MIT */
/* Detectors: small programs run in sim with a mistake, and their repaired twins; planted streams.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fold_run.h"
#include "sim_run.h"

#include "base/str.h"
#include "base/text.h"
#include "detect/detect.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/sync.h"
#include "runtime/timer.h"

struct found {
    struct sim_run r;
    struct model *m;
    struct detect *d;
};

static void apply_all(struct found *f, size_t from)
{
    for (size_t i = from; i < f->r.n; i++)
        detect_apply(f->d, f->m, &f->r.ev[i]);
}

static struct found run(void (*fn)(void *), void *arg)
{
    struct found f;
    sim_run_init(&f.r, 5);
    sim_run_all(&f.r, fn, arg);
    f.m = model_create(f.r.names);
    f.d = detect_create(f.r.names);
    apply_all(&f, 0);
    return f;
}

/* Runs for a while, then it is stopped with that reason. */
static struct found run_until(void (*fn)(void *), void *arg, int64_t ns, enum end_why why)
{
    struct found f;
    sim_run_init(&f.r, 5);
    sim_run_start(&f.r, fn, arg);
    rt_sim_run(f.r.rt, ns, UINT64_MAX);
    rt_stop(f.r.rt, why);
    rt_sim_run(f.r.rt, ns, UINT64_MAX);
    f.m = model_create(f.r.names);
    f.d = detect_create(f.r.names);
    apply_all(&f, 0);
    return f;
}

static void done(struct found *f)
{
    detect_free(f->d);
    model_free(f->m);
    sim_run_free(&f->r);
}

static const char *text(const struct found *f, size_t i)
{
    return strtab_get(f->r.names, f->m->diagnoses[i].text);
}

static const char *tasks(const struct found *f, size_t i)
{
    return strtab_get(f->r.names, f->m->diagnoses[i].tasks);
}

#define ASSERT_ONE(f, what, said)                                                 \
    do {                                                                          \
        cr_assert_eq((f).m->diagnoses_n, 1, "%zu diagnoses", (f).m->diagnoses_n); \
        cr_assert_eq((f).m->diagnoses[0].kind, what);                             \
        cr_assert_str_eq(text(&(f), 0), said);                                    \
    } while (0)
#define ASSERT_NONE(f) \
    cr_assert_eq((f).m->diagnoses_n, 0, "%s", (f).m->diagnoses_n ? text(&(f), 0) : "")

/* ---- a pool whose jobs channel is closed, or not
 * -------------------------------------------------- */

static struct chan *jobs, *results;
static struct waitgroup *wg;
static bool closes, selects, cancels;
static struct context *ctx;
static int n_workers;

static void worker(void *arg)
{
    (void)arg;
    rt_hold(chan_id(jobs), ROLE_RECEIVES);
    chan_value v;
    for (;;) {
        struct select_case sc[] = {{.c = jobs}, {.c = ctx_done(ctx)}};
        if (selects ? chan_select(sc, 2) == 1 || !sc[0].ok : !chan_recv(jobs, &v))
            break;
        rt_sleep(1000);
    }
}

static void producer(void *arg)
{
    (void)arg;
    rt_hold(chan_id(jobs), ROLE_SENDS);
    rt_hold(chan_id(jobs), ROLE_CLOSES);
    for (int i = 0; i < 20; i++)
        chan_send(jobs, 1);
    if (closes)
        chan_close(jobs);
}

static void m_pool(void *arg)
{
    (void)arg;
    jobs = chan_make("jobs", 2);
    ctx = ctx_with_cancel(ctx_background(), "ctx");
    rt_spawn("producer", producer, NULL);
    for (int i = 1; i <= n_workers; i++) {
        char name[32];
        snprintf(name, sizeof name, "worker-%d", i);
        rt_spawn(name, worker, NULL);
    }
    rt_sleep(100000);
    if (cancels)
        ctx_cancel(ctx, NULL);
}

Test(leak, a_channel_that_nobody_closes)
{
    for (int i = 0; i < 2; i++) {
        n_workers = 3;
        closes = cancels = false;
        selects = i;
        struct found f = run(m_pool, NULL);
        ASSERT_ONE(f, DIAG_LEAK,
                   "worker-1, worker-2 and worker-3 wait to receive from jobs; only producer could "
                   "send to it or close it, and it has ended");
        cr_assert_str_eq(tasks(&f, 0), "worker-1, worker-2, worker-3");
        cr_assert_str_eq(strtab_get(f.r.names, f.m->diagnoses[0].objs), "jobs");
        cr_assert_eq(f.m->leaked_tasks, 3);
        for (uint32_t id = 3; id <= 5; id++)
            cr_assert_eq(f.m->tasks[id].state, TASK_LEAKED);
        done(&f);
    }
}

Test(leak, the_repaired_twins_have_none)
{
    n_workers = 3;
    closes = true;
    selects = cancels = false;
    struct found f = run(m_pool, NULL);
    ASSERT_NONE(f);
    cr_assert_eq(f.m->leaked_tasks, 0);
    cr_assert_eq(f.m->live_tasks, 0);
    done(&f);
    closes = false;
    selects = cancels = true;
    f = run(m_pool, NULL);
    ASSERT_NONE(f);
    done(&f);
}

Test(leak, ten_thousand_are_one_diagnosis)
{
    n_workers = 10000;
    closes = selects = cancels = false;
    struct found f = run(m_pool, NULL);
    ASSERT_ONE(f, DIAG_LEAK,
               "10000 tasks (worker-1, worker-2, worker-3 and 9997 others) wait to receive from "
               "jobs; only producer could send to it or close it, and it has ended");
    cr_assert_eq(f.m->leaked_tasks, 10000);
    done(&f);
}

static void ticks(void *arg)
{
    struct timer *t = ticker_make("tick", 1000);
    (void)arg;
    for (;;)
        chan_recv(timer_chan(t), NULL);
}

static void m_ticking(void *arg)
{
    m_pool(arg);
    rt_spawn("ticking", ticks, NULL);
}

Test(leak, of_a_run_that_was_cut_short_only_what_is_proved)
{
    n_workers = 2;
    closes = selects = cancels = false;
    struct found f = run_until(m_ticking, NULL, 500000, END_FOR);
    cr_assert_eq(f.m->end_why, END_FOR);
    ASSERT_ONE(f, DIAG_LEAK,
               "worker-1 and worker-2 wait to receive from jobs; only producer could send to it or "
               "close it, and it has ended");
    done(&f);
    closes = true; /* the repaired twin: only the ticking one is left, and it is not stuck */
    f = run_until(m_ticking, NULL, 500000, END_FOR);
    ASSERT_NONE(f);
    done(&f);
    closes = false;
    /* main has not returned: the producer may still come, or main may close it */
    f = run_until(m_ticking, NULL, 50000, END_FOR);
    ASSERT_NONE(f);
    done(&f);
}

static void stuck_sender(void *arg)
{
    (void)arg;
    rt_hold(chan_id(results), ROLE_SENDS);
    chan_send(results, 1);
}

static void stuck_receiver(void *arg)
{
    (void)arg;
    rt_hold(chan_id(results), ROLE_RECEIVES);
    rt_release(chan_id(results), ROLE_RECEIVES);
}

static void m_no_consumer(void *arg)
{
    (void)arg;
    results = chan_make("results", 0);
    rt_spawn("consumer", stuck_receiver, NULL);
    rt_spawn("sender", stuck_sender, NULL);
}

static void m_group(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    wg_add(wg, 2);
    rt_spawn("closer", (void (*)(void *))wg_wait, wg);
}

static void nil_send(void *arg)
{
    (void)arg;
    chan_send(NULL, 1);
}

static void m_nil(void *arg)
{
    (void)arg;
    rt_spawn("lost", nil_send, NULL);
}

Test(leak, who_is_missing)
{
    struct found f = run(m_no_consumer, NULL);
    ASSERT_ONE(f, DIAG_LEAK,
               "sender waits to send to results; only consumer could receive from it, and it has "
               "ended");
    done(&f);
    f = run(m_group, NULL);
    ASSERT_ONE(f, DIAG_LEAK,
               "closer waits for the group wg; its counter stands at 2, and nobody is left to "
               "count it down");
    done(&f);
    f = run(m_nil, NULL);
    ASSERT_ONE(f, DIAG_LEAK, "lost waits to send to a nil or unnamed channel");
    done(&f);
}

/* ---- all asleep
 * ----------------------------------------------------------------------------------- */

static void waits_for_main(void *arg)
{
    chan_recv(arg, NULL);
}

static void m_both(void *arg)
{
    (void)arg;
    jobs = chan_make("jobs", 0);
    results = chan_make("results", 0);
    rt_spawn("helper", waits_for_main, jobs);
    rt_hold(chan_id(results), ROLE_RECEIVES);
    chan_recv(results, NULL);
}

static void m_alone(void *arg)
{
    (void)arg;
    jobs = chan_make("jobs", 0);
    chan_send(jobs, 1);
}

Test(all_asleep, main_waits_for_what_nobody_does)
{
    struct found f = run(m_alone, NULL);
    ASSERT_ONE(f, DIAG_ALL_ASLEEP,
               "all tasks are asleep: main waits to send to jobs; nobody receives from it");
    done(&f);
    f = run(m_both, NULL);
    ASSERT_ONE(f, DIAG_ALL_ASLEEP,
               "all tasks are asleep: main waits to receive from results; nobody sends to it or "
               "could close it; helper waits as well");
    cr_assert_str_eq(tasks(&f, 0), "main, helper", "and never a leak of the same task");
    cr_assert_eq(f.m->leaked_tasks, 0);
    done(&f);
}

static const char *german(const char *one, const char *many, unsigned long n)
{
    static const char *const words[][2] = {
        {"all tasks are asleep: %s", "alle schlafen: %s"},
        {"waits ", "wartet "},
        {"to send to", "mit Ware auf"},
        {"; nobody receives from it", "; niemand nimmt sie"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i][0], one) == 0)
            return words[i][1];
    return many && n != 1 ? many : one;
}

Test(all_asleep, speaks_the_language_of_who_watches)
{
    text_hook = german;
    struct found f = run(m_alone, NULL);
    text_hook = NULL;
    ASSERT_ONE(f, DIAG_ALL_ASLEEP,
               "alle schlafen: main wartet mit Ware auf jobs; niemand nimmt sie");
    done(&f);
}

static void m_sleeps(void *arg)
{
    (void)arg;
    rt_sleep(1000000);
}

Test(all_asleep, a_sleep_is_none)
{
    struct found f = run(m_sleeps, NULL);
    ASSERT_NONE(f);
    done(&f);
}

/* ---- panic
 * ---------------------------------------------------------------------------------------- */

static void closer(void *arg)
{
    (void)arg;
    rt_sleep(2000000);
    chan_close(results);
}

static void m_closed(void *arg)
{
    results = chan_make("results", 0);
    rt_spawn("closer", closer, NULL);
    rt_sleep(3000000);
    if (arg)
        chan_try_recv(results, NULL);
    else
        chan_send(results, 1);
}

Test(panic, who_and_since_when)
{
    struct found f = run(m_closed, NULL);
    ASSERT_ONE(f, DIAG_PANIC,
               "main panics: send on closed channel results; closer closed it at 0.002 s");
    cr_assert_str_eq(tasks(&f, 0), "main");
    cr_assert_eq(f.m->diagnoses[0].t_ns, 3000000);
    done(&f);
    f = run(m_closed, &f);
    ASSERT_NONE(f);
    done(&f);
}

/* ---- the machinery
 * -------------------------------------------------------------------------------- */

Test(detect, a_keyframe_goes_on_as_the_whole)
{
    n_workers = 3;
    closes = selects = cancels = false;
    struct found f = run(m_pool, NULL);
    struct model *m = model_create(f.r.names);
    struct detect *d = detect_create(f.r.names);
    for (size_t i = 0; i < f.r.n / 2; i++)
        detect_apply(d, m, &f.r.ev[i]);
    struct model *m2 = model_clone(m);
    struct detect *d2 = detect_clone(d);
    for (size_t i = f.r.n / 2; i < f.r.n; i++)
        detect_apply(d2, m2, &f.r.ev[i]);
    cr_assert_eq(m->diagnoses_n, 0);
    cr_assert_eq(m2->diagnoses_n, 1);
    cr_assert_eq(m2->diagnoses[0].text, f.m->diagnoses[0].text);
    cr_assert_eq(m2->diagnoses[0].seq, f.r.n);
    /* seen twice, raised once */
    detect_apply(d2, m2, &f.r.ev[f.r.n - 1]);
    cr_assert_eq(m2->diagnoses_n, 1);
    model_free(m);
    model_free(m2);
    detect_free(d);
    detect_free(d2);
    done(&f);
}

Test(detect, a_diagnosis_follows_in_the_log)
{
    struct found f = run(m_closed, NULL);
    bool after = false;
    for (uint64_t i = 0; i < f.m->log_n; i++)
        after = after ||
                (i && f.m->log[i].ev.kind == EV_DIAGNOSIS && f.m->log[i - 1].ev.kind == EV_PANIC);
    cr_assert(after);
    done(&f);
}

Test(detect, hostile_streams_end_in_time)
{
    struct strtab *names = strtab_create();
    struct model *m = model_create(names);
    struct detect *d = detect_create(names);
    uint64_t x = 1;
    int64_t t = 0;
    struct event main_new = {
        .kind = EV_TASK, .op = TASK_NEW, .task = 1, .a = strtab_intern(names, "main")};
    detect_apply(d, m, &main_new);
    for (uint32_t i = 2; i < 16000; i++) {
        struct event edge = {.kind = EV_EDGE, .op = (uint8_t)(i % 3), .task = i, .obj = i / 2};
        struct event waits = {.kind = EV_TASK,
                              .op = TASK_WAITING,
                              .x = WHY_CHAN_SEND + i % 3,
                              .task = i,
                              .obj = i % 3 == 2 ? 0 : i / 2};
        detect_apply(d, m, &edge);
        detect_apply(d, m, &waits);
    }
    for (int i = 0; i < 20000; i++) {
        struct event e = fold_any_event(&x, &t);
        detect_apply(d, m, &e);
    }
    struct event main_done = {.kind = EV_TASK, .op = TASK_DONE, .task = 1};
    detect_apply(d, m, &main_done);
    /* Whatever the end, it is looked at once: a million of them cost no more. */
    for (int why = 0; why < END_COUNT; why++) {
        struct event end = {.kind = EV_END, .op = (uint8_t)why};
        detect_free(d);
        d = detect_create(names);
        detect_apply(d, m, &end);
        size_t found = m->diagnoses_n;
        for (int i = 0; i < 1000000; i++)
            detect_apply(d, m, &end);
        cr_assert_eq(m->diagnoses_n, found);
    }
    cr_assert_leq(m->diagnoses_n, 1024);
    cr_assert_gt(m->diagnoses_n, 100);
    detect_free(d);
    model_free(m);
    strtab_destroy(names);
}

Test(detect, every_detector_and_kind_says_what_it_is)
{
    size_t n = 0;
    for (; detectors[n]; n++)
        cr_assert(detectors[n]->name && detectors[n]->help &&
                  (detectors[n]->kinds || detectors[n]->wants[0].ops || detectors[n]->sweep));
    cr_assert_geq(n, 3);
    for (int k = 0; k < DIAG_COUNT; k++)
        cr_assert(diagnosis_help[k] && strlen(diagnosis_help[k]) > 10);
}
