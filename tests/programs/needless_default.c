/* SPDX-License-Identifier: MIT */
/* A select with a default in a loop uses a processor to wait. Repaired: no default. */
#include "programs.h"
#include "runtime/chan.h"

static void asks(void *arg)
{
    struct select_case sc = {.c = arg};
    while (chan_select_default(&sc, 1) == SELECT_DEFAULT)
        rt_work(1000);
}

static void waits(void *arg)
{
    struct select_case sc = {.c = arg};
    chan_select(&sc, 1);
}

static void start(void (*task)(void *arg))
{
    struct chan *news = chan_make("news", 0);
    rt_spawn("listener", task, news);
    rt_sleep(5000000);
    chan_send(news, 1);
}

void program_needless_default(void *arg)
{
    (void)arg;
    start(asks);
}

void program_no_default(void *arg)
{
    (void)arg;
    start(waits);
}
