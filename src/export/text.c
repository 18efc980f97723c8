/* SPDX-License-Identifier: MIT */
/* The whole story as sentences, one event a line: to read, to search, to have read out. Captions
 * and marks are set off, since they are its chapters. */
#include <inttypes.h>

#include "export/export_inside.h"

static void line(const struct export_source *s, const struct model *m, const struct event *ev,
                 uint64_t seq, struct str *text)
{
    (void)s;
    (void)seq;
    if (ev->kind == EV_MARK) {
        str_addf(text, "\n== %s\n", strtab_get(m->names, ev->c));
        return;
    }
    str_addf(text, "%6" PRId64 ".%06" PRId64 "  ", ev->t_ns / 1000000000,
             ev->t_ns % 1000000000 / 1000);
    model_sentence(m, ev, text);
    str_addc(text, '\n');
}

static int write_text(struct export_source *s, const struct export_options *o, FILE *out)
{
    struct str title = {0};
    str_addf(&title, "%s\n\n", s->title);
    int status = export_put(out, &title);
    str_free(&title);
    return status ? status : export_events(s, o, out, line);
}

const struct exporter exporter_text = {
    .name = "text",
    .help = "the story as sentences, one event a line, seconds in front",
    .extension = "txt",
    .write = write_text,
};
