/* SPDX-License-Identifier: MIT */
/* Race: two tasks touch the same word, at least one writes, at least one plainly, and nothing
 * orders the two (happens-before, clocks.h). Whether it went wrong this time plays no part.
 *
 *   writer   write x ──?                       no edge: what writer did after the write (unlock,
 *   printer             ?── read x             send, Done …) never reached printer
 *
 * For each word the last write and the last reads are kept, each with its task's count then. It
 * begins with the first cell: what was before cannot lie between two accesses. In live, what was
 * found waits until its part of the stream is known to be whole: a lost event may be the edge. */
#include "detect/clocks.h"
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { READS = 3, WORDS = 8192, FOUND = 32 };
/* So much later losses have been told: drains come every few milliseconds. */
#define WHOLE_NS INT64_C(500000000)

struct touch {
    int64_t t_ns;
    uint64_t seq;
    uint32_t task, count, line;
    uint8_t op;
    uint8_t slot; /* 0: none */
};
/* By what conflicts with what. */
struct touched {
    uint64_t word; /* + 1; 0: free */
    struct touch write, store;
    struct touch read[READS], load;
    bool told;
};
struct found {
    uint64_t word;
    struct touch first, second;
    struct clock_release last;
    bool knows, any;
};
struct race {
    bool on;
    struct clocks clocks;
    struct touched *at; /* open addressing, a power of two */
    uint32_t n, cap;
    struct found found[FOUND]; /* live: not raised yet */
    uint32_t found_n;
};

static uint32_t find(const struct touched *at, uint32_t cap, uint64_t word)
{
    uint32_t i = (uint32_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (cap - 1);
    while (at[i].word && at[i].word != word + 1)
        i = (i + 1) & (cap - 1);
    return i;
}

static struct touched *touched_at(struct race *r, uint64_t word)
{
    if (r->n * 2 >= r->cap && r->cap < 2 * WORDS) {
        uint32_t cap = r->cap ? r->cap * 2 : 64;
        struct touched *at = xcalloc(cap, sizeof *at);
        for (uint32_t i = 0; i < r->cap; i++)
            if (r->at[i].word)
                at[find(at, cap, r->at[i].word - 1)] = r->at[i];
        free(r->at);
        r->at = at;
        r->cap = cap;
    }
    struct touched *t = &r->at[find(r->at, r->cap, word)];
    if (t->word)
        return t;
    if (r->n == WORDS)
        return NULL; /* further words are not watched */
    r->n++;
    t->word = word + 1;
    return t;
}

/* ---- how it is told ----------------------------------------------------------------------------
 */

static void last_heard(const struct model *m, const struct clock_release *l, struct str *out)
{
    static const char *const what[EV_COUNT] = {
        [EV_CHAN] = N_("its operation on"), [EV_LOCK] = N_("its unlock of"),
        [EV_GROUP] = N_("its Done in"),     [EV_ONCE] = N_("its end of"),
        [EV_COND] = N_("its signal of"),    [EV_SEM] = N_("its release of"),
        [EV_CELL] = N_("its store to"),     [EV_CTX] = N_("its cancel of")};
    static const char *const chan[] = {[CHAN_SEND] = N_("its send on"),
                                       [CHAN_RECV] = N_("its receive from"),
                                       [CHAN_CLOSE] = N_("its close of"),
                                       [CHAN_DROP] = N_("its receive from")};
    if (l->kind == EV_TASK)
        str_addf(out, _("its start of %s"), model_task_name(m, l->task));
    else if (l->kind == EV_CELL && l->op == CELL_FENCE)
        str_add(out, _("its fence"));
    else if (l->kind == EV_CHAN && l->op < CHAN_OP_COUNT)
        str_addf(out, "%s %s", _(chan[l->op]), model_object_name(m, l->obj));
    else
        str_addf(out, "%s %s",
                 l->kind < EV_COUNT && what[l->kind] ? _(what[l->kind]) : _("its use of"),
                 model_object_name(m, l->obj));
    str_addf(out, _(" at %.6f s"), (double)l->t_ns / 1e9);
}

static void raise(struct detect *d, const struct model *m, const struct found *f)
{
    static const char *const did[CELL_OP_COUNT] = {
        [CELL_READ] = N_("read"),    [CELL_WRITE] = N_("wrote"),
        [CELL_LOAD] = N_("loaded"),  [CELL_STORE] = N_("stored"),
        [CELL_CAS] = N_("swapped"),  [CELL_CAS_FAILED] = N_("compared"),
        [CELL_ADD] = N_("added to"), [CELL_SWAP] = N_("exchanged")};
    uint32_t obj = (uint32_t)(f->word >> 32), tasks[2] = {f->first.task, f->second.task};
    const char *one = model_task_name(m, tasks[0]), *two = model_task_name(m, tasks[1]);
    struct str text = {0};
    str_addf(&text, "%s %s ", one, _(did[f->first.op]));
    access_name(m, f->word, &text);
    str_add(&text, " ");
    access_place(f->first.line, f->first.seq, f->first.t_ns, &text);
    str_addf(&text, _(" and %s %s it "), two, _(did[f->second.op]));
    access_place(f->second.line, f->second.seq, f->second.t_ns, &text);
    str_addf(&text, _(", and no edge leads from the first to the second: "));
    if (f->knows) {
        str_addf(&text, _("the last of %s that reached %s is "), one, two);
        last_heard(m, &f->last, &text);
    } else {
        str_addf(&text,
                 f->any ? _("what %s did of late has not reached %s")
                        : _("nothing that %s did has reached %s"),
                 one, two);
    }
    detect_raise(d, DIAG_RACE, obj, tasks, 2, &obj, 1, "%s", text.data);
    str_free(&text);
}

/* ---- finding it --------------------------------------------------------------------------------
 */

static void found(struct detect *d, struct race *r, const struct model *m, uint64_t word,
                  const struct touch *first, const struct touch *second)
{
    struct found f = {.word = word, .first = *first, .second = *second};
    const struct clock_release *last = clocks_last(&r->clocks, second->task, first->slot - 1);
    f.any = clocks_knows(&r->clocks, second->task, first->slot - 1, 1);
    if (last) {
        f.knows = true;
        f.last = *last;
    }
    if (m->world == WORLD_SIM)
        raise(d, m, &f);
    else if (r->found_n < FOUND)
        r->found[r->found_n++] = f;
}

static bool unordered(struct race *r, const struct touch *was, uint32_t task)
{
    return was->slot && was->task != task &&
           !clocks_knows(&r->clocks, task, was->slot - 1, was->count);
}

static void check(struct detect *d, struct race *r, const struct model *m, struct touched *w,
                  const struct touch *now, bool writes, bool plain)
{
    const struct touch *against[READS + 3];
    int n = 0;
    against[n++] = &w->write;
    if (plain)
        against[n++] = &w->store;
    for (int i = 0; i < READS && writes; i++)
        against[n++] = &w->read[i];
    if (writes && plain)
        against[n++] = &w->load;
    for (int i = 0; i < n; i++)
        if (unordered(r, against[i], now->task)) {
            found(d, r, m, w->word - 1, against[i], now);
            w->told = true;
            return;
        }
}

static void keep_read(struct touched *w, const struct touch *now)
{
    int at = 0;
    for (int i = 0; i < READS; i++) {
        if (w->read[i].slot == now->slot) {
            at = i;
            break;
        }
        if (w->read[i].seq < w->read[at].seq)
            at = i;
    }
    w->read[at] = *now;
}

static void touch(struct detect *d, struct race *r, const struct model *m, const struct event *e)
{
    struct access a;
    if (!access_of(e, &a) || a.op >= CELL_FLUSH)
        return;
    struct touched *w = touched_at(r, a.word);
    if (!w)
        return;
    int slot = clocks_slot(&r->clocks, a.task);
    bool writes = access_writes(&a), plain = access_plain(&a);
    struct touch now = {.t_ns = e->t_ns,
                        .seq = m->seq,
                        .task = a.task,
                        .line = access_line(m, a.task),
                        .op = a.op,
                        .slot = (uint8_t)(slot + 1),
                        .count = slot < 0 ? 0 : r->clocks.now.at[slot]};
    if (!w->told)
        check(d, r, m, w, &now, writes, plain);
    if (slot < 0)
        return;
    if (writes && plain)
        w->write = now;
    else if (writes)
        w->store = now;
    else if (plain)
        keep_read(w, &now);
    else
        w->load = now;
}

static void begin(struct detect *d, struct race *r, const struct model *m)
{
    r->on = true;
    clocks_begin(&r->clocks, m);
    detect_want(d, ACCESS_KINDS | UINT64_C(1) << EV_TASK | UINT64_C(1) << EV_CHAN |
                       UINT64_C(1) << EV_LOCK | UINT64_C(1) << EV_GROUP | UINT64_C(1) << EV_ONCE |
                       UINT64_C(1) << EV_COND | UINT64_C(1) << EV_SEM | UINT64_C(1) << EV_CTX |
                       UINT64_C(1) << EV_BARRIER | UINT64_C(1) << EV_FLIGHT |
                       UINT64_C(1) << EV_MAP | UINT64_C(1) << EV_POOL | UINT64_C(1) << EV_LOST |
                       UINT64_C(1) << EV_END);
}

/* live: what waits is certain once so much time has passed, or all is over. */
static void settle(struct detect *d, struct race *r, const struct model *m, const struct event *e)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->found_n; i++)
        if (e->kind == EV_END || m->now_ns - r->found[i].second.t_ns > WHOLE_NS)
            raise(d, m, &r->found[i]);
        else
            r->found[kept++] = r->found[i];
    r->found_n = kept;
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct race *r = state;
    if (!r->on) {
        if (e->kind == EV_OBJECT && e->op != OBJ_CELL && e->op != OBJ_SLICE && e->op != OBJ_ARRAY)
            return;
        begin(d, r, m);
    }
    if (e->kind == EV_LOST) {
        free(r->at);
        r->at = NULL;
        r->n = r->cap = r->found_n = 0;
    }
    if (r->found_n)
        settle(d, r, m, e);
    touch(d, r, m, e);
    clocks_see(&r->clocks, m, e);
}

static void drop(void *state)
{
    struct race *r = state;
    clocks_drop(&r->clocks);
    free(r->at);
}

static void adopt(void *state)
{
    struct race *r = state;
    clocks_adopt(&r->clocks);
    r->at = r->cap ? xmemdup(r->at, r->cap * sizeof *r->at) : NULL;
}

static size_t bytes(const void *state)
{
    const struct race *r = state;
    return clocks_bytes(&r->clocks) + r->cap * sizeof *r->at;
}

const struct detector detector_race = {
    .name = "race",
    .help = "two tasks touch the same word, one of them writes, nothing orders them",
    .size = sizeof(struct race),
    .kinds = ACCESS_KINDS | UINT64_C(1) << EV_OBJECT,
    .see = see,
    .adopt = adopt,
    .drop = drop,
    .bytes = bytes,
};
