/* SPDX-License-Identifier: MIT */
/* A found schedule as a session: the scenario with its choices as further --set options, so that
 * verify and a branch execute it again, and the mark from where replay shows it slowly.
 *
 * More choices than a value holds are saved as the policy and the seed that made them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/engine.h"
#include "app/explore.h"
#include "app/session_header.h"
#include "base/mem.h"

enum { EVENTS_AFTER = 2000, SLOW_BEFORE = 12, SCHEDULE_SETS = 3 };

/* The options of the schedule, malloc'ed each; how many. */
static size_t schedule_sets(const struct explore_result *r, char **out)
{
    char *text = choices_text(&r->choices);
    size_t n = 0;
    if (strlen(text) < PARAM_TEXT) {
        out[n++] = xstrdup("scenario.schedule=replay");
        if (r->choices.n)
            out[n++] = xasprintf("scenario.choices=%s", text);
    } else {
        out[n++] = xasprintf("scenario.schedule=%s", r->policy);
        if (strcmp(r->policy, "pct") == 0) {
            out[n++] = xasprintf("scenario.depth=%d", r->depth);
            out[n++] = xasprintf("scenario.points=%" PRIu64, r->points);
        }
    }
    free(text);
    return n;
}

struct saving {
    struct psr_writer *w;
    uint64_t left;
};

static bool save_some(void *arg, const struct event *ev, size_t n)
{
    struct saving *v = arg;
    if (n > v->left)
        n = (size_t)v->left;
    v->left -= n;
    return psr_write(v->w, ev, n) && v->left;
}

/* The run up to its end, or to not far behind the diagnosis, under what the header says. */
static char *write_run(const struct engine_config *c, const struct session_header *h,
                       const struct explore_result *r, uint64_t events, const char *path)
{
    char *error = NULL, *bad;
    bool short_enough = strstr(h->options, "scenario.schedule=replay") != NULL;
    struct schedule_use use = {.choices = &r->choices, .depth = r->depth, .points = r->points};
    struct saving v = {.w = psr_create(path, true, &h->header, c->names, &error), .left = events};
    if (!v.w)
        return error;
    error = explore_run_engine((void *)(uintptr_t)c, c->seed, short_enough ? "replay" : r->policy,
                               &use, c->names, save_some, &v);
    bad = psr_close(v.w);
    if (!error)
        return bad;
    free(bad);
    return error;
}

char *explore_save(const struct engine_config *config, const char *const *sets,
                   const struct explore_result *r, uint64_t first_event, const char *path)
{
    struct engine_config c = *config;
    size_t given = 0, n = 0;
    while (sets && sets[given])
        given++;
    const char **all = xcalloc(given + SCHEDULE_SETS + 1, sizeof *all);
    char *own[SCHEDULE_SETS];
    if (given)
        memcpy(all, sets, given * sizeof *all);
    n = schedule_sets(r, own);
    for (size_t i = 0; i < n; i++)
        all[given + i] = own[i];
    c.seed = r->seed;
    c.world = WORLD_SIM;
    c.names = strtab_create();
    struct session_header h;
    session_header_make(&h, &c, all);
    session_header_slow(&h, first_event > SLOW_BEFORE ? first_event - SLOW_BEFORE : 0);
    char *error = write_run(&c, &h, r, r->hit_events + EVENTS_AFTER, path);
    session_header_free(&h);
    strtab_destroy(c.names);
    while (n)
        free(own[--n]);
    free(all);
    return error;
}
