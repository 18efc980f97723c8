/* SPDX-License-Identifier: MIT */
/* asciicast v3: asciinema 3 and newer. */
#include "export/export_inside.h"

static int write_cast3(struct export_source *s, const struct export_options *o, FILE *out)
{
    return cast_write(s, o, out, 3);
}

const struct exporter exporter_cast3 = {
    .name = "cast3",
    .help = "the screen as asciicast v3, marks as chapters",
    .extension = "cast",
    .needs_size = true,
    .write = write_cast3,
};
