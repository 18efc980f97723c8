/* SPDX-License-Identifier: MIT */
/* One request's story, for `run --explain`: its steps, and for each decision the rule, its operands
 * at that instant and what would have changed it. Told from the model as it stands right after the
 * event: what a policy decides by does not change between the two. */
#include "app/explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "views/parts/parts.h"

/* What a breaker decided by. */
static void breaker_why(const struct model *m, const struct breaker_model *b, const struct event *e,
                        struct str *out)
{
    char a[FORMAT_SIZE], c[FORMAT_SIZE];
    const struct breaker_change *k = breaker_change(b, 0);
    const char *rule = b->trip ? strtab_get(m->names, b->trip) : "?";
    const char *since = k ? strtab_get(m->names, k->why) : "?";
    double level = (double)(int32_t)e->task / 1000;
    bool ok = e->x >> 8 & ADMIT_IS_OK;
    if (b->state == BREAKER_FORCED_OPEN || b->state == BREAKER_DISABLED) {
        str_addf(out, _("            rule      %s by hand\n            otherwise mode = auto\n"),
                 breaker_state_names[b->state]);
        return;
    }
    if (e->op == ADMIT_OPEN) {
        int64_t left = b->half_open_ns > e->t_ns ? b->half_open_ns - e->t_ns : 0;
        str_addf(out, _("            rule      open: nothing passes until %s\n"),
                 format_second(a, b->half_open_ns));
        str_addf(out, _("            operands  open since %s: %s\n"), format_second(a, b->since_ns),
                 since);
        str_addf(out, _("            otherwise %s later it would be a probe\n"),
                 format_duration(c, left));
    } else if (e->op == ADMIT_HALF_OPEN) {
        str_addf(out, _("            rule      half open: at most %u probes\n"), b->probes);
        str_addf(out, _("            operands  %u let in, %u out, %u failed\n"), b->calls, b->out,
                 b->failures);
        str_addf(out, _("            otherwise a probe that comes back\n"));
    } else if (b->counts_as == BREAKER_HALF_OPEN) {
        str_addf(out, _("            rule      half open: it is a probe\n"));
        str_addf(out, _("            operands  half open since %s: %s\n"),
                 format_second(a, b->since_ns), since);
    } else {
        str_addf(out, _("            rule      closed: opens at %s\n"), rule);
        str_addf(out, _("            operands  at %s"), format_number(a, level));
        if (b->trip_at > 0)
            str_addf(out, _(" of %s"), format_number(c, b->trip_at));
        str_add(out, _("\n            otherwise refused once that is reached\n"));
    }
    if (ok && e->op != ADMIT_OK)
        str_add(out, _("            a dry run: it passes all the same\n"));
}

bool explain_event(const struct model *m, const struct event *e, uint64_t id, struct str *out)
{
    char at[FORMAT_SIZE];
    bool admit = e->kind == EV_ADMIT && e->c == id;
    bool told = e->kind == EV_RETRY_AFTER && e->c == id;
    if (!admit && !told && !(e->kind == EV_REQUEST && (uint64_t)e->v == id))
        return false;
    uint16_t lane = e->kind == EV_REQUEST ? e->x : e->x & 0xff;
    str_addf(out, "%10s  ", format_second(at, e->t_ns));
    if (m->lanes_n > 1)
        str_addf(out, "%s: ", model_lane_name(m, lane));
    model_sentence(m, e, out);
    str_addc(out, '\n');
    const struct breaker_model *b = admit ? model_breaker(m, e->obj) : NULL;
    if (b)
        breaker_why(m, b, e, out);
    else if (admit)
        str_addf(out, _("            level     %s\n"),
                 format_number(at, (double)(int32_t)e->task / 1000));
    return true;
}
