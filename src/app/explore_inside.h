/* SPDX-License-Identifier: MIT */
/* What the search's files share. */
#ifndef APP_EXPLORE_INSIDE_H
#define APP_EXPLORE_INSIDE_H

#include "app/explore.h"

/* What the schedule said at a point. */
struct decision {
    uint32_t leaving, point;
    uint32_t pick; /* index in the candidates; 0: as fifo */
    uint32_t n;
    uint32_t first;  /* of attempt.task: the candidates' ids */
    uint64_t events; /* emitted before */
    bool step;
};

/* One run of the search: what is asked for, and what came of it. */
struct attempt {
    uint64_t seed;
    const char *policy;
    struct schedule_use use; /* decided and arg are the search's */
    bool keep;               /* the events, and the decisions that are as fifo's too */

    bool done, hit, cut;
    uint64_t hit_events; /* events up to the diagnosis */
    uint64_t points;     /* in all */
    struct decision *decision;
    size_t decisions, decisions_cap;
    uint32_t *task;
    size_t tasks, tasks_cap;
    struct event *ev;
    size_t ev_n, ev_cap;
    char *error;
};
/* Runs them, several at once. first: none after the first hit need be run. */
void explore_run(const struct explore_maker *m, const struct explore_how *how, struct attempt *a,
                 size_t n, bool first);
/* The same for one, with a table of names that outlives it. */
void explore_run_one(const struct explore_maker *m, const struct explore_how *how,
                     struct attempt *a, struct strtab *names);
void explore_attempt_free(struct attempt *a);
/* The choices it made against fifo up to its diagnosis: sorted. */
void explore_choices_of(const struct attempt *a, struct choices *out);
/* Takes over the error of one of them, if there is any. */
bool explore_failed(struct explore_result *r, struct attempt *a, size_t n);

void explore_exhaustive(const struct explore_maker *m, const struct explore_how *how,
                        struct explore_result *r);
/* Fills in choices from first. */
void explore_shrink(const struct explore_maker *m, const struct explore_how *how,
                    struct explore_result *r);

#endif
