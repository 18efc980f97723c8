/* SPDX-License-Identifier: MIT */
/* The whole story as sentences, one event a line: to read, to search, to have read out. Captions
 * and marks are set off, since they are its chapters. */
#include <inttypes.h>
#include <string.h>

#include "export/export_inside.h"

/* A name in a foreign session must not speak to the terminal. */
static void add_shown(struct str *out, const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        uint32_t cp;
        size_t n = utf8_decode(text, end, &cp);
        if (cp < ' ' || (cp >= 0x7f && cp < 0xa0) || (cp == 0xfffd && n == 1))
            str_addc(out, '?');
        else
            str_addn(out, text, n);
        text += n;
    }
}

static void line(const struct export_source *s, const struct model *m, const struct event *ev,
                 uint64_t seq, struct str *text)
{
    (void)s;
    (void)seq;
    bool mark = ev->kind == EV_MARK;
    str_addf(text, "%s%6" PRId64 ".%06" PRId64 "  ", mark ? "\n" : "", ev->t_ns / 1000000000,
             ev->t_ns % 1000000000 / 1000);
    struct str words = {0};
    if (mark)
        str_addf(&words, "== %s", strtab_get(m->names, ev->c));
    else
        model_sentence(m, ev, &words);
    add_shown(text, words.data ? words.data : "");
    str_free(&words);
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
