/* SPDX-License-Identifier: MIT */
/* An event as one JSON object. What fields there are, and where in the record each stands, say the
 * rows of event.def; this only knows how each type of field is written. */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "model/model.h"

static void whole(struct str *out, int64_t v)
{
    char text[24], *p = text + sizeof text;
    uint64_t x = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + x % 10);
    while (x /= 10);
    if (v < 0)
        *--p = '-';
    str_addn(out, p, (size_t)(text + sizeof text - p));
}

static void key(struct str *out, const char *name)
{
    str_addc(out, ',');
    str_addc(out, '"');
    str_add(out, name);
    str_add(out, "\":");
}

/* A name, or null for id 0. */
static void task(const struct model *m, uint32_t id, struct str *out)
{
    if (id)
        str_add_json(out, model_task_name(m, id));
    else
        str_add(out, "null");
}

static void object(const struct model *m, uint32_t id, struct str *out)
{
    if (id)
        str_add_json(out, model_object_name(m, id));
    else
        str_add(out, "null");
}

static void word(const char *const *names, int64_t v, struct str *out)
{
    int64_t n = 0;
    while (names[n] && n < v)
        n++;
    if (names[n])
        str_add_json(out, names[n]);
    else /* of a newer version, or damaged */
        str_addf(out, "\"?%" PRId64 "\"", v);
}

/* "a, b" as a list: a diagnosis names several. */
static void names(const char *joined, struct str *out)
{
    str_addc(out, '[');
    while (*joined) {
        const char *comma = strstr(joined, ", ");
        size_t n = comma ? (size_t)(comma - joined) : strlen(joined);
        struct str one = {0};
        str_addn(&one, joined, n);
        str_add_json(out, one.data);
        str_free(&one);
        joined += n + (comma ? 2 : 0);
        if (*joined)
            str_addc(out, ',');
    }
    str_addc(out, ']');
}

static bool left_out(const struct event *e, const struct event_field *f, int64_t v)
{
    if (e->kind == EV_DIAGNOSIS)
        return false;
    switch ((enum field_type)f->type) {
    case FT_STR:
    case FT_TASK0:
        return v == 0;
    case FT_PARENT:
        return e->op != TASK_NEW;
    case FT_WORD:
        return !(v & CELL_WORD);
    case FT_BUFFERED:
        return !(v & CELL_BUFFERED);
    case FT_FROM_PROC:
        return e->op != PROC_STEAL;
    case FT_TAGGED:
        return !(e->x >> 8 & CELL_TAGGED);
    case FT_UNTIL:
    case FT_OTHERS:
        return e->op != TASK_WAITING || v == 0;
    case FT_BY:
        return e->op != CTX_CANCEL || v == 0;
    default:
        return false;
    }
}

/* 4500 as 4.5 */
static void milli(struct str *out, int32_t v)
{
    uint32_t n = v < 0 ? -(uint32_t)v : (uint32_t)v, part = n % 1000;
    str_addf(out, "%s%u", v < 0 ? "-" : "", n / 1000);
    if (!part)
        return;
    int digits = 3;
    for (; part % 10 == 0; part /= 10)
        digits--;
    str_addf(out, ".%0*u", digits, part);
}

static void value(const struct model *m, const struct event *e, const struct event_field *f,
                  struct str *out)
{
    int64_t v = event_slot(e, f->slot);
    uint32_t id = (uint32_t)v;
    switch ((enum field_type)f->type) {
    case FT_WORD:
        whole(out, v & CELL_WORD);
        return;
    case FT_BUFFERED:
        str_add(out, "true");
        return;
    case FT_TAGGED:
    case FT_FROM_PROC:
    case FT_UNTIL:
    case FT_OTHERS:
    case FT_U32:
    case FT_I64:
        whole(out, v);
        return;
    case FT_MILLI:
        milli(out, (int32_t)id);
        return;
    case FT_I32:
        whole(out, (int32_t)id);
        return;
    case FT_BOOL:
        str_add(out, v ? "true" : "false");
        return;
    case FT_DEADLINE:
        if (v && e->op != CTX_CANCEL)
            whole(out, v);
        else
            str_add(out, "null");
        return;
    case FT_STR:
        if (e->kind == EV_DIAGNOSIS && f->slot != SLOT_C)
            names(strtab_get(m->names, id), out);
        else
            str_add_json(out, strtab_get(m->names, id));
        return;
    case FT_TASK:
    case FT_TASK0:
    case FT_BY:
        task(m, id, out);
        return;
    case FT_PARENT:
        task(m, e->c, out);
        return;
    case FT_OBJ:
    case FT_OBJ0:
        object(m, id, out);
        return;
    case FT_FROM:
        if (e->task)
            task(m, e->task, out);
        else
            object(m, e->c, out);
        return;
    case FT_CAP:
        whole(out, id < m->objects_n ? m->objects[id].cap : 0);
        return;
    case FT_PROC:
        if (v == PROC_NONE)
            str_add(out, "null");
        else
            whole(out, v);
        return;
    case FT_ENUM:
        word(f->names, v, out);
        return;
    }
}

void model_json(const struct model *m, const struct event *e, uint64_t seq, struct str *out)
{
    str_add(out, "{\"t\":");
    whole(out, e->t_ns);
    key(out, "seq");
    whole(out, (int64_t)seq);
    key(out, "ev");
    if (e->kind >= EV_COUNT) {
        str_addf(out, "\"?%u\"}", e->kind);
        return;
    }
    const struct event_info *info = &event_info[e->kind];
    str_add_json(out, info->name);
    for (size_t i = 0; i < EVENT_FIELDS && info->fields[i].name; i++) {
        const struct event_field *f = &info->fields[i];
        if (left_out(e, f, event_slot(e, f->slot)))
            continue;
        key(out, f->name);
        value(m, e, f, out);
    }
    str_addc(out, '}');
}
