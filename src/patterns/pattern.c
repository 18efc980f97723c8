/* SPDX-License-Identifier: MIT */
/* The list of patterns, and a run's parameters.
 *
 * A block of parameters is never written once an engine can see it: a change copies the newest,
 * sets the value in the copy and publishes that. Old blocks are kept until the run is freed, so a
 * task may hold one as long as it likes.
 *
 *   control thread   copy ─▶ set ─▶ publish (release) ─▶ check ─▶ PARAM ─▶ changed()
 *   worker           pattern_params() (acquire) ─▶ reads, reads …
 */
#include "patterns/pattern.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strtab.h"
#include "event/emit.h"
#include "patterns/pattern_inside.h"

#define PATTERN(name) extern const struct pattern pattern_##name;
#include "patterns/patterns.def"
#undef PATTERN

const struct pattern *const patterns[] = {
#define PATTERN(name) &pattern_##name,
#include "patterns/patterns.def"
#undef PATTERN
    NULL};

const struct pattern *pattern_find(const char *name)
{
    for (size_t i = 0; patterns[i]; i++)
        if (strcmp(patterns[i]->name, name) == 0)
            return patterns[i];
    return NULL;
}

struct pattern_run *pattern_run_create(const struct pattern *p, struct rt *rt, void *const *blocks,
                                       const char *base_dir)
{
    struct pattern_run *pr = xcalloc(1, sizeof *pr);
    pr->p = p;
    pr->rt = rt;
    pr->base_dir = base_dir ? xstrdup(base_dir) : NULL;
    while (p->tables[pr->n])
        pr->n++;
    pr->section = xcalloc(pr->n, sizeof *pr->section);
    for (size_t i = 0; i < pr->n; i++) {
        struct section *s = &pr->section[i];
        s->table = p->tables[i];
        s->first = xmemdup(blocks[i], s->table->size);
        atomic_store_explicit(&s->now, s->first, memory_order_release);
    }
    return pr;
}

void pattern_run_free(struct pattern_run *pr)
{
    if (!pr)
        return;
    for (size_t i = 0; i < pr->n; i++) {
        struct section *s = &pr->section[i];
        for (size_t k = 0; k < s->kept_n; k++)
            free(s->kept[k]);
        free(s->kept);
        free(s->first);
    }
    free(pr->section);
    free(pr->base_dir);
    free(pr);
}

struct rt *pattern_rt(const struct pattern_run *pr)
{
    return pr->rt;
}

const struct pattern *pattern_of(const struct pattern_run *pr)
{
    return pr->p;
}

const char *pattern_base_dir(const struct pattern_run *pr)
{
    return pr->base_dir;
}

void *pattern_state(const struct pattern_run *pr)
{
    return atomic_load_explicit(&pr->state, memory_order_acquire);
}

void pattern_set_state(struct pattern_run *pr, void *state)
{
    atomic_store_explicit(&pr->state, state, memory_order_release);
}

struct section *pattern_section(const struct pattern_run *pr, const char *name)
{
    for (size_t i = 0; i < pr->n; i++)
        if (strcmp(pr->section[i].table->section, name) == 0)
            return &pr->section[i];
    return NULL;
}

const void *pattern_params(const struct pattern_run *pr, const char *section)
{
    struct section *s = pattern_section(pr, section);
    return s ? atomic_load_explicit(&s->now, memory_order_acquire) : NULL;
}

_Atomic(void *) *pattern_params_cell(const struct pattern_run *pr, const char *section)
{
    struct section *s = pattern_section(pr, section);
    return s ? &s->now : NULL;
}

const char *pattern_check_run(const struct pattern_run *pr)
{
    return pr->p->check ? pr->p->check(pr) : NULL;
}

void pattern_emit_param(const struct pattern_run *pr, const struct section *s,
                        const struct param *row, enum by by)
{
    if (!emitter)
        return;
    char name[2 * 64], value[VALUE_TEXT];
    snprintf(name, sizeof name, "%s.%s", s->table->section, row->name);
    param_format(row, atomic_load_explicit(&s->now, memory_order_acquire), value, sizeof value);
    struct strtab *names = rt_names(pr->rt);
    uint32_t name_id = strtab_intern(names, name);
    emit(NULL, EV_PARAM, (uint8_t)by, 0, 0, 0, name_id, emit_ab(strtab_intern(names, value), 0));
}

void pattern_main(void *arg)
{
    struct pattern_run *pr = arg;
    for (size_t i = 0; i < pr->n; i++)
        for (size_t k = 0; k < pr->section[i].table->n; k++)
            pattern_emit_param(pr, &pr->section[i], &pr->section[i].table->rows[k], BY_FILE);
    pr->p->main(pr);
}

bool pattern_param(const struct pattern *p, const char *name, const struct param_table **t,
                   const struct param **row)
{
    const char *dot = strrchr(name, '.');
    int found = 0;
    for (size_t i = 0; p->tables[i]; i++) {
        const struct param_table *table = p->tables[i];
        if (dot && (strlen(table->section) != (size_t)(dot - name) ||
                    strncmp(table->section, name, (size_t)(dot - name)) != 0))
            continue;
        const struct param *r = param_find(table, dot ? dot + 1 : name);
        if (r && !found++) {
            *t = table;
            *row = r;
        }
    }
    return found == 1;
}

bool pattern_param_text(const struct pattern_run *pr, const char *name, char *out, size_t size)
{
    const struct param_table *t;
    const struct param *row;
    if (!pattern_param(pr->p, name, &t, &row))
        return false;
    param_format(row, pattern_params(pr, t->section), out, size);
    return true;
}
