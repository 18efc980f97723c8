/* SPDX-License-Identifier: MIT */
/* Live tasks: their threads, and how they sleep and wake.
 *
 * A task sleeps on a word of its own. Waking costs a system call only when it really sleeps:
 *
 *   task                                  waker
 *   word 0 → SLEEP                        word → PERMIT
 *   futex_wait(word == SLEEP)             it was SLEEP: futex_wake
 *   PERMIT → 0                            it was 0: nothing to do
 *
 * Before it sleeps it spins for a moment where there is another processor: a wake-up across
 * processors takes some 10 µs, a glance at a cache line 0.1. Spinning that does not pay is given
 * up, and tried again more and more seldom. */
#include "runtime/live.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "runtime/park.h"

enum {
    IDLE_THREADS = 256,    /* more are let go */
    SPARE_MOST = 64 << 20, /* bytes */
    SPIN_NS = 5000,        /* while it pays */
    SPIN_LEAST_NS = 500,   /* below: given up */
    SPIN_PROBE_NS = 60000, /* long enough for a sleeping partner to wake and answer */
    SPIN_GAP = 64,
    SPIN_GAP_MOST = 4096, /* parks between probes */
    GLANCE_NS = 20000     /* work() looks up so often */
};

/* ---- threads -----------------------------------------------------------------------------------
 */

/* Under a limit (ulimit -v) threads would take all there is, and the next allocation of anybody end
 * the program: some is kept from them. An arena for each would take 64 MiB of it at once. */
void live_limits(struct live *l)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    l->spare = limit.rlim_cur / 4 < SPARE_MOST ? (size_t)limit.rlim_cur / 4 : SPARE_MOST;
    mallopt(M_ARENA_MAX, 1);
}

static bool room_left(const struct live *l)
{
    if (!l->spare)
        return true;
    void *p = mmap(NULL, l->spare, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED && munmap(p, l->spare) == 0;
}

bool live_thread(pthread_t *thread, const char *name, size_t stack_bytes, void *(*fn)(void *),
                 void *arg)
{
    pthread_attr_t attr;
    sigset_t all, was;
    sigfillset(&all); /* signals are the program's business; faults must stay deadly */
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        sigdelset(&all, faults[i]);
    if (pthread_attr_init(&attr) != 0)
        return false;
    if (stack_bytes)
        pthread_attr_setstacksize(&attr, stack_bytes);
    pthread_sigmask(SIG_BLOCK, &all, &was);
    int error = pthread_create(thread, &attr, fn, arg);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    pthread_attr_destroy(&attr);
    if (error == 0 && name)
        pthread_setname_np(*thread, name);
    return error == 0;
}

void live_leave(struct task *self)
{
    struct live_task *lt = live_task(self);
    atomic_store(&lt->rests, true);
    while (!atomic_load(&lt->l->go_home))
        futex_wait(&lt->l->go_home, 0);
    longjmp(lt->leave, 1);
}

void live_gate(struct task *self)
{
    struct rt *rt = self->rt;
    uint32_t gate;
    while ((gate = atomic_load(&rt->gate))) {
        if (gate & GATE_STOPPED)
            live_leave(self);
        futex_wait(&rt->gate, gate);
    }
}

void live_maybe_quiet(struct live *l)
{
    if (atomic_load(&l->active) || atomic_load(&l->timers_n))
        return;
    pthread_mutex_lock(&l->lock);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

static NOINLINE void run_task(struct live *l, struct live_task *lt)
{
    rt_current = &lt->t;
    if (setjmp(lt->leave) == 0) {
        emit_after(lt->t.wake_stamp);
        rt_gate();
        if (l->rt.probes)
            prctl(PR_SET_NAME, strtab_get(l->rt.names, lt->t.name));
        task_body(&lt->t);
    }
    rt_current = NULL;
}

/* True: its thread waits for another task. */
static bool task_over(struct live *l, struct live_task *lt)
{
    pthread_mutex_lock(&l->lock);
    if (l->stamp < emit_last())
        l->stamp = emit_last();
    emit_after(l->stamp);
    bool last = --l->alive == 0 && atomic_load(&l->rt.main_done);
    bool stays = !l->quit && l->idle_n < IDLE_THREADS;
    struct live_task **list = stays ? &l->idle : &l->free;
    lt->over = !stays;
    atomic_store(&lt->rests, true);
    l->idle_n += stays;
    lt->next = *list;
    *list = lt;
    pthread_mutex_unlock(&l->lock);
    if (last)
        rt_stop(&l->rt, END_DONE);
    if (atomic_fetch_sub(&l->active, 1) == 1)
        live_maybe_quiet(l);
    return stays;
}

static bool next_task(struct live_task *lt)
{
    for (;;) {
        uint32_t none = START_NONE;
        uint32_t start = atomic_load_explicit(&lt->start, memory_order_acquire);
        if (start == START_QUIT)
            return false;
        if (start == START_GO) {
            if (atomic_compare_exchange_strong(&lt->start, &start, START_NONE))
                return true;
        } else if (start == START_SLEEP ||
                   atomic_compare_exchange_strong(&lt->start, &none, START_SLEEP)) {
            futex_wait(&lt->start, START_SLEEP);
        }
    }
}

static void *task_thread(void *arg)
{
    struct live_task *lt = arg;
    struct live *l = lt->l;
    rt_engine = &l->rt;
    guard_live = gate_watch = true;
    if (l->collector)
        collector_enter(l->collector);
    prctl(PR_SET_TIMERSLACK, 1UL); /* deadlines are to be met */
    /* Who is woken does not take the waker's processor, or each message between two tasks on one
     * processor would cost two switches more. Refused: it costs them. */
    sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    while (next_task(lt)) {
        run_task(l, lt);
        if (!task_over(l, lt))
            break;
    }
    if (l->collector)
        collector_leave(l->collector);
    return NULL;
}

/* The lock is held, and may be given back meanwhile. NULL: no memory. */
static struct live_task *record(struct live *l)
{
    struct live_task *lt = l->free;
    if (lt) {
        l->free = lt->next;
        if (lt->over) {
            /* On its way out, where it may want the lock yet (live_maybe_quiet). */
            pthread_mutex_unlock(&l->lock);
            pthread_join(lt->thread, NULL);
            pthread_mutex_lock(&l->lock);
            lt->has_thread = lt->over = false;
        }
        return lt;
    }
    lt = aligned_alloc(64, (sizeof *lt + 63) & ~(size_t)63);
    if (!lt)
        return NULL;
    *lt = (struct live_task){.t = {.rt = &l->rt}, .l = l, .rests = true};
    grow(&l->tasks, &l->tasks_cap, l->tasks_n + 1, sizeof(struct live_task *));
    l->tasks[l->tasks_n++] = lt;
    return lt;
}

/* The lock is held. NULL: no thread to be had, or the run is being destroyed. */
static struct live_task *with_thread(struct live *l)
{
    if (l->quit)
        return NULL;
    struct live_task *lt = l->idle;
    if (lt) {
        l->idle = lt->next;
        l->idle_n--;
        return lt;
    }
    lt = record(l);
    if (!lt)
        return NULL;
    atomic_store_explicit(&lt->start, START_NONE, memory_order_relaxed);
    if (!l->quit && room_left(l))
        lt->has_thread = live_thread(&lt->thread, NULL, l->stack_bytes, task_thread, lt);
    if (lt->has_thread)
        return lt;
    lt->next = l->free;
    l->free = lt;
    return NULL;
}

struct task *live_task_new(struct rt *rt)
{
    struct live *l = live_of(rt);
    struct live_task *lt = NULL;
    uint64_t born = 0;
    /* Threads on their way out may give way soon: try for some ms, but not for every task anew. */
    for (int64_t nap = 1000000; nap <= 32000000; nap *= 2) {
        pthread_mutex_lock(&l->lock);
        lt = with_thread(l);
        if (lt) {
            born = ++l->born;
            l->alive++;
        }
        int64_t now = emit_clock_ns();
        bool again = !lt && !l->quit && now >= l->no_thread_until_ns;
        if (again && nap == 32000000)
            l->no_thread_until_ns = now + 1000000000;
        pthread_mutex_unlock(&l->lock);
        if (!again)
            break;
        struct timespec ts = {.tv_nsec = nap};
        nanosleep(&ts, NULL);
    }
    if (!lt)
        return NULL;
    atomic_fetch_add(&l->active, 1);
    atomic_store_explicit(&lt->word, 0, memory_order_relaxed);
    lt->spin_ns = SPIN_NS;
    lt->spin_wait = lt->spin_gap = SPIN_GAP;
    lt->t.proc = PROC_NONE;
    rng_init(&lt->t.rng, rt->seed + born, "select");
    return &lt->t;
}

bool live_spawn(struct rt *rt, struct task *task)
{
    struct live_task *lt = live_task(task);
    (void)rt;
    task->wake_stamp = emit_last();
    atomic_store(&lt->rests, false);
    if (atomic_exchange(&lt->start, START_GO) == START_SLEEP)
        futex_wake(&lt->start, 1);
    return true;
}

/* ---- park and unpark ---------------------------------------------------------------------------
 */

static bool spin_for(struct live *l, struct live_task *lt, uint32_t ns)
{
    if (atomic_fetch_add_explicit(&l->spinners, 1, memory_order_relaxed) + 1 >= (uint32_t)l->cpus)
        ns = 0;
    bool got = false;
    int64_t begin = emit_raw_clock(), ticks = (int64_t)(ns / emit_tick_ns());
    while (emit_raw_clock() - begin < ticks) {
        if (atomic_load_explicit(&lt->word, memory_order_relaxed) == WORD_PERMIT) {
            got = true;
            break;
        }
        cpu_relax();
    }
    atomic_fetch_sub_explicit(&l->spinners, 1, memory_order_relaxed);
    return got;
}

/* Spins if that has paid lately, or seldom, to see whether it would. */
static inline void maybe_spin(struct live *l, struct live_task *lt)
{
    if (l->cpus < 2)
        return;
    if (lt->spin_ns) {
        if (spin_for(l, lt, lt->spin_ns))
            lt->spin_ns = SPIN_NS;
        else if ((lt->spin_ns /= 2) < SPIN_LEAST_NS)
            lt->spin_ns = 0;
    } else if (--lt->spin_wait == 0) {
        bool pays = spin_for(l, lt, SPIN_PROBE_NS);
        lt->spin_gap = pays                           ? SPIN_GAP
                       : lt->spin_gap < SPIN_GAP_MOST ? lt->spin_gap * 2
                                                      : SPIN_GAP_MOST;
        lt->spin_wait = lt->spin_gap;
        lt->spin_ns = pays ? SPIN_NS : 0;
    }
}

static inline bool take_permit(struct live_task *lt)
{
    if (atomic_load_explicit(&lt->word, memory_order_relaxed) != WORD_PERMIT)
        return false;
    /* Nobody else changes a permit. */
    (void)atomic_load_explicit(&lt->word, memory_order_acquire);
    atomic_store_explicit(&lt->word, 0, memory_order_relaxed);
    return true;
}

/* Sleeps until the permit (true) or the deadline (false). */
static bool sleep_on_word(struct live *l, struct live_task *lt, uint32_t asleep,
                          int64_t deadline_ns)
{
    for (;;) {
        uint32_t gate = atomic_load(&l->rt.gate);
        if (gate & GATE_STOPPED)
            live_leave(&lt->t);
        if (deadline_ns == NEVER || gate & GATE_PAUSED) {
            futex_wait(&lt->word, asleep);
        } else {
            int64_t now = live_now(&l->rt);
            if (now >= deadline_ns) {
                uint32_t word = atomic_load(&lt->word);
                while (word != WORD_PERMIT)
                    if (atomic_compare_exchange_weak(&lt->word, &word, 0))
                        return false;
            } else {
                int64_t wall = live_wall(l, now, deadline_ns);
                if (wall == INT64_MAX)
                    futex_wait(&lt->word, asleep);
                else
                    futex_wait_until(&lt->word, asleep, wall);
            }
        }
        if (take_permit(lt))
            return true;
        uint32_t again = asleep | WORD_AGAIN;
        atomic_compare_exchange_strong(&lt->word, &again, asleep);
    }
}

bool live_park(struct task *self, int64_t deadline_ns)
{
    struct live_task *lt = live_task(self);
    struct live *l = live_of(self->rt);
    self->park_order = 0; /* sim's */
    bool timed = deadline_ns != NEVER, permit = take_permit(lt);
    if (!permit) {
        if (timed && live_now(self->rt) >= deadline_ns)
            return false;
        maybe_spin(l, lt);
        permit = take_permit(lt);
    }
    if (!permit) {
        uint32_t none = 0, asleep = WORD_SLEEP | (timed ? WORD_TIMED : 0);
        if (!atomic_compare_exchange_strong(&lt->word, &none, asleep)) {
            permit = take_permit(lt);
        } else {
            bool io = !timed && atomic_load_explicit(&self->why, memory_order_relaxed) == WHY_IO;
            lt->slept_stamp = emit_last();
            atomic_store_explicit(&lt->rests, true, memory_order_release);
            if (io)
                atomic_fetch_add(&l->hung, 1);
            if (!timed && atomic_fetch_sub(&l->active, 1) == 1)
                live_maybe_quiet(l);
            permit = sleep_on_word(l, lt, asleep, deadline_ns);
            if (io)
                atomic_fetch_sub(&l->hung, 1);
            /* Sequentially consistent, as is the look at the gate below: either we see that the run
             * was stopped, or who waits for us to rest sees that we do not. */
            atomic_store(&lt->rests, false);
            if (atomic_load(&l->rt.gate))
                live_gate(self);
        }
    }
    if (permit)
        emit_after(self->wake_stamp);
    rt_gate();
    return permit;
}

void live_unpark(struct task *t)
{
    struct live_task *lt = live_task(t);
    struct live *l = live_of(t->rt);
    t->wake_stamp = emit_last();
    uint32_t was = atomic_load_explicit(&lt->word, memory_order_relaxed);
    for (;;) {
        /* Counted before it can run: else it runs and sleeps again, and the waker's own place in
         * the count is gone while the waker is awake. */
        bool counts = (was & (WORD_SLEEP | WORD_TIMED)) == WORD_SLEEP;
        if (counts)
            atomic_fetch_add(&l->active, 1);
        if (atomic_compare_exchange_strong_explicit(&lt->word, &was, WORD_PERMIT,
                                                    memory_order_acq_rel, memory_order_relaxed))
            break;
        if (counts)
            atomic_fetch_sub(&l->active, 1); /* not to 0: we are awake, or the control thread */
    }
    if (was & WORD_SLEEP)
        futex_wake(&lt->word, 1);
}

void live_look_again(struct live *l, bool all)
{
    for (size_t i = 0; i < l->tasks_n; i++) {
        struct live_task *lt = l->tasks[i];
        uint32_t word = atomic_load(&lt->word);
        if ((word & WORD_SLEEP) && (all || (word & WORD_TIMED)) &&
            atomic_compare_exchange_strong(&lt->word, &word, word | WORD_AGAIN))
            futex_wake(&lt->word, 1);
    }
}

/* ---- work --------------------------------------------------------------------------------------
 */

static int64_t cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* Computes for so much processor time, whatever the speed of the scenario's clock is. */
void live_work(struct task *self, int64_t ns)
{
    (void)self;
    static _Thread_local volatile uint64_t sum;
    int64_t end = cpu_ns() + ns, left;
    while ((left = end - cpu_ns()) > 0) {
        rt_gate();
        int64_t until = emit_clock_ns() + (left < GLANCE_NS ? left : GLANCE_NS);
        while (emit_clock_ns() < until)
            for (uint64_t i = 0; i < 32; i++)
                sum = sum * 6364136223846793005U + i;
    }
}
