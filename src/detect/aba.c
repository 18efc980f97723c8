/* SPDX-License-Identifier: MIT */
/* ABA: a compare-and-swap takes place although the cell has changed since the task read it, because
 * the old value has come back. Judged where the value is an address, perhaps with a tag
 * (cell_make_tagged): a counter or a flag that comes back means what it meant.
 *
 *   slow   load top: A, next is B                                    swap top A to B: B was freed
 *   fast                            pop A   pop B (freed)   push A
 *
 * A tag that counts makes the second A another value. */
#include "detect/access.h"
#include "detect/detect.h"
#include "base/text.h"

enum { SEEN = 1024, WORDS = 128, WRITES = 8 };

struct seen {
    uint64_t word, value, seq; /* seq 0: free */
    uint32_t task, version;
};
struct write {
    uint64_t value, seq;
    uint32_t task, version;
};
struct written {
    uint64_t word; /* + 1; 0: free */
    struct write last[WRITES];
    uint32_t n;
    bool told;
};
struct aba {
    struct seen seen[SEEN];
    struct written word[WORDS];
};

static struct written *written_of(struct aba *s, uint64_t word)
{
    struct written *w = &s->word[access_row(0, word, WORDS)];
    if (w->word != word + 1)
        *w = (struct written){.word = word + 1};
    return w;
}

static void value(uint64_t v, struct str *out)
{
    if (v >> 32)
        str_addf(out, _("%u with tag %u"), (unsigned)(uint32_t)v, (unsigned)(v >> 32));
    else
        str_addf(out, "%u", (unsigned)(uint32_t)v);
}

/* The first write after `version` that made it another value, and the last before the swap. */
static bool gone_and_back(const struct written *w, const struct seen *s, uint32_t swap,
                          const struct write **gone, const struct write **back)
{
    *gone = *back = NULL;
    for (uint32_t i = w->n > WRITES ? w->n - WRITES : 0; i < w->n; i++) {
        const struct write *x = &w->last[i % WRITES];
        if (x->version <= s->version || x->version >= swap)
            continue;
        if (!*gone && x->value != s->value)
            *gone = x;
        *back = x;
    }
    return *gone && (*back)->value == s->value;
}

static void raise(struct detect *d, const struct model *m, const struct access *a,
                  const struct seen *s, const struct write *gone, const struct write *back)
{
    struct str text = {0};
    uint32_t tasks[3] = {a->task, gone->task, back->task};
    str_addf(&text, _("%s saw "), model_task_name(m, a->task));
    access_name(m, a->word, &text);
    str_add(&text, _(" at "));
    value(s->value, &text);
    str_addf(&text, _(" (event %llu), %s made it "), (unsigned long long)s->seq,
             model_task_name(m, gone->task));
    value(gone->value, &text);
    str_addf(&text, _(" (event %llu), %s made it "), (unsigned long long)gone->seq,
             model_task_name(m, back->task));
    value(back->value, &text);
    str_addf(&text, _(" again (event %llu), and the swap of %s to "), (unsigned long long)back->seq,
             model_task_name(m, a->task));
    value(a->value, &text);
    str_addf(&text, _(" took that for unchanged (event %llu): %u changes in between"),
             (unsigned long long)m->seq, (unsigned)(a->version - 1 - s->version));
    detect_raise(d, DIAG_ABA, a->obj, tasks, back->task == gone->task ? 2 : 3, &a->obj, 1, "%s",
                 text.data);
    str_free(&text);
}

static void see(struct detect *d, void *state, const struct model *m, const struct event *e)
{
    struct access a;
    if (e->kind == EV_LOST) {
        *(struct aba *)lazy_state(state, sizeof(struct aba)) = (struct aba){0};
        return;
    }
    if (!access_of(e, &a) || !a.tagged || (a.buffered && access_writes(&a)))
        return;
    detect_want(d, UINT64_C(1) << EV_LOST);
    struct aba *s = lazy_state(state, sizeof *s);
    struct seen *seen = &s->seen[access_row(a.task, a.word, SEEN)];
    struct written *w = written_of(s, a.word);
    const struct write *gone, *back;
    bool mine = seen->seq && seen->task == a.task && seen->word == a.word;
    if (a.op == CELL_CAS && mine && !w->told && gone_and_back(w, seen, a.version, &gone, &back)) {
        w->told = true;
        raise(d, m, &a, seen, gone, back);
    }
    if (access_writes(&a))
        w->last[w->n++ % WRITES] = (struct write){a.value, m->seq, a.task, a.version};
    if (a.op != CELL_FLUSH)
        *seen = (struct seen){a.word, a.value, m->seq, a.task, a.version};
}

const struct detector detector_aba = {
    .name = "aba",
    .help = "a compare-and-swap took an address that had gone and come back for unchanged",
    .size = sizeof(struct lazy),
    .kinds = ACCESS_KINDS,
    .see = see,
    .adopt = lazy_adopt,
    .drop = lazy_drop,
    .bytes = lazy_bytes,
};
