/* SPDX-License-Identifier: MIT */
/* Hostile input must never take more than 64 MiB: counts what is allocated while one input is read.
 * (libFuzzer's own limits see single allocations, and the sanitizers' memory with ours.) */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include <sanitizer/allocator_interface.h>
#include <stddef.h>

#include "base/diag.h"

/* Freed memory is held back only a little: most of the time would go into fresh pages. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4:allocator_release_to_os_interval_ms=-1";
}

/* Undefined behaviour is a find like any other. */
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}

static size_t memory_now, memory_start, memory_peak;

static void memory_taken(const volatile void *p, size_t size)
{
    (void)p;
    memory_now += size;
    if (memory_now > memory_peak)
        memory_peak = memory_now;
}

static void memory_given_back(const volatile void *p)
{
    size_t size = p ? __sanitizer_get_allocated_size(p) : 0;
    memory_now -= size < memory_now ? size : memory_now;
}

static inline void memory_begin(void)
{
    static bool installed;
    if (!installed)
        __sanitizer_install_malloc_and_free_hooks(memory_taken, memory_given_back);
    installed = true;
    memory_start = memory_peak = memory_now;
}

static inline void memory_end(void)
{
    if (memory_peak - memory_start > (size_t)64 << 20)
        die("%zu MiB for one input", (memory_peak - memory_start) >> 20);
}

#endif
