/* SPDX-License-Identifier: MIT */
/* Lost update: a task reads a word, another writes it, and the first writes what it made of the old
 * value. With or without a race: under a lock that is given back between the read and the write as
 * well.
 *
 *   a   read 5                    write 6      a's write has seen version 1, but overwrites
 *   b            read 5  write 6               version 2, which is b's
 *
 * That a write depends on a read is seen by the task's touching no other word in between. Where it
 * did other things meanwhile and writes what stands there already, it may be a flag that several
 * set: not for certain lost, unless the word has had more than two values. */
#include "detect/access.h"
#include "detect/detect.h"
#include "base/text.h"

enum { TASKS = 256, WORDS = 256, WRITES = 4 };
enum { CLEAN = 1, OWN = 2 }; /* in a pending store's `more`, below the read's number */

struct looked { /* a task's last access, if it was a read */
    uint64_t word, seq;
    uint32_t task, version;
    bool valid, clean, own;
};
struct write {
    uint64_t value, seq;
    uint32_t task, version;
};
struct written {
    uint64_t word; /* + 1; 0: free */
    struct write last[WRITES];
    uint32_t n;
    uint64_t values[2];
    uint32_t values_n; /* different ones; 3: more */
    bool told;
};
struct lost_update {
    struct looked task[TASKS];
    struct written word[WORDS];
    struct pending pending; /* what: the version it has seen; more: number of the read, marks */
};

static struct looked *looked_of(struct lost_update *l, uint32_t task)
{
    return &l->task[task % TASKS];
}

static struct written *written_of(struct lost_update *l, uint64_t word)
{
    struct written *w = &l->word[access_row(0, word, WORDS)];
    if (w->word != word + 1)
        *w = (struct written){.word = word + 1};
    return w;
}

static void add_value(struct written *w, uint64_t value)
{
    for (uint32_t i = 0; i < w->values_n && i < 2; i++)
        if (w->values[i] == value)
            return;
    if (w->values_n < 2)
        w->values[w->values_n] = value;
    if (w->values_n < 3)
        w->values_n++;
}

/* Of those after `seen` the last that is another task's. */
static const struct write *overwritten(const struct written *w, uint32_t seen,
                                       const struct access *a)
{
    for (uint32_t i = 0; i < WRITES && i < w->n; i++) {
        const struct write *x = &w->last[(w->n - 1 - i) % WRITES];
        if (x->version > seen && x->version < a->version && x->task != a->task)
            return x;
    }
    return NULL;
}

static void judge(struct detect *d, struct lost_update *l, const struct model *m,
                  const struct access *a, uint32_t seen, uint64_t more)
{
    struct written *w = written_of(l, a->word);
    const struct write *x = w->told ? NULL : overwritten(w, seen, a);
    if (!x ||
        (!(more & CLEAN) && a->value == w->last[(w->n - 1) % WRITES].value && w->values_n < 3))
        return;
    w->told = true;
    struct str text = {0};
    uint32_t tasks[2] = {a->task, x->task};
    str_addf(&text, _("%s read "), model_task_name(m, a->task));
    access_name(m, a->word, &text);
    str_addf(
        &text,
        _(" (event %llu), %s wrote %llu (event %llu), and %s writes %llu over it without having "
          "seen it (event %llu)"),
        (unsigned long long)(more >> 2), model_task_name(m, x->task), (unsigned long long)x->value,
        (unsigned long long)x->seq, model_task_name(m, a->task), (unsigned long long)a->value,
        (unsigned long long)m->seq);
    uint32_t line = access_line(m, a->task);
    if (line)
        str_addf(&text, _(", in line %u"), (unsigned)line);
    detect_raise(d, DIAG_LOST_UPDATE, a->obj, tasks, 2, &a->obj, 1, "%s", text.data);
    str_free(&text);
}

static void visible(struct lost_update *l, const struct model *m, const struct access *a)
{
    struct written *w = written_of(l, a->word);
    w->last[w->n++ % WRITES] = (struct write){a->value, m->seq, a->task, a->version};
    add_value(w, a->value);
}

static void flush(struct detect *d, struct lost_update *l, const struct model *m,
                  const struct access *a)
{
    struct pending_store p;
    if (pending_take(&l->pending, a->task, a->word, &p)) {
        if (p.more)
            judge(d, l, m, a, (uint32_t)p.what, p.more);
        for (uint32_t i = 0; i < l->pending.n; i++) { /* what was made of this one */
            struct pending_store *s = &l->pending.at[i];
            if (s->task == a->task && s->word == a->word && s->more & OWN) {
                s->what = a->version;
                s->more &= ~(uint64_t)OWN;
                break;
            }
        }
    }
    visible(l, m, a);
}

static void store(struct detect *d, struct lost_update *l, const struct model *m,
                  const struct access *a, struct looked *t)
{
    bool based = t->valid && t->task == a->task && t->word == a->word;
    uint64_t more = based ? t->seq << 2 | (t->own ? OWN : 0) | (t->clean ? CLEAN : 0) : 0;
    if (a->buffered) {
        pending_add(&l->pending, a->task, a->word, t->version, more);
    } else {
        if (based && !t->own)
            judge(d, l, m, a, t->version, more);
        visible(l, m, a);
    }
    t->valid = false;
}

static void access(struct detect *d, struct lost_update *l, const struct model *m,
                   const struct access *a)
{
    struct looked *t = looked_of(l, a->task);
    if (a->op == CELL_FLUSH) {
        flush(d, l, m, a);
        return;
    }
    if (!access_writes(a)) {
        add_value(written_of(l, a->word), a->value);
        *t = (struct looked){.word = a->word,
                             .seq = m->seq,
                             .task = a->task,
                             .version = a->version,
                             .valid = true,
                             .clean = true,
                             .own = a->buffered};
        return;
    }
    if (access_rmw(a)) {
        t->valid = false;
        visible(l, m, a);
        return;
    }
    store(d, l, m, a, t);
}

/* Its task does something else; locks between a read and a write excuse nothing. */
static void elsewhere(struct lost_update *l, const struct event *e)
{
    struct looked *t = looked_of(l, e->task);
    if (t->task != e->task)
        return;
    if (e->kind == EV_TASK) {
        bool lock =
            (uint8_t)e->x == WHY_MUTEX || (uint8_t)e->x == WHY_RLOCK || (uint8_t)e->x == WHY_WLOCK;
        if ((e->op != TASK_WAITING || lock) && e->op != TASK_SLEEPING)
            return;
    }
    t->clean = false;
}

#define OTHER_KINDS                                                               \
    (UINT64_C(1) << EV_TASK | UINT64_C(1) << EV_CHAN | UINT64_C(1) << EV_SELECT | \
     UINT64_C(1) << EV_GROUP | UINT64_C(1) << EV_COND | UINT64_C(1) << EV_SEM |   \
     UINT64_C(1) << EV_REQUEST | UINT64_C(1) << EV_LOST)

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct lost_update *l = lazy_state(state, sizeof *l);
    struct access a;
    detect_want(d, OTHER_KINDS);
    if (access_of(e, &a))
        access(d, l, m, &a);
    else if (e->kind == EV_LOST)
        *l = (struct lost_update){0};
    else if (e->kind != EV_CELL && e->kind != EV_BYTE)
        elsewhere(l, e);
}

const struct detector detector_lost_update = {
    .name = "lost_update",
    .help = "a task writes what it made of an old value over a newer one that it has not seen",
    .size = sizeof(struct lazy),
    .kinds = ACCESS_KINDS,
    .see = see,
    .adopt = lazy_adopt,
    .drop = lazy_drop,
    .bytes = lazy_bytes,
};
