/* SPDX-License-Identifier: MIT */
/* The list of formats, from the table. */
#include <errno.h>
#include <string.h>

#include "export/export_inside.h"

#define EXPORT(name) extern const struct exporter exporter_##name;
#include "export/exports.def"
#undef EXPORT

const struct exporter *const exporters[] = {
#define EXPORT(name) &exporter_##name,
#include "export/exports.def"
#undef EXPORT
    NULL,
};

const struct exporter *exporter_find(const char *name)
{
    for (size_t i = 0; exporters[i]; i++)
        if (strcmp(exporters[i]->name, name) == 0)
            return exporters[i];
    return NULL;
}

int export_put(FILE *out, const struct str *s)
{
    errno = 0;
    if (fwrite(s->data, 1, s->len, out) == s->len)
        return 0;
    return errno ? -errno : -EIO;
}

bool export_wanted(const struct export_options *o, int64_t t_ns)
{
    return t_ns >= o->from_ns && (o->to_ns < 0 || t_ns <= o->to_ns);
}

int export_events(struct export_source *s, const struct export_options *o, FILE *out,
                  void (*line)(const struct export_source *s, const struct model *m,
                               const struct event *ev, uint64_t seq, struct str *text))
{
    int64_t to = o->to_ns < 0 ? INT64_MAX : o->to_ns;
    struct str text = {0};
    struct event ev;
    int status = 0;
    for (uint64_t seq = 0; status == 0 && s->next(s, to, &ev); seq++) {
        if (!export_wanted(o, ev.t_ns))
            continue;
        str_clear(&text);
        line(s, s->model(s), &ev, seq, &text);
        if (text.len)
            status = export_put(out, &text);
    }
    str_free(&text);
    return status;
}
