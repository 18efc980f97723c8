/* SPDX-License-Identifier: MIT */
/* The fold of a stream without a screen: detectors and model, and what follows from them. */
#ifndef APP_FOLD_H
#define APP_FOLD_H

#include <stdio.h>

#include "base/str.h"
#include "detect/detect.h"
#include "model/model.h"
#include "session/psr.h"

/* Diagnoses are no events of the stream; here each becomes one that follows the event that
 * completed it. */
struct fold {
    struct strtab *names; /* borrowed */
    struct model *model;
    struct detect *detect;
    size_t told; /* diagnoses that fold_diagnosis() gave */
};
void fold_init(struct fold *f, struct strtab *names);
void fold_free(struct fold *f);
/* How many bytes the model of a session may take (model_set_room). Its keyframes get a third,
 * and both stay under 64 MiB with all the rest for a file of up to 1 MiB. */
size_t fold_room(const struct psr_reader *r);
/* What people are told when that was not enough. */
const char *fold_full(void);
/* The next diagnosis that was raised and not told yet. */
bool fold_diagnosis(struct fold *f, struct event *out);

#endif
