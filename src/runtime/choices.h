/* SPDX-License-Identifier: MIT */
/* A schedule as the choices that make it differ from fifo's.
 *
 * A choice is named by whose operation it comes at, not by a place in the whole run: "at its third
 * point task 5 gives way to task 2". So it keeps its meaning when another choice is left out, which
 * is what shrinking does; and where it has none any more it is passed over. */
#ifndef RUNTIME_CHOICES_H
#define RUNTIME_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choice {
    uint32_t leaving; /* task; 0: nobody ran, a timer had fired */
    uint32_t point;   /* the how-manyeth of its points, from 1 */
    uint32_t next;    /* task that goes on */
};
/* Of the owner: item is malloc'ed. */
struct choices {
    struct choice *item;
    size_t n, cap;
};

void choices_add(struct choices *c, struct choice one);
void choices_free(struct choices *c);
/* Ascending by leaving and point, as choices_find() wants them. */
void choices_sort(struct choices *c);
/* NULL: none at that point. */
const struct choice *choices_find(const struct choices *c, uint32_t leaving, uint32_t point);

/* As text: "5.3>2 0.1>4", leaving.point>next. NULL, or a sentence (static); out may be NULL. */
const char *choices_parse(const char *text, struct choices *out);
/* Malloc'ed. */
char *choices_text(const struct choices *c);

#endif
