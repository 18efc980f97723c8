/* SPDX-License-Identifier: MIT */
/* Requests that a lane keeps: those that wait for a decision, found by their request in constant
 * time, and those that wait for their turn, in a heap by instant, then by request.
 *
 * The undecided stand in a table of chains and in a list in the order in which they came: who gives
 * up goes in that order, which no hash decides. */
#include <stdlib.h>

#include "base/mem.h"
#include "patterns/rate_limiter.h"

static struct kept **chain(const struct undecided *u, uint64_t id)
{
    return &u->chains[(id * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (u->chains_n - 1)];
}

static void rehash(struct undecided *u)
{
    if (u->n < u->chains_n)
        return;
    free(u->chains);
    u->chains_n = u->chains_n ? 2 * u->chains_n : 64;
    u->chains = xcalloc(u->chains_n, sizeof(struct kept *));
    for (struct kept *k = u->first; k; k = k->next) {
        struct kept **at = chain(u, k->r->id);
        k->chain = *at;
        *at = k;
    }
}

void undecided_add(struct undecided *u, struct kept *k)
{
    rehash(u);
    struct kept **at = chain(u, k->r->id);
    k->chain = *at;
    *at = k;
    k->next = NULL;
    k->before = u->last;
    if (u->last)
        u->last->next = k;
    else
        u->first = k;
    u->last = k;
    u->n++;
}

struct kept *undecided_take(struct undecided *u, uint64_t id)
{
    if (!u->n)
        return NULL;
    struct kept **at = chain(u, id);
    while (*at && (*at)->r->id != id)
        at = &(*at)->chain;
    struct kept *k = *at;
    if (!k)
        return NULL;
    *at = k->chain;
    *(k->before ? &k->before->next : &u->first) = k->next;
    *(k->next ? &k->next->before : &u->last) = k->before;
    u->n--;
    return k;
}

static bool earlier(const struct kept *a, const struct kept *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->r->id < b->r->id;
}

void turns_add(struct turns *t, struct kept *k)
{
    grow(&t->heap, &t->cap, t->n + 1, sizeof(struct kept *));
    size_t i = t->n++;
    for (; i && earlier(k, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = k;
}

struct kept *turns_take(struct turns *t)
{
    if (!t->n)
        return NULL;
    struct kept *first = t->heap[0], *last = t->heap[--t->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < t->n; i = child) {
        child += child + 1 < t->n && earlier(t->heap[child + 1], t->heap[child]);
        if (!earlier(t->heap[child], last))
            break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = last;
    return first;
}

void kept_free(struct undecided *u, struct turns *t)
{
    free(u->chains);
    free(t->heap);
}
