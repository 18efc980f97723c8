/* SPDX-License-Identifier: MIT */
/* What both worlds share of a run: creation, time, objects, edges, streams, memory. */
#include "runtime/park.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct rt_stream {
    struct rt_stream *next;
    char *name;
    struct rng rng;
};

/* Memory of the run: chunks that are only given back with it. */
enum { CHUNK_BYTES = 64 << 10 };
struct rt_chunk {
    struct rt_chunk *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

struct rt_last {
    struct rt_last *next;
    void (*fn)(void *arg);
    void *arg;
};

struct rt *rt_create(const struct rt_config *config, const char **why)
{
    return config->world == WORLD_SIM ? exec_sim_create(config, why)
                                      : exec_live_create(config, why);
}

void rt_init(struct rt *rt, const struct exec_ops *ops, const struct rt_config *c)
{
    rt->ops = ops;
    rt->world = c->world;
    rt->probes = c->probes;
    rt->procs = c->procs;
    rt->seed = c->seed;
    rt->names = c->names;
    rt->select_rng = rt_rng(rt, "select");
}

void rt_finish(struct rt *rt)
{
    for (struct rt_last *l = rt->last; l; l = l->next)
        l->fn(l->arg);
    while (rt->streams) {
        struct rt_stream *s = rt->streams;
        rt->streams = s->next;
        free(s->name);
        free(s);
    }
    while (rt->chunks) {
        struct rt_chunk *c = rt->chunks;
        rt->chunks = c->next;
        free(c);
    }
}

void rt_destroy(struct rt *rt)
{
    if (rt)
        rt->ops->destroy(rt);
}

void rt_start(struct rt *rt, const char *scenario, void (*main_fn)(void *arg), void *arg)
{
    rt->ops->start(rt, scenario, main_fn, arg);
}

void rt_emit_start(struct rt *rt, const char *scenario)
{
    if (rt->probes)
        emit(NULL, EV_START, (uint8_t)rt->world, (uint16_t)rt->procs, 0, 0,
             strtab_intern(rt->names, scenario), (int64_t)rt->seed);
}

struct rt *rt_here(void)
{
    return rt_engine;
}

void rt_post(struct rt *rt, void (*fn)(struct rt *rt, void *arg), void *arg)
{
    rt->ops->post(rt, fn, arg);
}

void rt_stop(struct rt *rt, enum end_why why)
{
    int running = 0;
    if (atomic_compare_exchange_strong(&rt->ended, &running, 1 + (int)why))
        rt->ops->stop(rt, why);
}

bool rt_ended(const struct rt *rt)
{
    return atomic_load(&rt->ended) != 0;
}

bool rt_idle(struct rt *rt)
{
    return rt->ops->idle(rt);
}

void rt_pause(struct rt *rt, bool paused)
{
    if (rt->ops->pause)
        rt->ops->pause(rt, paused);
}

void rt_set_speed(struct rt *rt, double speed)
{
    if (rt->ops->speed)
        rt->ops->speed(rt, speed);
}

int64_t rt_time(const struct rt *rt)
{
    return rt->ops->now(rt);
}

int64_t rt_now(void)
{
    rt_gate_live();
    return rt_engine->ops->now(rt_engine);
}

enum world rt_world(const struct rt *rt)
{
    return rt->world;
}

int rt_procs(const struct rt *rt)
{
    return rt->procs;
}

struct strtab *rt_names(const struct rt *rt)
{
    return rt->names;
}

uint64_t rt_seed(const struct rt *rt)
{
    return rt->seed;
}

struct rng *rt_rng(struct rt *rt, const char *stream)
{
    guard_lock(&rt->guard);
    struct rt_stream *s = rt->streams;
    while (s && strcmp(s->name, stream) != 0)
        s = s->next;
    if (!s) {
        s = xcalloc(1, sizeof *s);
        s->name = xstrdup(stream);
        rng_init(&s->rng, rt->seed, stream);
        s->next = rt->streams;
        rt->streams = s;
    }
    guard_unlock(&rt->guard);
    return &s->rng;
}

void *rt_alloc(struct rt *rt, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    guard_lock(&rt->guard);
    struct rt_chunk *c = rt->chunks;
    if (!c || c->size - c->used < bytes) {
        size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        c = xcalloc(1, sizeof *c + size);
        c->size = size;
        c->next = rt->chunks;
        rt->chunks = c;
    }
    void *p = c->bytes + c->used;
    c->used += bytes;
    guard_unlock(&rt->guard);
    return p;
}

void *rt_alloc_line(struct rt *rt, size_t bytes)
{
    enum { LINE = 64 };
    bytes = (bytes + LINE - 1) & ~(size_t)(LINE - 1);
    char *p = rt_alloc(rt, bytes + LINE);
    return p + (LINE - 1 - ((uintptr_t)p - 1) % LINE);
}

char *rt_keep(struct rt *rt, const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(rt_alloc(rt, n), text, n);
}

void rt_at_destroy(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    struct rt_last *l = rt_alloc(rt, sizeof *l);
    l->fn = fn;
    l->arg = arg;
    guard_lock(&rt->guard);
    l->next = rt->last;
    rt->last = l;
    guard_unlock(&rt->guard);
}

/* ---- what a task may ask for --------------------------------------------------------------- */

static int slept(void *self)
{
    sim_park_ended(self);
    return 0;
}

void rt_sleep(int64_t ns)
{
    struct task *self = rt_current;
    if (ns <= 0) {
        rt_yield();
        return;
    }
    rt_gate_live();
    int64_t until = rt_now() + ns;
    task_waits(self, NULL, TASK_SLEEPING, WHY_SLEEP, 0);
    if (LIKELY(!guard_live))
        sim_park_then(self, until, slept);
    else
        task_park(self, until);
}

void rt_work(int64_t ns)
{
    if (ns > 0)
        rt_current->rt->ops->work(rt_current, ns);
}

static int yielded(void *arg)
{
    struct task *self = arg;
    sim_back(sim_of(self->rt), sim_task(self));
    task_state(self, NULL, TASK_RUNNING, WHY_NONE, 0);
    return 0;
}

void rt_yield(void)
{
    struct task *self = rt_current;
    rt_gate_live();
    task_state(self, NULL, TASK_RUNNABLE, WHY_NONE, 0);
    if (LIKELY(!guard_live)) {
        struct sim *s = sim_of(self->rt);
        sim_runq_push(s, s->here, sim_task(self));
        sim_leave(s, sim_task(self), yielded);
        return;
    }
    self->rt->ops->yield(self);
    task_state(self, NULL, TASK_RUNNING, WHY_NONE, 0);
}

void rt_step(void)
{
    if (UNLIKELY(gate_watch) && rt_current)
        rt_current->rt->ops->step(rt_current);
}

/* ---- objects and edges --------------------------------------------------------------------- */

void rt_object_update(uint32_t obj, enum obj_kind kind, const char *name, int64_t cap)
{
    struct rt *rt = rt_engine;
    if (rt->probes)
        emit(NULL, EV_OBJECT, (uint8_t)kind, 0, 0, obj, strtab_intern(rt->names, name), cap);
}

uint32_t rt_object(enum obj_kind kind, const char *name, int64_t cap)
{
    rt_gate_live();
    uint32_t id = rt_next_id(&rt_engine->objects);
    rt_object_update(id, kind, name, cap);
    return id;
}

void rt_hold(uint32_t obj, enum role role)
{
    emit(NULL, EV_EDGE, (uint8_t)role, 0, task_self_id(), obj, 0, 0);
}

void rt_release(uint32_t obj, enum role role)
{
    emit(NULL, EV_EDGE, (uint8_t)role, 1, task_self_id(), obj, 0, 0);
}

void rt_edge(uint32_t from_obj, uint32_t to_obj, enum role role)
{
    emit(NULL, EV_EDGE, (uint8_t)role, 0, 0, to_obj, from_obj, 0);
}

void rt_source(uint32_t line)
{
    struct task *self = rt_current;
    rt_gate_live();
    if (!emitter || self->line == line) /* it stands there already */
        return;
    self->line = line;
    emit(NULL, EV_SOURCE, 0, 0, self->id, 0, 0, emit_ab(line, 0));
}

void rt_mark(const char *text, enum by by)
{
    struct rt *rt = rt_engine;
    if (rt->probes)
        emit(NULL, EV_MARK, (uint8_t)by, 0, 0, 0, strtab_intern(rt->names, text), 0);
}

void rt_timer_init(struct rt_timer *t, uint64_t order, void (*fire)(struct rt *, void *), void *arg)
{
    *t = (struct rt_timer){.order = order, .fire = fire, .arg = arg};
}
