/* SPDX-License-Identifier: MIT */
/* All events as JSON Lines: the bytes that `run --events` writes. */
#include "export/export_inside.h"

static void line(const struct export_source *s, const struct model *m, const struct event *ev,
                 uint64_t seq, struct str *text)
{
    (void)s;
    model_json(m, ev, seq, text);
    str_addc(text, '\n');
}

static int write_jsonl(struct export_source *s, const struct export_options *o, FILE *out)
{
    return export_events(s, o, out, line);
}

const struct exporter exporter_jsonl = {
    .name = "jsonl",
    .help = "all events as JSON Lines, one object a line",
    .extension = "jsonl",
    .write = write_jsonl,
};
