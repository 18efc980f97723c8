/* SPDX-License-Identifier: MIT */
/* Who waits for what, and who is missing.
 *
 * A select on several channels does not say which case it wants. But it waits, so each of its cases
 * is blocked: a receive only from what is empty, a send only to what is full. Of the ends that the
 * task holds, these are left. */
#include "detect/waits.h"

#include <stdlib.h>

#include "base/mem.h"
#include "detect/facts.h"
#include "base/text.h"

bool waits_now(const struct task_model *t)
{
    return t->known && (t->state == TASK_WAITING || t->state == TASK_LEAKED);
}

static bool blocked(const struct object_model *o, uint8_t role)
{
    if (o->kind != OBJ_CHAN || o->closed)
        return false;
    return role == ROLE_RECEIVES ? o->level.now == 0 : o->level.now >= (double)o->cap;
}

static bool holds(const struct model *m, uint32_t task, uint32_t obj, uint8_t role)
{
    const struct edge_model *e = model_edge(m, task, obj, role);
    return e && !e->gone && (role == ROLE_RECEIVES || role == ROLE_SENDS) &&
           blocked(&m->objects[obj], role);
}

/* A file with more edges than that is not searched for each of its tasks. */
enum { SEARCHED = 4096 };

struct wait wait_of(const struct model *m, uint32_t task)
{
    const struct task_model *t = &m->tasks[task];
    struct wait w = {t->why, t->on};
    if (t->why != WHY_SELECT)
        return w;
    struct wait only = {WHY_NONE, 0};
    if (w.on) {
        bool recv = holds(m, task, w.on, ROLE_RECEIVES), send = holds(m, task, w.on, ROLE_SENDS);
        if (recv != send)
            return (struct wait){recv ? WHY_CHAN_RECV : WHY_CHAN_SEND, w.on};
        return w;
    }
    for (size_t i = 0; i < m->edges_n && m->edges_n <= SEARCHED; i++) {
        const struct edge_model *e = &m->edges[i];
        if (e->from_task != task || !holds(m, task, e->to_obj, e->role))
            continue;
        if (only.on)
            return w;
        only.on = e->to_obj;
        only.why = e->role == ROLE_RECEIVES ? WHY_CHAN_RECV : WHY_CHAN_SEND;
    }
    return only.on ? only : w;
}

void wait_names(const struct model *m, const uint32_t *tasks, size_t n, struct str *out)
{
    size_t shown = n > 4 ? 3 : n;
    for (size_t i = 0; i < shown; i++)
        str_addf(out, "%s%s",
                 i == 0       ? ""
                 : i + 1 == n ? _(" and ")
                              : ", ",
                 model_task_name(m, tasks[i]));
    if (n > shown)
        str_addf(out, _(" and %zu others"), n - shown);
}

void wait_words(const struct model *m, struct wait w, size_t n, struct str *out)
{
    static const char *const on[WHY_COUNT] = {
        [WHY_NONE] = N_("for"),
        [WHY_CHAN_SEND] = N_("to send to"),
        [WHY_CHAN_RECV] = N_("to receive from"),
        [WHY_SELECT] = N_("in a select on"),
        [WHY_MUTEX] = N_("for the lock"),
        [WHY_RLOCK] = N_("to read under"),
        [WHY_WLOCK] = N_("to write under"),
        [WHY_COND] = N_("for the condition"),
        [WHY_WAITGROUP] = N_("for the group"),
        [WHY_SEM] = N_("for the semaphore"),
        [WHY_ONCE] = N_("for the once"),
        [WHY_CTX] = N_("for the context"),
        [WHY_SLEEP] = N_("for"),
        [WHY_IO] = N_("for a call of"),
        [WHY_JOIN] = N_("for the end of"),
        [WHY_BARRIER] = N_("at"),
    };
    /* A nil channel, or one that the pattern keeps to itself: the stream tells neither. */
    static const char *const alone[WHY_COUNT] = {
        [WHY_CHAN_SEND] = N_("to send to a nil or unnamed channel"),
        [WHY_CHAN_RECV] = N_("to receive from a nil or unnamed channel"),
        [WHY_SELECT] = N_("in a select"),
        [WHY_CTX] = N_("for a context"),
        [WHY_IO] = N_("for a call"),
    };
    str_add(out, n == 1 ? _("waits ") : _("wait "));
    bool slot = w.why == WHY_SEM && w.on < m->objects_n && m->objects[w.on].kind == OBJ_GROUP;
    if (w.on)
        str_addf(out, "%s %s", slot ? _("for a slot of") : _(on[w.why]),
                 model_object_name(m, w.on));
    else
        str_add(out, alone[w.why] ? _(alone[w.why]) : _("for ever"));
}

/* ---- who could have ended it
 * ---------------------------------------------------------------------- */

struct holders {
    uint32_t *task;
    size_t n, cap;
    bool *seen; /* by task */
    bool could[ROLE_COUNT];
    size_t ended, let_go, waiting;
};

static void one_more(const struct model *m, struct holders *h, uint32_t task, bool gone)
{
    if (task >= m->tasks_n || h->seen[task])
        return;
    h->seen[task] = true;
    grow(&h->task, &h->cap, h->n + 1, sizeof *h->task);
    h->task[h->n++] = task;
    const struct task_model *t = &m->tasks[task];
    if (t->state == TASK_DONE || t->state == TASK_PANICKED)
        h->ended++;
    else if (gone)
        h->let_go++;
    else if (waits_now(t))
        h->waiting++;
}

static void declared(const struct facts *f, const struct model *m, struct holders *h, uint32_t obj,
                     uint32_t roles)
{
    for (uint32_t p = facts_edge_first(f, obj); p; p = facts_edge_next(f, p)) {
        const struct edge_model *e = &m->edges[p - 1];
        if (!(roles >> e->role & 1) || !e->from_task)
            continue;
        h->could[e->role] = true;
        one_more(m, h, e->from_task, e->gone);
    }
}

static void held(const struct facts *f, const struct model *m, struct holders *h, uint32_t obj)
{
    for (const struct hold *x = facts_held(f, obj); x; x = hold_at(f, x->next))
        one_more(m, h, x->task, false);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* ", and it has ended". */
static void what_became(const struct holders *h, struct str *out)
{
    bool one = h->n == 1;
    if (h->ended == h->n)
        str_addf(out, _(", and %s ended"), one ? _("it has") : _("they have"));
    else if (h->let_go == h->n)
        str_addf(out, _(", and %s let go of it"), one ? _("it has") : _("they have"));
    else if (h->waiting == h->n)
        str_addf(out, _(", and %s"), one ? _("it waits itself") : _("they wait themselves"));
    else
        str_add(out, _(", and none of them can any more"));
}

/* "; only a and b could close it, and they have ended". */
static void only_they(const struct model *m, const struct holders *h, const char *could,
                      struct str *out)
{
    str_add(out, _("; only "));
    wait_names(m, h->task, h->n, out);
    str_addf(out, _(" could %s"), could);
    what_became(h, out);
}

static void channel_missing(const struct facts *f, const struct model *m, struct wait w,
                            struct holders *h, struct str *out)
{
    bool recv = w.why == WHY_CHAN_RECV;
    declared(f, m, h, w.on, recv ? 1u << ROLE_SENDS | 1u << ROLE_CLOSES : 1u << ROLE_RECEIVES);
    if (!h->n) {
        str_add(out, recv ? _("; nobody sends to it or could close it")
                          : _("; nobody receives from it"));
        return;
    }
    only_they(m, h,
              !recv                                           ? _("receive from it")
              : h->could[ROLE_SENDS] && h->could[ROLE_CLOSES] ? _("send to it or close it")
              : h->could[ROLE_CLOSES]                         ? _("close it")
                                                              : _("send to it"),
              out);
}

static void group_missing(const struct facts *f, const struct model *m, struct wait w,
                          struct holders *h, struct str *out)
{
    held(f, m, h, w.on);
    if (h->n)
        qsort(h->task, h->n, sizeof *h->task, by_id);
    str_addf(out, _("; its counter stands at %.0f"), m->objects[w.on].level.now);
    if (h->n)
        only_they(m, h, _("count it down"), out);
    else
        str_add(out, _(", and nobody is left to count it down"));
}

static void holder_missing(const struct facts *f, const struct model *m, struct wait w,
                           struct holders *h, struct str *out)
{
    held(f, m, h, w.on);
    if (h->n)
        qsort(h->task, h->n, sizeof *h->task, by_id);
    if (!h->n)
        return;
    str_add(out, "; ");
    wait_names(m, h->task, h->n, out);
    str_add(out, h->n == 1 ? _(" holds it") : _(" hold it"));
    what_became(h, out);
}

static void missing(const struct facts *f, const struct model *m, struct wait w, struct holders *h,
                    struct str *out)
{
    const struct object_model *o;
    switch (w.why) {
    case WHY_CHAN_SEND:
    case WHY_CHAN_RECV:
        channel_missing(f, m, w, h, out);
        return;
    case WHY_WAITGROUP:
        group_missing(f, m, w, h, out);
        return;
    case WHY_MUTEX:
    case WHY_RLOCK:
    case WHY_WLOCK:
    case WHY_SEM:
    case WHY_ONCE:
        holder_missing(f, m, w, h, out);
        return;
    case WHY_BARRIER:
        o = &m->objects[w.on];
        str_addf(out,
                 o->kind == OBJ_LATCH ? _("; %.0f are to go, and nobody is left to count it down")
                                      : _("; %.0f of those it needs are missing"),
                 o->kind == OBJ_LATCH ? o->level.now : (double)o->cap - o->level.now);
        return;
    case WHY_JOIN:
        str_add(out, _("; what they share never ends"));
        return;
    case WHY_COND:
    case WHY_CTX:
        declared(f, m, h, w.on, w.why == WHY_COND ? 1u << ROLE_SENDS : 1u << ROLE_CLOSES);
        if (h->n)
            only_they(m, h, w.why == WHY_COND ? _("signal it") : _("cancel it"), out);
        else
            str_add(out, w.why == WHY_COND ? _("; nobody is left to signal it")
                                           : _("; nobody is left to cancel it"));
        return;
    case WHY_IO:
        str_add(out, _("; that call never returns"));
        return;
    default:
        return;
    }
}

void wait_missing(const struct facts *f, const struct model *m, struct wait w, struct str *out)
{
    if (!w.on || w.on >= m->objects_n)
        return;
    struct holders h = {.seen = xcalloc(m->tasks_n + 1, sizeof *h.seen)};
    missing(f, m, w, &h, out);
    free(h.seen);
    free(h.task);
}

const char *wait_relation(const struct facts *f, const struct model *m, struct wait w,
                          uint32_t other)
{
    switch (w.why) {
    case WHY_CHAN_SEND:
        return _("received by");
    case WHY_CHAN_RECV: {
        const struct edge_model *e = model_edge(m, other, w.on, ROLE_SENDS);
        return e && !e->gone ? _("sent by") : _("closed by");
    }
    case WHY_RLOCK: {
        const struct hold *h = facts_hold(f, other, w.on);
        return h && !h->read ? _("held by") : _("held back by the waiting writer");
    }
    case WHY_COND:
        return _("signalled by");
    case WHY_CTX:
        return _("cancelled by");
    case WHY_WAITGROUP:
        return _("counted down by");
    case WHY_ONCE:
        return _("run by");
    default:
        return _("held by");
    }
}
