/* SPDX-License-Identifier: MIT */
/* What several formats share. */
#ifndef EXPORT_EXPORT_INSIDE_H
#define EXPORT_EXPORT_INSIDE_H

#include "base/str.h"
#include "export/export.h"

/* 0 or -errno. */
int export_put(FILE *out, const struct str *s);
/* Between --from and --to, both included. */
bool export_wanted(const struct export_options *o, int64_t t_ns);
/* Formats of one line an event: `line` adds to text what is to be written, or nothing. seq counts
 * from 0 and includes what was left out. 0 or -errno. */
int export_events(struct export_source *s, const struct export_options *o, FILE *out,
                  void (*line)(const struct export_source *s, const struct model *m,
                               const struct event *ev, uint64_t seq, struct str *text));
/* The asciicasts; version is 2 or 3. 0 or -errno. */
int cast_write(struct export_source *s, const struct export_options *o, FILE *out, int version);

#endif
