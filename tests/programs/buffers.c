/* SPDX-License-Identifier: MIT */
/* Shared byte buffers: a slice given away without a copy, a header that is written while it is
 * read, a pool's buffer that nobody has reset.
 *
 *   main      buf[0] = 'H'          buf[0] = 'J'      the same array under two headers
 *   printer             read buf[0]?
 */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"
#include "runtime/rwmutex.h"
#include "runtime/slice.h"
#include "runtime/sync.h"
#include "runtime/syncpool.h"

struct shared {
    struct slice *buf, *mine, *other[2];
    struct rwmutex *rw;
    struct mutex *mu; /* or NULL */
    struct waitgroup *wg;
    struct syncpool *pool;
    struct slice *pooled[4];
    uint32_t made;
    bool fixed;
};

static struct shared *make(bool fixed)
{
    struct shared *s = rt_alloc(rt_here(), sizeof *s);
    s->wg = wg_make("wg");
    s->fixed = fixed;
    return s;
}

/* ---- given to a task without a copy ------------------------------------------------------------
 */

static void prints(void *arg)
{
    struct shared *s = arg;
    for (uint32_t i = 0; i < 2; i++)
        slice_get(s->mine, i);
    wg_done(s->wg);
}

static void pass(bool fixed)
{
    struct shared *s = make(fixed);
    s->buf = slice_text("buf", "Hello");
    s->mine = slice_var("mine");
    if (fixed)
        slice_clone(s->mine, s->buf);
    else
        slice_assign(s->mine, s->buf);
    wg_add(s->wg, 1);
    rt_spawn("printer", prints, s);
    slice_set(s->buf, 0, 'J');
    wg_wait(s->wg);
}

void program_slice_passed(void *arg)
{
    (void)arg;
    pass(false);
}

void program_slice_passed_copied(void *arg)
{
    (void)arg;
    pass(true);
}

/* ---- returned from under a lock ----------------------------------------------------------------
 */

static void takes(void *arg)
{
    struct shared *s = arg;
    struct slice *got = slice_var("got");
    rwmutex_rlock(s->rw);
    if (s->fixed)
        slice_clone(got, s->buf);
    else
        slice_assign(got, s->buf);
    rwmutex_runlock(s->rw);
    slice_get(got, 0);
    wg_done(s->wg);
}

static void writes(void *arg)
{
    struct shared *s = arg;
    rwmutex_lock(s->rw);
    slice_set(s->buf, 0, 'J');
    rwmutex_unlock(s->rw);
    wg_done(s->wg);
}

static void give(bool fixed)
{
    struct shared *s = make(fixed);
    s->buf = slice_text("buf", "Hi");
    s->rw = rwmutex_make("rw");
    wg_add(s->wg, 2);
    rt_spawn("takes", takes, s);
    rt_spawn("writes", writes, s);
    wg_wait(s->wg);
}

void program_slice_returned(void *arg)
{
    (void)arg;
    give(false);
}

void program_slice_returned_copied(void *arg)
{
    (void)arg;
    give(true);
}

/* ---- a header in two halves --------------------------------------------------------------------
 */

static void replaces(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 2; i++) {
        if (s->mu)
            mutex_lock(s->mu);
        slice_assign(s->buf, s->other[i]);
        if (s->mu)
            mutex_unlock(s->mu);
    }
    wg_done(s->wg);
}

static void looks(void *arg)
{
    struct shared *s = arg;
    for (int i = 0; i < 2; i++) {
        if (s->mu)
            mutex_lock(s->mu);
        slice_assign(s->mine, s->buf);
        if (s->mu)
            mutex_unlock(s->mu);
    }
    wg_done(s->wg);
}

static void replace(bool fixed)
{
    struct shared *s = make(fixed);
    s->buf = slice_text("buf", "Hello");
    s->mine = slice_var("mine");
    s->other[0] = slice_text("short", "ab");
    s->other[1] = slice_text("long", "abcdefgh");
    s->mu = fixed ? mutex_make("mu") : NULL;
    wg_add(s->wg, 2);
    rt_spawn("replaces", replaces, s);
    rt_spawn("looks", looks, s);
    wg_wait(s->wg);
}

void program_header_torn(void *arg)
{
    (void)arg;
    replace(false);
}

void program_header_locked(void *arg)
{
    (void)arg;
    replace(true);
}

/* ---- a pool's buffers --------------------------------------------------------------------------
 */

static uint32_t new_buffer(void *arg)
{
    struct shared *s = arg;
    s->pooled[s->made] = slice_make(s->made ? "buffer-2" : "buffer-1", 0, 16);
    return s->made++;
}

static void answer(struct shared *s, const char *text)
{
    uint32_t item = syncpool_get(s->pool);
    struct slice *b = s->pooled[item];
    if (s->fixed)
        slice_cut(b, b, 0, 0); /* b = b[:0] */
    slice_append(b, b, text, 2);
    for (uint32_t i = 0; i < slice_len(b); i++)
        slice_get(b, i);
    slice_retire(b);
    syncpool_put(s->pool, item);
}

static void two_answers(bool fixed)
{
    struct shared *s = make(fixed);
    s->pool =
        syncpool_make(&(struct syncpool_config){.name = "pool", .make = new_buffer, .arg = s});
    answer(s, "ab");
    answer(s, "cd");
}

void program_pool_not_reset(void *arg)
{
    (void)arg;
    two_answers(false);
}

void program_pool_reset(void *arg)
{
    (void)arg;
    two_answers(true);
}
