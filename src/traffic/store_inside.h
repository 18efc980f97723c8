/* SPDX-License-Identifier: MIT */
/* What a kind of store has to do; store.c does the rest (events, retries). */
#ifndef TRAFFIC_STORE_INSIDE_H
#define TRAFFIC_STORE_INSIDE_H

#include "base/rng.h"
#include "runtime/guard.h"
#include "traffic/store.h"

enum store_trip { TRIP_OK, TRIP_FAILED, TRIP_TIMEOUT, TRIP_NONSENSE, TRIP_CANCELLED };
enum store_what { ASK_GET, ASK_SET, ASK_TAKE };

struct store_ask {
    enum store_what what;
    struct store_window window;
    int64_t n;    /* set: the new count; take: the limit */
    int64_t base; /* set: what the caller had read */
};
struct store_told {
    int64_t n;
    int64_t number; /* of the window it was counted in */
    bool ok;        /* take: it is in */
    bool overwrote; /* set: it was another than base */
};
struct store_kind {
    void (*close)(struct store_link *l); /* or NULL */
    /* One round trip, which blocks; makes the way if there is none. */
    enum store_trip (*trip)(struct store_link *l, const struct store_ask *a,
                            struct store_told *told);
};
extern const struct store_kind store_memory, store_redis;
/* redis://HOST[:PORT]; NULL, or a sentence. */
const char *store_url(const char *url, char *host, size_t size, int *port);

/* A count of the store in this process. */
struct store_count {
    uint32_t space;
    int64_t number, n, forget_ns;
    bool used;
};
enum { STORE_COUNTS = 128 };
struct store {
    struct guard guard; /* of all that follows, but the kind */
    const struct store_kind *kind;
    uint32_t id;
    struct store_params params;
    char url[PARAM_TEXT];
    struct rng *trips, *retries;
    uint32_t links;
    int64_t run; /* of a server: what it calls this run; 0: not known yet */
    /* In this process: the counts, and the faults put in. */
    struct store_count count[STORE_COUNTS];
    int64_t down_until_ns; /* NEVER: until it recovers */
    bool stalls, nonsense;
    double slow;
};
struct store_link {
    struct store *store;
    struct context *ctx;
    uint32_t number;
    bool down;
    uint32_t failures; /* one after the other */
    int64_t again_ns;  /* when to try again */
    void *way;         /* the kind's */
};

#endif
