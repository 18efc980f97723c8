/* SPDX-License-Identifier: MIT */
/* Traffic: requests that arrive, are started and end, and the accounting of them.
 *
 * A request's `arrive` is the instant at which it is due, even if its producer is blocked: arrivals
 * are made by a timer in engine context and wait in a backlog until a producer takes them. Each
 * request ends once, as its caller sees it; what ends later counts as late. */
#ifndef TRAFFIC_TRAFFIC_H
#define TRAFFIC_TRAFFIC_H

#include "control/param.h"
#include "runtime/context.h"

struct traffic_params { /* [traffic] */
    struct arrivals arrivals;
    int64_t count; /* 0 = no limit */
    int64_t trace_from_ns, trace_to_ns;
    int trace_key;   /* enum trace_key */
    int64_t clients; /* 0 = requests have no key, unless a trace gives one */
};
extern const struct param_table traffic_table;

struct dependency_params { /* [dependency] or [dependency.NAME] */
    struct dist latency;
    double error_rate;
    double hang_rate;
};
extern const struct param_table dependency_table;

enum outcome { OUTCOME_NONE, OUTCOME_OK, OUTCOME_ERROR, OUTCOME_HANG, OUTCOME_IGNORED };

/* Recycled by request_free(), which only its last holder calls. */
struct request {
    uint64_t id; /* from 1, in order of arrival */
    int64_t arrive_ns;
    int64_t start_ns;
    int64_t stamp; /* live: of its last event; whoever holds it, the next one comes after */
    uint16_t lane;
    uint8_t priority; /* class; 0 = most urgent */
    uint8_t ended;
    uint8_t user;         /* closed arrivals: its end brings a user back */
    int64_t service_ns;   /* from a trace, or -1 */
    enum outcome outcome; /* from a trace, or OUTCOME_NONE */
    bool foretold;        /* both are what the dependency will do (dependency_foretell()) */
    uint32_t cost;
    uint64_t key;         /* whose it is (a client, a path): a hash; 0 = nobody's */
    struct request *next; /* the holder's list */
    struct context *ctx;  /* the holder's, or NULL */
};

struct traffic;
/* classes: how many priorities to draw from (1 = all 0; a trace's column wins). lanes: each request
 * arrives once in each; traffic_next() gives the first lane's, request_for_lane() the others'.
 * Trace errors go to e before anything runs (traffic_check). Task context. */
struct traffic *traffic_start(const struct traffic_params *p, int classes, int lanes,
                              const char *base_dir, uint32_t source_obj);
/* Reads a trace whole for its errors: true when it is good or there is none. Any thread. */
struct errors;
bool traffic_check(const struct traffic_params *p, const char *base_dir, struct errors *e);
/* Blocks until the next request is due (it has emitted `arrive` at its instant): RT_OK,
 * RT_CANCELLED, or RT_CLOSED when no more will come. */
enum rt_status traffic_next(struct traffic *t, struct context *ctx, struct request **out);
/* eager arrivals: the pipeline has taken the last one. */
void traffic_taken(struct traffic *t);
/* No more arrivals from now on (graceful shutdown); requests in the backlog stay. */
void traffic_stop(struct traffic *t);
/* Empties the backlog: each is ended with `phase` (drop or cancel). Returns how many. */
uint32_t traffic_discard(struct traffic *t, enum phase phase);
/* How many have arrived and were not taken yet. */
uint32_t traffic_backlog(struct traffic *t);
/* Does it read a trace? Then it was opened when the traffic started. */
bool traffic_has_trace(const struct traffic *t);
/* Engine context: the parameters changed. */
void traffic_changed(struct traffic *t, const struct traffic_params *p);

/* Emits `start`; the present task has the request in hand. */
void request_start(struct traffic *t, struct request *r, uint32_t obj);
/* Emits the end (or `late` when it had ended), counts for closed arrivals. Recycles nothing. */
void request_end(struct traffic *t, struct request *r, enum phase phase, uint32_t obj);
/* The same request in another lane; it is ended and freed by itself. Before the first one's end. */
struct request *request_for_lane(struct traffic *t, const struct request *r, uint16_t lane);
/* Gives the request's memory back. Only the last holder. */
void request_free(struct traffic *t, struct request *r);

/* A sampler of a distribution: ns, never negative. Deterministic on every machine (det.h). */
int64_t dist_sample(const struct dist *d, struct rng *rng);
/* The mean of the distribution in ns (pareto with shape <= 1: infinity). */
double dist_mean(const struct dist *d);

/* What requests call. One a name; has an object. */
struct dependency;
struct dependency *dependency_make(const char *name, const struct dependency_params *p);
uint32_t dependency_id(const struct dependency *d);
void dependency_changed(struct dependency *d, const struct dependency_params *p);
/* Faults: "hang [N]" (the next N calls never return), "errors [N]" or "errors 5s", "slow X"
 * (latency times X), "recover". NULL, or a sentence. Engine context. */
const char *dependency_inject(struct dependency *d, const char *fault, const char *arg);
/* Calls it for r: cpu = share of the latency that is processor time. Returns RT_OK with *outcome,
 * or RT_CANCELLED when ctx ended first. A hang waits until ctx ends (for ever without). */
enum rt_status dependency_call(struct dependency *d, struct context *ctx, const struct request *r,
                               double cpu, enum outcome *outcome);
/* The same, but given up at that instant (NEVER: not at all): RT_TIMEOUT. No processor time. */
enum rt_status dependency_call_until(struct dependency *d, struct context *ctx,
                                     const struct request *r, int64_t give_up_ns,
                                     enum outcome *outcome);
/* Settles now what a call for r will bring, faults included, so that several lanes find the same:
 * before request_for_lane(). Any engine thread, never blocks. */
void dependency_foretell(struct dependency *d, struct request *r);

#endif
