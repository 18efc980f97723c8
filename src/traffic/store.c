/* SPDX-License-Identifier: MIT */
/* A shared store: its parameters, its links, and when a link tries again. */
#include "traffic/store.h"

#include <stdio.h>
#include <string.h>

#include "event/emit.h"
#include "traffic/store_inside.h"
#include "traffic/traffic.h"

#define ROW(f, t, d, lo, hi, ...)                                                               \
    {                                                                                           \
        .name = #f, .type = t, .offset = offsetof(struct store_params, f), .def = d, .min = lo, \
        .max = hi, .live = true, __VA_ARGS__                                                    \
    }
static const struct param store_rows[] = {
    ROW(latency, PT_DIST, "const(1ms)", 0, 0, .unit = "ns",
        .help = "how long a round trip to the store in this process takes, there and back"),
    {.name = "timeout",
     .type = PT_DURATION,
     .offset = offsetof(struct store_params, timeout_ns),
     .def = "50ms",
     .min = 1e5,
     .max = 5e9,
     .live = true,
     .unit = "ns",
     .help = "how long a node waits for an answer"},
    {.name = "retry",
     .type = PT_DURATION,
     .offset = offsetof(struct store_params, retry_ns),
     .def = "100ms",
     .min = 1e6,
     .max = 5e9,
     .live = true,
     .unit = "ns",
     .help = "how long a node leaves a store alone that failed; twice as long each time, 5s at "
             "most, and by chance up to half as short"},
};
const struct param_table store_table = {.section = "store",
                                        .help = "what the nodes share, a round trip away",
                                        .rows = store_rows,
                                        .n = ARRAY_LEN(store_rows),
                                        .size = sizeof(struct store_params)};

const char *store_url(const char *url, char *host, size_t size, int *port)
{
    static const char bad[] = "must be redis://HOST or redis://HOST:PORT, or empty";
    static const char scheme[] = "redis://";
    int64_t number = 6379;
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return bad;
    const char *from = url + sizeof scheme - 1, *end = from + strcspn(from, ":/");
    if (*from == '[') { /* an address of IPv6 */
        from++;
        end = from + strcspn(from, "]");
    }
    const char *rest = *end == ']' ? end + 1 : end;
    if (end == from || (size_t)(end - from) >= size)
        return bad;
    snprintf(host, size, "%.*s", (int)(end - from), from);
    if (*rest == ':' ? value_int(rest + 1, &number) != NULL : *rest != '\0')
        return bad;
    *port = (int)number;
    return number > 0 && number < 65536 ? NULL : bad;
}

static const char *url_check(const char *url)
{
    if (!url[0])
        return NULL;
#ifdef WITH_REDIS
    char host[PARAM_TEXT];
    int port;
    return store_url(url, host, sizeof host, &port);
#else
    return "must be empty: this program is built without hiredis, and has only the store in this "
           "process";
#endif
}

static const struct param redis_rows[] = {
    {.name = "url",
     .type = PT_TEXT,
     .offset = offsetof(struct redis_params, url),
     .def = "",
     .unit = "",
     .check = url_check,
     .allowed = "redis://HOST or redis://HOST:PORT, or empty",
     .help = "live: a server to share through, redis://HOST:PORT; empty: the store in this "
             "process"},
};
const struct param_table redis_table = {.section = "redis",
                                        .help = "a Redis server as the store",
                                        .rows = redis_rows,
                                        .n = ARRAY_LEN(redis_rows),
                                        .size = sizeof(struct redis_params)};

enum { RETRY_DOUBLINGS = 6 };
static const int64_t RETRY_MOST = INT64_C(5000000000);

struct store *store_make(const char *name, const struct store_params *p,
                         const struct redis_params *r)
{
    struct rt *rt = rt_here();
    struct store *s = rt_alloc(rt, sizeof *s);
    s->params = *p;
    s->kind = &store_memory;
#ifdef WITH_REDIS
    if (r && r->url[0] && rt_world(rt) == WORLD_LIVE)
        s->kind = &store_redis;
#endif
    if (r)
        memcpy(s->url, r->url, sizeof s->url);
    s->trips = rt_rng(rt, "store");
    s->retries = rt_rng(rt, "store retries");
    s->slow = 1;
    s->id = rt_object(OBJ_STORE, name, 0);
    return s;
}

uint32_t store_id(const struct store *s)
{
    return s->id;
}

static void unlink_at_destroy(void *link)
{
    store_unlink(link);
}

struct store_link *store_link(struct store *s, struct context *ctx)
{
    struct store_link *l = rt_alloc(rt_here(), sizeof *l);
    l->store = s;
    l->ctx = ctx;
    guard_lock(&s->guard);
    l->number = ++s->links;
    guard_unlock(&s->guard);
    rt_at_destroy(rt_here(), unlink_at_destroy, l); /* where its task does not come to its end */
    return l;
}

void store_unlink(struct store_link *l)
{
    if (l->store->kind->close)
        l->store->kind->close(l);
}

void store_changed(struct store *s, const struct store_params *p)
{
    guard_lock(&s->guard);
    s->params = *p;
    guard_unlock(&s->guard);
}

static void tell(struct store *s, enum store_op op, const struct store_ask *a, int64_t n,
                 int64_t from_ns)
{
    if (!emitter)
        return;
    int64_t took = (rt_now() - from_ns) / 1000;
    guard_lock(&s->guard);
    emit(&s->guard.stamp, EV_STORE, (uint8_t)op, 0, task_self_id(), s->id,
         (uint32_t)a->window.number, emit_ab((uint32_t)n, (uint32_t)took));
    guard_unlock(&s->guard);
}

/* After how long to try again: the nodes do not come back all at once. */
static int64_t pause_ns(struct store_link *l)
{
    struct store *s = l->store;
    guard_lock(&s->guard);
    double luck = rng_double(s->retries);
    int64_t ns = s->params.retry_ns;
    guard_unlock(&s->guard);
    for (uint32_t i = 1; i < l->failures && i < RETRY_DOUBLINGS; i++)
        ns *= 2;
    ns = ns > RETRY_MOST ? RETRY_MOST : ns;
    int64_t half = ns / 2;
    return half + (int64_t)((double)half * luck);
}

static void failed(struct store_link *l, const struct store_ask *a, enum store_trip trip,
                   int64_t from_ns)
{
    struct store *s = l->store;
    tell(s,
         trip == TRIP_TIMEOUT    ? STORE_TIMEOUT
         : trip == TRIP_NONSENSE ? STORE_NONSENSE
                                 : STORE_FAILED,
         a, 0, from_ns);
    if (s->kind->close)
        s->kind->close(l); /* a late answer must not be taken for the next one's */
    l->failures++;
    l->again_ns = rt_now() + pause_ns(l);
    if (!l->down)
        tell(s, STORE_DOWN, a, 0, rt_now());
    l->down = true;
}

static bool ask(struct store_link *l, const struct store_ask *a, struct store_told *told)
{
    struct store *s = l->store;
    int64_t from = rt_now();
    *told = (struct store_told){.number = a->window.number};
    if (l->down && from < l->again_ns) {
        tell(s, STORE_FAILED, a, 0, from);
        return false;
    }
    enum store_trip trip = s->kind->trip(l, a, told);
    if (trip == TRIP_CANCELLED)
        return false;
    if (trip != TRIP_OK) {
        failed(l, a, trip, from);
        return false;
    }
    if (l->down)
        tell(s, STORE_UP, a, 0, rt_now());
    l->down = false;
    l->failures = 0;
    enum store_op op = a->what == ASK_GET   ? STORE_GET
                       : a->what == ASK_SET ? told->overwrote ? STORE_OVERWRITE : STORE_SET
                       : told->ok           ? STORE_TAKE
                                            : STORE_FULL;
    tell(s, op, a, told->n, from);
    return true;
}

enum store_answer store_get(struct store_link *l, const struct store_window *w, int64_t *n)
{
    struct store_ask a = {.what = ASK_GET, .window = *w};
    struct store_told told;
    bool ok = ask(l, &a, &told);
    *n = told.n;
    return ok ? STORE_YES : STORE_SILENT;
}

enum store_answer store_set(struct store_link *l, const struct store_window *w, int64_t n,
                            int64_t base)
{
    struct store_ask a = {.what = ASK_SET, .window = *w, .n = n, .base = base};
    struct store_told told;
    return ask(l, &a, &told) ? STORE_YES : STORE_SILENT;
}

enum store_answer store_take(struct store_link *l, struct store_window *w, int64_t limit,
                             int64_t *n)
{
    struct store_ask a = {.what = ASK_TAKE, .window = *w, .n = limit};
    struct store_told told;
    bool ok = ask(l, &a, &told);
    *n = told.n;
    w->number = told.number;
    return !ok ? STORE_SILENT : told.ok ? STORE_YES : STORE_NO;
}

const char *store_inject(struct store *s, const char *fault, const char *arg)
{
    int64_t ns = 0;
    double x = 10;
    bool down = strcmp(fault, "down") == 0, slow = strcmp(fault, "slow") == 0;
    if (s->kind != &store_memory)
        return "faults are for the store in this process: stop the server instead";
    if (slow && arg && (value_float(arg, &x) || x <= 0 || x > 1e6))
        return "inject store slow X: X is a factor such as 10";
    if (down && arg && (value_duration(arg, &ns) || ns <= 0))
        return "inject store down 5s: for how long; without it until it recovers";
    guard_lock(&s->guard);
    if (down) {
        s->down_until_ns = arg ? rt_now() + ns : NEVER;
    } else if (slow) {
        s->slow = x;
    } else if (strcmp(fault, "stall") == 0) {
        s->stalls = true;
    } else if (strcmp(fault, "nonsense") == 0) {
        s->nonsense = true;
    } else if (strcmp(fault, "restart") == 0) {
        memset(s->count, 0, sizeof s->count);
    } else {
        s->down_until_ns = 0;
        s->stalls = s->nonsense = false;
        s->slow = 1;
    }
    guard_unlock(&s->guard);
    return NULL;
}
