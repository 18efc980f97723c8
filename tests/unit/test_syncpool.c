/* SPDX-License-Identifier: MIT */
/* The pool: own shelf, others' shelves, victims, collections. */
#include "both.h"

#include "runtime/sync.h"
#include "runtime/syncpool.h"

enum { MS = 1000000 };

static struct syncpool *p;
static _Atomic uint32_t made, thrown;

static uint32_t make(void *arg)
{
    (void)arg;
    return atomic_fetch_add(&made, 1) + 1;
}
static void gone(void *arg, uint32_t item)
{
    (void)arg;
    (void)item;
    atomic_fetch_add(&thrown, 1);
}

static void begin(void)
{
    made = thrown = 0;
    p = syncpool_make(&(struct syncpool_config){.name = "p", .make = make, .gone = gone});
}

static void m_collections(void *arg)
{
    (void)arg;
    begin();
    uint32_t a = syncpool_get(p);
    syncpool_put(p, a);
    syncpool_collect(); /* from the shelf to the victims */
    both_note(syncpool_get(p) == a ? '+' : '-');
    syncpool_put(p, a);
    syncpool_collect();
    syncpool_collect(); /* and then it is gone */
    both_note(thrown == 1 ? '+' : '-');
    both_note(syncpool_get(p) != a && made == 2 ? '+' : '-');
}

BOTH(syncpool, two_collections_throw_away_what_nobody_takes)
{
    cr_assert_eq(both_ends(m_collections, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+++");
    cr_assert_eq(sim_run_count(&both_run, EV_POOL, POOL_COLLECT), 3);
    cr_assert_eq(sim_run_count(&both_run, EV_POOL, POOL_VICTIM), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_POOL, POOL_NEW), 2);
    both_over();
}

static void m_order(void *arg)
{
    uint32_t item[5];
    (void)arg;
    begin();
    for (int i = 0; i < 5; i++)
        item[i] = syncpool_get(p);
    for (int i = 0; i < 5; i++)
        syncpool_put(p, item[i]);
    for (int i = 0; i < 5; i++)
        both_note((char)('0' + syncpool_get(p)));
    both_note(made == 5 ? '+' : '-');
}

Test(syncpool, the_private_one_first_then_the_newest)
{
    cr_assert_eq(both_whole(m_order, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "15432+");
}

/* Two processors: one fills its shelf and goes on working, the other finds its own empty. */
static uint32_t taken[3];
static void thief(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        taken[i] = syncpool_get(p);
}

static void m_steals(void *arg)
{
    uint32_t item[3];
    (void)arg;
    begin();
    for (int i = 0; i < 3; i++)
        item[i] = syncpool_get(p);
    for (int i = 0; i < 3; i++)
        syncpool_put(p, item[i]);
    rt_spawn("thief", thief, NULL);
    rt_work(5 * MS); /* the other processor steals the task, and it the items */
}

Test(syncpool, another_processor_takes_the_oldest_but_not_the_private_one)
{
    cr_assert_eq(both_ends(m_steals, NULL), END_DONE);
    cr_assert_eq(taken[0], 2);
    cr_assert_eq(taken[1], 3);
    cr_assert_eq(taken[2], 4, "the private one is not to be had: a new one");
    cr_assert_eq(sim_run_count(&both_run, EV_POOL, POOL_STEAL), 2);
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_POOL && both_run.ev[i].op == POOL_STEAL)
            cr_assert_eq(both_run.ev[i].x & 0xff, 0, "from shelf 0");
    both_over();
}

/* Conservation: an item is with one task at a time, or on a shelf, or gone. */
enum { TASKS = 4, EACH = 500, ITEMS = TASKS * EACH };
static _Atomic uint8_t held[ITEMS + 1];
static _Atomic uint32_t twice;
static struct waitgroup *wg;

static void user(void *arg)
{
    (void)arg;
    for (int i = 0; i < EACH; i++) {
        uint32_t a = syncpool_get(p), b = syncpool_get(p);
        if (atomic_fetch_add(&held[a], 1) || atomic_fetch_add(&held[b], 1))
            atomic_fetch_add(&twice, 1);
        if (i % 16 == 0)
            rt_yield();
        atomic_fetch_sub(&held[a], 1);
        syncpool_put(p, a);
        atomic_fetch_sub(&held[b], 1);
        syncpool_put(p, b);
        if (i % 100 == 0)
            syncpool_collect();
    }
    wg_done(wg);
}

static void m_users(void *arg)
{
    (void)arg;
    begin();
    twice = 0;
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    for (int i = 0; i < TASKS; i++)
        rt_spawn("user", user, NULL);
    wg_wait(wg);
    syncpool_collect();
    syncpool_collect();
}

BOTH(syncpool, nobody_shares_an_item_and_none_is_lost)
{
    cr_assert_eq(both_ends(m_users, NULL), END_DONE);
    cr_assert_eq(twice, 0);
    cr_assert_eq(made, thrown);
    both_over();
}
