/* SPDX-License-Identifier: MIT */
/* Choices as an array and as text. */
#include "runtime/choices.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

void choices_add(struct choices *c, struct choice one)
{
    grow(&c->item, &c->cap, c->n + 1, sizeof *c->item);
    c->item[c->n++] = one;
}

void choices_free(struct choices *c)
{
    free(c->item);
    *c = (struct choices){0};
}

static int compare(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    if (x->leaving != y->leaving)
        return x->leaving < y->leaving ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

void choices_sort(struct choices *c)
{
    if (c->n)
        qsort(c->item, c->n, sizeof *c->item, compare);
}

const struct choice *choices_find(const struct choices *c, uint32_t leaving, uint32_t point)
{
    struct choice key = {.leaving = leaving, .point = point};
    return c->n ? bsearch(&key, c->item, c->n, sizeof key, compare) : NULL;
}

/* A number and what follows it. False: it is not so. */
static bool number(const char **text, char after, uint32_t *out)
{
    uint64_t v = 0;
    const char *p = *text;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9' && v <= UINT32_MAX; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (v > UINT32_MAX || (after && *p != after))
        return false;
    *out = (uint32_t)v;
    *text = after ? p + 1 : p;
    return true;
}

const char *choices_parse(const char *text, struct choices *out)
{
    for (;;) {
        struct choice one;
        while (*text == ' ')
            text++;
        if (!*text)
            return NULL;
        if (!number(&text, '.', &one.leaving) || !number(&text, '>', &one.point) ||
            !number(&text, '\0', &one.next) || (*text && *text != ' '))
            return "must be TASK.POINT>TASK, with blanks between, such as 5.3>2 0.1>4";
        if (out)
            choices_add(out, one);
    }
}

char *choices_text(const struct choices *c)
{
    struct str s = {0};
    for (size_t i = 0; i < c->n; i++)
        str_addf(&s, "%s%" PRIu32 ".%" PRIu32 ">%" PRIu32, i ? " " : "", c->item[i].leaving,
                 c->item[i].point, c->item[i].next);
    return s.data ? str_take(&s) : xstrdup("");
}
