/* SPDX-License-Identifier: MIT */
/* Model and detectors of one stream. */
#include "app/fold.h"

#include "base/text.h"

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

/* A task that is recorded whole, with its name, takes more than 20 bytes of a file, and 700 of a
 * model: what was recorded in more than 1 MiB has room. */
size_t fold_room(const struct psr_reader *r)
{
    enum { MIB = 1 << 20, ROOM = 24 * MIB, A_BYTE = 36 };
    uint64_t size = psr_file_size(r);
    if (size > UINT64_C(1) << 40)
        size = UINT64_C(1) << 40;
    return (size_t)(ROOM + (size > MIB ? (size - MIB) * A_BYTE : 0));
}

const char *fold_full(void)
{
    return _(
        "it claims more tasks and objects than its length can tell of; later ones are left out");
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
