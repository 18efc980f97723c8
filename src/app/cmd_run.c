/* SPDX-License-Identifier: MIT */
/* patternscope run: a scenario without a terminal.
 *
 *   sim    engine_run() on this thread, as fast as it goes      ┐
 *   live   engine threads ─▶ queue ─▶ engine_take() each 2 ms   ┴▶ record, detectors and model,
 *                                                                 JSON Lines, [expect] by T
 *
 * A signal stops the run, everything is closed and printed, then the program dies by it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"

#include "app/cmd.h"
#include "app/engine.h"
#include "app/expect.h"
#include "app/explain.h"
#include "app/lines.h"
#include "app/options.h"
#include "app/recorder.h"
#include "app/session_header.h"
#include "app/signals.h"
#include "base/mem.h"
#include "model/dump.h"
#include "model/figures.h"
#include "patterns/pattern.h"

enum { CHUNK = 4096, STEPS_AT_ONCE = 1 << 16 };
#define IDLE_NS 2000000

struct run {
    const struct run_options *o;
    struct scenario *s;
    struct strtab *names;
    struct engine_config config;
    struct engine *engine;
    struct fold fold;
    struct expects expects;
    struct lines lines;
    struct out summary;
    struct recorder *record;
    size_t dumped;              /* of o->dumps */
    struct str story;           /* of o->explain */
    int64_t begun_ns, ended_ns; /* wall */
    bool trouble;               /* something could not be written */
};

/* ---- what becomes of events ----------------------------------------------------------------- */

static void record_end(struct run *r)
{
    char *error = recorder_stop(r->record);
    r->record = NULL;
    if (error) {
        complain(0, "%s", error);
        r->trouble = true;
    }
    free(error);
}

/* A thread of its own writes: when the reader of --events stands still, what was handed over is on
 * the disk all the same. */
static void record(struct run *r, const struct event *ev, size_t n)
{
    while (!recorder_error(r->record) && !recorder_give(r->record, ev, n))
        recorder_wait(r->record);
    if (recorder_error(r->record))
        record_end(r);
}

static void see_diagnoses(struct run *r)
{
    struct event d;
    while (fold_diagnosis(&r->fold, &d))
        if (r->lines.out.f)
            lines_write(&r->lines, r->fold.model, &d);
}

/* Standard output may be the events' already. */
static FILE *people(const struct run *r)
{
    return r->o->events && strcmp(r->o->events, "-") == 0 ? stderr : stdout;
}

/* The next of the instants that were asked for is over. */
static void dump(struct run *r)
{
    const struct model *m = r->fold.model;
    const struct pattern *p = engine_pattern(r->engine);
    int64_t at_ns = r->o->dumps[r->dumped++];
    bool never = m->ended && at_ns > m->now_ns;
    int64_t then_ns = never ? m->now_ns : at_ns;
    struct str text = {0};
    uint32_t n = dump_count(m);
    str_addf(&text, "%u goroutine%s at %.3f s", n, n == 1 ? "" : "s", (double)then_ns / 1e9);
    if (never)
        str_addf(&text, ", the end (%.3f s never came)", (double)at_ns / 1e9);
    str_add(&text, "\n\n");
    dump_all(m, then_ns, p->name, p->listing, &text);
    fwrite(text.data, 1, text.len, people(r));
    str_free(&text);
}

static void see(struct run *r, const struct event *ev)
{
    struct model *m = r->fold.model;
    while (r->dumped < r->o->dumps_n && ev->t_ns > r->o->dumps[r->dumped])
        dump(r);
    expects_pass(&r->expects, m, ev->t_ns);
    detect_apply(r->fold.detect, m, ev);
    if (r->o->explain)
        explain_event(m, ev, (uint64_t)r->o->explain, &r->story);
    if (r->lines.out.f)
        lines_write(&r->lines, m, ev);
    if (r->fold.told < m->diagnoses_n)
        see_diagnoses(r);
    expects_see(&r->expects, m);
}

static void take(void *arg, const struct event *ev, size_t n)
{
    struct run *r = arg;
    if (r->record)
        record(r, ev, n);
    if (r->lines.out.f || r->expects.waiting || r->dumped < r->o->dumps_n || r->o->explain) {
        for (size_t i = 0; i < n; i++)
            see(r, &ev[i]);
        if (r->lines.out.f && ferror(r->lines.out.f) && !signals_came()) {
            char *error = out_close(&r->lines.out, true);
            complain(0, "the events stopped: %s", error ? error : "output error");
            r->trouble = true;
            free(error);
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        detect_apply(r->fold.detect, r->fold.model, &ev[i]);
}

/* ---- driving it ----------------------------------------------------------------------------- */

static void run_sim(struct run *r)
{
    enum rt_state state = RT_MORE;
    while (state == RT_MORE && !signals_came())
        state = engine_run(r->engine, NEVER, STEPS_AT_ONCE, take, r);
    if (state != RT_ENDED) {
        engine_stop(r->engine, END_STOPPED);
        engine_run(r->engine, 0, 0, take, r);
    }
}

/* NULL, or a malloc'ed sentence: there is no thread to be had. */
static char *run_live(struct run *r)
{
    char *error = engine_go(r->engine);
    if (error)
        return error;
    struct event *ev = xmalloc(CHUNK * sizeof *ev);
    bool stopped = false;
    for (;;) {
        bool ended = engine_ended(r->engine);
        size_t n = engine_take(r->engine, ev, CHUNK);
        if (n)
            take(r, ev, n);
        else if (ended)
            break;
        else
            nanosleep(&(struct timespec){.tv_nsec = IDLE_NS}, NULL);
        if (signals_came() && !stopped) {
            engine_stop(r->engine, END_STOPPED);
            stopped = true;
        }
    }
    free(ev);
    return NULL;
}

/* ---- before and after ----------------------------------------------------------------------- */

/* A file that cannot be had is bad usage. A disk that is full already is as if it had filled up
 * later: the run goes on. */
static char *open_record(struct run *r)
{
    if (!r->o->record)
        return NULL;
    struct session_header h;
    char *error = NULL;
    session_header_make(&h, &r->config, r->o->sets);
    r->record = recorder_start(r->o->record, true, &h.header, r->names, &error);
    session_header_free(&h);
    struct stat st;
    if (!r->record && stat(r->o->record, &st) == 0 && !S_ISDIR(st.st_mode) &&
        access(r->o->record, W_OK) == 0) {
        complain(0, "%s", error);
        r->trouble = true;
        free(error);
        error = NULL;
    }
    return error;
}

/* Everything that is to be written, opened before anything runs. NULL, or a malloc'ed sentence. */
static char *open_outputs(struct run *r)
{
    char *error = NULL;
    if (r->o->events)
        error = out_open(&r->lines.out, r->o->events, false);
    if (!error && r->o->summary)
        error = out_open(&r->summary, r->o->summary, true);
    return error ? error : open_record(r);
}

static void print_summary(struct run *r)
{
    char *id = app_scenario_id(r->s);
    struct summary_extra x = {.scenario = id,
                              .pattern = r->s->params.pattern,
                              .version = PATTERNSCOPE_VERSION,
                              .wall_s = (double)(r->ended_ns - r->begun_ns) / 1e9,
                              .expect_passed = r->expects.passed,
                              .expect_failed = r->expects.failed,
                              .failures = r->expects.failures};
    struct str text = {0};
    if (r->summary.f) {
        summary_json(r->fold.model, &x, &text);
        if (!text.len || text.data[text.len - 1] != '\n')
            str_addc(&text, '\n');
        fwrite(text.data, 1, text.len, r->summary.f);
        for (size_t i = 0; i < x.expect_failed; i++)
            fprintf(stderr, "%s\n", x.failures[i]);
    } else {
        summary_text(r->fold.model, &x, &text);
        fwrite(text.data, 1, text.len, people(r));
    }
    str_free(&text);
    free(id);
}

/* Says what could not be written. */
static void close_outputs(struct run *r)
{
    char *error[] = {out_close(&r->lines.out, true), out_close(&r->summary, true)};
    for (size_t i = 0; i < ARRAY_LEN(error); i++) {
        if (error[i] && !signals_came()) {
            complain(0, "%s", error[i]);
            r->trouble = true;
        }
        free(error[i]);
    }
    if (r->record)
        record_end(r);
    if (fflush(stdout) != 0 && !signals_came()) {
        complain(0, "standard output cannot be written");
        r->trouble = true;
    }
}

static void tell_story(struct run *r)
{
    if (!r->story.len)
        str_addf(&r->story, "request %lld never arrived\n", (long long)r->o->explain);
    str_addc(&r->story, '\n');
    fwrite(r->story.data, 1, r->story.len, people(r));
}

static int drive(struct run *r)
{
    char *error = NULL;
    r->engine = engine_create(&r->config, &error);
    if (r->engine) {
        r->begun_ns = wall_now();
        if (r->config.world == WORLD_LIVE)
            error = run_live(r);
        else
            run_sim(r);
        r->ended_ns = wall_now();
    }
    if (error) {
        int status = complain(STATUS_ENVIRONMENT, "%s", error);
        free(error);
        return status;
    }
    while (r->dumped < r->o->dumps_n)
        dump(r);
    if (r->o->explain)
        tell_story(r);
    if (!signals_came())
        expects_end(&r->expects, r->fold.model);
    print_summary(r);
    close_outputs(r);
    signals_die();
    /* As with grep and cmp, trouble outweighs a verdict: what was to be written is not whole. */
    return r->trouble ? STATUS_ENVIRONMENT : r->expects.failed ? STATUS_FAILED : STATUS_OK;
}

static int run(const char *name, const struct run_options *o)
{
    struct run r = {.o = o};
    struct errors e = {0};
    r.s = app_scenario(name, o, &e);
    if (!r.s) {
        errors_print(&e, stderr);
        errors_free(&e);
        return STATUS_USAGE;
    }
    r.names = strtab_create();
    app_engine_config(&r.config, r.s, o, r.names);
    fold_init(&r.fold, r.names);
    expects_init(&r.expects, r.s);
    r.expects.cut_ns = o->for_ns > 0 && o->for_ns != r.s->params.for_ns ? o->for_ns : 0;
    char *error = open_outputs(&r);
    int status;
    if (error) {
        status = complain(STATUS_USAGE, "%s", error);
        out_close(&r.lines.out, false);
        out_close(&r.summary, false);
        free(error);
    } else {
        signals_note();
        status = drive(&r);
    }
    engine_destroy(r.engine);
    if (r.record)
        record_end(&r);
    str_free(&r.story);
    str_free(&r.lines.line);
    expects_free(&r.expects);
    fold_free(&r.fold);
    strtab_destroy(r.names);
    scenario_free(r.s);
    return status;
}

int cmd_run(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_RUN, argc, argv);
    if (status < 0)
        status = one_operand(&a, IN_RUN, "SCENARIO");
    if (status < 0 && a.run.events && a.run.summary && strcmp(a.run.events, "-") == 0 &&
        strcmp(a.run.summary, "-") == 0)
        status = usage_error(IN_RUN, "--events and --summary cannot both be standard output");
    if (status < 0)
        status = run(a.operands[0], &a.run);
    args_free(&a);
    return status;
}
