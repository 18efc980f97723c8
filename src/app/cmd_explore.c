/* SPDX-License-Identifier: MIT */
/* patternscope explore: searches for a schedule under which a scenario shows a diagnosis, shrinks
 * it, tells it, and saves it as a session that replay plays slowly and verify executes again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/engine.h"
#include "app/explore.h"
#include "app/options.h"
#include "app/signals.h"
#include "base/mem.h"
#include "base/str.h"

struct search {
    const struct args *args;
    struct engine_config config;
    struct explore_maker maker;
    struct explore_how how;
    struct explore_result r;
    double seconds;
};

/* ---- what is said --------------------------------------------------------------------------- */

static const char *counted(uint64_t n, const char *what, char *out, size_t size)
{
    snprintf(out, size, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
    return out;
}

static void say_nothing_found(const struct search *s, const char *name)
{
    char n[64];
    const char *kind = diagnosis_names[s->how.until];
    printf("%s: no %s in %s, %.2f s\n", name, kind, counted(s->r.tried, "schedule", n, sizeof n),
           s->seconds);
    if (s->r.all)
        printf("Those are all with at most %s against fifo, under seed %" PRIu64 ".\n",
               counted((uint64_t)(s->how.depth > 0 ? s->how.depth : 3), "choice", n, sizeof n),
               s->how.seed);
    if (s->r.cut)
        printf("%s did not end and %s given up.\n", counted(s->r.cut, "run", n, sizeof n),
               s->r.cut == 1 ? "was" : "were");
}

static void say_found(const struct search *s, const char *name)
{
    const struct explore_result *r = &s->r;
    char n[64], m[64];
    printf("%s: %s with the %" PRIu64 "%s schedule tried (%s, seed %" PRIu64 "), %.2f s\n", name,
           diagnosis_names[s->how.until], r->tried,
           r->tried % 100 / 10 == 1 ? "th"
           : r->tried % 10 == 1     ? "st"
           : r->tried % 10 == 2     ? "nd"
           : r->tried % 10 == 3     ? "rd"
                                    : "th",
           r->policy, r->seed, s->seconds);
    if (!r->choices.n)
        printf("The seed is enough: it needs no choice of the scheduler against fifo.\n\n");
    else
        printf("%s against fifo %s, of %zu; %s (%s to find out)\n\n",
               counted(r->choices.n, "choice", n, sizeof n),
               r->choices.n == 1 ? "is enough" : "are enough", r->first.n,
               r->fewest  ? "no schedule of that seed does with fewer"
               : r->least ? "none of them can be left out"
                          : "fewer may do",
               counted(r->shrink_runs, "run", m, sizeof m));
}

static int tell_and_save(const struct search *s, const char *name)
{
    struct str story = {0};
    uint64_t first = 0;
    say_found(s, name);
    char *error = explore_story(&s->maker, &s->how, &s->r, &story, &first);
    if (error) {
        int status = complain(STATUS_ENVIRONMENT, "%s", error);
        free(error);
        str_free(&story);
        return status;
    }
    fputs(story.data, stdout);
    str_free(&story);
    char *id = app_scenario_id(s->config.scenario);
    char *path = s->args->out ? xstrdup(s->args->out)
                              : xasprintf("%s-%s.psr", id, diagnosis_names[s->how.until]);
    free(id);
    error = explore_save(&s->config, s->args->run.sets, &s->r, first, path);
    int status = STATUS_OK;
    if (error)
        status = complain(STATUS_ENVIRONMENT, "%s", error);
    else
        printf("\nSaved; it plays slowly where it matters:\n  patternscope replay %s\n", path);
    free(error);
    free(path);
    return status;
}

static int search(struct search *s, const char *name)
{
    signals_note();
    int64_t from = wall_now();
    explore(&s->maker, &s->how, &s->r);
    s->seconds = (double)(wall_now() - from) / 1e9;
    signals_die();
    if (s->r.error)
        return complain(STATUS_ENVIRONMENT, "%s", s->r.error);
    if (s->r.found)
        return tell_and_save(s, name);
    say_nothing_found(s, name);
    return STATUS_FAILED;
}

static int explore_scenario(const struct args *a)
{
    struct search s = {.args = a};
    struct errors e = {0};
    struct scenario *scenario = app_scenario(a->operands[0], &a->run, &e);
    if (!scenario) {
        errors_print(&e, stderr);
        errors_free(&e);
        return STATUS_USAGE;
    }
    app_engine_config(&s.config, scenario, &a->run, NULL);
    s.config.world = WORLD_SIM;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    s.maker = (struct explore_maker){.arg = &s.config, .run = explore_run_engine};
    s.how = (struct explore_how){.until = (enum diagnosis_kind)a->until,
                                 .policy = (enum explore_policy)a->policy,
                                 .depth = (int)a->depth,
                                 .seed = s.config.seed,
                                 .seeds = (uint64_t)a->seeds,
                                 .threads = cpus > 0 ? (int)cpus : 1,
                                 .stop = signals_came};
    int status = search(&s, a->operands[0]);
    explore_result_free(&s.r);
    scenario_free(scenario);
    if (fflush(stdout) != 0 && status <= STATUS_FAILED)
        status = complain(STATUS_ENVIRONMENT, "standard output cannot be written");
    return status;
}

int cmd_explore(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_EXPLORE, argc, argv);
    if (status < 0)
        status = one_operand(&a, IN_EXPLORE, "SCENARIO");
    if (status < 0 && a.until < 0)
        status = usage_error(IN_EXPLORE, "--until says what to look for: see `list diagnoses`");
    if (status < 0 && a.out && strcmp(a.out, "-") == 0)
        status = usage_error(IN_EXPLORE, "-o needs a file: a session cannot go to standard output");
    if (status < 0)
        status = explore_scenario(&a);
    args_free(&a);
    return status;
}
