/* SPDX-License-Identifier: MIT */
/* A value of two words, as an interface is: its type and its data.
 *
 *   writer   type = 2                   data = 2
 *   reader              type: 2 data: 1            a type with another type's data
 */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

struct pair {
    struct wide_cell *value;
    struct mutex *mu; /* or NULL */
    struct waitgroup *wg;
};

static void lock(struct pair *p)
{
    if (p->mu)
        mutex_lock(p->mu);
}
static void unlock(struct pair *p)
{
    if (p->mu)
        mutex_unlock(p->mu);
}

static void writer(void *arg)
{
    struct pair *p = arg;
    for (uint64_t i = 2; i < 4; i++) {
        lock(p);
        wide_write(p->value, (uint64_t[]){i, i});
        unlock(p);
    }
    wg_done(p->wg);
}

static void reader(void *arg)
{
    struct pair *p = arg;
    uint64_t v[2];
    for (int i = 0; i < 2; i++) {
        lock(p);
        wide_read(p->value, v);
        unlock(p);
    }
    wg_done(p->wg);
}

static void run(bool locked)
{
    struct pair *p = rt_alloc(rt_here(), sizeof *p);
    p->value = wide_make("value", 2, (uint64_t[]){1, 1});
    p->mu = locked ? mutex_make("mu") : NULL;
    p->wg = wg_make("wg");
    wg_add(p->wg, 2);
    rt_spawn("writer", writer, p);
    rt_spawn("reader", reader, p);
    wg_wait(p->wg);
}

void program_pair_unlocked(void *arg)
{
    (void)arg;
    run(false);
}

void program_pair_locked(void *arg)
{
    (void)arg;
    run(true);
}
