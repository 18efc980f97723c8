/* SPDX-License-Identifier: MIT */
/* Treiber's stack over an array of nodes that are used again, without and with a tag that counts.
 *
 *   slow   top: 1, its next: 2                                            swap top 1 to 2
 *   fast                        pop 1   pop 2 (keeps it)   push 1          2 is in use
 */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/sync.h"

enum { NODES = 2 }; /* numbered from 1; 0 is the end */
struct stack {
    struct cell *top, *next[NODES + 1];
    bool tags;
    struct waitgroup *wg;
};

static uint64_t after(const struct stack *s, uint64_t top, uint32_t node)
{
    return cell_tagged(node, (uint32_t)(top >> 32) + s->tags);
}

static void push(struct stack *s, uint32_t node)
{
    uint64_t top = cell_load(s->top, ORDER_RELAXED);
    do
        cell_store(s->next[node], (uint32_t)top, ORDER_RELAXED);
    while (!cell_cas(s->top, &top, after(s, top, node), ORDER_ACQ_REL));
}

static uint32_t pop(struct stack *s)
{
    uint64_t top = cell_load(s->top, ORDER_ACQUIRE);
    for (;;) {
        uint32_t node = (uint32_t)top;
        if (!node)
            return 0;
        uint32_t next = (uint32_t)cell_load(s->next[node], ORDER_RELAXED);
        if (cell_cas(s->top, &top, after(s, top, next), ORDER_ACQ_REL))
            return node;
    }
}

static void slow(void *arg)
{
    struct stack *s = arg;
    pop(s);
    wg_done(s->wg);
}

static void fast(void *arg)
{
    struct stack *s = arg;
    uint32_t one = pop(s);
    pop(s);
    if (one)
        push(s, one);
    wg_done(s->wg);
}

static void run(bool tags)
{
    struct stack *s = rt_alloc(rt_here(), sizeof *s);
    s->tags = tags;
    s->top = cell_make_tagged("top", 1, 0);
    s->next[1] = cell_make("next1", 2);
    s->next[2] = cell_make("next2", 0);
    s->wg = wg_make("wg");
    wg_add(s->wg, 2);
    rt_spawn("slow", slow, s);
    rt_spawn("fast", fast, s);
    wg_wait(s->wg);
}

void program_stack_untagged(void *arg)
{
    (void)arg;
    run(false);
}

void program_stack_tagged(void *arg)
{
    (void)arg;
    run(true);
}
