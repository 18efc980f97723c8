/* SPDX-License-Identifier: MIT */
/* Stacks of simulated tasks: slots in slabs, reused last-in first-out.
 *
 *   slot   [ guard page? |          stack, grows down  ◀── | struct sim_task ]
 *          low                                               low + stack_bytes
 *
 * The task's record lies at the top of its slot, so that a blocked task touches one page. Tops are
 * coloured by 64-byte steps, else all hot words would fall into the same cache sets. Guard pages
 * split mappings (the kernel allows 65530), so only the first slots have one; all are checked at
 * every switch (sim_stack_check). */
#include "runtime/sim.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef CORO_ASAN
#include <sanitizer/asan_interface.h>
#endif

#include "base/mem.h"

enum { SLAB_SLOTS = 64, GUARDED_SLOTS = 4096, COLOURS = 12, COLOUR_BYTES = 64 };

struct sim_slab {
    struct sim_slab *next;
    char *mem;
    uint32_t used, first; /* slots used; number of the first */
};

static struct sim_task *task_at(const struct sim *s, char *low, uint32_t slot)
{
    size_t room = (sizeof(struct sim_task) + 63) & ~(size_t)63;
    size_t colour = (size_t)(slot % COLOURS) * COLOUR_BYTES;
    return (struct sim_task *)(void *)(low + s->stack_bytes - room - colour);
}

/* A stack that was left in the middle (a panic, a leak) still has poisoned frames on it. */
static void unpoison(struct sim *s, char *low)
{
#ifdef CORO_ASAN
    ASAN_UNPOISON_MEMORY_REGION(low, s->stack_bytes);
#else
    (void)s;
    (void)low;
#endif
}

static struct sim_slab *slab_add(struct sim *s)
{
    size_t bytes = s->stack_bytes * SLAB_SLOTS;
    char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mem == MAP_FAILED)
        return NULL;
#ifdef MADV_NOHUGEPAGE
    madvise(mem, bytes, MADV_NOHUGEPAGE); /* else one touched page would cost 2 MiB */
#endif
    struct sim_slab *slab = xcalloc(1, sizeof *slab);
    slab->mem = mem;
    slab->first = s->slots;
    slab->next = s->slabs;
    s->slabs = slab;
    return slab;
}

struct sim_task *sim_stack_new(struct sim *s)
{
    struct sim_slab *slab = s->slabs;
    if (!slab || slab->used == SLAB_SLOTS)
        slab = slab_add(s);
    if (!slab)
        return NULL;
    char *low = slab->mem + s->stack_bytes * slab->used++;
    if (s->slots < GUARDED_SLOTS)
        mprotect(low, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE);
    struct sim_task *t = task_at(s, low, s->slots);
    t->low = low;
    t->slot = s->slots++;
    rt_timer_init(&t->timer, 0, sim_task_timer_fired, t);
    return t;
}

void sim_stack_give(struct sim *s, struct sim_task *t)
{
    unpoison(s, t->low);
    t->next = s->spare;
    s->spare = t;
}

void sim_stack_free_all(struct sim *s)
{
    while (s->slabs) {
        struct sim_slab *slab = s->slabs;
        s->slabs = slab->next;
        for (uint32_t i = 0; i < slab->used; i++) {
            char *low = slab->mem + s->stack_bytes * i;
            unpoison(s, low);
            coro_free(&task_at(s, low, slab->first + i)->co);
        }
        munmap(slab->mem, s->stack_bytes * SLAB_SLOTS);
        free(slab);
    }
}
