/* SPDX-License-Identifier: MIT */
/* A found schedule as a story.
 *
 * The run is made once more and kept. Of its operations those are told that have to do with it: of
 * a task that a choice or the diagnosis names, shortly before and after each choice, at the
 * objects of the diagnosis, and the last ones. Each choice is a line of its own between them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/explore_inside.h"
#include "app/fold.h"
#include "base/mem.h"
#include "base/str.h"

enum { BEFORE = 2, AFTER = 2, AT_END = 3, AT_OBJECTS = 4, SMALL_GAP = 2, WIDTH = 80 };

/* An operation that has taken effect, or a wait that began. */
struct step {
    uint64_t event;
    int64_t t_ns;
    uint32_t task, obj, line;
    bool told;
    char *text;
};
struct story {
    struct attempt a;
    struct fold fold;
    struct step *step;
    size_t n, cap;
    const struct diagnosis *why;
};

/* ---- the steps ------------------------------------------------------------------------------ */

static bool is_step(const struct event *e)
{
    switch (e->kind) {
    case EV_CHAN:
    case EV_GROUP:
    case EV_LOCK:
    case EV_ONCE:
    case EV_COND:
    case EV_SEM:
    case EV_ERROR:
    case EV_CELL:
    case EV_BYTE:
    case EV_PANIC:
        return true;
    case EV_SELECT:
        return !e->obj || (int32_t)e->c < 0; /* else the channel's event says it */
    case EV_TASK:
        return e->op == TASK_WAITING || e->op == TASK_SLEEPING || e->op == TASK_DONE;
    default:
        return false;
    }
}

static void add_step(struct story *s, const struct event *e, uint64_t number)
{
    const struct model *m = s->fold.model;
    struct str text = {0};
    model_sentence(m, e, &text);
    grow(&s->step, &s->cap, s->n + 1, sizeof *s->step);
    s->step[s->n++] =
        (struct step){.event = number,
                      .t_ns = m->now_ns,
                      .task = e->task,
                      .obj = e->obj,
                      .line = e->task && e->task < m->tasks_n ? m->tasks[e->task].line : 0,
                      .text = str_take(&text)};
}

/* A wait at an object that says so itself is told once. */
static bool said_already(const struct story *s, const struct event *e)
{
    const struct step *last = s->n ? &s->step[s->n - 1] : NULL;
    return e->kind == EV_TASK && e->op == TASK_WAITING && last && last->task == e->task &&
           last->obj == e->obj && strstr(last->text, " waits ");
}

static void collect(struct story *s)
{
    for (uint64_t i = 0; i < s->a.ev_n && i < s->a.hit_events; i++) {
        detect_apply(s->fold.detect, s->fold.model, &s->a.ev[i]);
        if (is_step(&s->a.ev[i]) && !said_already(s, &s->a.ev[i]))
            add_step(s, &s->a.ev[i], i);
    }
}

static const struct diagnosis *diagnosis_of(const struct model *m, enum diagnosis_kind kind)
{
    for (size_t i = 0; i < m->diagnoses_n; i++)
        if (m->diagnoses[i].kind == kind)
            return &m->diagnoses[i];
    return NULL;
}

/* ---- which are told ------------------------------------------------------------------------- */

/* Is `name` one of the names in "a, b, c"? */
static bool listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; n && (at = strstr(at, name)); at += n)
        if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ','))
            return true;
    return false;
}

static bool task_matters(const struct story *s, uint32_t task)
{
    const struct model *m = s->fold.model;
    for (size_t i = 0; i < s->a.decisions; i++) {
        const struct decision *d = &s->a.decision[i];
        if (d->pick && (d->leaving == task || s->a.task[d->first + d->pick] == task))
            return true;
    }
    return listed(strtab_get(m->names, s->why->tasks), model_task_name(m, task));
}

static bool object_matters(const struct story *s, uint32_t obj)
{
    const struct model *m = s->fold.model;
    return obj && listed(strtab_get(m->names, s->why->objs), model_object_name(m, obj));
}

static void tell(struct step *p, int *left)
{
    if (*left > 0) {
        p->told = true;
        (*left)--;
    }
}

/* Around a choice: what the two of them did last, and what each does next. */
static void tell_around(struct story *s, const struct decision *d)
{
    uint32_t goes = s->a.task[d->first + d->pick];
    int last = BEFORE, next = AFTER, resumes = 1;
    size_t at = 0;
    while (at < s->n && s->step[at].event < d->events)
        at++;
    for (size_t i = at; i-- > 0;)
        if (s->step[i].task == d->leaving || s->step[i].task == goes)
            tell(&s->step[i], &last);
    for (size_t i = at; i < s->n; i++) {
        if (s->step[i].task == goes)
            tell(&s->step[i], &next);
        else if (s->step[i].task == d->leaving)
            tell(&s->step[i], &resumes);
    }
}

static void choose_steps(struct story *s)
{
    int end = AT_END, objects = AT_OBJECTS;
    for (size_t i = 0; i < s->a.decisions; i++)
        if (s->a.decision[i].pick && s->a.decision[i].events < s->a.hit_events)
            tell_around(s, &s->a.decision[i]);
    for (size_t i = s->n; i-- > 0;) {
        if (task_matters(s, s->step[i].task))
            tell(&s->step[i], &end);
        if (object_matters(s, s->step[i].obj))
            tell(&s->step[i], &objects);
    }
}

/* A gap of a step or two would be no shorter than they are. */
static void fill_gaps(struct story *s)
{
    size_t gap = 0;
    bool began = false;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->step[i].told) {
            gap++;
            continue;
        }
        for (size_t k = i - gap; gap <= SMALL_GAP && (began || gap == i) && k < i; k++)
            s->step[k].told = true;
        gap = 0;
        began = true;
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *name(const struct story *s, uint32_t task)
{
    return task ? model_task_name(s->fold.model, task) : "the engine";
}

/* Text in lines of at most WIDTH columns; `at`: the column it begins in, as further lines do. */
static void say_wrapped(const char *text, int at, struct str *out)
{
    int left = WIDTH - at;
    while (utf8_width(text) > left) {
        size_t cut = (size_t)utf8_fit(text, left), blank = cut;
        while (blank > 0 && text[blank] != ' ')
            blank--;
        cut = blank ? blank : cut + strcspn(text + cut, " ");
        str_addn(out, text, cut);
        text += cut;
        if (!*text)
            break;
        str_addf(out, "\n%*s", at, "");
        text += *text == ' ';
    }
    str_addf(out, "%s\n", text);
}

static void say_choice(const struct story *s, const struct decision *d, struct str *out)
{
    const char *next = name(s, s->a.task[d->first + d->pick]);
    if (d->step)
        str_addf(out, "                   -- %s is interrupted, %s goes on\n", name(s, d->leaving),
                 next);
    else
        str_addf(out, "                   -- %s goes on, before %s\n", next,
                 name(s, s->a.task[d->first]));
}

static void say_step(const struct step *p, size_t number, struct str *out)
{
    char line[16] = "";
    if (p->line)
        snprintf(line, sizeof line, "%" PRIu32, p->line);
    str_addf(out, "%4zu %7.3f %4s  ", number, (double)p->t_ns / 1e9, line);
    say_wrapped(p->text, 19, out);
}

static void say_all(struct story *s, struct str *out)
{
    size_t d = 0, number = 0;
    bool gap = false;
    str_add(out, "step  time s line\n");
    for (size_t i = 0; i <= s->n; i++) {
        uint64_t now = i < s->n ? s->step[i].event : s->a.hit_events - 1;
        for (; d < s->a.decisions && s->a.decision[d].events <= now; d++) {
            if (!s->a.decision[d].pick)
                continue;
            say_choice(s, &s->a.decision[d], out);
            gap = false;
        }
        if (i == s->n)
            break;
        number++;
        if (s->step[i].told) {
            if (gap)
                str_add(out, "   …\n");
            say_step(&s->step[i], number, out);
        }
        gap = !s->step[i].told && (number > 1);
    }
    char *why = xasprintf("%s: %s", diagnosis_names[s->why->kind],
                          strtab_get(s->fold.model->names, s->why->text));
    say_wrapped(why, 0, out);
    free(why);
}

char *explore_story(const struct explore_maker *m, const struct explore_how *how,
                    const struct explore_result *r, struct str *out, uint64_t *first_event)
{
    struct strtab *names = strtab_create();
    struct story s = {
        .a = {.seed = r->seed, .policy = "replay", .use = {.choices = &r->choices}, .keep = true}};
    explore_run_one(m, how, &s.a, names);
    fold_init(&s.fold, names);
    char *error = s.a.error;
    s.a.error = NULL;
    if (!error && !s.a.hit)
        error = xstrdup("the schedule does not show it again");
    *first_event = s.a.hit_events;
    if (!error) {
        collect(&s);
        s.why = diagnosis_of(s.fold.model, how->until);
        choose_steps(&s);
        fill_gaps(&s);
        say_all(&s, out);
    }
    for (size_t i = s.a.decisions; i-- > 0;)
        if (s.a.decision[i].pick)
            *first_event = s.a.decision[i].events;
    for (size_t i = 0; i < s.n; i++)
        free(s.step[i].text);
    free(s.step);
    fold_free(&s.fold);
    explore_attempt_free(&s.a);
    strtab_destroy(names);
    return error;
}
