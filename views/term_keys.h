/* SPDX-License-Identifier: MIT */
/* Typed bytes to keys: a pure function, so that it is tested without a terminal. */
#ifndef VIEWS_TERM_KEYS_H
#define VIEWS_TERM_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "views/term.h"

/* A terminal's own sequence for a key, from terminfo. */
struct key_sequence {
    char bytes[16];
    uint32_t key;
};
/* The next key of n > 0 bytes. Returns how many bytes it took; 0: the sequence is not complete and
 * may become one (`final`: nothing more comes, then never 0). e->key is PK_NONE for what has no
 * meaning here. */
size_t keys_decode(const char *bytes, size_t n, bool final, const struct key_sequence *own,
                   size_t own_n, struct term_event *e);

#endif
