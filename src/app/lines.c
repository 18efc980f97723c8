/* SPDX-License-Identifier: MIT */
/* One JSON object a line. */
#include "app/lines.h"

void lines_write(struct lines *l, const struct model *m, const struct event *ev)
{
    str_clear(&l->line);
    model_json(m, ev, l->seq++, &l->line);
    str_addc(&l->line, '\n');
    fwrite(l->line.data, 1, l->line.len, l->out.f);
}
