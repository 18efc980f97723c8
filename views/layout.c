/* SPDX-License-Identifier: MIT */
/* Where the panels stand. A layout is rows of panels; what does not fit is dropped from the end and
 * comes back when it has the focus, in the place of the last row that is shown. So every panel can
 * be reached at every size, and at 40x10 there is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "views/view.h"

/* The defaults, the first that fits. */
static const struct {
    int w, h;
    const char *spec;
} defaults[] = {
    {170, 50, "flow:8, tasks|channels, metrics|parameters|log, notes|code|contexts|groups"},
    {100, 32, "flow:7, tasks|channels:13, metrics|parameters|log"},
    {80, 36, "flow:7, tasks, channels:6, metrics|log"},
    {60, 20, "flow:6, tasks, channels:5"},
    {40, 22, "flow:10, tasks"},
    {0, 0, "flow, tasks, channels"},
};

enum { ROWS = LAYOUT_MAX, TOP = 1, BOTTOM = 2 /* message and keys */, ROOMY = 30 };
struct row {
    int view[LAYOUT_MAX];
    int n, fixed, min, h;
};
struct spec {
    struct row row[ROWS];
    int n, panels;
};

static _Thread_local char sentence[256];

static const char *no_panel(const char *word, size_t n)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(n < 60 ? n : 60), word);
    const char *names[64];
    size_t known = 0;
    for (; views[known] && known < ARRAY_LEN(names); known++)
        names[known] = views[known]->name;
    const char *near = str_nearest(name, names, known);
    if (near)
        snprintf(sentence, sizeof sentence, "there is no panel %s; did you mean %s?", name, near);
    else
        snprintf(sentence, sizeof sentence, "there is no panel '%s'; see: patternscope list panels",
                 name);
    return sentence;
}

static int view_named(const char *word, size_t n)
{
    char name[64];
    if (n >= sizeof name)
        return -1;
    memcpy(name, word, n);
    name[n] = '\0';
    return view_index(name);
}

static const char *parse_row(struct spec *s, const char *p, const char *end, bool *seen)
{
    struct row *row = &s->row[s->n];
    while (p <= end) {
        const char *stop = p + strcspn(p, "|:,");
        stop = stop > end ? end : stop;
        const char *a = p, *b = stop;
        while (a < b && *a == ' ')
            a++;
        while (b > a && b[-1] == ' ')
            b--;
        int view = view_named(a, (size_t)(b - a));
        if (view < 0)
            return no_panel(a, (size_t)(b - a));
        if (seen[view]) {
            snprintf(sentence, sizeof sentence, "the panel %s stands twice", views[view]->name);
            return sentence;
        }
        if (s->panels == LAYOUT_MAX)
            return "too many panels";
        seen[view] = true;
        s->panels++;
        row->view[row->n++] = view;
        p = stop;
        if (p < end && *p == ':') {
            char *rest;
            long h = strtol(p + 1, &rest, 10);
            while (*rest == ' ')
                rest++;
            if (rest != end || rest == p + 1 || h < 3 || h > 200)
                return "a row's height must be 3..200 and stand at its end: tasks|channels:9";
            row->fixed = (int)h;
            break;
        }
        p++;
        if (stop == end)
            break;
    }
    s->n++;
    return NULL;
}

static const char *parse(struct spec *s, const char *text)
{
    bool seen[64] = {false};
    *s = (struct spec){0};
    for (const char *p = text;; p++) {
        const char *end = p + strcspn(p, ",");
        if (s->n == ROWS)
            return "too many rows";
        const char *error = parse_row(s, p, end, seen);
        if (error)
            return error;
        p = end;
        if (!*p)
            return NULL;
    }
}

const char *layout_check(const char *spec)
{
    struct spec s;
    return parse(&s, spec);
}

static bool row_has(const struct row *r, int view)
{
    for (int i = 0; i < r->n; i++)
        if (r->view[i] == view)
            return true;
    return false;
}

/* Drops panels from the right, the focused one last, until the row's least width fits. */
static void fit_width(struct row *r, int w, int focus)
{
    for (;;) {
        int least = 0;
        for (int i = 0; i < r->n; i++)
            least += views[r->view[i]]->min_w;
        if (least <= w || r->n == 1)
            break;
        int out = r->view[r->n - 1] == focus ? r->n - 2 : r->n - 1;
        for (int i = out; i + 1 < r->n; i++)
            r->view[i] = r->view[i + 1];
        r->n--;
    }
    r->min = 3;
    for (int i = 0; i < r->n; i++)
        if (views[r->view[i]]->min_h > r->min)
            r->min = views[r->view[i]]->min_h;
}

static void place_row(struct layout *l, const struct row *r, int y, int w)
{
    int weights = 0, spare = w, x = 0;
    for (int i = 0; i < r->n; i++) {
        weights += views[r->view[i]]->weight;
        spare -= views[r->view[i]]->min_w;
    }
    for (int i = 0; i < r->n; i++) {
        const struct view *v = views[r->view[i]];
        int width = v->min_w + (spare > 0 ? spare * v->weight / weights : 0);
        if (i == r->n - 1)
            width = w - x;
        l->item[l->shown].view = r->view[i];
        l->item[l->shown++].r = (struct rect){x, y, width, r->h};
        x += width;
    }
}

/* Gives the rows their heights: the fixed ones theirs, the rest in equal parts. */
static void heights(struct spec *s, int h)
{
    int rest = h, open = 0;
    for (int i = 0; i < s->n; i++) {
        struct row *r = &s->row[i];
        r->h = r->fixed > r->min ? r->fixed : r->min;
        rest -= r->h;
        open += !r->fixed;
    }
    if (!open || rest < 0) {
        s->row[s->n - 1].h += rest;
        return;
    }
    /* Level the open rows: the lowest first, so that they end equally high where they can. */
    for (; rest > 0; rest--) {
        struct row *low = NULL;
        for (int i = 0; i < s->n; i++)
            if (!s->row[i].fixed && (!low || s->row[i].h < low->h))
                low = &s->row[i];
        low->h++;
    }
}

static int rows_that_fit(const struct spec *s, int h)
{
    int n = 0, least = 0;
    for (; n < s->n; n++) {
        const struct row *r = &s->row[n];
        least += r->fixed > r->min ? r->fixed : r->min;
        if (least > h)
            break;
    }
    return n ? n : 1;
}

const char *layout_make(struct layout *l, const char *spec, int w, int h, int focus)
{
    *l = (struct layout){0};
    for (size_t i = 0; !spec; i++)
        if (w >= defaults[i].w && h >= defaults[i].h)
            spec = defaults[i].spec;
    struct spec s;
    const char *error = parse(&s, spec);
    if (error)
        return error;
    l->n = s.panels;
    if (w < SCREEN_MIN_W || h < SCREEN_MIN_H)
        return NULL;
    struct spec all = s;
    int area = h - TOP - BOTTOM;
    for (int i = 0; i < s.n; i++)
        fit_width(&s.row[i], w, focus);
    s.n = rows_that_fit(&s, area);
    bool seen = false;
    for (int i = 0; i < s.n; i++)
        seen |= row_has(&s.row[i], focus);
    if (!seen && focus >= 0) {
        /* In the place of the last row; where that is little room, of all but the first. */
        int at = area >= ROOMY ? s.n - 1 : s.n > 1 ? 1 : 0;
        for (;; at = 0) {
            s.row[at] = (struct row){.view = {focus}, .n = 1};
            s.n = at + 1;
            fit_width(&s.row[at], w, focus);
            if (at == 0 || rows_that_fit(&s, area) == s.n)
                break;
        }
    }
    heights(&s, area);
    int y = TOP;
    for (int i = 0; i < s.n; i++) {
        place_row(l, &s.row[i], y, w);
        y += s.row[i].h;
    }
    /* Those that did not fit stand behind: Tab brings them. */
    int at = l->shown;
    for (int i = 0; i < all.n; i++)
        for (int k = 0; k < all.row[i].n; k++) {
            bool there = false;
            for (int j = 0; j < l->shown; j++)
                there |= l->item[j].view == all.row[i].view[k];
            if (!there && at < LAYOUT_MAX)
                l->item[at++].view = all.row[i].view[k];
        }
    l->n = at;
    return NULL;
}
