/* SPDX-License-Identifier: MIT */
/* A store that several nodes share, a round trip away: counts of windows, which a node reads and
 * writes, or takes from in one step.
 *
 * Two kinds behind the same calls: one in this process, whose trips take as long as [store] says,
 * in sim and live; and a Redis server, live, where it was built in.
 *
 *   node ─▶ link ──get, set───────────▶ store      another node may come between the two
 *   node ─▶ link ──take (a script)────▶ store      nobody can
 *
 * A node has a link of its own. A link that finds no way, waits in vain or gets nonsense takes the
 * store for down: until its next try, a little later each time and never at the same instant as the
 * others, its calls fail at once. */
#ifndef TRAFFIC_STORE_H
#define TRAFFIC_STORE_H

#include "control/param.h"
#include "runtime/context.h"

struct store_params { /* [store] */
    struct dist latency;
    int64_t timeout_ns;
    int64_t retry_ns;
};
struct redis_params { /* [redis] */
    char url[PARAM_TEXT];
};
extern const struct param_table store_table, redis_table;

struct store;
struct store_link;

enum store_answer {
    STORE_YES,
    STORE_NO,    /* take: as many as may be are in */
    STORE_SILENT /* nobody knows: down, too late, or nonsense */
};
/* A count is that of a window of a space: spaces are numbers that the users of a store share out.
 */
struct store_window {
    uint32_t space;
    int64_t number;  /* the window's */
    int64_t span_ns; /* its length; the count is forgotten three of them later */
    bool its_clock;  /* take: the store says which window it is, by its own clock */
};

/* Emits the object. r may be NULL or have no url: the store in this process. Lives as long as the
 * run. Task context. */
struct store *store_make(const char *name, const struct store_params *p,
                         const struct redis_params *r);
uint32_t store_id(const struct store *s);
/* For one task, which alone uses it. A cancelled ctx ends its waits. */
struct store_link *store_link(struct store *s, struct context *ctx);
/* What the link has to give back is given back (a connection). Its task, at its end. */
void store_unlink(struct store_link *l);
void store_changed(struct store *s, const struct store_params *p);

/* Task context; each blocks for its round trip, at most for the timeout, and emits STORE. STORE_YES
 * with *n, what is there; or STORE_SILENT. */
enum store_answer store_get(struct store_link *l, const struct store_window *w, int64_t *n);
/* Writes n; base is what the caller had read. STORE_YES or STORE_SILENT. */
enum store_answer store_set(struct store_link *l, const struct store_window *w, int64_t n,
                            int64_t base);
/* Adds one unless `limit` are there: *n is the count after that. With its_clock, w->number becomes
 * the window that the store has counted in. */
enum store_answer store_take(struct store_link *l, struct store_window *w, int64_t limit,
                             int64_t *n);

/* "down [5s]": no way there, for a time or until it recovers; "stall": it takes what comes and does
 * not answer; "slow X"; "nonsense": its answers make no sense; "restart": what it knew is gone;
 * "recover". NULL, or a sentence. Engine context. The store in this process only. */
const char *store_inject(struct store *s, const char *fault, const char *arg);

#endif
