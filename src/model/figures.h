/* SPDX-License-Identifier: MIT */
/* Figures: every number or word that [expect], the summary, CSV and panels name, by the summary's
 * path ("requests.done", "latency_ms.p99", "objects.jobs.max_level"). One row each in figures.def.
 */
#ifndef MODEL_FIGURES_H
#define MODEL_FIGURES_H

#include "model/model.h"

struct str;
struct figure_value {
    enum { FIGURE_NONE, FIGURE_NUMBER, FIGURE_WORD } type;
    double number;
    const char *word; /* valid while the model is */
};
/* FIGURE_NONE: no such path (or no such object yet). */
struct figure_value figure_get(const struct model *m, const char *path);
/* Is it a well-formed path (objects.* and lanes.* may name anything)? */
bool figure_is(const char *path);
/* The table's paths with NAME placeholders, NULL-terminated, and a sentence for each. */
extern const char *const figure_paths[];
const char *figure_help(size_t i);

/* What the summary needs beside the model. */
struct summary_extra {
    const char *scenario, *pattern, *version;
    double wall_s;
    size_t expect_passed, expect_failed;
    const char *const *failures; /* sentences */
};
void summary_json(const struct model *m, const struct summary_extra *x, struct str *out);
void summary_text(const struct model *m, const struct summary_extra *x, struct str *out);

#endif
