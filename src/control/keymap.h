/* SPDX-License-Identifier: MIT */
/* Keys: each is bound to a command string, and `?` lists them. Defaults are rows in keys.def; an
 * INI rebinds them in [keys]:  KEY = COMMAND, for example  x = inject dependency hang. */
#ifndef CONTROL_KEYMAP_H
#define CONTROL_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

#include "control/errors.h"
#include "control/keycode.h"

struct key_row {
    uint32_t key;
    const char *command;
    const char *help;  /* for the overlay */
    const char *label; /* for the key line at the bottom, or NULL: not shown there */
};
struct keymap;

struct keymap *keymap_create(void); /* the defaults */
void keymap_free(struct keymap *m);
/* Rebinds; "" as command unbinds. NULL or a sentence. */
const char *keymap_bind(struct keymap *m, const char *key_name, const char *command);
/* The command, or NULL. */
const char *keymap_command(const struct keymap *m, uint32_t key);
size_t keymap_count(const struct keymap *m);
const struct key_row *keymap_row(const struct keymap *m, size_t i);
/* "space", "Ctrl-R", "F1", "Up", "x". Both ways; 0: no such key. */
void key_name(uint32_t key, char *out, size_t size);
uint32_t key_parse(const char *name);

#endif
