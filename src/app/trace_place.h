/* SPDX-License-Identifier: MIT */
/* Traces that are not files: those in sessions and those compiled in. */
#ifndef APP_TRACE_PLACE_H
#define APP_TRACE_PLACE_H

#include "control/scenario.h"

/* The FILE of the scenario's arrivals = trace(FILE): true, and *a holds it. */
bool trace_of(const struct scenario *s, struct arrivals *a);
/* Puts the bytes where `file` is found from the folder that is returned (malloc'ed); it is removed
 * when the program ends. NULL: an absolute path, or no room; then the file stays what it is. */
char *trace_place(const char *file, const char *bytes, size_t n);

#endif
