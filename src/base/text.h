/* SPDX-License-Identifier: MIT */
/* The words people see, in one place so that they can be translated: _() where a text is used, N_()
 * where it stands in a table and is given to _() later, P_() where a number decides. In English
 * until somebody sets the hook; xgettext finds them by these names (./dev pot). */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

/* Gives the text in the user's language, or `one` (`many` unless n is 1) itself. Must return a text
 * that lives on; called by the UI thread. many is NULL for a text without a number. NULL: English.
 */
extern const char *(*text_hook)(const char *one, const char *many, unsigned long n);

__attribute__((format_arg(1))) static inline const char *text_of(const char *text)
{
    return text_hook && *text ? text_hook(text, (const char *)0, 1) : text;
}
__attribute__((format_arg(1), format_arg(2))) static inline const char *
text_of_many(const char *one, const char *many, unsigned long n)
{
    return text_hook ? text_hook(one, many, n) : n == 1 ? one : many;
}

#define _(text)          text_of(text)
#define N_(text)         text
#define P_(one, many, n) text_of_many(one, many, (unsigned long)(n))

#endif
