/* SPDX-License-Identifier: MIT */
/* Byte slices as Go's []byte: a variable is a header (array, length, capacity), and several headers
 * may stand on one array. Both have instruments of their own: a header is three words that are read
 * and written one after the other, an array is a row of places.
 *
 *   buf   ┌ array  len 3  cap 5 ┐        b := buf[1:3]   ┌ array+1  len 2  cap 4 ┐
 *         └───┬─────────────────┘                        └──────┬────────────────┘
 *             ▼  h  e  l  .  .   ◀──────────────────────────────┘   append(b, x) writes the dot
 *
 * The hard idea: append writes in place while the capacity suffices, and else into a new array; who
 * holds an older header sees the one and not the other. All accesses are plain: that they are
 * ordered is the caller's business, and detectors look. A header that is read while another task
 * writes it may be of two values; an access beyond the array that it then names panics here, where
 * Go would read whatever lies there. Capacities grow as in Go 1.18 to 1.22 (growslice, size
 * classes). */
#ifndef RUNTIME_SLICE_H
#define RUNTIME_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt.h"

enum { SLICE_MAX = 1 << 20 }; /* places of an array */

struct slice;

/* Variables: `var name []byte`, `name := make([]byte, len, cap)`, `name := []byte(text)`. Emit
 * OBJECT for the header, and for the array where there is one; live as long as the run. Task
 * context. */
struct slice *slice_var(const char *name);
struct slice *slice_make(const char *name, uint32_t len, uint32_t cap);
struct slice *slice_text(const char *name, const char *text);
uint32_t slice_id(const struct slice *s);

/* The rest: task context, nothing blocks. Out of bounds panics as in Go. */

void slice_assign(struct slice *to, struct slice *from); /* to = from */
/* to = from[low:high], and to = from[low:high:max]. */
void slice_cut(struct slice *to, struct slice *from, uint32_t low, uint32_t high);
void slice_cut_max(struct slice *to, struct slice *from, uint32_t low, uint32_t high, uint32_t max);
/* to = append(from, bytes...), n of them. False: it had to take a new array. */
bool slice_append(struct slice *to, struct slice *from, const void *bytes, uint32_t n);
/* copy(to, from): returns how many. */
uint32_t slice_copy(struct slice *to, struct slice *from);
void slice_clone(struct slice *to, struct slice *from); /* to = bytes.Clone(from) */

uint8_t slice_get(struct slice *s, uint32_t i);
void slice_set(struct slice *s, uint32_t i, uint8_t value);
uint32_t slice_len(struct slice *s);
uint32_t slice_cap(struct slice *s);
uint32_t slice_array(struct slice *s); /* object id of its array; 0: nil */

/* What stands in its array belongs to a use that is over: said by who puts a buffer into a pool.
 * Reading it before it has been overwritten is reading another's leavings (stale_data). */
void slice_retire(struct slice *s);

/* The capacity that append makes room in, Go's rule: needed > old. */
uint32_t slice_grown(uint32_t old, uint32_t needed);

#endif
