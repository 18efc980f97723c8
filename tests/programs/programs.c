/* SPDX-License-Identifier: MIT */
/* The table of programs, and a run of one. */
#include "programs.h"

#include <stdio.h>

#include "../unit/sim_run.h"
#include "detect/detect.h"

#define DIAG_NONE                 PROGRAM_NONE
#define PROGRAM(name, what, must) {#name, what, DIAG_##must, program_##name},
const struct program programs[] = {
#include "programs.def"
};
#undef PROGRAM
const unsigned programs_n = sizeof programs / sizeof programs[0];

static void tell(struct program_found *f, const struct strtab *names, const struct diagnosis *d)
{
    snprintf(f->text, sizeof f->text, "%s", strtab_get(names, d->text));
    snprintf(f->tasks, sizeof f->tasks, "%s", strtab_get(names, d->tasks));
    snprintf(f->objs, sizeof f->objs, "%s", strtab_get(names, d->objs));
}

struct program_found program_run(const struct program *p, enum world world, const char *schedule,
                                 uint64_t seed)
{
    struct program_found f = {.end = -1};
    struct sim_run r;
    sim_run_init(&r, seed);
    r.config.world = world;
    r.config.schedule = schedule;
    r.config.still_steps = 1000000;
    sim_run_all(&r, p->fn, NULL);
    f.end = sim_run_end(&r);
    struct model *m = model_create(r.names);
    struct detect *d = detect_create(r.names);
    for (size_t i = 0; i < r.n; i++)
        detect_apply(d, m, &r.ev[i]);
    for (size_t i = 0; i < m->diagnoses_n; i++) {
        const struct diagnosis *x = &m->diagnoses[i];
        if (i == 0 || (x->kind == p->must && !f.raised[x->kind]))
            tell(&f, r.names, x);
        f.raised[x->kind] = true;
        f.diagnoses++;
    }
    detect_free(d);
    model_free(m);
    sim_run_free(&r);
    return f;
}
