/* SPDX-License-Identifier: MIT */
/* What the engine's files share. */
#ifndef APP_ENGINE_INSIDE_H
#define APP_ENGINE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/engine.h"
#include "event/emit.h"
#include "runtime/schedule.h"

enum { QUEUE_EVENTS = 1 << 16 }; /* a power of two */

/* One writer (the engine's thread or the collector's), one reader (the screen). Free-running
 * counts; the writer waits on `room` while it is full. */
struct queue {
    struct event *ring;
    _Atomic uint64_t head; /* written */
    _Atomic uint64_t tail; /* taken */
};

/* A command on its way to a safe point; kept until the engine goes. */
struct pending {
    struct pending *next;
    struct engine *engine;
    enum by by;
    char text[];
};

struct engine {
    struct engine_config c;
    const struct pattern *pattern;
    struct schedule_use schedule_use; /* as the scenario says */
    struct choices choices;
    struct rt *rt;
    struct pattern_run *run;
    char *id; /* the scenario's, in the stream */
    size_t script_at;
    _Atomic size_t script_n;
    bool begun; /* rt_start() was called */
    struct engine_cue *cues;
    enum end_why stop_why;
    struct pending *pending; /* under lock */

    /* pulled */
    void (*take)(void *arg, const struct event *ev, size_t n);
    void *take_arg;

    /* threaded */
    bool threaded;
    pthread_t thread; /* sim */
    bool thread_made;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* for the engine: something changed, or there is room */
    pthread_cond_t done; /* for engine_advance() */
    struct queue queue;
    _Atomic bool quit;
    _Atomic bool ended;                 /* END is in the queue */
    _Atomic int64_t horizon;            /* all events up to here are in the queue */
    _Atomic uint64_t emitted;           /* events so far */
    bool paused;                        /* these under lock */
    int64_t paused_since_ns, paused_ns; /* wall; what all pauses took that are over */
    double speed;
    bool poked;    /* a command waits, also while paused */
    bool stepping; /* engine_advance() waits */
    int64_t step_until_ns;
};

/* Starts the run if it has not: START, and the set-up at the first safe point. */
void engine_begin(struct engine *e);
/* sim: rt_sim_run() with the script's commands at their steps. */
enum rt_state engine_run_sim(struct engine *e, int64_t until_ns, uint64_t steps);
/* The sink of a threaded engine. */
void engine_put(struct engine *e, const struct event *ev, size_t n);
/* Wakes the engine's thread to look at posts. Under no lock. */
void engine_poke(struct engine *e);

/* Sets a timer for each cue. Engine context. */
void cues_set(struct engine *e);

#endif
