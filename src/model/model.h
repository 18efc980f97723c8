/* SPDX-License-Identifier: MIT */
/* The model: the state of a run, folded from its events. model_apply() is the only writer; it reads
 * no clock. Views, figures and exports read it.
 *
 * Flat: arrays and ids, no pointers between them, so a keyframe is a copy (model_clone). The fold
 * survives an end without a beginning: an unknown id makes an entry with a name "?7". */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"
#include "base/strtab.h"
#include "event/event.h"

enum { TIMELINE = 64, HISTORY = 128, MODEL_LOG = 2048, MODEL_CLASSES = 8 };

/* Times stand between 0 and this (146 years): sums and steps cannot overflow. */
#define MODEL_TIME_MAX (INT64_C(1) << 62)
/* Ids above these are counted in `ignored` and not kept: a file must not choose our memory. */
enum { MODEL_IDS = 4 << 20, MODEL_FLIGHTS = 16 << 20, MODEL_EDGES = 1 << 20 };

/* A stretch of a task's life, newest last in a ring; one that took no time is overwritten. */
struct stroke {
    int64_t from_ns : 56;
    uint64_t state : 4, why : 4;
};
_Static_assert(sizeof(struct stroke) == 8 && TASK_STATE_COUNT <= 16 && WHY_COUNT <= 16,
               "ten thousand tasks have as many timelines, and a keyframe copies them");
/* What every event touches comes first. */
struct task_model {
    int64_t since_ns; /* in this state */
    int64_t until_ns; /* waiting: until then at most; 0: for ever */
    uint8_t state, why, proc;
    bool known;
    uint32_t on;      /* object, or 0 */
    uint32_t others;  /* waiting: cases of a select, a context … beside `on` that may end it */
    uint32_t strokes; /* count so far; ring of TIMELINE */
    uint32_t name;
    int64_t in_state[TASK_STATE_COUNT]; /* ns, up to since_ns */
    uint64_t item;                      /* request in hand, 0 = none */
    int64_t item_ns;                    /* since when */
    uint32_t item_obj;                  /* where it was started */
    uint32_t line;                      /* SOURCE */
    uint64_t items;                     /* requests ended */
    int64_t busy_ns;                    /* with an item in hand, up to item_ns */
    int64_t born_ns, ended_ns;
    uint32_t parent;
    struct stroke stroke[TIMELINE];
};

/* A value over time: mean over time, maximum, and a history of HISTORY samples that halves its
 * resolution when it is full. */
struct level {
    int64_t since_ns;
    double now, max, area; /* area: value times ns */
};
struct history {
    int64_t step_ns, next_ns;
    float acc; /* of the step that is not over yet: a level's peak, or a count */
    uint32_t n;
    float sample[HISTORY];
};

enum { OBJECT_OPS = 16 };
struct object_model {
    uint32_t name;
    uint8_t kind; /* enum obj_kind */
    bool known, closed, cancelled;
    struct level level;          /* channel length, group count, calls in flight, lock held … */
    uint64_t ops[OBJECT_OPS];    /* by op: chan: send recv close drop; lock … */
    uint32_t senders, receivers; /* waiting */
    int64_t senders_since, receivers_since;
    float rate, rate_out; /* items put in and taken out a second, over the last second: arrows */
    uint32_t rate_count, rate_out_count;
    int64_t rate_from_ns;
    uint32_t waiters;
    uint32_t owner; /* lock: task */
    int64_t cap;
    /* map: keys in the read-only and in the dirty part, misses; pool: items on shelves, victims;
     * singleflight: callers that share the last flight; barrier: round; slice: where in its array
     * it begins, its capacity. */
    uint32_t part[3];
    int64_t born_ns, closed_ns;
    uint32_t closed_by; /* task, or 0 */
    uint32_t parent;    /* context */
    int64_t deadline_ns;
    uint32_t cause;         /* strtab */
    uint64_t calls, errors; /* requests that ended here, and how many of them not well */
    struct history history;
};
struct edge_model {
    uint32_t from_task, from_obj, to_obj;
    uint8_t role;
    bool gone;
};

/* A virtual processor. Its task and run queue, as the task events tell; `strip` is what a task's
 * would be that runs whenever the processor is busy. */
struct proc_model {
    uint32_t task;                 /* runs on it, or 0 */
    uint32_t runq, runq_max;       /* tasks in its run queue */
    uint64_t dispatches, thefts;   /* tasks it has begun to run; times it stole */
    uint64_t stolen, lost, global; /* tasks it stole, had stolen, took from the global queue */
    struct task_model strip;
};
enum { MODEL_PROCS = 64, MODEL_SHELVES = 64 };
/* How many items each shelf of a pool holds, up to 255. */
struct shelves_model {
    uint32_t obj, n; /* n: the highest shelf seen + 1 */
    uint8_t items[MODEL_SHELVES];
};

/* A store that only its own task sees so far. */
struct store_model {
    uint32_t task, obj;
    int64_t value;
    uint8_t order, word; /* enum cell_order; which word of a wide cell */
};
enum { MODEL_STORES = 16 };

/* A limiter: its law, how it stands, and the last decisions. */
enum { MODEL_TAPE = 128, MODEL_PAST = 8 };
struct limiter_model {
    uint32_t obj;
    uint8_t law; /* enum law */
    bool told;   /* how it stands is known */
    uint16_t line;
    int64_t span_ns, at_ns; /* EV_LAW, EV_LIMITER */
    int64_t told_ns, law_ns;
    uint32_t count, queue;
    double now, other;
    uint64_t waited;  /* of those let in */
    uint64_t refused; /* by its rate, or for want of room: told when to come again */
    double retry_sum_ns, retry_max_ns;
    int64_t retry_ns; /* the last one was told; -1: no wait helps */
    uint32_t over;    /* let in by its nodes beyond its limit */
    struct {
        int64_t t_ns; /* let in: when it passes; refused: when */
        uint8_t ok, waited;
    } tape[MODEL_TAPE]; /* a ring */
    uint64_t tape_n;
    struct {
        int64_t from_ns;
        double used;
    } past[MODEL_PAST]; /* windows before this one, a ring; fixed windows, counters */
    uint64_t past_n;
};
/* A breaker: its rule, how it counts, the last results and changes of state. */
enum { MODEL_RESULTS = 64, MODEL_CHANGES = 16 };
struct breaker_model {
    uint32_t obj, trip;                /* trip: strtab */
    uint8_t state;                     /* enum breaker_state, as it acts */
    uint8_t counts_as;                 /* closed, open, half open; another one in a dry run */
    uint8_t out;                       /* probes that have not come back */
    int64_t since_ns;                  /* of counts_as */
    int64_t open_for_ns, half_open_ns; /* RULE; open: when probes may pass, 0: not known */
    uint32_t probes, close_after;      /* RULE; 0: any number of probes; closed by a rate */
    uint32_t calls, failures;          /* since the last change */
    double level, threshold;           /* of what would change its state */
    double trip_at;                    /* the threshold in closed, as last seen */
    uint64_t openings, closings, probings, dry_openings, dry_refused;
    uint64_t refused;  /* since the last change */
    uint32_t in_a_row; /* openings since it was closed */
    uint32_t flaps;    /* closed for less time than it had been open, again and again */
    int64_t opened_ns; /* the first opening since it was closed */
    uint64_t results_n, by_result[BREAKER_RESULT_COUNT];
    uint8_t result[MODEL_RESULTS]; /* a ring */
    struct breaker_change {
        int64_t t_ns;
        uint32_t why; /* strtab */
        uint8_t from, to;
        bool dry;
    } change[MODEL_CHANGES]; /* a ring */
    uint64_t changes_n;
};
/* What the lanes said of one request: bits by lane. */
enum { MODEL_LANES = 8, MODEL_COMPARED = 64 };
struct comparison {
    int64_t t_ns; /* of the first decision */
    uint32_t id;
    uint8_t decided, ok, waited;
    uint8_t why[MODEL_LANES];
};

struct lane_model {
    uint32_t obj; /* the first policy that decided in it, or 0 */
    uint64_t arrived, started, done, errors, rejected, timed_out, cancelled, dropped, late,
        attempts;
    struct hist latency, wait, service;
    struct level in_system;       /* requests that have arrived and not ended */
    struct level in_service;      /* those of them that were started */
    uint64_t alone_in, alone_out; /* requests that only this lane let in; that only it refused */
};
struct class_model {
    uint64_t arrived, started, ended;
    struct hist wait;
};
/* A request that has not ended: open addressing by id, see model_request(). */
struct flight {
    uint64_t id; /* 0 = free */
    int64_t arrive_ns, start_ns;
    uint32_t task, obj;
    uint8_t class_, phase;
    uint16_t lane;
};
/* A diagnosis, as given to model_diagnosis(). */
struct diagnosis {
    int64_t t_ns;
    uint8_t kind;
    uint32_t tasks, objs, text; /* strtab: names joined by ", ", and the sentence */
    uint64_t seq;               /* of the event that completed it */
};
struct log_entry {
    uint64_t seq;    /* from 1 */
    int64_t took_ns; /* the end of a request: since it arrived; -1: not known, or no such event */
    struct event ev;
};

struct model {
    struct strtab *names; /* borrowed */
    int64_t now_ns;
    uint64_t seq; /* events applied */
    uint64_t lost;
    uint64_t refused_tasks; /* for want of threads */
    uint64_t ignored;       /* ids out of bounds, unknown kinds */
    size_t room;            /* bytes for tasks, objects and requests in flight; 0: no limit */
    bool full;              /* some found no room */
    uint8_t world;
    bool started, ended;
    uint8_t end_why;
    uint32_t scenario; /* strtab */
    uint64_t seed;
    uint32_t main_task;
    bool main_done;
    uint32_t panic_text, panic_task;
    int64_t panic_ns;

    struct task_model *tasks; /* by id; [0] unused */
    size_t tasks_n, tasks_cap;
    uint32_t live_tasks, peak_tasks, started_tasks, done_tasks, leaked_tasks;
    struct object_model *objects; /* by id */
    size_t objects_n, objects_cap;
    struct edge_model *edges;
    size_t edges_n, edges_cap;
    uint32_t *edge_slots; /* open addressing: index of the edge + 1 */
    size_t edge_slots_cap;
    struct flight *flights; /* power of two */
    size_t flights_n, flights_cap;
    struct lane_model *lanes; /* MODEL_LANES */
    size_t lanes_n;
    struct class_model classes[MODEL_CLASSES];
    struct diagnosis *diagnoses;
    size_t diagnoses_n, diagnoses_cap;
    struct log_entry *log; /* ring of MODEL_LOG: what is worth a line */
    uint64_t log_n;
    struct params_seen {
        uint32_t name, value;
        int64_t t_ns;
        uint8_t by;
    } * params;
    size_t params_n, params_cap;
    struct history in_rate, out_rate;
    struct proc_model *procs;    /* sim, where there is a limit; MODEL_PROCS of them, or NULL */
    uint32_t procs_n;            /* as the start says, or as many as were seen */
    uint32_t global, global_max; /* tasks in the global run queue */
    struct shelves_model *shelves;
    size_t shelves_n, shelves_cap;
    struct limiter_model *limiters;
    size_t limiters_n, limiters_cap;
    struct breaker_model *breakers;
    size_t breakers_n, breakers_cap;
    struct store_model stores[MODEL_STORES]; /* in buffers, oldest first */
    uint32_t stores_n;
    struct comparison compared[MODEL_COMPARED]; /* a ring */
    uint64_t compared_n, differ;                /* requests decided on; on which lanes disagreed */
};

struct model *model_create(struct strtab *names);
/* Keeps no more tasks, objects and requests in flight than go into so many bytes: what a session
 * claims must not choose our memory. */
void model_set_room(struct model *m, size_t bytes);
struct model *model_clone(const struct model *m); /* shares names */
void model_free(struct model *m);
size_t model_bytes(const struct model *m);
void model_apply(struct model *m, const struct event *e);
void model_apply_all(struct model *m, const struct event *e, size_t n);
/* Time has passed without an event (never backwards). */
void model_advance(struct model *m, int64_t now_ns);
void model_diagnosis(struct model *m, const struct diagnosis *d);
/* These tasks can never be woken: their state becomes TASK_LEAKED. */
void model_leaked(struct model *m, const uint32_t *tasks, size_t n);
/* A diagnosis as the event that follows the one that completed it. */
struct event model_diagnosis_event(const struct diagnosis *d);

/* Of an unknown one: "?7", valid until this thread has asked for eight more of them. */
const char *model_task_name(const struct model *m, uint32_t task);
const char *model_object_name(const struct model *m, uint32_t obj);
/* As its first policy is called; before that its number, until this thread asks again. */
const char *model_lane_name(const struct model *m, size_t lane);
/* What the lanes decided on a request, the newest first (back = 0); NULL: none is kept so far back.
 */
const struct comparison *model_comparison(const struct model *m, size_t back);
/* NULL: no limiter of that id has said anything. */
const struct limiter_model *model_limiter(const struct model *m, uint32_t obj);
/* NULL: no breaker of that id has said anything. */
const struct breaker_model *model_breaker(const struct model *m, uint32_t obj);
/* The change of state before the last `back` ones; NULL: none is kept. */
const struct breaker_change *breaker_change(const struct breaker_model *b, size_t back);
/* Have some lanes let it in and others not? */
bool comparison_differs(const struct comparison *v);
/* Of all virtual processors, up to now: how busy they were (0 to 1), how often one stole, how many
 * tasks, and the longest of their run queues ever. */
double proc_busy_share(const struct model *m);
uint64_t proc_thefts(const struct model *m);
uint64_t proc_stolen(const struct model *m);
uint32_t proc_max_runq(const struct model *m);
int64_t proc_busy_ns(const struct proc_model *p, int64_t now_ns);
/* NULL: no such edge was ever there. */
const struct edge_model *model_edge(const struct model *m, uint32_t task, uint32_t obj,
                                    uint8_t role);
/* NULL when it has ended or is not known. */
const struct flight *model_request(const struct model *m, uint16_t lane, uint64_t id);
/* Over the span from from_ns (before which it was 0) to now_ns. */
double level_mean(const struct level *l, int64_t from_ns, int64_t now_ns);
uint64_t lane_in_flight(const struct lane_model *l);
/* A log line as a sentence: "worker-1 waits: recv on jobs". */
struct str;
void model_sentence(const struct model *m, const struct event *e, struct str *out);
/* The same for an entry of the log, which knows more: "request 141 is done after 96ms". */
void model_log_sentence(const struct model *m, const struct log_entry *l, struct str *out);
/* The same event as one JSON object without a line end (names resolved). */
void model_json(const struct model *m, const struct event *e, uint64_t seq, struct str *out);

#endif
