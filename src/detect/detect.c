/* SPDX-License-Identifier: MIT */
/* The detectors' registry, and what they raise.
 *
 * Each state is flat and all of them lie in one block, so that a keyframe copies them; one that has
 * to grow keeps flat arrays beside it. An event that no detector wants costs a load, a shift and a
 * test. */
#include "detect/detect.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "detect/facts.h"

#define DETECTOR(name) extern const struct detector detector_##name;
#include "detect/detectors.def"
#undef DETECTOR

#define DETECTOR(name) &detector_##name,
const struct detector *const detectors[] = {
#include "detect/detectors.def"
    NULL};
#undef DETECTOR

enum { KNOWN = sizeof detectors / sizeof detectors[0] - 1, RAISED = 1024 };
_Static_assert(WHY_COUNT <= 16, "waits are bits 16 and up");
_Static_assert(EV_COUNT <= 64, "kinds of events are bits of 64");

_Static_assert(KNOWN <= 32, "detectors are bits of 32");

/* A state that lasts is looked for every SWEEP_NS of scenario time, and not more often than the
 * events since then have paid for: each pays for CREDIT tasks, objects or edges to be looked at. */
#define SWEEP_NS INT64_C(50000000)
enum { CREDIT = 2, CREDIT_MAX = 16384 };

struct raised {
    uint32_t kind, subject;
};
struct detect {
    struct strtab *names;
    struct model *m;        /* while an event is seen */
    int64_t sweep_ns;       /* the next one is due */
    uint32_t ops[EV_COUNT]; /* what any of them, or the facts, want to see */
    uint32_t who[EV_COUNT]; /* which detectors want some of that kind */
    uint32_t wants[KNOWN][EV_COUNT];
    size_t at;     /* which of them sees an event */
    bool ended;    /* a file may say so again and again; looking at all tasks costs */
    uint64_t paid; /* events and looks are paid for up to here */
    size_t credit;
    struct facts facts;
    struct slots cycles; /* bool by task */
    size_t offset[KNOWN], bytes;
    char *state;
    struct raised *raised;
    size_t raised_n, raised_cap;
};

/* What the facts are folded from. */
static const struct want facts_want[] = {
    {EV_TASK, 1u << TASK_NEW},
    {EV_LOCK, 1u << LOCK_LOCK | 1u << LOCK_RLOCK | 1u << LOCK_UNLOCK | 1u << LOCK_RUNLOCK},
    {EV_SEM, 1u << SEM_ACQUIRE | 1u << SEM_RELEASE},
    {EV_ONCE, 1u << ONCE_BEGIN | 1u << ONCE_DONE},
    {EV_GROUP, 1u << GROUP_GO | 1u << GROUP_DONE},
    {EV_EDGE, ~0u},
    {EV_LOST, ~0u},
};

static void want(struct detect *d, size_t i, uint8_t kind, uint32_t ops)
{
    d->wants[i][kind] |= ops;
    d->ops[kind] |= ops;
    d->who[kind] |= 1u << i;
}

struct detect *detect_create(struct strtab *names)
{
    struct detect *d = xcalloc(1, sizeof *d);
    d->names = names;
    for (size_t i = 0; i < sizeof facts_want / sizeof *facts_want; i++)
        d->ops[facts_want[i].kind] |= facts_want[i].ops;
    for (size_t i = 0; i < KNOWN; i++) {
        d->offset[i] = d->bytes;
        d->bytes += (detectors[i]->size + 15) & ~(size_t)15;
        for (unsigned kind = 0; kind < EV_COUNT; kind++)
            if (detectors[i]->kinds >> kind & 1)
                want(d, i, (uint8_t)kind, ~0u);
        for (const struct want *w = detectors[i]->wants; w->ops; w++)
            want(d, i, w->kind, w->ops);
    }
    d->state = xcalloc(1, d->bytes + 1);
    return d;
}

struct detect *detect_clone(const struct detect *d)
{
    struct detect *c = xmemdup(d, sizeof *d);
    c->state = xmemdup(d->state, d->bytes + 1);
    facts_adopt(&c->facts);
    slots_adopt(&c->cycles, sizeof(bool));
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->adopt)
            detectors[i]->adopt(c->state + c->offset[i]);
    c->raised = xmemdup(d->raised, d->raised_n * sizeof *d->raised);
    c->raised_cap = d->raised_n;
    return c;
}

void detect_free(struct detect *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->drop)
            detectors[i]->drop(d->state + d->offset[i]);
    facts_drop(&d->facts);
    slots_drop(&d->cycles);
    free(d->state);
    free(d->raised);
    free(d);
}

size_t detect_bytes(const struct detect *d)
{
    size_t n = sizeof *d + d->bytes + d->raised_cap * sizeof *d->raised + facts_bytes(&d->facts) +
               d->cycles.cap * sizeof(bool);
    for (size_t i = 0; i < KNOWN; i++)
        if (detectors[i]->bytes)
            n += detectors[i]->bytes(d->state + d->offset[i]);
    return n;
}

void detect_want(struct detect *d, uint64_t kinds)
{
    for (unsigned kind = 0; kind < EV_COUNT; kind++)
        if (kinds >> kind & 1)
            want(d, d->at, (uint8_t)kind, ~0u);
}

bool detect_may_look(struct detect *d, size_t events)
{
    uint64_t earned = (d->m->seq - d->paid) * CREDIT;
    d->paid = d->m->seq;
    d->credit = earned > CREDIT_MAX - d->credit ? CREDIT_MAX : d->credit + earned;
    if (d->credit < events && d->credit < CREDIT_MAX)
        return false;
    d->credit -= events < d->credit ? events : d->credit;
    return true;
}

const struct facts *detect_facts(const struct detect *d)
{
    return &d->facts;
}

void detect_in_cycle(struct detect *d, uint32_t task)
{
    *(bool *)slot_at(&d->cycles, task, sizeof(bool)) = true;
}

bool detect_was_in_cycle(const struct detect *d, uint32_t task)
{
    const bool *was = slot_have(&d->cycles, task, sizeof(bool));
    return was && *was;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* The bit of an event's operation; waits are told apart by what for. */
static inline unsigned op_of(const struct event *e)
{
    bool waits = (e->kind == EV_TASK) & (e->op == TASK_WAITING);
    return waits ? 16 | (e->x & 15) : e->op & 15;
}

static NOINLINE void sweep(struct detect *d, struct model *m)
{
    d->sweep_ns = m->now_ns + SWEEP_NS / 8;
    d->m = m;
    if (detect_may_look(d, m->tasks_n + m->objects_n)) {
        d->sweep_ns = m->now_ns + SWEEP_NS;
        for (size_t i = 0; i < KNOWN; i++)
            if (detectors[i]->sweep)
                detectors[i]->sweep(d, d->state + d->offset[i], m);
    }
    d->m = NULL;
}

static NOINLINE void see(struct detect *d, struct model *m, const struct event *e, unsigned op)
{
    if (e->kind == EV_END && d->ended)
        return;
    d->ended |= e->kind == EV_END;
    d->m = m;
    facts_see(&d->facts, m, e);
    for (uint32_t who = d->who[e->kind]; who; who &= who - 1) {
        d->at = (size_t)__builtin_ctz(who);
        if (d->wants[d->at][e->kind] >> op & 1)
            detectors[d->at]->see(d, d->state + d->offset[d->at], m, e);
    }
    d->m = NULL;
}

void detect_apply(struct detect *d, struct model *m, const struct event *e)
{
    model_apply(m, e);
    unsigned op = op_of(e);
    if (UNLIKELY(e->kind < EV_COUNT && d->ops[e->kind] >> op & 1))
        see(d, m, e, op);
    if (UNLIKELY(m->now_ns >= d->sweep_ns))
        sweep(d, m);
}

static bool new_one(struct detect *d, enum diagnosis_kind kind, uint32_t subject)
{
    for (size_t i = 0; i < d->raised_n; i++)
        if (d->raised[i].kind == (uint32_t)kind && d->raised[i].subject == subject)
            return false;
    if (d->raised_n == RAISED)
        return false;
    grow(&d->raised, &d->raised_cap, d->raised_n + 1, sizeof *d->raised);
    d->raised[d->raised_n++] = (struct raised){(uint32_t)kind, subject};
    return true;
}

static uint32_t joined(struct detect *d, const uint32_t *ids, size_t n,
                       const char *(*name)(const struct model *m, uint32_t id))
{
    struct str s = {0};
    for (size_t i = 0; i < n; i++)
        str_addf(&s, "%s%s", i ? ", " : "", name(d->m, ids[i]));
    uint32_t id = n ? strtab_intern(d->names, s.data) : 0;
    str_free(&s);
    return id;
}

void detect_raise(struct detect *d, enum diagnosis_kind kind, uint32_t subject,
                  const uint32_t *tasks, size_t tasks_n, const uint32_t *objs, size_t objs_n,
                  const char *fmt, ...)
{
    if (!new_one(d, kind, subject))
        return;
    struct str text = {0};
    va_list ap;
    va_start(ap, fmt);
    str_addvf(&text, fmt, ap);
    va_end(ap);
    struct diagnosis found = {.t_ns = d->m->now_ns,
                              .kind = (uint8_t)kind,
                              .tasks = joined(d, tasks, tasks_n, model_task_name),
                              .objs = joined(d, objs, objs_n, model_object_name),
                              .text = strtab_intern(d->names, text.data),
                              .seq = d->m->seq};
    str_free(&text);
    if (kind == DIAG_LEAK)
        model_leaked(d->m, tasks, tasks_n);
    model_diagnosis(d->m, &found);
}
