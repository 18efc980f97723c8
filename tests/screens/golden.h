/* SPDX-License-Identifier: MIT */
/* Screens compared with text: golden/CASE.WxH.txt. PATTERNSCOPE_UPDATE=1 writes them anew. */
#ifndef TESTS_SCREENS_GOLDEN_H
#define TESTS_SCREENS_GOLDEN_H

#include <criterion/criterion.h>

#include "tests/screens/scene.h"

#ifndef SCREENS
#error "SCREENS is the folder with the expected screens"
#endif

static const struct {
    int w, h;
} sizes[] = {{80, 24}, {120, 40}, {40, 10}};

static inline char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct str s = {0};
    char bytes[4096];
    for (size_t n; f && (n = fread(bytes, 1, sizeof bytes, f)) > 0;)
        str_addn(&s, bytes, n);
    if (f)
        fclose(f);
    return str_take(&s);
}

/* The first line that differs, for the message. */
static inline void explain(const char *path, const char *want, const char *got)
{
    int line = 1;
    while (*want && *got) {
        size_t a = strcspn(want, "\n"), b = strcspn(got, "\n");
        if (a != b || memcmp(want, got, a) != 0)
            break;
        want += a + (want[a] == '\n');
        got += b + (got[b] == '\n');
        line++;
    }
    cr_assert(false, "%s:%d\n  expected %.*s\n  drawn    %.*s", path, line,
              (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

static inline void matches(const struct canvas *c, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, SCREENS "/golden/%s.%dx%d%s.txt", name, c->w, c->h,
             c->ascii ? ".ascii" : "");
    struct str got = {0};
    canvas_dump(c, &got);
    if (getenv("PATTERNSCOPE_UPDATE")) {
        FILE *f = fopen(path, "wb");
        cr_assert(f && fwrite(got.data, 1, got.len, f) == got.len && fclose(f) == 0, "%s", path);
    } else {
        char *want = read_file(path);
        if (strcmp(want, got.data) != 0)
            explain(path, want, got.data);
        free(want);
    }
    str_free(&got);
}

static inline void shot(struct scene *sc, const char *name, int w, int h, bool ascii,
                        const char *focus)
{
    struct canvas *c = canvas_create(w, h);
    c->ascii = ascii;
    scene_draw(sc, c, NULL, focus, NULL);
    matches(c, name);
    canvas_free(c);
}

static inline void shots(struct scene *sc, const char *name, const char *focus)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        shot(sc, name, sizes[i].w, sizes[i].h, false, focus);
}

#endif
