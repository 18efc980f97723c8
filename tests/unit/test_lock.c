/* SPDX-License-Identifier: MIT */
/* Mutex and RWMutex, as Go's package sync says. */
#include "both.h"

#include "runtime/mutex.h"
#include "runtime/rwmutex.h"
#include "runtime/sync.h"

static struct mutex *mu;
static struct rwmutex *rw;
static struct waitgroup *wg;
static int inside, most, total;
static enum rt_status status;

static void enter(void)
{
    inside++;
    most = inside > most ? inside : most;
}

static void adds(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++) {
        mutex_lock(mu);
        enter();
        rt_yield();
        total++;
        inside--;
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void m_adds(void *arg)
{
    (void)arg;
    inside = most = total = 0;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 6);
    for (int i = 0; i < 6; i++)
        rt_spawn("adder", adds, NULL);
    wg_wait(wg);
}

BOTH(mutex, one_inside)
{
    cr_assert_eq(both_ends(m_adds, NULL), END_DONE);
    cr_assert_eq(most, 1);
    cr_assert_eq(total, 1200);
    size_t locks = sim_run_count(&both_run, EV_LOCK, LOCK_LOCK);
    cr_assert_eq(locks, 1200);
    cr_assert_eq(sim_run_count(&both_run, EV_LOCK, LOCK_UNLOCK), 1200);
    /* In the stream they alternate: that is what makes it a proof of mutual exclusion. */
    int held = 0;
    for (size_t i = 0; i < both_run.n; i++) {
        if (both_run.ev[i].kind != EV_LOCK)
            continue;
        held += both_run.ev[i].op == LOCK_LOCK;
        held -= both_run.ev[i].op == LOCK_UNLOCK;
        cr_assert(held == 0 || held == 1);
    }
    both_over();
}

static void tries(void *arg)
{
    (void)arg;
    both_note(mutex_try_lock(mu) ? 'y' : 'n');
    status = mutex_lock_until(mu, rt_now() + 1000000);
    wg_done(wg);
}

static void m_timeout(void *arg)
{
    (void)arg;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 1);
    mutex_lock(mu);
    rt_spawn("tries", tries, NULL);
    wg_wait(wg);
    mutex_unlock(mu);
    both_note(mutex_try_lock(mu) ? 'y' : 'n');
    mutex_unlock(mu);
    both_note(mutex_lock_until(mu, rt_now() - 1) == RT_OK ? 'y' : 'n');
    mutex_unlock(mu);
}

BOTH(mutex, try_and_timeout)
{
    cr_assert_eq(both_ends(m_timeout, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "nyy", "who gave up is no longer in the queue");
    cr_assert_eq(status, RT_TIMEOUT);
    cr_assert_eq(sim_run_count(&both_run, EV_LOCK, LOCK_TIMEOUT), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_LOCK, LOCK_TRY_FAILED), 1);
    both_over();
}

/* Somebody gives up in the middle of the queue; the others are served. */
static void waits_long(void *arg)
{
    mutex_lock(mu);
    both_note((char)(intptr_t)arg);
    mutex_unlock(mu);
    wg_done(wg);
}

static void m_middle(void *arg)
{
    (void)arg;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 3);
    mutex_lock(mu);
    rt_spawn("a", waits_long, (void *)'a');
    both_settle();
    rt_spawn("b", tries, NULL);
    both_settle();
    rt_spawn("c", waits_long, (void *)'c');
    both_settle();
    mutex_unlock(mu);
    wg_wait(wg);
}

BOTH(mutex, a_timeout_in_the_middle_of_the_queue)
{
    cr_assert_eq(both_whole(m_middle, NULL), END_DONE);
    cr_assert_eq(status, RT_TIMEOUT);
    cr_assert_str_eq(both_notes, "nac");
}

/* Go's two modes: the one that runs takes the lock again and again, until who waits has waited for
 * 1 ms; then the lock is handed over. */
static void m_barge(void *arg)
{
    int64_t each = *(int64_t *)arg;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 1);
    mutex_lock(mu);
    rt_spawn("w", waits_long, (void *)'w');
    rt_yield();
    for (int i = 0; i < 20; i++) {
        both_note('m');
        rt_sleep(each);
        mutex_unlock(mu);
        mutex_lock(mu);
    }
    mutex_unlock(mu);
    wg_wait(wg);
}

static int place_of_waiter(int64_t each_ns)
{
    cr_assert_eq(both_whole(m_barge, &each_ns), END_DONE);
    return (int)(strchr(both_notes, 'w') - both_notes);
}

Test(mutex, whoever_runs_takes_a_free_lock_but_nobody_starves)
{
    cr_assert_eq(place_of_waiter(1000), 20, "short waits: the runner keeps taking it");
    cr_assert_eq(place_of_waiter(600000), 3, "at its second try it had waited for 1.2 ms");
}

/* Three wait long enough: from then on in the order of waiting. */
static void m_order(void *arg)
{
    (void)arg;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 3);
    mutex_lock(mu);
    for (char c = 'a'; c <= 'c'; c++) {
        rt_spawn("w", waits_long, (void *)(intptr_t)c);
        both_settle();
    }
    mutex_unlock(mu);
    wg_wait(wg);
}

BOTH(mutex, first_in_first_out)
{
    cr_assert_eq(both_whole(m_order, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "abc");
}

static void m_unlock(void *arg)
{
    (void)arg;
    mu = mutex_make("mu");
    mutex_lock(mu);
    mutex_unlock(mu);
    mutex_unlock(mu);
}
static void m_rw_unlock(void *arg)
{
    (void)arg;
    rw = rwmutex_make("rw");
    rwmutex_rlock(rw);
    rwmutex_unlock(rw);
}
static void m_rw_runlock(void *arg)
{
    (void)arg;
    rw = rwmutex_make("rw");
    rwmutex_lock(rw);
    rwmutex_runlock(rw);
}

BOTH(mutex, misuse_panics)
{
    cr_assert_eq(both_whole(m_unlock, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "unlock of unlocked mutex mu");
    cr_assert_eq(both_whole(m_rw_unlock, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "unlock of unlocked rwmutex rw");
    cr_assert_eq(both_whole(m_rw_runlock, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "read unlock of unlocked rwmutex rw");
}

/* ---- RWMutex -----------------------------------------------------------------------------------
 */

static void reads(void *arg)
{
    rwmutex_rlock(rw);
    both_note((char)(intptr_t)arg);
    rwmutex_runlock(rw);
    wg_done(wg);
}
static void writes(void *arg)
{
    rwmutex_lock(rw);
    both_note((char)(intptr_t)arg);
    rwmutex_unlock(rw);
    wg_done(wg);
}

/* A reader holds it, a writer waits, a reader comes: it must wait for the writer. And when that is
 * done, all readers go before the next writer. */
static void m_gate(void *arg)
{
    (void)arg;
    rw = rwmutex_make("rw");
    wg = wg_make("wg");
    wg_add(wg, 4);
    rwmutex_rlock(rw);
    both_note(rwmutex_try_rlock(rw) ? 'y' : 'n'); /* readers together */
    rt_spawn("W", writes, (void *)'W');
    both_settle();
    both_note(rwmutex_try_rlock(rw) ? 'y' : 'n'); /* not past a writer */
    rt_spawn("V", writes, (void *)'V');
    both_settle();
    rt_spawn("r", reads, (void *)'r');
    rt_spawn("r", reads, (void *)'r');
    both_settle();
    both_note('-');
    rwmutex_runlock(rw);
    both_settle();
    both_note('-');
    rwmutex_runlock(rw);
    wg_wait(wg);
    both_note(rwmutex_try_lock(rw) ? 'y' : 'n');
}

BOTH(rwmutex, a_waiting_writer_holds_back_new_readers)
{
    cr_assert_eq(both_whole(m_gate, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "yn--WrrVy");
}

static void gives_up(void *arg)
{
    (void)arg;
    status = rwmutex_lock_until(rw, rt_now() + 40000000);
    wg_done(wg);
}

/* A writer that gives up lets the readers in that it held back. */
static void m_writer_leaves(void *arg)
{
    (void)arg;
    rw = rwmutex_make("rw");
    wg = wg_make("wg");
    wg_add(wg, 2);
    rwmutex_rlock(rw);
    rt_spawn("gives up", gives_up, NULL);
    both_settle();
    rt_spawn("r", reads, (void *)'r');
    wg_wait(wg);
    both_note(rwmutex_rlock_until(rw, rt_now()) == RT_OK ? 'y' : 'n');
    both_note(rwmutex_lock_until(rw, rt_now() + 1000) == RT_TIMEOUT ? 'y' : 'n');
    rwmutex_runlock(rw);
    rwmutex_runlock(rw);
    rwmutex_lock(rw);
    both_note(rwmutex_try_lock(rw) ? 'y' : 'n');
    both_note(rwmutex_rlock_until(rw, rt_now() + 1000) == RT_TIMEOUT ? 'y' : 'n');
    rwmutex_unlock(rw);
    both_note(rwmutex_try_lock(rw) ? 'y' : 'n');
}

BOTH(rwmutex, try_and_timeout)
{
    cr_assert_eq(both_whole(m_writer_leaves, NULL), END_DONE);
    cr_assert_eq(status, RT_TIMEOUT);
    cr_assert_str_eq(both_notes, "ryynyy");
}

static void mixes(void *arg)
{
    bool writer = arg != NULL;
    for (int i = 0; i < 100; i++) {
        if (writer) {
            rwmutex_lock(rw);
            enter();
            rt_yield();
            total++;
            inside--;
            rwmutex_unlock(rw);
        } else {
            rwmutex_rlock(rw);
            int before = total;
            rt_yield();
            if (inside || before != total)
                both_note('!');
            rwmutex_runlock(rw);
        }
    }
    wg_done(wg);
}

static void m_mix(void *arg)
{
    (void)arg;
    inside = most = total = 0;
    rw = rwmutex_make("rw");
    wg = wg_make("wg");
    wg_add(wg, 6);
    for (int i = 0; i < 6; i++)
        rt_spawn("mix", mixes, i % 3 ? NULL : &total);
    wg_wait(wg);
}

BOTH(rwmutex, readers_and_writers_exclude_each_other)
{
    cr_assert_eq(both_ends(m_mix, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "");
    cr_assert_eq(most, 1);
    cr_assert_eq(total, 200);
    /* The stream says it too: readers and a writer never together, the count never wrong. */
    uint32_t readers = 0;
    bool writer = false;
    for (size_t i = 0; i < both_run.n; i++) {
        const struct event *e = &both_run.ev[i];
        if (e->kind != EV_LOCK)
            continue;
        writer = (writer || e->op == LOCK_LOCK) && e->op != LOCK_UNLOCK;
        readers = e->op == LOCK_RLOCK || e->op == LOCK_RUNLOCK ? e->a : readers;
        cr_assert(!writer || !readers);
    }
    both_over();
}
