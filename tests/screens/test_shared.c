/* SPDX-License-Identifier: MIT */
/* The screens of processors, and of what tasks share beyond channels and locks. */
#include "runtime/barrier.h"
#include "runtime/singleflight.h"
#include "runtime/syncmap.h"
#include "runtime/syncpool.h"
#include "tests/screens/golden.h"
#include "tests/screens/memory.h"

Test(screens, procs)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool_stealing.ini", NULL);
    scene_to(&sc, 15012);
    shots(&sc, "procs", "procs");
    shot(&sc, "procs", 80, 24, true, "procs");
    struct canvas *c = canvas_create(120, 40);
    scene_draw(&sc, c, sc.scenario->layout, "procs", NULL);
    matches(c, "procs_layout");
    canvas_free(c);
    scene_free(&sc);
}

static struct syncpool *buffers;
static struct syncmap *routes;
static struct barrier *phase;
static struct singleflight *flights;
static uint32_t made;

static uint32_t make_buffer(void *arg)
{
    (void)arg;
    return ++made;
}
static struct flight_result fetch(void *arg)
{
    (void)arg;
    rt_sleep(30000000);
    return (struct flight_result){.value = 1};
}
static void sharer(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0;; i++) {
        char key[16];
        uint32_t a = syncpool_get(buffers), b = me % 2 ? syncpool_get(buffers) : 0;
        snprintf(key, sizeof key, "route-%u", (i / 6 + me) % 9);
        if (i % 5 == 0)
            map_store(routes, map_key_of(key), i);
        map_load(routes, map_key_of(key), NULL);
        flight_do(flights, i % 2 ? "home" : "search", fetch, NULL);
        rt_work((me + 1) * INT64_C(3000000));
        syncpool_put(buffers, a);
        if (b)
            syncpool_put(buffers, b);
        barrier_wait(phase);
    }
}
static void sharers(void *arg)
{
    (void)arg;
    made = 0;
    buffers = syncpool_make(&(struct syncpool_config){.name = "buffers", .make = make_buffer});
    routes = map_make("routes");
    phase = barrier_make("phase", 6);
    flights = flight_make("flights", NULL);
    struct latch *ready = latch_make("ready", 3);
    latch_down(ready);
    for (uintptr_t i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "sharer-%u", (unsigned)i);
        rt_spawn(name, sharer, (void *)i);
    }
    for (;;) {
        rt_sleep(400000000);
        syncpool_collect();
    }
}

Test(screens, what_tasks_share)
{
    struct scene sc;
    scene_program(&sc, sharers, NULL);
    scene_to(&sc, 2046);
    shots(&sc, "shared_groups", "groups");
    shots(&sc, "shared_maps", "maps");
    shots(&sc, "shared_pools", "pools");
    scene_free(&sc);
}

Test(screens, what_stands_in_memory)
{
    struct scene sc;
    scene_program(&sc, memory_program, NULL);
    scene_to(&sc, 1);
    cr_assert_gt(sc.model->stores_n, 0, "a store is in a buffer");
    shots(&sc, "shared_cells", "cells");
    shots(&sc, "shared_slices", "slices");
    scene_free(&sc);
}
