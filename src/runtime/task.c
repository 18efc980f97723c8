/* SPDX-License-Identifier: MIT */
/* What a task is in both worlds: its states, its end, panics. */
#include "runtime/park.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

_Thread_local struct task *rt_current;
_Thread_local struct rt *rt_engine;
_Thread_local bool guard_live;
_Thread_local bool gate_watch;

uint32_t task_id(const struct task *t)
{
    return t->id;
}

uint32_t task_self_id(void)
{
    return rt_current ? rt_current->id : 0;
}

void task_say(const struct task *t, int64_t *stamp, enum task_state state, enum why why,
              uint32_t obj)
{
    emit(stamp, EV_TASK, (uint8_t)state, (uint16_t)(why | t->proc << 8), t->id, obj, 0, 0);
}

void task_say_until(const struct task *t, int64_t *stamp, enum why why, uint32_t obj,
                    uint32_t others, int64_t until_ns)
{
    emit(stamp, EV_TASK, TASK_WAITING, (uint16_t)(why | t->proc << 8), t->id, obj, others,
         until_ns == NEVER ? 0
         : until_ns > 0    ? until_ns
                           : 1);
}

void task_emit(struct task *t, enum task_state state, enum why why, uint32_t obj)
{
    task_state(t, NULL, state, why, obj);
}

static NOINLINE void say_new(struct task *t, const char *name)
{
    t->name = strtab_intern(t->rt->names, name);
    emit(NULL, EV_TASK, TASK_NEW, (uint16_t)(WHY_NONE | t->proc << 8), t->id, 0, task_self_id(),
         emit_ab(t->name, 0));
}

void task_init(struct task *t, struct rt *rt, const char *name, void (*fn)(void *), void *arg)
{
    t->rt = rt;
    t->id = rt_next_id(&rt->tasks);
    t->name = 0;
    t->fn = fn;
    t->arg = arg;
    t->is_main = false;
    t->line = 0;
    t->frame = NULL;
    t->on_goexit = NULL;
    t->many = NULL;
    t->selecting = false;
    t->park_order = 0;
    t->wake_stamp = 0;
    t->state = TASK_NEW;
    atomic_store_explicit(&t->ticket, 1, memory_order_relaxed);
    if (UNLIKELY(rt->probes))
        say_new(t, name);
}

static void task_ends(struct task *t)
{
    rt_gate();
    task_state(t, NULL, TASK_DONE, WHY_NONE, 0);
    if (t->is_main)
        atomic_store(&t->rt->main_done, true);
}

void task_body(struct task *t)
{
    task_state(t, NULL, TASK_RUNNING, WHY_NONE, 0);
    t->fn(t->arg);
    task_ends(t);
}

static NOINLINE uint32_t refused(struct rt *rt, const char *name)
{
    uint32_t n = rt_next_id(&rt->refused);
    if (rt->probes)
        emit(NULL, EV_REFUSED, 0, 0, task_self_id(), 0, strtab_intern(rt->names, name), n);
    return 0;
}

uint32_t rt_spawn(const char *name, void (*fn)(void *arg), void *arg)
{
    rt_gate();
    struct rt *rt = rt_engine;
    if (LIKELY(!guard_live)) {
        struct sim_task *t = sim_task_new(sim_of(rt));
        if (UNLIKELY(!t))
            return refused(rt, name);
        task_init(&t->t, rt, name, fn, arg);
        sim_spawn(sim_of(rt), t);
        return t->t.id;
    }
    struct task *t = rt->ops->task_new(rt);
    if (!t)
        return refused(rt, name);
    task_init(t, rt, name, fn, arg);
    uint32_t id = t->id;
    return rt->ops->spawn(rt, t) ? id : refused(rt, name);
}

/* ---- panics ------------------------------------------------------------------------------- */

void rt_panic(uint32_t obj, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct rt *rt = rt_engine;
    struct task *self = rt_current;
    if (self && self->frame) {
        size_t n = strlen(text) + 1;
        self->panic_text = memcpy(rt_alloc(rt, n), text, n);
        longjmp(self->frame->here, 1);
    }
    uint32_t id = rt->probes ? strtab_intern(rt->names, text) : 0;
    if (self)
        task_state(self, NULL, TASK_PANICKED, WHY_NONE, obj);
    emit(NULL, EV_PANIC, 0, 0, self ? self->id : 0, obj, id, 0);
    rt_stop(rt, END_PANIC);
    rt->ops->exit(self);
}

const char RT_GOEXIT[] = "the task ends itself";

static const char *run_in(struct rt_frame *frame, void (*fn)(void *arg), void *arg)
{
    struct task *self = rt_current;
    frame->outer = self->frame;
    self->frame = frame;
    const char *text = NULL;
    if (setjmp(frame->here) == 0)
        fn(arg);
    else
        text = rt_current->panic_text;
    rt_current->frame = frame->outer;
    return text;
}

const char *rt_recover(void (*fn)(void *arg), void *arg)
{
    struct rt_frame frame = {.all = false};
    return run_in(&frame, fn, arg);
}

const char *rt_catch(void (*fn)(void *arg), void *arg)
{
    struct rt_frame frame = {.all = true};
    return run_in(&frame, fn, arg);
}

void rt_goexit(void)
{
    struct task *self = rt_current;
    while (self->frame && !self->frame->all)
        self->frame = self->frame->outer;
    if (self->frame) {
        self->panic_text = RT_GOEXIT;
        longjmp(self->frame->here, 1);
    }
    if (self->on_goexit)
        self->on_goexit(self->arg);
    task_ends(self);
    self->rt->ops->leave(self);
}

void rt_again(uint32_t obj, const char *caught)
{
    if (caught == RT_GOEXIT)
        rt_goexit();
    rt_panic(obj, "%s", caught);
}
