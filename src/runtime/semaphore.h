/* SPDX-License-Identifier: MIT */
/* Weighted semaphore, as golang.org/x/sync/semaphore: so many tokens; who takes n of them waits in
 * the order of coming, and nobody overtakes, not even where what is free would do for him. */
#ifndef RUNTIME_SEMAPHORE_H
#define RUNTIME_SEMAPHORE_H

#include "runtime/context.h"

/* What differs between versions. All false: as the library is today. */
struct sem_rules {
    bool barge;             /* whoever fits goes first: a large one may starve */
    bool stuck_cancel;      /* a cancelled waiter at the front does not wake those behind it */
    bool dead_ctx_acquires; /* a dead context still gets tokens that are free */
};
struct sem_preset {
    const char *name;
    const char *help;
    bool defect; /* a known one, kept to be seen */
    struct sem_rules rules;
};
extern const struct sem_preset sem_presets[]; /* ends at the first without a name; [0]: default */
const struct sem_preset *sem_preset_find(const char *name); /* NULL: no such */

struct semaphore;
/* size: tokens in all, >= 0. rules NULL: sem_presets[0]. Emits OBJECT. Lives as long as the run. */
struct semaphore *sem_make(const char *name, int64_t size, const struct sem_rules *rules);
uint32_t sem_id(const struct semaphore *s);
int64_t sem_taken(const struct semaphore *s); /* tokens out now; a snapshot */

/* Task context. Blocks until n tokens are had: RT_OK; or ctx is cancelled: RT_CANCELLED, nothing
 * taken. A dead context loses even where tokens are free. n > size: waits for ctx alone, in
 * nobody's way. */
enum rt_status sem_acquire(struct semaphore *s, struct context *ctx, int64_t n);
/* The same until deadline_ns of scenario time: RT_TIMEOUT. */
enum rt_status sem_acquire_until(struct semaphore *s, struct context *ctx, int64_t n,
                                 int64_t deadline_ns);
/* Never blocks; false also when somebody waits, whatever is free. Engine context too. */
bool sem_try_acquire(struct semaphore *s, int64_t n);
/* Panics when more comes back than is out. Engine context too. */
void sem_release(struct semaphore *s, int64_t n);

#endif
