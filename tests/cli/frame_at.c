/* SPDX-License-Identifier: MIT */
/* The text of the screen at some instants of a session, for the tests of exports:
 *
 *     frame-at SESSION COLSxROWS NANOSECONDS…
 *
 * writes the files frame.NANOSECONDS. */
#include <stdio.h>
#include <stdlib.h>

#include "app/source.h"
#include "base/mem.h"
#include "base/str.h"

static void write_frame(struct export_source *s, struct canvas *c, const char *at)
{
    char *name = xasprintf("frame.%s", at);
    struct str text = {0};
    while (s->next(s, strtoll(at, NULL, 10), NULL))
        ;
    canvas_clear(c);
    s->draw(s, c);
    canvas_dump(c, &text);
    FILE *f = fopen(name, "wb");
    if (!f || fwrite(text.data, 1, text.len, f) != text.len || fclose(f) != 0)
        die("%s: cannot be written", name);
    str_free(&text);
    free(name);
}

int main(int argc, char **argv)
{
    int w, h;
    if (argc < 4 || sscanf(argv[2], "%dx%d", &w, &h) != 2)
        die("usage: frame-at SESSION COLSxROWS NANOSECONDS...");
    char *error = NULL;
    struct source *s = source_open(argv[1], 1, false, &error);
    if (!s)
        die("%s", error);
    struct canvas *c = canvas_create(w, h);
    for (int i = 3; i < argc; i++)
        write_frame(source_export(s), c, argv[i]);
    canvas_free(c);
    source_free(s);
    return 0;
}
