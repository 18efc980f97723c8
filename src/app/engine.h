/* SPDX-License-Identifier: MIT */
/* A scenario in execution: its pattern, its run (rt.h), its cues, and how it ends.
 *
 * Two ways to drive it. Pulled (sim only): the caller's thread makes the events, for run, export,
 * verify and for going back. Threaded (both worlds): the engine has a thread of its own, which the
 * screen never waits for; the screen takes events out of a queue. Only the second reads wall time:
 *
 *   engine thread (sim)      virtual clock follows (wall - pauses) * speed, at most `ahead` in
 * front engine threads (live)    one a task, and the collector's, which fills the queue UI thread
 * engine_take() … detectors, model, tape
 *
 * In sim a full queue makes the engine wait, nothing is lost; in live the rings drop and count. */
#ifndef APP_ENGINE_H
#define APP_ENGINE_H

#include "control/scenario.h"
#include "patterns/pattern.h"
#include "runtime/rt.h"

/* A command that took effect in an earlier execution: again at the same scheduler step, and at the
 * same instant (its event's t_ns), which may lie after the step's. */
struct engine_command {
    uint64_t step;
    int64_t t_ns;
    enum by by;
    const char *text;
};
struct schedule_use;
struct engine_config {
    const struct scenario *scenario; /* borrowed */
    const char *base_dir;            /* of traces; NULL: the scenario's folder. Borrowed */
    enum world world;
    uint64_t seed;
    int64_t for_ns; /* 0 = until it ends by itself or is stopped */
    double speed;
    bool cues;                               /* run the scenario's cues */
    bool probes;                             /* false: no events (bench) */
    const char *schedule;                    /* NULL: the scenario's, with all that belongs to it */
    const struct schedule_use *schedule_use; /* borrowed */
    struct strtab *names;                    /* borrowed */
    const struct engine_command *script; /* sim: in order of step; borrowed for its whole life */
    size_t script_n;
};

struct engine;
/* Checks what the pattern makes of the whole scenario, traces included; runs nothing. */
void engine_check(const struct scenario *s, struct errors *e);
/* NULL with *error (malloc'ed sentence). */
struct engine *engine_create(const struct engine_config *c, char **error);
/* Stops it wherever it is. NULL is fine. */
void engine_destroy(struct engine *e);
const struct pattern *engine_pattern(const struct engine *e);
struct rt *engine_rt(const struct engine *e);
/* The parameter's value as it is now, as text: for the parameters panel. false: no such one. Any
 * thread. */
bool engine_param(const struct engine *e, const char *section, const char *name, char *out,
                  size_t size);

/* Pulled, sim: makes events until until_ns, or `steps` scheduler steps; each chunk goes to take. */
enum rt_state engine_run(struct engine *e, int64_t until_ns, uint64_t steps,
                         void (*take)(void *arg, const struct event *ev, size_t n), void *arg);

/* ---- threaded ------------------------------------------------------------------------------- */

/* Starts its thread, running. NULL, or a malloc'ed sentence. */
char *engine_go(struct engine *e);
/* Takes at most max events out of the queue, in order; 0: nothing now. UI thread, never blocks. */
size_t engine_take(struct engine *e, struct event *out, size_t max);
/* All events up to here are in the queue (or were taken): how far the screen's clock may go. */
int64_t engine_horizon(const struct engine *e);
/* END is in the queue or was taken. */
bool engine_ended(const struct engine *e);
void engine_pause(struct engine *e, bool paused);
void engine_speed(struct engine *e, double speed);
/* sim, while paused: makes at least one more event if there is any to come, or runs to until_ns
 * (until_ns < 0: one event). Waits for it, at most 100 ms of wall time. */
void engine_advance(struct engine *e, int64_t until_ns);
/* The same without waiting; engine_horizon() says how far it is. A later call moves the target. */
void engine_advance_start(struct engine *e, int64_t until_ns);
void engine_advance_stop(struct engine *e); /* stays where it is */
/* Asks for a command at the next safe point; its COMMAND event says when. NULL, or a sentence when
 * it can be seen at once to be wrong (thread-local). */
const char *engine_command(struct engine *e, const char *text, enum by by);
/* What is left of the script is not given any more. */
void engine_forget_script(struct engine *e);
void engine_stop(struct engine *e, enum end_why why);

#endif
