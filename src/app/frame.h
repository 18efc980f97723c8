/* SPDX-License-Identifier: MIT */
/* Drawing the screen of a model without a terminal, for exports. */
#ifndef APP_FRAME_H
#define APP_FRAME_H

#include "control/scenario.h"
#include "patterns/pattern.h"
#include "views/view.h"

struct frame {
    const struct scenario *scenario; /* borrowed; NULL: unknown */
    const struct pattern *pattern;   /* NULL: unknown here */
    char *id;
    struct view_state *states;
    struct param_row *params;
    char **defaults; /* of params: as the file has it */
    size_t params_n;
    struct key_hint *keys;
};
void frame_init(struct frame *f, const struct scenario *s);
void frame_free(struct frame *f);
/* The whole screen at the model's instant; last_ns: the newest there is. */
void frame_draw(struct frame *f, const struct model *m, int64_t last_ns, double speed,
                struct canvas *c);

#endif
