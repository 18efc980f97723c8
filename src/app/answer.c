/* SPDX-License-Identifier: MIT */
/* What the engine answers. A command takes effect at its next safe point, so that what becomes of
 * it is known only then: the pattern says it with a mark ("shutdown: 8 in the queue to drain",
 * "refused: …"), which stands in the log, and here becomes the message. Its last words stand in the
 * hint (hint.c). */
#include <stdio.h>
#include <string.h>

#include "app/watch.h"

enum { LAST_WORDS = 24 };
static const int64_t ANSWER_NS = 1000000000;

static const char *mark_at(const struct model *m, uint64_t i)
{
    const struct event *e = &m->log[i % MODEL_LOG].ev;
    return e->kind == EV_MARK && e->op == BY_ENGINE ? strtab_get(m->names, e->c) : NULL;
}

static void say(struct watch *w, const char *text)
{
    if (strncmp(text, "refused: ", 9) == 0)
        watch_complain(w, "%s", text);
    else
        watch_say(w, "%s", text);
}

void answers_expect(struct watch *w)
{
    w->commanded_until = wall_now() + ANSWER_NS;
}

/* At the end: what the pattern said last, such as how many were drained and dropped, stays. */
static void last_words(struct watch *w, const struct model *m)
{
    bool ended = player_ended(w->player);
    if (ended && !w->ended_told) {
        w->last_words[0] = '\0';
        for (uint64_t i = m->log_n; i-- > 0 && i + LAST_WORDS >= m->log_n && !*w->last_words;)
            if (mark_at(m, i))
                snprintf(w->last_words, sizeof w->last_words, "%s", mark_at(m, i));
        if (*w->last_words && !w->message_bad)
            w->message[0] = '\0';
    }
    w->ended_told = ended;
}

void answers_look(struct watch *w)
{
    const struct model *m = player_model(w->player);
    uint64_t from = w->log_seen;
    if (from + MODEL_LOG < m->log_n)
        from = m->log_n - MODEL_LOG;
    if (w->commanded_until && wall_now() < w->commanded_until) {
        for (uint64_t i = from; i < m->log_n; i++)
            if (mark_at(m, i))
                say(w, mark_at(m, i));
    }
    w->log_seen = m->log_n;
    last_words(w, m);
}

const char *answer_help(const struct watch *w, const struct command *c)
{
    const struct pattern *p = player_pattern(w->player);
    if (!p || !c->argc)
        return "";
    if (c->id == CMD_INJECT && c->argc > 1)
        for (const struct pattern_fault *f = p->faults; f && f->object; f++)
            if (strcmp(f->object, c->argv[0]) == 0 && strcmp(f->fault, c->argv[1]) == 0)
                return f->help;
    if (c->id == CMD_DO)
        for (const struct pattern_action *a = p->actions; a && a->name; a++)
            if (strcmp(a->name, c->argv[0]) == 0)
                return a->help;
    return "";
}
