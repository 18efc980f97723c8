/* SPDX-License-Identifier: MIT */
/* Channels under real threads: every value arrives exactly once, and what one sender sent arrives
 * in its order at whoever receives it, for every buffer size and for operations that wait, do not
 * wait, or wait until a deadline. Closing ends all receivers and gives them the rest.
 *
 * PATTERNSCOPE_LONG: a million values a sender, over all sizes and manners. */
#include "stress.h"

enum { SENDERS = 5, RECEIVERS = 4, EACH = 400, MANY = 1000000 / 15 };

static uint32_t each;
static struct chan *c;
static struct waitgroup *sending;
static int manner; /* 0: block, 1: try and yield, 2: until a deadline, 3: any of them */
static uint8_t arrived[SENDERS][MANY];
static pthread_mutex_t arrived_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t received, timeouts;

static int how(struct rng *rng)
{
    return manner < 3 ? manner : (int)rng_below(rng, 3);
}

static void send_one(chan_value v, struct rng *rng)
{
    for (;;) {
        enum rt_status s = RT_OK;
        switch (how(rng)) {
        case 0:
            chan_send(c, v);
            break;
        case 1:
            s = chan_try_send(c, v);
            CHECK(s == RT_OK || s == RT_AGAIN, "%d", (int)s);
            if (s == RT_AGAIN)
                rt_yield();
            break;
        default:
            s = chan_send_until(c, v, rt_now() + rng_below(rng, 30000));
            CHECK(s == RT_OK || s == RT_TIMEOUT, "%d", (int)s);
            break;
        }
        if (s == RT_OK)
            return;
        timeouts++;
    }
}

static void sender(void *arg)
{
    intptr_t me = (intptr_t)arg;
    struct rng rng;
    rng_init(&rng, (uint64_t)me, "sender");
    for (uint32_t i = 0; i < each; i++)
        send_one((chan_value)me << 32 | (chan_value)i, &rng);
    wg_done(sending);
}

/* False: closed and empty. */
static bool receive_one(chan_value *v, struct rng *rng)
{
    for (;;) {
        enum rt_status s;
        switch (how(rng)) {
        case 0:
            return chan_recv(c, v);
        case 1:
            s = chan_try_recv(c, v);
            if (s == RT_AGAIN)
                rt_yield();
            break;
        default:
            s = chan_recv_until(c, v, rt_now() + rng_below(rng, 30000));
            break;
        }
        if (s == RT_OK || s == RT_CLOSED)
            return s == RT_OK;
        CHECK(s == RT_AGAIN || s == RT_TIMEOUT, "%d", (int)s);
        timeouts++;
    }
}

static void receiver(void *arg)
{
    int next[SENDERS] = {0};
    struct rng rng;
    chan_value v;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "receiver");
    while (receive_one(&v, &rng)) {
        uint32_t who = (uint32_t)(v >> 32), i = (uint32_t)v;
        CHECK(who < SENDERS && i < each, "a value nobody sent: %u %u", who, i);
        CHECK((int)i >= next[who], "sender %u: %u after %d", who, i, next[who] - 1);
        next[who] = (int)i + 1;
        pthread_mutex_lock(&arrived_lock);
        arrived[who][i]++;
        pthread_mutex_unlock(&arrived_lock);
        received++;
    }
    CHECK(v == 0, "a closed channel gives 0");
}

static void scenario(void *arg)
{
    c = chan_make("c", *(uint32_t *)arg);
    sending = wg_make("sending");
    wg_add(sending, SENDERS);
    stress_spawn("receiver", receiver, RECEIVERS);
    stress_spawn("sender", sender, SENDERS);
    wg_wait(sending);
    chan_close(c);
}

/* Both directions at once over two unbuffered channels: a hand-over that is lost is a deadlock. At
 * nearly every instant one of the two sleeps, so a run that is taken for asleep shows here too. */
static struct chan *there, *back;

static void answers(void *arg)
{
    (void)arg;
    for (chan_value v; chan_recv(there, &v);)
        chan_send(back, v + 1);
}

static void asks(void *arg)
{
    (void)arg;
    there = chan_make("there", 0);
    back = chan_make("back", 0);
    rt_spawn("answers", answers, NULL);
    for (chan_value i = 0; i < 1000; i++) {
        chan_value v;
        chan_send(there, i);
        CHECK(chan_recv(back, &v) && v == i + 1, "asked %lu, answered %lu", (unsigned long)i,
              (unsigned long)v);
    }
    chan_close(there);
}

int main(void)
{
    static const uint32_t caps[] = {0, 1, 7, 100};
    struct stress s;
    each = (uint32_t)counts(MANY, EACH, EACH);
    for (size_t k = 0; k < sizeof caps / sizeof caps[0]; k++)
        for (manner = 0; manner < 4; manner++) {
            if (manner == 1 && caps[k] == 0)
                continue; /* two who do not wait never meet */
            memset(arrived, 0, sizeof arrived);
            received = timeouts = 0;
            uint32_t cap = caps[k];
            stress_run(&s, scenario, &cap);
            CHECK(s.end == END_DONE, "cap %u: ended %s", cap, end_names[s.end]);
            CHECK(received == SENDERS * each, "cap %u: %lu arrived", cap, (unsigned long)received);
            for (int i = 0; i < SENDERS; i++)
                for (uint32_t j = 0; j < each; j++)
                    CHECK(arrived[i][j] == 1, "cap %u: value %d/%u arrived %d times", cap, i, j,
                          arrived[i][j]);
        }
    for (int i = 0; i < 20; i++) {
        stress_run(&s, asks, NULL);
        CHECK(s.end == END_DONE, "round %d: ended %s", i, end_names[s.end]);
    }
    return 0;
}
