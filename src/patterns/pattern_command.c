/* SPDX-License-Identifier: MIT */
/* Commands of the engine: set, reset, inject, do, mark.
 *
 * A refused command stays in the stream as well: COMMAND, then a MARK with the reason. Whoever
 * executes a session again sends the same commands at the same steps and must get the same
 * events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/strtab.h"
#include "control/command.h"
#include "event/emit.h"
#include "patterns/pattern_inside.h"
#include "runtime/timer.h"

static _Thread_local char sentence[640];

PRINTF(1, 2) static const char *refuse(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    return sentence;
}

/* ---- what is allowed ------------------------------------------------------------------------- */

/* The text after the command's first n words. */
static const char *after_words(const char *text, int n)
{
    for (; n > 0; n--) {
        text += strspn(text, " \t");
        text += strcspn(text, " \t");
    }
    return text + strspn(text, " \t");
}

static const char *no_such_param(const struct pattern *p, const char *name)
{
    static _Thread_local char full[256][PARAM_TEXT / 2];
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; p->tables[i]; i++)
        for (size_t k = 0; k < p->tables[i]->n && n < ARRAY_LEN(names); k++) {
            const struct param *row = &p->tables[i]->rows[k];
            if (strcmp(row->name, name) == 0)
                return refuse("'%.60s' stands in several sections: write SECTION.%.60s", name,
                              name);
            snprintf(full[n], sizeof full[n], "%s.%s", p->tables[i]->section, row->name);
            names[n] = full[n];
            n++;
        }
    const char *near = str_nearest(name, names, n);
    return near ? refuse("no parameter '%.80s' (did you mean '%s'?)", name, near)
                : refuse("no parameter '%.80s' (see: list params %s)", name, p->name);
}

/* A signed number of steps: "+1", "-3"; "+-1" and "-" are none. */
static bool is_step(const char *value, int *steps)
{
    int64_t n;
    if ((*value != '+' && *value != '-') || value[1] < '0' || value[1] > '9' ||
        value_int(value + 1, &n) || n > 10000)
        return false;
    *steps = *value == '-' ? -(int)n : (int)n;
    return true;
}

static const char *check_set(const struct pattern *p, const struct command *c, struct param_at *at)
{
    if (!pattern_param(p, c->argv[0], at))
        return no_such_param(p, c->argv[0]);
    if (!at->row->live)
        return refuse("%s.%s cannot change while it runs: it takes effect at the next restart "
                      "(R), or with --set",
                      at->section, at->row->name);
    if (c->id != CMD_SET)
        return NULL;
    const char *value = after_words(c->text, 2);
    int steps;
    if (is_step(value, &steps))
        return NULL;
    void *scratch = xmalloc(at->table->size);
    param_defaults(at->table, scratch);
    const char *bad = param_set(at->row, scratch, value);
    free(scratch);
    return bad ? refuse("%s.%s: %s", at->section, at->row->name, bad) : NULL;
}

/* The run's section that the command means, or NULL and *bad says why. */
static struct section *section_of(const struct pattern_run *pr, const struct command *c,
                                  const struct param **row, const char **bad)
{
    struct param_at at;
    *bad = check_set(pr->p, c, &at);
    if (*bad)
        return NULL;
    struct section *s = pattern_section(pr, at.section);
    *row = at.row;
    if (s && !s->unused)
        return s;
    struct str list = {0};
    for (size_t i = 0; i < pr->n; i++)
        if (pr->section[i].table == at.table && !pr->section[i].unused)
            str_addf(&list, "%s[%s]", list.len ? ", " : "", pr->section[i].name);
    *bad = refuse("this scenario has no [%.80s] (there are: %.400s)", at.section, list.data);
    str_free(&list);
    return NULL;
}

static const struct pattern_fault *find_fault(const struct pattern *p, const struct command *c)
{
    for (const struct pattern_fault *f = p->faults; f && f->object; f++)
        if (strcmp(f->object, c->argv[0]) == 0 && strcmp(f->fault, c->argv[1]) == 0)
            return f;
    return NULL;
}

static const char *no_such_fault(const struct pattern *p, const struct command *c)
{
    struct str list = {0};
    for (const struct pattern_fault *f = p->faults; f && f->object; f++)
        str_addf(&list, "%s%s %s", f == p->faults ? "" : ", ", f->object, f->fault);
    refuse("nothing to inject called '%.40s %.40s' (there are: %.400s)", c->argv[0], c->argv[1],
           list.data ? list.data : "none");
    str_free(&list);
    return sentence;
}

static const struct pattern_action *find_action(const struct pattern *p, const struct command *c)
{
    for (const struct pattern_action *a = p->actions; a && a->name; a++)
        if (strcmp(a->name, c->argv[0]) == 0)
            return a;
    return NULL;
}

static const char *no_such_action(const struct pattern *p, const struct command *c)
{
    struct str list = {0};
    for (const struct pattern_action *a = p->actions; a && a->name; a++)
        str_addf(&list, "%s%s", a == p->actions ? "" : ", ", a->name);
    refuse("%s has no action '%.40s' (there are: %.400s)", p->name, c->argv[0],
           list.data ? list.data : "none");
    str_free(&list);
    return sentence;
}

static const char *check(const struct pattern *p, const struct command *c)
{
    struct param_at at;
    switch (c->id) {
    case CMD_SET:
        return check_set(p, c, &at);
    case CMD_RESET:
        return c->argc ? check_set(p, c, &at) : NULL;
    case CMD_INJECT:
        return find_fault(p, c) ? NULL : no_such_fault(p, c);
    case CMD_DO:
        return find_action(p, c) ? NULL : no_such_action(p, c);
    default:
        return NULL; /* marks, and what is the screen's */
    }
}

const char *pattern_check_section(const struct pattern_run *pr, const char *text)
{
    struct command c;
    const struct param *row;
    const char *bad = command_parse(text, &c);
    if (bad)
        return bad;
    if (c.id == CMD_SET || (c.id == CMD_RESET && c.argc))
        section_of(pr, &c, &row, &bad);
    command_free(&c);
    return bad;
}

const char *pattern_check_command(const struct pattern *p, const char *text)
{
    struct command c;
    const char *bad = command_parse(text, &c);
    if (bad)
        return bad;
    bad = check(p, &c);
    command_free(&c);
    return bad;
}

/* ---- doing it -------------------------------------------------------------------------------- */

/* Publishes block as the section's newest; refused by the pattern's check, it is taken back. */
static const char *publish(struct pattern_run *pr, struct section *s, void *block)
{
    void *before = atomic_load_explicit(&s->now, memory_order_acquire);
    grow(&s->kept, &s->kept_cap, s->kept_n + 1, sizeof *s->kept);
    s->kept[s->kept_n++] = block;
    atomic_store_explicit(&s->now, block, memory_order_release);
    const char *bad = pattern_check_run(pr);
    if (!bad)
        return NULL;
    refuse("%.600s", bad);
    atomic_store_explicit(&s->now, before, memory_order_release);
    return sentence;
}

static void step_value(const struct pattern_run *pr, const struct section *s,
                       const struct param *row, void *block, int steps)
{
    char *at = (char *)block + row->offset;
    int64_t value;
    if (row->type == PT_INT && row->automatic && pr->p->automatic) {
        memcpy(&value, at, sizeof value);
        if (value == PARAM_AUTO) {
            value = pr->p->automatic(pr, s->name, row->name);
            memcpy(at, &value, sizeof value);
        }
    }
    param_step(row, block, steps);
}

static void has_changed(struct pattern_run *pr, const struct section *s, const struct param *row,
                        enum by by)
{
    pattern_emit_param(pr, s, row, by);
    if (pr->p->changed && pattern_state(pr))
        pr->p->changed(pr, s->name, row->name);
}

static const char *do_set(struct pattern_run *pr, const struct command *c, enum by by)
{
    const struct param *row;
    const char *bad;
    struct section *s = section_of(pr, c, &row, &bad);
    if (!s)
        return bad;
    void *block = xmemdup(atomic_load_explicit(&s->now, memory_order_acquire), s->table->size);
    const char *value = after_words(c->text, 2);
    int steps;
    if (is_step(value, &steps))
        step_value(pr, s, row, block, steps);
    else
        param_set(row, block, value);
    bad = publish(pr, s, block);
    if (!bad)
        has_changed(pr, s, row, by);
    return bad;
}

/* The file's value again, for one row. */
static const char *reset_row(struct pattern_run *pr, struct section *s, const struct param *row,
                             enum by by)
{
    const void *now = atomic_load_explicit(&s->now, memory_order_acquire);
    if (param_equal(row, now, s->first))
        return NULL;
    char value[VALUE_TEXT];
    param_format(row, s->first, value, sizeof value);
    void *block = xmemdup(now, s->table->size);
    param_set(row, block, value);
    const char *bad = publish(pr, s, block);
    if (!bad)
        has_changed(pr, s, row, by);
    return bad;
}

static const char *do_reset(struct pattern_run *pr, const struct command *c, enum by by)
{
    const struct param *row;
    if (c->argc) {
        const char *none;
        struct section *s = section_of(pr, c, &row, &none);
        return s ? reset_row(pr, s, row, by) : none;
    }
    const char *bad = NULL;
    for (size_t i = 0; i < pr->n; i++)
        for (size_t k = 0; k < pr->section[i].table->n; k++) {
            const char *one = reset_row(pr, &pr->section[i], &pr->section[i].table->rows[k], by);
            bad = bad ? bad : one;
        }
    return bad;
}

static const char *perform(struct pattern_run *pr, const struct command *c, enum by by)
{
    switch (c->id) {
    case CMD_SET:
        return do_set(pr, c, by);
    case CMD_RESET:
        return do_reset(pr, c, by);
    case CMD_INJECT: {
        const struct pattern_fault *f = find_fault(pr->p, c);
        if (!f)
            return no_such_fault(pr->p, c);
        if (!pattern_state(pr))
            return "the pattern has not begun yet";
        return f->inject(pr, c->argc > 2 ? after_words(c->text, 3) : NULL);
    }
    case CMD_DO: {
        const struct pattern_action *a = find_action(pr->p, c);
        if (!a)
            return no_such_action(pr->p, c);
        if (!pattern_state(pr))
            return "the pattern has not begun yet";
        a->act(pr);
        return NULL;
    }
    case CMD_MARK:
        rt_mark(c->argc ? after_words(c->text, 1) : "mark", by);
        return NULL;
    default:
        return refuse("'%s' is a command of the screen, not of the run", command_info[c->id].name);
    }
}

/* ---- live: before main has made anything ------------------------------------------------------
 */

struct later {
    struct pattern_run *pr;
    enum by by;
    char text[];
};

static void again(struct rt *rt, void *arg)
{
    const struct later *l = arg;
    (void)rt;
    pattern_command(l->pr, l->text, l->by);
}

/* In live, main is a thread that may not have run yet when a cue at 0s or a quick key comes: what
 * needs its objects waits a little. (In sim nobody can come before main.) */
static bool too_early(struct pattern_run *pr, const char *text, enum by by)
{
    struct command c;
    if (pattern_state(pr) || rt_world(pr->rt) == WORLD_SIM || rt_ended(pr->rt) ||
        command_parse(text, &c))
        return false;
    bool acts = c.id == CMD_DO || c.id == CMD_INJECT;
    command_free(&c);
    if (!acts)
        return false;
    struct later *l = rt_alloc(pr->rt, sizeof *l + strlen(text) + 1);
    l->pr = pr;
    l->by = by;
    memcpy(l->text, text, strlen(text) + 1);
    timer_func(rt_now() + INT64_C(1000000), 0, again, l);
    return true;
}

const char *pattern_command(struct pattern_run *pr, const char *text, enum by by)
{
    if (too_early(pr, text, by))
        return NULL;
    if (emitter)
        emit(NULL, EV_COMMAND, (uint8_t)by, 0, 0, 0, strtab_intern(rt_names(pr->rt), text),
             (int64_t)rt_steps(pr->rt));
    struct command c;
    const char *bad = command_parse(text, &c);
    if (!bad) {
        bad = perform(pr, &c, by);
        command_free(&c);
    }
    if (bad) {
        char why[1024];
        snprintf(why, sizeof why, "refused: %.200s: %.700s", text, bad);
        rt_mark(why, BY_ENGINE);
    }
    return bad;
}
