/* SPDX-License-Identifier: MIT */
/* Waiting at a policy: rings for the order, a heap for the deadlines. */
#include "policies/waiting.h"

#include <stdlib.h>

#include "base/mem.h"

static struct waiter *at(const struct waiting_class *c, uint64_t number)
{
    return &c->ring[number & (c->cap - 1)];
}

static void ring_grow(struct waiting_class *c)
{
    size_t cap = c->cap ? 2 * c->cap : 8;
    struct waiter *ring = xmalloc(cap * sizeof *ring);
    for (uint64_t i = c->head; i < c->tail; i++)
        ring[i & (cap - 1)] = *at(c, i);
    free(c->ring);
    c->ring = ring;
    c->cap = cap;
}

static bool earlier(const struct waiting_deadline *a, const struct waiting_deadline *b)
{
    return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->number < b->number);
}

static void heap_push(struct waiting *w, struct waiting_deadline d)
{
    grow(&w->heap, &w->heap_cap, w->heap_n + 1, sizeof *w->heap);
    size_t i = w->heap_n++;
    while (i > 0 && earlier(&d, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = d;
}

static void heap_pop(struct waiting *w)
{
    struct waiting_deadline d = w->heap[--w->heap_n];
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < w->heap_n; i = k) {
        if (k + 1 < w->heap_n && earlier(&w->heap[k + 1], &w->heap[k]))
            k++;
        if (!earlier(&w->heap[k], &d))
            break;
        w->heap[i] = w->heap[k];
    }
    if (w->heap_n)
        w->heap[i] = d;
}

void waiting_add(struct waiting *w, int64_t now_ns, const struct policy_request *r,
                 int64_t deadline_ns, struct ticket *t)
{
    uint32_t place = !w->by_class                     ? 0
                     : r->priority >= WAITING_CLASSES ? WAITING_CLASSES - 1
                                                      : r->priority;
    struct waiting_class *c = &w->classes[place];
    if (c->tail - c->head == c->cap)
        ring_grow(c);
    *t = (struct ticket){.number = c->tail, .place = place, .cost = r->cost, .at_ns = POLICY_NEVER};
    *at(c, c->tail++) = (struct waiter){
        .id = r->id, .since_ns = now_ns, .deadline_ns = deadline_ns, .cost = r->cost};
    w->n++;
    if (deadline_ns != POLICY_NEVER)
        heap_push(w, (struct waiting_deadline){deadline_ns, t->number, place});
}

struct waiter *waiting_head(const struct waiting *w, struct ticket *t)
{
    for (uint32_t i = 0; w->n && i < WAITING_CLASSES; i++) {
        const struct waiting_class *c = &w->classes[i];
        if (c->head == c->tail)
            continue;
        struct waiter *x = at(c, c->head);
        *t = (struct ticket){.number = c->head, .place = i, .cost = x->cost, .at_ns = POLICY_NEVER};
        return x;
    }
    return NULL;
}

struct waiter *waiting_last(const struct waiting *w, struct ticket *t)
{
    for (uint32_t i = WAITING_CLASSES; w->n && i-- > 0;) {
        const struct waiting_class *c = &w->classes[i];
        if (c->head == c->tail)
            continue;
        uint64_t number = c->tail - 1; /* the head is no hole, so this ends */
        while (at(c, number)->gone)
            number--;
        struct waiter *x = at(c, number);
        *t = (struct ticket){.number = number, .place = i, .cost = x->cost, .at_ns = POLICY_NEVER};
        return x;
    }
    return NULL;
}

struct waiter *waiting_find(const struct waiting *w, const struct ticket *t)
{
    if (t->place >= WAITING_CLASSES)
        return NULL;
    const struct waiting_class *c = &w->classes[t->place];
    if (t->number < c->head || t->number >= c->tail)
        return NULL;
    struct waiter *x = at(c, t->number);
    return x->gone ? NULL : x;
}

/* The heap's first is always one that waits; behind it are those that have left too, until they
 * come up, but not more of them than who wait. */
static void heap_tidy(struct waiting *w)
{
    struct ticket first;
    while (w->heap_n) {
        first = (struct ticket){.number = w->heap[0].number, .place = w->heap[0].place};
        if (waiting_find(w, &first))
            break;
        heap_pop(w);
    }
    if (w->heap_n < 2 * w->n + 64)
        return;
    struct waiting_deadline *old = w->heap;
    size_t n = w->heap_n;
    w->heap = NULL;
    w->heap_n = w->heap_cap = 0;
    for (size_t i = 0; i < n; i++) {
        struct ticket t = {.number = old[i].number, .place = old[i].place};
        if (waiting_find(w, &t))
            heap_push(w, old[i]);
    }
    free(old);
}

/* A ring's head is never a hole. A number is never given twice: the heap may still know it. */
void waiting_remove(struct waiting *w, const struct ticket *t)
{
    struct waiter *x = waiting_find(w, t);
    VERIFY(x);
    struct waiting_class *c = &w->classes[t->place];
    x->gone = true;
    w->n--;
    while (c->head < c->tail && at(c, c->head)->gone)
        c->head++;
    heap_tidy(w);
}

int64_t waiting_deadline(const struct waiting *w, struct ticket *t)
{
    if (!w->heap_n)
        return POLICY_NEVER;
    *t = (struct ticket){.number = w->heap[0].number, .place = w->heap[0].place};
    return w->heap[0].at_ns;
}

void waiting_free(struct waiting *w)
{
    for (size_t i = 0; i < WAITING_CLASSES; i++)
        free(w->classes[i].ring);
    free(w->heap);
    *w = (struct waiting){0};
}
