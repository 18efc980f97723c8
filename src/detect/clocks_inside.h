/* SPDX-License-Identifier: MIT */
/* What the halves of the clocks share: their memory. Pointers are valid until the next call that
 * makes something. */
#ifndef DETECT_CLOCKS_INSIDE_H
#define DETECT_CLOCKS_INSIDE_H

#include "detect/clocks.h"

/* Zeroed; the shared one when there are enough. */
uint32_t clocks_vec_new(struct clocks *c);
void clocks_vec_free(struct clocks *c, uint32_t *v);
/* *to becomes the later of both, in each place. */
void clocks_join(struct clocks *c, uint32_t *to, uint32_t from);
void clocks_join_values(struct clocks *c, uint32_t *to, const struct vector *from);

/* NULL: not there, and not to be made. */
struct clock_entry *clocks_entry(struct clocks *c, uint64_t key, bool make);
struct clock_task *clocks_task_find(const struct clocks *c, uint32_t task);
/* Of one that is not there. */
struct clock_task *clocks_task_new(struct clocks *c, uint32_t task);
/* It is forgotten, its slot is free. */
void clocks_task_end(struct clocks *c, uint32_t task);

#endif
