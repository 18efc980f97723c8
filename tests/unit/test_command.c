/* SPDX-License-Identifier: MIT */
/* Commands and keys: what is typed, bound, rebound; the tables prove themselves. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/rng.h"
#include "base/str.h"
#include "control/command.h"
#include "control/keymap.h"

static void parses(const char *text, enum command_id id, int argc, const char *a, const char *b)
{
    struct command c;
    const char *bad = command_parse(text, &c);
    cr_assert_null(bad, "%s: %s", text, bad);
    cr_assert(c.id == id && c.argc == argc, "%s: %d arguments", text, c.argc);
    if (a)
        cr_assert_str_eq(c.argv[0], a);
    if (b)
        cr_assert_str_eq(c.argv[1], b);
    command_free(&c);
    cr_assert_null(c.text);
}

Test(command, arguments)
{
    parses("set pool.workers +1", CMD_SET, 2, "pool.workers", "+1");
    parses("  set\ttraffic.arrivals  burst(10 every 1s)  ", CMD_SET, 2, "traffic.arrivals",
           "burst(10 every 1s)");
    parses("mark", CMD_MARK, 0, NULL, NULL);
    parses("mark here  we go", CMD_MARK, 1, "here  we go", NULL);
    parses("pause", CMD_PAUSE, 0, NULL, NULL);
    parses("pause on", CMD_PAUSE, 1, "on", NULL);
    parses("record on my session.psr", CMD_RECORD, 2, "on", "my session.psr");
    parses("record session.psr", CMD_RECORD, 1, "session.psr", NULL);
    parses("step 10ms", CMD_STEP, 1, "10ms", NULL);
    parses("seek +1.5s", CMD_SEEK, 1, "+1.5s", NULL);
    parses("inject dependency hang 3", CMD_INJECT, 3, "dependency", "hang");
    parses("move pageup", CMD_MOVE, 1, "pageup", NULL);
}

Test(command, faults)
{
    static const struct {
        const char *text, *says;
    } c[] = {
        {"", "no command ''"},
        {"   ", "no command ''"},
        {"sett a b", "did you mean 'set'?"},
        {"zzzzzzzz", "see: list commands"},
        {"set", "usage: set PARAM VALUE|+N|-N"},
        {"set pool.workers", "usage: set"},
        {"quit now", "usage: quit"},
        {"pause maybe", "usage: pause [on|off]"},
        {"pause on off", "usage: pause"},
        {"move sideways", "usage: move"},
        {"step 20ms", "usage: step"},
        {"seek", "usage: seek"},
        {"QUIT", "no command"},
    };
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        struct command out;
        const char *bad = command_parse(c[i].text, &out);
        cr_assert(bad && strstr(bad, c[i].says), "%s: %s", c[i].text, bad ? bad : "taken");
        cr_assert(!out.text && !out.argv[0], "nothing is left to free");
    }
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct command out;
    cr_assert_not_null(command_parse(longer, &out));
}

Test(command, table_proves_itself)
{
    for (int i = 0; i < CMD_COUNT; i++) {
        const struct command_info *c = &command_info[i];
        cr_assert(c->name && *c->name && c->args && c->help && *c->help);
        for (const char *p = c->name; *p; p++)
            cr_assert(islower((unsigned char)*p) || *p == '-', "%s", c->name);
        for (int k = 0; k < i; k++)
            cr_assert_str_neq(c->name, command_info[k].name);
        cr_assert(!c->engine || c->cue, "%s: an engine command can stand in a cue", c->name);
        /* with its arguments as the row spells them (brackets off, the first alternative) */
        char text[128];
        size_t n = 0;
        bool skip = false;
        n += (size_t)snprintf(text, sizeof text, "%s ", c->name);
        for (const char *p = c->args; *p && n < sizeof text - 1; p++) {
            skip = *p == '|' || (skip && *p != ' ' && *p != ']');
            if (!skip && *p != '[' && *p != ']')
                text[n++] = *p;
        }
        text[n] = '\0';
        struct command out;
        const char *bad = command_parse(text, &out);
        cr_assert_null(bad, "%s: %s", text, bad);
        cr_assert_eq((int)out.id, i);
        command_free(&out);
    }
}

/* ---- keys ------------------------------------------------------------------------------------ */

Test(keymap, names_round_trip)
{
    char name[32];
    for (uint32_t key = 1; key < 0x110000; key += key < 0x500 ? 1 : 97) {
        if ((key > 26 && key <= ' ' && key != ' ') || key == 0x7f ||
            (key >= 0xd800 && key < 0xe000))
            continue;
        if (key == 9 || key == 13)
            continue; /* they are Tab and Enter */
        key_name(key, name, sizeof name);
        cr_assert_eq(key_parse(name), key, "U+%04X is %s", key, name);
    }
    for (uint32_t key = PK_UP; key < PK_PASTE; key++) {
        key_name(key, name, sizeof name);
        cr_assert_eq(key_parse(name), key, "%s", name);
    }
    cr_assert_eq(key_parse("ctrl-r"), 'R' - '@');
    cr_assert_eq(key_parse("Ctrl-I"), PK_TAB);
    cr_assert_eq(key_parse("SPACE"), ' ');
    cr_assert_eq(key_parse("colon"), ':');
    cr_assert_eq(key_parse("bracket"), '[');
    static const char *const none[] = {"",     "xx", "Ctrl-", "Ctrl-1", "Ctrl-AB", "F11",
                                       "\x01", " x", "\xff",  "\x7f",   "ж́"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        cr_assert_eq(key_parse(none[i]), 0, "case %zu", i);
}

Test(keymap, table_proves_itself)
{
    struct keymap *m = keymap_create();
    cr_assert_gt(keymap_count(m), 30);
    for (size_t i = 0; i < keymap_count(m); i++) {
        const struct key_row *row = keymap_row(m, i);
        cr_assert(row->key && row->help && *row->help, "row %zu", i);
        for (size_t k = 0; k < i; k++)
            cr_assert_neq(row->key, keymap_row(m, k)->key, "row %zu: a key twice", i);
        struct command c;
        const char *bad = command_parse(row->command, &c);
        cr_assert_null(bad, "%s: %s", row->command, bad);
        command_free(&c);
        cr_assert_str_eq(keymap_command(m, row->key), row->command);
    }
    cr_assert_null(keymap_command(m, 'Z'));
    keymap_free(m);
    keymap_free(NULL);
}

Test(keymap, rebinding)
{
    struct keymap *m = keymap_create();
    size_t n = keymap_count(m);
    cr_assert_null(keymap_bind(m, "x", "inject dependency hang"));
    cr_assert_str_eq(keymap_command(m, 'x'), "inject dependency hang");
    cr_assert_eq(keymap_count(m), n, "it takes the row's place");
    cr_assert_null(keymap_bind(m, "F5", "mark"));
    cr_assert_null(keymap_bind(m, "F5", "mark again"));
    cr_assert_str_eq(keymap_command(m, PK_F5), "mark again");
    cr_assert_eq(keymap_count(m), n + 1);
    cr_assert_null(keymap_bind(m, "q", ""));
    cr_assert_null(keymap_command(m, 'q'));
    cr_assert_eq(keymap_count(m), n, "an unbound key is no row");
    cr_assert_str_eq(keymap_command(m, PK_F10), "quit", "the others stay");
    cr_assert_null(keymap_bind(m, "Z", ""), "what is unbound already may be");
    cr_assert_not_null(keymap_bind(m, "x", "no such"));
    cr_assert_str_eq(keymap_command(m, 'x'), "inject dependency hang", "a refusal changes nothing");
    cr_assert_not_null(keymap_bind(m, "Ctrl-C", "pause"));
    cr_assert_not_null(keymap_bind(m, "nokey", "pause"));
    keymap_free(m);
}
