/* SPDX-License-Identifier: MIT */
/* Writing tweaks back: only the value's bytes change, and what was written reads as it was meant.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "test_schema.h"

static void sets(const char *text, const char *section, const char *key, const char *value,
                 const char *want)
{
    char *got = scenario_text_set(text, section, key, value, "tweaked");
    cr_assert_str_eq(got, want);
    free(got);
}

Test(text_set, changes_the_value_alone)
{
    sets("[a]\nk = 1\n", "a", "k", "2", "[a]\nk = 2\n");
    sets("[a]\n\tk\t=\t1   ; why\nl=3", "a", "k", "22", "[a]\n\tk\t=\t22   ; why\nl=3");
    sets("\xef\xbb\xbf[a]\r\nk: 1\r\n", "a", "k", "2", "\xef\xbb\xbf[a]\r\nk: 2\r\n");
    sets("[a]\nk=1", "a", "k", "2", "[a]\nk=2");
    sets("[b]\nk = 1\n[a]\nk = 1\n[b]\nl = 1\n", "a", "k", "2",
         "[b]\nk = 1\n[a]\nk = 2\n[b]\nl = 1\n");
    sets("[a]\nk = 1;2 ; c\n", "a", "k", "3", "[a]\nk = 3 ; c\n");
    sets("[a]\n; k = 1\nk = 1\n", "a", "k", "2", "[a]\n; k = 1\nk = 2\n");
    sets("[a]\nkk = 1\nk = 1\n", "a", "k", "2", "[a]\nkk = 1\nk = 2\n");
}

Test(text_set, an_empty_value_gets_its_blanks)
{
    sets("[a]\nk =\n", "a", "k", "2", "[a]\nk = 2\n");
    sets("[a]\nk = ; c\n", "a", "k", "2", "[a]\nk = 2 ; c\n");
    sets("[a]\nk =; c\n", "a", "k", "2", "[a]\nk = 2 ; c\n");
}

Test(text_set, a_missing_key_goes_to_its_section)
{
    sets("[a]\nl = 1\n\n[b]\nm = 1\n", "a", "k", "2",
         "[a]\nl = 1\n; tweaked\nk = 2\n\n[b]\nm = 1\n");
    sets("[a]\nl = 1", "a", "k", "2", "[a]\nl = 1\n; tweaked\nk = 2\n");
    sets("[a]\nl = 1 ; one\n       ; of many\n\n; of b\n[b]\n", "a", "k", "2",
         "[a]\nl = 1 ; one\n       ; of many\n; tweaked\nk = 2\n\n; of b\n[b]\n");
    sets("[a]\nl = 1\n; of b\n[b]\n", "a", "k", "2", "[a]\nl = 1\n; tweaked\nk = 2\n; of b\n[b]\n");
    sets("[a]\n[b]\n", "a", "k", "2", "[a]\n; tweaked\nk = 2\n[b]\n");
    sets("[a]\n; nothing yet\n", "a", "k", "2", "[a]\n; nothing yet\n; tweaked\nk = 2\n");
}

Test(text_set, a_missing_section_goes_to_the_end)
{
    sets("[a]\nl = 1\n", "b", "k", "2", "[a]\nl = 1\n\n[b]\n; tweaked\nk = 2\n");
    sets("[a]\r\nl = 1", "b", "k", "2", "[a]\r\nl = 1\r\n\r\n[b]\r\n; tweaked\r\nk = 2\r\n");
    sets("", "b", "k", "2", "[b]\n; tweaked\nk = 2\n");
}

Test(text_set, a_value_cannot_break_out)
{
    sets("[a]\nk = 1\n", "a", "k", "x ; y\n[b]", "[a]\nk = x , y [b]\n");
}

Test(add_cue, takes_the_next_number)
{
    char *t = scenario_text_add_cue("[cue.1]\nat=1s\nsay=x\n [cue.12]\nat=2s\nsay=y", 1500000000,
                                    "set pool.queue 3", NULL);
    cr_assert_str_eq(t, "[cue.1]\nat=1s\nsay=x\n [cue.12]\nat=2s\nsay=y\n\n[cue.13]\nat = 1.5s\n"
                        "do = set pool.queue 3\n");
    free(t);
    t = scenario_text_add_cue("[cue.x]\n[cue.-4]\n", 0, NULL, "say ; it");
    cr_assert_str_eq(t, "[cue.x]\n[cue.-4]\n\n[cue.1]\nat = 0s\nsay = say , it\n");
    free(t);
}

/* ---- properties -------------------------------------------------------------------------------
 */

static struct rng r;

static const char *pick(const char *const *from, uint32_t n)
{
    return from[rng_below(&r, n)];
}

/* A good file of the test pattern, written in as many ways as people write them. */
static char *random_file(void)
{
    static const char *const eols[] = {"\n", "\r\n"}, *const blank[] = {"", " ", "\t", "   "};
    static const char *const tail[] = {"", "", "   ; why", "\t;c = 1", " "};
    static const char *const extra[] = {"", "; c", "  # queue = 7", "", "\t"};
    static const char *const keys[][2] = {
        {"workers", "4"},  {"queue", "10"},  {"share", "0.5"},         {"mode", "none"},
        {"timeout", "5s"}, {"label", "a;b"}, {"latency", "exp(80ms)"}, {"hung", "on"}};
    const char *eol = pick(eols, 2);
    struct str s = {0};
    if (rng_below(&r, 4) == 0)
        str_add(&s, "\xef\xbb\xbf");
    str_addf(&s, "%s[scenario]%s%s", pick(blank, 4), pick(tail, 5), eol);
    str_addf(&s, "pattern%s=%spool%s%s", pick(blank, 4), pick(blank, 4), pick(tail, 5), eol);
    str_addf(&s, "[pool]%s", eol);
    uint32_t used = 0;
    for (unsigned n = rng_below(&r, 8); n; n--) {
        unsigned k = rng_below(&r, ARRAY_LEN(keys));
        str_addf(&s, "%s%s", pick(extra, 5), eol);
        if (!(used & 1u << k))
            str_addf(&s, "%s%s%s%c%s%s%s%s", pick(blank, 4), keys[k][0], pick(blank, 4),
                     rng_below(&r, 3) ? '=' : ':', pick(blank, 4), keys[k][1], pick(tail, 5), eol);
        used |= 1u << k;
    }
    if (rng_below(&r, 2))
        str_addf(&s, "[limiter.a]%sburst = 3", eol);
    return str_take(&s);
}

static struct scenario *parse(const char *text)
{
    struct errors e = {0};
    struct scenario *s = scenario_parse("t.ini", NULL, text, strlen(text), &test_schema, NULL, &e);
    cr_assert_not_null(s, "%s\n%s", text, errors_text(&e));
    return s;
}

/* Saving without a change gives the same bytes, whatever the file looks like. */
Test(text_set, saving_without_a_change_is_the_same_bytes)
{
    rng_init(&r, 31, "write");
    for (int i = 0; i < 5000; i++) {
        char *text = random_file(), *now = xstrdup(text);
        struct scenario *s = parse(text);
        for (size_t k = 0; k < s->settings_n; k++) {
            const struct setting *o = &s->settings[k];
            char *next = scenario_text_set(now, o->section, o->key, o->value, "tweaked");
            free(now);
            now = next;
        }
        cr_assert_str_eq(now, text);
        scenario_free(s);
        free(now);
        free(text);
    }
}

/* A change reads back as meant, changes no other value, and keeps all other bytes in order. */
Test(text_set, a_change_reads_back_and_touches_nothing_else)
{
    static const char *const value[][3] = {{"pool", "workers", "77"},
                                           {"pool", "latency", "lognormal(80ms, 0.4)"},
                                           {"limiter.a", "burst", "9"},
                                           {"limiter.b", "burst", "8"},
                                           {"scenario", "seed", "5"}};
    rng_init(&r, 32, "write");
    for (int i = 0; i < 5000; i++) {
        char *text = random_file();
        const char *const *v = value[rng_below(&r, ARRAY_LEN(value))];
        char *out = scenario_text_set(text, v[0], v[1], v[2], "tweaked");
        struct scenario *before = parse(text), *after = parse(out);
        size_t found = 0;
        for (size_t k = 0; k < after->settings_n; k++) {
            const struct setting *o = &after->settings[k];
            bool it = strcmp(o->section, v[0]) == 0 && strcmp(o->key, v[1]) == 0;
            found += it;
            if (it) {
                cr_assert_str_eq(o->value, v[2]);
                continue;
            }
            size_t b = 0;
            while (b < before->settings_n &&
                   (strcmp(before->settings[b].section, o->section) != 0 ||
                    strcmp(before->settings[b].key, o->key) != 0))
                b++;
            cr_assert_lt(b, before->settings_n, "%s appeared", o->key);
            cr_assert_str_eq(before->settings[b].value, o->value);
        }
        cr_assert_eq(found, 1, "%s\n---\n%s", text, out);
        size_t head = 0, tail = 0, n = strlen(text), m = strlen(out);
        while (head < n && head < m && text[head] == out[head])
            head++;
        while (tail < n - head && tail < m - head && text[n - 1 - tail] == out[m - 1 - tail])
            tail++;
        cr_assert_leq(n - head - tail, 10, "more than a value went: %s\n---\n%s", text, out);
        scenario_free(before);
        scenario_free(after);
        free(out);
        free(text);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/patternscope-test-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}
static void remove_folder(void)
{
    char *command = xasprintf("rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    free(command);
}
/* The text of a small file; valid until the next call. */
static const char *slurp(const char *path)
{
    static char buffer[256];
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    size_t n = fread(buffer, 1, sizeof buffer - 1, f);
    buffer[n] = '\0';
    fclose(f);
    return buffer;
}

Test(write, replaces_whole_and_keeps_mode_and_link, .init = make_folder, .fini = remove_folder)
{
    cr_assert_eq(scenario_write("new.ini", "one\n"), 0);
    cr_assert_str_eq(slurp("new.ini"), "one\n");
    cr_assert_eq(chmod("new.ini", 0640), 0);
    cr_assert_eq(symlink("new.ini", "link.ini"), 0);
    cr_assert_eq(scenario_write("link.ini", "two\n"), 0);
    struct stat st;
    cr_assert(lstat("link.ini", &st) == 0 && S_ISLNK(st.st_mode), "the link stays one");
    cr_assert(stat("new.ini", &st) == 0 && (st.st_mode & 07777) == 0640);
    cr_assert_str_eq(slurp("new.ini"), "two\n");
}

/* A reader that opened the old file keeps it whole; nothing is left behind by a failure. */
Test(write, is_atomic, .init = make_folder, .fini = remove_folder)
{
    cr_assert_eq(scenario_write("a.ini", "old\n"), 0);
    FILE *f = fopen("a.ini", "r");
    cr_assert_eq(scenario_write("a.ini", "new and longer\n"), 0);
    char line[64];
    cr_assert_not_null(fgets(line, sizeof line, f));
    cr_assert_str_eq(line, "old\n");
    fclose(f);
    cr_assert_eq(scenario_write("no/such/folder/a.ini", "x"), -ENOENT);
    cr_assert_eq(mkdir("d.ini", 0700), 0);
    cr_assert_lt(scenario_write("d.ini", "x"), 0);
    cr_assert_eq(system("test \"$(ls)\" = \"a.ini\nd.ini\""), 0, "a temporary file is left");
}
