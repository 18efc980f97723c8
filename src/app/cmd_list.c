/* SPDX-License-Identifier: MIT */
/* patternscope list: what there is, from the tables that the program itself works by. */
#include <string.h>

#include "app/cmd.h"
#include "app/list_table.h"
#include "app/options.h"
#include "control/command.h"
#include "control/keymap.h"
#include "detect/detect.h"
#include "export/export.h"
#include "model/figures.h"
#include "patterns/pattern.h"
#include "policies/policies.h"
#include "views/theme.h"
#include "views/view.h"

static void columns(struct list_table *t, const char *a, const char *b, const char *c,
                    const char *d, const char *e)
{
    const char *names[] = {a, b, c, d, e};
    for (t->columns = 0; t->columns < ARRAY_LEN(names) && names[t->columns]; t->columns++)
        t->column[t->columns] = names[t->columns];
}

static void row2(struct list_table *t, const char *name, const char *help)
{
    list_row(t);
    list_cell(t, name, NULL);
    list_cell(t, help ? help : "", NULL);
}

static void list_patterns(struct list_table *t)
{
    columns(t, "name", "title", NULL, NULL, NULL);
    for (size_t i = 0; patterns[i]; i++)
        row2(t, patterns[i]->name, patterns[i]->title);
}

static void add_params(struct list_table *t, const struct param_table *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct param *r = &p->rows[i];
        char text[512];
        list_row(t);
        snprintf(text, sizeof text, "%s.%s", p->section, r->name);
        list_cell(t, text, NULL);
        bool empty = !r->def || !*r->def;
        list_cell(t, empty ? "(empty)" : r->def, empty ? "\"\"" : NULL);
        param_allowed(r, text, sizeof text);
        list_cell(t, text, NULL);
        list_cell(t, r->live ? "live" : "restart", NULL);
        list_cell(t, r->help, NULL);
    }
}

static int list_params(struct list_table *t, const char *pattern)
{
    columns(t, "name", "default", "allowed", "changes", "help");
    const struct pattern *p = pattern ? pattern_find(pattern) : NULL;
    if (pattern && !p) {
        size_t n = 0;
        while (app_schema.patterns[n])
            n++;
        const char *near = str_nearest(pattern, app_schema.patterns, n);
        if (near)
            return usage_error(IN_LIST, "there is no pattern '%s' (did you mean '%s'?)", pattern,
                               near);
        return usage_error(IN_LIST, "there is no pattern '%s' (see: patternscope list patterns)",
                           pattern);
    }
    add_params(t, &scenario_table);
    for (size_t i = 0; patterns[i]; i++)
        for (size_t k = 0; (!p || p == patterns[i]) && patterns[i]->tables[k]; k++)
            add_params(t, patterns[i]->tables[k]);
    return -1;
}

static void list_panels(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (size_t i = 0; views[i]; i++)
        row2(t, views[i]->name, views[i]->help);
}

static void list_keys(struct list_table *t)
{
    columns(t, "key", "command", "help", NULL, NULL);
    struct keymap *map = keymap_create();
    for (size_t i = 0; i < keymap_count(map); i++) {
        const struct key_row *r = keymap_row(map, i);
        char name[32];
        key_name(r->key, name, sizeof name);
        list_row(t);
        list_cell(t, name, NULL);
        list_cell(t, r->command, NULL);
        list_cell(t, r->help ? r->help : "", NULL);
    }
    keymap_free(map);
}

static void list_commands(struct list_table *t)
{
    columns(t, "name", "arguments", "where", "help", NULL);
    for (int i = 0; i < CMD_COUNT; i++) {
        list_row(t);
        list_cell(t, command_info[i].name, NULL);
        list_cell(t, command_info[i].args, NULL);
        list_cell(t, command_info[i].cue ? "key, cue" : "key", NULL);
        list_cell(t, command_info[i].help, NULL);
    }
}

/* "task", "op (send recv close drop)"; with a table of names, what it may be. */
static void add_field(const struct event_field *f, struct str *text, struct str *json)
{
    str_addf(text, "%s%s", text->len ? ", " : "", f->name);
    str_addf(json, "%s{\"name\":\"%s\"", json->len > 1 ? "," : "", f->name);
    if (f->type == FT_ENUM) {
        str_add(text, " (");
        str_add(json, ",\"values\":[");
        for (const char *const *v = f->names; *v; v++) {
            str_addf(text, "%s%s", v > f->names ? " " : "", *v);
            str_addf(json, "%s\"%s\"", v > f->names ? "," : "", *v);
        }
        str_addc(text, ')');
        str_addc(json, ']');
    }
    str_addc(json, '}');
}

static void list_events(struct list_table *t)
{
    columns(t, "name", "help", "fields", NULL, NULL);
    for (int i = 0; i < EV_COUNT; i++) {
        struct str text = {0}, json = {0};
        str_addc(&json, '[');
        for (int k = 0; k < EVENT_FIELDS && event_info[i].fields[k].name; k++)
            add_field(&event_info[i].fields[k], &text, &json);
        str_addc(&json, ']');
        row2(t, event_info[i].name, event_info[i].help);
        list_cell(t, text.len ? text.data : "", json.data);
        str_free(&text);
        str_free(&json);
    }
}

static void list_figures(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (size_t i = 0; figure_paths[i]; i++)
        row2(t, figure_paths[i], figure_help(i));
    row2(t, "diagnosis", "the set of kinds raised, for [expect]: none, or leak, deadlock …");
}

static void list_diagnoses(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (int i = 0; i < DIAG_COUNT; i++)
        row2(t, diagnosis_names[i], diagnosis_help[i]);
}

static void list_exports(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (size_t i = 0; exporters[i]; i++)
        row2(t, exporters[i]->name, exporters[i]->help);
}

static void list_presets(struct list_table *t)
{
    columns(t, "name", "section", "sets", "help", NULL);
    for (size_t i = 0; policy_tables[i]; i++)
        for (size_t k = 1; k < policy_tables[i]->presets_n; k++) {
            const struct param_preset *p = &policy_tables[i]->presets[k];
            list_row(t);
            list_cell(t, p->name, NULL);
            list_cell(t, policy_tables[i]->section, NULL);
            list_cell(t, p->values, NULL);
            list_cell(t, p->help, NULL);
        }
}

static void list_names(struct list_table *t, bool lessons)
{
    columns(t, "name", "title", NULL, NULL, NULL);
    struct catalog c;
    catalog_load(&c);
    for (size_t i = 0; i < c.n; i++)
        if (c.item[i].lesson == lessons)
            row2(t, c.item[i].name, c.item[i].title);
    catalog_free(&c);
}

static void list_scenarios(struct list_table *t)
{
    list_names(t, false);
}

static void list_lessons(struct list_table *t)
{
    list_names(t, true);
}

static void list_themes(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (size_t i = 0; i < themes_n; i++)
        row2(t, themes[i].name, themes[i].help);
}

static const struct {
    const char *name;
    void (*list)(struct list_table *t); /* NULL: params, which takes a pattern */
    const char *help;
} whats[] = {
    {"patterns", list_patterns, "what a scenario's `pattern` may be"},
    {"params", NULL, "parameters: of one PATTERN, or all"},
    {"panels", list_panels, "what a [layout] may name"},
    {"keys", list_keys, "keys and what they are bound to"},
    {"commands", list_commands, "what keys, cues and the prompt can say"},
    {"events", list_events, "kinds of events and their fields"},
    {"figures", list_figures, "what [expect] and the summary name"},
    {"diagnoses", list_diagnoses, "what detectors find"},
    {"exports", list_exports, "formats of `export`"},
    {"presets", list_presets, "what a `preset` may be"},
    {"scenarios", list_scenarios, "installed scenarios"},
    {"lessons", list_lessons, "installed lessons: a mistake each, and its repaired twin"},
    {"themes", list_themes, "colours"},
};

static int unknown(const char *what)
{
    const char *names[ARRAY_LEN(whats)];
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        names[i] = whats[i].name;
    const char *near = str_nearest(what, names, ARRAY_LEN(whats));
    if (near)
        return usage_error(IN_LIST, "there is no list of '%s' (did you mean '%s'?)", what, near);
    struct str all = {0};
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        str_addf(&all, "%s%s", i ? ", " : "", whats[i].name);
    int status = usage_error(IN_LIST, "there is no list of '%s': there are %s", what, all.data);
    str_free(&all);
    return status;
}

/* `list` alone. */
static void list_whats(struct list_table *t)
{
    columns(t, "name", "help", NULL, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        row2(t, whats[i].name, whats[i].help);
}

/* -1: it is in the table. */
static int fill(struct list_table *t, const struct args *a)
{
    if (!a->operands_n) {
        list_whats(t);
        return -1;
    }
    const char *what = a->operands[0], *more = a->operands[1];
    for (size_t i = 0; i < ARRAY_LEN(whats); i++) {
        if (strcmp(whats[i].name, what) != 0)
            continue;
        if (a->operands_n > (whats[i].list ? 1 : 2))
            return usage_error(IN_LIST, "what is '%s'?", a->operands[a->operands_n - 1]);
        if (!whats[i].list)
            return list_params(t, more);
        whats[i].list(t);
        return -1;
    }
    return unknown(what);
}

int cmd_list(int argc, char **argv)
{
    struct args a;
    struct list_table t = {0};
    int status = args_parse(&a, IN_LIST, argc, argv);
    if (status < 0)
        status = fill(&t, &a);
    if (status < 0) {
        list_print(&t, a.json, stdout);
        status = fflush(stdout) == 0 ? STATUS_OK
                                     : complain(STATUS_ENVIRONMENT, "the list cannot be written");
    }
    list_free(&t);
    args_free(&a);
    return status;
}
