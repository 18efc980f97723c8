/* SPDX-License-Identifier: MIT */
/* Parameters: one row each; INI, keys, help, man page, check and recording follow from the row.
 *
 * A section of parameters is a plain struct ("block") with a table that says where each value lies.
 * Engines read immutable blocks: a change copies the block, sets the value and publishes the copy
 * (patterns/pattern.h), so the screen never writes what an engine reads. */
#ifndef CONTROL_PARAM_H
#define CONTROL_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/value.h"

enum param_type {
    PT_INT,      /* int64_t */
    PT_FLOAT,    /* double */
    PT_BOOL,     /* bool */
    PT_DURATION, /* int64_t ns */
    PT_RATE,     /* double, per second */
    PT_CHOICE,   /* int: index into choices */
    PT_DIST,     /* struct dist */
    PT_ARRIVALS, /* struct arrivals */
    PT_TEXT      /* char[PARAM_TEXT] */
};
enum { PARAM_TEXT = 256 };
#define PARAM_AUTO    (-1)      /* an int's value when "auto" was written */
#define PARAM_FOREVER INT64_MAX /* a duration's when "forever" was */

struct param {
    const char *name;
    enum param_type type;
    size_t offset;              /* in the block */
    const char *def;            /* as in an INI */
    double min, max;            /* int, float, duration (ns), rate; max 0 = no upper bound */
    const char *const *choices; /* PT_CHOICE: NULL-terminated */
    bool automatic;             /* PT_INT: "auto" is allowed */
    bool forever;               /* PT_DURATION: "forever" is allowed */
    /* PT_TEXT that is a small language of its own: NULL, or a sentence. May be NULL. */
    const char *(*check)(const char *text);
    const char *allowed; /* PT_TEXT with a check: what may be written */
    bool live;           /* may change while it runs; else at the next restart */
    const char *unit;    /* for people: "tasks", "ns", "" */
    const char *help;    /* one sentence */
};
/* A value of the row `preset`: what it sets, as "key = value; key = value". */
struct param_preset {
    const char *name;
    const char *help; /* what it reproduces, its defects named */
    const char *values;
};
/* One INI section. `repeats`: [section.NAME] may stand any number of times. */
struct param_table {
    const char *section;
    const char *help;
    const struct param *rows;
    size_t n;
    size_t size; /* of the block */
    bool repeats;
    /* Then it has a row `preset`, PT_CHOICE, of their names in this order, the first sets nothing.
     * The keys that are written win over the preset, wherever they stand. */
    const struct param_preset *presets;
    size_t presets_n;
};

const struct param *param_find(const struct param_table *t, const char *name);
/* Fills a block with the defaults. The table's own test proves that they parse. */
void param_defaults(const struct param_table *t, void *block);
/* Sets what the preset of that name sets. False: there is none of that name. */
bool param_preset(const struct param_table *t, void *block, const char *name);
/* Sets one value from text; NULL, or a sentence: "must be 1..10000 or auto" (thread-local buffer).
 */
const char *param_set(const struct param *p, void *block, const char *text);
/* The value as text that param_set() reads. */
void param_format(const struct param *p, const void *block, char *out, size_t size);
bool param_equal(const struct param *p, const void *block_a, const void *block_b);
/* One step up or down: +1 for small ints, 1-2-5 for durations and rates, the next choice, a
 * distribution's first argument … (the arrow keys, and "set X +1"). Clamps. */
void param_step(const struct param *p, void *block, int steps);
/* "1..10000 or auto", "const(D) exp(D) …": what is allowed, for help and the parameters panel. */
void param_allowed(const struct param *p, char *out, size_t size);

#endif
