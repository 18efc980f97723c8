/* SPDX-License-Identifier: MIT */
/* Where a scheduling oracle comes in: who can go on, and the move to whom it chose.
 *
 * The hard idea: what counts as the same point in another run. Points are numbered by the task that
 * leaves, so that a schedule that differs elsewhere still means the same here (choices.h). A
 * dispatch belongs to the task that has just waited, yielded or ended; a timer's to nobody, task 0.
 *
 * Who can go on: the running task itself, if it is before an operation; then whoever stands in the
 * queue of this processor, oldest first; then those of the next processors that are not in work().
 * A task in the middle of running (its processor goes on with it after work(), or a step went to
 * another processor) keeps its processor: of that queue nobody else can. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/sim.h"

struct sim_oracle {
    const struct schedule *schedule;
    const struct schedule_use *use;
    void *state;
    struct schedule_point point;
    uint32_t timers; /* points of task 0 */
    bool decided;    /* by a step, for the dispatch that follows it */
    int proc;        /* whose queue begins with who was chosen */
    uint32_t *task;
    size_t cap;
};

struct sim_oracle *sim_oracle_make(struct sim *s, const struct schedule *schedule,
                                   const struct schedule_use *use)
{
    if (!schedule->pick && !(use && use->decided))
        return NULL;
    struct sim_oracle *o = xcalloc(1, sizeof *o);
    o->schedule = schedule;
    o->use = use;
    o->state = schedule->size ? xcalloc(1, schedule->size) : NULL;
    if (schedule->start)
        schedule->start(o->state, rt_rng(&s->rt, "choices"), use);
    return o;
}

void sim_oracle_free(struct sim_oracle *o)
{
    if (!o)
        return;
    if (o->schedule->end)
        o->schedule->end(o->state);
    free(o->state);
    free(o->task);
    free(o);
}

/* How many in the processor's queue can go on. */
static uint32_t eligible(const struct sim_proc *p)
{
    uint32_t len = sim_runq_len(p);
    return len && p->ring[p->head & p->mask]->t.state == TASK_RUNNING ? 1 : len;
}

static uint64_t not_in_work(const struct sim *s)
{
    return s->ready & ~s->busy;
}

/* The next of the processors in `left`, from `at` on and round. */
static int next_proc(uint64_t left, int at)
{
    uint64_t above = left & ~((UINT64_C(1) << at) - 1);
    return __builtin_ctzll(above ? above : left);
}

static void add(struct sim_oracle *o, uint32_t id)
{
    grow(&o->task, &o->cap, o->point.n + 1, sizeof *o->task);
    o->task[o->point.n++] = id;
}

/* Fills in point.n and, if somebody looks, point.task. */
static void find_candidates(struct sim *s, const struct task *self)
{
    struct sim_oracle *o = s->oracle;
    bool looks = o->schedule->looks || (o->use && o->use->decided);
    o->point.n = 0;
    if (self && looks)
        add(o, self->id);
    else if (self)
        o->point.n = 1;
    for (uint64_t left = not_in_work(s); left;) {
        int q = next_proc(left, s->here->index);
        const struct sim_proc *p = &s->proc[q];
        uint32_t n = eligible(p);
        left &= ~(UINT64_C(1) << q);
        if (!looks)
            o->point.n += n;
        for (uint32_t i = 0; looks && i < n; i++)
            add(o, p->ring[(p->head + i) & p->mask]->t.id);
    }
    o->point.task = looks ? o->task : NULL;
}

static uint32_t ask(struct sim *s)
{
    struct sim_oracle *o = s->oracle;
    uint32_t i = o->schedule->pick ? o->schedule->pick(o->state, &o->point) : 0;
    if (o->use && o->use->decided)
        o->use->decided(o->use->arg, &o->point, i, s->handed + (uint64_t)(s->out.next - s->chunk));
    return i;
}

/* The i-th of those in the queues, to the front of its own; the others keep their order. */
static int bring_forward(struct sim *s, uint32_t i)
{
    for (uint64_t left = not_in_work(s); left;) {
        int q = next_proc(left, s->here->index);
        struct sim_proc *p = &s->proc[q];
        uint32_t n = eligible(p), mask = p->mask;
        if (i < n) {
            struct sim_task *chosen = p->ring[(p->head + i) & mask];
            for (; i; i--)
                p->ring[(p->head + i) & mask] = p->ring[(p->head + i - 1) & mask];
            p->ring[p->head & mask] = chosen;
            return q;
        }
        i -= n;
        left &= ~(UINT64_C(1) << q);
    }
    die("a schedule chose a task that cannot run");
}

void sim_oracle_leave(struct sim *s)
{
    struct sim_oracle *o = s->oracle;
    if (o->decided)
        return;
    o->point.step = false;
    o->point.leaving = rt_current ? rt_current->id : 0;
    o->point.point = rt_current ? ++sim_task(rt_current)->points : ++o->timers;
}

int sim_oracle_next(struct sim *s)
{
    struct sim_oracle *o = s->oracle;
    if (o->decided) {
        o->decided = false;
        return o->proc;
    }
    find_candidates(s, NULL);
    return bring_forward(s, ask(s));
}

/* On its own processor self makes room; on another one, that one's task goes first. */
void sim_oracle_step(struct sim *s, struct task *self)
{
    struct sim_oracle *o = s->oracle;
    struct sim_task *t = sim_task(self);
    o->point.step = true;
    o->point.leaving = self->id;
    o->point.point = ++t->points;
    find_candidates(s, self);
    uint32_t i = ask(s);
    if (!i)
        return;
    int q = bring_forward(s, i - 1);
    o->decided = true;
    o->proc = q;
    if (q == s->here->index) {
        task_emit(self, TASK_RUNNABLE, WHY_NONE, 0);
        sim_yield(self);
        task_emit(self, TASK_RUNNING, WHY_NONE, 0);
    } else {
        sim_runq_push_front(s, s->here, t);
        sim_switch_to(s, t, sim_next(s));
    }
}
