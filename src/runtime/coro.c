/* SPDX-License-Identifier: MIT */
/* The coroutine switch, and what the sanitizers want to know of it.
 *
 *   coro_switch(a, b)      on a's stack: push where to go on, and the frame pointer; a.sp = sp
 *                          sp = b.sp: pop the same, jump to where b goes on
 *
 * The address sanitizer keeps a fake stack for each real one, the thread sanitizer a fibre; both
 * are told just before and, on the other side, just after. */
#include "runtime/coro.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#if defined(CORO_ASAN)
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(CORO_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#ifdef CORO_UCONTEXT

void coro_make(struct coro *co, char *low, char *high, void (*entry)(void))
{
    memset(co, 0, sizeof *co);
    co->uc = xcalloc(1, sizeof *co->uc);
    VERIFY(getcontext(co->uc) == 0);
    co->uc->uc_stack.ss_sp = low;
    co->uc->uc_stack.ss_size = (size_t)(high - low);
    makecontext(co->uc, entry, 0);
    co->sp = high;
#else

void coro_make(struct coro *co, char *low, char *high, void (*entry)(void))
{
    uint64_t *sp = (uint64_t *)((uintptr_t)high & ~(uintptr_t)15);
    *--sp = 0; /* the return address entry() does not have: keeps the ABI's alignment */
    *--sp = (uint64_t)(uintptr_t)entry;
    *--sp = 0; /* its frame pointer */
    co->sp = sp;
#endif
    (void)low;
#if defined(CORO_ASAN) || defined(CORO_TSAN)
    co->bottom = low;
    co->size = (size_t)(high - low);
    co->fake_stack = NULL; /* the slot's last task left its own, which is gone */
#endif
#if defined(CORO_TSAN)
    co->fiber = __tsan_create_fiber(0);
#endif
}

void coro_main(struct coro *co)
{
    memset(co, 0, sizeof *co);
#ifdef CORO_UCONTEXT
    co->uc = xcalloc(1, sizeof *co->uc);
#endif
#if defined(CORO_TSAN)
    co->fiber = __tsan_get_current_fiber();
#endif
#if defined(CORO_ASAN)
    pthread_attr_t attr;
    void *low = NULL;
    VERIFY(pthread_getattr_np(pthread_self(), &attr) == 0);
    VERIFY(pthread_attr_getstack(&attr, &low, &co->size) == 0);
    co->bottom = low;
    pthread_attr_destroy(&attr);
#endif
}

void coro_free(struct coro *co)
{
#ifdef CORO_UCONTEXT
    free(co->uc);
    co->uc = NULL;
#endif
#if defined(CORO_TSAN)
    if (co->fiber && co->bottom)
        __tsan_destroy_fiber(co->fiber);
    co->fiber = NULL;
#endif
    (void)co;
}

#if defined(CORO_UCONTEXT) || defined(CORO_ASAN) || defined(CORO_TSAN)

#ifndef CORO_UCONTEXT
/* As the inline one of coro.h, out of the sanitizers' sight. */
void switch_stacks(void **save_sp, void *to_sp);
__asm__(".text\n"
        ".globl switch_stacks\n"
        ".hidden switch_stacks\n"
        ".type switch_stacks,@function\n"
        "switch_stacks:\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  leaq 1f(%rip), %rax\n"
        "  pushq %rax\n"
        "  pushq %rbp\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %rbp\n"
        "  popq %rax\n"
        "  jmp *%rax\n"
        "1:\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbx\n"
        "  ret\n"
        ".size switch_stacks,.-switch_stacks\n");
#endif

/* Who left last: coro_entered() and the far side of a switch finish on its behalf. */
static _Thread_local struct coro *arriving;

static void arrived(void)
{
#if defined(CORO_ASAN)
    __sanitizer_finish_switch_fiber(arriving->fake_stack, NULL, NULL);
#endif
}

void coro_entered(void)
{
    arrived();
}

void coro_switch(struct coro *from, struct coro *to, bool dying)
{
    arriving = to;
#if defined(CORO_ASAN)
    __sanitizer_start_switch_fiber(dying ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#if defined(CORO_TSAN)
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
    (void)dying;
#ifdef CORO_UCONTEXT
    VERIFY(swapcontext(from->uc, to->uc) == 0);
#else
    switch_stacks(&from->sp, to->sp);
#endif
    arrived();
}

int coro_switch_then(struct coro *from, struct coro *to, int (*then)(void *arg), void *arg)
{
    coro_switch(from, to, false);
    return then(arg);
}

#else

/* Below the saved registers stand then and arg, and what coro_switch() looks for: where to go on
 * and the frame pointer. */
__asm__(".text\n"
        ".globl coro_switch_then\n"
        ".hidden coro_switch_then\n"
        ".type coro_switch_then,@function\n"
        ".p2align 4\n"
        "coro_switch_then:\n"
        "  pushq %rbp\n"
        "  pushq %rbx\n"
        "  pushq %r12\n"
        "  pushq %r13\n"
        "  pushq %r14\n"
        "  pushq %r15\n"
        "  pushq %rcx\n"
        "  pushq %rdx\n"
        "  leaq 1f(%rip), %rax\n"
        "  pushq %rax\n"
        "  pushq %rbp\n"
        "  movq %rsp, (%rdi)\n"
        "  movq (%rsi), %rsp\n"
        "  popq %rbp\n"
        "  popq %rax\n"
        "  jmp *%rax\n"
        "1:\n"
        "  popq %rdx\n"
        "  movq (%rsp), %rdi\n" /* stays pushed: the stack is aligned for the call */
        "  call *%rdx\n"
        "  popq %rcx\n"
        "  popq %r15\n"
        "  popq %r14\n"
        "  popq %r13\n"
        "  popq %r12\n"
        "  popq %rbx\n"
        "  popq %rbp\n"
        "  popq %rcx\n"
        "  jmp *%rcx\n"
        ".size coro_switch_then,.-coro_switch_then\n");

#endif
