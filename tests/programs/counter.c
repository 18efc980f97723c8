/* SPDX-License-Identifier: MIT */
/* Two tasks count in one cell. Every access is atomic, and still an update is lost:
 *
 *   one   load 0 ─────────────── store 1
 *   two           load 0 store 1            both have counted, and it says 1
 *
 * The twin adds in one step. */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/sync.h"

struct count {
    struct cell *n;
    struct waitgroup *wg;
    bool in_one;
};

static void count_one(void *arg)
{
    const struct count *c = arg;
    if (c->in_one)
        cell_add(c->n, 1, ORDER_SEQ_CST);
    else
        cell_store(c->n, cell_load(c->n, ORDER_SEQ_CST) + 1, ORDER_SEQ_CST);
    wg_done(c->wg);
}

static void both(bool in_one)
{
    struct count *c = rt_alloc(rt_here(), sizeof *c);
    *c = (struct count){cell_make("n", 0), wg_make("wg"), in_one};
    wg_add(c->wg, 2);
    rt_spawn("one", count_one, c);
    rt_spawn("two", count_one, c);
    wg_wait(c->wg);
    uint64_t n = cell_load(c->n, ORDER_SEQ_CST);
    if (n != 2)
        rt_panic(0, "two have counted, and the counter says %d", (int)n);
}

void program_counter(void *arg)
{
    (void)arg;
    both(false);
}

void program_counter_add(void *arg)
{
    (void)arg;
    both(true);
}
