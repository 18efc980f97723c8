/* SPDX-License-Identifier: MIT */
/* Happens-before, as vector clocks over the stream.
 *
 *   writer   write x │ unlock mu ──────────┐ writer's count goes from 4 to 5, mu holds [writer: 4]
 *   reader                                 └▶ lock mu │ read x     reader knows [writer: 4]
 *
 * An access of a task is stamped with the task's count. Another task's access comes after it if
 * that task knows the count: it got there over releases and acquires, which are operations of the
 * primitives. What the stream does not tell (who looks whether a context was cancelled, what an
 * engine's call did) is taken as an edge to everybody, or from everybody: a race may be missed,
 * none is invented.
 *
 * Counts are few (slots): tasks that access cells need one; those of tasks that ended are used
 * again. All is bounded: what does not fit shares one clock, which knows more than it should. Flat:
 * arrays and numbers. Each clock was defined by Lamport and Mattern; the epochs are FastTrack's
 * (Flanagan and Freund, 2009). */
#ifndef DETECT_CLOCKS_H
#define DETECT_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/access.h"
#include "model/model.h"

enum {
    CLOCK_SLOTS = 64,
    CLOCK_VECTORS = 16384,
    CLOCK_ENTRIES = 32768,
    CLOCK_TASKS = 16384,
    CLOCK_PAST = 8
};

struct vector {
    uint32_t at[CLOCK_SLOTS];
};
/* What an object holds for those who acquire. */
struct clock_entry {
    uint64_t key;  /* 0: free */
    uint32_t vec;  /* index of a vector; 0: knows nothing */
    uint32_t a, b; /* of channels: sends and receives, or the sender that waits */
};
struct clock_task {
    uint64_t key; /* task + 1; 0: free */
    uint32_t vec;
    uint32_t fenced; /* what a release fence gave to later relaxed stores */
    uint32_t loaded; /* what relaxed loads saw, for a later acquire fence */
    uint32_t on;     /* waits on, while waits */
    uint32_t floors; /* as far as it has taken in the floor */
    uint8_t slot;    /* 0: none, else 1 + slot */
    uint8_t why;
    bool waits;
};
/* A release: what a task did when its count went on from `count`. */
struct clock_release {
    int64_t t_ns;
    uint32_t count, obj, task;
    uint8_t kind, op;
};
struct clocks {
    struct vector *vec; /* [0] is zero, [1] what does not fit */
    uint32_t *spare;    /* free vectors */
    uint32_t vec_n, vec_cap, spare_n, spare_cap;
    struct clock_entry *entry; /* open addressing, a power of two */
    uint32_t entry_n, entry_cap;
    struct clock_task *task; /* the same */
    uint32_t task_n, task_cap;
    struct clock_entry no_entry; /* what stands for those that do not fit */
    struct clock_task no_task;
    struct pending pending; /* what: the vector that a buffered store gives when it is flushed */
    struct vector now;      /* each slot's own count: all that there is to know */
    uint32_t floor, floors; /* what everybody knows at least, and how often it has risen */
    uint32_t slot_task[CLOCK_SLOTS];
    uint64_t slot_freed[CLOCK_SLOTS],
        frees; /* when it was given back; the longest ago goes first */
    struct clock_release past[CLOCK_SLOTS][CLOCK_PAST];
    uint32_t slots; /* in use */
    bool gaps;      /* events were lost: who was not seen before knows everything */
};

/* Zeroed memory is ready. Frees or copies the arrays. */
void clocks_drop(struct clocks *c);
void clocks_adopt(struct clocks *c);
size_t clocks_bytes(const struct clocks *c);
/* Begins with the tasks that wait already. */
void clocks_begin(struct clocks *c, const struct model *m);
/* Takes in an event, after the model has; of cells only what synchronises. */
void clocks_see(struct clocks *c, const struct model *m, const struct event *e);

/* The slot of a task that accesses a word, or -1: there is none left. */
int clocks_slot(struct clocks *c, uint32_t task);
/* Does task know slot's count? */
bool clocks_knows(struct clocks *c, uint32_t task, int slot, uint32_t count);
/* The last that task knows of slot's task, or NULL. */
const struct clock_release *clocks_last(struct clocks *c, uint32_t task, int slot);

#endif
