/* SPDX-License-Identifier: MIT */
/* Virtual processors.
 *
 * The hard idea: no event says how long a run queue is. But each task that becomes runnable names
 * the processor in whose queue it stands (none: the global one), each that begins to run names the
 * processor whose queue it came from, and what is moved between queues has an event of its own. So
 * counting is enough, and an absolute length in such an event sets a count right that began in the
 * middle. */
#include "base/mem.h"
#include "model/model_inside.h"

static struct proc_model *proc_at(struct model *m, uint32_t proc)
{
    if (proc >= MODEL_PROCS)
        return NULL;
    if (!m->procs) {
        m->procs = xcalloc(MODEL_PROCS, sizeof *m->procs);
        for (int i = 0; i < MODEL_PROCS; i++)
            m->procs[i].strip = (struct task_model){.known = true, .state = TASK_WAITING};
    }
    m->procs_n = proc >= m->procs_n ? proc + 1 : m->procs_n;
    return &m->procs[proc];
}

static void busy(struct proc_model *p, int64_t now, uint32_t task)
{
    struct task_model *s = &p->strip;
    uint8_t state = task ? TASK_RUNNING : TASK_WAITING;
    p->task = task;
    if (s->state == state)
        return;
    s->in_state[s->state] += now - s->since_ns;
    s->state = state;
    s->since_ns = now;
    task_stroke(s, now, state, WHY_NONE);
    /* Idle for no time at all: as if it had gone on. */
    uint32_t n = s->strokes;
    if (n > 1 && s->stroke[(n - 2) % TIMELINE].state == state) {
        s->strokes = n - 1;
        s->since_ns = s->stroke[(n - 2) % TIMELINE].from_ns;
        s->in_state[state] -= now - s->since_ns;
    }
}

static bool queued(uint8_t state)
{
    return state == TASK_NEW || state == TASK_RUNNABLE;
}

void proc_task(struct model *m, const struct task_model *t, const struct event *e)
{
    uint8_t to = (uint8_t)(e->x >> 8);
    struct proc_model *now = proc_at(m, to),
                      *was = t->state == TASK_RUNNING ? proc_at(m, t->proc) : NULL;
    if (was && was->task == e->task && e->op != TASK_RUNNING)
        busy(was, m->now_ns, 0);
    if (queued(e->op)) {
        uint32_t *n = now ? &now->runq : &m->global, *max = now ? &now->runq_max : &m->global_max;
        ++*n;
        *max = *n > *max ? *n : *max;
    } else if (e->op == TASK_RUNNING && now) {
        if (queued(t->state)) {
            now->runq -= now->runq > 0;
            now->dispatches++;
        }
        busy(now, m->now_ns, e->task);
    }
}

void fold_proc(struct model *m, const struct event *e)
{
    struct proc_model *p = proc_at(m, e->a), *from = e->op == PROC_STEAL ? proc_at(m, e->x) : NULL;
    if (!p)
        return;
    p->runq = e->b;
    p->runq_max = p->runq > p->runq_max ? p->runq : p->runq_max;
    if (e->op == PROC_GLOBAL) {
        m->global -= e->c < m->global ? e->c : m->global;
        p->global += e->c;
    } else if (from) {
        from->runq -= e->c < from->runq ? e->c : from->runq;
        from->lost += e->c;
        p->stolen += e->c;
        p->thefts++;
        model_log(m, e);
    }
}

/* ---- what is asked of them ---------------------------------------------------------------------
 */

int64_t proc_busy_ns(const struct proc_model *p, int64_t now_ns)
{
    int64_t ns = p->strip.in_state[TASK_RUNNING];
    return ns + (p->strip.state == TASK_RUNNING ? now_ns - p->strip.since_ns : 0);
}

double proc_busy_share(const struct model *m)
{
    double ns = 0;
    for (uint32_t i = 0; m->procs && i < m->procs_n; i++)
        ns += (double)proc_busy_ns(&m->procs[i], m->now_ns);
    return m->procs_n && m->now_ns ? ns / ((double)m->procs_n * (double)m->now_ns) : 0;
}

uint64_t proc_thefts(const struct model *m)
{
    uint64_t n = 0;
    for (uint32_t i = 0; m->procs && i < m->procs_n; i++)
        n += m->procs[i].thefts;
    return n;
}

uint64_t proc_stolen(const struct model *m)
{
    uint64_t n = 0;
    for (uint32_t i = 0; m->procs && i < m->procs_n; i++)
        n += m->procs[i].stolen;
    return n;
}

uint32_t proc_max_runq(const struct model *m)
{
    uint32_t max = 0;
    for (uint32_t i = 0; m->procs && i < m->procs_n; i++)
        max = m->procs[i].runq_max > max ? m->procs[i].runq_max : max;
    return max;
}
