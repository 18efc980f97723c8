/* SPDX-License-Identifier: MIT */
/* What the subcommands share: exit statuses, the options of a run, how a scenario is found.
 *
 * app is the only place that knows all the rest; nobody includes it. */
#ifndef APP_APP_H
#define APP_APP_H

#include "control/scenario.h"

/* Exit statuses; a signal ends the program as signals do. */
enum {
    STATUS_OK = 0,
    STATUS_FAILED = 1,      /* an expectation failed, nothing was found, streams differ */
    STATUS_USAGE = 2,       /* bad usage, a missing file, a bad scenario: nothing was run */
    STATUS_ENVIRONMENT = 3, /* not a terminal, disk full, no threads */
};

/* One row each in subcommands.def: SUBCOMMAND(name, "ARGUMENTS", "sentence") with
 * `int cmd_NAME(int argc, char **argv)` in cmd_NAME.c; argv[0] is the subcommand's name. */
struct subcommand {
    const char *name, *args, *help;
    int (*run)(int argc, char **argv);
};
extern const struct subcommand subcommands[]; /* ends at the first without a name */

/* Options that change a run, of `run` and of watching alike (options.def). Zero-initialised by
 * run_options_init(); borrowed strings of argv. */
struct run_options {
    int world; /* enum world, or -1: the scenario's */
    bool seed_given;
    uint64_t seed;
    int64_t for_ns; /* -1: the scenario's */
    double speed;   /* 0: the scenario's */
    bool cues;
    const char **sets; /* NULL-terminated "section.key=value" */
    size_t sets_n;
    const char *record, *events, *summary; /* files, or NULL */
    int64_t *dumps;                        /* when to print all goroutines, in order */
    size_t dumps_n;
    int64_t explain; /* the request whose story is told; 0: none */
    /* watching */
    int colors; /* -1: as the terminal says */
    bool ascii, mouse;
    const char *theme;
    bool paused; /* start paused */
};
void run_options_init(struct run_options *o);
void run_options_free(struct run_options *o);

/* What patterns exist and which sections, commands and figures they have, for scenario_parse(). */
extern const struct schema app_schema;

/* A scenario by path or by name ("worker_pool", "lessons/T1.M3"): looked up in ./configs, the
 * user's data folder, the installed one, the compiled-in copies. A lesson's id alone is enough
 * where it is unique. NULL when e->total grew. The caller frees it. */
struct scenario *app_scenario(const char *name, const struct run_options *o, struct errors *e);
/* Whatever its name: a session begins with its magic, an INI never does. */
bool app_is_session(const char *path);
/* What streams call it: "worker_pool", "T1.M3-words"; never a path of this machine. malloc'ed. */
char *app_scenario_id(const struct scenario *s);

/* What the engine is to do: the scenario's values and the options that win over them. */
struct engine_config;
struct strtab;
void app_engine_config(struct engine_config *c, const struct scenario *s,
                       const struct run_options *o, struct strtab *names);

/* Every scenario that can be found by name, each once, in order: lessons after scenarios. */
struct catalog_item {
    char *name;  /* "worker_pool", "lessons/T1.M1-jobs-never-closed" */
    char *title; /* its [scenario] title */
    char *path;  /* NULL: compiled in */
    bool lesson, fixed;
};
struct catalog {
    struct catalog_item *item;
    size_t n, cap;
};
void catalog_load(struct catalog *c);
void catalog_free(struct catalog *c);

/* Monotonic wall time in ns; for pacing and wall_s only, never in the stream. */
int64_t wall_now(void);

/* Watches until the user leaves; takes the terminal. session: a file to replay, or NULL; name: a
 * scenario, or NULL for the gallery. Returns an exit status. (watch.c) */
int watch(const char *name, const char *session, const struct run_options *o);

#endif
