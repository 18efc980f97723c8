/* SPDX-License-Identifier: MIT */
/* Store buffers, for the simulator's gate. */
#ifndef RUNTIME_CELL_INSIDE_H
#define RUNTIME_CELL_INSIDE_H

#include "runtime/exec.h"

/* Makes all stores of self visible, in their order. sim. */
void cells_release(struct task *self);

#endif
