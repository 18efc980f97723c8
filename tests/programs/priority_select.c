/* SPDX-License-Identifier: MIT */
/* Urgent messages first, by a select in two steps (T6.C6): look whether there is an urgent one,
 * else wait for either.
 *
 *   server   urgent? no ──┃                              select: both are ready, takes the other
 *   client                ┃ send to urgent, then to other
 *                         it is interrupted here
 *
 * Messages are numbered as they are sent: who serves one while an urgent one of a lower number lies
 * there has turned the priorities round. The twin looks again once it has got the other one. */
#include "programs.h"
#include "runtime/chan.h"

enum { EACH = 2 };

struct server {
    struct chan *urgent, *other;
    bool looks_again;
    chan_value urgent_served;
};

static void client(void *arg)
{
    const struct server *s = arg;
    for (chan_value number = 1; number <= 2 * EACH; number += 2) {
        chan_send(s->urgent, number);
        chan_send(s->other, number + 1);
    }
}

static bool serve_urgent(struct server *s)
{
    if (chan_try_recv(s->urgent, NULL) != RT_OK)
        return false;
    s->urgent_served++;
    return true;
}

static void serve_other(struct server *s, chan_value number)
{
    while (s->looks_again && serve_urgent(s)) {
    }
    if (s->urgent_served < number / 2) /* so many were sent before it */
        rt_panic(chan_id(s->urgent), "priority inversion: other goes first, urgent is there");
}

static void serve(bool looks_again)
{
    struct server *s = rt_alloc(rt_here(), sizeof *s);
    s->urgent = chan_make("urgent", EACH);
    s->other = chan_make("other", EACH);
    s->looks_again = looks_again;
    rt_spawn("client", client, s);
    for (chan_value others = 0; others + s->urgent_served < 2 * EACH;) {
        if (serve_urgent(s))
            continue;
        struct select_case sc[] = {{.c = s->urgent}, {.c = s->other}};
        if (chan_select(sc, 2) == 0) {
            s->urgent_served++;
        } else {
            serve_other(s, sc[1].value);
            others++;
        }
    }
}

void program_priority_select(void *arg)
{
    (void)arg;
    serve(false);
}

void program_priority_select_again(void *arg)
{
    (void)arg;
    serve(true);
}
