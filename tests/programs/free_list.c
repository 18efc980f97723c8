/* SPDX-License-Identifier: MIT */
/* A free list of three buffers as Treiber's stack (R. K. Treiber, 1986): top is the first one that
 * is free, each knows the next.
 *
 *   one   pop: top is 1, next is 2 ───────────────────────────────── CAS top 1 → 2: succeeds
 *   two                             pop 1 ─ pop 2 ─ push 1
 *                                   2 is in two's hands, and one has just made it the top
 *
 * The value is what it was, what it stands for is not (ABA). The twin counts the uses in a tag. */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/sync.h"

enum { BUFFERS = 3 };

struct list {
    struct cell *top, *next[BUFFERS + 1];
    struct waitgroup *wg;
    bool tagged;
    bool taken[BUFFERS + 1];
};

static uint64_t top_of(const struct list *l, uint64_t old, uint32_t buffer)
{
    return l->tagged ? cell_tagged(buffer, (uint32_t)(old >> 32) + 1) : buffer;
}

static uint32_t pop(struct list *l)
{
    uint64_t old = cell_load(l->top, ORDER_SEQ_CST);
    uint32_t buffer, next;
    do {
        buffer = (uint32_t)old;
        if (!buffer)
            return 0;
        next = (uint32_t)cell_load(l->next[buffer], ORDER_SEQ_CST);
    } while (!cell_cas(l->top, &old, top_of(l, old, next), ORDER_SEQ_CST));
    if (l->taken[buffer])
        rt_panic(0, "buffer %u is given to two", (unsigned)buffer);
    l->taken[buffer] = true;
    return buffer;
}

static void push(struct list *l, uint32_t buffer)
{
    if (!buffer)
        return;
    l->taken[buffer] = false;
    uint64_t old = cell_load(l->top, ORDER_SEQ_CST);
    do
        cell_store(l->next[buffer], (uint32_t)old, ORDER_SEQ_CST);
    while (!cell_cas(l->top, &old, top_of(l, old, buffer), ORDER_SEQ_CST));
}

static void use(void *arg)
{
    struct list *l = arg;
    uint32_t first = pop(l), second = pop(l);
    push(l, first);
    uint32_t third = pop(l);
    push(l, second);
    push(l, third);
    wg_done(l->wg);
}

static void share(bool tagged)
{
    static const char *const names[] = {"", "next-1", "next-2", "next-3"};
    struct list *l = rt_alloc(rt_here(), sizeof *l);
    l->tagged = tagged;
    l->top = tagged ? cell_make_tagged("top", 1, 0) : cell_make("top", 1);
    for (uint32_t i = 1; i <= BUFFERS; i++)
        l->next[i] = cell_make(names[i], i < BUFFERS ? i + 1 : 0);
    l->wg = wg_make("wg");
    wg_add(l->wg, 2);
    rt_spawn("one", use, l);
    rt_spawn("two", use, l);
    wg_wait(l->wg);
}

void program_free_list(void *arg)
{
    (void)arg;
    share(false);
}

void program_free_list_tagged(void *arg)
{
    (void)arg;
    share(true);
}
