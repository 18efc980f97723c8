/* SPDX-License-Identifier: MIT */
/* Allocation that cannot fail: out of memory restores the terminal and aborts.
 * All of these return memory that the caller frees with free(). Any thread. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/diag.h"

void *xmalloc(size_t bytes);
void *xcalloc(size_t n, size_t bytes);
void *xrealloc(void *p, size_t bytes);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
PRINTF(1, 2) char *xasprintf(const char *fmt, ...);
void *xmemdup(const void *p, size_t bytes);

/* Grows *p (elements of `size` bytes, *cap of them) to hold at least `need`; doubles. */
void grow(void *p, size_t *cap, size_t need, size_t size);

#endif
