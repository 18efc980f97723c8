/* SPDX-License-Identifier: MIT */
/* The why card of a line of the log. The rule and the event's own numbers are the views' (parts.h);
 * what they cannot know is how everything stood at that instant, because the model has moved on:
 * the player folds a copy of it to just before and just after the event. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/watch.h"
#include "views/parts/parts.h"
#include "base/text.h"

static void count_tasks(const struct model *m, uint32_t counts[TASK_STATE_COUNT])
{
    for (size_t i = 1; i < m->tasks_n; i++)
        if (m->tasks[i].known && m->tasks[i].state < TASK_STATE_COUNT)
            counts[m->tasks[i].state]++;
}

static void object_then(const struct model *m, uint32_t obj, struct str *out)
{
    if (!obj || obj >= m->objects_n)
        return;
    const struct object_model *o = &m->objects[obj];
    char age[FORMAT_SIZE];
    if (o->kind == OBJ_CHAN) {
        str_addf(out, _("%s: %.0f of %" PRId64 " in the buffer%s"), model_object_name(m, obj),
                 o->level.now, o->cap, o->closed ? _(", closed") : "");
        if (o->senders)
            str_addf(out, _(", %" PRIu32 " waiting to send (the first for %s)"), o->senders,
                     format_duration(age, m->now_ns - o->senders_since));
        if (o->receivers)
            str_addf(out, _(", %" PRIu32 " waiting to receive (the first for %s)"), o->receivers,
                     format_duration(age, m->now_ns - o->receivers_since));
        str_addc(out, '\n');
    } else if (o->kind == OBJ_GROUP) {
        str_addf(out, _("%s: counter %.0f, %" PRIu32 " waiting\n"), model_object_name(m, obj),
                 o->level.now, o->waiters);
    } else if (o->kind == OBJ_LOCK || o->kind == OBJ_RWLOCK) {
        str_addf(out, _("%s: held by %s, %" PRIu32 " waiting\n"), model_object_name(m, obj),
                 o->owner ? model_task_name(m, o->owner) : _("nobody"), o->waiters);
    } else if (o->kind == OBJ_BREAKER && model_breaker(m, obj)) {
        const struct breaker_model *b = model_breaker(m, obj);
        const struct breaker_change *k = breaker_change(b, 0);
        str_addf(out, _("%s: %s for %s"), model_object_name(m, obj),
                 breaker_state_names[b->counts_as], format_duration(age, m->now_ns - b->since_ns));
        if (k)
            str_addf(out, " (%s)", strtab_get(m->names, k->why));
        str_addf(out, _(", %" PRIu32 " of %" PRIu32 " calls failed since"), b->failures, b->calls);
        if (b->counts_as == BREAKER_CLOSED && b->trip_at > 0)
            str_addf(out, _(", at %.3g of %.3g"), b->level, b->trip_at);
        if (b->counts_as == BREAKER_OPEN && b->half_open_ns > m->now_ns)
            str_addf(out, _(", a probe may pass in %s"),
                     format_duration(age, b->half_open_ns - m->now_ns));
        str_addc(out, '\n');
    } else if (o->kind == OBJ_DEPENDENCY) {
        str_addf(out, _("%s: %.0f calls in flight, %" PRIu64 " ended, %" PRIu64 " with an error\n"),
                 model_object_name(m, obj), o->level.now, o->calls, o->errors);
    }
}

static void request_then(const struct model *m, const struct event *e, struct str *out)
{
    const struct flight *f = model_request(m, e->x, (uint64_t)e->v);
    char age[FORMAT_SIZE];
    if (!f)
        return;
    str_addf(out, _("request %" PRIu64 ": arrived %s before"), f->id,
             format_duration(age, e->t_ns - f->arrive_ns));
    if (f->start_ns > 0 && f->phase != PHASE_ARRIVE)
        str_addf(out, _(", was started after %s"),
                 format_duration(age, f->start_ns - f->arrive_ns));
    str_addc(out, '\n');
}

static void task_then(const struct model *m, uint32_t task, int64_t t_ns, struct str *out)
{
    char age[FORMAT_SIZE];
    if (!task || task >= m->tasks_n || !m->tasks[task].known)
        return;
    const struct task_model *t = &m->tasks[task];
    str_addf(out, _("%s: was %s for %s"), model_task_name(m, task),
             t->state < TASK_STATE_COUNT ? task_state_names[t->state] : "?",
             format_duration(age, t_ns - t->since_ns));
    if (t->item)
        str_addf(out, _(", with request %" PRIu64 " in hand for %s"), t->item,
                 format_duration(age, t_ns - t->item_ns));
    str_addc(out, '\n');
}

void why_card(struct player *p, const struct log_entry *line, struct str *out)
{
    struct event e;
    uint64_t n = line->seq - 1; /* the model counts events from 1 */
    struct model *before = NULL, *after = NULL;
    if (line->seq && player_event(p, n, &e)) {
        before = player_model_at(p, n);
        after = player_model_at(p, n + 1);
    }
    if (!before || !after) {
        str_add(out, _("That part of the run is no longer held.\n"));
    } else {
        why_text(after, &line->ev, line->seq, out);
        uint32_t counts[TASK_STATE_COUNT] = {0};
        str_add(out, _("\nJust before:\n"));
        object_then(before, e.obj, out);
        task_then(before, e.kind == EV_OBJECT || e.kind == EV_CTX ? 0 : e.task, e.t_ns, out);
        if (e.kind == EV_REQUEST)
            request_then(before, &e, out);
        count_tasks(before, counts);
        str_addf(out,
                 _("tasks: %" PRIu32 " running, %" PRIu32 " runnable, %" PRIu32 " waiting, %" PRIu32
                   " sleeping\n"),
                 counts[TASK_RUNNING], counts[TASK_RUNNABLE], counts[TASK_WAITING],
                 counts[TASK_SLEEPING]);
    }
    model_free(before);
    model_free(after);
}
