/* SPDX-License-Identifier: MIT */
/* RWMutex.
 *
 * The hard idea: all that decides stands in one word, so that a reader costs two atomic additions
 * and nothing else, and a writer that waits needs only one bit to hold back the next reader.
 *
 *   bit            set when                                   who changes it
 *   WRITER         a writer holds it                          anybody, with the word 0; the guard
 *   WANTED         writers are in the queue                   under the guard
 *   READERS_WAIT   readers are in the queue                   under the guard
 *   the rest       readers that hold it, times READER         anybody without the first two bits
 *
 *   readers A, B hold     writer W              reader C
 *                         lock: WANTED, sleeps
 *                                               rlock: WANTED, so READERS_WAIT, sleeps
 *   runlock, runlock ───▶ has it (handed over)
 *                         unlock ─────────────▶ has it, before the next writer
 *
 * Source of the rules: Go's sync/rwmutex.go. */
#include "runtime/rwmutex.h"

#include "runtime/spin.h"
#include "runtime/waitq.h"
#include "runtime/word.h"

enum { WRITER = 1, WANTED = 2, READERS_WAIT = 4, READER = 8 };

struct rwmutex {
    _Atomic uint32_t word;
    uint32_t id;
    struct guard guard;
    struct waitq readers, writers;
    const char *name;
};

struct rwmutex *rwmutex_make(const char *name)
{
    struct rwmutex *m = rt_alloc_line(rt_engine, sizeof *m);
    m->id = rt_object(OBJ_RWLOCK, name, 0);
    m->name = rt_keep(rt_engine, name);
    return m;
}

uint32_t rwmutex_id(const struct rwmutex *m)
{
    return m->id;
}

/* tries: it does not wait for ever. */
static void emit_lock(struct rwmutex *m, enum lock_op op, const struct task *t, bool tries)
{
    emit(&m->guard.stamp, EV_LOCK, (uint8_t)op, tries, t ? t->id : 0, m->id, 0,
         emit_ab(word_load(&m->word) / READER, m->readers.n + m->writers.n));
}

static inline bool take_write(struct rwmutex *m)
{
    uint32_t seen = word_load(&m->word);
    while (!(seen & ~(uint32_t)READERS_WAIT)) /* alone, that bit is of some who have given up */
        if (LIKELY(word_cas(&m->word, &seen, seen | WRITER, memory_order_acquire)))
            return true;
    return false;
}

static inline bool take_read(struct rwmutex *m)
{
    uint32_t seen = word_load(&m->word);
    while (!(seen & (WRITER | WANTED)))
        if (LIKELY(word_cas(&m->word, &seen, seen + READER, memory_order_acquire)))
            return true;
    return false;
}

/* ---- who goes next: the guard is held ----------------------------------------------------------
 */

/* Lets every waiting reader in: WANTED is on, or a writer could take it just now, past the guard.
 * Returns them, linked by next, to be unparked after the guard. */
static struct waiter *admit_readers(struct rwmutex *m)
{
    struct waiter *list = waitq_claim_all(&m->readers);
    uint32_t n = 0;
    for (struct waiter *w = list; w; w = w->next)
        n++;
    word_bits(&m->word, 0, READERS_WAIT);
    word_add(&m->word, n * READER, memory_order_relaxed);
    for (struct waiter *w = list; w && emitter; w = w->next)
        emit_lock(m, LOCK_RLOCK, w->task, w->value);
    return list;
}

/* Hands a lock that nobody holds to the first waiting writer; NULL: there is none. */
static struct waiter *admit_writer(struct rwmutex *m)
{
    struct waiter *w = waitq_claim(&m->writers);
    if (w) {
        w->next = NULL;
        word_bits(&m->word, WRITER, m->writers.n ? 0 : WANTED);
        emit_lock(m, LOCK_LOCK, w->task, w->value);
    } else {
        word_bits(&m->word, 0, WANTED);
    }
    return w;
}

/* After the last reader has left, or a waiting writer has given up. */
static struct waiter *writer_or_readers(struct rwmutex *m)
{
    /* Acquire: whom we let in must see what the readers before have done, all of them. */
    uint32_t word = atomic_load_explicit(&m->word, memory_order_acquire);
    struct waiter *woken = NULL;
    if (word & WRITER)
        return NULL;
    if (word < READER && word & WANTED)
        woken = admit_writer(m);
    word = word_load(&m->word);
    if (woken || !m->readers.n || word & WANTED)
        return woken;
    /* A writer who comes before WANTED has it, and lets them in when he unlocks. */
    while (!(word & WRITER))
        if (word_cas(&m->word, &word, word | WANTED, memory_order_acquire)) {
            woken = admit_readers(m);
            word_bits(&m->word, 0, WANTED);
            break;
        }
    return woken;
}

/* ---- lock --------------------------------------------------------------------------------------
 */

/* The guard is held: says in the word that we wait, unless it can be had. */
static bool must_wait(struct rwmutex *m, bool write)
{
    uint32_t seen = word_load(&m->word), mark = write ? WANTED : READERS_WAIT;
    uint32_t hinders = write ? ~(uint32_t)READERS_WAIT : WRITER | WANTED;
    while (seen & hinders)
        if (word_cas(&m->word, &seen, seen | mark, memory_order_relaxed))
            return true;
    return false;
}

static inline bool take(struct rwmutex *m, bool write)
{
    return write ? take_write(m) : take_read(m);
}

static NOINLINE enum rt_status lock_slow(struct rwmutex *m, bool write, int64_t deadline_ns)
{
    struct task *self = rt_current;
    if (!emitter)
        for (int look = 0; spin_pause(look); look++)
            if (take(m, write))
                return RT_OK;
    struct waitq *q = write ? &m->writers : &m->readers;
    bool tries = deadline_ns != NEVER;
    guard_lock(&m->guard);
    do {
        if (take(m, write)) {
            emit_lock(m, write ? LOCK_LOCK : LOCK_RLOCK, self, tries);
            guard_unlock(&m->guard);
            return RT_OK;
        }
    } while (!must_wait(m, write));
    struct waiter w;
    waitq_add(q, &w, self, 0, tries);
    uint32_t ticket = w.ticket;
    emit_lock(m, LOCK_WAIT, self, tries);
    task_waits_until(self, &m->guard, write ? WHY_WLOCK : WHY_RLOCK, m->id, deadline_ns);
    guard_unlock(&m->guard);
    if (wait_completed(self, ticket, deadline_ns))
        return RT_OK;
    guard_lock(&m->guard);
    waitq_remove(q, &w);
    emit_lock(m, LOCK_TIMEOUT, self, true);
    if (!q->n)
        word_bits(&m->word, 0, write ? WANTED : READERS_WAIT);
    struct waiter *woken = write ? writer_or_readers(m) : NULL;
    guard_unlock(&m->guard);
    waitq_unpark_all(woken);
    return RT_TIMEOUT;
}

void rwmutex_lock(struct rwmutex *m)
{
    rt_gate();
    if (LIKELY(!emitter) && LIKELY(take_write(m)))
        return;
    lock_slow(m, true, NEVER);
}

enum rt_status rwmutex_lock_until(struct rwmutex *m, int64_t deadline_ns)
{
    rt_gate();
    return !emitter && take_write(m) ? RT_OK : lock_slow(m, true, deadline_ns);
}

void rwmutex_rlock(struct rwmutex *m)
{
    rt_gate();
    if (LIKELY(!emitter) && LIKELY(take_read(m)))
        return;
    lock_slow(m, false, NEVER);
}

enum rt_status rwmutex_rlock_until(struct rwmutex *m, int64_t deadline_ns)
{
    rt_gate();
    return !emitter && take_read(m) ? RT_OK : lock_slow(m, false, deadline_ns);
}

static NOINLINE bool try_traced(struct rwmutex *m, bool write)
{
    guard_lock(&m->guard);
    bool got = take(m, write);
    emit_lock(m, !got ? LOCK_TRY_FAILED : write ? LOCK_LOCK : LOCK_RLOCK, rt_current, true);
    guard_unlock(&m->guard);
    return got;
}

bool rwmutex_try_lock(struct rwmutex *m)
{
    rt_gate();
    return LIKELY(!emitter) ? take_write(m) : try_traced(m, true);
}

bool rwmutex_try_rlock(struct rwmutex *m)
{
    rt_gate();
    return LIKELY(!emitter) ? take_read(m) : try_traced(m, false);
}

/* ---- unlock ------------------------------------------------------------------------------------
 */

static NOINLINE void unlock_slow(struct rwmutex *m)
{
    guard_lock(&m->guard);
    if (!(word_load(&m->word) & WRITER)) {
        guard_unlock(&m->guard);
        rt_panic(m->id, "unlock of unlocked rwmutex %s", m->name);
    }
    /* With WANTED still on, nobody takes it before we have decided. */
    bool readers = m->readers.n, writers = m->writers.n;
    uint32_t seen = word_load(&m->word), closed = readers || writers ? WANTED : 0;
    while (!word_cas(&m->word, &seen, (seen & ~(uint32_t)WRITER) | closed, memory_order_release)) {
    }
    emit_lock(m, LOCK_UNLOCK, rt_current, false);
    struct waiter *woken = readers ? admit_readers(m) : NULL;
    if (!woken && writers)
        woken = admit_writer(m);
    if (!m->writers.n)
        word_bits(&m->word, 0, WANTED);
    guard_unlock(&m->guard);
    waitq_unpark_all(woken);
}

void rwmutex_unlock(struct rwmutex *m)
{
    rt_gate();
    uint32_t seen = WRITER;
    if (LIKELY(!emitter) && LIKELY(word_cas(&m->word, &seen, 0, memory_order_release)))
        return;
    unlock_slow(m);
}

/* The last reader has left and a writer waits, or probes are on. */
static NOINLINE void runlock_slow(struct rwmutex *m, bool leave)
{
    guard_lock(&m->guard);
    if (leave) {
        if (word_load(&m->word) < READER) {
            guard_unlock(&m->guard);
            rt_panic(m->id, "read unlock of unlocked rwmutex %s", m->name);
        }
        word_add(&m->word, 0u - READER, memory_order_release);
        emit_lock(m, LOCK_RUNLOCK, rt_current, false);
    }
    struct waiter *woken = writer_or_readers(m);
    guard_unlock(&m->guard);
    waitq_unpark_all(woken);
}

void rwmutex_runlock(struct rwmutex *m)
{
    rt_gate();
    if (UNLIKELY(emitter)) {
        runlock_slow(m, true);
        return;
    }
    uint32_t was = word_add(&m->word, 0u - READER, memory_order_release);
    if (UNLIKELY(was < READER)) {
        word_add(&m->word, READER, memory_order_relaxed);
        rt_panic(m->id, "read unlock of unlocked rwmutex %s", m->name);
    }
    if (UNLIKELY(was < 2 * READER && was & WANTED))
        runlock_slow(m, false);
}
