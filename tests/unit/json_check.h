/* SPDX-License-Identifier: MIT */
/* A strict reader of JSON for tests: says whether a text is one value, and names its leaves by path
 * ("latency_ms.p99", "diagnoses.0.kind"). */
#ifndef TESTS_UNIT_JSON_CHECK_H
#define TESTS_UNIT_JSON_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_leaf {
    const char *path;
    char type; /* 's' string, 'n' number, 'b' true or false, '0' null, 'o' end of object or list */
    const char *text; /* without quotes, escapes as they stand */
    double number;
};
typedef void (*json_leaf_fn)(void *arg, const struct json_leaf *leaf);

struct json_check {
    const char *p;
    json_leaf_fn fn;
    void *arg;
    char path[512];
    int depth;
};

static inline void json_space(struct json_check *j)
{
    while (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r')
        j->p++;
}

static inline void json_leaf_of(struct json_check *j, char type, const char *from, size_t n)
{
    char text[1024];
    if (n >= sizeof text)
        n = sizeof text - 1;
    memcpy(text, from, n);
    text[n] = '\0';
    if (j->fn)
        j->fn(j->arg, &(struct json_leaf){j->path[0] == '.' ? j->path + 1 : j->path, type, text,
                                          type == 'n' ? strtod(text, NULL) : 0});
}

static inline bool json_string(struct json_check *j, const char **from, size_t *n)
{
    if (*j->p++ != '"')
        return false;
    *from = j->p;
    for (; *j->p != '"'; j->p++) {
        if ((unsigned char)*j->p < 0x20)
            return false;
        if (*j->p == '\\' && !strchr("\"\\/bfnrtu", *++j->p))
            return false;
    }
    *n = (size_t)(j->p++ - *from);
    return true;
}

static inline bool json_number(struct json_check *j)
{
    const char *from = j->p;
    if (*j->p == '-')
        j->p++;
    if (!isdigit((unsigned char)*j->p) || (*j->p == '0' && isdigit((unsigned char)j->p[1])))
        return false;
    j->p += strspn(j->p, "0123456789");
    if (*j->p == '.') {
        size_t n = strspn(++j->p, "0123456789");
        if (!n)
            return false;
        j->p += n;
    }
    if (*j->p == 'e' || *j->p == 'E') {
        j->p++;
        if (*j->p == '+' || *j->p == '-')
            j->p++;
        size_t n = strspn(j->p, "0123456789");
        if (!n)
            return false;
        j->p += n;
    }
    json_leaf_of(j, 'n', from, (size_t)(j->p - from));
    return true;
}

static inline bool json_value(struct json_check *j);

static inline bool json_many(struct json_check *j, char end)
{
    size_t here = strlen(j->path);
    j->p++;
    json_space(j);
    for (int i = 0; *j->p != end; i++) {
        char step[256];
        if (i) {
            if (*j->p++ != ',')
                return false;
            json_space(j);
        }
        snprintf(step, sizeof step, "%d", i);
        if (end == '}') {
            const char *from;
            size_t n;
            if (!json_string(j, &from, &n) || n >= sizeof step)
                return false;
            memcpy(step, from, n);
            step[n] = '\0';
            json_space(j);
            if (*j->p++ != ':')
                return false;
        }
        snprintf(j->path + here, sizeof j->path - here, ".%s", step);
        if (!json_value(j))
            return false;
        j->path[here] = '\0';
        json_space(j);
    }
    j->p++;
    json_leaf_of(j, 'o', "", 0);
    return true;
}

static inline bool json_value(struct json_check *j)
{
    static const char *const words[] = {"true", "false", "null"};
    json_space(j);
    if (++j->depth > 32)
        return false;
    bool ok = false;
    if (*j->p == '{') {
        ok = json_many(j, '}');
    } else if (*j->p == '[') {
        ok = json_many(j, ']');
    } else if (*j->p == '"') {
        const char *from;
        size_t n;
        ok = json_string(j, &from, &n);
        if (ok)
            json_leaf_of(j, 's', from, n);
    } else if (*j->p == '-' || isdigit((unsigned char)*j->p)) {
        ok = json_number(j);
    } else {
        for (int i = 0; i < 3; i++)
            if (strncmp(j->p, words[i], strlen(words[i])) == 0) {
                json_leaf_of(j, i == 2 ? '0' : 'b', words[i], strlen(words[i]));
                j->p += strlen(words[i]);
                ok = true;
                break;
            }
    }
    j->depth--;
    return ok;
}

/* Is text exactly one JSON value? fn (may be NULL) sees every leaf, and every end of an object. */
static inline bool json_check(const char *text, json_leaf_fn fn, void *arg)
{
    struct json_check j = {.p = text, .fn = fn, .arg = arg};
    if (!json_value(&j))
        return false;
    json_space(&j);
    return !*j.p;
}

#endif
