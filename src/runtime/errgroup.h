/* SPDX-License-Identifier: MIT */
/* Errgroup, as golang.org/x/sync/errgroup: tasks that are waited for together, the first error
 * kept, a context cancelled by it, at most so many at once. An error is a text, borrowed for the
 * run; NULL is none. A panic in a task ends the scenario, not the wait. */
#ifndef RUNTIME_ERRGROUP_H
#define RUNTIME_ERRGROUP_H

#include "runtime/context.h"

/* What people wish were different. All false: as the library is. */
struct errgroup_rules {
    bool go_sees_cancel; /* Go gives up waiting for a slot, and starts nothing, once cancelled */
    bool panic_to_wait;  /* a panic in a task comes out of Wait */
};
struct errgroup_preset {
    const char *name;
    const char *help;
    struct errgroup_rules rules;
};
extern const struct errgroup_preset errgroup_presets[]; /* ends without a name; [0]: the library */
const struct errgroup_preset *errgroup_preset_find(const char *name); /* NULL: no such */

struct errgroup;
typedef const char *errgroup_fn(void *arg); /* returns its error, or NULL */

/* No limit, cancels nothing. rules NULL: errgroup_presets[0]. Lives as long as the run. */
struct errgroup *errgroup_make(const char *name, const struct errgroup_rules *rules);
/* With a context under parent (in *ctx) that the first error cancels, with that error as its cause,
 * and that Wait cancels in any case. */
struct errgroup *errgroup_with_context(struct context *parent, const char *name,
                                       const struct errgroup_rules *rules, struct context **ctx);
uint32_t errgroup_id(const struct errgroup *g);
/* At most n at once; 0: none ever; negative: no limit. Panics while slots are taken. */
void errgroup_set_limit(struct errgroup *g, int64_t n);
/* Task context. Waits for a slot, whatever the context says, and starts the task: RT_OK (by a rule
 * also RT_CANCELLED). In live, where no thread can be had, that is the task's error. */
enum rt_status errgroup_go(struct errgroup *g, const char *name, errgroup_fn *fn, void *arg);
/* Never waits; false: no slot is free. */
bool errgroup_try_go(struct errgroup *g, const char *name, errgroup_fn *fn, void *arg);
/* Blocks until all have ended; then cancels the context and returns the first error in time. */
const char *errgroup_wait(struct errgroup *g);

#endif
