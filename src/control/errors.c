/* SPDX-License-Identifier: MIT */
/* The list of errors that a file is rejected with. */
#include "control/errors.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

PRINTF(4, 0)
static void add(struct errors *e, const char *file, int line, const char *fmt, va_list ap)
{
    if (e->total++ >= ERRORS_MAX)
        return;
    struct str text = {0};
    str_addvf(&text, fmt, ap);
    e->item[e->kept++] = (struct error_item){xstrdup(file ? file : ""), line, str_take(&text)};
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
    *e = (struct errors){0};
}
