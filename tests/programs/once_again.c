/* SPDX-License-Identifier: MIT */
/* The function of a once calls the once: it waits for its own end. Repaired: it does not. */
#include "programs.h"
#include "runtime/once.h"

struct lazy {
    struct once *once;
    bool again;
};

static void init(void *arg)
{
    struct lazy *l = arg;
    if (l->again) {
        l->again = false;
        once_do(l->once, init, l);
    }
}

static void start(bool again)
{
    struct lazy *l = rt_alloc(rt_here(), sizeof *l);
    *l = (struct lazy){once_make("config"), again};
    once_do(l->once, init, l);
}

void program_once_again(void *arg)
{
    (void)arg;
    start(true);
}

void program_once_plain(void *arg)
{
    (void)arg;
    start(false);
}
