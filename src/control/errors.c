/* SPDX-License-Identifier: MIT */
/* The list of errors that a file is rejected with. */
#include "control/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { TEXT_MAX = 1000 };

/* What was found stands in the text, and that may be anything: keep what a terminal can show. */
static char *showable(const char *text)
{
    struct str out = {0};
    int n = utf8_fit(text, TEXT_MAX);
    const char *end = text + n;
    str_add(&out, "");
    for (const char *p = text; p < end;) {
        uint32_t cp;
        char utf8[4];
        p += utf8_decode(p, end, &cp);
        if (cp < ' ' || (cp >= 0x7f && cp < 0xa0))
            cp = 0xfffd;
        str_addn(&out, utf8, utf8_encode(cp, utf8));
    }
    if (text[n])
        str_add(&out, "…");
    return str_take(&out);
}

/* After those of the same file that stand on earlier lines: a file is checked in several passes,
 * and read from top to bottom. */
static void place(struct errors *e, struct error_item it)
{
    size_t at = e->kept;
    grow(&e->item, &e->cap, e->kept + 1, sizeof *e->item);
    while (at && it.line && e->item[at - 1].line > it.line &&
           strcmp(e->item[at - 1].file, it.file) == 0)
        at--;
    memmove(e->item + at + 1, e->item + at, (e->kept - at) * sizeof *e->item);
    e->item[at] = it;
    e->kept++;
}

PRINTF(4, 0)
static void add(struct errors *e, const char *file, int line, const char *fmt, va_list ap)
{
    if (e->total++ >= ERRORS_MAX)
        return;
    struct str text = {0};
    str_addvf(&text, fmt, ap);
    place(e, (struct error_item){showable(file ? file : ""), line, showable(text.data)});
    str_free(&text);
}

void error_add(struct errors *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(e, e->file, e->line, fmt, ap);
    va_end(ap);
}

void error_at(struct errors *e, const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(e, file, line, fmt, ap);
    va_end(ap);
}

void errors_print(const struct errors *e, FILE *out)
{
    for (size_t i = 0; i < e->kept; i++) {
        const struct error_item *it = &e->item[i];
        if (it->line)
            fprintf(out, "%s:%d: %s\n", it->file, it->line, it->text);
        else
            fprintf(out, "%s: %s\n", it->file, it->text);
    }
    if (e->total > e->kept)
        fprintf(out, "… and %zu more\n", e->total - e->kept);
}

void errors_free(struct errors *e)
{
    for (size_t i = 0; i < e->kept; i++) {
        free(e->item[i].file);
        free(e->item[i].text);
    }
    free(e->item);
    *e = (struct errors){0};
}
