/* SPDX-License-Identifier: MIT */
/* Scenario files: from text to checked settings.
 *
 * Three passes: collect every key = value with its line (ini_text.c); check each against the table
 * that its section belongs to; read what has a form of its own (cues, expectations, keys, notes).
 * All errors are collected, none stops the others. */
#include "control/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/ini_text.h"
#include "control/scenario_inside.h"

static const char *const world_choices[] = {"live", "sim", NULL};
static const char *const schedule_choices[] = {"fifo", "random", "pct", "replay", NULL};

#define ROW(f, t, d, lo, hi, ...)                                                                  \
    {                                                                                              \
        .name = #f, .type = t, .offset = offsetof(struct scenario_params, f), .def = d, .min = lo, \
        .max = hi, __VA_ARGS__                                                                     \
    }
static const struct param scenario_rows[] = {
    ROW(title, PT_TEXT, "", 0, 0, .unit = "", .help = "what the top line says"),
    ROW(pattern, PT_TEXT, "", 0, 0, .unit = "", .help = "which pattern: see list patterns"),
    ROW(world, PT_CHOICE, "live", 0, 0, .choices = world_choices, .unit = "",
        .help = "live: threads and the real clock; sim: virtual time, the same run every time"),
    ROW(seed, PT_INT, "1", 0, 9e18, .unit = "", .help = "of all random streams"),
    ROW(procs, PT_INT, "4", 0, 64, .unit = "processors",
        .help = "sim: virtual processors; 0 = no limit"),
    ROW(schedule, PT_CHOICE, "fifo", 0, 0, .choices = schedule_choices, .unit = "",
        .help = "sim: which runnable task goes next"),
    ROW(depth, PT_INT, "3", 1, 64, .unit = "events",
        .help = "schedule = pct: how many events must come in one order for the bug to show"),
    ROW(points, PT_INT, "1000", 1, 4e9, .unit = "points",
        .help = "schedule = pct: about how many operations the run has"),
    ROW(choices, PT_TEXT, "", 0, 0, .unit = "",
        .help = "schedule = replay: TASK.POINT>TASK …, where it is not as fifo (see: explore)"),
    ROW(speed, PT_FLOAT, "1.0", 0.01, 100, .live = true, .unit = "x",
        .help = "scenario seconds per wall second"),
    {.name = "for",
     .type = PT_DURATION,
     .offset = offsetof(struct scenario_params, for_ns),
     .def = "0",
     .unit = "ns",
     .help = "how long; 0 = until stopped, or until limited traffic has ended"},
};
const struct param_table scenario_table = {
    .section = "scenario",
    .help = "what runs, where and for how long",
    .rows = scenario_rows,
    .n = ARRAY_LEN(scenario_rows),
    .size = sizeof(struct scenario_params),
};

static const char *const note_keys[] = {"watch", "press", "change", "question", "answer"};
static const char *const note_labels[] = {"Watch", "Press", "Change", "Question", "Answer"};

/* Far more than a scenario has; what is looked up one by one stays quick for hostile files too. */
enum { SETTINGS_MAX = 4000 };

/* ---- collecting ------------------------------------------------------------------------------ */

static void add_setting(struct parse *p, const char *section, const char *key, const char *value,
                        int line)
{
    struct scenario *s = p->s;
    grow(&s->settings, &p->settings_cap, s->settings_n + 1, sizeof *s->settings);
    s->settings[s->settings_n++] =
        (struct setting){xstrdup(section), xstrdup(key), xstrdup(value), line};
}

/* Is the text after " ;" part of a sentence? */
static bool is_text(const char *section, const char *key)
{
    return strcmp(key, "say") == 0 || strcmp(key, "title") == 0 || strcmp(section, "notes") == 0;
}

static void take(void *arg, const char *section, const char *key, const char *value, int line,
                 bool cut)
{
    struct parse *p = arg;
    p->e->line = line;
    if (!key) {
        parse_section(p, section);
        return;
    }
    if (!*section) {
        error_add(p->e, "'%s' stands before the first [section]", key);
        return;
    }
    if (p->full) /* refused in any case */
        return;
    if (cut && is_text(section, key))
        error_add(p->e, "the text after ';' would be lost as a comment: write ',' instead");
    const struct scenario *s = p->s;
    for (size_t i = 0; i < s->settings_n; i++) {
        const struct setting *o = &s->settings[i];
        if (strcmp(o->section, section) == 0 && strcmp(o->key, key) == 0) {
            error_add(p->e, "'%s' set again (first on line %d)", key, o->line);
            return;
        }
    }
    if (s->settings_n == SETTINGS_MAX) {
        error_add(p->e, "more than %d settings", SETTINGS_MAX);
        p->full = true;
        return;
    }
    add_setting(p, section, key, value, line);
}

/* Where the section ends in "section.key": at the last dot, but a figure's path and a key's name
 * may have dots of their own. */
static const char *section_end(const char *option, size_t n)
{
    static const char *const dotted[] = {"expect.", "keys."};
    for (size_t i = 0; i < ARRAY_LEN(dotted); i++)
        if (strncmp(option, dotted[i], strlen(dotted[i])) == 0)
            return option + strlen(dotted[i]) - 1;
    return memrchr(option, '.', n);
}

static void set_option(struct parse *p, const char *section, const char *key, const char *value)
{
    for (size_t i = 0; i < p->s->settings_n; i++) {
        struct setting *o = &p->s->settings[i];
        if (strcmp(o->section, section) != 0 || strcmp(o->key, key) != 0)
            continue;
        free(o->value);
        o->value = xstrdup(value);
        o->line = 0;
        return;
    }
    add_setting(p, section, key, value, 0);
}

static char *trimmed(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return xstrndup(from, (size_t)(to - from));
}

static void take_option(struct parse *p, const char *option)
{
    const char *eq = strchr(option, '=');
    const char *dot = eq ? section_end(option, (size_t)(eq - option)) : NULL;
    if (!dot || dot == option || dot + 1 == eq || !utf8_valid(option, strlen(option))) {
        char *file = xasprintf("--set %s", option);
        error_at(p->e, file, 0, "must be SECTION.KEY=VALUE, such as worker_pool.workers=8");
        free(file);
        return;
    }
    char *section = trimmed(option, dot), *key = trimmed(dot + 1, eq);
    char *value = trimmed(eq + 1, eq + strlen(eq));
    set_option(p, section, key, value);
    free(section);
    free(key);
    free(value);
}

void parse_at(struct parse *p, const struct setting *o)
{
    static _Thread_local char option[400];
    p->e->line = o->line;
    p->e->file = p->file;
    if (!o->line) {
        snprintf(option, sizeof option, "--set %.80s.%.80s=%.200s", o->section, o->key, o->value);
        p->e->file = option;
    }
}

/* ---- checking against the tables ------------------------------------------------------------- */

static bool table_takes(const struct param_table *t, const char *section)
{
    size_t n = strlen(t->section);
    if (strcmp(t->section, section) == 0)
        return true;
    return t->repeats && strncmp(section, t->section, n) == 0 && section[n] == '.' &&
           section[n + 1];
}

const struct param_table *parse_table(const struct parse *p, const char *section)
{
    if (table_takes(&scenario_table, section))
        return &scenario_table;
    for (const struct param_table *const *t = p->tables; t && *t; t++)
        if (table_takes(*t, section))
            return *t;
    return NULL;
}

static void unknown_key(struct parse *p, const struct param_table *t, const struct setting *o)
{
    const char *names[256];
    size_t n = 0;
    for (; n < t->n && n < ARRAY_LEN(names); n++)
        names[n] = t->rows[n].name;
    const char *near = str_nearest(o->key, names, n);
    for (const struct param_table *const *other = p->tables; other && *other; other++)
        if (*other != t && param_find(*other, o->key)) {
            error_add(p->e, "unknown key '%s' in [%s] (it belongs to [%s])", o->key, o->section,
                      (*other)->section);
            return;
        }
    if (near)
        error_add(p->e, "unknown key '%s' in [%s] (did you mean '%s'?)", o->key, o->section, near);
    else
        error_add(p->e, "unknown key '%s' in [%s] (see: list params)", o->key, o->section);
}

static void check_param(struct parse *p, const struct param_table *t, const struct setting *o)
{
    const struct param *row = param_find(t, o->key);
    if (!row) {
        unknown_key(p, t, o);
        return;
    }
    void *scratch = xcalloc(1, t->size);
    const char *bad = param_set(row, scratch, o->value);
    if (bad)
        error_add(p->e, "%s = %s: %s", o->key, o->value, bad);
    free(scratch);
}

static void find_pattern(struct parse *p)
{
    const struct setting *named = NULL;
    for (size_t i = 0; i < p->s->settings_n; i++) {
        const struct setting *o = &p->s->settings[i];
        if (strcmp(o->section, "scenario") == 0 && strcmp(o->key, "pattern") == 0)
            named = o;
    }
    size_t n = 0;
    while (p->schema->patterns[n])
        n++;
    if (!named) {
        error_at(p->e, p->file, 1, "[scenario] needs a pattern (see: list patterns)");
        return;
    }
    p->tables = p->schema->tables(named->value);
    p->pattern = named->value;
    if (p->tables)
        return;
    const char *near = str_nearest(named->value, p->schema->patterns, n);
    parse_at(p, named);
    if (!near) {
        error_add(p->e, "no pattern '%s' (see: list patterns)", named->value);
        return;
    }
    /* The rest is checked as if it were that one, so that all errors are told at once. */
    error_add(p->e, "no pattern '%s' (did you mean '%s'?)", named->value, near);
    p->tables = p->schema->tables(near);
    p->pattern = near;
}

static void check_settings(struct parse *p)
{
    for (size_t i = 0; i < p->s->settings_n; i++) {
        const struct setting *o = &p->s->settings[i];
        const struct param_table *t = parse_table(p, o->section);
        parse_at(p, o);
        if (t)
            check_param(p, t, o);
        else
            parse_special(p, o);
    }
    p->e->file = p->file;
}

static void join_notes(struct scenario *s)
{
    struct str text = {0};
    for (size_t k = 0; k < ARRAY_LEN(note_keys); k++)
        for (size_t i = 0; i < s->settings_n; i++)
            if (strcmp(s->settings[i].section, "notes") == 0 &&
                strcmp(s->settings[i].key, note_keys[k]) == 0)
                str_addf(&text, "%s: %s\n", note_labels[k], s->settings[i].value);
    s->notes = text.data;
}

bool parse_note_key(const char *key)
{
    for (size_t k = 0; k < ARRAY_LEN(note_keys); k++)
        if (strcmp(key, note_keys[k]) == 0)
            return true;
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct cue *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->number - y->number;
}

struct scenario *scenario_parse(const char *name, const char *path, const char *text, size_t len,
                                const struct schema *schema, const char *const *sets,
                                struct errors *e)
{
    size_t before = e->total;
    struct scenario *s = xcalloc(1, sizeof *s);
    struct parse p = {.s = s, .schema = schema, .e = e, .file = path ? path : name};
    s->name = xstrdup(name);
    s->path = path ? xstrdup(path) : NULL;
    s->text = xmalloc(len + 1);
    memcpy(s->text, text, len);
    s->text[len] = '\0';
    s->text_len = len;
    e->file = p.file;
    ini_text_parse(text, len, take, &p, e);
    for (; sets && *sets; sets++)
        take_option(&p, *sets);
    find_pattern(&p);
    parse_sections_check(&p);
    check_settings(&p);
    parse_cues_check(&p);
    join_notes(s);
    if (s->cues_n)
        qsort(s->cues, s->cues_n, sizeof *s->cues, by_time);
    free(p.sections);
    free(p.keys);
    if (e->total > before) {
        scenario_free(s);
        return NULL;
    }
    void *block = scenario_block(s, &scenario_table, "scenario");
    memcpy(&s->params, block, sizeof s->params);
    free(block);
    return s;
}

/* Opens a regular file for reading, or says why not. Never waits (a FIFO would make open() wait).
 */
static FILE *open_regular(const char *path, struct errors *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *f = NULL;
    if (fd < 0 || fstat(fd, &st) != 0)
        error_at(e, path, 0, "cannot be read: %s", strerror(errno));
    else if (S_ISDIR(st.st_mode))
        error_at(e, path, 0, "a directory, not a scenario");
    else if (!S_ISREG(st.st_mode))
        error_at(e, path, 0, "not a regular file");
    else if (st.st_size > INI_TEXT_MAX)
        error_at(e, path, 0, "longer than 1 MiB: not a scenario");
    else
        f = fdopen(fd, "rb");
    if (!f && fd >= 0)
        close(fd);
    return f;
}

struct scenario *scenario_read(const char *path, const struct schema *schema,
                               const char *const *sets, struct errors *e)
{
    FILE *f = open_regular(path, e);
    if (!f)
        return NULL;
    char *text = xmalloc((size_t)INI_TEXT_MAX + 1);
    size_t n = fread(text, 1, (size_t)INI_TEXT_MAX + 1, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    struct scenario *s = NULL;
    if (failed)
        error_at(e, path, 0, "cannot be read (input error)");
    else
        s = scenario_parse(path, path, text, n, schema, sets, e);
    free(text);
    return s;
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->settings_n; i++) {
        free(s->settings[i].section);
        free(s->settings[i].key);
        free(s->settings[i].value);
    }
    for (size_t i = 0; i < s->cues_n; i++) {
        free(s->cues[i].command);
        free(s->cues[i].caption);
    }
    for (size_t i = 0; i < s->expects_n; i++) {
        free(s->expects[i].figure);
        free(s->expects[i].want);
        free(s->expects[i].want_high);
        free(s->expects[i].source);
    }
    free(s->settings);
    free(s->cues);
    free(s->expects);
    free(s->layout);
    free(s->notes);
    free(s->name);
    free(s->path);
    free(s->text);
    free(s);
}

enum world scenario_world(const struct scenario *s)
{
    return s->params.world == 1 ? WORLD_SIM : WORLD_LIVE;
}

size_t scenario_sections(const struct scenario *s, const struct param_table *t, const char ***names,
                         bool *own)
{
    const char **list = xcalloc(s->settings_n + 1, sizeof *list);
    size_t n = 0, len = strlen(t->section);
    list[n++] = t->section;
    bool written = false;
    for (size_t i = 0; i < s->settings_n; i++) {
        const char *section = s->settings[i].section;
        if (strncmp(section, t->section, len) != 0)
            continue;
        written |= !section[len];
        bool known = !t->repeats || section[len] != '.';
        for (size_t k = 1; k < n && !known; k++)
            known = strcmp(list[k], section) == 0;
        if (!known)
            list[n++] = section;
    }
    *own = written || n == 1;
    *names = list;
    return n;
}

void *scenario_block(const struct scenario *s, const struct param_table *t, const char *section)
{
    void *block = xcalloc(1, t->size);
    param_defaults(t, block);
    for (size_t i = 0; t->presets && i < s->settings_n; i++)
        if (strcmp(s->settings[i].section, section) == 0 &&
            strcmp(s->settings[i].key, "preset") == 0)
            param_preset(t, block, s->settings[i].value);
    for (size_t i = 0; i < s->settings_n; i++) {
        const struct param *row =
            strcmp(s->settings[i].section, section) == 0 ? param_find(t, s->settings[i].key) : NULL;
        if (row)
            param_set(row, block, s->settings[i].value);
    }
    return block;
}
