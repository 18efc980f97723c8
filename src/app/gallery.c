/* SPDX-License-Identifier: MIT */
/* The gallery: what there is to watch, scenarios first, then lessons. Its list is read from the
 * catalog each time, so that a scenario that was just saved is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"
#include "views/parts/parts.h"

static char complaint[400];

void gallery_complain(const char *text)
{
    snprintf(complaint, sizeof complaint, "%s", text);
}

struct shown {
    struct catalog catalog;
    size_t *at; /* indices of the items that the filter lets through */
    size_t n;
    size_t chosen;
    int first; /* line of the list that is at the top */
    char filter[64];
};

static bool matches(const struct shown *g, const struct catalog_item *i)
{
    return !*g->filter || strcasestr(i->name, g->filter) ||
           (i->title && strcasestr(i->title, g->filter));
}

static void apply_filter(struct shown *g)
{
    g->n = 0;
    for (size_t i = 0; i < g->catalog.n; i++)
        if (matches(g, &g->catalog.item[i]))
            g->at[g->n++] = i;
    if (g->chosen >= g->n)
        g->chosen = g->n ? g->n - 1 : 0;
}

/* A heading stands over the first scenario and the first lesson: how many lines item k is from the
 * top of the list. */
static int line_of(const struct shown *g, size_t k)
{
    int line = 1;
    for (size_t i = 1; i <= k; i++)
        line += 1 + 2 * (g->catalog.item[g->at[i]].lesson && !g->catalog.item[g->at[i - 1]].lesson);
    return line;
}

/* A lesson is told apart by its title; where there is little room its number is name enough. */
static void short_name(const struct canvas *c, const struct catalog_item *item, char *out,
                       size_t size)
{
    bool lesson = item->lesson && strncmp(item->name, "lessons/", 8) == 0;
    snprintf(out, size, "%s", lesson ? item->name + 8 : item->name);
    if (lesson && c->w < 100)
        out[strcspn(out, "-")] = '\0';
}

static int name_width(const struct canvas *c, const struct shown *g)
{
    int widest = 0;
    for (size_t i = 0; i < g->n; i++) {
        char name[128];
        short_name(c, &g->catalog.item[g->at[i]], name, sizeof name);
        widest = utf8_width(name) > widest ? utf8_width(name) : widest;
    }
    return widest < c->w / 2 ? widest : c->w / 2;
}

static void draw_item(struct canvas *c, int y, int name_w, const struct catalog_item *item,
                      bool chosen)
{
    char name[128];
    short_name(c, item, name, sizeof name);
    uint8_t style = chosen ? ST_MARK : item->fixed ? ST_DIM : ST_NORMAL;
    canvas_text(c, 1, y, ST_MARK, 0, chosen ? "▸" : " ");
    canvas_text_cut(c, 3, y, name_w, style, chosen ? CELL_BOLD : 0, name);
    canvas_text_cut(c, 5 + name_w, y, c->w - 6 - name_w, style, 0, item->title ? item->title : "");
}

static void draw_list(struct canvas *c, struct shown *g, int top, int height)
{
    int at = g->n ? line_of(g, g->chosen) : 0;
    if (at - (g->chosen == 0) < g->first)
        g->first = at - (g->chosen == 0);
    if (at >= g->first + height)
        g->first = at - height + 1;
    int name_w = name_width(c, g);
    for (size_t i = 0; i < g->n; i++) {
        const struct catalog_item *item = &g->catalog.item[g->at[i]];
        int line = line_of(g, i) - g->first;
        bool heads = i == 0 || item->lesson != g->catalog.item[g->at[i - 1]].lesson;
        if (heads && line - 1 >= 0 && line - 1 < height)
            canvas_text_cut(c, 1, top + line - 1, c->w - 2, ST_TITLE, CELL_BOLD,
                            item->lesson ? "Lessons: a mistake each, and its repaired twin"
                                         : "Scenarios");
        if (line >= 0 && line < height)
            draw_item(c, top + line, name_w, item, i == g->chosen);
    }
    if (!g->n)
        canvas_text(c, 1, top, ST_DIM, 0,
                    *g->filter ? "nothing has this in its name or title" : "no scenario was found");
}

static void draw(struct screen *s, struct shown *g, bool can_go_back)
{
    struct canvas *c = s->canvas;
    canvas_clear(c);
    canvas_fill(c, (struct rect){0, 0, c->w, 1}, ' ', ST_BAR, 0);
    canvas_text_cut(c, 1, 0, c->w - 2, ST_BAR, 0,
                    "patternscope · concurrency patterns, alive: pick one");
    if (c->w < SCREEN_MIN_W || c->h < SCREEN_MIN_H) {
        char text[64];
        canvas_clear(c);
        snprintf(text, sizeof text, "need %dx%d, have %dx%d", SCREEN_MIN_W, SCREEN_MIN_H, c->w,
                 c->h);
        canvas_text_cut(c, 0, 0, c->w, ST_WARN, 0, text);
        term_show(c, s->theme);
        return;
    }
    draw_list(c, g, 2, c->h - 4);
    if (*complaint)
        canvas_text_cut(c, 1, c->h - 2, c->w - 2, ST_BAD, 0, complaint);
    else if (*g->filter)
        canvas_textf(c, 1, c->h - 2, ST_MARK, 0, "with \"%s\" (Backspace)", g->filter);
    else if (g->n)
        canvas_textf(c, 1, c->h - 2, ST_DIM, 0, "the same as: patternscope %s",
                     g->catalog.item[g->at[g->chosen]].name);
    canvas_fill(c, (struct rect){0, c->h - 1, c->w, 1}, ' ', ST_BAR, 0);
    static const char *const keys[] = {"↑↓", "choose", "Enter", "watch", "letters", "search"};
    int x = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        x = canvas_text(c, x + 1, c->h - 1, i % 2 ? ST_BAR : ST_KEY, 0, keys[i]) + (int)(i % 2);
    x = canvas_text(c, x + 1, c->h - 1, ST_KEY, 0, "Esc");
    canvas_text(c, x + 1, c->h - 1, ST_BAR, 0, can_go_back ? "back" : "quit");
    term_show(c, s->theme);
}

static void move(struct shown *g, long by)
{
    long to = (long)g->chosen + by;
    g->chosen = to < 0 || !g->n ? 0 : to >= (long)g->n ? g->n - 1 : (size_t)to;
}

static void type(struct shown *g, uint32_t key)
{
    size_t n = strlen(g->filter);
    if (key == PK_BACKSPACE && n) {
        while (n && ((unsigned char)g->filter[--n] & 0xc0) == 0x80)
            ;
        g->filter[n] = '\0';
    } else if (key > ' ' && key < KEY_BASE_ && n + 5 < sizeof g->filter) {
        g->filter[n + utf8_encode(key, g->filter + n)] = '\0';
    }
    apply_filter(g);
}

/* True: it is over; *name the pick, or NULL. */
static bool take_key(struct screen *s, struct shown *g, uint32_t key, bool *quit, char **name)
{
    complaint[0] = '\0';
    switch (key) {
    case PK_UP:
        move(g, -1);
        break;
    case PK_DOWN:
        move(g, 1);
        break;
    case PK_PAGEUP:
        move(g, -(s->canvas->h - 6));
        break;
    case PK_PAGEDOWN:
        move(g, s->canvas->h - 6);
        break;
    case PK_HOME:
        g->chosen = 0;
        break;
    case PK_END:
        move(g, (long)g->n);
        break;
    case PK_ENTER:
        if (!g->n)
            break;
        *name = xstrdup(g->catalog.item[g->at[g->chosen]].name);
        return true;
    case PK_ESC:
        if (!*g->filter)
            return true;
        g->filter[0] = '\0';
        apply_filter(g);
        break;
    case PK_F10:
    case 'C' & 31:
        *quit = true;
        return true;
    case 'Z' & 31:
        term_suspend();
        break;
    case 'L' & 31:
        term_redraw();
        break;
    case PK_RESIZE:
        screen_size(s);
        break;
    default:
        if (key == 'q' && !*g->filter) {
            *quit = true;
            return true;
        }
        if (!*g->filter && (key == 'j' || key == 'k'))
            move(g, key == 'j' ? 1 : -1);
        else
            type(g, key);
    }
    return false;
}

static void click(struct shown *g, const struct term_event *e)
{
    if (e->wheel) {
        move(g, e->wheel > 0 ? 1 : -1);
        return;
    }
    for (size_t i = 0; i < g->n; i++)
        if (line_of(g, i) - g->first + 2 == e->mouse_y)
            g->chosen = i;
}

char *gallery(struct screen *s, bool can_go_back, bool *quit)
{
    struct shown g = {0};
    char *name = NULL;
    bool over = false;
    catalog_load(&g.catalog);
    g.at = xcalloc(g.catalog.n + 1, sizeof *g.at);
    apply_filter(&g);
    screen_size(s);
    draw(s, &g, can_go_back);
    *quit = false;
    while (!over && !term_signal()) {
        struct term_event e;
        if (!term_read(&e, 500)) {
            *quit = true;
            break;
        }
        if (e.key == PK_NONE && e.mouse_x < 0)
            continue;
        if (e.key == PK_NONE)
            click(&g, &e);
        else
            over = take_key(s, &g, e.key, quit, &name);
        draw(s, &g, can_go_back);
    }
    if (over && !name && !can_go_back)
        *quit = true;
    free(g.at);
    catalog_free(&g.catalog);
    return name;
}
