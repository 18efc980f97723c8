/* SPDX-License-Identifier: MIT */
/* A trace's bytes become a file in a temporary folder, at the same relative path:
 *
 *   trace(../traces/a.csv)     /tmp/patternscope-XXXXXX/b/b/  is the scenario's folder,
 *                              …/b/traces/a.csv               is the file
 */
#include "app/trace_place.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { FOLDERS = 16 };
static char *folders[FOLDERS];
static size_t folders_n;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void remove_all(void)
{
    while (folders_n) {
        nftw(folders[--folders_n], remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(folders[folders_n]);
    }
}

static bool folder_make(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The folders on the way to the file. */
static bool folders_to(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = folder_make(path);
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool write_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    bool written = fwrite(bytes, 1, n, f) == n;
    return fclose(f) == 0 && written;
}

char *trace_place(const char *file, const char *bytes, size_t n)
{
    if (*file == '/' || folders_n == FOLDERS)
        return NULL;
    const char *tmp = getenv("TMPDIR");
    char *root = xasprintf("%s/patternscope-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root)) {
        free(root);
        return NULL;
    }
    if (!folders_n)
        atexit(remove_all);
    folders[folders_n++] = root;
    /* As deep as the path may climb. */
    char *base = xstrdup(root);
    for (const char *up = file; (up = strstr(up, "..")); up += 2) {
        char *deeper = xasprintf("%s/b", base);
        free(base);
        base = deeper;
        folder_make(base);
    }
    char *path = xasprintf("%s/%s", base, file);
    bool made = folders_to(path) && write_bytes(path, bytes, n);
    free(path);
    if (made)
        return base;
    free(base);
    return NULL;
}

bool trace_of(const struct scenario *s, struct arrivals *a)
{
    for (size_t i = 0; i < s->settings_n; i++)
        if (strcmp(s->settings[i].key, "arrivals") == 0 &&
            !value_arrivals(s->settings[i].value, a) && a->kind == ARR_TRACE)
            return true;
    return false;
}
