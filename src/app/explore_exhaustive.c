/* SPDX-License-Identifier: MIT */
/* Bounded exhaustive search: every schedule with at most `depth` choices against fifo, fewest
 * first, so that what is found is least already (delay bounding: M. Emmi, S. Qadeer, Z. Rakamarić:
 * Delay-bounded scheduling, POPL 2011).
 *
 *   fifo           ──●──●──●──        at each point after its last choice, a run has a
 *   one choice        └──●──●──       successor for every other task that could go on
 *   two                  └──●──
 *
 * The hard idea is what need not be run. Most switches change nothing: two orders in which no task
 * meets another's operation are one. So each point has a key: what every task has done and what
 * happened at every object, in order, but not how the two were interleaved (the happens-before of
 * the run so far), and who can go on. A point whose key was there before has the same future, and
 * its successors were made then, with no more choices than now. Waking and being dispatched are no
 * part of it; random draws that several tasks share (select, store buffers) are.
 *
 * It explores schedules, not draws: the seed stays. And what a pattern's tasks share without an
 * operation of the runtime is not seen, so that two different pasts may have one key. */
#include <stdlib.h>
#include <string.h>

#include "app/explore_inside.h"
#include "base/mem.h"
#include "base/strtab.h"

enum { BATCH = 64, NODES = 1 << 22, DEPTH = 3 };
#define NONE UINT32_MAX

/* A schedule: that of its parent and one choice more. */
struct node {
    uint32_t parent;
    uint16_t depth;
    struct choice choice;
};

struct search {
    const struct explore_maker *m;
    const struct explore_how *how;
    struct explore_result *r;
    struct node *node;
    size_t n, cap, next;
    uint64_t *seen; /* keys: open addressing; 0 = free */
    size_t seen_n, seen_cap;
};

/* ---- keys ----------------------------------------------------------------------------------- */

/* What happened, by task and by object; sum: of all of them, however they were interleaved. */
struct past {
    uint64_t *task, *obj, *point;
    size_t tasks_cap, objs_cap, points_cap, tasks_n, objs_n, points_n;
    uint64_t sum;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 29;
}

static uint64_t *chain(uint64_t **p, size_t *n, size_t *cap, uint32_t id)
{
    while (*n <= id) {
        grow(p, cap, *n + 1, sizeof **p);
        (*p)[(*n)++] = 0;
    }
    return &(*p)[id];
}

static void set(struct past *p, uint64_t *link, uint64_t which, uint64_t h)
{
    p->sum += mix(which, h) - (*link ? mix(which, *link) : 0);
    *link = h;
}

/* An event of this task at this object (0: none, but for shared draws) follows what both saw. */
static void follows(struct past *p, uint32_t task, bool at, uint32_t obj, uint64_t h)
{
    uint64_t *t = chain(&p->task, &p->tasks_n, &p->tasks_cap, task);
    uint64_t *o = at ? chain(&p->obj, &p->objs_n, &p->objs_cap, obj) : NULL;
    h = mix(mix(h, *t), o ? *o : 0) | 1;
    set(p, t, 2 * (uint64_t)task, h);
    if (o)
        set(p, o, 2 * (uint64_t)obj + 1, h);
}

static uint64_t contents(const struct event *e)
{
    uint64_t h = mix((uint64_t)e->t_ns, (uint64_t)e->kind << 32 | (uint64_t)e->op << 16 | e->x);
    h = mix(h, (uint64_t)e->task << 32 | e->obj);
    return mix(mix(h, e->c), (uint64_t)e->v);
}

static void happens(struct past *p, const struct event *e)
{
    bool scheduling = e->kind == EV_PROC ||
                      (e->kind == EV_TASK && (e->op == TASK_RUNNABLE || e->op == TASK_RUNNING));
    if (scheduling)
        return;
    if (e->kind == EV_TASK && e->op == TASK_NEW) {
        follows(p, e->c, false, 0, contents(e)); /* its parent made it */
        follows(p, e->task, false, 0, p->task[e->c]);
        return;
    }
    bool by_task = e->kind != EV_OBJECT && e->kind != EV_CTX; /* else that place is another's */
    follows(p, by_task ? e->task : 0, e->obj != 0, e->obj, contents(e));
    bool draws = (e->kind == EV_SELECT && e->b > 1) ||
                 ((e->kind == EV_CELL || e->kind == EV_BYTE) &&
                  (e->op == CELL_FLUSH || (e->x >> 8 & CELL_BUFFERED)));
    if (draws)
        follows(p, e->task, true, 0, contents(e));
}

/* Operations without an event move a task on, too. */
static void comes_to(struct past *p, const struct decision *d)
{
    uint64_t *t = chain(&p->point, &p->points_n, &p->points_cap, d->leaving);
    set(p, t, (UINT64_C(1) << 40) + d->leaving, d->point);
}

static uint64_t key_of(const struct past *p, const struct attempt *a, const struct decision *d)
{
    uint64_t h = mix(p->sum, (uint64_t)d->leaving << 1 | d->step);
    for (uint32_t i = 0; i < d->n; i++)
        h = mix(h, a->task[d->first + i]);
    return h ? h : 1;
}

static bool put(uint64_t *slot, size_t cap, uint64_t key)
{
    size_t i = (size_t)key & (cap - 1);
    for (; slot[i]; i = (i + 1) & (cap - 1))
        if (slot[i] == key)
            return false;
    slot[i] = key;
    return true;
}

/* False: it was there before. */
static bool new_key(struct search *s, uint64_t key)
{
    if (s->seen_n * 2 >= s->seen_cap) {
        size_t cap = s->seen_cap ? s->seen_cap * 2 : 1024;
        uint64_t *bigger = xcalloc(cap, sizeof *bigger);
        for (size_t i = 0; i < s->seen_cap; i++)
            if (s->seen[i])
                put(bigger, cap, s->seen[i]);
        free(s->seen);
        s->seen = bigger;
        s->seen_cap = cap;
    }
    bool is_new = put(s->seen, s->seen_cap, key);
    s->seen_n += is_new;
    return is_new;
}

/* ---- successors ----------------------------------------------------------------------------- */

static void choices_to(const struct search *s, uint32_t node, struct choices *out)
{
    for (; node != NONE && s->node[node].depth; node = s->node[node].parent)
        choices_add(out, s->node[node].choice);
    choices_sort(out);
}

static void add_node(struct search *s, uint32_t parent, uint16_t depth, struct choice c)
{
    if (s->n == NODES)
        return;
    grow(&s->node, &s->cap, s->n + 1, sizeof *s->node);
    s->node[s->n++] = (struct node){parent, depth, c};
}

/* The point of the node's own choice; what comes before it is its parent's. */
static size_t after_last(const struct search *s, uint32_t node, const struct attempt *a)
{
    const struct choice *c = &s->node[node].choice;
    if (!s->node[node].depth)
        return 0;
    for (size_t i = 0; i < a->decisions; i++)
        if (a->decision[i].leaving == c->leaving && a->decision[i].point == c->point)
            return i + 1;
    return a->decisions;
}

static void expand(struct search *s, uint32_t node, const struct attempt *a)
{
    int bound = s->how->depth > 0 ? s->how->depth : DEPTH;
    uint16_t depth = s->node[node].depth;
    if (depth >= bound)
        return;
    struct past past = {0};
    uint64_t e = 0;
    size_t from = after_last(s, node, a);
    for (size_t i = 0; i < a->decisions; i++) {
        const struct decision *d = &a->decision[i];
        for (; e < d->events && e < a->ev_n; e++)
            happens(&past, &a->ev[e]);
        comes_to(&past, d);
        if (d->n < 2 || i < from || !new_key(s, key_of(&past, a, d)))
            continue;
        for (uint32_t k = 1; k < d->n; k++)
            add_node(s, node, (uint16_t)(depth + 1),
                     (struct choice){d->leaving, d->point, a->task[d->first + k]});
    }
    free(past.task);
    free(past.obj);
    free(past.point);
}

/* ---- the search ------------------------------------------------------------------------------ */

/* Runs the next schedules; true: it is over. */
static bool batch(struct search *s)
{
    struct attempt a[BATCH] = {0};
    struct choices c[BATCH] = {0};
    struct explore_result *r = s->r;
    uint64_t left = s->how->seeds - r->tried;
    size_t n = s->n - s->next < BATCH ? s->n - s->next : BATCH;
    n = n < left ? n : (size_t)left;
    for (size_t i = 0; i < n; i++) {
        choices_to(s, (uint32_t)(s->next + i), &c[i]);
        a[i] = (struct attempt){
            .seed = s->how->seed, .policy = "replay", .use = {.choices = &c[i]}, .keep = true};
    }
    explore_run(s->m, s->how, a, n, true);
    bool over = explore_failed(r, a, n);
    for (size_t i = 0; i < n && a[i].done && !r->found; i++) {
        r->tried++;
        r->cut += a[i].cut;
        r->found = a[i].hit;
        if (a[i].hit) {
            explore_choices_of(&a[i], &r->first);
            r->hit_events = a[i].hit_events;
        } else if (!over) {
            expand(s, (uint32_t)(s->next + i), &a[i]);
        }
    }
    s->next += n;
    for (size_t i = 0; i < n; i++) {
        explore_attempt_free(&a[i]);
        choices_free(&c[i]);
    }
    return over || r->found || (s->how->stop && s->how->stop());
}

void explore_exhaustive(const struct explore_maker *m, const struct explore_how *how,
                        struct explore_result *r)
{
    struct search s = {.m = m, .how = how, .r = r};
    r->seed = how->seed;
    r->policy = "exhaustive";
    add_node(&s, NONE, 0, (struct choice){0});
    while (s.next < s.n && r->tried < how->seeds)
        if (batch(&s))
            break;
    r->fewest = r->found;
    r->all = !r->found && !r->error && s.next == s.n && s.n < NODES && !r->cut;
    free(s.node);
    free(s.seen);
}
