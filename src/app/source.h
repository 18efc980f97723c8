/* SPDX-License-Identifier: MIT */
/* Where exports get their events: a session file, folded through the detectors. */
#ifndef APP_SOURCE_H
#define APP_SOURCE_H

#include "export/export.h"

struct source;
/* Opens a session. NULL with *error (malloc'ed). */
struct source *source_open(const char *path, double speed, bool ascii, char **error);
void source_free(struct source *s);
struct export_source *source_export(struct source *s);
/* NULL, or a sentence about damage met so far, which names the file. */
const char *source_warning(const struct source *s);
/* Was something left out, as fold_full() says? */
bool source_full(const struct source *s);

#endif
