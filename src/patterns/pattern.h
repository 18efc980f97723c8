/* SPDX-License-Identifier: MIT */
/* A pattern: one file, one record, one row in patterns.def.
 *
 * Its main runs as the task "main". Parameters reach it as immutable blocks: pattern_params() gives
 * the newest, which stays valid for the whole run (old ones are kept), so a task may hold one
 * across operations. */
#ifndef PATTERNS_PATTERN_H
#define PATTERNS_PATTERN_H

#include <stdatomic.h>

#include "control/param.h"
#include "runtime/rt.h"

struct pattern_run;

struct pattern_action {
    const char *name; /* `do NAME` */
    const char *help;
    void (*act)(struct pattern_run *pr); /* engine context */
};
struct pattern_fault {
    const char *object; /* `inject OBJECT FAULT` */
    const char *fault;
    const char *help;
    /* Engine context; arg may be NULL. NULL, or a sentence. */
    const char *(*inject)(struct pattern_run *pr, const char *arg);
};
struct pattern {
    const char *name;
    const char *title;
    const struct param_table *const *tables; /* its own first; NULL-terminated */
    /* Checks the blocks together: before the run (the run may be NULL then) and after each change,
     * which is taken back when they do not fit. NULL, or a sentence. May be NULL. */
    const char *(*check)(const struct pattern_run *pr);
    void (*main)(struct pattern_run *pr); /* task "main" */
    /* Engine context, after a live parameter changed (section.name). May be NULL. */
    void (*changed)(struct pattern_run *pr, const char *section, const char *name);
    /* What "auto" stands for in that parameter now, where steps begin. May be NULL. */
    int64_t (*automatic)(const struct pattern_run *pr, const char *section, const char *name);
    const struct pattern_action *actions; /* ends at the first without a name */
    const struct pattern_fault *faults;   /* likewise */
    const char *const *listing;           /* Go-like pseudo-code lines, NULL-terminated */
};
extern const struct pattern *const patterns[]; /* NULL-terminated, from patterns.def */
const struct pattern *pattern_find(const char *name);

/* The values of one section. Every table has its own section ("limiter"), which is unused when only
 * others of it ("limiter.api") are meant. */
struct pattern_block {
    const struct param_table *table; /* NULL: the end of a list */
    const char *section;
    const void *values;
    bool unused;
};
/* Made by app from a scenario: the sections, table by table; all is copied. rt may be NULL as long
 * as it only serves pattern_check_run(). */
struct pattern_run *pattern_run_create(const struct pattern *p, struct rt *rt,
                                       const struct pattern_block *blocks, const char *base_dir);
void pattern_run_free(struct pattern_run *pr);
/* pattern->check, or NULL when there is nothing to check. */
const char *pattern_check_run(const struct pattern_run *pr);
/* What rt_start() runs as "main", with the run as its argument: emits a PARAM event for every
 * parameter, then calls the pattern's main. */
void pattern_main(void *pr);
struct rt *pattern_rt(const struct pattern_run *pr);
const struct pattern *pattern_of(const struct pattern_run *pr);
const char *pattern_base_dir(const struct pattern_run *pr);
/* The newest block of a section ("worker_pool", "limiter.api"), or NULL. Any engine thread, never
 * blocks. */
const void *pattern_params(const struct pattern_run *pr, const char *section);
/* The cell that holds that block, for who reads it at every step: load it with acquire. Valid for
 * the run. */
_Atomic(void *) *pattern_params_cell(const struct pattern_run *pr, const char *section);
/* The pattern's own state. */
void *pattern_state(const struct pattern_run *pr);
void pattern_set_state(struct pattern_run *pr, void *state);

/* The names of the i-th used section of a table, from 0; NULL: there are no more. */
const char *pattern_nth_section(const struct pattern_run *pr, const struct param_table *t,
                                size_t i);

/* What "section.key" (or a key that only one table has) names; false: nothing. Whether a run has
 * that section is its own matter. */
struct param_at {
    const struct param_table *table;
    const struct param *row;
    char section[PARAM_TEXT];
};
bool pattern_param(const struct pattern *p, const char *name, struct param_at *at);
/* The parameter's present value as text. Any thread. false: no such one. */
bool pattern_param_text(const struct pattern_run *pr, const char *name, char *out, size_t size);

/* Engine context: runs an engine command (set, reset, inject, do, mark); in live, what needs
 * objects that main has not made yet is run as soon as it has. Emits COMMAND, also when it is
 * refused (so that an execution that repeats the commands gives the same stream), then PARAM
 * events, or a MARK that says why it was refused. NULL, or that sentence (thread-local). */
const char *pattern_command(struct pattern_run *pr, const char *text, enum by by);
/* Checks a command without running it (cues, prompt). NULL, or a sentence. */
const char *pattern_check_command(const struct pattern *p, const char *text);
/* Also that the run has the section that it sets. */
const char *pattern_check_section(const struct pattern_run *pr, const char *text);

#endif
