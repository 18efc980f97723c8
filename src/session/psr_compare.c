/* SPDX-License-Identifier: MIT */
/* Compares two sessions event by event. Ids of texts may differ, their texts may not; all other
 * numbers must be the same. Where one has a hole (its blocks say which events are missing), what
 * the other has there is passed over, and a name that went with the hole is any name. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "session/psr.h"

/* A side: the rest of its present block. */
struct side {
    struct psr_reader *r;
    const struct event *ev;
    size_t n;
    uint64_t number; /* of ev[0] */
    bool damaged;
};

static void field_text(const struct event *e, const struct event_field *f, struct strtab *names,
                       struct str *out)
{
    int64_t v = event_slot(e, (enum event_slot)f->slot);
    if (f->type == FT_STR)
        str_add_json(out, strtab_get(names, (uint32_t)v));
    else if (f->type == FT_ENUM)
        str_add(out, f->names[v]);
    else
        str_addf(out, "%" PRId64, v);
}

static bool text_differs(const struct event *ea, const struct side *a, const struct event *eb,
                         const struct side *b, enum event_slot slot)
{
    const char *ta = strtab_get(psr_names(a->r), (uint32_t)event_slot(ea, slot)),
               *tb = strtab_get(psr_names(b->r), (uint32_t)event_slot(eb, slot));
    return strcmp(ta, tb) != 0 && !(a->damaged && strcmp(ta, "?") == 0) &&
           !(b->damaged && strcmp(tb, "?") == 0);
}

/* The first field that differs: "op is send, was recv"; false: they are equal. */
static bool differ(const struct side *sa, const struct side *sb, struct str *out)
{
    const struct event *a = sa->ev, *b = sb->ev;
    if (a->t_ns != b->t_ns) {
        str_addf(out, "t is %" PRId64 " ns and %" PRId64 " ns", a->t_ns, b->t_ns);
        return true;
    }
    if (a->kind != b->kind) {
        str_addf(out, "%s and %s", event_info[a->kind].name, event_info[b->kind].name);
        return true;
    }
    unsigned seen = 0;
    for (size_t i = 0; i < EVENT_FIELDS && event_info[a->kind].fields[i].name; i++) {
        const struct event_field *f = &event_info[a->kind].fields[i];
        enum event_slot slot = (enum event_slot)f->slot;
        seen |= 1u << slot | (f->type == FT_STR ? 1u << (slot + 16) : 0);
        if (f->type == FT_STR ? !text_differs(a, sa, b, sb, slot)
                              : event_slot(a, slot) == event_slot(b, slot))
            continue;
        str_addf(out, "%s: %s is ", event_info[a->kind].name, f->name);
        field_text(a, f, psr_names(sa->r), out);
        str_add(out, " and ");
        field_text(b, f, psr_names(sb->r), out);
        return true;
    }
    bool name = (a->kind == EV_TASK && a->op == TASK_NEW && text_differs(a, sa, b, sb, SLOT_A)) ||
                (a->kind == EV_OBJECT && text_differs(a, sa, b, sb, SLOT_C));
    /* Slots that no field names must be the same too. */
    struct event x = *a, y = *b;
    if (a->kind == EV_TASK && a->op == TASK_NEW)
        x.a = y.a = 0;
    if (a->kind == EV_OBJECT)
        x.c = y.c = 0;
    for (unsigned slot = SLOT_A; slot <= SLOT_C; slot++)
        if (seen & 1u << (slot + 16))
            slot == SLOT_A ? (x.a = y.a = 0) : slot == SLOT_B ? (x.b = y.b = 0) : (x.c = y.c = 0);
    if (seen & 1u << (SLOT_TASK + 16))
        x.task = y.task = 0;
    if (!name && !memcmp(&x, &y, sizeof x))
        return false;
    str_addf(out, "%s: %s", event_info[a->kind].name, name ? "the name" : "a number");
    return true;
}

static bool fill(struct side *s)
{
    if (s->n)
        return true;
    s->ev = psr_read_block(s->r, &s->n);
    s->number = psr_position(s->r) - s->n;
    s->damaged = s->damaged || psr_warning(s->r);
    return s->n > 0;
}

static void pass(struct side *s, uint64_t n)
{
    n = n < s->n ? n : s->n;
    s->ev += n;
    s->n -= (size_t)n;
    s->number += n;
}

char *psr_compare(struct psr_reader *ra, struct psr_reader *rb)
{
    struct side a = {.r = ra}, b = {.r = rb};
    for (;;) {
        bool more_a = fill(&a), more_b = fill(&b);
        if (!more_a && !more_b)
            return NULL;
        if (!more_a || !more_b) {
            const struct side *more = more_a ? &a : &b;
            return xasprintf("the %s ends after %" PRIu64 " events, the other goes on with %s at "
                             "%" PRId64 " ns",
                             more_a ? "second" : "first", more->number,
                             event_info[more->ev->kind].name, more->ev->t_ns);
        }
        if (a.number != b.number) {
            struct side *behind = a.number < b.number ? &a : &b;
            pass(behind, a.number < b.number ? b.number - a.number : a.number - b.number);
            continue;
        }
        struct str what = {0};
        if (differ(&a, &b, &what)) {
            char *text = xasprintf("event %" PRIu64 " at %" PRId64 " ns: %s", a.number, a.ev->t_ns,
                                   what.data);
            str_free(&what);
            return text;
        }
        pass(&a, 1);
        pass(&b, 1);
    }
}
