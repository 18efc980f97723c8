/* SPDX-License-Identifier: MIT */
/* Columns padded to their widest cell, the last left as it is; or an array of objects. */
#include "app/list_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WIDTH_MAX = 40 };

void list_row(struct list_table *t)
{
    grow(&t->row, &t->cap, t->n + 1, sizeof *t->row);
    memset(&t->row[t->n++], 0, sizeof *t->row);
}

void list_cell(struct list_table *t, const char *text, const char *json)
{
    struct list_row *r = &t->row[t->n - 1];
    size_t i = 0;
    while (i < LIST_COLUMNS && r->cell[i])
        i++;
    VERIFY(i < t->columns);
    r->cell[i] = xstrdup(text);
    r->json[i] = json ? xstrdup(json) : NULL;
}

static void print_text(const struct list_table *t, FILE *out)
{
    int width[LIST_COLUMNS] = {0};
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->columns; k++) {
            int w = utf8_width(t->row[i].cell[k]);
            if (w > width[k] && w <= WIDTH_MAX)
                width[k] = w;
        }
    for (size_t i = 0; i < t->n; i++) {
        size_t last = t->columns;
        while (last > 1 && !*t->row[i].cell[last - 1])
            last--;
        for (size_t k = 0; k < last; k++) {
            int pad = width[k] - utf8_width(t->row[i].cell[k]);
            bool end = k + 1 == last;
            fprintf(out, "%s%*s%s", t->row[i].cell[k], end || pad < 0 ? 0 : pad, "",
                    end ? "\n" : "  ");
        }
    }
}

static void print_json(const struct list_table *t, FILE *out)
{
    struct str s = {0};
    for (size_t i = 0; i < t->n; i++) {
        str_add(&s, i ? ",\n {" : "\n {");
        for (size_t k = 0; k < t->columns; k++) {
            str_addf(&s, "%s\"%s\":", k ? "," : "", t->column[k]);
            if (t->row[i].json[k])
                str_add(&s, t->row[i].json[k]);
            else
                str_add_json(&s, t->row[i].cell[k]);
        }
        str_addc(&s, '}');
    }
    fprintf(out, "[%s%s]\n", s.len ? s.data : "", s.len ? "\n" : "");
    str_free(&s);
}

void list_print(const struct list_table *t, bool json, FILE *out)
{
    if (json)
        print_json(t, out);
    else
        print_text(t, out);
}

void list_free(struct list_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < LIST_COLUMNS; k++) {
            free(t->row[i].cell[k]);
            free(t->row[i].json[k]);
        }
    free(t->row);
    memset(t, 0, sizeof *t);
}
