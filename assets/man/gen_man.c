/* SPDX-License-Identifier: MIT */
/* Build tool: fills the tables of the program into a man page's template, so that the pages cannot
 * drift from what the program knows.
 *
 *     gen-man TEMPLATE >PAGE
 *
 * A line of the template that is only @NAME@ is replaced by that table; @VERSION@ stands anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#include "app/app.h"
#include "app/options.h"
#include "base/diag.h"
#include "control/command.h"
#include "control/keymap.h"
#include "control/scenario.h"
#include "detect/detect.h"
#include "event/event.h"
#include "export/export.h"
#include "model/figures.h"
#include "patterns/pattern.h"
#include "views/theme.h"
#include "views/view.h"

/* Text for roff: hyphens that may be copied, no accidental requests, no escapes. */
static void text(const char *s)
{
    for (; s && *s; s++) {
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else if (*s == '\'')
            fputs("\\(aq", stdout);
        else if (*s == '\n')
            putchar(' ');
        else
            putchar(*s);
    }
}

static void entry(const char *term, const char *argument, const char *help)
{
    fputs(".TP\n\\fB", stdout);
    text(term);
    fputs("\\fR", stdout);
    if (argument && *argument) {
        fputs(" \\fI", stdout);
        text(argument);
        fputs("\\fR", stdout);
    }
    fputs("\n\\&", stdout);
    text(help);
    putchar('\n');
}

static void all_subcommands(void)
{
    for (size_t i = 0; subcommands[i].name; i++)
        entry(subcommands[i].name, subcommands[i].args, subcommands[i].help);
}

/* Who takes the option, unless everybody does. */
static void takers(const struct option_row *o)
{
    const char *before = "(";
    for (unsigned bit = 1; o->where != IN_ALL && bit <= o->where; bit *= 2) {
        if (!(o->where & bit))
            continue;
        const char *name = option_taker(bit);
        printf("%s%s", before, *name ? name : "watching");
        before = ", ";
    }
    if (o->where != IN_ALL)
        puts(")");
}

static void options(void)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *o = &option_rows[i];
        char name[64];
        if (o->letter)
            snprintf(name, sizeof name, "-%c, --%s", o->letter, o->name);
        else
            snprintf(name, sizeof name, "--%s", o->name);
        entry(name, o->argument, o->help);
        takers(o);
    }
}

static void commands(void)
{
    for (int i = 0; i < CMD_COUNT; i++) {
        entry(command_info[i].name, command_info[i].args, command_info[i].help);
        if (command_info[i].cue)
            fputs("(May stand in a cue.)\n", stdout);
    }
}

static void keys(void)
{
    struct keymap *map = keymap_create();
    for (size_t i = 0; i < keymap_count(map); i++) {
        const struct key_row *row = keymap_row(map, i);
        char name[32];
        key_name(row->key, name, sizeof name);
        entry(name, row->command, row->help ? row->help : "");
    }
    keymap_free(map);
}

static void parameters(const struct param_table *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct param *p = &t->rows[i];
        char allowed[512];
        param_allowed(p, allowed, sizeof allowed);
        entry(p->name, p->def && *p->def ? p->def : "(empty)", p->help);
        fputs("Allowed: ", stdout);
        text(allowed);
        puts(p->live ? ". May change while it runs." : ". From the next start.");
    }
}

static void sections(void)
{
    for (size_t i = 0; patterns[i]; i++) {
        fputs(".SS ", stdout);
        text(patterns[i]->title);
        fputs("\nThe pattern \\fB", stdout);
        text(patterns[i]->name);
        puts("\\fR takes these sections.");
        for (size_t k = 0; patterns[i]->tables[k]; k++) {
            const struct param_table *t = patterns[i]->tables[k];
            fputs(".PP\n\\fB[", stdout);
            text(t->section);
            fputs("]\\fR: ", stdout);
            text(t->help);
            putchar('\n');
            parameters(t);
        }
        for (const struct pattern_action *a = patterns[i]->actions; a && a->name; a++)
            entry("do", a->name, a->help);
        for (const struct pattern_fault *f = patterns[i]->faults; f && f->object; f++) {
            char both[128];
            snprintf(both, sizeof both, "%s %s", f->object, f->fault);
            entry("inject", both, f->help);
        }
    }
}

static void scenario(void)
{
    parameters(&scenario_table);
}

static void all_patterns(void)
{
    for (size_t i = 0; patterns[i]; i++)
        entry(patterns[i]->name, NULL, patterns[i]->title);
}

static void panels(void)
{
    for (size_t i = 0; views[i]; i++)
        entry(views[i]->name, NULL, views[i]->help);
}

static void formats(void)
{
    for (size_t i = 0; exporters[i]; i++)
        entry(exporters[i]->name, NULL, exporters[i]->help);
}

static void all_themes(void)
{
    for (size_t i = 0; i < themes_n; i++)
        entry(themes[i].name, NULL, themes[i].help);
}

static void diagnoses(void)
{
    for (int i = 0; i < DIAG_COUNT; i++)
        entry(diagnosis_names[i], NULL, diagnosis_help[i]);
}

static void figures(void)
{
    for (size_t i = 0; figure_paths[i]; i++)
        entry(figure_paths[i], NULL, figure_help(i));
}

static void field(const struct event_field *f)
{
    fputs(".br\n\\fI", stdout);
    text(f->name);
    fputs("\\fR", stdout);
    /* Tables of names end with NULL. */
    for (const char *const *name = f->type == FT_ENUM ? f->names : NULL; name && *name; name++) {
        fputs(name == f->names ? ": " : ", ", stdout);
        text(*name);
    }
    putchar('\n');
}

static void events(void)
{
    for (int i = 0; i < EV_COUNT; i++) {
        entry(event_info[i].name, NULL, event_info[i].help);
        for (int k = 0; k < EVENT_FIELDS && event_info[i].fields[k].name; k++)
            field(&event_info[i].fields[k]);
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} table[] = {
    {"@COMMANDS@", commands},     {"@KEYS@", keys},
    {"@SECTIONS@", sections},     {"@SCENARIO@", scenario},
    {"@PATTERNS@", all_patterns}, {"@PANELS@", panels},
    {"@FORMATS@", formats},       {"@THEMES@", all_themes},
    {"@DIAGNOSES@", diagnoses},   {"@FIGURES@", figures},
    {"@EVENTS@", events},         {"@SUBCOMMANDS@", all_subcommands},
    {"@OPTIONS@", options},
};

static void line_out(char *line)
{
    line[strcspn(line, "\n")] = 0;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(line, table[i].name) == 0) {
            table[i].print();
            return;
        }
    }
    const char *version = strstr(line, "@VERSION@");
    if (version)
        printf("%.*s%s%s\n", (int)(version - line), line, PATTERNSCOPE_VERSION,
               version + strlen("@VERSION@"));
    else
        puts(line);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: gen-man TEMPLATE\n", stderr);
        return 2;
    }
    FILE *in = fopen(argv[1], "r");
    if (!in) {
        perror(argv[1]);
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, in) >= 0)
        line_out(line);
    free(line);
    fclose(in);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
