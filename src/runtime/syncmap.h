/* SPDX-License-Identifier: MIT */
/* A concurrent map, as Go's sync.Map up to 1.23: keys that stand in its read-only part are read and
 * written without a lock; new ones go into a dirty part, under the lock, and every read that has to
 * look there is a miss. When there were as many misses as the dirty part has keys, it becomes the
 * read-only part. For keys that stay the same; where they come and go a map and an RWMutex is
 * better.
 *
 * Values are below 2^62. A key is the id of its text, map_key(). */
#ifndef RUNTIME_SYNCMAP_H
#define RUNTIME_SYNCMAP_H

#include "runtime/rt.h"

struct syncmap;
typedef uint32_t map_key;
typedef uint64_t map_value;
#define MAP_VALUE_MAX ((UINT64_C(1) << 62) - 1)

/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct syncmap *map_make(const char *name);
uint32_t map_id(const struct syncmap *m);
map_key map_key_of(const char *text); /* never empty; task or engine context */

/* The rest is for tasks; nothing blocks. False: there is no such key; *value is 0. */
bool map_load(struct syncmap *m, map_key key, map_value *value);
void map_store(struct syncmap *m, map_key key, map_value value);
/* Stores and returns what was there: false, nothing. */
bool map_swap(struct syncmap *m, map_key key, map_value value, map_value *was);
/* True: it was there, *value is what it is. False: *value was stored. */
bool map_load_or_store(struct syncmap *m, map_key key, map_value *value);
/* False: there was none. */
bool map_load_and_delete(struct syncmap *m, map_key key, map_value *value);
/* Only where it holds `old`. */
bool map_cas(struct syncmap *m, map_key key, map_value old, map_value value);
bool map_cas_delete(struct syncmap *m, map_key key, map_value old);
/* Deletes all there is, at one instant (Go 1.23). */
void map_clear(struct syncmap *m);
/* Calls fn for every key until it returns false. No snapshot: what is changed meanwhile may be seen
 * or not, but no key twice. fn may use the map. */
void map_range(struct syncmap *m, bool (*fn)(void *arg, map_key key, map_value value), void *arg);

#endif
