/* SPDX-License-Identifier: MIT */
/* Stale bytes: a buffer has been given back (retired, as into a pool), is used again, and a place
 * is read that nobody has written since: another's leavings.
 *
 *   first    write "secret"   retire │ put
 *   second                             get │ append behind it │ read from the start: "secret"…
 *
 * For the last arrays that were retired it is kept which places were written, and which of them
 * before the last retirement; of long arrays the first PLACES. */
#include "detect/access.h"
#include "detect/detect.h"
#include "base/text.h"

enum { ARRAYS = 64, PLACES = 1024, BITS = 64 };

struct row {
    uint64_t written[PLACES / BITS], stale[PLACES / BITS];
    uint64_t seq; /* of the last retirement */
    uint32_t obj; /* 0: free */
    uint32_t task;
    bool told;
};
struct stale_bytes {
    struct row row[ARRAYS];
};

static struct row *row_of(struct stale_bytes *s, uint32_t obj)
{
    struct row *r = &s->row[obj % ARRAYS];
    if (r->obj != obj)
        *r = (struct row){.obj = obj};
    return r;
}

static void retire(struct row *r, const struct event *e, uint64_t seq)
{
    for (uint64_t i = e->a; i < (uint64_t)e->a + e->b && i < PLACES; i++)
        r->stale[i / BITS] |= r->written[i / BITS] & UINT64_C(1) << i % BITS;
    r->seq = seq;
    r->task = e->task;
}

static void raise(struct detect *d, const struct model *m, const struct access *a, struct row *r)
{
    struct str text = {0};
    uint32_t tasks[2] = {a->task, r->task};
    r->told = true;
    str_addf(&text, _("%s reads "), model_task_name(m, a->task));
    access_name(m, a->word, &text);
    str_addf(
        &text,
        _(" = %llu (event %llu), which stands there from the use before: %s gave it back (event "
          "%llu), and nobody has written it since"),
        (unsigned long long)a->value, (unsigned long long)m->seq, model_task_name(m, r->task),
        (unsigned long long)r->seq);
    detect_raise(d, DIAG_STALE_DATA, a->obj, tasks, a->task == r->task ? 1 : 2, &a->obj, 1, "%s",
                 text.data);
    str_free(&text);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct stale_bytes *s = lazy_state(state, sizeof *s);
    struct access a;
    if (e->kind == EV_LOST) {
        *s = (struct stale_bytes){0};
        return;
    }
    detect_want(d, UINT64_C(1) << EV_LOST);
    struct row *r = row_of(s, e->obj);
    if (e->op == CELL_RETIRE) {
        retire(r, e, m->seq);
        return;
    }
    if (!access_of(e, &a) || a.op == CELL_FLUSH || e->a >= PLACES)
        return;
    uint64_t bit = UINT64_C(1) << e->a % BITS;
    if (access_writes(&a)) {
        r->written[e->a / BITS] |= bit;
        r->stale[e->a / BITS] &= ~bit;
    } else if (r->stale[e->a / BITS] & bit && !r->told) {
        raise(d, m, &a, r);
    }
}

const struct detector detector_stale_bytes = {
    .name = "stale_bytes",
    .help = "a buffer that was given back is used again, and read before it is written",
    .size = sizeof(struct lazy),
    .kinds = UINT64_C(1) << EV_BYTE,
    .see = see,
    .adopt = lazy_adopt,
    .drop = lazy_drop,
    .bytes = lazy_bytes,
};
