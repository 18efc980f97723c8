/* SPDX-License-Identifier: MIT */
/* What the search runs when it searches a scenario. */
#include "app/engine.h"
#include "app/explore.h"

enum { STEPS_AT_ONCE = 1024 };

struct taking {
    bool (*take)(void *arg, const struct event *ev, size_t n);
    void *arg;
    bool enough;
};

static void hand_on(void *arg, const struct event *ev, size_t n)
{
    struct taking *t = arg;
    if (!t->enough)
        t->enough = !t->take(t->arg, ev, n);
}

char *explore_run_engine(void *config, uint64_t seed, const char *schedule,
                         const struct schedule_use *use, struct strtab *names,
                         bool (*take)(void *, const struct event *, size_t), void *take_arg)
{
    struct engine_config c = *(const struct engine_config *)config;
    char *error = NULL;
    c.world = WORLD_SIM;
    c.seed = seed;
    c.names = names;
    c.schedule = schedule;
    c.schedule_use = use;
    struct engine *e = engine_create(&c, &error);
    struct taking t = {.take = take, .arg = take_arg};
    while (e && !t.enough && engine_run(e, NEVER, STEPS_AT_ONCE, hand_on, &t) == RT_MORE) {
    }
    engine_destroy(e);
    return error;
}
