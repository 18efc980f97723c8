/* SPDX-License-Identifier: MIT */
/* A task of an errgroup with a limit of 1 starts another in the same group, and waits for a slot
 * that only it could free (golang.org/x/sync/errgroup documents nothing against it). Repaired: a
 * limit of 2. */
#include "programs.h"
#include "runtime/errgroup.h"

static const char *leaf(void *arg)
{
    (void)arg;
    return NULL;
}

static const char *nests(void *arg)
{
    errgroup_go(arg, "inner", leaf, NULL);
    return NULL;
}

static void start(int64_t limit)
{
    struct errgroup *g = errgroup_make("g", NULL);
    errgroup_set_limit(g, limit);
    errgroup_go(g, "outer", nests, g);
    errgroup_wait(g);
}

void program_nested_go(void *arg)
{
    (void)arg;
    start(1);
}

void program_nested_go_room(void *arg)
{
    (void)arg;
    start(2);
}
