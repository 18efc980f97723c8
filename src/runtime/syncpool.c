/* SPDX-License-Identifier: MIT */
/* The pool.
 *
 * The hard idea: the owner of a shelf works at one end, thieves at the other. He gets back what he
 * put there last, which is still in his cache, and meets nobody.
 *
 *   get on P1:  private? ─▶ own shelf, newest ─▶ P2, P3, P0: oldest ─▶ victims, the same ─▶ make
 *   put on P1:  private, if free; else own shelf
 *   collect:    shelf ─▶ victim ─▶ gone
 *
 * Go's shelves are lock-free because a goroutine cannot be moved while it is at one. A thread can,
 * so each has a guard, which nearly always is free. Source of the rules: Go's sync/pool.go. */
#include "runtime/syncpool.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/park.h"

enum { SHELVES = 64 };

/* A ring of a power of two; the newest stand at head + len. */
struct ring {
    uint32_t *item;
    uint32_t cap, head, len;
    bool has_private;
    uint32_t private;
};

struct shelf {
    struct guard guard;
    struct ring own, victim;
    char pad[128 - sizeof(struct guard) - 2 * sizeof(struct ring)];
};

struct syncpool {
    struct syncpool_config config;
    struct syncpool *next; /* of the run */
    uint32_t id, shelves;
    struct guard guard; /* with probes, around all of an operation */
    uint32_t shelved, victims;
    struct shelf *shelf;
};

/* ---- rings: the shelf's guard is held ----------------------------------------------------------
 */

static void push(struct ring *r, uint32_t item)
{
    if (!r->has_private) {
        r->has_private = true;
        r->private = item;
        return;
    }
    if (r->len == r->cap) {
        uint32_t cap = r->cap ? r->cap * 2 : 8;
        uint32_t *bigger = xmalloc(cap * sizeof *bigger);
        for (uint32_t i = 0; i < r->len; i++)
            bigger[i] = r->item[(r->head + i) & (r->cap - 1)];
        free(r->item);
        *r = (struct ring){
            .item = bigger, .cap = cap, .len = r->len, .has_private = true, .private = r->private};
    }
    r->item[(r->head + r->len++) & (r->cap - 1)] = item;
}

static bool pop_newest(struct ring *r, uint32_t *item)
{
    if (r->has_private) {
        r->has_private = false;
        *item = r->private;
        return true;
    }
    if (!r->len)
        return false;
    *item = r->item[(r->head + --r->len) & (r->cap - 1)];
    return true;
}

/* A thief's end: never what the owner keeps for himself. */
static bool pop_oldest(struct ring *r, uint32_t *item)
{
    if (!r->len)
        return false;
    *item = r->item[r->head++ & (r->cap - 1)];
    r->len--;
    return true;
}

static uint32_t count(const struct ring *r)
{
    return r->len + r->has_private;
}

/* ---- the pool ----------------------------------------------------------------------------------
 */

static void free_rings(void *arg)
{
    struct syncpool *p = arg;
    for (uint32_t i = 0; i < p->shelves; i++) {
        free(p->shelf[i].own.item);
        free(p->shelf[i].victim.item);
    }
}

struct syncpool *syncpool_make(const struct syncpool_config *config)
{
    struct rt *rt = rt_engine;
    struct syncpool *p = rt_alloc(rt, sizeof *p);
    int procs = rt_procs(rt);
    p->config = *config;
    p->config.name = rt_keep(rt, config->name);
    p->shelves = procs < 1 ? 1 : procs > SHELVES ? SHELVES : (uint32_t)procs;
    p->shelf = rt_alloc_line(rt, p->shelves * sizeof *p->shelf);
    rt_at_destroy(rt, free_rings, p);
    p->id = rt_object(OBJ_SYNC_POOL, config->name, 0);
    guard_lock(&rt->guard);
    p->next = rt->pools;
    rt->pools = p;
    guard_unlock(&rt->guard);
    return p;
}

uint32_t syncpool_id(const struct syncpool *p)
{
    return p->id;
}

static uint32_t own_shelf(const struct syncpool *p)
{
    uint8_t proc = rt_current ? rt_current->proc : 0;
    if (!guard_live)
        return proc % p->shelves;
    int cpu = sched_getcpu();
    return (cpu < 0 ? 0 : (uint32_t)cpu) % p->shelves;
}

static void begin(struct syncpool *p)
{
    rt_gate();
    if (emitter)
        guard_lock(&p->guard);
}

/* on: the shelf it happened at. */
static void end(struct syncpool *p, enum pool_op op, uint32_t on, uint32_t item)
{
    if (!emitter)
        return;
    uint32_t n = count(&p->shelf[on].own);
    p->shelved += op == POOL_PUT;
    p->shelved -= op == POOL_GET || op == POOL_STEAL;
    p->victims -= op == POOL_VICTIM;
    emit(&p->guard.stamp, EV_POOL, (uint8_t)op,
         (uint16_t)(on | (n < UINT8_MAX ? n : UINT8_MAX) << 8), task_self_id(), p->id, item,
         emit_ab(p->shelved, p->victims));
    guard_unlock(&p->guard);
}

/* Looks at shelf `on` from shelf `me`. */
static bool take(struct syncpool *p, uint32_t me, uint32_t on, bool victim, uint32_t *item)
{
    struct shelf *s = &p->shelf[on];
    if (!emitter)
        rt_step();
    guard_lock(&s->guard);
    struct ring *r = victim ? &s->victim : &s->own;
    bool got = me == on ? pop_newest(r, item) : pop_oldest(r, item);
    guard_unlock(&s->guard);
    return got;
}

uint32_t syncpool_get(struct syncpool *p)
{
    begin(p);
    uint32_t me = own_shelf(p), item = 0;
    for (int victim = 0; victim < 2; victim++)
        for (uint32_t i = 0; i < p->shelves; i++) {
            uint32_t on = (me + i) % p->shelves;
            if (!take(p, me, on, victim, &item))
                continue;
            end(p, victim ? POOL_VICTIM : i ? POOL_STEAL : POOL_GET, on, item);
            return item;
        }
    if (emitter)
        guard_unlock(&p->guard); /* make() may do anything */
    item = p->config.make(p->config.arg);
    if (emitter)
        guard_lock(&p->guard);
    end(p, POOL_NEW, me, item);
    return item;
}

void syncpool_put(struct syncpool *p, uint32_t item)
{
    begin(p);
    uint32_t me = own_shelf(p);
    struct shelf *s = &p->shelf[me];
    guard_lock(&s->guard);
    push(&s->own, item);
    guard_unlock(&s->guard);
    end(p, POOL_PUT, me, item);
}

/* ---- a collection ------------------------------------------------------------------------------
 */

static void collect(struct syncpool *p)
{
    struct ring gone[SHELVES] = {{0}};
    uint32_t n = 0;
    if (emitter)
        guard_lock(&p->guard);
    p->victims = 0;
    for (uint32_t i = 0; i < p->shelves; i++) {
        struct shelf *s = &p->shelf[i];
        guard_lock(&s->guard);
        gone[i] = s->victim;
        s->victim = s->own;
        s->own = (struct ring){0};
        p->victims += emitter ? count(&s->victim) : 0;
        guard_unlock(&s->guard);
        n += count(&gone[i]);
    }
    p->shelved = 0;
    end(p, POOL_COLLECT, 0, n);
    for (uint32_t i = 0; i < p->shelves; i++) {
        for (uint32_t item; pop_newest(&gone[i], &item);)
            if (p->config.gone)
                p->config.gone(p->config.arg, item);
        free(gone[i].item);
    }
}

void syncpool_collect(void)
{
    struct rt *rt = rt_engine;
    rt_gate();
    guard_lock(&rt->guard);
    struct syncpool *p = rt->pools;
    guard_unlock(&rt->guard);
    for (; p; p = p->next)
        collect(p);
}
