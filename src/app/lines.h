/* SPDX-License-Identifier: MIT */
/* Events as JSON Lines while they are made (--events); the export `jsonl` gives the same bytes. */
#ifndef APP_LINES_H
#define APP_LINES_H

#include "app/fold.h"
#include "app/out.h"

struct lines {
    struct out out;
    struct str line;
    uint64_t seq;
};
/* After the model has applied it. */
void lines_write(struct lines *l, const struct model *m, const struct event *ev);

#endif
