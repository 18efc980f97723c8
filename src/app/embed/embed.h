/* SPDX-License-Identifier: MIT */
/* The files of configs/ as they were when the program was built: scenarios, lessons, keys, themes.
 * They are the last place where a name is looked up, so the program works uninstalled, from
 * anywhere. */
#ifndef APP_EMBED_H
#define APP_EMBED_H

#include <stddef.h>

struct embedded_file {
    const char *path; /* below configs/: "worker_pool.ini", "lessons/T1.M3-words.ini" */
    const char *text; /* len bytes, and a NUL after them */
    size_t len;
};
/* Ordered by path (as bytes); ends at the first without a path. Static, read-only. */
extern const struct embedded_file embedded_files[];
extern const size_t embedded_files_n;

#endif
