/* SPDX-License-Identifier: MIT */
/* Exports: one file and one row in exports.def each. All are drawn or written from the events on a
 * virtual clock, hence the same bytes every time. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdio.h>

#include "model/model.h"
#include "views/canvas.h"

/* Where the events come from; app makes it over a session or a fresh sim. */
struct export_source {
    /* The next event that is applied to `model` (with detectors), up to and including t_ns; false:
     * nothing more by then. ev may be NULL. */
    bool (*next)(struct export_source *s, int64_t t_ns, struct event *ev);
    const struct model *(*model)(struct export_source *s);
    /* Draws the screen as it stands on c (c has its size). */
    void (*draw)(struct export_source *s, struct canvas *c);
    int64_t end_ns; /* of the last event */
    const char *title;
};
struct export_options {
    int cols, rows;
    int64_t from_ns, to_ns; /* to: -1 = the end */
    double speed;
    const char *theme; /* for formats with colours: the palette */
};
struct exporter {
    const char *name; /* "cast" */
    const char *help;
    const char *extension;
    bool needs_size;
    /* 0 or -errno */
    int (*write)(struct export_source *s, const struct export_options *o, FILE *out);
};
extern const struct exporter *const exporters[]; /* NULL-terminated, from exports.def */
const struct exporter *exporter_find(const char *name);

#endif
