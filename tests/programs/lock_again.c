/* SPDX-License-Identifier: MIT */
/* A callback under a lock takes the same lock: it waits for itself. Repaired: the callback is
 * called after the unlock. */
#include "programs.h"
#include "runtime/mutex.h"

static void callback(struct mutex *m)
{
    mutex_lock(m);
    mutex_unlock(m);
}

static void start(bool under_lock)
{
    struct mutex *m = mutex_make("state");
    mutex_lock(m);
    if (under_lock)
        callback(m);
    mutex_unlock(m);
    callback(m);
}

void program_lock_again(void *arg)
{
    (void)arg;
    start(true);
}

void program_lock_again_outside(void *arg)
{
    (void)arg;
    start(false);
}
