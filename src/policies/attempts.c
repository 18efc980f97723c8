/* SPDX-License-Identifier: MIT */
/* What retry, timeout, fallback and hedge do alike. */
#include "policies/attempts_inside.h"

void budget_init(struct budget *b, int64_t now_ns, int64_t burst)
{
    *b = (struct budget){.balance = (double)burst, .last_ns = now_ns};
}

static void put(struct budget *b, double n, int64_t burst)
{
    b->balance += n;
    if (b->balance > (double)burst)
        b->balance = (double)burst;
}

void budget_request(struct budget *b, double share, int64_t burst)
{
    put(b, share, burst);
}

void budget_roll(struct budget *b, int64_t now_ns, double per_s, int64_t burst)
{
    if (now_ns > b->last_ns) {
        put(b, (double)(now_ns - b->last_ns) / 1e9 * per_s, burst);
        b->last_ns = now_ns;
    }
}

/* A millionth short is rounding: a tenth put in ten times buys one. */
bool budget_take(struct budget *b)
{
    if (b->balance < 1 - 1e-6)
        return false;
    b->balance = b->balance > 1 ? b->balance - 1 : 0;
    return true;
}

void attempts_admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                    struct admission *a)
{
    struct policy_figures *f = &p->figures;
    (void)r;
    admission_begin(a);
    a->ok = true;
    a->ticket.at_ns = now_ns;
    f->offered++;
    f->permitted++;
    if (++f->active > f->max_active)
        f->max_active = f->active;
}

void attempts_end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                  int64_t took_ns)
{
    (void)now_ns;
    (void)t;
    (void)how;
    (void)took_ns;
    p->figures.ended++;
    p->figures.active--;
}

void attempts_cancel(struct policy *p, int64_t now_ns, const struct ticket *t)
{
    (void)now_ns;
    (void)t;
    p->figures.permitted--;
    p->figures.active--;
    p->figures.cancelled++;
}
