/* SPDX-License-Identifier: MIT */
/* A Redis server as the store, in live: each node's task has a connection of its own and waits for
 * its answers itself, so nobody else does (least of all the screen).
 *
 * Taking is one script, which the server runs without a break; it is sent once and then called by
 * its hash. A server that was restarted no longer knows it: then it is sent again, in the same
 * trip. Keys carry the number of the run, which the server gives, and are forgotten by themselves.
 *
 * What comes back is believed only as far as it can be: a number where one is due, within bounds.
 * A trip ends at its timeout even if the server sends a byte now and then. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "event/emit.h"
#include "runtime/park.h"
#include "traffic/store_inside.h"

enum { ANSWER_MOST = 1 << 16, SHA = 40, KEY = 96, SLICE_MS = 10 };
static const long long COUNT_MOST = 1000000000000LL;

static const char script[] =
    "if redis.replicate_commands then redis.replicate_commands() end "
    "local w = tonumber(ARGV[1]) "
    "if w < 0 then "
    "  local t = redis.call('TIME') "
    "  w = math.floor((tonumber(t[1]) * 1000000 + tonumber(t[2])) / tonumber(ARGV[3])) "
    "end "
    "local key = KEYS[1] .. ':' .. string.format('%.0f', w) "
    "local n = tonumber(redis.call('GET', key) or '0') "
    "if n >= tonumber(ARGV[2]) then return {0, n, w} end "
    "n = redis.call('INCR', key) "
    "redis.call('PEXPIRE', key, ARGV[4]) "
    "return {1, n, w}";

struct way {
    redisContext *c;
    char sha[SHA + 1]; /* of the script; "": not sent yet */
    int64_t until_ns;  /* the trip's end */
};

static int64_t timeout_of(struct store *s)
{
    guard_lock(&s->guard);
    int64_t ns = s->params.timeout_ns;
    guard_unlock(&s->guard);
    return ns;
}

/* ---- one answer ------------------------------------------------------------------------------ */

static enum store_trip broken(const redisContext *c)
{
    return c->err == REDIS_ERR_PROTOCOL ? TRIP_NONSENSE : TRIP_FAILED;
}

/* Until the connection is ready for that, in slices: a pause, a stop or a cancel comes between. */
static enum store_trip ready(struct store_link *l, short events)
{
    const struct way *w = l->way;
    struct pollfd fd = {.fd = w->c->fd, .events = events};
    for (;;) {
        rt_gate();
        if (ctx_cancelled(l->ctx))
            return TRIP_CANCELLED;
        int n = poll(&fd, 1, SLICE_MS);
        if (n > 0)
            return TRIP_OK;
        if (n < 0 && errno != EINTR)
            return TRIP_FAILED;
        if (rt_now() >= w->until_ns)
            return TRIP_TIMEOUT;
    }
}

/* The next answer, to be freed; an error of the server is one too. */
static enum store_trip answer(struct store_link *l, redisReply **out)
{
    struct way *w = l->way;
    enum store_trip trip;
    for (int done = 0; !done;) {
        if ((trip = ready(l, POLLOUT)) != TRIP_OK)
            return trip;
        if (redisBufferWrite(w->c, &done) != REDIS_OK)
            return broken(w->c);
    }
    for (;;) {
        void *reply = NULL;
        if (redisGetReplyFromReader(w->c, &reply) != REDIS_OK)
            return TRIP_NONSENSE;
        if (reply) {
            *out = reply;
            return TRIP_OK;
        }
        if (rt_now() >= w->until_ns)
            return TRIP_TIMEOUT;
        if ((trip = ready(l, POLLIN)) != TRIP_OK)
            return trip;
        if (redisBufferRead(w->c) != REDIS_OK)
            return broken(w->c);
        if (w->c->reader->len > ANSWER_MOST)
            return TRIP_NONSENSE;
    }
}

/* A count as an answer: an integer, or text of one, or nothing (0). False: it cannot be one. */
static bool count_in(const redisReply *r, int64_t *n)
{
    char *end = NULL;
    long long v = 0;
    if (r->type == REDIS_REPLY_INTEGER) {
        v = r->integer;
    } else if (r->type == REDIS_REPLY_STRING) {
        v = strtoll(r->str, &end, 10);
        if (!r->len || end != r->str + r->len)
            return false;
    } else if (r->type != REDIS_REPLY_NIL) {
        return false;
    }
    *n = v;
    return v >= 0 && v <= COUNT_MOST;
}

/* The server refuses: it is loading, full, or read-only. Or it does not understand us. */
static enum store_trip refused(const redisReply *r)
{
    return r->type == REDIS_REPLY_ERROR ? TRIP_FAILED : TRIP_NONSENSE;
}

static enum store_trip answer_count(struct store_link *l, int64_t *n)
{
    redisReply *r = NULL;
    enum store_trip trip = answer(l, &r);
    if (trip != TRIP_OK)
        return trip;
    VERIFY(r);
    trip = count_in(r, n) ? TRIP_OK : refused(r);
    freeReplyObject(r);
    return trip;
}

/* ---- the way there --------------------------------------------------------------------------- */

static void close_way(struct store_link *l)
{
    struct way *w = l->way;
    if (!w)
        return;
    if (w->c)
        redisFree(w->c);
    free(w);
    l->way = NULL;
}

static enum store_trip send_script(struct store_link *l)
{
    struct way *w = l->way;
    redisReply *r = NULL;
    if (redisAppendCommand(w->c, "SCRIPT LOAD %s", script) != REDIS_OK)
        return TRIP_FAILED;
    enum store_trip trip = answer(l, &r);
    if (trip != TRIP_OK)
        return trip;
    if (r->type == REDIS_REPLY_STRING && r->len == SHA)
        memcpy(w->sha, r->str, SHA + 1);
    else
        trip = refused(r);
    freeReplyObject(r);
    return trip;
}

/* The first link to get there asks for the run's number. */
static enum store_trip number_run(struct store_link *l)
{
    struct store *s = l->store;
    struct way *w = l->way;
    int64_t n = 0;
    guard_lock(&s->guard);
    bool known = s->run > 0;
    guard_unlock(&s->guard);
    if (known)
        return TRIP_OK;
    if (redisAppendCommand(w->c, "INCR patternscope:runs") != REDIS_OK)
        return TRIP_FAILED;
    enum store_trip trip = answer_count(l, &n);
    guard_lock(&s->guard);
    if (trip == TRIP_OK && !s->run)
        s->run = n;
    guard_unlock(&s->guard);
    return trip;
}

static enum store_trip open_way(struct store_link *l)
{
    struct store *s = l->store;
    char host[PARAM_TEXT];
    int port;
    if (l->way)
        return TRIP_OK;
    if (store_url(s->url, host, sizeof host, &port))
        return TRIP_FAILED;
    struct way *w = xcalloc(1, sizeof *w);
    l->way = w;
    w->until_ns = rt_now() + timeout_of(s);
    w->c = redisConnectNonBlock(host, port);
    if (!w->c || w->c->err)
        return TRIP_FAILED;
    enum store_trip trip = ready(l, POLLOUT);
    int error = 0;
    socklen_t size = sizeof error;
    if (trip == TRIP_OK &&
        (getsockopt(w->c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0))
        trip = TRIP_FAILED;
    if (trip == TRIP_OK)
        trip = number_run(l);
    return trip == TRIP_OK ? send_script(l) : trip;
}

/* ---- trips ----------------------------------------------------------------------------------- */

static void key_of(struct store *s, const struct store_window *w, char *out)
{
    guard_lock(&s->guard);
    snprintf(out, KEY, "patternscope:%lld:%u", (long long)s->run, w->space);
    guard_unlock(&s->guard);
}

static long long forget_ms(const struct store_window *w)
{
    return 3 * w->span_ns / 1000000 + 1000;
}

static enum store_trip get(struct store_link *l, const struct store_ask *a, struct store_told *told)
{
    struct store *s = l->store;
    struct way *w = l->way;
    char key[KEY];
    key_of(s, &a->window, key);
    if (redisAppendCommand(w->c, "GET %s:%lld", key, (long long)a->window.number) != REDIS_OK)
        return TRIP_FAILED;
    return answer_count(l, &told->n);
}

static enum store_trip set(struct store_link *l, const struct store_ask *a, struct store_told *told)
{
    struct store *s = l->store;
    struct way *w = l->way;
    char key[KEY];
    int64_t was = 0, ok = 0;
    long long number = a->window.number;
    key_of(s, &a->window, key);
    if (redisAppendCommand(w->c, "GETSET %s:%lld %lld", key, number, (long long)a->n) != REDIS_OK ||
        redisAppendCommand(w->c, "PEXPIRE %s:%lld %lld", key, number, forget_ms(&a->window)) !=
            REDIS_OK)
        return TRIP_FAILED;
    enum store_trip trip = answer_count(l, &was);
    if (trip == TRIP_OK)
        trip = answer_count(l, &ok);
    told->n = a->n;
    told->overwrote = was != a->base;
    return trip;
}

/* The script's three numbers. */
static enum store_trip taken(const redisReply *r, const struct store_ask *a,
                             struct store_told *told)
{
    int64_t ok = 0;
    if (r->type != REDIS_REPLY_ARRAY || r->elements != 3)
        return refused(r);
    if (!count_in(r->element[0], &ok) || ok > 1 || !count_in(r->element[1], &told->n) ||
        !count_in(r->element[2], &told->number) || (ok && (told->n < 1 || told->n > a->n)) ||
        (!a->window.its_clock && told->number != a->window.number))
        return TRIP_NONSENSE;
    told->ok = ok == 1;
    return TRIP_OK;
}

static enum store_trip take(struct store_link *l, const struct store_ask *a,
                            struct store_told *told)
{
    struct store *s = l->store;
    struct way *w = l->way;
    char key[KEY];
    enum store_trip trip = TRIP_FAILED;
    key_of(s, &a->window, key);
    for (int tries = 0; tries < 2; tries++) {
        redisReply *r = NULL;
        long long number = a->window.its_clock ? -1 : a->window.number;
        if (redisAppendCommand(w->c, "EVALSHA %s 1 %s %lld %lld %lld %lld", w->sha, key, number,
                               (long long)a->n, (long long)(a->window.span_ns / 1000),
                               forget_ms(&a->window)) != REDIS_OK ||
            (trip = answer(l, &r)) != TRIP_OK)
            return trip;
        bool unknown = r->type == REDIS_REPLY_ERROR && strncmp(r->str, "NOSCRIPT", 8) == 0;
        trip = taken(r, a, told);
        freeReplyObject(r);
        if (!unknown || (trip = send_script(l)) != TRIP_OK)
            return trip;
    }
    return TRIP_FAILED;
}

static void says(const struct store_link *l, enum task_state state)
{
    if (emitter)
        task_say(rt_self(), NULL, state, state == TASK_WAITING ? WHY_IO : WHY_NONE,
                 state == TASK_WAITING ? l->store->id : 0);
}

static enum store_trip trip(struct store_link *l, const struct store_ask *a,
                            struct store_told *told)
{
    rt_gate();
    if (ctx_cancelled(l->ctx))
        return TRIP_CANCELLED;
    says(l, TASK_WAITING);
    enum store_trip trip = open_way(l);
    if (trip == TRIP_OK) {
        struct way *w = l->way;
        w->until_ns = rt_now() + timeout_of(l->store);
        trip = a->what == ASK_GET   ? get(l, a, told)
               : a->what == ASK_SET ? set(l, a, told)
                                    : take(l, a, told);
    }
    says(l, TASK_RUNNING);
    return trip;
}

const struct store_kind store_redis = {.close = close_way, .trip = trip};
