/* SPDX-License-Identifier: MIT */
/* Coroutines: a stack each, and a switch between them.
 *
 * On x86-64 the switch is our own few instructions: it saves what the System V ABI asks of a callee
 * (not the floating-point control words, which nobody here changes) and leaves by an indirect jump,
 * because a `ret` onto another stack is always mispredicted. Elsewhere it is ucontext. Both tell the
 * address and thread sanitizers about every switch. */
#ifndef RUNTIME_CORO_H
#define RUNTIME_CORO_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define CORO_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define CORO_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define CORO_TSAN 1
#endif
#if !defined(__x86_64__) || defined(CORO_FORCE_UCONTEXT)
#define CORO_UCONTEXT 1
#include <ucontext.h>
#endif

struct coro {
    void *sp; /* saved stack pointer, while it does not run */
#ifdef CORO_UCONTEXT
    ucontext_t *uc;
#endif
#if defined(CORO_ASAN) || defined(CORO_TSAN)
    void *fiber;      /* thread sanitizer */
    void *fake_stack; /* address sanitizer */
    const void *bottom;
    size_t size;
#endif
};

/* Makes co start entry() on the stack [low, high) at the first switch to it; entry never returns.
 * high is where its stack begins, 16-byte aligned. */
void coro_make(struct coro *co, char *low, char *high, void (*entry)(void));
/* The coroutine of the present OS thread's own stack. */
void coro_main(struct coro *co);
/* Gives back what make or main took (sanitizer fibres, contexts), not the stack. Not the running one. */
void coro_free(struct coro *co);

#if defined(CORO_UCONTEXT) || defined(CORO_ASAN) || defined(CORO_TSAN)
/* Leaves `from` (the running one) for `to`; returns when somebody switches back. dying: `from` is
 * never resumed. */
void coro_switch(struct coro *from, struct coro *to, bool dying);
/* The first thing on a new stack. */
void coro_entered(void);
#else
void coro_switch_asm(void **save_sp, void *to_sp);
static inline void coro_switch(struct coro *from, struct coro *to, bool dying)
{
    (void)dying;
    coro_switch_asm(&from->sp, to->sp);
}
static inline void coro_entered(void)
{
}
#endif

#endif
