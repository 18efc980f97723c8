/* SPDX-License-Identifier: MIT */
/* The last words of the program. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void (*_Atomic death_hook)(void);

void diag_set_death_hook(void (*hook)(void))
{
    atomic_store(&death_hook, hook);
}

static void run_hook(void)
{
    void (*hook)(void) = atomic_exchange(&death_hook, NULL);
    if (hook)
        hook();
}

void die_of_memory(void)
{
    static const char text[] = "patternscope: out of memory\n";
    run_hook();
    ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
    (void)n;
    _exit(3);
}

void die(const char *fmt, ...)
{
    run_hook();
    va_list ap;
    va_start(ap, fmt);
    fputs("patternscope: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    abort();
}
