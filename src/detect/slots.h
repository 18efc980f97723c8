/* SPDX-License-Identifier: MIT */
/* An array that grows with the ids of tasks or objects: what a detector remembers of each. New
 * entries are zero. Flat, so that a keyframe copies it. */
#ifndef DETECT_SLOTS_H
#define DETECT_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* All zero is empty. */
struct slots {
    char *at;
    size_t cap;
};

/* The entry of an id that the model knows (it bounds them); valid until the next call. */
static inline void *slot_at(struct slots *s, uint32_t id, size_t size)
{
    if (UNLIKELY(id >= s->cap)) {
        size_t was = s->cap;
        grow(&s->at, &s->cap, (size_t)id + 1, size);
        memset(s->at + was * size, 0, (s->cap - was) * size);
    }
    return s->at + id * size;
}

/* NULL: nothing was ever remembered of it. */
static inline void *slot_have(const struct slots *s, uint32_t id, size_t size)
{
    return id < s->cap ? s->at + id * size : NULL;
}

static inline void slots_adopt(struct slots *s, size_t size)
{
    s->at = s->at ? xmemdup(s->at, s->cap * size) : NULL;
}

static inline void slots_drop(struct slots *s)
{
    free(s->at);
}

/* adopt, drop and bytes of a detector whose whole state is one such array. */
#define SLOTS_STATE(type)                                         \
    static void adopt(void *state)                                \
    {                                                             \
        slots_adopt(state, sizeof(type));                         \
    }                                                             \
    static void drop(void *state)                                 \
    {                                                             \
        slots_drop(state);                                        \
    }                                                             \
    static size_t bytes(const void *state)                        \
    {                                                             \
        return ((const struct slots *)state)->cap * sizeof(type); \
    }

#endif
