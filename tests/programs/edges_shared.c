/* SPDX-License-Identifier: MIT */
/* Plain accesses ordered by a barrier, a latch, a singleflight, a concurrent map and a pool: none
 * is a race. */
#include "programs.h"
#include "runtime/barrier.h"
#include "runtime/cell.h"
#include "runtime/singleflight.h"
#include "runtime/sync.h"
#include "runtime/syncmap.h"
#include "runtime/syncpool.h"

enum { TASKS = 3, ITEMS = 4 };
struct shared {
    struct cell *x, *turn, *item[ITEMS];
    uint32_t items;
    struct barrier *barrier;
    struct latch *latch;
    struct singleflight *flight;
    struct syncmap *map;
    struct syncpool *pool;
    struct waitgroup *wg;
};

static void touch(struct cell *c)
{
    cell_write(c, cell_read(c) + 1);
}

/* In each round another one writes; all read after it. */
static void rounds(void *arg)
{
    struct shared *s = arg;
    uint64_t me = cell_add(s->turn, 1, ORDER_RELAXED);
    for (uint64_t round = 0; round < TASKS; round++) {
        if (round == me)
            touch(s->x);
        barrier_wait(s->barrier);
        cell_read(s->x);
        barrier_wait(s->barrier);
    }
    latch_wait(s->latch);
    cell_read(s->x);
    wg_done(s->wg);
}

static struct flight_result fetch(void *arg)
{
    struct shared *s = arg;
    touch(s->x);
    return (struct flight_result){.value = 1};
}

static void calls(void *arg)
{
    struct shared *s = arg;
    map_value v = 0;
    map_key key = map_key_of("first");
    flight_do(s->flight, "x", fetch, s);
    uint32_t item = syncpool_get(s->pool);
    touch(s->item[item]);
    syncpool_put(s->pool, item);
    if (map_load(s->map, key, &v))
        cell_read(s->item[0]);
    wg_done(s->wg);
}

static uint32_t make_item(void *arg)
{
    struct shared *s = arg;
    return s->items++;
}

static void first(void *arg)
{
    struct shared *s = arg;
    touch(s->item[0]);
    map_store(s->map, map_key_of("first"), 1);
    wg_done(s->wg);
}

void program_edges_shared(void *arg)
{
    static const char *const names[ITEMS] = {"item-0", "item-1", "item-2", "item-3"};
    struct shared *s = rt_alloc(rt_here(), sizeof *s);
    (void)arg;
    s->x = cell_make("x", 0);
    s->turn = cell_make("turn", 0);
    for (int i = 0; i < ITEMS; i++)
        s->item[i] = cell_make(names[i], 0);
    s->items = 1; /* the first is the map's */
    s->barrier = barrier_make("barrier", TASKS);
    s->latch = latch_make("latch", 1);
    s->flight = flight_make("flight", NULL);
    s->map = map_make("map");
    s->pool = syncpool_make(&(struct syncpool_config){.name = "pool", .make = make_item, .arg = s});
    s->wg = wg_make("wg");
    wg_add(s->wg, 2 * TASKS);
    for (int i = 0; i < TASKS; i++)
        rt_spawn("rounds", rounds, s);
    latch_down(s->latch);
    rt_spawn("first", first, s);
    wg_add(s->wg, 1 - TASKS);
    wg_wait(s->wg);
    wg_add(s->wg, TASKS);
    for (int i = 0; i < TASKS; i++)
        rt_spawn("calls", calls, s);
    wg_wait(s->wg);
    touch(s->x);
}
