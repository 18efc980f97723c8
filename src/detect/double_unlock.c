/* SPDX-License-Identifier: MIT */
/* Double unlock: a task gives back a lock that it gave back already.
 *
 *   A: lock  unlock           unlock     nobody had it: a panic, and this says why
 *   B:              lock  …              B's lock is open from here on; B's own unlock may panic
 *
 * An unlock by another task than the taker is legal in Go, so one alone is no mistake: the task
 * must have held the lock before, and the unlock before must be its own. */
#include "detect/detect.h"

#include "detect/facts.h"
#include "base/text.h"

struct lock {
    uint32_t owner, before; /* who took it last, and who before */
    uint32_t unlocker;      /* who gave it back last */
    int64_t unlock_ns, lock_ns;
};

static void again(struct detect *d, const struct model *m, const struct event *e,
                  const struct lock *l, uint32_t victim)
{
    uint32_t tasks[] = {e->task, victim};
    const char *name = model_task_name(m, e->task), *obj = model_object_name(m, e->obj);
    double first = (double)l->unlock_ns / 1e9, now = (double)m->now_ns / 1e9;
    if (victim)
        detect_raise(
            d, DIAG_DOUBLE_UNLOCK, e->obj, tasks, 2, &e->obj, 1,
            _("%s unlocks %s at %.3f s, which it had unlocked at %.3f s; %s holds it since "
              "%.3f s, and is no longer alone"),
            name, obj, now, first, model_task_name(m, victim), (double)l->lock_ns / 1e9);
    else
        detect_raise(d, DIAG_DOUBLE_UNLOCK, e->obj, tasks, 1, &e->obj, 1,
                     _("%s unlocks %s at %.3f s, which it had unlocked at %.3f s"), name, obj, now,
                     first);
}

static void see_lock(struct detect *d, struct lock *l, const struct model *m, const struct event *e)
{
    if (e->op == LOCK_LOCK) {
        l->before = l->owner;
        l->owner = e->task;
        l->lock_ns = m->now_ns;
        return;
    }
    if (l->owner != e->task && l->before == e->task && l->unlocker == e->task &&
        l->lock_ns >= l->unlock_ns)
        again(d, m, e, l, l->owner);
    l->unlocker = e->task;
    l->unlock_ns = m->now_ns;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct slots *locks = state;
    if (!e->task || !e->obj || e->obj >= m->objects_n)
        return;
    uint8_t kind = m->objects[e->obj].kind;
    if (kind != OBJ_LOCK && kind != OBJ_RWLOCK)
        return;
    struct lock *l = slot_at(locks, e->obj, sizeof *l);
    if (e->kind == EV_LOCK)
        see_lock(d, l, m, e);
    else if (l->unlocker == e->task && l->owner == e->task && l->unlock_ns >= l->lock_ns)
        again(d, m, e, l, 0); /* a panic at a lock is an unlock of what is not locked */
}

SLOTS_STATE(struct lock)

const struct detector detector_double_unlock = {
    .name = "double_unlock",
    .help = "a task gives back a lock that it gave back already",
    .size = sizeof(struct slots),
    .kinds = UINT64_C(1) << EV_PANIC,
    .wants = {{EV_LOCK, 1u << LOCK_LOCK | 1u << LOCK_UNLOCK}},
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
