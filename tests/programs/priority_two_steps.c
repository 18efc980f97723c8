/* SPDX-License-Identifier: MIT */
/* A priority select in two steps: first the urgent channel alone, with a default, then both. What
 * becomes urgent between the two steps competes by chance.
 *
 *   select { case <-urgent: default: }      ▲ urgent      select { case <-urgent: case <-other: }
 *
 * Repaired: one queue with its order under one lock, and a channel of tokens to wait for. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"

enum { EACH = 3 };

/* ---- two steps ------------------------------------------------------------------------------- */

struct channels {
    struct chan *urgent, *other;
};

static void receiver(void *arg)
{
    struct channels *c = arg;
    struct select_case both[] = {{.c = c->urgent}, {.c = c->other}};
    for (int open = 2; open;) {
        struct select_case first = {.c = both[0].c};
        int i = chan_select_default(&first, 1);
        if (i == SELECT_DEFAULT)
            i = chan_select(both, 2);
        else
            both[0].ok = first.ok;
        if (!both[i].ok) {
            both[i].c = NULL;
            open--;
        }
    }
}

static void sends(void *arg)
{
    for (int i = 0; i < EACH; i++)
        chan_send(arg, 1);
    chan_close(arg);
}

void program_priority_two_steps(void *arg)
{
    (void)arg;
    struct channels *c = rt_alloc(rt_here(), sizeof *c);
    *c = (struct channels){chan_make("urgent", EACH), chan_make("other", EACH)};
    rt_spawn("receiver", receiver, c);
    rt_spawn("urgent-sender", sends, c->urgent);
    rt_spawn("other-sender", sends, c->other);
}

/* ---- one queue ------------------------------------------------------------------------------- */

struct queue {
    struct mutex *m;
    struct chan *tokens;
    int items[2]; /* urgent, other */
};

static void put(struct queue *q, int class)
{
    for (int i = 0; i < EACH; i++) {
        mutex_lock(q->m);
        q->items[class]++;
        mutex_unlock(q->m);
        chan_send(q->tokens, 1);
    }
}

static void puts_urgent(void *arg)
{
    put(arg, 0);
}

static void puts_other(void *arg)
{
    put(arg, 1);
}

static void takes(void *arg)
{
    struct queue *q = arg;
    for (int i = 0; i < 2 * EACH; i++) {
        chan_recv(q->tokens, NULL);
        mutex_lock(q->m);
        q->items[q->items[0] ? 0 : 1]--;
        mutex_unlock(q->m);
    }
}

void program_priority_one_queue(void *arg)
{
    (void)arg;
    struct queue *q = rt_alloc(rt_here(), sizeof *q);
    q->m = mutex_make("queue");
    q->tokens = chan_make("tokens", 2 * EACH);
    rt_spawn("receiver", takes, q);
    rt_spawn("urgent-sender", puts_urgent, q);
    rt_spawn("other-sender", puts_other, q);
}
