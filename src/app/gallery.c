/* SPDX-License-Identifier: MIT */
/* The gallery: what there is to watch, scenarios first, then lessons, and below the list what the
 * chosen one shows. The list is read from the catalog each time, so that a scenario that was just
 * saved is in it; the chosen file is read when it is chosen, so that what is wrong with it is said
 * before it is started. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"
#include "base/text.h"
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
    int top;   /* where that stands on the screen */
    char filter[64];
    bool searching, pasting; /* searching: every letter is the filter's */
    struct scenario *read;   /* the item `about`, or NULL with the reason in `bad` */
    size_t about;            /* index + 1; 0: none was read yet */
    char bad[256];
    bool help; /* it lies over the list */
    int help_at;
    struct str help_text;
};

/* The gallery's own keys, which no scenario rebinds; the key line has those with a label. */
static const struct gallery_key {
    const char *key, *label, *help;
} gallery_keys[] = {
    {"↑↓", N_("choose"), N_("the one above, the one below; also k and j")},
    {"Enter", N_("watch"), N_("watch it; a mistake that is in its file is told instead")},
    {"Esc", "", N_("back to what is watched; without it, leave")},
    {"/", N_("search"), N_("show only what has a word in its name or title")},
    {"?", N_("help"), N_("this help; also F1")},
    {"PgUp PgDn", NULL, N_("a page up, a page down")},
    {"Home End", NULL, N_("the first, the last; also g and G")},
    {"q", N_("quit"), N_("leave; also F10")},
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
                            item->lesson ? _("Lessons: a mistake each, and its repaired twin")
                                         : _("Scenarios"));
        if (line >= 0 && line < height)
            draw_item(c, top + line, name_w, item, i == g->chosen);
    }
    if (!g->n)
        canvas_text(c, 1, top, ST_DIM, 0,
                    *g->filter ? _("nothing has this in its name or title")
                               : _("no scenario was found"));
}

/* Reads the chosen one. */
static void look_into(struct shown *g)
{
    size_t want = g->n ? g->at[g->chosen] + 1 : 0;
    if (want == g->about)
        return;
    scenario_free(g->read);
    g->read = NULL;
    g->about = want;
    if (!want)
        return;
    static const struct run_options none = {.world = -1, .for_ns = -1};
    struct errors e = {0};
    g->read = app_scenario(g->catalog.item[want - 1].name, &none, &e);
    if (!g->read && e.kept)
        snprintf(g->bad, sizeof g->bad, _("line %d: %s"), e.item[0].line, e.item[0].text);
    errors_free(&e);
}

static void facts(const struct scenario *s, char *out, size_t size)
{
    char length[VALUE_TEXT];
    snprintf(length, sizeof length, "%s", _("as long as its traffic"));
    if (s->params.for_ns)
        value_human_duration(s->params.for_ns, length, sizeof length);
    const char *world =
        scenario_world(s) == WORLD_SIM ? _("the same each time") : _("real threads and time");
    snprintf(out, size, _("%.64s · %s: %s · seed %lld · %s"), s->params.pattern,
             world_names[scenario_world(s)], world, (long long)s->params.seed, length);
}

static void draw_about(struct canvas *c, struct shown *g, struct rect r)
{
    const struct catalog_item *item = &g->catalog.item[g->at[g->chosen]];
    char text[256];
    look_into(g);
    draw_box(c, r, item->name, false);
    struct rect in = {r.x + 2, r.y + 1, r.w - 4, r.h - 2}, old = canvas_clip(c, in);
    if (!g->read) {
        draw_wrapped(c, in, 0, ST_BAD, g->bad);
        canvas_clip(c, old);
        return;
    }
    canvas_text_cut(c, in.x, in.y, in.w, ST_TITLE, CELL_BOLD, item->title ? item->title : "");
    facts(g->read, text, sizeof text);
    canvas_text_cut(c, in.x, in.y + 1, in.w, ST_DIM, 0, text);
    struct rect rest = {in.x, in.y + 2, in.w, in.h - 2};
    for (const char *p = g->read->notes ? g->read->notes : ""; *p && rest.h > 0;) {
        size_t n = strcspn(p, "\n");
        char *paragraph = xstrndup(p, n);
        /* The answer to the question is for later. */
        int lines = strncmp(paragraph, "Answer", 6) == 0
                        ? 0
                        : draw_wrapped(c, rest, 0, ST_NORMAL, paragraph);
        free(paragraph);
        rest.y += lines;
        rest.h -= lines;
        p += n + (p[n] == '\n');
    }
    canvas_clip(c, old);
}

/* What does not fit is left out. Returns where the next begins. */
static int key_hint(struct canvas *c, int x, const char *key, const char *label)
{
    if (x + utf8_width(key) + utf8_width(label) + 2 > c->w)
        return x;
    x = canvas_text(c, x + 1, c->h - 1, ST_KEY, 0, key);
    return canvas_text(c, x + 1, c->h - 1, ST_BAR, 0, label) + 1;
}

static void draw_keys(struct canvas *c, const struct shown *g, bool can_go_back)
{
    bool filtered = *g->filter || g->searching;
    canvas_fill(c, (struct rect){0, c->h - 1, c->w, 1}, ' ', ST_BAR, 0);
    const char *esc = filtered ? _("all again") : can_go_back ? _("back") : _("quit");
    int x = 0;
    for (size_t i = 0; i < ARRAY_LEN(gallery_keys); i++) {
        const struct gallery_key *k = &gallery_keys[i];
        if (k->label && (!g->searching || strlen(k->key) > 1)) /* letters are the filter's then */
            x = key_hint(c, x, k->key, *k->label ? _(k->label) : esc);
    }
}

/* The gallery's keys, then those of what is watched. */
static void open_help(struct shown *g)
{
    struct keymap *keys = keymap_create();
    str_clear(&g->help_text);
    for (size_t i = 0; i < ARRAY_LEN(gallery_keys); i++)
        str_addf(&g->help_text, "%s%*s%s\n", gallery_keys[i].key,
                 15 - utf8_width(gallery_keys[i].key), "", _(gallery_keys[i].help));
    str_addf(&g->help_text, "\n%s\n", _("While one is watched:"));
    overlay_keys(keys, &g->help_text);
    keymap_free(keys);
    g->help = true;
    g->help_at = 0;
}

static struct overlay help_overlay(const struct shown *g)
{
    return (struct overlay){.title = _("keys (arrows scroll, Esc closes)"),
                            .text = g->help_text.data,
                            .scroll = g->help_at,
                            .chosen = -1};
}

/* While the help is open; false: the key is not its own, and closes it too. */
static bool help_key(struct screen *s, struct shown *g, uint32_t key)
{
    struct overlay o = help_overlay(g);
    if (overlay_scroll(&o, s->canvas, key)) {
        g->help_at = o.scroll;
        return true;
    }
    if (key == PK_RESIZE || key == ('L' & 31) || key == ('Z' & 31))
        return false;
    g->help = false;
    return key == PK_ESC || key == PK_ENTER || key == '?' || key == PK_F1 || key == 'q';
}

static void draw_message(struct canvas *c, const struct shown *g)
{
    if (*complaint)
        canvas_text_cut(c, 1, c->h - 2, c->w - 2, ST_BAD, 0, complaint);
    else if (*g->filter || g->searching)
        canvas_textf(c, 1, c->h - 2, ST_MARK, 0, _("search: %s%s   (%zu of %zu)"), g->filter,
                     g->searching ? "▏" : "", g->n, g->catalog.n);
    else if (g->n)
        canvas_textf(c, 1, c->h - 2, ST_DIM, 0, _("the same as: patternscope %s"),
                     g->catalog.item[g->at[g->chosen]].name);
}

static void draw(struct screen *s, struct shown *g, bool can_go_back)
{
    struct canvas *c = s->canvas;
    canvas_clear(c);
    if (c->w < SCREEN_MIN_W || c->h < SCREEN_MIN_H) {
        char text[64];
        snprintf(text, sizeof text, _("need %dx%d, have %dx%d"), SCREEN_MIN_W, SCREEN_MIN_H, c->w,
                 c->h);
        draw_wrapped(c, (struct rect){0, 0, c->w, c->h}, 0, ST_WARN, text);
        term_show(c, s->theme);
        return;
    }
    canvas_fill(c, (struct rect){0, 0, c->w, 1}, ' ', ST_BAR, 0);
    canvas_text_cut(c, 1, 0, c->w - 2, ST_BAR, 0,
                    _("patternscope · concurrency patterns, alive: pick one"));
    /* What the chosen one shows takes a third of the height, where there is some. */
    int about = c->h < 18 || !g->n ? 0 : c->h / 3;
    g->top = c->h < 18 ? 1 : 2;
    draw_list(c, g, g->top, c->h - 2 - g->top - about);
    if (about)
        draw_about(c, g, (struct rect){0, c->h - 2 - about, c->w, about});
    draw_message(c, g);
    draw_keys(c, g, can_go_back);
    if (g->help) {
        struct overlay o = help_overlay(g);
        overlay_draw(c, &o);
    }
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
    if (key == PK_BACKSPACE) {
        g->searching &= n > 0;
        while (n && ((unsigned char)g->filter[--n] & 0xc0) == 0x80)
            ;
        g->filter[n] = '\0';
    } else if (key >= ' ' && (key > ' ' || n) && key < KEY_BASE_ && n + 5 < sizeof g->filter) {
        g->filter[n + utf8_encode(key, g->filter + n)] = '\0';
    }
    apply_filter(g);
}

/* A key that is a character, or none that is anything else here. */
static bool letter(struct shown *g, uint32_t key, bool *quit)
{
    if (key == '?' && !g->searching && !g->pasting) {
        open_help(g);
    } else if (g->searching || *g->filter || g->pasting) {
        type(g, key);
    } else if (key == 'q') {
        *quit = true;
        return true;
    } else if (key == '/') {
        g->searching = true;
    } else if (key == 'j' || key == 'k') {
        move(g, key == 'j' ? 1 : -1);
    } else if (key == 'g' || key == 'G') {
        move(g, key == 'g' ? -(long)g->n : (long)g->n);
    } else {
        type(g, key);
    }
    return false;
}

/* True: it is over; *name the pick, or NULL. */
static bool take_key(struct screen *s, struct shown *g, uint32_t key, bool *quit, char **name)
{
    complaint[0] = '\0';
    if (g->help && help_key(s, g, key))
        return false;
    switch (key) {
    case PK_F1:
        open_help(g);
        break;
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
        if (!g->n || g->pasting)
            break;
        *name = xstrdup(g->catalog.item[g->at[g->chosen]].name);
        return true;
    case PK_ESC:
        if (g->pasting) {
            g->pasting = false;
            break;
        }
        if (!*g->filter && !g->searching)
            return true;
        g->filter[0] = '\0';
        g->searching = false;
        apply_filter(g);
        break;
    case PK_PASTE:
    case PK_PASTED:
        g->pasting = key == PK_PASTE;
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
        return letter(g, key, quit);
    }
    return false;
}

static void click(struct shown *g, const struct term_event *e)
{
    if (g->help)
        return;
    if (e->wheel) {
        move(g, e->wheel > 0 ? 1 : -1);
        return;
    }
    for (size_t i = 0; i < g->n; i++)
        if (line_of(g, i) - g->first + g->top == e->mouse_y)
            g->chosen = i;
}

char *gallery(struct screen *s, const char *now, bool can_go_back, bool *quit)
{
    struct shown g = {0};
    char *name = NULL;
    bool over = false;
    catalog_load(&g.catalog);
    g.at = xcalloc(g.catalog.n + 1, sizeof *g.at);
    apply_filter(&g);
    for (size_t i = 0; now && i < g.catalog.n; i++)
        if (strcmp(g.catalog.item[i].name, now) == 0)
            g.chosen = i;
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
    scenario_free(g.read);
    free(g.at);
    str_free(&g.help_text);
    catalog_free(&g.catalog);
    return name;
}
