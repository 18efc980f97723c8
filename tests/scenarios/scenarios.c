/* SPDX-License-Identifier: MIT */
/* Every scenario and lesson in configs/ is a test: scenarios PROGRAM FILE…
 *
 *   1. `PROGRAM run FILE --world sim` ends with 0: all of [expect] holds
 *   2. over many seeds its diagnoses are exactly those that [expect] names (a healthy one raises
 *      none, a lesson the one of its mistake), and the accounting closes at every event
 *   3. a time limit after its end changes nothing of that
 *   4. for a while in live: no diagnosis beyond those, and the accounting closes
 *
 * PATTERNSCOPE_LONG: 1000 seeds instead of 20, and live to the end at ten times the speed. */
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "app/app.h"
#include "app/engine.h"
#include "app/expect.h"
#include "app/fold.h"
#include "base/str.h"
#include "tests/account.h"
#include "tests/counts.h"

enum { CHUNK = 4096 };
#define MS INT64_C(1000000)

extern char **environ;

static bool thorough;
static int number, failures;

static void tap(bool ok, const char *file, const char *what, const struct str *why)
{
    printf("%s %d - %s: %s\n", ok ? "ok" : "not ok", ++number, file, what);
    failures += !ok;
    if (!ok && why && why->len)
        printf("# %s\n", why->data);
    fflush(stdout);
}

/* ---- through the program --------------------------------------------------------------------- */

static void expectations_hold(const char *program, const char *file)
{
    struct str why = {0};
    const char *const argv[] = {program, "run",       file,        "--world",
                                "sim",   "--summary", "/dev/null", NULL};
    pid_t pid;
    int status = 0;
    if (posix_spawn(&pid, program, NULL, NULL, (char *const *)(uintptr_t)argv, environ) ||
        waitpid(pid, &status, 0) != pid)
        die("%s cannot be run", program);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == STATUS_OK;
    if (!ok)
        str_addf(&why, "its status is %d; what failed stands above", WEXITSTATUS(status));
    tap(ok, file, "run holds all expectations", &why);
    str_free(&why);
}

/* ---- in this process ------------------------------------------------------------------------- */

struct watched {
    struct fold fold;
    struct account account;
};

static void take(void *arg, const struct event *ev, size_t n)
{
    struct watched *w = arg;
    for (size_t i = 0; i < n; i++) {
        account_see(&w->account, &ev[i]);
        detect_apply(w->fold.detect, w->fold.model, &ev[i]);
    }
}

static void run_sim(struct engine *e, struct watched *w)
{
    while (engine_run(e, NEVER, 1 << 16, take, w) == RT_MORE)
        ;
}

static void run_live(struct engine *e, struct watched *w)
{
    struct event *ev = xmalloc(CHUNK * sizeof *ev);
    char *error = engine_go(e);
    if (error)
        die("%s", error);
    for (;;) {
        bool ended = engine_ended(e);
        size_t n = engine_take(e, ev, CHUNK);
        take(w, ev, n);
        if (!n && ended)
            break;
        if (!n)
            nanosleep(&(struct timespec){.tv_nsec = MS}, NULL);
    }
    free(ev);
}

static uint64_t kinds_raised(const struct model *m)
{
    uint64_t kinds = 0;
    for (size_t i = 0; i < m->diagnoses_n; i++)
        kinds |= UINT64_C(1) << m->diagnoses[i].kind;
    return kinds;
}

/* From `diagnosis = a, b` at the end of the run. False: the scenario says nothing of it. */
static bool kinds_wanted(const struct scenario *s, uint64_t *kinds)
{
    bool said = false;
    *kinds = 0;
    for (size_t i = 0; i < s->expects_n; i++) {
        const struct expectation *x = &s->expects[i];
        if (strcmp(x->figure, "diagnosis") != 0 || x->cmp != CMP_EQ || x->by_ns >= 0)
            continue;
        said = true;
        for (int k = 0; k < DIAG_COUNT; k++)
            if (strstr(x->want, diagnosis_names[k]))
                *kinds |= UINT64_C(1) << k;
    }
    return said;
}

/* What is wrong with this run; true: nothing. */
static bool judge(const struct watched *w, uint64_t wanted, bool exactly, struct str *why)
{
    const struct model *m = w->fold.model;
    uint64_t raised = kinds_raised(m);
    if (!exactly) /* at ten times the speed, what comes some ms late comes all at once */
        raised &= ~(UINT64_C(1) << DIAG_WINDOW_SEAM);
    bool kinds = exactly ? raised == wanted : !(raised & ~wanted);
    bool closes = !w->account.bad || m->lost;
    if (!kinds)
        str_addf(why, "%zu diagnoses, the first: %s", m->diagnoses_n,
                 m->diagnoses_n ? strtab_get(m->names, m->diagnoses[0].text) : "none");
    if (!closes)
        str_addf(why, "%sthe accounting breaks with %s", kinds ? "" : "; ", w->account.first);
    if (!w->account.seen)
        str_add(why, "no request was seen");
    return kinds && closes && w->account.seen;
}

static struct scenario *load(const char *file, struct run_options *o)
{
    struct errors e = {0};
    struct scenario *s = app_scenario(file, o, &e);
    if (!s) {
        errors_print(&e, stderr);
        exit(1);
    }
    return s;
}

static bool run_once(const struct scenario *s, const struct run_options *o, bool exactly,
                     struct str *why)
{
    struct strtab *names = strtab_create();
    struct watched w = {0};
    struct engine_config c;
    char *error = NULL;
    uint64_t wanted;
    fold_init(&w.fold, names);
    app_engine_config(&c, s, o, names);
    struct engine *e = engine_create(&c, &error);
    if (!e)
        die("%s", error);
    if (c.world == WORLD_LIVE)
        run_live(e, &w);
    else
        run_sim(e, &w);
    kinds_wanted(s, &wanted);
    bool ok = judge(&w, wanted, exactly, why);
    engine_destroy(e);
    account_free(&w.account);
    fold_free(&w.fold);
    strtab_destroy(names);
    return ok;
}

/* Half of the seeds with either schedule: what is a mistake may not depend on who is first. */
static void many_seeds(const char *file)
{
    static const char *const schedule[] = {"scenario.schedule=fifo", "scenario.schedule=random"};
    struct run_options o[2];
    struct scenario *s[2];
    struct str why = {0};
    uint64_t wanted, seeds = counts(1000, 20, 2);
    char what[96];
    for (int i = 0; i < 2; i++) {
        run_options_init(&o[i]);
        o[i].world = WORLD_SIM;
        o[i].seed_given = true;
        o[i].sets = xcalloc(2, sizeof *o[i].sets);
        o[i].sets[o[i].sets_n++] = schedule[i];
        s[i] = load(file, &o[i]);
    }
    bool ok = kinds_wanted(s[0], &wanted);
    if (!ok)
        str_add(&why, "[expect] does not say which diagnosis");
    for (uint64_t seed = 1; ok && seed <= seeds; seed++) {
        struct run_options *with = &o[seed & 1];
        with->seed = seed;
        ok = run_once(s[seed & 1], with, true, &why);
        if (!ok)
            str_addf(&why, " (seed %" PRIu64 ", %s)", seed, schedule[seed & 1]);
    }
    snprintf(what, sizeof what, "%" PRIu64 " seeds raise what is expected and close the accounting",
             seeds);
    tap(ok, file, what, &why);
    for (int i = 0; i < 2; i++) {
        scenario_free(s[i]);
        run_options_free(&o[i]);
    }
    str_free(&why);
}

/* What waits for ever is a leak also when the time limit is what ends the run. */
static void limit_after_its_end(const char *file)
{
    struct run_options o;
    struct str why = {0};
    run_options_init(&o);
    o.world = WORLD_SIM;
    struct scenario *s = load(file, &o);
    o.for_ns = 3600 * 1000 * MS;
    if (!s->params.for_ns)
        tap(run_once(s, &o, true, &why), file, "raises the same with a time limit after its end",
            &why);
    scenario_free(s);
    run_options_free(&o);
    str_free(&why);
}

static void live_for_a_while(const char *file)
{
    struct run_options o;
    struct str why = {0};
    run_options_init(&o);
    o.world = WORLD_LIVE;
    o.speed = 10;
    struct scenario *s = load(file, &o);
    if (!thorough && (!s->params.for_ns || s->params.for_ns > 6000 * MS))
        o.for_ns = 6000 * MS;
    tap(run_once(s, &o, false, &why), file, "live raises nothing else and closes the accounting",
        &why);
    scenario_free(s);
    run_options_free(&o);
    str_free(&why);
}

int main(int argc, char **argv)
{
    thorough = counts_long();
    if (argc < 3) {
        fprintf(stderr, "usage: scenarios PROGRAM FILE...\n");
        return 2;
    }
    puts("TAP version 13");
    for (int i = 2; i < argc; i++) {
        expectations_hold(argv[1], argv[i]);
        many_seeds(argv[i]);
        limit_after_its_end(argv[i]);
        live_for_a_while(argv[i]);
    }
    printf("1..%d\n", number);
    return failures != 0;
}
