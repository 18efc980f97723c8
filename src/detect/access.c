/* SPDX-License-Identifier: MIT */
/* How accesses are told, and state that is made when it is needed. */
#include "detect/access.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

void *lazy_state(void *state, size_t bytes)
{
    struct lazy *l = state;
    if (!l->p) {
        l->p = xcalloc(1, bytes);
        l->bytes = bytes;
    }
    return l->p;
}

void lazy_adopt(void *state)
{
    struct lazy *l = state;
    if (l->p)
        l->p = xmemdup(l->p, l->bytes);
}

void lazy_drop(void *state)
{
    struct lazy *l = state;
    free(l->p);
}

size_t lazy_bytes(const void *state)
{
    const struct lazy *l = state;
    return l->bytes;
}

void access_name(const struct model *m, uint64_t word, struct str *out)
{
    uint32_t obj = (uint32_t)(word >> 32);
    bool places = obj < m->objects_n && m->objects[obj].kind == OBJ_ARRAY;
    str_add(out, model_object_name(m, obj));
    if ((uint32_t)word || places)
        str_addf(out, "[%u]", (unsigned)(uint32_t)word);
}

void access_place(uint32_t line, uint64_t seq, int64_t t_ns, struct str *out)
{
    str_addf(out, _("(event %llu, %.6f s"), (unsigned long long)seq, (double)t_ns / 1e9);
    if (line)
        str_addf(out, _(", line %u"), (unsigned)line);
    str_add(out, ")");
}

uint32_t access_line(const struct model *m, uint32_t task)
{
    return task < m->tasks_n ? m->tasks[task].line : 0;
}
