/* SPDX-License-Identifier: MIT */
/* A canvas as the bytes that turn one screen of a terminal into the next. */
#ifndef EXPORT_ANSI_H
#define EXPORT_ANSI_H

#include "base/str.h"
#include "views/canvas.h"
#include "views/theme.h"

/* Adds what makes `shown` look like `next` in a terminal of 256 colours; shown NULL: anything may
 * be there. The same cells give the same bytes everywhere: no terminal description is asked.
 * Nothing that answers (mouse, keys, titles) is switched on. Attributes are left reset. */
void ansi_diff(const struct canvas *shown, const struct canvas *next, const struct theme *t,
               struct str *out);

#endif
