/* SPDX-License-Identifier: MIT */
/* The search: attempts, run in batches.
 *
 *   batch   ▏1▕▏2▕▏3▕▏4▕▏5▕▏6▕ …     threads take the next number
 *                  ▲hit     ▲hit     the lowest one counts; those above it need not be run
 *
 * A run is folded while it goes and ends as soon as its diagnosis is there. */
#include "app/explore.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "app/explore_inside.h"
#include "app/fold.h"
#include "base/mem.h"

enum { BATCH = 64, MAX_EVENTS = 1000000, DEPTH = 3, THREADS = 16 };

/* ---- one run -------------------------------------------------------------------------------- */

static void decided(void *arg, const struct schedule_point *p, uint32_t pick, uint64_t events)
{
    struct attempt *a = arg;
    a->points++;
    if (!pick && !a->keep)
        return;
    grow(&a->decision, &a->decisions_cap, a->decisions + 1, sizeof *a->decision);
    a->decision[a->decisions++] = (struct decision){.leaving = p->leaving,
                                                    .point = p->point,
                                                    .pick = pick,
                                                    .n = p->n,
                                                    .first = (uint32_t)a->tasks,
                                                    .events = events,
                                                    .step = p->step};
    grow(&a->task, &a->tasks_cap, a->tasks + p->n, sizeof *a->task);
    for (uint32_t i = 0; i < p->n; i++)
        a->task[a->tasks++] = p->task[i];
}

struct seeing {
    struct attempt *a;
    struct fold fold;
    enum diagnosis_kind until;
    uint64_t max;
};

static bool see(void *arg, const struct event *ev, size_t n)
{
    struct seeing *s = arg;
    struct attempt *a = s->a;
    for (size_t i = 0; i < n; i++) {
        detect_apply(s->fold.detect, s->fold.model, &ev[i]);
        if (a->keep) {
            grow(&a->ev, &a->ev_cap, a->ev_n + 1, sizeof *ev);
            a->ev[a->ev_n++] = ev[i];
        }
        while (s->fold.told < s->fold.model->diagnoses_n)
            if (s->fold.model->diagnoses[s->fold.told++].kind == s->until) {
                a->hit = true;
                a->hit_events = s->fold.model->seq;
                return false;
            }
    }
    a->cut = s->fold.model->seq >= s->max;
    return !a->cut;
}

void explore_run_one(const struct explore_maker *m, const struct explore_how *how,
                     struct attempt *a, struct strtab *names)
{
    struct seeing s = {
        .a = a, .until = how->until, .max = how->max_events ? how->max_events : MAX_EVENTS};
    fold_init(&s.fold, names);
    a->use.decided = decided;
    a->use.arg = a;
    a->error = m->run(m->arg, a->seed, a->policy, &a->use, names, see, &s);
    a->done = true;
    fold_free(&s.fold);
}

void explore_attempt_free(struct attempt *a)
{
    free(a->decision);
    free(a->task);
    free(a->ev);
    free(a->error);
    *a = (struct attempt){0};
}

void explore_choices_of(const struct attempt *a, struct choices *out)
{
    for (size_t i = 0; i < a->decisions; i++) {
        const struct decision *d = &a->decision[i];
        if (d->pick && (!a->hit || d->events < a->hit_events))
            choices_add(out, (struct choice){d->leaving, d->point, a->task[d->first + d->pick]});
    }
    choices_sort(out);
}

/* ---- many ----------------------------------------------------------------------------------- */

struct batch {
    const struct explore_maker *m;
    const struct explore_how *how;
    struct attempt *a;
    size_t n;
    bool first;
    _Atomic size_t next, hit; /* hit: the lowest so far, or n */
};

static void *work(void *arg)
{
    struct batch *b = arg;
    size_t i;
    while ((i = atomic_fetch_add(&b->next, 1)) < b->n) {
        if ((b->first && i > atomic_load(&b->hit)) || (b->how->stop && b->how->stop()))
            break;
        struct strtab *names = strtab_create();
        explore_run_one(b->m, b->how, &b->a[i], names);
        strtab_destroy(names);
        size_t lowest = atomic_load(&b->hit);
        while ((b->a[i].hit || b->a[i].error) && i < lowest &&
               !atomic_compare_exchange_weak(&b->hit, &lowest, i))
            ;
    }
    return NULL;
}

void explore_run(const struct explore_maker *m, const struct explore_how *how, struct attempt *a,
                 size_t n, bool first)
{
    struct batch b = {.m = m, .how = how, .a = a, .n = n, .first = first};
    atomic_init(&b.next, 0);
    atomic_init(&b.hit, n);
    pthread_t helper[THREADS];
    int helpers = 0;
    while (helpers + 1 < how->threads && helpers < THREADS && (size_t)helpers + 1 < n &&
           pthread_create(&helper[helpers], NULL, work, &b) == 0)
        helpers++;
    work(&b);
    for (int i = 0; i < helpers; i++)
        pthread_join(helper[i], NULL);
}

bool explore_failed(struct explore_result *r, struct attempt *a, size_t n)
{
    for (size_t i = 0; i < n && !r->error; i++) {
        r->error = a[i].error;
        a[i].error = NULL;
    }
    return r->error != NULL;
}

/* ---- by chance ------------------------------------------------------------------------------ */

static void found(struct explore_result *r, const struct attempt *a)
{
    r->found = true;
    r->seed = a->seed;
    r->policy = a->policy;
    r->depth = a->use.depth;
    r->points = a->use.points;
    r->hit_events = a->hit_events;
    explore_choices_of(a, &r->first);
}

/* The i-th schedule; the first is fifo's own, which tells how long a run is. */
static struct attempt attempt_at(const struct explore_how *how, uint64_t i, uint64_t points)
{
    bool pct = how->policy == EXPLORE_PCT || (how->policy == EXPLORE_BOTH && i % 2 == 0);
    struct attempt a = {.seed = how->seed + i, .policy = i == 0 ? "fifo" : pct ? "pct" : "random"};
    if (i && pct)
        a.use =
            (struct schedule_use){.depth = how->depth > 0 ? how->depth : DEPTH, .points = points};
    return a;
}

/* Counts those before the first hit, and it; true: it is there. */
static bool take_batch(struct explore_result *r, const struct attempt *a, size_t n)
{
    for (size_t i = 0; i < n && a[i].done; i++) {
        r->tried++;
        r->cut += a[i].cut;
        if (a[i].hit) {
            found(r, &a[i]);
            return true;
        }
    }
    return false;
}

static void by_chance(const struct explore_maker *m, const struct explore_how *how,
                      struct explore_result *r)
{
    struct attempt a[BATCH];
    uint64_t points = 0;
    bool over = false;
    for (uint64_t at = 0; at < how->seeds && !over;) {
        size_t n = at == 0 ? 1 : how->seeds - at < BATCH ? (size_t)(how->seeds - at) : BATCH;
        for (size_t i = 0; i < n; i++)
            a[i] = attempt_at(how, at + i, points);
        explore_run(m, how, a, n, true);
        if (!at)
            points = a[0].points;
        over = explore_failed(r, a, n) || take_batch(r, a, n) || (how->stop && how->stop());
        for (size_t i = 0; i < n; i++)
            explore_attempt_free(&a[i]);
        at += n;
    }
}

void explore(const struct explore_maker *m, const struct explore_how *how, struct explore_result *r)
{
    *r = (struct explore_result){0};
    if (how->policy == EXPLORE_EXHAUSTIVE)
        explore_exhaustive(m, how, r);
    else
        by_chance(m, how, r);
    if (r->found)
        explore_shrink(m, how, r);
}

void explore_result_free(struct explore_result *r)
{
    choices_free(&r->first);
    choices_free(&r->choices);
    free(r->error);
    *r = (struct explore_result){0};
}
