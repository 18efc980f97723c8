/* SPDX-License-Identifier: MIT */
/* The sections of a scenario that are not tables of parameters: layout, cues, expectations, keys,
 * notes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/command.h"
#include "control/keymap.h"
#include "control/scenario_inside.h"

enum { SECTIONS_MAX = 512 };
static const char *const special[] = {"layout", "expect", "keys", "notes"};

/* N of "cue.N", or -1. */
static int cue_number(const char *section)
{
    int64_t n;
    char again[32];
    if (strncmp(section, "cue.", 4) != 0 || value_int(section + 4, &n) || n < 0 || n > 1000000)
        return -1;
    snprintf(again, sizeof again, "cue.%d", (int)n);
    return strcmp(again, section) == 0 ? (int)n : -1; /* one number has one spelling */
}

static bool is_special(const char *section)
{
    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        if (strcmp(section, special[i]) == 0)
            return true;
    return cue_number(section) >= 0;
}

void parse_section(struct parse *p, const char *section)
{
    for (size_t i = 0; i < p->sections_n; i++)
        if (strcmp(p->sections[i].name, section) == 0)
            return;
    if (p->sections_n == SECTIONS_MAX) {
        if (!p->full)
            error_add(p->e, "more than %d sections", SECTIONS_MAX);
        p->full = true;
        return;
    }
    grow(&p->sections, &p->sections_cap, p->sections_n + 1, sizeof *p->sections);
    struct section_seen *seen = &p->sections[p->sections_n++];
    snprintf(seen->name, sizeof seen->name, "%s", section);
    seen->line = p->e->line;
}

void parse_sections_check(struct parse *p)
{
    if (!p->tables)
        return; /* without a pattern nobody can say which sections there are */
    for (size_t i = 0; i < p->sections_n; i++) {
        const char *name = p->sections[i].name;
        if (is_special(name) || parse_table(p, name))
            continue;
        const char *names[64] = {"scenario", "layout", "expect", "keys", "notes", "cue.1"};
        size_t n = 6;
        for (const struct param_table *const *t = p->tables; *t && n < ARRAY_LEN(names); t++)
            names[n++] = (*t)->section;
        const char *near = str_nearest(name, names, n);
        if (near)
            error_at(p->e, p->file, p->sections[i].line,
                     "unknown section [%s] (did you mean [%s]?)", name, near);
        else
            error_at(p->e, p->file, p->sections[i].line,
                     "unknown section [%s] (this pattern takes [%s])", name,
                     n > 6 ? names[6] : "scenario");
    }
}

/* ---- cues ------------------------------------------------------------------------------------ */

static struct cue *cue_get(struct parse *p, int number, int line)
{
    struct scenario *s = p->s;
    for (size_t i = 0; i < s->cues_n; i++)
        if (s->cues[i].number == number)
            return &s->cues[i];
    grow(&s->cues, &p->cues_cap, s->cues_n + 1, sizeof *s->cues);
    s->cues[s->cues_n] = (struct cue){.at_ns = -1, .number = number, .line = line};
    return &s->cues[s->cues_n++];
}

/* The pattern's word on an engine command; the screen's commands are good already. */
static const char *check_for_pattern(const struct parse *p, const char *text)
{
    struct command cmd;
    const char *bad = command_parse(text, &cmd);
    if (bad)
        return bad;
    bool engine = command_info[cmd.id].engine;
    command_free(&cmd);
    return engine && p->tables && p->schema->check_command
               ? p->schema->check_command(p->pattern, text)
               : NULL;
}

static void parse_cue(struct parse *p, int number, const struct setting *o)
{
    struct cue *c = cue_get(p, number, o->line);
    const char *bad = NULL;
    if (strcmp(o->key, "at") == 0) {
        bad = value_duration(o->value, &c->at_ns);
        if (bad)
            c->at_ns = 0;
    } else if (strcmp(o->key, "do") == 0) {
        struct command cmd;
        bad = command_parse(o->value, &cmd);
        if (!bad) {
            if (!command_info[cmd.id].cue)
                bad = "this command cannot stand in a cue (see: list commands)";
            command_free(&cmd);
        }
        if (!bad)
            bad = check_for_pattern(p, o->value);
        free(c->command);
        c->command = xstrdup(o->value);
    } else if (strcmp(o->key, "say") == 0) {
        free(c->caption);
        c->caption = xstrdup(o->value);
    } else {
        error_add(p->e, "unknown key '%s' in [%s] (a cue has at, do, say)", o->key, o->section);
    }
    if (bad)
        error_add(p->e, "%s = %s: %s", o->key, o->value, bad);
}

void parse_cues_check(struct parse *p)
{
    for (size_t i = 0; i < p->s->cues_n; i++) {
        struct cue *c = &p->s->cues[i];
        if (c->at_ns < 0) {
            error_at(p->e, p->file, c->line, "[cue.%d] has no 'at'", c->number);
            c->at_ns = 0;
        }
        if (!c->command && !c->caption)
            error_at(p->e, p->file, c->line, "[cue.%d] names nothing to do or say", c->number);
    }
}

/* ---- expectations ---------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    enum compare cmp;
} signs[] = {{"!=", CMP_NE}, {"<=", CMP_LE}, {">=", CMP_GE},
             {"<", CMP_LT},  {">", CMP_GT},  {"=", CMP_EQ}};

static void check_diagnoses(struct parse *p, const struct expectation *x)
{
    if (!*x->want || (x->cmp != CMP_EQ && x->cmp != CMP_NE)) {
        error_add(p->e, "diagnosis takes a list of kinds: = none, = leak, panic");
        return;
    }
    char *list = xstrdup(x->want), *rest = list, *word;
    while ((word = strsep(&rest, ","))) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        bool known = strcmp(word, "none") == 0;
        for (int i = 0; i < DIAG_COUNT && !known; i++)
            known = strcmp(word, diagnosis_names[i]) == 0;
        if (known)
            continue;
        const char *near = str_nearest(word, diagnosis_names, DIAG_COUNT);
        if (near)
            error_add(p->e, "no diagnosis '%s' (did you mean '%s'?)", word, near);
        else
            error_add(p->e, "no diagnosis '%s' (see: list diagnoses)", word);
    }
    free(list);
}

static void check_figure(struct parse *p, const char *path)
{
    if (!p->schema->is_figure || p->schema->is_figure(path))
        return;
    size_t n = 0;
    while (p->schema->figures && p->schema->figures[n])
        n++;
    const char *near = n ? str_nearest(path, p->schema->figures, n) : NULL;
    if (near)
        error_add(p->e, "no figure '%s' (did you mean '%s'?)", path, near);
    else
        error_add(p->e, "no figure '%s' (see: list figures)", path);
}

/* "< 250", "10..20" and the like take numbers; "= open" may take a word. */
static const char *check_wanted(const struct expectation *x)
{
    double low, high;
    enum quantity unit, unit_high;
    if (!*x->want || (x->want_high && !*x->want_high))
        return "needs a value: = 5, = != 3, = < 250, = 10..20";
    if (x->cmp == CMP_EQ || x->cmp == CMP_NE)
        return NULL;
    const char *bad = value_quantity(x->want, &low, &unit);
    if (bad || x->cmp != CMP_RANGE)
        return bad;
    bad = value_quantity(x->want_high, &high, &unit_high);
    if (!bad && (unit != unit_high || high < low))
        bad = "must be a range such as 10..20, of one unit and not empty";
    return bad;
}

/* Takes "figure by 8s" apart. */
static const char *read_figure(const char *key, struct expectation *x)
{
    const char *by = NULL;
    for (const char *c = key; (c = strstr(c, "by")); c += 2)
        if (c > key && (c[-1] == ' ' || c[-1] == '\t') && (c[2] == ' ' || c[2] == '\t'))
            by = c;
    size_t n = by ? (size_t)(by - key) : strlen(key);
    while (n && (key[n - 1] == ' ' || key[n - 1] == '\t'))
        n--;
    x->figure = xstrndup(key, n);
    return by ? value_duration(by + 3, &x->by_ns) : NULL;
}

static void read_wanted(const char *v, struct expectation *x)
{
    x->cmp = CMP_EQ;
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (strncmp(v, signs[i].sign, strlen(signs[i].sign)) == 0) {
            x->cmp = signs[i].cmp;
            v += strlen(signs[i].sign);
            break;
        }
    v += strspn(v, " \t");
    const char *dots = strstr(v, "..");
    if (!dots || x->cmp != CMP_EQ) {
        x->want = xstrdup(v);
        return;
    }
    x->cmp = CMP_RANGE;
    size_t n = (size_t)(dots - v);
    while (n && (v[n - 1] == ' ' || v[n - 1] == '\t'))
        n--;
    x->want = xstrndup(v, n);
    x->want_high = xstrdup(dots + 2 + strspn(dots + 2, " \t"));
}

static void parse_expect(struct parse *p, const struct setting *o)
{
    struct expectation x = {.by_ns = -1, .line = o->line};
    const char *bad = read_figure(o->key, &x);
    read_wanted(o->value, &x);
    x.source = xasprintf("%s = %s", o->key, o->value);
    if (!bad && strcmp(x.figure, "diagnosis") == 0)
        check_diagnoses(p, &x);
    else if (!bad)
        check_figure(p, x.figure);
    if (!bad && strcmp(x.figure, "diagnosis") != 0)
        bad = check_wanted(&x);
    if (bad)
        error_add(p->e, "%s: %s", x.source, bad);
    grow(&p->s->expects, &p->expects_cap, p->s->expects_n + 1, sizeof *p->s->expects);
    p->s->expects[p->s->expects_n++] = x;
}

/* ---- keys, layout, notes --------------------------------------------------------------------- */

static void parse_key(struct parse *p, const struct setting *o)
{
    struct keymap *m = keymap_create();
    const char *bad = keymap_bind(m, o->key, o->value);
    keymap_free(m);
    if (!bad && *o->value)
        bad = check_for_pattern(p, o->value);
    uint32_t key = key_parse(o->key);
    for (size_t i = 0; i < p->keys_n && key && !bad; i++)
        if (p->keys[i] == key)
            bad = "this key is bound above, by another of its names";
    if (bad)
        error_add(p->e, "%s = %s: %s", o->key, o->value, bad);
    grow(&p->keys, &p->keys_cap, p->keys_n + 1, sizeof *p->keys);
    p->keys[p->keys_n++] = key;
}

static void parse_layout(struct parse *p, const struct setting *o)
{
    if (strcmp(o->key, "rows") != 0) {
        error_add(p->e, "unknown key '%s' in [layout] (there is: rows)", o->key);
        return;
    }
    const char *bad = p->schema->check_layout ? p->schema->check_layout(o->value) : NULL;
    if (bad)
        error_add(p->e, "rows = %s: %s", o->value, bad);
    free(p->s->layout);
    p->s->layout = xstrdup(o->value);
}

void parse_special(struct parse *p, const struct setting *o)
{
    int number = cue_number(o->section);
    if (number >= 0) {
        parse_cue(p, number, o);
    } else if (strcmp(o->section, "expect") == 0) {
        parse_expect(p, o);
    } else if (strcmp(o->section, "layout") == 0) {
        parse_layout(p, o);
    } else if (strcmp(o->section, "keys") == 0) {
        parse_key(p, o);
    } else if (strcmp(o->section, "notes") == 0) {
        if (!parse_note_key(o->key))
            error_add(p->e,
                      "unknown key '%s' in [notes] (there are watch, press, change, question, "
                      "answer)",
                      o->key);
    } else if (p->tables && o->line == 0) {
        error_add(p->e, "unknown section [%s]", o->section);
    }
}
