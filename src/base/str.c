/* SPDX-License-Identifier: MIT */
/* The growing string and the nearest name. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void str_addn(struct str *s, const char *bytes, size_t n)
{
    grow(&s->data, &s->cap, s->len + n + 1, 1);
    memcpy(s->data + s->len, bytes, n);
    s->len += n;
    s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
    str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
    str_addn(s, &c, 1);
}

void str_addvf(struct str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    VERIFY(n >= 0);
    grow(&s->data, &s->cap, s->len + (size_t)n + 1, 1);
    vsnprintf(s->data + s->len, (size_t)n + 1, fmt, ap);
    s->len += (size_t)n;
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str_addvf(s, fmt, ap);
    va_end(ap);
}

void str_add_json(struct str *s, const char *text)
{
    const char *end = text + strlen(text);
    str_addc(s, '"');
    while (text < end) {
        uint32_t cp;
        size_t n = utf8_decode(text, end, &cp);
        if (cp == '"' || cp == '\\')
            str_addf(s, "\\%c", (char)cp);
        else if (cp == '\n')
            str_add(s, "\\n");
        else if (cp < 0x20 || cp == 0x7f)
            str_addf(s, "\\u%04x", (unsigned)cp);
        else {
            char out[4];
            str_addn(s, out, utf8_encode(cp, out));
        }
        text += n;
    }
    str_addc(s, '"');
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->data)
        s->data[0] = '\0';
}

void str_free(struct str *s)
{
    free(s->data);
    *s = (struct str){0};
}

char *str_take(struct str *s)
{
    char *d = s->data ? s->data : xstrdup("");
    *s = (struct str){0};
    return d;
}

enum { LONGEST = 64 };

unsigned str_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    unsigned row[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned d = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < d)
                d = last[j] + 1;
            if (now[j - 1] + 1 < d)
                d = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < d)
                d = before[j - 2] + 1;
            now[j] = d;
        }
    }
    return row[n % 3][m];
}

const char *str_nearest(const char *word, const char *const *names, size_t n)
{
    unsigned limit = (unsigned)strlen(word) / 3;
    if (limit < 2)
        limit = 2;
    const char *best = NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned d = str_distance(word, names[i]);
        if (d <= limit && (!best || d < str_distance(word, best)))
            best = names[i];
    }
    return best;
}
