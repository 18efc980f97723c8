/* SPDX-License-Identifier: MIT */
/* What a task's state looks like: glyph + word + colour, so that neither a missing colour nor a
 * missing glyph takes the fact away. */
#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

static const struct state_look looks[TASK_STATE_COUNT] = {
    [TASK_NEW] = {GL_NEW, N_("new"), ST_DIM, GL_DOTS},
    [TASK_RUNNABLE] = {GL_RUNNABLE, N_("runnable"), ST_RUNNABLE, GL_DASH_SHORT},
    [TASK_RUNNING] = {GL_RUNNING, N_("running"), ST_RUNNING, GL_LINE_HEAVY},
    [TASK_WAITING] = {GL_WAITING, N_("waits"), ST_WAITING, GL_LINE},
    [TASK_SLEEPING] = {GL_SLEEPING, N_("sleeps"), ST_SLEEPING, GL_DASHES},
    [TASK_DONE] = {GL_TICK, N_("done"), ST_DONE, ' '},
    [TASK_LEAKED] = {GL_CROSS, N_("LEAKED"), ST_BAD, GL_CROSS},
    [TASK_PANICKED] = {GL_PANICKED, N_("PANICKED"), ST_BAD, GL_PANICKED},
    [TASK_FROZEN] = {GL_FROZEN, N_("frozen"), ST_DIM, GL_DOTS},
};

/* The words for what a task waits for. */
static const char *const reasons[WHY_COUNT] = {
    [WHY_NONE] = "",
    [WHY_CHAN_SEND] = N_("send"),
    [WHY_CHAN_RECV] = N_("recv"),
    [WHY_SELECT] = N_("select"),
    [WHY_MUTEX] = N_("lock"),
    [WHY_RLOCK] = N_("rlock"),
    [WHY_WLOCK] = N_("wlock"),
    [WHY_COND] = N_("cond"),
    [WHY_WAITGROUP] = N_("group"),
    [WHY_SEM] = N_("semaphore"),
    [WHY_ONCE] = N_("once"),
    [WHY_CTX] = N_("ctx"),
    [WHY_SLEEP] = "",
    [WHY_IO] = N_("call"),
    [WHY_JOIN] = N_("join"),
    [WHY_BARRIER] = N_("barrier"),
};

struct state_look state_look(uint8_t state, uint8_t why)
{
    if (state >= TASK_STATE_COUNT)
        state = TASK_NEW;
    struct state_look l = looks[state];
    if (state == TASK_WAITING && why == WHY_CHAN_SEND)
        l = (struct state_look){GL_PAUSED, N_("blocked"), ST_WARN, GL_DASH_SHORT};
    else if (why == WHY_IO && (state == TASK_SLEEPING || state == TASK_WAITING))
        l = (struct state_look){GL_SLEEPING, N_("calls"), ST_SLEEPING, GL_LINE_HEAVY};
    l.word = _(l.word);
    return l;
}

int state_group(uint8_t state, uint8_t why)
{
    bool held = state == TASK_WAITING || state == TASK_SLEEPING;
    if (held && why == WHY_CHAN_SEND)
        return TASK_STATE_COUNT;
    if (held && why == WHY_IO)
        return TASK_STATE_COUNT + 1;
    return state < TASK_STATE_COUNT ? state : TASK_NEW;
}

/* The word for several of them: "2 blocked", "12 waiting". */
const char *state_group_word(int group)
{
    static const char *const words[STATE_GROUPS] = {
        [TASK_NEW] = N_("new"),
        [TASK_RUNNABLE] = N_("runnable"),
        [TASK_RUNNING] = N_("running"),
        [TASK_WAITING] = N_("waiting"),
        [TASK_SLEEPING] = N_("sleeping"),
        [TASK_DONE] = N_("done"),
        [TASK_LEAKED] = N_("LEAKED"),
        [TASK_PANICKED] = N_("PANICKED"),
        [TASK_FROZEN] = N_("frozen"),
        [TASK_STATE_COUNT] = N_("blocked"),
        [TASK_STATE_COUNT + 1] = N_("calling"),
    };
    return group >= 0 && group < STATE_GROUPS ? _(words[group]) : "";
}

/* Which of several states is told first. */
int state_group_loud(int rank)
{
    static const uint8_t order[STATE_GROUPS] = {TASK_PANICKED, TASK_LEAKED,   TASK_STATE_COUNT,
                                                TASK_RUNNABLE, TASK_RUNNING,  TASK_STATE_COUNT + 1,
                                                TASK_WAITING,  TASK_SLEEPING, TASK_FROZEN,
                                                TASK_NEW,      TASK_DONE};
    return order[rank];
}

struct state_look state_group_look(int group)
{
    if (group == TASK_STATE_COUNT)
        return state_look(TASK_WAITING, WHY_CHAN_SEND);
    if (group == TASK_STATE_COUNT + 1)
        return state_look(TASK_WAITING, WHY_IO);
    return state_look((uint8_t)group, WHY_NONE);
}

uint8_t state_shown(const struct model *m, uint32_t task)
{
    const struct task_model *t = &m->tasks[task];
    return m->panic_text && m->panic_task == task ? TASK_PANICKED : t->state;
}

int64_t longest_wait(const struct model *m, uint32_t obj, uint8_t why, int64_t since,
                     int64_t now_ns)
{
    enum { MANY = 20000 };
    int64_t first = INT64_MAX;
    for (uint32_t id = 1; id < m->tasks_n && m->tasks_n < MANY; id++) {
        const struct task_model *t = &m->tasks[id];
        if (t->on == obj && t->why == why && t->since_ns < first &&
            (t->state == TASK_WAITING || t->state == TASK_LEAKED))
            first = t->since_ns;
    }
    return now_ns - (first == INT64_MAX ? since : first);
}

bool task_live(const struct task_model *t)
{
    return t->known && t->state != TASK_DONE && t->state != TASK_PANICKED;
}

void state_text(const struct model *m, const struct task_model *t, struct str *out)
{
    uint8_t state = state_shown(m, (uint32_t)(t - m->tasks));
    struct state_look l = state_look(state, t->why);
    str_add(out, l.word);
    bool waits = t->state == TASK_WAITING || t->state == TASK_SLEEPING || t->state == TASK_LEAKED;
    const char *reason = t->why < WHY_COUNT ? _(reasons[t->why]) : "";
    if (!waits || state == TASK_PANICKED)
        return;
    if (*reason && (t->why != WHY_IO || state == TASK_LEAKED))
        str_addf(out, ": %s", reason);
    if (t->on)
        str_addf(out, " %s", model_object_name(m, t->on));
}

void diagnosis_text(const struct model *m, const struct diagnosis *d, struct str *out)
{
    char when[FORMAT_SIZE];
    str_add(out, "✖ ");
    for (const char *p = d->kind < DIAG_COUNT ? diagnosis_names[d->kind] : "?"; *p; p++)
        str_addc(out, *p == '_' ? ' ' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p);
    str_addf(out, _(" at %s: %s"), format_second(when, d->t_ns), strtab_get(m->names, d->text));
}
