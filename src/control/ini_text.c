/* SPDX-License-Identifier: MIT */
/* Reading INI text through libinih.
 *
 * The hard idea: inih as packaged cuts lines at 200 bytes and still delivers what is left, takes an
 * indented line for a second value of the key above, hides empty sections, and gives line numbers
 * only in some builds. So we hand it one line at a time through a reader of our own, which
 *
 *   counts lines, strips indentation, notes headers, and gives inih a short stub "key = x" in place
 *   of each assignment; the handler then takes the value from the line that we kept. */
#include "control/ini_text.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct reader {
    const char *p, *end;
    int line;
    char kept[INI_LINE_MAX + 1]; /* the present line, indentation stripped */
    ini_take take;
    void *arg;
    struct errors *e;
    bool bad; /* the present line was reported already */
};

static void complain(struct reader *r, const char *what)
{
    r->e->line = r->line;
    error_add(r->e, "%s", what);
    r->bad = true;
}

/* Takes the next raw line into kept; false at the end. */
static bool next_line(struct reader *r)
{
    if (r->p >= r->end)
        return false;
    const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
    const char *stop = nl ? nl : r->end;
    const char *from = r->p;
    r->p = nl ? nl + 1 : r->end;
    r->line++;
    r->bad = false;
    while (from < stop && (*from == ' ' || *from == '\t'))
        from++;
    while (stop > from && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    size_t n = (size_t)(stop - from);
    r->kept[0] = '\0';
    if (n > INI_LINE_MAX) {
        char text[64];
        snprintf(text, sizeof text, "line longer than %d bytes", INI_LINE_MAX);
        complain(r, text);
    } else if (memchr(from, '\0', n)) {
        complain(r, "a NUL byte in the line");
    } else if (!utf8_valid(from, n)) {
        complain(r, "not valid UTF-8");
    } else {
        memcpy(r->kept, from, n);
        r->kept[n] = '\0';
    }
    return true;
}

static void header(struct reader *r, char *out, int size)
{
    char *close = strchr(r->kept, ']');
    if (!close) {
        complain(r, "a section header without ']'");
        snprintf(out, (size_t)size, "\n");
        return;
    }
    if (close - r->kept - 1 > INI_SECTION_MAX) {
        complain(r, "a section name of more than 48 bytes");
        snprintf(out, (size_t)size, "[too long]\n");
        return;
    }
    *close = '\0';
    r->take(r->arg, r->kept + 1, NULL, NULL, r->line, false);
    snprintf(out, (size_t)size, "[%s]\n", r->kept + 1);
}

/* What inih reads in place of the line: short enough for every build of it. */
static char *give_line(char *out, int size, void *stream)
{
    struct reader *r = stream;
    if (!next_line(r))
        return NULL;
    const char *k = r->kept;
    if (!*k || *k == ';' || *k == '#') {
        snprintf(out, (size_t)size, "\n");
    } else if (*k == '[') {
        header(r, out, size);
    } else {
        size_t n = strcspn(k, "=:");
        if (!k[n]) {
            complain(r, "neither 'key = value' nor '[section]'");
            snprintf(out, (size_t)size, "\n");
        } else if (n > 100) {
            complain(r, "a key of more than 100 bytes");
            snprintf(out, (size_t)size, "\n");
        } else {
            snprintf(out, (size_t)size, "%.*s= x\n", (int)n, k);
        }
    }
    return out;
}

/* The value of the kept line: after the '=', without an inline comment (a ';' after white space).
 */
static bool value_of(struct reader *r, char **value)
{
    char *v = r->kept + strcspn(r->kept, "=:") + 1;
    v += strspn(v, " \t");
    bool cut = false;
    for (char *p = v; *p; p++)
        if (*p == ';' && (p == v || p[-1] == ' ' || p[-1] == '\t')) {
            cut = true;
            *p = '\0';
            break;
        }
    size_t n = strlen(v);
    while (n && (v[n - 1] == ' ' || v[n - 1] == '\t'))
        v[--n] = '\0';
    *value = v;
    return cut;
}

/* inih's handler; it may have a line number as a fifth argument, which we do not need. */
static int on_value(void *user, const char *section, const char *name, const char *value
#if INI_HANDLER_LINENO
                    ,
                    int lineno
#endif
)
{
    struct reader *r = user;
    (void)value;
#if INI_HANDLER_LINENO
    (void)lineno;
#endif
    if (r->bad)
        return 1;
    char *v;
    bool cut = value_of(r, &v);
    r->take(r->arg, section, name, v, r->line, cut);
    return 1;
}

void ini_text_parse(const char *text, size_t len, ini_take take, void *arg, struct errors *e)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reader r = {.p = text, .end = text + len, .take = take, .arg = arg, .e = e};
    if (len > INI_TEXT_MAX) {
        e->line = 0;
        error_add(e, "the file is longer than 1 MiB");
        return;
    }
    if (len >= 3 && memcmp(text, bom, 3) == 0)
        r.p += 3;
    ini_parse_stream(give_line, &r, on_value, &r);
}
