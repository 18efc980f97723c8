/* SPDX-License-Identifier: MIT */
/* A growing string, and UTF-8. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>

#include "base/diag.h"

/* Zero-initialise; `data` is NUL-terminated once anything was added. Not shared between threads. */
struct str {
    char *data;
    size_t len;
    size_t cap;
};

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *bytes, size_t n);
void str_addc(struct str *s, char c);
PRINTF(2, 3) void str_addf(struct str *s, const char *fmt, ...);
PRINTF(2, 0) void str_addvf(struct str *s, const char *fmt, va_list ap);
/* Appends text as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD. */
void str_add_json(struct str *s, const char *text);
void str_clear(struct str *s); /* keeps the memory */
void str_free(struct str *s);
/* Hands the bytes over (never NULL); the caller frees them. */
char *str_take(struct str *s);

/* Decodes one code point at p (< end), returns its length in bytes; invalid bytes give U+FFFD, 1.
 */
size_t utf8_decode(const char *p, const char *end, uint32_t *cp);
/* Writes cp to out (4 bytes room), returns its length. */
size_t utf8_encode(uint32_t cp, char *out);
bool utf8_valid(const char *bytes, size_t n);
/* Cells a code point takes in a terminal: 0 (combining), 1 or 2. Independent of the locale. */
int cp_width(uint32_t cp);
/* How many bytes of s hold at most `most` bytes of whole code points: for "%.*s". */
int utf8_fit(const char *s, int most);
/* Cells of a NUL-terminated UTF-8 string. */
int utf8_width(const char *s);

/* Edit distance with transpositions (Damerau-Levenshtein, optimal string alignment). */
unsigned str_distance(const char *a, const char *b);
/* The nearest of n names to `word`, within 2 edits or a third of its length; else NULL. */
const char *str_nearest(const char *word, const char *const *names, size_t n);

#endif
