/* SPDX-License-Identifier: MIT */
/* Interned strings.
 *
 * The hard idea: readers take no lock. Texts are reached through a fixed directory of chunks;
 * a chunk is filled in before the count that makes it reachable is released.
 *
 *   writer (locked)   chunk[k][i] = text ──▶ count.store(release)
 *   reader            count.load(acquire) ──▶ chunk[k][i]                                     */
#include "base/strtab.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { CHUNK = 1024, CHUNKS = 1 << 14 };

struct strtab {
    pthread_mutex_t lock;
    _Atomic uint32_t count;
    uint32_t *slot; /* open addressing: id + 1, or 0 */
    size_t slots;
    char **chunk[CHUNKS];
};

static uint32_t hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

static char *text_of(const struct strtab *t, uint32_t id)
{
    return t->chunk[id / CHUNK][id % CHUNK];
}

static size_t find_slot(const struct strtab *t, const char *text)
{
    size_t i = hash(text) & (t->slots - 1);
    while (t->slot[i] && strcmp(text_of(t, t->slot[i] - 1), text) != 0)
        i = (i + 1) & (t->slots - 1);
    return i;
}

static void rehash(struct strtab *t, uint32_t count)
{
    free(t->slot);
    t->slots = t->slots ? t->slots * 2 : 256;
    t->slot = xcalloc(t->slots, sizeof *t->slot);
    for (uint32_t id = 0; id < count; id++) {
        size_t i = find_slot(t, text_of(t, id));
        if (!t->slot[i])
            t->slot[i] = id + 1;
    }
}

static uint32_t append_locked(struct strtab *t, const char *text)
{
    uint32_t id = atomic_load_explicit(&t->count, memory_order_relaxed);
    if (id / CHUNK >= CHUNKS)
        die("more than %d names", CHUNK * CHUNKS);
    if (id % CHUNK == 0)
        t->chunk[id / CHUNK] = xcalloc(CHUNK, sizeof(char *));
    t->chunk[id / CHUNK][id % CHUNK] = xstrdup(text);
    if ((size_t)id * 2 >= t->slots)
        rehash(t, id);
    size_t i = find_slot(t, text);
    if (!t->slot[i])
        t->slot[i] = id + 1;
    atomic_store_explicit(&t->count, id + 1, memory_order_release);
    return id;
}

struct strtab *strtab_create(void)
{
    struct strtab *t = xcalloc(1, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    strtab_intern(t, "");
    return t;
}

void strtab_destroy(struct strtab *t)
{
    if (!t)
        return;
    uint32_t count = strtab_count(t);
    for (uint32_t id = 0; id < count; id++)
        free(text_of(t, id));
    for (uint32_t k = 0; k * CHUNK < count; k++)
        free(t->chunk[k]);
    free(t->slot);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

uint32_t strtab_intern(struct strtab *t, const char *text)
{
    pthread_mutex_lock(&t->lock);
    uint32_t id;
    size_t i = t->slots ? find_slot(t, text) : 0;
    if (t->slots && t->slot[i])
        id = t->slot[i] - 1;
    else
        id = append_locked(t, text);
    pthread_mutex_unlock(&t->lock);
    return id;
}

uint32_t strtab_append(struct strtab *t, const char *text)
{
    pthread_mutex_lock(&t->lock);
    uint32_t id = append_locked(t, text);
    pthread_mutex_unlock(&t->lock);
    return id;
}

const char *strtab_get(const struct strtab *t, uint32_t id)
{
    return id < strtab_count(t) ? text_of(t, id) : "?";
}

uint32_t strtab_count(const struct strtab *t)
{
    return atomic_load_explicit(&t->count, memory_order_acquire);
}
