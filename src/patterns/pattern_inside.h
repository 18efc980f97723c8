/* SPDX-License-Identifier: MIT */
/* Inside of a pattern's run, for pattern.c and pattern_command.c. */
#ifndef PATTERNS_PATTERN_INSIDE_H
#define PATTERNS_PATTERN_INSIDE_H

#include "patterns/pattern.h"

/* One section's values: the file's, and the newest. */
struct section {
    char *name; /* "limiter", "limiter.api" */
    bool unused;
    const struct param_table *table;
    _Atomic(void *) now; /* immutable once published */
    void *first;
    void **kept; /* every later block, newest last */
    size_t kept_n, kept_cap;
};
struct pattern_run {
    const struct pattern *p;
    struct rt *rt;
    char *base_dir;
    _Atomic(void *) state;
    struct section *section;
    size_t n;
};

/* NULL: it has no such one. */
struct section *pattern_section(const struct pattern_run *pr, const char *name);
/* Emits the present value. */
void pattern_emit_param(const struct pattern_run *pr, const struct section *s,
                        const struct param *row, enum by by);

#endif
