/* SPDX-License-Identifier: MIT */
/* Who waits for what, and who is missing.
 *
 * A select on several channels does not say which case it wants. But it waits, so each of its cases
 * is blocked: a receive only from what is empty, a send only to what is full. Of the ends that the
 * task holds, these are left. */
#include "detect/waits.h"

#include <stdlib.h>

#include "base/mem.h"

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
                 : i + 1 == n ? " and "
                              : ", ",
                 model_task_name(m, tasks[i]));
    if (n > shown)
        str_addf(out, " and %zu others", n - shown);
}

void wait_words(const struct model *m, struct wait w, size_t n, struct str *out)
{
    static const char *const on[WHY_COUNT] = {
        [WHY_NONE] = "for",
        [WHY_CHAN_SEND] = "to send to",
        [WHY_CHAN_RECV] = "to receive from",
        [WHY_SELECT] = "in a select on",
        [WHY_MUTEX] = "for the lock",
        [WHY_RLOCK] = "to read under",
        [WHY_WLOCK] = "to write under",
        [WHY_COND] = "for the condition",
        [WHY_WAITGROUP] = "for the group",
        [WHY_SEM] = "for the semaphore",
        [WHY_ONCE] = "for the once",
        [WHY_CTX] = "for the context",
        [WHY_SLEEP] = "for",
        [WHY_IO] = "for a call of",
        [WHY_JOIN] = "for the end of",
        [WHY_BARRIER] = "at",
    };
    static const char *const alone[WHY_COUNT] = {
        [WHY_CHAN_SEND] = "to send to a nil channel",
        [WHY_CHAN_RECV] = "to receive from a nil channel",
        [WHY_SELECT] = "in a select",
        [WHY_CTX] = "for a context",
        [WHY_IO] = "for a call",
    };
    str_add(out, n == 1 ? "waits " : "wait ");
    if (w.on)
        str_addf(out, "%s %s", on[w.why], model_object_name(m, w.on));
    else
        str_add(out, alone[w.why] ? alone[w.why] : "for ever");
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

static void hold(const struct model *m, struct holders *h, const struct edge_model *e)
{
    h->could[e->role] = true;
    if (h->seen[e->from_task])
        return;
    h->seen[e->from_task] = true;
    grow(&h->task, &h->cap, h->n + 1, sizeof *h->task);
    h->task[h->n++] = e->from_task;
    const struct task_model *t = &m->tasks[e->from_task];
    if (t->state == TASK_DONE || t->state == TASK_PANICKED)
        h->ended++;
    else if (e->gone)
        h->let_go++;
    else if (waits_now(t))
        h->waiting++;
}

static void channel_missing(const struct model *m, struct wait w, struct str *out)
{
    struct holders h = {.seen = xcalloc(m->tasks_n + 1, sizeof *h.seen)};
    bool recv = w.why == WHY_CHAN_RECV;
    for (size_t i = 0; i < m->edges_n; i++) {
        const struct edge_model *e = &m->edges[i];
        bool fits =
            recv ? e->role == ROLE_SENDS || e->role == ROLE_CLOSES : e->role == ROLE_RECEIVES;
        if (fits && e->from_task && e->to_obj == w.on)
            hold(m, &h, e);
    }
    free(h.seen);
    if (!h.n) {
        str_add(out, recv ? "; nobody sends to it or could close it" : "; nobody receives from it");
        free(h.task);
        return;
    }
    str_add(out, "; only ");
    wait_names(m, h.task, h.n, out);
    str_addf(out, " could %s",
             !recv                                         ? "receive from it"
             : h.could[ROLE_SENDS] && h.could[ROLE_CLOSES] ? "send to it or close it"
             : h.could[ROLE_CLOSES]                        ? "close it"
                                                           : "send to it");
    bool one = h.n == 1;
    if (h.ended == h.n)
        str_addf(out, ", and %s ended", one ? "it has" : "they have");
    else if (h.let_go == h.n)
        str_addf(out, ", and %s let go of it", one ? "it has" : "they have");
    else if (h.waiting == h.n)
        str_addf(out, ", and %s", one ? "it waits itself" : "they wait themselves");
    else
        str_add(out, ", and none of them can any more");
    free(h.task);
}

void wait_missing(const struct model *m, struct wait w, struct str *out)
{
    const struct object_model *o = w.on && w.on < m->objects_n ? &m->objects[w.on] : NULL;
    if (!o)
        return;
    switch (w.why) {
    case WHY_CHAN_SEND:
    case WHY_CHAN_RECV:
        channel_missing(m, w, out);
        return;
    case WHY_WAITGROUP:
        str_addf(out, "; its counter stands at %.0f, and nobody is left to count it down",
                 o->level.now);
        return;
    case WHY_MUTEX:
    case WHY_RLOCK:
    case WHY_WLOCK:
        if (o->owner)
            str_addf(out, "; %s holds it", model_task_name(m, o->owner));
        return;
    case WHY_BARRIER:
        str_addf(out,
                 o->kind == OBJ_LATCH ? "; %.0f are to go, and nobody is left to count it down"
                                      : "; %.0f of those it needs are missing",
                 o->kind == OBJ_LATCH ? o->level.now : (double)o->cap - o->level.now);
        return;
    case WHY_JOIN:
        str_add(out, "; what they share never ends");
        return;
    case WHY_CTX:
        str_add(out, "; nobody is left to cancel it");
        return;
    case WHY_IO:
        str_add(out, "; that call never returns");
        return;
    default:
        return;
    }
}
