/* SPDX-License-Identifier: MIT */
/* Searching for a schedule that shows a diagnosis, and shrinking it to what it takes.
 *
 * Every schedule is a seed and the choices in which it differs from fifo's (runtime/choices.h). The
 * search runs many of them, several at once, and takes the first in their order that shows the
 * diagnosis: how many threads there are changes the time, never the answer. */
#ifndef APP_EXPLORE_H
#define APP_EXPLORE_H

#include "event/event.h"
#include "runtime/schedule.h"

struct strtab;

/* Makes runs of what is searched. */
struct explore_maker {
    void *arg;
    /* One run in sim on the calling thread, under that seed and schedule, with probes: its events
     * in order to take(), until that says false or the run ends. Called by several threads at once.
     * NULL, or a malloc'ed sentence: no run can be made. */
    char *(*run)(void *arg, uint64_t seed, const char *schedule, const struct schedule_use *use,
                 struct strtab *names, bool (*take)(void *, const struct event *, size_t),
                 void *take_arg);
};

/* The maker's run() of a scenario; arg: its struct engine_config (engine.h). */
char *explore_run_engine(void *config, uint64_t seed, const char *schedule,
                         const struct schedule_use *use, struct strtab *names,
                         bool (*take)(void *, const struct event *, size_t), void *take_arg);

enum explore_policy {
    EXPLORE_BOTH, /* fifo once, then random and pct in turn, each with the next seed */
    EXPLORE_RANDOM,
    EXPLORE_PCT,
    /* All schedules of the one seed with one choice against fifo, then those with two … */
    EXPLORE_EXHAUSTIVE
};
struct explore_how {
    enum diagnosis_kind until;
    enum explore_policy policy;
    int depth;           /* pct: ordered events; exhaustive: most choices; 0 = 3 */
    uint64_t seed;       /* the first one */
    uint64_t seeds;      /* schedules at most */
    int threads;         /* 0 = 1 */
    uint64_t max_events; /* after so many a run is given up; 0 = 1 million */
    int (*stop)(void);   /* not 0: leave now. Asked between runs; may be NULL */
};

struct explore_result {
    bool found;
    bool all;       /* exhaustive: there are no more schedules within the bound */
    bool least;     /* no single choice of `choices` can be left out */
    bool fewest;    /* no schedule of that seed does with fewer choices */
    uint64_t tried; /* schedules, with the one that was found */
    uint64_t cut;   /* of them: given up at max_events */
    uint64_t shrink_runs;
    uint64_t seed; /* of the one that was found */
    const char *policy;
    int depth;              /* … if it is pct */
    uint64_t points;        /* what pct took a run to have */
    uint64_t run_points;    /* about as many as a run has */
    uint64_t hit_events;    /* events of the run that was found, up to the diagnosis */
    struct choices first;   /* as it was found, up to the diagnosis */
    struct choices choices; /* shrunk; sorted */
    char *error;            /* NULL, or why nothing could be run; malloc'ed */
};
void explore(const struct explore_maker *m, const struct explore_how *how,
             struct explore_result *r);
void explore_result_free(struct explore_result *r);

/* The found schedule as a story: numbered steps, who is interrupted and who goes on instead, and
 * the diagnosis. Runs it once more. At most 80 columns but for long names. first_event: where the
 * first choice comes. NULL, or a malloc'ed sentence. */
struct str;
char *explore_story(const struct explore_maker *m, const struct explore_how *how,
                    const struct explore_result *r, struct str *out, uint64_t *first_event);

/* Writes it to a session (overwrites). sets: the --set options the scenario was read with, or NULL;
 * first_event: as of explore_story(). NULL, or a malloc'ed sentence. */
struct engine_config;
char *explore_save(const struct engine_config *config, const char *const *sets,
                   const struct explore_result *r, uint64_t first_event, const char *path);

#endif
