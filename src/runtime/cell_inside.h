/* SPDX-License-Identifier: MIT */
/* Words with instruments, for slices; store buffers, for the simulator's gate. */
#ifndef RUNTIME_CELL_INSIDE_H
#define RUNTIME_CELL_INSIDE_H

#include "runtime/exec.h"

/* Where a word stands, and how its accesses are told. */
struct word {
    _Atomic uint64_t *value;
    uint32_t *version;
    uint32_t obj;
    uint32_t index; /* EV_BYTE: its place */
    uint16_t x;     /* EV_CELL: which word, tagged */
    uint8_t kind;   /* EV_CELL or EV_BYTE */
    struct guard *guard;
};
/* Plain accesses, as those of a cell. */
uint64_t word_load(struct word w);
void word_store(struct word w, uint64_t value);

/* Makes all stores of self visible, in their order. sim. */
void cells_release(struct task *self);

#endif
