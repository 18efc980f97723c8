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

struct pattern_run *pattern_run_create(const struct pattern *p, struct rt *rt,
                                       const struct pattern_block *blocks, const char *base_dir)
{
    struct pattern_run *pr = xcalloc(1, sizeof *pr);
    pr->p = p;
    pr->rt = rt;
    pr->base_dir = base_dir ? xstrdup(base_dir) : NULL;
    while (blocks[pr->n].table)
        pr->n++;
    pr->section = xcalloc(pr->n, sizeof *pr->section);
    for (size_t i = 0; i < pr->n; i++) {
        struct section *s = &pr->section[i];
        s->table = blocks[i].table;
        s->name = xstrdup(blocks[i].section);
        s->unused = blocks[i].unused;
        s->first = xmemdup(blocks[i].values, s->table->size);
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
        free(s->name);
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
        if (strcmp(pr->section[i].name, name) == 0)
            return &pr->section[i];
    return NULL;
}

const char *pattern_nth_section(const struct pattern_run *pr, const struct param_table *t,
                                size_t nth)
{
    for (size_t i = 0; i < pr->n; i++)
        if (pr->section[i].table == t && !pr->section[i].unused && nth-- == 0)
            return pr->section[i].name;
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
    char name[PARAM_TEXT + 64], value[VALUE_TEXT];
    snprintf(name, sizeof name, "%s.%s", s->name, row->name);
    param_format(row, atomic_load_explicit(&s->now, memory_order_acquire), value, sizeof value);
    struct strtab *names = rt_names(pr->rt);
    uint32_t name_id = strtab_intern(names, name);
    emit(NULL, EV_PARAM, (uint8_t)by, 0, 0, 0, name_id, emit_ab(strtab_intern(names, value), 0));
}

void pattern_main(void *arg)
{
    struct pattern_run *pr = arg;
    for (size_t i = 0; i < pr->n; i++)
        for (size_t k = 0; k < pr->section[i].table->n && !pr->section[i].unused; k++)
            pattern_emit_param(pr, &pr->section[i], &pr->section[i].table->rows[k], BY_FILE);
    pr->p->main(pr);
}

/* Does the table take that section? */
static bool takes(const struct param_table *t, const char *section, size_t n)
{
    size_t own = strlen(t->section);
    return n >= own && strncmp(t->section, section, own) == 0 &&
           (n == own || (t->repeats && section[own] == '.' && n > own + 1));
}

bool pattern_param(const struct pattern *p, const char *name, struct param_at *at)
{
    const char *dot = strrchr(name, '.');
    size_t len = dot ? (size_t)(dot - name) : 0;
    int found = 0;
    if (len >= sizeof at->section)
        return false;
    for (size_t i = 0; p->tables[i]; i++) {
        const struct param_table *table = p->tables[i];
        if (dot && !takes(table, name, len))
            continue;
        const struct param *r = param_find(table, dot ? dot + 1 : name);
        if (r && !found++) {
            at->table = table;
            at->row = r;
            snprintf(at->section, sizeof at->section, "%.*s",
                     dot ? (int)len : (int)strlen(table->section), dot ? name : table->section);
        }
    }
    return found == 1;
}

bool pattern_param_text(const struct pattern_run *pr, const char *name, char *out, size_t size)
{
    struct param_at at;
    const void *block = pattern_param(pr->p, name, &at) ? pattern_params(pr, at.section) : NULL;
    if (block)
        param_format(at.row, block, out, size);
    return block != NULL;
}
