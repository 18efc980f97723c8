/* SPDX-License-Identifier: MIT */
/* Reading the command line. Options may stand anywhere, as --name VALUE, --name=VALUE or -oVALUE;
 * after -- nothing is one. Everything that can be wrong is said at once where it stands, with the
 * nearest known name. */
#include "app/options.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "app/explore.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/value.h"
#include "views/theme.h"

const struct option_row option_rows[OPT_COUNT] = {
#define OPTION(id, name, letter, argument, where, help) \
    [OPT_##id] = {name, letter, argument, where, help},
#include "app/options.def"
#undef OPTION
};

static const char *const where_names[] = {"run",   "",       "replay", "export",
                                          "check", "verify", "list",   "explore"};

const char *option_taker(unsigned where)
{
    return where_names[__builtin_ctz(where)];
}

/* ---- help ----------------------------------------------------------------------------------- */

static const struct subcommand *subcommand_of(unsigned where)
{
    for (size_t i = 0; subcommands[i].name; i++)
        if (strcmp(subcommands[i].name, option_taker(where)) == 0)
            return &subcommands[i];
    return NULL;
}

static void help_options(unsigned where, FILE *out)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *o = &option_rows[i];
        if (!(o->where & where))
            continue;
        struct str term = {0};
        if (o->letter)
            str_addf(&term, "-%c, ", o->letter);
        str_addf(&term, "--%s%s%s", o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        if (term.len < 26)
            fprintf(out, "  %-26s  %s\n", term.data, o->help);
        else
            fprintf(out, "  %s\n  %-26s  %s\n", term.data, "", o->help);
        str_free(&term);
    }
}

void options_help(unsigned where, FILE *out)
{
    const struct subcommand *s = subcommand_of(where);
    if (s) {
        fprintf(out, "usage: patternscope %s %s\n\nThis %s.\n\n", s->name, s->args, s->help);
        help_options(where, out);
        return;
    }
    fputs(
        "usage: patternscope [SCENARIO] [OPTIONS]\n"
        "       patternscope COMMAND …\n\n"
        "Watches a scenario in the terminal; without one there is a gallery to pick from. A\n"
        "scenario is an INI file, or the name of an installed one: worker_pool, lessons/T1.M3.\n\n",
        out);
    for (size_t i = 0; subcommands[i].name; i++)
        fprintf(out, "  %-7s %s\n", subcommands[i].name, subcommands[i].help);
    fputs("\nEach of them has --help (or: patternscope help COMMAND). Options when watching:\n\n",
          out);
    help_options(where, out);
    fputs("\nExit status: 0 done and [expect] held; 1 an expectation failed, explore found "
          "nothing, or\n"
          "streams differ; 2 bad usage, a missing file or a bad scenario; 3 the environment "
          "failed.\n",
          out);
}

int complain(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("patternscope: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return status;
}

int usage_error(unsigned where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("patternscope: ", stderr);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    const char *name = option_taker(where);
    fprintf(stderr, "\nTry: patternscope %s%s--help\n", name, *name ? " " : "");
    return STATUS_USAGE;
}

int one_operand(const struct args *a, unsigned where, const char *what)
{
    if (a->operands_n == 0)
        return usage_error(where, "%s is missing", what);
    if (a->operands_n > 1)
        return usage_error(where, "one %s is enough: what is '%s'?", what, a->operands[1]);
    return -1;
}

/* ---- values --------------------------------------------------------------------------------- */

static const char *take_choice(const char *value, const char *a, const char *b, bool *is_b)
{
    *is_b = strcmp(value, b) == 0;
    static _Thread_local char text[64];
    snprintf(text, sizeof text, "must be %s or %s", a, b);
    return *is_b || strcmp(value, a) == 0 ? NULL : text;
}

static const char *take_size(const char *value, int *cols, int *rows)
{
    char *end, *end2;
    long w = strtol(value, &end, 10);
    long h = *end == 'x' ? strtol(end + 1, &end2, 10) : 0;
    if (*end != 'x' || end == value || end2 == end + 1 || *end2 || w < 40 || w > 500 || h < 10 ||
        h > 200)
        return "must be COLUMNSxROWS, 40x10 to 500x200, such as 120x40";
    *cols = (int)w;
    *rows = (int)h;
    return NULL;
}

static const char *take_speed(const char *value, double *speed)
{
    const char *bad = value_float(value, speed);
    return !bad && (*speed < 0.01 || *speed > 100) ? "must be 0.01 to 100" : bad;
}

static const char *take_colors(const char *value, int *colors)
{
    static const int allowed[] = {0, 8, 16, 256};
    int64_t n;
    if (!value_int(value, &n))
        for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
            if (n == allowed[i]) {
                *colors = (int)n;
                return NULL;
            }
    return "must be 0, 8, 16 or 256";
}

static const char *take_theme(const char *value, const char **theme)
{
    *theme = value;
    return theme_find(value) ? NULL : "there is no such theme (see: patternscope list themes)";
}

static const char *take_seed(const char *value, struct run_options *o)
{
    int64_t seed = 0;
    const char *bad = value_int(value, &seed);
    if (!bad && seed < 0)
        bad = "must be 0 or more";
    o->seed_given = true;
    o->seed = (uint64_t)seed;
    return bad;
}

static void take_set(const char *value, struct run_options *o)
{
    o->sets = xrealloc(o->sets, (o->sets_n + 2) * sizeof *o->sets);
    o->sets[o->sets_n++] = value;
    o->sets[o->sets_n] = NULL;
}

/* In the order of time, whatever the order on the line. */
static const char *take_dump(const char *value, struct run_options *o)
{
    int64_t at = 0;
    const char *bad = value_duration(value, &at);
    o->dumps = xrealloc(o->dumps, (o->dumps_n + 1) * sizeof *o->dumps);
    size_t i = o->dumps_n++;
    for (; i && o->dumps[i - 1] > at; i--)
        o->dumps[i] = o->dumps[i - 1];
    o->dumps[i] = at;
    return bad;
}

/* NULL, or a sentence. */
static const char *take_file(const char *value, const char **file)
{
    *file = value;
    return *value ? NULL : "needs a name";
}

static const char *take_until(const char *value, int *until)
{
    for (int i = 0; i < DIAG_COUNT; i++)
        if (strcmp(diagnosis_names[i], value) == 0)
            *until = i;
    if (*until >= 0)
        return NULL;
    static _Thread_local char text[128];
    const char *near = str_nearest(value, diagnosis_names, DIAG_COUNT);
    snprintf(text, sizeof text, "there is no such diagnosis (%s%s%s)", near ? "did you mean '" : "",
             near ? near : "see: patternscope list diagnoses", near ? "'?" : "");
    return text;
}

static const char *take_policy(const char *value, int *policy)
{
    static const char *const names[] = {"random", "pct", "exhaustive"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i], value) == 0) {
            *policy = EXPLORE_RANDOM + (int)i;
            return NULL;
        }
    return "must be random, pct or exhaustive";
}

static const char *take_count(const char *value, int64_t most, int64_t *n)
{
    const char *bad = value_int(value, n);
    return bad || (*n >= 1 && *n <= most) ? bad
           : most <= 64                   ? "must be 1 to 64"
                                          : "must be 1 to 1000000000";
}

static const char *take(struct args *a, enum option_id id, const char *value)
{
    struct run_options *o = &a->run;
    bool second = false;
    const char *bad = NULL;
    switch (id) {
    case OPT_FOR:
        return value_duration(value, &o->for_ns);
    case OPT_SEED:
        return take_seed(value, o);
    case OPT_WORLD:
        bad = take_choice(value, "sim", "live", &second);
        o->world = second ? WORLD_LIVE : WORLD_SIM;
        return bad;
    case OPT_SPEED:
        return take_speed(value, &o->speed);
    case OPT_SET:
        take_set(value, o);
        return NULL;
    case OPT_CUES:
        bad = take_choice(value, "on", "off", &second);
        o->cues = !second;
        return bad;
    case OPT_RECORD:
        return take_file(value, &o->record);
    case OPT_EVENTS:
        return take_file(value, &o->events);
    case OPT_SUMMARY:
        return take_file(value, &o->summary);
    case OPT_DUMP_AT:
        return take_dump(value, o);
    case OPT_EXPLAIN:
        return take_count(value, INT64_C(1) << 62, &o->explain);
    case OPT_COLORS:
        return take_colors(value, &o->colors);
    case OPT_ASCII:
        o->ascii = true;
        return NULL;
    case OPT_NO_MOUSE:
        o->mouse = false;
        return NULL;
    case OPT_THEME:
        return take_theme(value, &o->theme);
    case OPT_PAUSED:
        o->paused = true;
        return NULL;
    case OPT_FORMAT:
        return take_file(value, &a->format);
    case OPT_OUTPUT:
        return take_file(value, &a->out);
    case OPT_SIZE:
        return take_size(value, &a->cols, &a->rows);
    case OPT_FROM:
        return value_duration(value, &a->from_ns);
    case OPT_TO:
        return value_duration(value, &a->to_ns);
    case OPT_UNTIL:
        return take_until(value, &a->until);
    case OPT_SEEDS:
        return take_count(value, 1000000000, &a->seeds);
    case OPT_POLICY:
        return take_policy(value, &a->policy);
    case OPT_DEPTH:
        return take_count(value, 64, &a->depth);
    case OPT_JSON:
        a->json = true;
        return NULL;
    case OPT_HELP:
    case OPT_VERSION:
    case OPT_COUNT:
        break;
    }
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------- */

/* The row of "name" (len bytes), or a letter; OPT_COUNT: none here. */
static enum option_id find(const char *name, size_t len, char letter, unsigned where)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *o = &option_rows[i];
        if (!(o->where & where))
            continue;
        if (letter ? o->letter == letter
                   : strlen(o->name) == len && strncmp(o->name, name, len) == 0)
            return (enum option_id)i;
    }
    return OPT_COUNT;
}

static int unknown(const char *word, unsigned where)
{
    const char *names[OPT_COUNT];
    size_t n = 0;
    for (size_t i = 0; i < OPT_COUNT; i++)
        if (option_rows[i].where & where)
            names[n++] = option_rows[i].name;
    const char *name = word + strspn(word, "-");
    char *bare = xstrndup(name, strcspn(name, "="));
    const char *near = strncmp(word, "--", 2) == 0 ? str_nearest(bare, names, n) : NULL;
    for (size_t i = 0; i < OPT_COUNT && !near; i++)
        if (strcmp(option_rows[i].name, bare) == 0) {
            free(bare);
            return usage_error(where, "'%s' is not taken here", word);
        }
    free(bare);
    if (near)
        return usage_error(where, "there is no option '%s' (did you mean '--%s'?)", word, near);
    return usage_error(where, "there is no option '%s'", word);
}

/* One option at argv[*i]; -1, or a status. */
static int option(struct args *a, unsigned where, int argc, char **argv, int *i)
{
    char *word = argv[*i];
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    size_t len = is_long ? strcspn(name, "=") : 1;
    enum option_id id = find(name, len, is_long ? 0 : *name, where);
    if (id == OPT_COUNT)
        return unknown(word, where);
    const struct option_row *o = &option_rows[id];
    const char *value = is_long && name[len] == '=' ? name + len + 1
                        : !is_long && name[1]       ? name + 1
                                                    : NULL;
    if (!o->argument && value)
        return usage_error(where, "--%s takes no value", o->name);
    if (o->argument && !value) {
        if (*i + 1 >= argc)
            return usage_error(where, "--%s needs %s", o->name, o->argument);
        value = argv[++*i];
    }
    if (id == OPT_HELP) {
        options_help(where, stdout);
        return STATUS_OK;
    }
    if (id == OPT_VERSION) {
        puts("patternscope " PATTERNSCOPE_VERSION);
        return STATUS_OK;
    }
    const char *bad = take(a, id, value);
    return bad ? usage_error(where, "--%s %s: %s", o->name, value, bad) : -1;
}

void run_options_init(struct run_options *o)
{
    *o = (struct run_options){.world = -1, .for_ns = -1, .cues = true, .colors = -1, .mouse = true};
}

void run_options_free(struct run_options *o)
{
    free(o->sets);
    free(o->dumps);
    o->dumps = NULL;
    o->dumps_n = 0;
    o->sets = NULL;
    o->sets_n = 0;
}

int args_parse(struct args *a, unsigned where, int argc, char **argv)
{
    *a = (struct args){
        .cols = 120, .rows = 40, .to_ns = -1, .until = -1, .policy = EXPLORE_BOTH, .seeds = 1000};
    run_options_init(&a->run);
    a->operands = xcalloc((size_t)argc + 1, sizeof *a->operands);
    bool only_operands = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (only_operands || word[0] != '-' || !word[1]) {
            a->operands[a->operands_n++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else {
            int status = option(a, where, argc, argv, &i);
            if (status >= 0)
                return status;
        }
    }
    return -1;
}

void args_free(struct args *a)
{
    run_options_free(&a->run);
    free(a->operands);
    a->operands = NULL;
}
