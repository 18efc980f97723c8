/* SPDX-License-Identifier: MIT */
/* Why did that happen? A card for a line of the log: the rule of the thing, its numbers at that
 * instant, and what would have changed the outcome. The rules are a table by kind and operation;
 * the numbers come from the event itself, which carries the state after the operation, never from
 * what the model knows by now. */
#include <inttypes.h>

#include "base/str.h"
#include "base/text.h"
#include "views/parts/parts.h"

struct rule {
    uint8_t kind, op; /* op OTHER: any */
    uint8_t why;      /* of a task's state; 0: any */
    const char *rule, *otherwise;
};
enum { OTHER = 255 };

static const struct rule rules[] = {
    {EV_TASK, TASK_WAITING, WHY_CHAN_SEND,
     N_("A send waits while the channel's buffer is full and nobody receives; without a buffer it "
        "waits "
        "for a receiver."),
     N_("A larger buffer only delays it; faster or more receivers end it.")},
    {EV_TASK, TASK_WAITING, WHY_CHAN_RECV,
     N_("A receive waits while the channel is empty and open. Closing it lets every receiver go "
        "on."),
     N_("An item, or close by whoever holds the sending end.")},
    {EV_TASK, TASK_WAITING, WHY_SELECT,
     N_("A select without default waits until one of its cases is ready. Of several ready ones it "
        "picks "
        "one at random."),
     N_("An item, a close, or the cancel of the context in one of its cases.")},
    {EV_TASK, TASK_WAITING, WHY_WAITGROUP, N_("Wait returns when the group's counter is 0."),
     N_("A Done for every Add; one that is missing makes it wait for ever.")},
    {EV_TASK, TASK_WAITING, WHY_MUTEX, N_("A lock has one owner; the rest wait in line."),
     N_("A shorter critical section, or a lock for each part of the data.")},
    {EV_TASK, TASK_WAITING, WHY_CTX, N_("Waiting for a context ends with its cancel or deadline."),
     N_("A cancel, or an earlier deadline.")},
    {EV_TASK, TASK_WAITING, 0, N_("The task cannot go on before what it waits for has happened."),
     N_("See what it waits on.")},
    {EV_TASK, TASK_SLEEPING, WHY_IO,
     N_("A call holds the task, not the processor: it waits until the dependency answers."),
     N_("A timeout or a cancelled context would give up earlier.")},
    {EV_TASK, TASK_SLEEPING, 0, N_("The task sleeps until its timer fires."),
     N_("A shorter sleep.")},
    {EV_TASK, TASK_RUNNABLE, 0,
     N_("The task could run, but every processor is taken: it waits in a run queue."),
     N_("More processors, or less computing by the others.")},
    {EV_TASK, TASK_RUNNING, 0, N_("A processor has taken the task from its run queue."),
     N_("The scheduler's choice: another seed may choose another task.")},
    {EV_TASK, TASK_NEW, 0, N_("A task was started by its parent."),
     N_("The parent decides how many.")},
    {EV_TASK, TASK_DONE, 0, N_("The task's function has returned."),
     N_("It would live on if it waited for something that never comes.")},
    {EV_TASK, TASK_PANICKED, 0, N_("The task panicked and nobody recovered it."),
     N_("See its text.")},
    {EV_TASK, TASK_LEAKED, 0,
     N_("Main has returned while this task still waits: nobody will ever wake it."),
     N_("Close the channel it receives from, or give it a context to select on.")},
    {EV_CHAN, CHAN_SEND, 0,
     N_("The item went to a waiting receiver, or into the buffer when none was waiting."),
     N_("With the buffer full and no receiver the sender would have waited.")},
    {EV_CHAN, CHAN_RECV, 0,
     N_("The receiver took the oldest item. A waiting sender, if any, put its own behind it."),
     N_("With nothing there the receiver would have waited.")},
    {EV_CHAN, CHAN_CLOSE, 0,
     N_("Close: what is in the buffer can still be received, then every receive returns at once "
        "with "
        "ok = false. A send on it panics."),
     N_("Only one who knows that nobody sends any more may close.")},
    {EV_CHAN, CHAN_DROP, 0, N_("An item was thrown away instead of waiting for room."),
     N_("A larger buffer, a faster receiver, or a sender that waits.")},
    {EV_CTX, CTX_CANCEL, 0,
     N_("A cancelled context cancels all below it at once, and every task that selects on it "
        "wakes."),
     N_("A later deadline, or no call of cancel.")},
    {EV_CTX, CTX_NEW, 0, N_("A context inherits its parent's cancel and the earlier deadline."),
     NULL},
    {EV_GROUP, OTHER, 0, N_("The counter goes up with Add and down with Done; Wait returns at 0."),
     N_("A counter below 0 is a panic.")},
    {EV_LOCK, OTHER, 0,
     N_("Whoever comes first takes a free mutex; when somebody has waited for 1 ms it is handed on "
        "in "
        "the order of waiting. A waiting writer holds back new readers."),
     NULL},
    {EV_ONCE, OTHER, 0,
     N_("The first call runs the function; calls meanwhile wait for its end, later ones pass."),
     NULL},
    {EV_COND, COND_SIGNAL, 0,
     N_("A signal wakes the one that has waited longest; if nobody waits, it is lost."),
     N_("Whoever checks what it waits for under the lock before waiting does not need a lost "
        "signal.")},
    {EV_COND, OTHER, 0,
     N_("Waiting gives the lock back and takes it again at the end. In between anything may "
        "happen, "
        "so "
        "who was woken must look again."),
     NULL},
    {EV_FLIGHT, FLIGHT_FORGET, 0,
     N_("A key that is forgotten starts afresh: the next call runs its own function, whatever is "
        "under way."),
     NULL},
    {EV_FLIGHT, OTHER, 0,
     N_("Of calls with the same key at the same time only the first runs its function; the others "
        "get its result, or its panic."),
     N_("A call that comes after the flight's end starts another one.")},
    {EV_BARRIER, BARRIER_TRIP, 0,
     N_("The last to come lets all of the round go on, and the next round begins."), NULL},
    {EV_BARRIER, OTHER, 0,
     N_("A barrier lets its parties go on only together; a latch opens once, at 0, and stays "
        "open."),
     NULL},
    {EV_MAP, MAP_PROMOTE, 0,
     N_("As many reads had to look into the dirty part as it has keys, so it becomes the read-only "
        "part, which needs no lock."),
     N_("Fewer new keys: then the read-only part stays as it is.")},
    {EV_MAP, MAP_COPY, 0,
     N_("The first new key after a promotion copies all keys into a new dirty part, and expunges "
        "those that were deleted."),
     N_("A map under an RWMutex copies nothing.")},
    {EV_MAP, OTHER, 0,
     N_("What stands in the read-only part is read and changed without a lock; all else takes the "
        "lock and, where it looks into the dirty part, counts as a miss."),
     NULL},
    {EV_POOL, POOL_COLLECT, 0,
     N_("A collection makes the shelves the victims; what nobody has taken since the one before is "
        "gone."),
     N_("A pool keeps nothing for ever: what must stay does not belong in it.")},
    {EV_POOL, OTHER, 0,
     N_("Own shelf first, then the others', then the victims, and only then a new one is made."),
     NULL},
    {EV_PROC, PROC_STEAL, 0, N_("An idle processor takes half of the run queue of a busy one."),
     N_("With work in its own or in the global queue it steals nothing.")},
    {EV_PROC, OTHER, 0,
     N_("A task that has used up its slice goes to the global queue, and processors without work "
        "of their own look there first."),
     NULL},
    {EV_CELL, CELL_FLUSH, 0,
     "A store goes through the buffer of its processor: others see it later, and two of them in "
     "another order, unless the second is a release.",
     "A release or a fence keeps the order."},
    {EV_CELL, CELL_CAS_FAILED, 0,
     "Compare-and-swap writes only if the cell still holds what was expected.",
     "It holds another value by now: look again, try again."},
    {EV_CELL, CELL_CAS, 0,
     "Compare-and-swap writes only if the cell still holds what was expected. That the value is "
     "the "
     "same does not say that nothing has happened meanwhile.",
     NULL},
    {EV_ERROR, OTHER, 0,
     N_("The first error is kept and cancels the group's context; later ones are lost. Wait "
        "returns "
        "it "
        "when all tasks have ended."),
     NULL},
    {EV_SEM, SEM_TRY_FAILED, 0,
     N_("A try fails when too few are free, and also when somebody waits: nobody is overtaken."),
     NULL},
    {EV_SEM, OTHER, 0,
     N_("Tokens go to those who wait in the order of coming; a large one in front holds back small "
        "ones behind it."),
     NULL},
    {EV_SELECT, OTHER, 0,
     N_("Select looks at all cases; of the ready ones it picks one at random, with default when "
        "none "
        "is."),
     N_("Another random pick, when more than one was ready.")},
    {EV_REQUEST, PHASE_ARRIVE, 0,
     N_("A request arrives when it is due, even if its producer is blocked: its latency counts "
        "from "
        "here."),
     NULL},
    {EV_REQUEST, PHASE_START, 0,
     N_("A worker took the request from its queue: its wait ends here."),
     N_("More workers, or shorter jobs, would have started it earlier.")},
    {EV_REQUEST, PHASE_DONE, 0,
     N_("The request is answered. Its latency is its wait in queues and its service together."),
     N_("A shorter queue before it, or a faster dependency.")},
    {EV_REQUEST, PHASE_ATTEMPT, 0, N_("Another attempt for the same request."), NULL},
    {EV_REQUEST, PHASE_TIMEOUT, 0, N_("Its deadline passed before it was done."),
     N_("A longer timeout, a shorter queue before it, a faster dependency.")},
    {EV_REQUEST, PHASE_ERROR, 0, N_("The dependency answered with an error."),
     N_("A lower error_rate; a retry would have tried again.")},
    {EV_REQUEST, PHASE_CANCEL, 0, N_("Its context was cancelled before it was done."),
     N_("A graceful shutdown lets what was taken be finished.")},
    {EV_REQUEST, PHASE_REJECT, 0, N_("It was refused before it started."),
     N_("More room, or fewer requests.")},
    {EV_REQUEST, PHASE_DROP, 0, N_("It had been taken and was thrown away."),
     N_("A graceful shutdown drains what was taken.")},
    {EV_REQUEST, PHASE_LATE, 0, N_("It ended after its caller had given up: wasted work."),
     N_("Cancelling the work with its caller.")},
    {EV_BREAKER, BREAKER_OPEN, 0,
     N_("A breaker opens when its rule is met by the results that it counts: from then on it "
        "refuses every call until its time in open is over."),
     N_("A higher threshold, a minimum of volume, or fewer failures.")},
    {EV_BREAKER, BREAKER_HALF_OPEN, 0,
     N_("Its time in open is over: the next calls are probes, and what they bring decides."),
     N_("A longer open_for.")},
    {EV_BREAKER, BREAKER_CLOSED, 0,
     N_("Enough probes have succeeded: it lets every call in again, and counts anew."),
     N_("One failed probe more would have opened it again.")},
    {EV_BREAKER, OTHER, 0, N_("Set by hand: its rule is not asked."), N_("mode = auto.")},
    {EV_PANIC, OTHER, 0,
     N_("A panic is a mistake of the program itself. Nobody recovered it, so the scenario ends."),
     N_("See its text: who may close, and when.")},
    {EV_DIAGNOSIS, OTHER, 0,
     N_("A detector read it off the events, with its evidence; nothing of it is stored in a "
        "session."),
     N_("The repaired twin of a lesson raises none.")},
    {EV_MARK, OTHER, 0, N_("A caption or a chapter: it changes nothing."), NULL},
    {EV_START, OTHER, 0, N_("The stream begins. The same seed gives the same stream in sim."),
     N_("Another seed: N.")},
    {EV_COMMAND, OTHER, 0, N_("A command takes effect at the next safe point of the engine."),
     NULL},
    {EV_PARAM, OTHER, 0, N_("The parameter has this value from here on."), NULL},
    {EV_REFUSED, OTHER, 0,
     N_("In live a task is a thread, and the machine has no more of them to give (ulimit -u, the "
        "group's pids.max, memory): the scenario goes on with fewer."),
     N_("In sim a task is a coroutine: a million of them need no thread.")},
    {EV_LOST, OTHER, 0,
     N_("A ring was full: these events were dropped and counted, the engine went on."),
     N_("Slower traffic, or the sim world, where nothing is lost.")},
    {EV_END, END_ASLEEP, 0, N_("All tasks wait and no timer is set: nothing can ever run again."),
     N_("One of them would have to be woken: see what each waits on.")},
    {EV_END, OTHER, 0, N_("The scenario is over."), NULL},
};

static const struct rule *rule_of(const struct event *e)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *r = &rules[i];
        if (r->kind == e->kind && (r->op == OTHER || r->op == e->op) &&
            (!r->why || r->why == (e->x & 255)))
            return r;
    }
    return NULL;
}

static void numbers(const struct model *m, const struct event *e, struct str *out)
{
    int64_t cap = e->obj && e->obj < m->objects_n ? m->objects[e->obj].cap : 0;
    switch (e->kind) {
    case EV_CHAN:
        str_addf(out,
                 _("then      %" PRIu32 " of %" PRId64 " in the buffer, %" PRIu32
                   " waiting to send, %" PRIu32 " to receive\n"),
                 e->a, cap, e->b, e->c);
        break;
    case EV_SELECT:
        str_addf(out, _("then      %" PRIu32 " cases, %" PRIu32 " ready, picked %" PRId32 "\n"),
                 e->a, e->b, (int32_t)e->c);
        break;
    case EV_GROUP:
        str_addf(out, _("then      counter %" PRId32 ", %" PRIu32 " waiting\n"), (int32_t)e->a,
                 e->b);
        break;
    case EV_LOCK:
        str_addf(out, _("then      %" PRIu32 " waiting\n"), e->b);
        break;
    default:
        if (e->kind == EV_TASK && e->obj && cap > 0)
            str_addf(out, _("on        %s, capacity %" PRId64 "\n"), model_object_name(m, e->obj),
                     cap);
        break;
    }
}

void why_text(const struct model *m, const struct event *e, uint64_t seq, struct str *out)
{
    char when[FORMAT_SIZE];
    str_addf(out, "%s  ", format_clock(when, e->t_ns));
    model_sentence(m, e, out);
    str_addf(out, _("\nevent %" PRIu64 " of the stream\n\n"), seq);
    const struct rule *r = rule_of(e);
    if (r)
        str_addf(out, "%s\n\n", _(r->rule));
    size_t before = out->len;
    numbers(m, e, out);
    if (r && r->otherwise)
        str_addf(out, _("%sOtherwise: %s\n"), out->len > before ? "\n" : "", _(r->otherwise));
    for (size_t i = 0; i < m->diagnoses_n; i++)
        if (m->diagnoses[i].t_ns == e->t_ns) {
            str_addc(out, '\n');
            diagnosis_text(m, &m->diagnoses[i], out);
            str_addc(out, '\n');
        }
}
