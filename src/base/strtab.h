/* SPDX-License-Identifier: MIT */
/* Interned strings: the same text has the same id, and an id's text never moves.
 *
 * Events carry ids, not text. One table belongs to one run (or one open session).
 * Interning takes a lock; looking up does not, so that a screen can read names while
 * engines add them. Id 0 is the empty string. Ids count up in order of first use, so
 * in sim they are the same in every run. */
#ifndef BASE_STRTAB_H
#define BASE_STRTAB_H

#include <stdint.h>

struct strtab;

struct strtab *strtab_create(void);
void strtab_destroy(struct strtab *t); /* NULL is fine */
/* Any thread; takes a lock for a moment. */
uint32_t strtab_intern(struct strtab *t, const char *text);
/* Adds text as the next id even when it stands already (readers of files need the ids as written).
 */
uint32_t strtab_append(struct strtab *t, const char *text);
/* Any thread, never blocks. An unknown id gives "?". Valid until the table is destroyed. */
const char *strtab_get(const struct strtab *t, uint32_t id);
/* How many ids there are (the next one that will be given). */
uint32_t strtab_count(const struct strtab *t);

#endif
