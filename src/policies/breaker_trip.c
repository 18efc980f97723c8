/* SPDX-License-Identifier: MIT */
/* Reading the trip rule. */
#include "policies/breaker_trip.h"

#include <stdio.h>
#include <string.h>

#include "control/value.h"

const char trip_allowed[] = "must be consecutive(5), failures(3 of 5), failures(3 in 10s), "
                            "rate(50% of 100 calls, min 20), rate(50% in 10s, min 20) or "
                            "rate(50% in interval, min 20); with > before the number it must be "
                            "exceeded, else it is enough to reach it";

enum { MOST_CALLS = 1000000 };

struct words {
    const char *p;
};

static bool word(struct words *w, const char *text)
{
    size_t n = strlen(text);
    while (*w->p == ' ')
        w->p++;
    if (strncmp(w->p, text, n) != 0)
        return false;
    w->p += n;
    return true;
}

/* The text up to a space, a comma or a closing bracket. */
static bool part(struct words *w, char *out, size_t size)
{
    while (*w->p == ' ')
        w->p++;
    size_t n = strcspn(w->p, " ,)");
    if (n == 0 || n >= size)
        return false;
    memcpy(out, w->p, n);
    out[n] = '\0';
    w->p += n;
    return true;
}

static bool whole(struct words *w, uint64_t least, uint64_t *out)
{
    char text[32];
    int64_t v;
    if (!part(w, text, sizeof text) || value_int(text, &v) || v < (int64_t)least || v > MOST_CALLS)
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool span(struct words *w, int64_t *ns)
{
    char text[32];
    return part(w, text, sizeof text) && !value_duration(text, ns) && *ns > 0;
}

static void comparison(struct words *w, struct trip *t)
{
    if (!word(w, ">="))
        t->above = word(w, ">");
}

static bool end(struct words *w)
{
    return word(w, ")") && (word(w, ""), *w->p == '\0');
}

static bool failures(struct words *w, struct trip *t)
{
    if (!whole(w, 1, &t->count))
        return false;
    if (word(w, "of")) {
        t->kind = TRIP_FAILURES_OF;
        return whole(w, 1, &t->of) && t->of >= t->count;
    }
    t->kind = TRIP_FAILURES_IN;
    t->minimum = t->count;
    return word(w, "in") && span(w, &t->span_ns);
}

static bool rate(struct words *w, struct trip *t)
{
    char text[32];
    if (!part(w, text, sizeof text) || value_float(text, &t->share) || t->share < 0 || t->share > 1)
        return false;
    if (word(w, "of")) {
        t->kind = TRIP_RATE_OF;
        if (!whole(w, 1, &t->of) || !word(w, "calls"))
            return false;
    } else if (!word(w, "in")) {
        return false;
    } else if (word(w, "interval")) {
        t->kind = TRIP_RATE_INTERVAL;
    } else {
        t->kind = TRIP_RATE_IN;
        if (!span(w, &t->span_ns))
            return false;
    }
    return !word(w, ",") || (word(w, "min") && whole(w, 1, &t->minimum));
}

const char *trip_parse(const char *text, struct trip *t)
{
    struct words w = {text};
    struct trip x = {.kind = TRIP_CONSECUTIVE};
    bool ok = false;
    if (word(&w, "consecutive") && word(&w, "(")) {
        comparison(&w, &x);
        ok = whole(&w, 1, &x.count);
    } else if (word(&w, "failures") && word(&w, "(")) {
        comparison(&w, &x);
        ok = failures(&w, &x);
    } else if (word(&w, "rate") && word(&w, "(")) {
        comparison(&w, &x);
        ok = rate(&w, &x);
    }
    if (!ok || !end(&w))
        return trip_allowed;
    /* min is no more than the window holds */
    if (x.kind == TRIP_RATE_OF && x.minimum > x.of)
        x.minimum = x.of;
    if (t)
        *t = x;
    return NULL;
}
