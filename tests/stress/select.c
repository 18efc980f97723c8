/* SPDX-License-Identifier: MIT */
/* Selects against selects: each task offers to send on one channel and to receive from the others
 * in the same select, so every completion has to win against many others at once. What was sent and
 * not received must lie in the buffers; nobody may be completed twice or forgotten.
 *
 * PATTERNSCOPE_LONG: a million selects a task, over the three sizes. */
#include "stress.h"

enum { CHANS = 4, TASKS = 8, EACH = 1200, MANY = 1000000 / 3 };

static int each;
static struct chan *c[CHANS];
static struct waitgroup *wg;
static struct context *ctx;
static _Atomic uint64_t sent, received, sent_sum, received_sum, timeouts, defaults;
static _Atomic uint32_t finished;
static struct chan *all_done;

/* Cases: a send, the other channels' receives, a nil channel, and the context. */
static int fill(struct select_case *sc, intptr_t me, chan_value v)
{
    int n = 0;
    for (int i = 0; i < CHANS; i++)
        sc[n++] = (struct select_case){.c = c[(me + i) % CHANS], .send = i == 0, .value = v};
    sc[n++] = (struct select_case){.c = NULL, .send = true};
    sc[n++] = (struct select_case){.c = ctx_done(ctx)};
    return n;
}

static int choose(struct select_case *sc, int n, struct rng *rng)
{
    switch (rng_below(rng, 4)) {
    case 0:
        return chan_select_default(sc, n);
    case 1:
        return chan_select_until(sc, n, rt_now() + rng_below(rng, 20000));
    default:
        return chan_select(sc, n);
    }
}

static void mixer(void *arg)
{
    intptr_t me = (intptr_t)arg;
    struct rng rng;
    rng_init(&rng, (uint64_t)me, "mixer");
    for (int did = 0;;) {
        struct select_case sc[CHANS + 2];
        chan_value v = (chan_value)(me + 1) * 1000003 + (chan_value)did;
        int n = fill(sc, me, v), got = choose(sc, n, &rng);
        if (got == n - 1) {
            CHECK(!sc[got].ok && ctx_cancelled(ctx), "only the cancellation closes it");
            break;
        }
        CHECK(got != CHANS, "a nil channel was ready");
        if (got == SELECT_DEFAULT || got == SELECT_TIMEOUT) {
            (got == SELECT_DEFAULT ? &defaults : &timeouts)[0]++;
            if (got == SELECT_DEFAULT)
                rt_yield();
            continue;
        }
        CHECK(got >= 0 && got < CHANS, "case %d", got);
        if (got == 0) {
            sent++;
            sent_sum += v;
        } else {
            CHECK(sc[got].ok, "nobody closes it");
            received++;
            received_sum += sc[got].value;
        }
        if (++did == each && ++finished == TASKS)
            chan_close(all_done);
    }
    wg_done(wg);
}

static void scenario(void *arg)
{
    static const char *const names[CHANS] = {"c0", "c1", "c2", "c3"};
    uint32_t cap = *(uint32_t *)arg, left = 0;
    uint64_t left_sum = 0;
    for (int i = 0; i < CHANS; i++)
        c[i] = chan_make(names[i], cap);
    all_done = chan_make("all done", 0);
    ctx = ctx_with_cancel(ctx_background(), "ctx");
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    stress_spawn("mixer", mixer, TASKS);
    chan_recv(all_done, NULL);
    ctx_cancel(ctx, NULL);
    wg_wait(wg);
    for (int i = 0; i < CHANS; i++)
        for (chan_value v; chan_try_recv(c[i], &v) == RT_OK; left++)
            left_sum += v;
    CHECK(sent == received + left, "%lu sent, %lu received, %u left", (unsigned long)sent,
          (unsigned long)received, left);
    CHECK(sent_sum == received_sum + left_sum, "values were mixed up");
}

/* One channel closes under tasks that select on it with many others: all must see it. */
static void sees_close(void *arg)
{
    struct select_case sc[] = {{.c = c[0]}, {.c = c[1]}, {.c = c[2]}, {.c = c[0]}};
    int got = chan_select(sc, 4);
    (void)arg;
    CHECK((got == 0 || got == 3) && !sc[got].ok, "case %d", got);
    wg_done(wg);
}

static void closing(void *arg)
{
    (void)arg;
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < 3; i++)
            c[i] = chan_make("c", 0);
        wg = wg_make("wg");
        wg_add(wg, 6);
        stress_spawn("sees close", sees_close, 6);
        if (round % 2)
            rt_sleep(20000);
        chan_close(c[0]);
        wg_wait(wg);
    }
}

int main(void)
{
    static const uint32_t caps[] = {0, 1, 8};
    struct stress s;
    each = (int)counts(MANY, EACH, EACH);
    for (size_t k = 0; k < sizeof caps / sizeof caps[0]; k++) {
        uint32_t cap = caps[k];
        sent = received = sent_sum = received_sum = 0;
        timeouts = defaults = 0;
        finished = 0;
        stress_run(&s, scenario, &cap);
        CHECK(s.end == END_DONE, "cap %u: ended %s", cap, end_names[s.end]);
        CHECK(sent && received && defaults, "cap %u: a kind of select never happened", cap);
    }
    stress_run(&s, closing, NULL);
    CHECK(s.end == END_DONE, "ended %s", end_names[s.end]);
    return 0;
}
