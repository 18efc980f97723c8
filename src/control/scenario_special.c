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

static const char *const special[] = {"layout", "expect", "keys", "notes"};

/* N of "cue.N", or -1. */
static int cue_number(const char *section)
{
    int64_t n;
    if (strncmp(section, "cue.", 4) != 0 || value_int(section + 4, &n) || n < 0 || n > 1000000)
        return -1;
    return (int)n;
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
    if (p->sections_n >= 4096)
        return;
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
                     "unknown section [%s] (this pattern takes [%s])", name, names[6]);
    }
}

/* ---- cues ---------------------------------------------------------------------------------------
 */

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

static void parse_cue(struct parse *p, int number, const struct setting *o)
{
    struct cue *c = cue_get(p, number, o->line);
    const char *bad = NULL;
    if (strcmp(o->key, "at") == 0) {
        bad = value_duration(o->value, &c->at_ns);
    } else if (strcmp(o->key, "do") == 0) {
        struct command cmd;
        bad = command_parse(o->value, &cmd);
        if (!bad) {
            if (!command_info[cmd.id].cue)
                bad = "this command cannot stand in a cue (see: list commands)";
            command_free(&cmd);
        }
        const char *pattern = "";
        for (size_t i = 0; i < p->s->settings_n; i++)
            if (strcmp(p->s->settings[i].section, "scenario") == 0 &&
                strcmp(p->s->settings[i].key, "pattern") == 0)
                pattern = p->s->settings[i].value;
        if (!bad && p->tables)
            bad = p->schema->check_command(pattern, o->value);
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

/* ---- expectations
 * --------------------------------------------------------------------------------- */

static const struct {
    const char *sign;
    enum compare cmp;
} signs[] = {{"!=", CMP_NE}, {"<=", CMP_LE}, {">=", CMP_GE},
             {"<", CMP_LT},  {">", CMP_GT},  {"=", CMP_EQ}};

static void check_diagnoses(struct parse *p, const char *value)
{
    char *list = xstrdup(value), *rest = list, *word;
    while ((word = strsep(&rest, ","))) {
        word += strspn(word, " ");
        word[strcspn(word, " ")] = '\0';
        bool known = strcmp(word, "none") == 0;
        for (int i = 0; i < DIAG_COUNT && !known; i++)
            known = strcmp(word, diagnosis_names[i]) == 0;
        if (!known) {
            const char *near = str_nearest(word, diagnosis_names, DIAG_COUNT);
            if (near)
                error_add(p->e, "no diagnosis '%s' (did you mean '%s'?)", word, near);
            else
                error_add(p->e, "no diagnosis '%s' (see: list diagnoses)", word);
        }
    }
    free(list);
}

static void parse_expect(struct parse *p, const struct setting *o)
{
    struct expectation x = {.by_ns = -1, .line = o->line};
    const char *by = strstr(o->key, " by ");
    x.figure = by ? xstrndup(o->key, (size_t)(by - o->key)) : xstrdup(o->key);
    const char *bad = by ? value_duration(by + 4, &x.by_ns) : NULL;
    const char *v = o->value;
    x.cmp = CMP_EQ;
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        if (strncmp(v, signs[i].sign, strlen(signs[i].sign)) == 0) {
            x.cmp = signs[i].cmp;
            v += strlen(signs[i].sign);
            break;
        }
    v += strspn(v, " \t");
    const char *dots = strstr(v, "..");
    if (dots && x.cmp == CMP_EQ) {
        x.cmp = CMP_RANGE;
        x.want = xstrndup(v, (size_t)(dots - v));
        x.want_high = xstrdup(dots + 2);
    } else {
        x.want = xstrdup(v);
    }
    x.source = xasprintf("%s = %s", o->key, o->value);
    if (bad)
        error_add(p->e, "%s: %s", o->key, bad);
    else if (!*x.want || (x.want_high && !*x.want_high))
        error_add(p->e, "%s needs a value: = 5, != 3, < 250, 10..20", o->key);
    else if (strcmp(x.figure, "diagnosis") == 0)
        check_diagnoses(p, x.want);
    else if (!p->schema->is_figure(x.figure)) {
        size_t n = 0;
        while (p->schema->figures[n])
            n++;
        const char *near = str_nearest(x.figure, p->schema->figures, n);
        if (near)
            error_add(p->e, "no figure '%s' (did you mean '%s'?)", x.figure, near);
        else
            error_add(p->e, "no figure '%s' (see: list figures)", x.figure);
    }
    grow(&p->s->expects, &p->expects_cap, p->s->expects_n + 1, sizeof *p->s->expects);
    p->s->expects[p->s->expects_n++] = x;
}

void parse_special(struct parse *p, const struct setting *o)
{
    int number = cue_number(o->section);
    if (number >= 0) {
        parse_cue(p, number, o);
    } else if (strcmp(o->section, "expect") == 0) {
        parse_expect(p, o);
    } else if (strcmp(o->section, "layout") == 0) {
        if (strcmp(o->key, "rows") == 0) {
            free(p->s->layout);
            p->s->layout = xstrdup(o->value);
        } else {
            error_add(p->e, "unknown key '%s' in [layout] (there is: rows)", o->key);
        }
    } else if (strcmp(o->section, "keys") == 0) {
        struct keymap *m = keymap_create();
        const char *bad = keymap_bind(m, o->key, o->value);
        if (bad)
            error_add(p->e, "%s = %s: %s", o->key, o->value, bad);
        keymap_free(m);
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
