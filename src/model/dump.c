/* SPDX-License-Identifier: MIT */
/* The text of dump.h. Its words are Go's (runtime/runtime2.go, waitReasonStrings), so that whoever
 * can read the one can read the other. Like a file, it is never translated. */
#include "model/dump.h"

#include <inttypes.h>
#include <string.h>

#include "model/model_inside.h"

static const char *const reasons[WHY_COUNT] = {
    [WHY_NONE] = "waiting",
    [WHY_CHAN_SEND] = "chan send",
    [WHY_CHAN_RECV] = "chan receive",
    [WHY_SELECT] = "select",
    [WHY_MUTEX] = "sync.Mutex.Lock",
    [WHY_RLOCK] = "sync.RWMutex.RLock",
    [WHY_WLOCK] = "sync.RWMutex.Lock",
    [WHY_COND] = "sync.Cond.Wait",
    [WHY_WAITGROUP] = "sync.WaitGroup.Wait",
    [WHY_SEM] = "semaphore.Acquire",
    [WHY_ONCE] = "sync.Once.Do",
    [WHY_CTX] = "context.Done",
    [WHY_SLEEP] = "sleep",
    [WHY_IO] = "IO wait",
    [WHY_JOIN] = "singleflight.Do",
    [WHY_BARRIER] = "barrier",
};

bool dump_has(const struct model *m, uint32_t task)
{
    const struct task_model *t = &m->tasks[task];
    return t->known && t->state != TASK_DONE;
}

uint32_t dump_count(const struct model *m)
{
    uint32_t n = 0;
    for (uint32_t id = 1; id < m->tasks_n; id++)
        n += dump_has(m, id);
    return n;
}

static bool rests(uint8_t state)
{
    return state == TASK_WAITING || state == TASK_LEAKED || state == TASK_SLEEPING;
}

static const char *state_word(const struct task_model *t)
{
    bool waits = t->state == TASK_WAITING || t->state == TASK_LEAKED;
    if (!waits)
        return t->state == TASK_SLEEPING     ? "sleep"
               : t->state == TASK_NEW        ? "runnable"
               : t->state < TASK_STATE_COUNT ? task_state_names[t->state]
                                             : "?";
    if (!t->on && !t->others && t->why == WHY_CHAN_SEND)
        return "chan send (nil chan)";
    if (!t->on && !t->others && t->why == WHY_CHAN_RECV)
        return "chan receive (nil chan)";
    if (t->others && t->on && (t->why == WHY_CHAN_SEND || t->why == WHY_CHAN_RECV))
        return "select";
    return t->why < WHY_COUNT ? reasons[t->why] : "?";
}

/* Go tells minutes; below one, what there is of it. */
static void age(int64_t ns, struct str *out)
{
    int64_t minutes = ns / (60 * MODEL_SECOND);
    if (minutes)
        str_addf(out, ", %" PRId64 " minute%s", minutes, minutes == 1 ? "" : "s");
    else if (ns >= MODEL_SECOND)
        str_addf(out, ", %.1fs", (double)ns / 1e9);
    else if (ns >= 1000000)
        str_addf(out, ", %" PRId64 "ms", ns / 1000000);
    else if (ns > 0)
        str_addf(out, ", %" PRId64 "µs", ns / 1000);
}

/* A file with more of both than that is not searched for each of its tasks. */
enum { SEARCHED = 1 << 22 };

static void held(const struct model *m, uint32_t task, struct str *out)
{
    bool any = false;
    if (m->tasks_n * m->objects_n > SEARCHED)
        return;
    for (uint32_t id = 1; id < m->objects_n; id++) {
        const struct object_model *o = &m->objects[id];
        if (o->owner != task || (o->kind != OBJ_LOCK && o->kind != OBJ_RWLOCK))
            continue;
        str_addf(out, "%s%s", any ? ", " : "; holds ", model_object_name(m, id));
        any = true;
    }
}

static void place(const struct task_model *t, const char *file, const char *const *listing,
                  struct str *out)
{
    uint32_t n = 0;
    while (listing && listing[n] && n < t->line)
        n++;
    if (!t->line)
        return;
    str_addf(out, "    %s:%" PRIu32, file ? file : "line", t->line);
    if (listing && n == t->line) {
        const char *code = listing[n - 1];
        while (*code == ' ')
            code++;
        str_add(out, "  ");
        for (; *code; code++) /* a comment stands nearer than in the listing */
            if (strncmp(code, "   ", 3) != 0)
                str_addc(out, *code);
    }
    str_addc(out, '\n');
}

void dump_task(const struct model *m, uint32_t task, int64_t now_ns, const char *file,
               const char *const *listing, struct str *out)
{
    const struct task_model *t = &m->tasks[task];
    str_addf(out, "goroutine %" PRIu32 " [%s", task, state_word(t));
    if (rests(t->state))
        age(now_ns - t->since_ns, out);
    str_addf(out, "%s]:\n%s", t->state == TASK_LEAKED ? ", leaked" : "", model_task_name(m, task));
    if (t->on && rests(t->state))
        str_addf(out, " on %s", model_object_name(m, t->on));
    if (t->until_ns)
        str_addf(out, ", until %.3f s at most", (double)t->until_ns / 1e9);
    if (t->item)
        str_addf(out, ", with request %" PRIu64, t->item);
    held(m, task, out);
    str_addc(out, '\n');
    place(t, file, listing, out);
    if (t->parent)
        str_addf(out, "created by %s in goroutine %" PRIu32 "\n", model_task_name(m, t->parent),
                 t->parent);
}

void dump_all(const struct model *m, int64_t now_ns, const char *file, const char *const *listing,
              struct str *out)
{
    for (uint32_t id = 1; id < m->tasks_n; id++) {
        if (!dump_has(m, id))
            continue;
        dump_task(m, id, now_ns, file, listing, out);
        str_addc(out, '\n');
    }
}
