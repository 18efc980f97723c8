/* SPDX-License-Identifier: MIT */
/* A scenario file: read, checked, kept with its text.
 *
 * Control knows no pattern: whoever loads hands in a schema (which sections exist, with their
 * tables). Everything is checked at load; all errors of the file are reported, none stops at the
 * first. */
#ifndef CONTROL_SCENARIO_H
#define CONTROL_SCENARIO_H

#include "control/errors.h"
#include "control/param.h"
#include "event/event.h"

/* Values of [scenario]; the table is scenario_table. */
struct scenario_params {
    char title[PARAM_TEXT];
    char pattern[PARAM_TEXT];
    int world; /* 0 live, 1 sim: index into the choices; see scenario_world() */
    int64_t seed;
    int64_t procs;
    int schedule;
    int64_t depth, points;
    char choices[PARAM_TEXT];
    double speed;
    int64_t for_ns;
};
extern const struct param_table scenario_table;

struct cue {
    int64_t at_ns;
    int number;    /* [cue.N] */
    char *command; /* `do`, or NULL */
    char *caption; /* `say`, or NULL */
    int line;
};
enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_RANGE };
struct expectation {
    char *figure; /* a path of the summary; "diagnosis" */
    enum compare cmp;
    char *want;      /* text: a word, or a number with or without unit */
    char *want_high; /* CMP_RANGE */
    int64_t by_ns;   /* "by 8s": at some instant up to then; -1 = at the end */
    int line;
    char *source; /* "figure = value" as written, for failures */
};
/* One value as it stood in the file or was given by --set. */
struct setting {
    char *section; /* "worker_pool", "limiter.api" */
    char *key;
    char *value;
    int line; /* 0: an option */
};
/* The sections a pattern takes. */
struct schema {
    const char *const *patterns; /* NULL-terminated names */
    /* Tables allowed for a pattern (NULL-terminated); NULL: unknown pattern. */
    const struct param_table *const *(*tables)(const char *pattern);
    /* Checks a command string of a cue ("set dependency.error_rate 0.6"); NULL, or a sentence. */
    const char *(*check_command)(const char *pattern, const char *text);
    /* Is that a figure's path (model's table)? */
    bool (*is_figure)(const char *path);
    const char *const *figures; /* for "did you mean" */
    /* Checks [layout] rows: NULL, or a sentence. May itself be NULL. */
    const char *(*check_layout)(const char *rows);
};

struct scenario {
    char *name; /* how it was asked for */
    char *path; /* NULL: a compiled-in one */
    char *text; /* the file's bytes */
    size_t text_len;
    struct scenario_params params;
    struct setting *settings;
    size_t settings_n;
    struct cue *cues; /* ordered by at, then number */
    size_t cues_n;
    struct expectation *expects;
    size_t expects_n;
    char *layout; /* [layout] rows, or NULL */
    char *notes;  /* [notes] text for the notes panel: lines joined, or NULL */
};

/* Parses text (len bytes; need not end in NUL). `sets`: --set options "section.key=value", NULL-
 * terminated or NULL; they win over the file. Returns NULL when e->total grew. Never blocks;
 * hostile text is an error, at most 1 MiB is taken. */
struct scenario *scenario_parse(const char *name, const char *path, const char *text, size_t len,
                                const struct schema *schema, const char *const *sets,
                                struct errors *e);
/* Reads a regular file (a directory, FIFO, device or > 1 MiB is an error) and parses it. */
struct scenario *scenario_read(const char *path, const struct schema *schema,
                               const char *const *sets, struct errors *e);
void scenario_free(struct scenario *s);
enum world scenario_world(const struct scenario *s);
/* A block for one table: defaults, then the file's and the options' values of `section` (which may
 * be "limiter.api" for table "limiter"). Malloc'ed, t->size bytes. */
void *scenario_block(const struct scenario *s, const struct param_table *t, const char *section);

/* The sections of a table: its own name first, then each [name.X] in the order of the file. *own:
 * is its own one meant (it is written, or there is no other)? Returns how many; *names is malloc'ed
 * and points into the scenario and the table. */
size_t scenario_sections(const struct scenario *s, const struct param_table *t, const char ***names,
                         bool *own);

/* The text of the file with section.key set to value: only that value's bytes change (comments,
 * order, line ends and indentation stay); a missing key is appended to its section, a missing
 * section to the file, under a comment with `why`. Returns malloc'ed text. */
char *scenario_text_set(const char *text, const char *section, const char *key, const char *value,
                        const char *why);
/* The text with a [cue.N] appended (N above the last). */
char *scenario_text_add_cue(const char *text, int64_t at_ns, const char *command,
                            const char *caption);
/* Writes atomically: temporary file in the same folder, fsync, rename. 0 or -errno. */
int scenario_write(const char *path, const char *text);

#endif
