/* SPDX-License-Identifier: MIT */
/* What scenario.c and scenario_special.c share while a file is parsed. */
#ifndef CONTROL_SCENARIO_INSIDE_H
#define CONTROL_SCENARIO_INSIDE_H

#include "control/scenario.h"

struct parse {
    struct scenario *s;
    const struct schema *schema;
    const struct param_table *const *tables; /* of the pattern; NULL: unknown */
    struct errors *e;
    const char *file;
    const char *pattern; /* its name, when tables are known */
    uint32_t *keys;      /* of [keys] so far, as codes */
    size_t keys_n, keys_cap;
    size_t settings_cap, cues_cap, expects_cap;
    struct section_seen {
        char name[64];
        int line;
    } * sections;
    size_t sections_n, sections_cap;
    bool full; /* too many settings or sections: said once */
};

/* Points the errors at a setting's place. */
void parse_at(struct parse *p, const struct setting *o);
/* The table of a section, or NULL. */
const struct param_table *parse_table(const struct parse *p, const char *section);
/* A header was seen. */
void parse_section(struct parse *p, const char *section);
/* Reports headers of sections that nobody knows. */
void parse_sections_check(struct parse *p);
/* A setting of [layout], [cue.N], [expect], [keys], [notes]. */
void parse_special(struct parse *p, const struct setting *o);
/* After all settings: every cue has a time and something to do. */
void parse_cues_check(struct parse *p);
bool parse_note_key(const char *key);

#endif
