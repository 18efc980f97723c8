/* SPDX-License-Identifier: MIT */
/* A table as text or JSON, for `list`. */
#ifndef APP_LIST_TABLE_H
#define APP_LIST_TABLE_H

#include <stdio.h>

#include "base/str.h"

enum { LIST_COLUMNS = 6 };
/* Zero-initialise. Columns have the names of the JSON's keys; the first is what others refer to a
 * row by. */
struct list_table {
    const char *column[LIST_COLUMNS];
    size_t columns;
    struct list_row {
        char *cell[LIST_COLUMNS]; /* text */
        char *json[LIST_COLUMNS]; /* instead of the text as a string, or NULL */
    } * row;
    size_t n, cap;
};
/* Adds a row; cells follow with list_cell() from the first column on. */
void list_row(struct list_table *t);
/* Both are copied; json may be NULL. */
void list_cell(struct list_table *t, const char *text, const char *json);
void list_print(const struct list_table *t, bool json, FILE *out);
void list_free(struct list_table *t);

#endif
