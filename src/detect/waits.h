/* SPDX-License-Identifier: MIT */
/* What detectors of waits share: who waits for what, and who could have ended that wait. */
#ifndef DETECT_WAITS_H
#define DETECT_WAITS_H

#include "base/str.h"
#include "model/model.h"

/* A wait, as a sentence has it. */
struct wait {
    uint8_t why; /* a select that can only wait for one channel: that send or receive */
    uint32_t on; /* 0: nothing with a name */
};
/* Has not ended, and waits. */
bool waits_now(const struct task_model *t);
struct wait wait_of(const struct model *m, uint32_t task);

/* "worker-1", "a and b", "a, b and c", "a, b and 14 others". */
void wait_names(const struct model *m, const uint32_t *tasks, size_t n, struct str *out);
/* "waits to receive from jobs", "wait …" for several. */
void wait_words(const struct model *m, struct wait w, size_t n, struct str *out);
/* "; only producer could close it, and it has ended", as far as edges and holds tell. */
struct facts;
void wait_missing(const struct facts *f, const struct model *m, struct wait w, struct str *out);
/* What a task that could end that wait is to the object: "held by", "sent by" … */
const char *wait_relation(const struct facts *f, const struct model *m, struct wait w,
                          uint32_t other);

#endif
