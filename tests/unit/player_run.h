/* SPDX-License-Identifier: MIT */
/* Players over small scenarios, and the fold that they are held to: one from the start. */
#ifndef TESTS_UNIT_PLAYER_RUN_H
#define TESTS_UNIT_PLAYER_RUN_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/player_inside.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"

#define MS  INT64_C(1000000)
#define SEC (1000 * MS)

static const char player_text[] = "[scenario]\n"
                                  "pattern = worker_pool\n"
                                  "world = sim\n"
                                  "seed = 5\n"
                                  "[traffic]\n"
                                  "arrivals = poisson(200/s)\n"
                                  "[dependency]\n"
                                  "latency = exp(20ms)\n"
                                  "[worker_pool]\n"
                                  "workers = 4\n"
                                  "queue = 10\n";

struct player_run {
    struct run_options *options; /* the player borrows them: they must not move */
    struct scenario *scenario;
    struct player *p;
};

/* A paused player of player_text with further lines; "" for none. */
static inline struct player_run player_begin(const char *more)
{
    struct player_run r = {0};
    struct errors e = {0};
    char *text = xasprintf("%s%s", player_text, more), *error;
    r.options = xcalloc(1, sizeof *r.options);
    run_options_init(r.options);
    r.options->paused = true;
    r.scenario =
        scenario_parse("small", NULL, text, strlen(text), &app_schema, r.options->sets, &e);
    cr_assert(r.scenario, "%s", e.kept ? e.item[0].text : "?");
    free(text);
    r.p = player_open(r.scenario, r.options, &error);
    cr_assert(r.p, "%s", error);
    return r;
}

static inline void player_end(struct player_run *r)
{
    player_close(r->p);
    scenario_free(r->scenario);
    run_options_free(r->options);
    free(r->options);
}

/* Seeks, as the screen does: from tick to tick. */
static inline void player_at(struct player *p, int64_t t_ns)
{
    player_seek(p, t_ns);
    while (player_seeking(p))
        player_tick(p, wall_now(), 20 * MS);
}

/* Arrays of n elements, compared from field `from` to the end of field `to`: what lies between two
 * fields to align them need not be the same. */
#define SAME_PART(a, b, n, type, from, to)                 \
    same_part(a, b, n, sizeof(type), offsetof(type, from), \
              offsetof(type, to) + sizeof((type *)NULL)->to)
static inline bool same_part(const void *a, const void *b, size_t n, size_t size, size_t from,
                             size_t to)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp((const char *)a + i * size + from, (const char *)b + i * size + from, to - from))
            return false;
    return true;
}

static inline const char *model_lists_difference(const struct model *a, const struct model *b)
{
    size_t log_n = a->log_n < MODEL_LOG ? (size_t)a->log_n : MODEL_LOG;
    if (a->edges_n != b->edges_n ||
        !SAME_PART(a->edges, b->edges, a->edges_n, struct edge_model, from_task, gone))
        return "edges";
    if (a->diagnoses_n != b->diagnoses_n ||
        !SAME_PART(a->diagnoses, b->diagnoses, a->diagnoses_n, struct diagnosis, t_ns, kind) ||
        !SAME_PART(a->diagnoses, b->diagnoses, a->diagnoses_n, struct diagnosis, tasks, text))
        return "diagnoses";
    if (a->log_n != b->log_n || !SAME_PART(a->log, b->log, log_n, struct log_entry, seq, ev))
        return "log";
    if (a->params_n != b->params_n ||
        !SAME_PART(a->params, b->params, a->params_n, struct params_seen, name, by))
        return "params";
    return NULL;
}

static inline const char *objects_difference(const struct model *a, const struct model *b)
{
    static char text[200];
    for (size_t i = 0; i < a->objects_n && i < b->objects_n; i++) {
        const struct object_model *x = &a->objects[i], *y = &b->objects[i];
        const char *part = !SAME_PART(x, y, 1, struct object_model, name, ops) ? "level"
                           : !SAME_PART(x, y, 1, struct object_model, senders, receivers_since)
                               ? "waiting"
                           : !SAME_PART(x, y, 1, struct object_model, rate, rate_from_ns) ? "rate"
                           : !SAME_PART(x, y, 1, struct object_model, waiters, cause)     ? "state"
                           : !SAME_PART(x, y, 1, struct object_model, calls, errors)      ? "calls"
                           : !SAME_PART(x, y, 1, struct object_model, history, history) ? "history"
                                                                                        : NULL;
        if (!part)
            continue;
        snprintf(text, sizeof text, "%s of %s", part, model_object_name(a, (uint32_t)i));
        return text;
    }
    return "objects";
}

/* NULL, or what differs first. */
static inline const char *model_difference(const struct model *a, const struct model *b)
{
    if (a->now_ns != b->now_ns)
        return "now";
    if (!SAME_PART(a, b, 1, struct model, seq, ignored) || a->started != b->started ||
        a->ended != b->ended || a->end_why != b->end_why || a->panic_ns != b->panic_ns ||
        !SAME_PART(a, b, 1, struct model, live_tasks, leaked_tasks))
        return "the run";
    if (a->tasks_n != b->tasks_n ||
        !SAME_PART(a->tasks, b->tasks, a->tasks_n, struct task_model, since_ns, parent) ||
        !SAME_PART(a->tasks, b->tasks, a->tasks_n, struct task_model, stroke, stroke))
        return "tasks";
    if (a->objects_n != b->objects_n ||
        !SAME_PART(a->objects, b->objects, a->objects_n, struct object_model, name, cause) ||
        !SAME_PART(a->objects, b->objects, a->objects_n, struct object_model, calls, history))
        return objects_difference(a, b);
    if (a->flights_n != b->flights_n)
        return "flights";
    if (a->lanes_n != b->lanes_n ||
        !SAME_PART(a->lanes, b->lanes, a->lanes_n, struct lane_model, arrived, in_service))
        return "lanes";
    if (!SAME_PART(a->classes, b->classes, MODEL_CLASSES, struct class_model, arrived, wait))
        return "classes";
    if (!SAME_PART(a, b, 1, struct model, in_rate, out_rate))
        return "rates";
    return model_lists_difference(a, b);
}

/* What a fold from the start gives at the player's position. */
static inline struct model *player_reference(struct player *p)
{
    struct model *m = model_create(p->names);
    struct detect *d = detect_create(p->names);
    for (uint64_t n = 0; n < p->n; n++) {
        struct event e;
        cr_assert(player_event(p, n, &e));
        detect_apply(d, m, &e);
    }
    model_advance(m, p->now_ns);
    detect_free(d);
    return m;
}

static inline void player_check(struct player *p, const char *when)
{
    struct model *m = player_reference(p);
    const char *bad = model_difference(player_model(p), m);
    cr_assert(!bad, "%s: %s differs at event %llu, %lld ns", when, bad, (unsigned long long)p->n,
              (long long)p->now_ns);
    model_free(m);
}

#endif
