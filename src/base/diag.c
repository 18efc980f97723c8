/* SPDX-License-Identifier: MIT */
/* The last words of the program. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static void (*_Atomic death_hook)(void);

void diag_set_death_hook(void (*hook)(void))
{
    atomic_store(&death_hook, hook);
}

void die(const char *fmt, ...)
{
    void (*hook)(void) = atomic_exchange(&death_hook, NULL);
    if (hook)
        hook();
    va_list ap;
    va_start(ap, fmt);
    fputs("patternscope: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}
