/* SPDX-License-Identifier: MIT */
/* Compares two sessions event by event. Ids of texts may differ, their texts may not; all other
 * numbers must be the same. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "session/psr.h"

enum { CHUNK = 512 };

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

static bool text_differs(const struct event *a, struct strtab *na, const struct event *b,
                         struct strtab *nb, enum event_slot slot)
{
    return strcmp(strtab_get(na, (uint32_t)event_slot(a, slot)),
                  strtab_get(nb, (uint32_t)event_slot(b, slot))) != 0;
}

/* The first field that differs: "op is send, was recv"; false: they are equal. */
static bool differ(const struct event *a, struct strtab *na, const struct event *b,
                   struct strtab *nb, struct str *out)
{
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
        if (f->type == FT_STR ? !text_differs(a, na, b, nb, slot)
                              : event_slot(a, slot) == event_slot(b, slot))
            continue;
        str_addf(out, "%s: %s is ", event_info[a->kind].name, f->name);
        field_text(a, f, na, out);
        str_add(out, " and ");
        field_text(b, f, nb, out);
        return true;
    }
    bool name = (a->kind == EV_TASK && a->op == TASK_NEW && text_differs(a, na, b, nb, SLOT_A)) ||
                (a->kind == EV_OBJECT && text_differs(a, na, b, nb, SLOT_C));
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

char *psr_compare(struct psr_reader *a, struct psr_reader *b)
{
    struct event ea[CHUNK], eb[CHUNK];
    for (;;) {
        uint64_t at = psr_position(a);
        size_t na = psr_read(a, ea, CHUNK), nb = psr_read(b, eb, CHUNK);
        for (size_t i = 0; i < na && i < nb; i++) {
            struct str what = {0};
            if (differ(ea + i, psr_names(a), eb + i, psr_names(b), &what)) {
                char *text = xasprintf("event %" PRIu64 " at %" PRId64 " ns: %s", at + i,
                                       ea[i].t_ns, what.data);
                str_free(&what);
                return text;
            }
        }
        if (na != nb) {
            size_t least = na < nb ? na : nb;
            const struct event *more = na > nb ? ea + least : eb + least;
            return xasprintf("the %s ends after %" PRIu64 " events, the other goes on with %s at "
                             "%" PRId64 " ns",
                             na < nb ? "first" : "second", at + least, event_info[more->kind].name,
                             more->t_ns);
        }
        if (!na)
            return NULL;
    }
}
