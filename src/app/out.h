/* SPDX-License-Identifier: MIT */
/* Files that the program writes for people and scripts. */
#ifndef APP_OUT_H
#define APP_OUT_H

#include <stdbool.h>
#include <stdio.h>

/* A file on its way. Zero-initialise. */
struct out {
    FILE *f;
    const char *name; /* for messages */
    char *path, *temporary;
    bool is_stdout;
};
/* "-" is standard output. whole: a regular file appears under its name only when it is complete (a
 * temporary beside it, renamed by out_close); else it grows under its name. NULL, or a malloc'ed
 * sentence. */
char *out_open(struct out *o, const char *name, bool whole);
/* Flushes and ends it; keep false: a whole file does not appear. NULL, or a malloc'ed sentence. */
char *out_close(struct out *o, bool keep);

#endif
