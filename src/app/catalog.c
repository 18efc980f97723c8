/* SPDX-License-Identifier: MIT */
/* Scenarios by name. Places in order; the first that has a name wins:
 *
 *   ./configs   the user's data folder   the installed one   compiled-in copies
 *
 * A name is the path below the place without ".ini": "worker_pool", "lessons/T1.M3-words". The id
 * of a lesson alone ("T1.M3") is enough where it is unique; its repaired twin is "T1.M3.fixed". */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"

#include "app/app.h"
#include "app/embed/embed.h"
#include "app/names.h"
#include "base/mem.h"
#include "base/str.h"
#include "control/ini_text.h"
#include "session/psr_format.h"

/* Folders below a place that hold other things than scenarios. */
static const char *const other[] = {"keys", "themes", "presets", "traces"};

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static bool is_lesson(const char *name)
{
    return strncmp(name, "lessons/", 8) == 0;
}

static bool is_other(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        size_t n = strlen(other[i]);
        if (strncmp(name, other[i], n) == 0 && (name[n] == '/' || !name[n]))
            return true;
    }
    return false;
}

/* ---- collecting ----------------------------------------------------------------------------- */

/* rel: "lessons/T1.M3-words.ini"; path: where it is, or NULL. */
static void add(struct catalog *c, const char *rel, const char *path)
{
    if (!ends_with(rel, ".ini") || is_other(rel))
        return;
    char *name = xstrndup(rel, strlen(rel) - 4);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->item[i].name, name) == 0) {
            free(name);
            return;
        }
    grow(&c->item, &c->cap, c->n + 1, sizeof *c->item);
    c->item[c->n++] = (struct catalog_item){.name = name,
                                            .path = path ? xstrdup(path) : NULL,
                                            .lesson = is_lesson(name),
                                            .fixed = ends_with(name, ".fixed")};
}

/* The folder's INI files, and those one folder deeper. rel: "" or "lessons/". */
static void add_folder(struct catalog *c, const char *folder, const char *rel)
{
    DIR *d = opendir(folder);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        char *path = xasprintf("%s/%s", folder, e->d_name);
        char *below = xasprintf("%s%s", rel, e->d_name);
        struct stat st;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            add(c, below, path);
        } else if (!*rel && !is_other(below)) {
            char *deeper = xasprintf("%s/", below);
            add_folder(c, path, deeper);
            free(deeper);
        }
        free(below);
        free(path);
    }
    closedir(d);
}

static int by_name(const void *a, const void *b)
{
    const struct catalog_item *x = a, *y = b;
    if (x->lesson != y->lesson)
        return x->lesson ? 1 : -1;
    return strcmp(x->name, y->name);
}

void catalog_scan(struct catalog *c)
{
    *c = (struct catalog){0};
    add_folder(c, "configs", "");
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char *user = data && *data == '/' ? xasprintf("%s/patternscope", data)
                 : home && *home      ? xasprintf("%s/.local/share/patternscope", home)
                                      : NULL;
    if (user)
        add_folder(c, user, "");
    free(user);
    add_folder(c, PATTERNSCOPE_DATADIR, "");
    for (size_t i = 0; i < embedded_files_n; i++)
        add(c, embedded_files[i].path, NULL);
    if (c->n)
        qsort(c->item, c->n, sizeof *c->item, by_name);
}

void catalog_free(struct catalog *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->item[i].name);
        free(c->item[i].title);
        free(c->item[i].path);
    }
    free(c->item);
    *c = (struct catalog){0};
}

/* ---- titles --------------------------------------------------------------------------------- */

struct title {
    char *title;
    bool pattern;
};

static void take_title(void *arg, const char *section, const char *key, const char *value, int line,
                       bool cut)
{
    struct title *t = arg;
    (void)line;
    (void)cut;
    if (!key || strcmp(section, "scenario") != 0)
        return;
    if (strcmp(key, "title") == 0 && !t->title)
        t->title = xstrdup(value);
    t->pattern |= strcmp(key, "pattern") == 0;
}

static const struct embedded_file *embedded(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < embedded_files_n; i++)
        if (strncmp(embedded_files[i].path, name, n) == 0 &&
            strcmp(embedded_files[i].path + n, ".ini") == 0)
            return &embedded_files[i];
    return NULL;
}

/* The title; false: it is no scenario. A file that cannot be read stays, so that choosing it says
 * why. */
static bool read_title(struct catalog_item *item)
{
    struct title t = {0};
    struct errors e = {0};
    if (item->path) {
        FILE *f = fopen(item->path, "rb");
        char *text = f ? xmalloc(INI_TEXT_MAX) : NULL;
        size_t n = f ? fread(text, 1, INI_TEXT_MAX, f) : 0;
        if (f)
            fclose(f);
        if (n)
            ini_text_parse(text, n, take_title, &t, &e);
        else
            t.pattern = true;
        free(text);
    } else {
        const struct embedded_file *f = embedded(item->name);
        ini_text_parse(f->text, f->len, take_title, &t, &e);
    }
    errors_free(&e);
    item->title = t.title ? t.title : xstrdup("");
    return t.pattern;
}

void catalog_load(struct catalog *c)
{
    catalog_scan(c);
    size_t kept = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (read_title(&c->item[i])) {
            c->item[kept++] = c->item[i];
            continue;
        }
        free(c->item[i].name);
        free(c->item[i].title);
        free(c->item[i].path);
    }
    c->n = kept;
}

/* ---- looking up ----------------------------------------------------------------------------- */

/* Is "lessons/T1.M3-words.fixed" meant by the id "T1.M3.fixed"? */
static bool is_id_of(const struct catalog_item *item, const char *id)
{
    if (!item->lesson)
        return false;
    const char *name = item->name + 8;
    size_t n = strlen(id);
    bool fixed = ends_with(id, ".fixed");
    if (fixed)
        n -= 6;
    return item->fixed == fixed && strncmp(name, id, n) == 0 && name[n] == '-';
}

/* NULL with an error. */
static const struct catalog_item *look_up(const struct catalog *c, const char *name,
                                          struct errors *e)
{
    const char *bare = is_lesson(name) ? name + 8 : name;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->item[i].name, name) == 0 ||
            (c->item[i].lesson && strcmp(c->item[i].name + 8, bare) == 0))
            return &c->item[i];
    const struct catalog_item *found = NULL;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_id_of(&c->item[i], bare))
            continue;
        if (found) {
            error_at(e, name, 0, "may mean %s or %s: say which", found->name, c->item[i].name);
            return NULL;
        }
        found = &c->item[i];
    }
    return found;
}

static void not_found(const struct catalog *c, const char *name, struct errors *e)
{
    size_t n = 0;
    const char **names = xcalloc(c->n * 2 + 8, sizeof *names);
    for (size_t i = 0; i < c->n; i++) {
        names[n++] = c->item[i].name;
        /* An id is short, a lesson's whole name is far from it. */
        if (c->item[i].lesson && !c->item[i].fixed)
            names[n++] = xstrndup(c->item[i].name, strcspn(c->item[i].name, "-"));
    }
    size_t scenarios_n = n;
    for (size_t i = 0; subcommands[i].name && n < c->n * 2 + 8; i++)
        names[n++] = subcommands[i].name;
    const char *near = str_nearest(name, names, n);
    bool sub = false;
    for (size_t i = scenarios_n; i < n; i++)
        sub |= near == names[i];
    if (near)
        error_at(e, name, 0,
                 "there is no such file, and no scenario of that name (did you mean %s'%s'?)",
                 sub ? "the command " : "", near);
    else
        error_at(e, name, 0,
                 "there is no such file, and no scenario of that name (see: patternscope list "
                 "scenarios)");
    n = 0;
    for (size_t i = 0; i < c->n; i++) {
        n++;
        if (c->item[i].lesson && !c->item[i].fixed)
            free((void *)(uintptr_t)names[n++]);
    }
    free(names);
}

bool app_is_session(const char *path)
{
    FILE *f = fopen(path, "rb");
    char first[4] = "";
    static const char magic[] = PSR_MAGIC;
    size_t got = f ? fread(first, 1, sizeof first, f) : 0;
    if (f)
        fclose(f);
    return got == sizeof first && memcmp(first, magic, sizeof first) == 0;
}

struct scenario *catalog_read(const char *name, const char *const *sets, struct errors *e)
{
    struct stat st;
    bool is_path = *name == '.' || *name == '/' || ends_with(name, ".ini");
    bool there = stat(name, &st) == 0;
    if (there && S_ISREG(st.st_mode) && app_is_session(name)) {
        error_at(e, name, 0, "a recorded session, not a scenario (see: patternscope replay %s)",
                 name);
        return NULL;
    }
    if (is_path || (there && !S_ISDIR(st.st_mode)))
        return scenario_read(name, &app_schema, sets, e);
    struct catalog c;
    catalog_scan(&c);
    size_t before = e->total;
    const struct catalog_item *item = look_up(&c, name, e);
    struct scenario *s = NULL;
    if (item && item->path) {
        s = scenario_read(item->path, &app_schema, sets, e);
    } else if (item) {
        const struct embedded_file *f = embedded(item->name);
        s = scenario_parse(item->name, NULL, f->text, f->len, &app_schema, sets, e);
    } else if (there) {
        error_at(e, name, 0, "a directory, not a scenario");
    } else if (e->total == before) {
        not_found(&c, name, e);
    }
    catalog_free(&c);
    return s;
}
