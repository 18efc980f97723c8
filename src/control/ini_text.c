/* SPDX-License-Identifier: MIT */
/* Reading INI text through libinih.
 *
 * The hard idea: inih as packaged cuts lines at 200 bytes and still delivers what is left, takes an
 * indented line for a second value of the key above, hides empty sections, and gives line numbers
 * only in some builds. So we hand it one line at a time through a reader of our own, which
 *
 *   counts lines, strips indentation, takes headers itself, and gives inih a short stub "key = x"
 * in place of each assignment; the handler then takes the value from the line that we kept. */
#include "control/ini_text.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct reader {
    const char *p, *end;
    int line;
    char kept[INI_LINE_MAX + 1]; /* the present line, indentation stripped */
    char section[INI_SECTION_MAX + 1];
    ini_take take;
    void *arg;
    struct errors *e;
    bool lost; /* the last header was wrong: what follows belongs nowhere */
    bool owed; /* inih was given an assignment and has not handed it over yet */
};

static void complain(struct reader *r, const char *what)
{
    r->e->line = r->line;
    error_add(r->e, "%s", what);
}

/* The first byte of n that is no text: a control character (a terminal would obey it), or NULL. */
static const char *control_byte(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f ||
            (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0))
            return p + i;
    }
    return NULL;
}

/* Why these bytes are no line of an INI; NULL when they are. */
static const char *line_fault(const char *from, size_t n)
{
    static _Thread_local char text[80];
    if (n > INI_LINE_MAX) {
        snprintf(text, sizeof text, "line longer than %d bytes", INI_LINE_MAX);
        return text;
    }
    if (memchr(from, '\0', n))
        return "a NUL byte in the line";
    if (!utf8_valid(from, n))
        return "not valid UTF-8";
    const char *c = control_byte(from, n);
    if (c && *c == '\r')
        return "a carriage return inside the line (line ends must be LF or CR LF)";
    if (c) {
        snprintf(text, sizeof text, "a control character (0x%02x) in the line",
                 (unsigned)(unsigned char)(*c == '\xc2' ? c[1] : *c));
        return text;
    }
    return NULL;
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
    while (from < stop && (*from == ' ' || *from == '\t'))
        from++;
    while (stop > from && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    size_t n = (size_t)(stop - from);
    const char *fault = line_fault(from, n);
    if (fault) {
        complain(r, fault);
        n = 0;
    }
    memcpy(r->kept, from, n);
    r->kept[n] = '\0';
    return true;
}

static void header(struct reader *r)
{
    char *close = strchr(r->kept, ']');
    r->section[0] = '\0';
    r->lost = true;
    if (!close) {
        complain(r, "a section header without ']'");
        return;
    }
    const char *rest = close + 1 + strspn(close + 1, " \t");
    *close = '\0';
    size_t n = (size_t)(close - r->kept - 1);
    if (*rest && *rest != ';' && *rest != '#')
        complain(r, "text after the section header");
    else if (n == 0)
        complain(r, "a section without a name");
    else if (n > INI_SECTION_MAX)
        complain(r, "a section name of more than 48 bytes");
    else {
        memcpy(r->section, r->kept + 1, n + 1);
        r->lost = false;
        r->e->line = r->line;
        r->take(r->arg, r->section, NULL, NULL, r->line, false);
    }
}

/* What is wrong with the line whose key has n bytes before the '='; NULL when nothing is. */
static const char *key_fault(const char *k, size_t n)
{
    if (!k[n])
        return "neither 'key = value' nor '[section]'";
    while (n && (k[n - 1] == ' ' || k[n - 1] == '\t'))
        n--;
    if (n == 0)
        return "a value without a key";
    if (n > INI_KEY_MAX)
        return "a key of more than 100 bytes";
    for (size_t i = 1; i < n; i++)
        if (k[i] == ';' && (k[i - 1] == ' ' || k[i - 1] == '\t'))
            return "neither 'key = value' nor '[section]' (';' begins a comment)";
    return NULL;
}

/* What inih reads in place of the line: short enough for every build of it. */
static char *give_line(char *out, int size, void *stream)
{
    struct reader *r = stream;
    if (r->owed) /* some build of inih reads that line otherwise than we do */
        complain(r, "neither 'key = value' nor '[section]'");
    r->owed = false;
    if (!next_line(r))
        return NULL;
    const char *k = r->kept;
    snprintf(out, (size_t)size, "\n");
    if (!*k || *k == ';' || *k == '#')
        return out;
    if (*k == '[') {
        header(r);
        return out;
    }
    size_t n = strcspn(k, "=:");
    const char *fault = key_fault(k, n);
    if (fault) {
        complain(r, fault);
        return out;
    }
    snprintf(out, (size_t)size, "k = x\n"); /* the key too: a build may take 50 bytes of it */
    r->owed = true;
    return out;
}

static void trim_end(char *s)
{
    size_t n = strlen(s);
    while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        s[--n] = '\0';
}

/* Takes the kept line apart: the key, and the value without an inline comment (a ';' after white
 * space). Says whether there was one. */
static bool take_apart(struct reader *r, char **value)
{
    char *v = r->kept + strcspn(r->kept, "=:");
    *v++ = '\0';
    trim_end(r->kept);
    v += strspn(v, " \t");
    bool cut = false;
    for (char *p = v; *p; p++)
        if (*p == ';' && (p == v || p[-1] == ' ' || p[-1] == '\t')) {
            cut = true;
            *p = '\0';
            break;
        }
    trim_end(v);
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
    (void)section; /* ours are whole */
    (void)name;
    (void)value;
#if INI_HANDLER_LINENO
    (void)lineno;
#endif
    r->owed = false;
    if (r->lost)
        return 1;
    char *v;
    bool cut = take_apart(r, &v);
    r->e->line = r->line;
    r->take(r->arg, r->section, r->kept, v, r->line, cut);
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
