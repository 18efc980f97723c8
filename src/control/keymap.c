/* SPDX-License-Identifier: MIT */
/* Keys and what they are bound to. */
#include "control/keymap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/command.h"

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
    {PK_UP, "Up"},           {PK_DOWN, "Down"},
    {PK_LEFT, "Left"},       {PK_RIGHT, "Right"},
    {PK_HOME, "Home"},       {PK_END, "End"},
    {PK_PAGEUP, "PageUp"},   {PK_PAGEDOWN, "PageDown"},
    {PK_BACKTAB, "BackTab"}, {PK_BACKSPACE, "Backspace"},
    {PK_DELETE, "Delete"},   {PK_ENTER, "Enter"},
    {PK_ESC, "Esc"},         {PK_TAB, "Tab"},
    {PK_F1, "F1"},           {PK_F2, "F2"},
    {PK_F3, "F3"},           {PK_F4, "F4"},
    {PK_F5, "F5"},           {PK_F6, "F6"},
    {PK_F7, "F7"},           {PK_F8, "F8"},
    {PK_F9, "F9"},           {PK_F10, "F10"},
    {' ', "space"},
};
/* Other names, for an INI: there these characters begin a comment or a section, or end the key. */
static const struct {
    uint32_t key;
    const char *name;
} aliases[] = {
    {':', "colon"},       {'=', "equals"},    {';', "semicolon"},
    {'#', "hash"},        {'[', "bracket"},   {PK_ESC, "Escape"},
    {PK_ENTER, "Return"}, {PK_TAB, "Ctrl-I"}, {PK_ENTER, "Ctrl-M"},
};

struct row {
    struct key_row r;
    char *command; /* own, when it was rebound */
};
struct keymap {
    struct row *row;
    size_t n, cap;
};

void key_name(uint32_t key, char *out, size_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].key == key) {
            snprintf(out, size, "%s", names[i].name);
            return;
        }
    if (key >= 1 && key <= 26) {
        snprintf(out, size, "Ctrl-%c", (char)('A' + key - 1));
        return;
    }
    char utf8[5] = "";
    utf8[utf8_encode(key, utf8)] = '\0';
    snprintf(out, size, "%s", utf8);
}

uint32_t key_parse(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].key;
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
        if (strcasecmp(aliases[i].name, name) == 0)
            return aliases[i].key;
    size_t n = strlen(name);
    if (n == 6 && strncasecmp(name, "Ctrl-", 5) == 0) {
        char letter = (char)(name[5] & ~0x20);
        return letter >= 'A' && letter <= 'Z' ? (uint32_t)(letter - 'A' + 1) : 0;
    }
    uint32_t cp;
    if (n && utf8_decode(name, name + n, &cp) == n && cp > ' ' && cp != 0x7f &&
        (cp != 0xfffd || n == 3))
        return cp;
    return 0;
}

static struct row *find(const struct keymap *m, uint32_t key)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->row[i].r.key == key)
            return &m->row[i];
    return NULL;
}

static void add(struct keymap *m, uint32_t key, const char *command, const char *help,
                const char *label)
{
    grow(&m->row, &m->cap, m->n + 1, sizeof *m->row);
    m->row[m->n++] = (struct row){.r = {key, command, help, label}};
}

struct keymap *keymap_create(void)
{
    struct keymap *m = xcalloc(1, sizeof *m);
#define KEY(name, command, help, label) add(m, key_parse(name), command, help, label);
#include "control/keys.def"
#undef KEY
    return m;
}

void keymap_free(struct keymap *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++)
        free(m->row[i].command);
    free(m->row);
    free(m);
}

const char *keymap_bind(struct keymap *m, const char *name, const char *command)
{
    static _Thread_local char sentence[256];
    uint32_t key = key_parse(name);
    if (!key) {
        snprintf(sentence, sizeof sentence,
                 "no key '%.*s' (a character, space, Enter, Esc, Up, F5, Ctrl-R …)",
                 utf8_fit(name, 40), name);
        return sentence;
    }
    if (key == 'C' - '@' || key == 'Z' - '@') {
        snprintf(sentence, sizeof sentence, "%.40s is the terminal's own: it sends a signal", name);
        return sentence;
    }
    if (*command) {
        struct command c;
        const char *bad = command_parse(command, &c);
        if (bad)
            return bad;
        command_free(&c);
    }
    struct row *r = find(m, key);
    if (!*command) {
        if (r) {
            free(r->command);
            memmove(r, r + 1, (size_t)(m->row + --m->n - r) * sizeof *r);
        }
        return NULL;
    }
    if (!r) {
        add(m, key, NULL, "", NULL);
        r = &m->row[m->n - 1];
    }
    free(r->command);
    r->command = xstrdup(command);
    r->r.command = r->command;
    r->r.help = "as bound in the scenario";
    r->r.label = NULL;
    return NULL;
}

const char *keymap_command(const struct keymap *m, uint32_t key)
{
    const struct row *r = find(m, key);
    return r ? r->r.command : NULL;
}

size_t keymap_count(const struct keymap *m)
{
    return m->n;
}

const struct key_row *keymap_row(const struct keymap *m, size_t i)
{
    return &m->row[i].r;
}
