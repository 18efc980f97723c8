/* SPDX-License-Identifier: MIT */
/* Checks that stop the program, and small compiler helpers.
 *
 * VERIFY stays on in release and says what broke; ASSERT is for debug builds.
 * Neither becomes an "unreachable" hint. Before the program dies, the hook set
 * with diag_set_death_hook() runs once: the terminal registers its restore there. */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LIKELY(x)    __builtin_expect(!!(x), 1)
#define UNLIKELY(x)  __builtin_expect(!!(x), 0)
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define NORETURN     __attribute__((noreturn))
#define NOINLINE     __attribute__((noinline))
#define UNUSED       __attribute__((unused))

/* Prints "patternscope: MESSAGE" after the death hook has run, then aborts. Any thread. */
NORETURN PRINTF(1, 2) void die(const char *fmt, ...);

/* The same where the machine gives no more memory: no fault of ours, so there is no core, and the
 * exit status is 3. */
NORETURN void die_of_memory(void);

/* hook runs once, in the dying thread, before the message; it must be async-signal-safe. */
void diag_set_death_hook(void (*hook)(void));

#define VERIFY(cond)                                                   \
    do {                                                               \
        if (UNLIKELY(!(cond)))                                         \
            die("%s:%d: check failed: %s", __FILE__, __LINE__, #cond); \
    } while (0)

#ifdef NDEBUG
#define ASSERT(cond) ((void)sizeof(!(cond)))
#else
#define ASSERT(cond) VERIFY(cond)
#endif

#endif
