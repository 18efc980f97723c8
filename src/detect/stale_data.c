/* SPDX-License-Identifier: MIT */
/* Stale data: a task has seen the later of two stores, acts on it, and reads the earlier one's cell
 * as it was before.
 *
 *   writer   store data 1 │ store ready 1, relaxed      two buffers' places, ready leaves first
 *   reader                              load ready: 1, acquire   read data: 0
 *
 * Judged where the reader meant the order: its load of the later one acquires, or it reads the data
 * plainly. Two relaxed loads of counters mean none. */
#include "detect/access.h"
#include "detect/detect.h"
#include "base/text.h"

enum { OVERTAKEN = 32, SAW = 4 };

/* A store that went ahead of an older one of its task. */
struct overtaken {
    uint64_t late, early; /* words: which is not visible yet, which went ahead of it */
    uint64_t late_seq;    /* of its store; 0: free */
    uint64_t late_value, early_seq;
    uint32_t task, version; /* of the one that went ahead */
    uint32_t saw[SAW];      /* tasks that loaded it */
    bool meant[SAW];
    uint32_t saw_n;
};
struct stale_data {
    struct pending pending; /* what: the value; more: number of the store */
    struct overtaken at[OVERTAKEN];
    uint32_t next;
};

static void flushed(struct stale_data *s, const struct access *a, uint64_t seq)
{
    struct pending_store p;
    if (!pending_take(&s->pending, a->task, a->word, &p))
        return;
    for (int i = 0; i < OVERTAKEN; i++)
        if (s->at[i].late_seq == p.more)
            s->at[i].late_seq = 0; /* visible by now */
    for (uint32_t i = 0; i < s->pending.n; i++) {
        const struct pending_store *older = &s->pending.at[i];
        if (older->task == a->task && older->word >> 32 != a->obj && older->more < p.more)
            s->at[s->next++ % OVERTAKEN] = (struct overtaken){.late = older->word,
                                                              .early = a->word,
                                                              .late_seq = older->more,
                                                              .late_value = older->what,
                                                              .early_seq = seq,
                                                              .task = a->task,
                                                              .version = a->version};
    }
}

static void raise(struct detect *d, const struct model *m, const struct access *a,
                  const struct overtaken *o)
{
    struct str text = {0};
    uint32_t tasks[2] = {a->task, o->task};
    uint32_t objs[2] = {a->obj, (uint32_t)(o->early >> 32)};
    str_addf(&text, _("%s reads "), model_task_name(m, a->task));
    access_name(m, a->word, &text);
    str_addf(&text,
             _(" = %llu (event %llu), which %s had made %llu (event %llu) before it stored "),
             (unsigned long long)a->value, (unsigned long long)m->seq, model_task_name(m, o->task),
             (unsigned long long)o->late_value, (unsigned long long)o->late_seq);
    access_name(m, o->early, &text);
    str_addf(&text, _(", and that %s has seen: nothing kept the two stores in order"),
             model_task_name(m, a->task));
    detect_raise(d, DIAG_STALE_DATA, a->obj, tasks, 2, objs, 2, "%s", text.data);
    str_free(&text);
}

static void is_read(struct detect *d, struct stale_data *s, const struct model *m,
                    const struct access *a)
{
    for (int i = 0; i < OVERTAKEN; i++) {
        struct overtaken *o = &s->at[i];
        if (!o->late_seq || o->task == a->task)
            continue;
        if (o->early == a->word && o->version == a->version && o->saw_n < SAW) {
            o->meant[o->saw_n] = order_acquires(a->order);
            o->saw[o->saw_n++] = a->task;
        }
        for (uint32_t k = 0; o->late == a->word && k < o->saw_n; k++)
            if (o->saw[k] == a->task && (o->meant[k] || a->op == CELL_READ)) {
                raise(d, m, a, o);
                o->late_seq = 0;
                break;
            }
    }
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct access a;
    if (!access_of(e, &a) || (!a.buffered && a.op != CELL_FLUSH && access_writes(&a)))
        return;
    struct lazy *l = state;
    if (!l->p && !a.buffered)
        return; /* no store has ever waited */
    struct stale_data *s = lazy_state(state, sizeof *s);
    if (a.op == CELL_FLUSH)
        flushed(s, &a, m->seq);
    else if (access_writes(&a))
        pending_add(&s->pending, a.task, a.word, a.value, m->seq);
    else if (!a.buffered)
        is_read(d, s, m, &a);
}

const struct detector detector_stale_data = {
    .name = "stale_data",
    .help = "a task has seen the later of two stores and reads the earlier one's cell as it was",
    .size = sizeof(struct lazy),
    .kinds = ACCESS_KINDS,
    .see = see,
    .adopt = lazy_adopt,
    .drop = lazy_drop,
    .bytes = lazy_bytes,
};
