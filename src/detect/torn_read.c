/* SPDX-License-Identifier: MIT */
/* Torn read: a value of several words (an interface, a slice's header) is read word by word, and
 * the words are of different writes.
 *
 *   writer   pair[0] = 2                         pair[1] = 2
 *   reader                 pair[0]: 2  pair[1]: 1              never was there (2, 1)
 *
 * Each write of a whole value has a number; for each word it is known whose it is. Halves of two
 * writes that look like one of them are no harm. */
#include "detect/access.h"
#include "detect/detect.h"
#include "base/text.h"

enum { WIDE = 8, OBJECTS = 64, WRITES = 8, READERS = 128 };

struct whole { /* a write, word after word */
    uint64_t value[WIDE], seq;
    uint32_t number, task; /* 0: free; the first value is nobody's and has no number */
    uint32_t words;        /* written so far, in order */
};
struct wide {
    uint32_t obj;
    struct whole write[WRITES];
    uint32_t numbers;
    bool told, open;   /* a reading of it may be open */
    uint32_t of[WIDE]; /* which write each word is visible of */
};
struct reading {
    uint32_t task, obj, words;
    uint32_t of[WIDE];
    uint64_t value[WIDE], seq, last_seq;
    bool open; /* its writes are not all whole yet */
};
struct torn_read {
    struct wide object[OBJECTS];
    struct reading reader[READERS];
    struct pending pending; /* what: number of the write */
};

static struct wide *wide_of(struct torn_read *s, uint32_t obj)
{
    struct wide *w = &s->object[obj % OBJECTS];
    if (w->obj != obj)
        *w = (struct wide){.obj = obj};
    return w;
}

static struct whole *write_number(struct wide *w, uint32_t number)
{
    struct whole *x = &w->write[number % WRITES];
    return number && x->number == number ? x : NULL;
}

/* The one that the task is at, or was last at. */
static struct whole *write_of(struct wide *w, uint32_t task)
{
    struct whole *last = NULL;
    for (int i = 0; i < WRITES; i++)
        if (w->write[i].number && w->write[i].task == task &&
            (!last || w->write[i].number > last->number))
            last = &w->write[i];
    return last;
}

/* Is it what one of its writes wrote? That one may still be at it: then it is open. Of the first
 * value only what was read is known. */
static bool whole(struct wide *w, struct reading *r)
{
    r->open = false;
    for (uint32_t i = 0; i < r->words; i++) {
        const struct whole *x = write_number(w, r->of[i]);
        bool same = true;
        for (uint32_t k = 0; k < r->words && same; k++)
            same = x ? k >= x->words || x->value[k] == r->value[k] : r->of[k] == r->of[i];
        r->open |= same && x && x->words < r->words;
        if (same && (!x || x->words >= r->words))
            return true;
    }
    w->open |= r->open;
    return false;
}

static void half(struct wide *w, const struct model *m, const struct reading *r, uint32_t word,
                 struct str *out)
{
    const struct whole *x = write_number(w, r->of[word]);
    str_addf(out, "%s[%u] = %llu ", model_object_name(m, r->obj), (unsigned)word,
             (unsigned long long)r->value[word]);
    if (x)
        str_addf(out, _("of the write of %s (event %llu)"), model_task_name(m, x->task),
                 (unsigned long long)x->seq);
    else
        str_add(out, _("of what was there before"));
}

static void judge(struct detect *d, struct wide *w, const struct model *m, struct reading *r)
{
    uint32_t other = 1;
    while (other < r->words && r->of[other] == r->of[0])
        other++;
    if (w->told || other == r->words || whole(w, r) || r->open)
        return;
    w->told = true;
    struct str text = {0};
    uint32_t tasks[3] = {r->task}, n = 1;
    for (int i = 0; i < 2; i++) {
        const struct whole *x = write_number(w, r->of[i ? other : 0]);
        if (x && (n == 1 || x->task != tasks[1]))
            tasks[n++] = x->task;
    }
    str_addf(&text, _("%s read halves of two writes: "), model_task_name(m, r->task));
    half(w, m, r, 0, &text);
    str_add(&text, ", ");
    half(w, m, r, other, &text);
    str_addf(&text, _(" (events %llu to %llu)"), (unsigned long long)r->seq,
             (unsigned long long)r->last_seq);
    detect_raise(d, DIAG_TORN_READ, r->obj, tasks, n, &r->obj, 1, "%s", text.data);
    str_free(&text);
}

static void written(struct detect *d, struct torn_read *s, struct wide *w, const struct model *m,
                    const struct access *a, uint32_t word)
{
    struct whole *x = word ? write_of(w, a->task) : NULL;
    if (!word) {
        uint32_t number = ++w->numbers;
        x = &w->write[number % WRITES];
        *x = (struct whole){.number = number, .task = a->task, .seq = m->seq};
    }
    if (x && x->words == word) {
        x->value[word] = a->value;
        x->words++;
    }
    uint32_t number = x ? x->number : 0;
    if (a->buffered)
        pending_add(&s->pending, a->task, a->word, number, 0);
    else
        w->of[word] = number;
    if (w->open && x && x->words == (uint32_t)m->objects[a->obj].cap) {
        w->open = false;
        for (int i = 0; i < READERS; i++)
            if (s->reader[i].open && s->reader[i].obj == a->obj)
                judge(d, w, m, &s->reader[i]);
    }
}

static void is_read(struct detect *d, struct torn_read *s, struct wide *w, const struct model *m,
                    const struct access *a, uint32_t word)
{
    struct reading *r = &s->reader[a->task % READERS];
    if (!word)
        *r = (struct reading){.task = a->task, .obj = a->obj, .seq = m->seq};
    if (r->task != a->task || r->obj != a->obj || r->words != word)
        return;
    const struct whole *own = a->buffered ? write_of(w, a->task) : NULL;
    r->of[word] = own ? own->number : w->of[word];
    r->value[word] = a->value;
    r->words++;
    r->last_seq = m->seq;
    if (r->words == (uint32_t)m->objects[a->obj].cap)
        judge(d, w, m, r);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct access a;
    struct pending_store p;
    if (e->kind == EV_LOST) {
        *(struct torn_read *)lazy_state(state, sizeof(struct torn_read)) = (struct torn_read){0};
        return;
    }
    if (e->kind != EV_CELL || !access_of(e, &a) || a.obj >= m->objects_n ||
        m->objects[a.obj].cap < 2 || m->objects[a.obj].cap > WIDE || (uint32_t)a.word >= WIDE)
        return;
    detect_want(d, UINT64_C(1) << EV_LOST);
    struct torn_read *s = lazy_state(state, sizeof *s);
    struct wide *w = wide_of(s, a.obj);
    uint32_t word = (uint32_t)a.word;
    if (a.op == CELL_FLUSH)
        w->of[word] =
            pending_take(&s->pending, a.task, a.word, &p) ? (uint32_t)p.what : w->of[word];
    else if (access_writes(&a))
        written(d, s, w, m, &a, word);
    else
        is_read(d, s, w, m, &a, word);
}

const struct detector detector_torn_read = {
    .name = "torn_read",
    .help = "a value of several words was read as halves of two writes",
    .size = sizeof(struct lazy),
    .kinds = ACCESS_KINDS,
    .see = see,
    .adopt = lazy_adopt,
    .drop = lazy_drop,
    .bytes = lazy_bytes,
};
