/* SPDX-License-Identifier: MIT */
/* The INI reader on good text and on hostile text: what it takes, what it refuses, at which line.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "control/ini_text.h"
#include "test_schema.h"

static struct str seen;

/* [section]@line and section.key=value@line, in order. */
static void note(void *arg, const char *section, const char *key, const char *value, int line,
                 bool cut)
{
    (void)arg;
    if (!key)
        str_addf(&seen, "[%s]@%d ", section, line);
    else
        str_addf(&seen, "%s.%s=%s@%d%s ", section, key, value, line, cut ? "!" : "");
}

static void reads(const char *text, size_t len, const char *want, const char *want_errors)
{
    struct errors e = {.file = "f"};
    str_clear(&seen);
    str_add(&seen, "");
    ini_text_parse(text, len, note, NULL, &e);
    char *errors = errors_text(&e);
    cr_assert_str_eq(seen.data ? seen.data : "", want, "%s", text);
    cr_assert_str_eq(errors, want_errors, "%s", text);
    free(errors);
    errors_free(&e);
    str_free(&seen);
}
#define READS(text, want, errors) reads(text, sizeof(text) - 1, want, errors)

Test(ini, plain)
{
    READS("[a]\nk = v\n[b]\nx=y", "[a]@1 a.k=v@2 [b]@3 b.x=y@4 ", "");
    READS("", "", "");
    READS("\n\n; c\n# c\n[a]\n\nk=v\n", "[a]@5 a.k=v@7 ", "");
}

Test(ini, an_indented_line_is_a_key_of_its_own)
{
    READS("[a]\nk = v\n   l = w\n\tm = x\n", "[a]@1 a.k=v@2 a.l=w@3 a.m=x@4 ", "");
    READS("  [a]\n  k = v\n", "[a]@1 a.k=v@2 ", "");
}

Test(ini, empty_sections_are_seen)
{
    READS("[a]\n[b]\n[c]\n", "[a]@1 [b]@2 [c]@3 ", "");
}

Test(ini, separators_comments_and_blanks)
{
    READS("[a]\nk: v\nl=a=b:c\nm =\n", "[a]@1 a.k=v@2 a.l=a=b:c@3 a.m=@4 ", "");
    READS("[a] ; c\nk = v ; c\nl = v;w\nm = ;c\nn = #fff\n",
          "[a]@1 a.k=v@2! a.l=v;w@3 a.m=@4! a.n=#fff@5 ", "");
    READS("[a]\nk=\t v w \t\n", "[a]@1 a.k=v w@2 ", "");
    READS("[a]\nk with spaces by 8s = open\n", "[a]@1 a.k with spaces by 8s=open@2 ", "");
}

Test(ini, line_ends)
{
    READS("[a]\r\nk = v\r\n", "[a]@1 a.k=v@2 ", "");
    READS("[a]\rk = v\r", "",
          "f:1: a carriage return inside the line (line ends must be LF or CR LF)\n");
    READS("\xef\xbb\xbf[a]\nk=v", "[a]@1 a.k=v@2 ", "");
    READS("\xef\xbb\xbfk=v", ".k=v@1 ", "");
    READS("\xef\xbb\xbf", "", "");
}

Test(ini, bytes_that_are_no_text)
{
    READS("[a]\nk\0 = v\nl = w\n", "[a]@1 a.l=w@3 ", "f:2: a NUL byte in the line\n");
    READS("[a]\nk = \xff\nl = w\n", "[a]@1 a.l=w@3 ", "f:2: not valid UTF-8\n");
    READS("[a]\nk = \x1b[2J\n", "[a]@1 ", "f:2: a control character (0x1b) in the line\n");
    READS("[a]\nk = \xc2\x9b"
          "2J\n",
          "[a]@1 ", "f:2: a control character (0x9b) in the line\n");
    READS("; \x07\n", "", "f:1: a control character (0x07) in the line\n");
}

Test(ini, headers_that_are_none)
{
    READS("[a\nk = v\n[b]\nl = w\n", "[b]@3 b.l=w@4 ", "f:1: a section header without ']'\n");
    READS("[]\nk = v\n", "", "f:1: a section without a name\n");
    READS("[a] b = c\n", "", "f:1: text after the section header\n");
    READS("[0123456789012345678901234567890123456789012345678]\nk=v\n", "",
          "f:1: a section name of more than 48 bytes\n");
    READS("[a ; b]\nk=v\n", "[a ; b]@1 a ; b.k=v@2 ", "");
}

Test(ini, lines_that_are_none)
{
    READS("[a]\nword\nk = v\n", "[a]@1 a.k=v@3 ", "f:2: neither 'key = value' nor '[section]'\n");
    READS("[a]\n= v\n: w\n", "[a]@1 ", "f:2: a value without a key\nf:3: a value without a key\n");
    READS("[a]\nk ;l = v\n", "[a]@1 ",
          "f:2: neither 'key = value' nor '[section]' (';' begins a comment)\n");
    READS("k = v\n", ".k=v@1 ", "");
}

/* A line of n bytes in all, key = xxx…, followed by another. */
static void long_line(size_t n, bool good)
{
    struct str t = {0};
    str_add(&t, "[a]\nk=");
    for (size_t i = 2; i < n; i++)
        str_addc(&t, 'x');
    str_add(&t, "\nl = after\n");
    struct errors e = {.file = "f"};
    str_clear(&seen);
    ini_text_parse(t.data, t.len, note, NULL, &e);
    cr_assert_eq(e.total, good ? 0 : 1, "%zu bytes", n);
    cr_assert_eq(e.kept && e.item[0].line != 2, false);
    cr_assert_not_null(strstr(seen.data, "a.l=after@3 "), "the next line's number is right");
    if (good)
        cr_assert_geq(seen.len, n, "the value came whole");
    else
        cr_assert_null(strstr(seen.data, "a.k="), "no cut value is handed over");
    errors_free(&e);
    str_free(&seen);
    str_free(&t);
}

Test(ini, long_lines_come_whole_or_not_at_all)
{
    static const size_t n[] = {190, 199, 200, 201, 255, 1000, INI_LINE_MAX - 1, INI_LINE_MAX};
    for (size_t i = 0; i < ARRAY_LEN(n); i++)
        long_line(n[i], true);
    long_line(INI_LINE_MAX + 1, false);
    long_line(100000, false);
}

Test(ini, keys_up_to_a_hundred_bytes)
{
    char text[256], want[256];
    for (int n = 98; n <= 102; n++) {
        snprintf(text, sizeof text, "[a]\n%0*d = v\n", n, 7);
        snprintf(want, sizeof want, "[a]@1 a.%0*d=v@2 ", n, 7);
        reads(text, strlen(text), n <= 100 ? want : "[a]@1 ",
              n <= 100 ? "" : "f:2: a key of more than 100 bytes\n");
    }
}

Test(ini, one_mebibyte_is_the_most)
{
    char *text = xmalloc(INI_TEXT_MAX + 1);
    memset(text, '\n', INI_TEXT_MAX + 1);
    reads(text, INI_TEXT_MAX, "", "");
    reads(text, INI_TEXT_MAX + 1, "", "f:0: the file is longer than 1 MiB\n");
    free(text);
}

static void check_strings(void *arg, const char *section, const char *key, const char *value,
                          int line, bool cut)
{
    int *last = arg;
    (void)cut;
    cr_assert(line >= *last && line > 0);
    *last = line;
    cr_assert(utf8_valid(section, strlen(section)) && strlen(section) <= INI_SECTION_MAX);
    if (key)
        cr_assert(*key && utf8_valid(value, strlen(value)) && !strpbrk(value, "\r\n\x1b"));
}

/* Lines put together at random from what makes trouble. */
Test(ini, random_text_never_breaks_it)
{
    static const char *const piece[] = {"[a]",  "[",      "]", "=",  ":",  ";",    " ;",
                                        "#",    "k",      " ", "\t", "\n", "\n",   "\r",
                                        "\r\n", "\xff",   "ж", "[b", "x=", "\x1b", "\xef\xbb\xbf",
                                        "\"",   "k = v\n"};
    struct rng r;
    rng_init(&r, 21, "ini");
    for (int i = 0; i < 20000; i++) {
        struct str t = {0};
        str_add(&t, "");
        for (unsigned n = rng_below(&r, 30); n; n--)
            str_add(&t, piece[rng_below(&r, ARRAY_LEN(piece))]);
        struct errors e = {.file = "f"};
        int last = 0;
        ini_text_parse(t.data, t.len, check_strings, &last, &e);
        errors_free(&e);
        str_free(&t);
    }
}
