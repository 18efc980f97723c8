/* SPDX-License-Identifier: MIT */
/* Errors that people see: where, what was found, what is allowed.
 *
 * All errors of a file are collected (at most ERRORS_MAX are kept, the rest counted), each as
 * FILE:LINE: message. */
#ifndef CONTROL_ERRORS_H
#define CONTROL_ERRORS_H

#include <stddef.h>
#include <stdio.h>

#include "base/diag.h"

enum { ERRORS_MAX = 1000 };

struct error_item {
    char *file;
    int line; /* 0: none */
    char *text;
};
/* Zero-initialise. One thread. */
struct errors {
    struct error_item *item;
    size_t kept, cap, total;
    const char *file; /* where error_add() says we are */
    int line;
};
PRINTF(2, 3) void error_add(struct errors *e, const char *fmt, ...);
PRINTF(4, 5) void error_at(struct errors *e, const char *file, int line, const char *fmt, ...);
/* "FILE:LINE: message" lines, and "… and N more". */
void errors_print(const struct errors *e, FILE *out);
void errors_free(struct errors *e);

#endif
