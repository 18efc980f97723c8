/* SPDX-License-Identifier: MIT */
/* The lines of an INI file, as libinih understands them, with the line numbers it does not give. */
#ifndef CONTROL_INI_TEXT_H
#define CONTROL_INI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "control/errors.h"

enum { INI_LINE_MAX = 4096, INI_TEXT_MAX = 1 << 20, INI_SECTION_MAX = 48, INI_KEY_MAX = 100 };

/* key NULL: the header [section] itself. The strings are only valid during the call. */
typedef void (*ini_take)(void *arg, const char *section, const char *key, const char *value,
                         int line, bool cut);

/* Calls take for every header and every key = value, in order. cut: text after " ;" was taken as a
 * comment although the value goes on in a way that reads like text. Errors (long lines, NUL,
 * invalid UTF-8, lines that are neither) go to e, under e->file. */
void ini_text_parse(const char *text, size_t len, ini_take take, void *arg, struct errors *e);

#endif
