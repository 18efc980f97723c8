/* SPDX-License-Identifier: MIT */
/* The rows of figures.def as lists: the summary writes them all, figure_get() finds one. */
#ifndef MODEL_FIGURES_INSIDE_H
#define MODEL_FIGURES_INSIDE_H

#include "model/figures.h"

/* of: the lane, histogram, class or object that the row is read from; NULL for the run's. */
struct figure_row {
    const char *name;
    struct figure_value (*get)(const struct model *m, const void *of);
};
/* Each ends at the first without a name. */
extern const struct figure_row figure_run[], figure_tasks[], figure_procs[], figure_requests[],
    figure_hist[], figure_classes[], figure_object[];

/* What OPS rows count. */
enum figure_ops {
#define OBJECT(name, ...) OPS_##name,
#include "model/figures.def"
    OPS_COUNT
};
/* How often that happened at o; NULL: it cannot. */
const uint64_t *figure_ops(const struct object_model *o, enum figure_ops what);
bool figure_waited_at(const struct object_model *o);

/* The histograms of a lane. */
struct figure_span {
    const char *name;
    size_t offset;
};
extern const struct figure_span figure_spans[];

static inline const struct hist *figure_span_hist(const struct lane_model *l,
                                                  const struct figure_span *s)
{
    return (const struct hist *)(const void *)((const char *)l + s->offset);
}

/* How many classes have had a request; 0 unless there is more than one. */
size_t figure_class_count(const struct model *m);
/* An earlier object has the same name: paths mean that one. */
bool figure_shadowed(const struct model *m, size_t id);

/* Appends a number as JSON has it: whole ones whole, others with nine digits. */
struct str;
void figure_number(struct str *out, double x);

#endif
