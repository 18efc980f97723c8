/* SPDX-License-Identifier: MIT */
/* Fuzzes the scenario reader, and the writer on what the reader took: saving each value as it is
 * must give the same bytes, and every setting's text must read back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/scenario.h"
#include "memory.h"
#include "patterns/pattern.h"

static const struct param_table *const *tables(const char *pattern)
{
    const struct pattern *p = pattern_find(pattern);
    return p ? p->tables : NULL;
}
static const char *check_command(const char *pattern, const char *text)
{
    const struct pattern *p = pattern_find(pattern);
    return p ? pattern_check_command(p, text) : "no such pattern";
}

static void round_trips(const struct scenario *s, const struct param_table *t, const char *section)
{
    void *block = scenario_block(s, t, section), *again = xcalloc(1, t->size);
    for (size_t i = 0; i < t->n; i++) {
        char text[VALUE_TEXT];
        param_format(&t->rows[i], block, text, sizeof text);
        if (param_set(&t->rows[i], again, text))
            die("%s.%s = %s does not read back", section, t->rows[i].name, text);
        param_step(&t->rows[i], block, 1);
        param_format(&t->rows[i], block, text, sizeof text);
        if (param_set(&t->rows[i], again, text))
            die("%s.%s = %s, a step further, does not read back", section, t->rows[i].name, text);
    }
    free(block);
    free(again);
}

static void writes(const struct scenario *s)
{
    for (size_t i = 0; i < s->settings_n && i < 20; i++) {
        const struct setting *o = &s->settings[i];
        char *same = scenario_text_set(s->text, o->section, o->key, o->value, "why");
        if (*o->value && o->line && strcmp(same, s->text) != 0)
            die("saving [%s] %s unchanged changes the file", o->section, o->key);
        free(same);
    }
    free(scenario_text_set(s->text, "scenario", "seed", "7", "why"));
    free(scenario_text_add_cue(s->text, 1500000000, "mark x", "say"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *names[64], *const sets[] = {"scenario.seed=3", NULL};
    for (size_t i = 0; patterns[i] && i < ARRAY_LEN(names) - 1; i++)
        names[i] = patterns[i]->name;
    static const struct schema schema = {
        .patterns = names, .tables = tables, .check_command = check_command};
    memory_begin();
    struct errors e = {0};
    struct scenario *s = scenario_parse("fuzz.ini", NULL, (const char *)data, size, &schema,
                                        size % 7 == 0 ? sets : NULL, &e);
    if ((s == NULL) != (e.total > 0))
        die("a scenario and errors, or neither");
    for (size_t i = 0; i < e.kept; i++)
        if (!*e.item[i].text || !utf8_valid(e.item[i].text, strlen(e.item[i].text)))
            die("an error that cannot be shown");
    if (s) {
        const struct param_table *const *t = tables(s->params.pattern);
        for (; *t; t++)
            round_trips(s, *t, (*t)->section);
        writes(s);
    }
    scenario_free(s);
    errors_free(&e);
    memory_end();
    return 0;
}
