/* SPDX-License-Identifier: MIT */
/* Panic: the engine says that a task panicked; this adds what the object's past explains. */
#include "detect/detect.h"

#include "base/str.h"
#include "base/text.h"

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    (void)state;
    const struct object_model *o = e->obj && e->obj < m->objects_n ? &m->objects[e->obj] : NULL;
    struct str why = {0};
    if (o && o->kind == OBJ_CHAN && o->closed)
        str_addf(&why, _("; %s closed it at %.3f s"),
                 o->closed_by ? model_task_name(m, o->closed_by) : _("the engine"),
                 (double)o->closed_ns / 1e9);
    detect_raise(d, DIAG_PANIC, e->task, &e->task, e->task != 0, &e->obj, e->obj != 0,
                 _("%s panics: %s%s"), e->task ? model_task_name(m, e->task) : _("the engine"),
                 strtab_get(m->names, e->c), why.data ? why.data : "");
    str_free(&why);
}

const struct detector detector_panic = {
    .name = "panic",
    .help = "a task panicked: misuse of a channel, a counter, a lock",
    .kinds = UINT64_C(1) << EV_PANIC,
    .see = see,
};
