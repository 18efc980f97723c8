/* SPDX-License-Identifier: MIT */
/* One request's story. */
#ifndef APP_EXPLAIN_H
#define APP_EXPLAIN_H

#include "base/str.h"
#include "model/model.h"

/* Appends what the event, which the model has just applied, says of request id, with the why of a
 * decision. False: nothing. Any thread. */
bool explain_event(const struct model *m, const struct event *e, uint64_t id, struct str *out);

#endif
