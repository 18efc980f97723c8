/* SPDX-License-Identifier: MIT */
/* Two tasks count up a shared word.
 *
 *   a   load 0                store 1
 *   b            load 0  store 1               two additions, 1 in the end
 *
 * By load and store, plainly, and under a lock that is given back in between; the twins add in one
 * step, and hold the lock over both halves. */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

struct counter {
    struct cell *n;
    struct mutex *mu;
    struct waitgroup *wg;
};

static void two(void (*fn)(void *arg))
{
    struct counter *c = rt_alloc(rt_here(), sizeof *c);
    c->n = cell_make("n", 0);
    c->mu = mutex_make("mu");
    c->wg = wg_make("wg");
    wg_add(c->wg, 2);
    rt_spawn("a", fn, c);
    rt_spawn("b", fn, c);
    wg_wait(c->wg);
}

static void load_store(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 2; i++)
        cell_store(c->n, cell_load(c->n, ORDER_SEQ_CST) + 1, ORDER_SEQ_CST);
    wg_done(c->wg);
}
void program_count_load_store(void *arg)
{
    (void)arg;
    two(load_store);
}

static void add(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 2; i++)
        cell_add(c->n, 1, ORDER_RELAXED);
    wg_done(c->wg);
}
void program_count_add(void *arg)
{
    (void)arg;
    two(add);
}

static void cas(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 2; i++)
        for (uint64_t n = cell_load(c->n, ORDER_RELAXED);
             !cell_cas(c->n, &n, n + 1, ORDER_RELAXED);) {
        }
    wg_done(c->wg);
}
void program_count_cas(void *arg)
{
    (void)arg;
    two(cas);
}

static void plain(void *arg)
{
    struct counter *c = arg;
    cell_write(c->n, cell_read(c->n) + 1);
    wg_done(c->wg);
}
void program_count_plain(void *arg)
{
    (void)arg;
    two(plain);
}

static void locked(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 3; i++) {
        mutex_lock(c->mu);
        cell_write(c->n, cell_read(c->n) + 1);
        mutex_unlock(c->mu);
    }
    wg_done(c->wg);
}
void program_count_locked(void *arg)
{
    (void)arg;
    two(locked);
}

static void split(void *arg)
{
    struct counter *c = arg;
    mutex_lock(c->mu);
    uint64_t n = cell_read(c->n);
    mutex_unlock(c->mu);
    mutex_lock(c->mu);
    cell_write(c->n, n + 1);
    mutex_unlock(c->mu);
    wg_done(c->wg);
}
void program_count_split_lock(void *arg)
{
    (void)arg;
    two(split);
}

/* Several set a flag that each of them looks at: the last write says what stands there already. */
static void stop(void *arg)
{
    struct counter *c = arg;
    for (int i = 0; i < 3 && !cell_load(c->n, ORDER_ACQUIRE); i++)
        rt_sleep(1000);
    cell_store(c->n, 1, ORDER_RELEASE);
    wg_done(c->wg);
}
void program_flag_set_by_two(void *arg)
{
    (void)arg;
    two(stop);
}
