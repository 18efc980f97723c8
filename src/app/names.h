/* SPDX-License-Identifier: MIT */
/* Finding scenarios: what catalog.c gives to app.c beside app.h. */
#ifndef APP_NAMES_H
#define APP_NAMES_H

#include "app/app.h"

/* Like catalog_load(), without opening the files: no titles, and files that are none stay. */
void catalog_scan(struct catalog *c);
/* The scenario of that path or name, with errors of reading and parsing only. NULL with errors. */
struct scenario *catalog_read(const char *name, const char *const *sets, struct errors *e);

#endif
