/* SPDX-License-Identifier: MIT */
/* Judging [expect]. */
#ifndef APP_EXPECT_H
#define APP_EXPECT_H

#include "control/scenario.h"
#include "model/model.h"

struct expects {
    const struct scenario *scenario; /* borrowed */
    struct verdict {
        bool held;
        char *failure; /* a sentence with FILE:LINE, or NULL */
    } * verdict;       /* one an expectation */
    size_t waiting;    /* those with `by T` that have not held yet */
    int64_t cut_ns;    /* --for moved the end to there: failures say so; 0 = it did not */
    size_t passed, failed;
    const char **failures; /* failed of them; the verdicts' */
};
void expects_init(struct expects *x, const struct scenario *s);
void expects_free(struct expects *x);
/* Before an event at t_ns is applied: those whose instant passes are judged at it. */
void expects_pass(struct expects *x, struct model *m, int64_t t_ns);
/* After an event: does one hold now? Cheap once none waits. */
void expects_see(struct expects *x, const struct model *m);
/* At the end: fills in passed, failed, failures. */
void expects_end(struct expects *x, const struct model *m);

#endif
