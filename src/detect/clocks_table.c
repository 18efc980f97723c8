/* SPDX-License-Identifier: MIT */
/* The memory of the clocks: vectors with a list of free ones, and two tables by open addressing.
 * Deleting moves later entries of a run back, so that no marks are left behind. */
#include "detect/clocks_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SPILL = 1 };

uint32_t clocks_vec_new(struct clocks *c)
{
    if (c->spare_n) {
        uint32_t v = c->spare[--c->spare_n];
        memset(&c->vec[v], 0, sizeof c->vec[v]);
        return v;
    }
    if (c->vec_n == CLOCK_VECTORS)
        return SPILL;
    if (c->vec_n == c->vec_cap) {
        uint32_t cap = c->vec_cap ? c->vec_cap * 2 : 32;
        c->vec = xrealloc(c->vec, cap * sizeof *c->vec);
        memset(c->vec + c->vec_cap, 0, (cap - c->vec_cap) * sizeof *c->vec);
        c->vec_cap = cap;
        if (!c->vec_n)
            c->vec_n = SPILL + 1;
    }
    return c->vec_n++;
}

void clocks_vec_free(struct clocks *c, uint32_t *v)
{
    if (*v > SPILL) {
        if (c->spare_n == c->spare_cap) {
            c->spare_cap = c->spare_cap ? c->spare_cap * 2 : 32;
            c->spare = xrealloc(c->spare, c->spare_cap * sizeof *c->spare);
        }
        c->spare[c->spare_n++] = *v;
    }
    *v = 0;
}

void clocks_join_values(struct clocks *c, uint32_t *to, const struct vector *from)
{
    struct vector copy = *from; /* the array may move */
    if (!*to)
        *to = clocks_vec_new(c);
    struct vector *v = &c->vec[*to];
    for (int i = 0; i < CLOCK_SLOTS; i++)
        if (v->at[i] < copy.at[i])
            v->at[i] = copy.at[i];
}

void clocks_join(struct clocks *c, uint32_t *to, uint32_t from)
{
    if (from && *to != from)
        clocks_join_values(c, to, &c->vec[from]);
}

/* ---- tables ------------------------------------------------------------------------------------
 * Both kinds of row begin with their key. */

static uint32_t place(uint64_t key, uint32_t cap)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (cap - 1);
}

static uint64_t key_at(const char *table, size_t size, uint32_t i)
{
    uint64_t key;
    memcpy(&key, table + i * size, sizeof key);
    return key;
}

static uint32_t find(const char *table, size_t size, uint32_t cap, uint64_t key)
{
    uint32_t i = place(key, cap);
    while (key_at(table, size, i) && key_at(table, size, i) != key)
        i = (i + 1) & (cap - 1);
    return i;
}

static char *bigger(char *table, size_t size, uint32_t *cap)
{
    uint32_t was = *cap;
    *cap = was ? was * 2 : 64;
    char *to = xcalloc(*cap, size);
    for (uint32_t i = 0; i < was; i++) {
        uint64_t key = key_at(table, size, i);
        if (key)
            memcpy(to + find(to, size, *cap, key) * size, table + i * size, size);
    }
    free(table);
    return to;
}

static void cut(char *table, size_t size, uint32_t cap, uint32_t i)
{
    for (uint32_t next = (i + 1) & (cap - 1);; next = (next + 1) & (cap - 1)) {
        uint64_t key = key_at(table, size, next);
        if (!key)
            break;
        if (((next - place(key, cap)) & (cap - 1)) < ((next - i) & (cap - 1)))
            continue; /* stands behind its place, but not because of i */
        memcpy(table + i * size, table + next * size, size);
        i = next;
    }
    memset(table + i * size, 0, size);
}

struct clock_entry *clocks_entry(struct clocks *c, uint64_t key, bool make)
{
    if (c->entry_cap) {
        struct clock_entry *e = &c->entry[find((char *)c->entry, sizeof *e, c->entry_cap, key)];
        if (e->key)
            return e;
    }
    if (c->entry_n == CLOCK_ENTRIES) {
        c->no_entry.vec = SPILL;
        return &c->no_entry;
    }
    if (!make)
        return NULL;
    if (c->entry_n * 2 >= c->entry_cap)
        c->entry = (void *)bigger((char *)c->entry, sizeof *c->entry, &c->entry_cap);
    struct clock_entry *e = &c->entry[find((char *)c->entry, sizeof *e, c->entry_cap, key)];
    c->entry_n++;
    e->key = key;
    return e;
}

struct clock_task *clocks_task_find(const struct clocks *c, uint32_t task)
{
    if (!c->task_cap)
        return NULL;
    uint64_t key = (uint64_t)task + 1;
    struct clock_task *t = &c->task[find((const char *)c->task, sizeof *t, c->task_cap, key)];
    return t->key ? t : NULL;
}

struct clock_task *clocks_task_new(struct clocks *c, uint32_t task)
{
    if (c->task_n == CLOCK_TASKS) {
        c->no_task.vec = SPILL;
        return &c->no_task;
    }
    uint64_t key = (uint64_t)task + 1;
    if (c->task_n * 2 >= c->task_cap)
        c->task = (void *)bigger((char *)c->task, sizeof *c->task, &c->task_cap);
    struct clock_task *t = &c->task[find((char *)c->task, sizeof *t, c->task_cap, key)];
    c->task_n++;
    *t = (struct clock_task){.key = key};
    return t;
}

void clocks_task_end(struct clocks *c, uint32_t task)
{
    struct clock_task *t = clocks_task_find(c, task);
    if (!t)
        return;
    clocks_vec_free(c, &t->vec);
    clocks_vec_free(c, &t->fenced);
    clocks_vec_free(c, &t->loaded);
    if (t->slot) {
        c->slot_task[t->slot - 1] = 0;
        c->slot_freed[t->slot - 1] = ++c->frees;
        c->slots--;
    }
    cut((char *)c->task, sizeof *t, c->task_cap, (uint32_t)(t - c->task));
    c->task_n--;
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

void clocks_drop(struct clocks *c)
{
    free(c->vec);
    free(c->spare);
    free(c->entry);
    free(c->task);
}

static void *own(const void *p, size_t bytes)
{
    return bytes ? xmemdup(p, bytes) : NULL;
}

void clocks_adopt(struct clocks *c)
{
    c->vec = own(c->vec, c->vec_cap * sizeof *c->vec);
    c->spare = own(c->spare, c->spare_cap * sizeof *c->spare);
    c->entry = own(c->entry, c->entry_cap * sizeof *c->entry);
    c->task = own(c->task, c->task_cap * sizeof *c->task);
}

size_t clocks_bytes(const struct clocks *c)
{
    return c->vec_cap * sizeof *c->vec + c->spare_cap * sizeof *c->spare +
           c->entry_cap * sizeof *c->entry + c->task_cap * sizeof *c->task;
}
