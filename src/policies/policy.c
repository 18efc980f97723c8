/* SPDX-License-Identifier: MIT */
/* Names, and what a policy does that leaves an operation out. */
#include "policies/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

const char *const policy_kind_names[] = {"limiter", "breaker",  "bulkhead", "retry",
                                         "timeout", "fallback", "hedge",    NULL};
const char *const call_end_names[] = {"ok",        "error",   "timeout", "rejected",
                                      "cancelled", "ignored", "panic",   NULL};
_Static_assert(ARRAY_LEN(policy_kind_names) == POLICY_KIND_COUNT + 1, "a name a kind");
_Static_assert(ARRAY_LEN(call_end_names) == CALL_END_COUNT + 1, "a name an end");

const char call_ends_allowed[] =
    "none, or words out of: ok error timeout rejected cancelled ignored panic";

/* -1: not such a list. */
static int64_t ends_named(const char *text)
{
    int64_t bits = 0;
    while (*text) {
        size_t n = strcspn(text, " ,"), i = 0;
        while (n && i < CALL_END_COUNT &&
               (strlen(call_end_names[i]) != n || strncmp(call_end_names[i], text, n) != 0))
            i++;
        if (n && i == CALL_END_COUNT)
            return -1;
        if (n)
            bits |= (int64_t)1 << i;
        text += n + (text[n] != '\0');
    }
    return bits;
}

const char *call_ends_check(const char *text)
{
    return strcmp(text, "none") == 0 || ends_named(text) > 0
               ? NULL
               : "must be none, or words out of: ok error timeout rejected cancelled ignored panic";
}

uint32_t call_ends(const char *text)
{
    return strcmp(text, "none") == 0 ? 0 : (uint32_t)ends_named(text);
}

void policy_cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    p->ops->cancel(p, now_ns, t);
}

bool policy_decided(struct policy *p, int64_t now_ns, struct decided *d)
{
    return p->ops->decided && p->ops->decided(p, now_ns, d);
}

int64_t policy_next_ns(const struct policy *p, int64_t now_ns)
{
    return p->ops->next_ns ? p->ops->next_ns(p, now_ns) : POLICY_NEVER;
}

int64_t policy_due_ns(const struct policy *p)
{
    return p->ops->due_ns ? p->ops->due_ns(p) : POLICY_NEVER;
}

bool policy_changed(struct policy *p, struct policy_change *c)
{
    return p->ops->changed && p->ops->changed(p, c);
}

double policy_level(const struct policy *p, int64_t now_ns)
{
    return p->ops->level(p, now_ns);
}

double policy_cap(const struct policy *p)
{
    return p->ops->cap(p);
}

bool policy_stand(const struct policy *p, int64_t now_ns, struct policy_stand *s)
{
    *s = (struct policy_stand){0};
    if (p->ops->stand)
        p->ops->stand(p, now_ns, s);
    return p->ops->stand != NULL;
}

bool policy_law(const struct policy *p, struct policy_law *law)
{
    *law = (struct policy_law){0};
    if (p->ops->law)
        p->ops->law(p, law);
    return p->ops->law != NULL;
}

const char *policy_set(struct policy *p, int64_t now_ns, const void *params)
{
    return p->ops->set(p, now_ns, params);
}

void policy_again(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s)
{
    *s = (struct step){.what = STEP_RETURN, .as = t->how, .again_ns = POLICY_NEVER};
    if (p->ops->again)
        p->ops->again(p, now_ns, t, s);
}

void policy_settle(struct policy *p)
{
    if (p->ops->settle)
        p->ops->settle(p);
}

void policy_shutdown(struct policy *p, int64_t now_ns)
{
    if (p->ops->shutdown)
        p->ops->shutdown(p, now_ns);
}

void policy_explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    memset(why, 0, sizeof *why);
    p->ops->explain(p, now_ns, r, a, why);
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    if (p->ops->destroy)
        p->ops->destroy(p);
    free(p);
}
