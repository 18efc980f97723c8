/* SPDX-License-Identifier: MIT */
/* A reader reads again while a writer waits: the writer holds back new readers, and waits for the
 * old one, which is the same.
 *
 *   reader   rlock ✓                          rlock … behind the writer
 *   writer            lock … waits for reader
 *
 * Repaired: the reader reads once. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/rwmutex.h"

struct both {
    struct rwmutex *m;
    bool again;
};

static void writer(void *arg)
{
    struct both *b = arg;
    rwmutex_lock(b->m);
    rwmutex_unlock(b->m);
}

static void reader(void *arg)
{
    struct both *b = arg;
    rwmutex_rlock(b->m);
    rt_spawn("writer", writer, b);
    rt_sleep(1000000);
    if (b->again) {
        rwmutex_rlock(b->m);
        rwmutex_runlock(b->m);
    }
    rwmutex_runlock(b->m);
}

static void start(bool again)
{
    struct both *b = rt_alloc(rt_here(), sizeof *b);
    *b = (struct both){rwmutex_make("config"), again};
    rt_spawn("reader", reader, b);
}

void program_read_again(void *arg)
{
    (void)arg;
    start(true);
}

void program_read_once(void *arg)
{
    (void)arg;
    start(false);
}
