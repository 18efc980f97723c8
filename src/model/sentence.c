/* SPDX-License-Identifier: MIT */
/* An event as a sentence, from the templates of sentences.def. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "model/model.h"

#define WAIT(why, words) [WHY_##why] = (words),
#define SENTENCE(kind, op, text)
static const char *const waits[WHY_COUNT] = {
#include "model/sentences.def"
};
#undef WAIT
#undef SENTENCE

enum { ANY = -1 };
static const struct sentence {
    int kind, op;
    const char *text;
} sentences[] = {
#define WAIT(why, words)
#define SENTENCE(kind, op, text) {EV_##kind, op, text},
#include "model/sentences.def"
#undef WAIT
#undef SENTENCE
};

static const char *template_of(const struct event *e)
{
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        if (sentences[i].kind == e->kind && (sentences[i].op == ANY || sentences[i].op == e->op))
            return _(sentences[i].text);
    return _("an event of a newer version");
}

struct context {
    const struct model *m;
    const struct event *e;
    int64_t took_ns;
};

static bool number(struct str *out, int64_t n)
{
    str_addf(out, "%" PRId64, n);
    return n != 0;
}

static bool name(struct str *out, const char *text)
{
    str_add(out, text);
    return *text != '\0';
}

static bool task(const struct context *x, uint32_t id, struct str *out)
{
    return id ? name(out, model_task_name(x->m, id)) : (str_add(out, _("the engine")), false);
}

static bool object(const struct context *x, uint32_t id, struct str *out)
{
    return id && name(out, model_object_name(x->m, id));
}

static bool text(const struct context *x, uint32_t id, struct str *out)
{
    return id && name(out, strtab_get(x->m->names, id));
}

static bool duration(struct str *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (i < 3 && ns < units[i].ns)
        i++;
    double v = (double)ns / (double)units[i].ns;
    str_addf(out, "%.*f%s", i == 3 || v >= 100 ? 0 : v >= 10 ? 1 : 2, v, units[i].unit);
    return true;
}

/* The op's own name, from the kind's row. */
static bool op(const struct context *x, struct str *out)
{
    const struct event_field *f = event_info[x->e->kind].fields;
    for (; f->name; f++)
        if (f->type == FT_ENUM && f->slot == SLOT_OP) {
            int i = 0;
            while (f->names[i] && i < x->e->op)
                i++;
            return name(out, f->names[i] ? f->names[i] : "?");
        }
    return false;
}

static bool picked(const struct event *e, struct str *out)
{
    if ((int32_t)e->c < 0)
        return name(out, "default");
    str_addf(out, "case %" PRIu32, e->c);
    return true;
}

/* Appends what the placeholder stands for; false when that is nothing. */
static bool expand(const struct context *x, const char *what, size_t n, struct str *out)
{
    const struct event *e = x->e;
    const struct {
        const char *name;
        enum { TASK, OBJ, STR, NUM, TIME, WHY, OP, PROC, FROM, GONE, PICKED, BUFFERED, DRY } type;
        int64_t value;
    } slots[] = {
        {"task", TASK, e->task},
        {"c.task", TASK, e->c},
        {"obj", OBJ, e->obj},
        {"c.obj", OBJ, e->c},
        {"task.str", STR, e->task},
        {"a.str", STR, e->a},
        {"c.str", STR, e->c},
        {"a", NUM, e->a},
        {"b", NUM, e->b},
        {"c", NUM, e->c},
        {"x", NUM, e->x},
        {"x.low", NUM, e->x & 0xff},
        {"x.high", NUM, e->x >> 8},
        {"v", NUM, e->v},
        {"task.n", NUM, e->task},
        {"ai", NUM, (int32_t)e->a},
        {"v.time", TIME, e->v ? e->v : -1},
        {"took", TIME, x->took_ns},
        {"why", WHY, e->x & 0xff},
        {"op", OP, 0},
        {"proc", PROC, e->x >> 8},
        {"from", FROM, 0},
        {"gone", GONE, e->x},
        {"picked", PICKED, 0},
        {"buffered", BUFFERED, 0},
        {"dry", DRY, 0},
    };
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        int64_t v = slots[i].value;
        if (strncmp(slots[i].name, what, n) != 0 || slots[i].name[n])
            continue;
        switch (slots[i].type) {
        case TASK:
            return task(x, (uint32_t)v, out);
        case OBJ:
            return object(x, (uint32_t)v, out);
        case STR:
            return text(x, (uint32_t)v, out);
        case NUM:
            return number(out, v);
        case TIME:
            return v >= 0 && duration(out, v);
        case WHY:
            return name(out, v < WHY_COUNT ? _(waits[v]) : "?");
        case OP:
            return op(x, out);
        case PROC:
            return v != PROC_NONE && (number(out, v), true);
        case FROM:
            return e->task ? task(x, e->task, out) : object(x, e->c, out);
        case GONE:
            return v && name(out, _("no longer"));
        case PICKED:
            return picked(e, out);
        case DRY:
            return e->x >> 8 && name(out, _("a dry run"));
        case BUFFERED:
            return e->x >> 8 & CELL_BUFFERED && name(out, "for itself so far");
        }
    }
    str_addn(out, what, n);
    return true;
}

static void fill_in(const struct context *x, const char *t, struct str *out)
{
    size_t option = 0; /* where the optional part began */
    bool there = true;
    for (; *t; t++) {
        if (*t == '[') {
            option = out->len;
            there = true;
        } else if (*t == ']') {
            if (!there) {
                out->len = option;
                out->data[option] = '\0';
            }
        } else if (*t == '{') {
            size_t n = strcspn(t + 1, "}");
            there = expand(x, t + 1, n, out) && there;
            t += n + 1;
        } else {
            str_addc(out, *t);
        }
    }
}

void model_sentence(const struct model *m, const struct event *e, struct str *out)
{
    fill_in(&(struct context){m, e, -1}, template_of(e), out);
}

void model_log_sentence(const struct model *m, const struct log_entry *l, struct str *out)
{
    fill_in(&(struct context){m, &l->ev, l->took_ns}, template_of(&l->ev), out);
}
