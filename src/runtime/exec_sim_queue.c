/* SPDX-License-Identifier: MIT */
/* Run queues of the simulated processors: how tasks move between them.
 *
 * As in Go's scheduler a processor without work of its own looks into the global queue, then takes
 * from another; the global queue holds those whose slice was over while others waited.
 *
 *   P0 in work()  queue: b c d e        P1 idle: global queue: f? ─▶ takes its share
 *                                               else steals half of P0's: b c                  */
#include "runtime/sim.h"

/* A task whose slice is over goes behind all others, whoever has room first takes it. */
void sim_global_push(struct sim *s, struct sim_task *t)
{
    struct sim_proc *g = &s->global;
    if (sim_runq_len(g) > g->mask)
        sim_runq_grow(g);
    g->ring[g->tail++ & g->mask] = t;
}

void sim_global_take(struct sim *s, struct sim_proc *p, uint32_t n, bool front)
{
    struct sim_proc *g = &s->global;
    for (uint32_t i = 0; i < n; i++) {
        struct sim_task *t = g->ring[g->head++ & g->mask];
        if (front)
            sim_runq_push_front(s, p, t);
        else
            sim_runq_push(s, p, t);
    }
    emit(NULL, EV_PROC, PROC_GLOBAL, 0, 0, 0, n, emit_ab(p->index, sim_runq_len(p)));
}

/* A processor with nothing to do takes its share of the global queue (Go's globrunqget). */
void sim_look_at_global(struct sim *s)
{
    uint64_t idle = sim_all_procs(s) & ~s->busy & ~s->ready;
    uint32_t len = sim_runq_len(&s->global), share = len / (uint32_t)s->procs + 1;
    if (idle)
        sim_global_take(s, &s->proc[__builtin_ctzll(idle)], share < len ? share : len, false);
}

/* An idle processor takes half of the run queue of a busy one (Blumofe and Leiserson, 1999). */
bool sim_steal(struct sim *s)
{
    uint64_t idle = sim_all_procs(s) & ~s->busy, full = s->ready & s->busy;
    if (!idle || !full)
        return false;
    struct sim_proc *thief = &s->proc[__builtin_ctzll(idle)];
    uint32_t skip = rng_below(s->schedule_rng, (uint32_t)__builtin_popcountll(full));
    while (skip--)
        full &= full - 1;
    struct sim_proc *victim = &s->proc[__builtin_ctzll(full)];
    uint32_t n = (sim_runq_len(victim) + 1) / 2;
    for (uint32_t i = 0; i < n; i++)
        sim_runq_push(s, thief, sim_runq_pop(s, victim));
    emit(NULL, EV_PROC, PROC_STEAL, victim->index, 0, 0, n,
         emit_ab(thief->index, sim_runq_len(thief)));
    return true;
}
