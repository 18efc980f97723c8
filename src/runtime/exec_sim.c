/* SPDX-License-Identifier: MIT */
/* The simulated world: all tasks on one OS thread, a virtual clock, P virtual processors.
 *
 * The hard idea: there is no scheduler stack in the hot path. A task that parks looks itself for
 * what comes next, on its own stack, and switches straight to it:
 *
 *   task A: park ─▶ next_task(): posts? a runnable task? else the next timer ─▶ switch to B
 *   nothing before `until` ─▶ switch to the main context, where rt_sim_run() returns
 *
 * Time only moves in next_task(), when no task can be dispatched: the clock jumps to the next
 * timer. One timer fires, then all that it woke runs, then the next one: so what falls due at one
 * instant happens in timer order under every schedule policy.
 *
 * Operations take no virtual time; only work() holds a processor. A processor in work() leaves its
 * run queue to idle ones, which steal half of it. A slice ends after 10 ms if others wait; then the
 * task goes to the global queue, where processors without work of their own look first. */
#include "runtime/cell_inside.h"
#include "runtime/sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- run queues (how tasks move between them: exec_sim_queue.c) --------------------------------
 */

static void runq_alloc(struct sim_proc *p, uint32_t cap)
{
    struct sim_task **ring = xmalloc(cap * sizeof(struct sim_task *));
    uint32_t len = sim_runq_len(p);
    for (uint32_t i = 0; i < len; i++)
        ring[i] = p->ring[(p->head + i) & p->mask];
    free(p->ring);
    p->ring = ring;
    p->mask = cap - 1;
    p->head = 0;
    p->tail = len;
}

void sim_runq_grow(struct sim_proc *p)
{
    runq_alloc(p, 2 * (p->mask + 1));
}

/* The next task that has a processor, or NULL. */
static inline struct sim_task *pick(struct sim *s)
{
    if (!s->ready && !sim_runq_len(&s->global))
        return NULL;
    if (UNLIKELY(sim_runq_len(&s->global)))
        sim_look_at_global(s);
    uint64_t can = s->ready & ~s->busy;
    if (UNLIKELY(!can)) {
        if (!sim_steal(s))
            return NULL;
        can = s->ready & ~s->busy;
    }
    if (UNLIKELY(s->oracle)) {
        s->here = &s->proc[sim_oracle_next(s)];
    } else if (!(can & s->here->bit)) {
        uint64_t above = can & ~((s->here->bit << 1) - 1);
        s->here = &s->proc[__builtin_ctzll(above ? above : can)];
    }
    struct sim_task *t = sim_runq_pop(s, s->here);
    t->t.proc = s->here->index;
    return t;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static NOINLINE void run_posts(struct sim *s)
{
    for (;;) { /* one by one: it may panic, then this does not come back */
        pthread_mutex_lock(&s->post_lock);
        struct sim_post *p = s->posts;
        if (p)
            s->posts = p->next;
        if (!s->posts) {
            s->posts_tail = &s->posts;
            atomic_store(&s->posted, false);
        }
        pthread_mutex_unlock(&s->post_lock);
        if (!p)
            return;
        void (*fn)(struct rt *, void *) = p->fn;
        void *arg = p->arg;
        free(p);
        if (!rt_ended(&s->rt))
            fn(&s->rt, arg);
    }
}

/* When the short way of sim_next() must be left. A post that comes from now on sets look_at to 0
 * itself; one that came before is seen here. */
static void look_at_steps(struct sim *s)
{
    atomic_store(&s->look_at, s->oracle ? 0 : s->step_end);
    if (atomic_load(&s->posted))
        atomic_store(&s->look_at, 0);
}

/* Finds what runs next, moving time on if nothing can now. NULL: the caller of rt_sim_run decides.
 */
struct sim_task *sim_next_task(struct sim *s)
{
    if (UNLIKELY(s->oracle) && rt_current)
        sim_oracle_leave(s);
    for (;;) {
        if (UNLIKELY(atomic_load_explicit(&s->posted, memory_order_acquire))) {
            rt_current = NULL;
            run_posts(s);
            look_at_steps(s);
        }
        if (UNLIKELY(s->steps >= s->step_end))
            return NULL; /* also when the run has ended: sim_stop() */
        struct sim_task *t = pick(s);
        if (t) {
            s->steps++;
            return t;
        }
        int64_t when = timer_heap_next(&s->timers);
        if (when > s->until_ns || when == NEVER)
            return NULL;
        s->steps++;
        if (when > s->now_ns) {
            s->now_ns = when;
            s->moved_at = s->steps;
        }
        struct rt_timer *timer = timer_heap_pop(&s->timers);
        rt_current = NULL;
        if (UNLIKELY(s->oracle))
            sim_oracle_leave(s);
        timer->fire(&s->rt, timer->arg);
    }
}

/* Inline in task_entry: a call would leave a return address in the processor's prediction stack,
 * and the next return of whoever we switch to would be mispredicted. */
NORETURN static inline __attribute__((always_inline)) void sim_exit(struct task *self)
{
    struct sim *s = sim_of(rt_engine);
    struct sim_task *next = NULL;
    struct coro *from = &s->nobody;
    if (self) {
        struct sim_task *t = sim_task(self);
        from = &t->co;
        s->alive--;
        if (s->rt.main_done && !s->alive)
            rt_stop(&s->rt, END_DONE);
        next = sim_next(s);
        if (self->state == TASK_DONE) {
#ifdef CORO_PLAIN
            sim_stack_give(s, t); /* whoever takes it comes after the switch */
#else
            s->reap = t;
#endif
        }
    }
    /* A timer or a command has panicked. Whose stack it borrowed is left as it is: others may have
     * to look at what waits on it. */
    if (!self && s->on_main)
        longjmp(s->leave_main, 1);
    rt_current = next ? &next->t : NULL;
    coro_switch(from, next ? &next->co : &s->main, self != NULL);
    die("a task came back from its end");
}

void sim_task_entry(void)
{
    coro_entered();
    struct sim *s = sim_of(rt_engine);
    sim_reap(s);
    struct sim_task *self = sim_task(rt_current);
    task_body(&self->t);
    sim_exit(&self->t);
}

/* ---- operations of the seam ----------------------------------------------------------------- */

void sim_task_timer_fired(struct rt *rt, void *arg)
{
    struct sim *s = sim_of(rt);
    struct sim_task *t = arg;
    struct sim_proc *p = &s->proc[t->t.proc];
    if (!t->working) {
        t->parking = SIM_TIMED_OUT;
        task_emit(&t->t, TASK_RUNNABLE, WHY_NONE, 0);
        sim_runq_push(s, p, t);
        return;
    }
    if (!s->limited) {
        t->work_left = 0;
        sim_runq_push_front(s, p, t);
        return;
    }
    t->work_left -= t->work_left < SIM_SLICE_NS ? t->work_left : SIM_SLICE_NS;
    p->worker = NULL;
    s->busy &= ~p->bit;
    /* Now and then somebody of the global queue comes first, or those who never use up a slice
     * could keep it waiting for ever (Go looks every 61st time). */
    if (sim_runq_len(&s->global) && ++s->slices % 61 == 0)
        sim_global_take(s, p, 1, true);
    if (!t->work_left || (!sim_runq_len(p) && !sim_runq_len(&s->global))) {
        sim_runq_push_front(s, p, t);
        return;
    }
    t->t.proc = PROC_NONE;
    task_emit(&t->t, TASK_RUNNABLE, WHY_NONE, 0);
    sim_global_push(s, t);
}

static struct task *task_new_op(struct rt *rt)
{
    struct sim_task *t = sim_task_new(sim_of(rt));
    return t ? &t->t : NULL;
}

static bool spawn_op(struct rt *rt, struct task *task)
{
    sim_spawn(sim_of(rt), sim_task(task));
    return true;
}

static int64_t sim_now(const struct rt *rt)
{
    return sim_of(rt)->now_ns;
}

static void sim_work(struct task *self, int64_t ns)
{
    struct sim *s = sim_of(self->rt);
    struct sim_task *t = sim_task(self);
    t->work_left = ns;
    while (t->work_left > 0) {
        int64_t slice = s->limited && t->work_left > SIM_SLICE_NS ? SIM_SLICE_NS : t->work_left;
        if (s->limited) {
            s->here->worker = t;
            s->busy |= s->here->bit;
        }
        t->working = true;
        t->timer.when_ns = s->now_ns + slice;
        t->timer.order = 0;
        timer_heap_set(&s->timers, &t->timer);
        sim_switch_to(s, t, sim_next_task(s));
        t->working = false;
        if (self->state == TASK_RUNNABLE)
            task_emit(self, TASK_RUNNING, WHY_NONE, 0);
    }
}

static void yield_op(struct task *self)
{
    sim_yield(self);
}

static void sim_step(struct task *self)
{
    struct sim *s = sim_of(self->rt);
    if (s->oracle)
        sim_oracle_step(s, self);
}

static void sim_gate(struct task *self)
{
    sim_step(self);
    if (self->rt->cells)
        cells_release(self);
}

static bool park_op(struct task *self, int64_t deadline_ns)
{
    return sim_park(self, deadline_ns);
}

static void unpark_op(struct task *t)
{
    sim_unpark(t);
}

static void sim_timer_set(struct rt *rt, struct rt_timer *t)
{
    timer_heap_set(&sim_of(rt)->timers, t);
}

static bool sim_timer_stop(struct rt *rt, struct rt_timer *t)
{
    return timer_heap_remove(&sim_of(rt)->timers, t);
}

NORETURN static void exit_op(struct task *self)
{
    sim_exit(self);
}

static void sim_post(struct rt *rt, void (*fn)(struct rt *, void *), void *arg)
{
    struct sim *s = sim_of(rt);
    struct sim_post *p = xcalloc(1, sizeof *p);
    p->fn = fn;
    p->arg = arg;
    pthread_mutex_lock(&s->post_lock);
    *s->posts_tail = p;
    s->posts_tail = &p->next;
    atomic_store(&s->posted, true);
    atomic_store(&s->look_at, 0);
    pthread_mutex_unlock(&s->post_lock);
}

/* ---- entering and leaving the engine --------------------------------------------------------- */

static bool hand_over(struct emitter *out)
{
    struct sim *s = (struct sim *)((char *)out - offsetof(struct sim, out));
    size_t n = (size_t)(out->next - s->chunk);
    out->next = s->chunk;
    s->handed += n;
    if (n && s->sink)
        s->sink(s->sink_arg, s->chunk, n);
    return true;
}

struct entered {
    struct emitter *emitter;
    struct rt *engine;
    struct task *current;
    bool live, watch;
};

static struct entered enter(struct sim *s)
{
    struct entered was = {emitter, rt_engine, rt_current, guard_live, gate_watch};
    emitter = s->rt.probes ? &s->out : NULL;
    rt_engine = &s->rt;
    rt_current = NULL;
    guard_live = false;
    gate_watch = atomic_load_explicit(&s->rt.gate, memory_order_relaxed) != 0;
    return was;
}

static void leave(struct sim *s, struct entered was)
{
    hand_over(&s->out);
    emitter = was.emitter;
    rt_engine = was.engine;
    rt_current = was.current;
    guard_live = was.live;
    gate_watch = was.watch;
}

static void sim_stop(struct rt *rt, enum end_why why)
{
    struct sim *s = sim_of(rt);
    s->step_end = 0; /* the run is over at the next look, which is now */
    atomic_store(&s->look_at, 0);
    if (rt_engine == rt) {
        emit(NULL, EV_END, (uint8_t)why, 0, 0, 0, 0, 0);
        return;
    }
    struct entered was = enter(s);
    emit(NULL, EV_END, (uint8_t)why, 0, 0, 0, 0, 0);
    leave(s, was);
}

static void sim_start(struct rt *rt, const char *scenario, void (*fn)(void *), void *arg)
{
    struct sim *s = sim_of(rt);
    struct entered was = enter(s);
    rt_emit_start(rt, scenario);
    struct sim_task *t = sim_task_new(s);
    VERIFY(t);
    task_init(&t->t, rt, "main", fn, arg);
    t->t.is_main = true;
    sim_spawn(s, t);
    leave(s, was);
}

static bool nothing_left(const struct sim *s)
{
    return !s->timers.n && !s->ready && !sim_runq_len(&s->global);
}

static bool sim_idle(struct rt *rt)
{
    struct sim *s = sim_of(rt);
    return nothing_left(s) && !s->hung && !atomic_load(&s->posted);
}

/* Nothing can ever run again: how does it end? */
static enum end_why quiescent(const struct sim *s)
{
    return s->rt.main_done || s->hung ? END_DONE : END_ASLEEP;
}

/* NULL also when a timer or a command has ended the run. */
static struct sim_task *next_from_main(struct sim *s)
{
    struct sim_task *t = NULL;
    s->on_main = true;
    if (setjmp(s->leave_main) == 0)
        t = sim_next_task(s);
    s->on_main = false;
    return t;
}

/* Where to look up: at `end`, or earlier, when time may have stood still for too long by then. */
static uint64_t look_up_at(const struct sim *s, uint64_t end)
{
    uint64_t still_end = s->moved_at + s->still_steps;
    return s->still_steps && still_end < end ? still_end : end;
}

static void stands_still(struct sim *s)
{
    struct str text = {0};
    str_addf(&text, "time stands still: %" PRIu64 " steps at one instant, and nothing takes time",
             s->still_steps);
    uint32_t id = s->rt.probes ? strtab_intern(s->rt.names, text.data) : 0;
    emit(NULL, EV_PANIC, 0, 0, 0, 0, id, 0);
    str_free(&text);
    rt_stop(&s->rt, END_PANIC);
}

enum rt_state rt_sim_run(struct rt *rt, int64_t until_ns, uint64_t steps)
{
    struct sim *s = sim_of(rt);
    struct entered was = enter(s);
    enum rt_state state = RT_MORE;
    uint64_t end = steps > UINT64_MAX - s->steps ? UINT64_MAX : s->steps + steps;
    s->until_ns = until_ns;
    s->step_end = rt_ended(rt) ? 0 : look_up_at(s, end);
    look_at_steps(s);
    coro_main(&s->main);
    for (;;) {
        struct sim_task *t = next_from_main(s);
        if (t) {
            rt_current = &t->t;
            coro_switch(&s->main, &t->co, false);
            rt_current = NULL;
            sim_reap(s);
        }
        if (rt_ended(rt)) {
            state = RT_ENDED;
            break;
        }
        if (s->steps >= s->step_end) {
            if (s->still_steps && s->steps - s->moved_at >= s->still_steps) {
                stands_still(s);
                continue;
            }
            if (s->steps >= end)
                break;
            s->step_end = look_up_at(s, end);
            look_at_steps(s);
            continue;
        }
        if (atomic_load(&s->posted))
            continue;
        if (nothing_left(s)) {
            rt_stop(rt, quiescent(s));
            continue;
        }
        if (until_ns > s->now_ns)
            s->now_ns = until_ns;
        state = RT_IDLE;
        break;
    }
    coro_free(&s->main);
    leave(s, was);
    return state;
}

uint64_t rt_steps(const struct rt *rt)
{
    return rt->world == WORLD_SIM ? sim_of(rt)->steps : 0;
}

int64_t rt_sim_next(const struct rt *rt)
{
    const struct sim *s = sim_of(rt);
    if (rt_ended(rt))
        return NEVER;
    bool can = (s->ready | (sim_runq_len(&s->global) ? sim_all_procs(s) : 0)) & ~s->busy;
    return can || !s->steps ? s->now_ns : timer_heap_next(&s->timers);
}

/* ---- creation -------------------------------------------------------------------------------- */

static void sim_destroy(struct rt *rt)
{
    struct sim *s = sim_of(rt);
    sim_oracle_free(s->oracle);
    sim_stack_free_all(s);
    for (int i = 0; i < SIM_PROCS; i++)
        free(s->proc[i].ring);
    free(s->global.ring);
    while (s->posts) {
        struct sim_post *next = s->posts->next;
        free(s->posts);
        s->posts = next;
    }
    pthread_mutex_destroy(&s->post_lock);
    timer_heap_free(&s->timers);
    rt_finish(rt);
    free(s);
}

static const struct exec_ops sim_ops = {
    .task_new = task_new_op,
    .spawn = spawn_op,
    .park = park_op,
    .unpark = unpark_op,
    .now = sim_now,
    .work = sim_work,
    .yield = yield_op,
    .step = sim_step,
    .gate = sim_gate,
    .timer_set = sim_timer_set,
    .timer_stop = sim_timer_stop,
    .start = sim_start,
    .exit = exit_op,
    .leave = exit_op,
    .post = sim_post,
    .stop = sim_stop,
    .idle = sim_idle,
    .destroy = sim_destroy,
};

struct rt *exec_sim_create(const struct rt_config *c, const char **why)
{
    const struct schedule *schedule = schedule_find(c->schedule);
    if (!schedule || c->procs < 0 || c->procs > SIM_PROCS) {
        *why = schedule ? "procs must be 0..64" : "there is no such schedule";
        return NULL;
    }
    struct sim *s = aligned_alloc(64, sizeof *s);
    if (!s)
        die_of_memory();
    memset(s, 0, sizeof *s);
    rt_init(&s->rt, &sim_ops, c);
    s->procs = c->procs ? c->procs : 1;
    s->limited = c->procs > 0;
    s->here = &s->proc[0];
    for (int i = 0; i < SIM_PROCS; i++) {
        s->proc[i].index = (uint8_t)i;
        s->proc[i].bit = UINT64_C(1) << i;
    }
    for (int i = 0; i < s->procs; i++)
        runq_alloc(&s->proc[i], 16);
    runq_alloc(&s->global, 16);
    s->schedule_rng = rt_rng(&s->rt, "schedule");
    s->oracle = sim_oracle_make(s, schedule, c->schedule_use);
    s->rt.gate = s->oracle ? GATE_STEPS : 0;
    s->sink = c->sink;
    s->sink_arg = c->sink_arg;
    s->out = (struct emitter){
        .next = s->chunk, .end = s->chunk + SIM_CHUNK, .now_ns = &s->now_ns, .refill = hand_over};
    s->still_steps = c->still_steps;
#if defined(CORO_ASAN) || defined(CORO_TSAN)
    s->stack_bytes = c->stack_bytes ? c->stack_bytes : 256 << 10;
#else
    s->stack_bytes = c->stack_bytes ? c->stack_bytes : 32 << 10;
#endif
    s->posts_tail = &s->posts;
    pthread_mutex_init(&s->post_lock, NULL);
    return &s->rt;
}
