/* SPDX-License-Identifier: MIT */
/* The dump of all goroutines, in the manner of runtime.Stack and pprof's debug=2: what stands
 * where, and since when it waits. A task is a goroutine, its number is its id. */
#ifndef MODEL_DUMP_H
#define MODEL_DUMP_H

#include "base/str.h"
#include "model/model.h"

/* Has not ended: it stands in the dump. */
bool dump_has(const struct model *m, uint32_t task);
uint32_t dump_count(const struct model *m);
/* One goroutine, a line each, without a blank one at the end:
 *
 *     goroutine 5 [chan receive, 2 minutes]:
 *     worker-3 on jobs; holds table
 *         worker_pool:7  case job, ok = <-jobs:
 *     created by main in goroutine 1
 *
 * now_ns: the instant of the dump. listing: the pattern's pseudo-code or NULL, called `file`. */
void dump_task(const struct model *m, uint32_t task, int64_t now_ns, const char *file,
               const char *const *listing, struct str *out);
/* All of them, by number, a blank line after each. */
void dump_all(const struct model *m, int64_t now_ns, const char *file, const char *const *listing,
              struct str *out);

#endif
