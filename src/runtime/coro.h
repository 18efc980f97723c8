/* SPDX-License-Identifier: MIT */
/* Coroutines: a stack each, and a switch between them.
 *
 * On x86-64 the switch is our own few instructions (the floating-point control words stay: nobody
 * here changes them) and leaves by an indirect jump, because a `ret` onto another stack is always
 * mispredicted. Elsewhere it is ucontext. Both tell the
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
/* Gives back what make or main took (sanitizer fibres, contexts), not the stack. Not the running
 * one. */
void coro_free(struct coro *co);

#if defined(CORO_UCONTEXT) || defined(CORO_ASAN) || defined(CORO_TSAN)
/* Leaves `from` (the running one) for `to`; returns when somebody switches back. dying: `from` is
 * never resumed. */
void coro_switch(struct coro *from, struct coro *to, bool dying);
/* The first thing on a new stack. */
void coro_entered(void);
#else
#define CORO_PLAIN 1 /* a coroutine is its stack and nothing else */
/* Inline, because every return of a function that was entered on this stack is mispredicted after a
 * switch: the fewer frames lie between the switch and the operation's caller the better. The
 * compiler saves what is live; 128 bytes are left for a leaf function's red zone. */
static inline __attribute__((always_inline)) void coro_switch(struct coro *from, struct coro *to,
                                                              bool dying)
{
    void **save = &from->sp;
    void *load = to->sp;
    (void)dying;
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "pushq %%rbp\n\t"
                     "movq %%rsp, (%0)\n\t"
                     "movq %1, %%rsp\n\t"
                     "popq %%rbp\n\t"
                     "popq %%rax\n\t"
                     "jmp *%%rax\n"
                     "1:\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "+D"(save), "+S"(load)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
                       "memory");
}
static inline void coro_entered(void)
{
}
#endif

/* The end of an operation that must wait: leaves `from` for `to`, and when somebody switches back
 * returns then(arg) to the operation's caller. Stands last, `return coro_switch_then(…)`, so that
 * it is a jump and its caller is the operation's.
 *
 * It leaves by an indirect jump, too. A `ret` would be mispredicted every time: the processor
 * expects it to go where the last call came from, and that was on the other stack.
 *
 *   task A: recv()     call pushes A's return address, real and predicted; switch to B
 *   task B: …back      the processor predicts A's address; `jmp` does not ask it */
int coro_switch_then(struct coro *from, struct coro *to, int (*then)(void *arg), void *arg);

#endif
