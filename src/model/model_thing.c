/* SPDX-License-Identifier: MIT */
/* Channels, groups, locks, semaphores: things that have a level and somebody who waits.
 *
 * A stream mixes their kinds and operations like dice, and a jump that the processor guesses wrong
 * costs more than all the rest of an event. So nothing here jumps by kind or operation: a row says
 * where the new level comes from, whose the thing is now, and whether it is worth a second look.
 *
 * How many wait at a channel stands in its events; a task that begins to wait adds itself at once,
 * because nothing happens on the channel then. The next event sets it right again. */
#include "model/model_inside.h"

enum level_from { LEVEL_SAME, LEVEL_0, LEVEL_1, LEVEL_A, LEVEL_SIGNED_A };
enum owner_from { OWNER_SAME, OWNER_TASK, OWNER_NOBODY };
enum look { LOOK = 1, LOOK_AT_0 = 2 }; /* a second look: always, when slot A is 0 */

struct rule {
    uint8_t level, owner, look, sent, received;
};
enum { CHAN, GROUP, LOCK, SEM };
static const struct rule rules[][OBJECT_OPS] = {
    [CHAN] = {[CHAN_SEND] = {.level = LEVEL_A, .sent = 1},
              [CHAN_RECV] = {.level = LEVEL_A, .received = 1},
              [CHAN_CLOSE] = {.level = LEVEL_A, .look = LOOK},
              [CHAN_DROP] = {.level = LEVEL_A, .look = LOOK}},
    [GROUP] = {[GROUP_ADD] = {.level = LEVEL_SIGNED_A},
               [GROUP_DONE] = {.level = LEVEL_SIGNED_A, .look = LOOK_AT_0},
               [GROUP_WAIT] = {.level = LEVEL_SIGNED_A},
               [GROUP_GO] = {.level = LEVEL_SIGNED_A},
               [GROUP_ERROR] = {.level = LEVEL_SIGNED_A},
               [GROUP_GO_WAIT] = {.level = LEVEL_SIGNED_A},
               [GROUP_TRY_FAILED] = {.level = LEVEL_SIGNED_A}},
    [LOCK] = {[LOCK_LOCK] = {.level = LEVEL_1, .owner = OWNER_TASK},
              [LOCK_UNLOCK] = {.level = LEVEL_0, .owner = OWNER_NOBODY},
              [LOCK_RLOCK] = {.level = LEVEL_A},
              [LOCK_RUNLOCK] = {.level = LEVEL_A}},
    [SEM] = {[SEM_ACQUIRE] = {.level = LEVEL_A},
             [SEM_RELEASE] = {.level = LEVEL_A},
             [SEM_WAIT] = {.level = LEVEL_A},
             [SEM_TRY_FAILED] = {.level = LEVEL_A},
             [SEM_CANCEL] = {.level = LEVEL_A, .look = LOOK},
             [SEM_TIMEOUT] = {.level = LEVEL_A, .look = LOOK},
             [SEM_NEVER] = {.level = LEVEL_A, .look = LOOK}},
};
static const uint8_t row_of[EV_COUNT] = {
    [EV_CHAN] = CHAN, [EV_GROUP] = GROUP, [EV_LOCK] = LOCK, [EV_SEM] = SEM};

static NOINLINE void second_look(struct model *m, struct object_model *o, const struct event *e)
{
    model_log(m, e);
    if (e->kind == EV_CHAN && e->op == CHAN_CLOSE) {
        o->closed = true;
        o->closed_ns = m->now_ns;
        o->closed_by = e->task;
    }
}

/* How many wait. A channel has two queues, all else one. */
static inline void queues(struct object_model *o, const struct event *e, int64_t now)
{
    bool chan = e->kind == EV_CHAN;
    uint32_t was = chan ? o->receivers : o->waiters, wait = chan ? e->c : e->b;
    o->receivers_since = wait && !was ? now : o->receivers_since;
    o->senders_since = chan && e->b && !o->senders ? now : o->senders_since;
    o->senders = chan ? e->b : o->senders;
    o->receivers = chan ? wait : o->receivers;
    o->waiters = chan ? o->waiters : wait;
}

/* A closed channel that has nothing left gives zero values for ever: nothing was received. */
static inline bool zero_value(const struct object_model *o, const struct event *e)
{
    return UNLIKELY(o->closed) && e->kind == EV_CHAN && e->op == CHAN_RECV && o->level.now <= 0;
}

void fold_thing(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (UNLIKELY(!o))
        return;
    int64_t now = m->now_ns;
    const struct rule *r = &rules[row_of[e->kind]][e->op & (OBJECT_OPS - 1)];
    const double level[] = {o->level.now, 0, 1, (double)e->a, (double)(int32_t)e->a};
    const uint32_t owner[] = {o->owner, e->task, 0};
    bool nothing = zero_value(o, e);
    if (!nothing)
        count_op(o, e->op);
    object_level(o, now, level[r->level]);
    o->owner = owner[r->owner];
    queues(o, e, now);
    object_rate(o, now, r->sent, nothing ? 0 : r->received);
    if (UNLIKELY((r->look & LOOK) | (r->look & LOOK_AT_0 && !e->a)))
        second_look(m, o, e);
}
