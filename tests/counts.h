/* SPDX-License-Identifier: MIT */
/* How often a test repeats itself: a large count for `./dev check --long`, a part of it for
 * everybody, and a smaller one in a sanitized build, which is ten times slower and looks for what
 * one pass shows as well as a hundred. */
#ifndef TESTS_COUNTS_H
#define TESTS_COUNTS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#define COUNTS_ASAN __has_feature(address_sanitizer)
#define COUNTS_TSAN __has_feature(thread_sanitizer)
#else
#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_ASAN 1
#else
#define COUNTS_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#define COUNTS_TSAN 1
#else
#define COUNTS_TSAN 0
#endif
#endif

static inline bool counts_long(void)
{
    const char *l = getenv("PATTERNSCOPE_LONG");
    return l && *l && strcmp(l, "0") != 0;
}

static inline size_t counts(size_t large, size_t usual, size_t sanitized)
{
    return counts_long() ? large : COUNTS_ASAN || COUNTS_TSAN ? sanitized : usual;
}

#endif
