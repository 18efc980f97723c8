/* SPDX-License-Identifier: MIT */
/* Model and detectors of one stream. */
#include "app/fold.h"

void fold_init(struct fold *f, struct strtab *names)
{
    *f =
        (struct fold){.names = names, .model = model_create(names), .detect = detect_create(names)};
}

void fold_free(struct fold *f)
{
    detect_free(f->detect);
    model_free(f->model);
    *f = (struct fold){0};
}

bool fold_diagnosis(struct fold *f, struct event *out)
{
    if (f->told >= f->model->diagnoses_n)
        return false;
    const struct diagnosis *d = &f->model->diagnoses[f->told++];
    *out = (struct event){.t_ns = d->t_ns, .kind = EV_DIAGNOSIS, .op = d->kind, .c = d->text};
    out->a = d->tasks;
    out->b = d->objs;
    return true;
}
