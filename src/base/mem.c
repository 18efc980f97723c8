/* SPDX-License-Identifier: MIT */
/* Allocation that cannot fail. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p, size_t bytes)
{
    if (UNLIKELY(!p && bytes))
        die_of_memory();
    return p;
}

void *xmalloc(size_t bytes)
{
    return must(malloc(bytes), bytes);
}

void *xcalloc(size_t n, size_t bytes)
{
    void *p = calloc(n, bytes);
    if (UNLIKELY(!p && n && bytes))
        die_of_memory();
    return p;
}

void *xrealloc(void *p, size_t bytes)
{
    return must(realloc(p, bytes), bytes);
}

char *xstrdup(const char *s)
{
    return must(strdup(s), strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
    return must(strndup(s, n), n + 1);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    if (n < 0)
        die_of_memory();
    return s;
}

void *xmemdup(const void *p, size_t bytes)
{
    void *q = xmalloc(bytes ? bytes : 1);
    if (bytes)
        memcpy(q, p, bytes);
    return q;
}

void grow(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t n = *cap ? *cap : 8;
    while (n < need) {
        VERIFY(n <= SIZE_MAX / 2);
        n *= 2;
    }
    VERIFY(n <= SIZE_MAX / size);
    void **pp = p;
    *pp = xrealloc(*pp, n * size);
    *cap = n;
}
