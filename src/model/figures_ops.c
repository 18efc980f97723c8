/* SPDX-License-Identifier: MIT */
/* Which operation of which kind of object each OPS figure counts. One name means the same
 * everywhere: a wait is a wait, whether at a lock or a semaphore. */
#include "base/diag.h"
#include "model/figures_inside.h"

static const struct {
    uint8_t kind, ops, op;
} rows[] = {
    {OBJ_LOCK, OPS_locks, LOCK_LOCK},
    {OBJ_LOCK, OPS_waits, LOCK_WAIT},
    {OBJ_LOCK, OPS_timeouts, LOCK_TIMEOUT},
    {OBJ_LOCK, OPS_try_failed, LOCK_TRY_FAILED},
    {OBJ_RWLOCK, OPS_locks, LOCK_LOCK},
    {OBJ_RWLOCK, OPS_rlocks, LOCK_RLOCK},
    {OBJ_RWLOCK, OPS_waits, LOCK_WAIT},
    {OBJ_RWLOCK, OPS_timeouts, LOCK_TIMEOUT},
    {OBJ_RWLOCK, OPS_try_failed, LOCK_TRY_FAILED},
    {OBJ_ONCE, OPS_waits, ONCE_WAIT},
    {OBJ_ONCE, OPS_passes, ONCE_PASS},
    {OBJ_COND, OPS_waits, COND_WAIT},
    {OBJ_COND, OPS_timeouts, COND_TIMEOUT},
    {OBJ_COND, OPS_signals, COND_SIGNAL},
    {OBJ_COND, OPS_broadcasts, COND_BROADCAST},
    {OBJ_COND, OPS_wakes, COND_WAKE},
    {OBJ_COND, OPS_spurious, COND_SPURIOUS},
    {OBJ_GROUP, OPS_starts, GROUP_GO},
    {OBJ_GROUP, OPS_failed, GROUP_ERROR},
    {OBJ_GROUP, OPS_slot_waits, GROUP_GO_WAIT},
    {OBJ_GROUP, OPS_try_failed, GROUP_TRY_FAILED},
    {OBJ_SEM, OPS_acquires, SEM_ACQUIRE},
    {OBJ_SEM, OPS_releases, SEM_RELEASE},
    {OBJ_SEM, OPS_waits, SEM_WAIT},
    {OBJ_SEM, OPS_try_failed, SEM_TRY_FAILED},
    {OBJ_SEM, OPS_cancels, SEM_CANCEL},
    {OBJ_SEM, OPS_timeouts, SEM_TIMEOUT},
    {OBJ_FLIGHT, OPS_flights, FLIGHT_BEGIN},
    {OBJ_FLIGHT, OPS_shared, FLIGHT_JOIN},
    {OBJ_FLIGHT, OPS_forgets, FLIGHT_FORGET},
    {OBJ_BARRIER, OPS_arrivals, BARRIER_ARRIVE},
    {OBJ_BARRIER, OPS_trips, BARRIER_TRIP},
    {OBJ_BARRIER, OPS_leaves, BARRIER_LEAVE},
    {OBJ_LATCH, OPS_waits, BARRIER_WAIT},
    {OBJ_LATCH, OPS_leaves, BARRIER_LEAVE},
    {OBJ_LATCH, OPS_passes, BARRIER_PASS},
    {OBJ_MAP, OPS_hits, MAP_LOAD},
    {OBJ_MAP, OPS_dirty_hits, MAP_LOAD_DIRTY},
    {OBJ_MAP, OPS_absent, MAP_ABSENT},
    {OBJ_MAP, OPS_stores, MAP_STORE},
    {OBJ_MAP, OPS_inserts, MAP_INSERT},
    {OBJ_MAP, OPS_revived, MAP_REVIVE},
    {OBJ_MAP, OPS_deletes, MAP_DELETE},
    {OBJ_MAP, OPS_copies, MAP_COPY},
    {OBJ_MAP, OPS_promotions, MAP_PROMOTE},
    {OBJ_MAP, OPS_clears, MAP_CLEAR},
    {OBJ_SYNC_POOL, OPS_hits, POOL_GET},
    {OBJ_SYNC_POOL, OPS_steals, POOL_STEAL},
    {OBJ_SYNC_POOL, OPS_victims, POOL_VICTIM},
    {OBJ_SYNC_POOL, OPS_made, POOL_NEW},
    {OBJ_SYNC_POOL, OPS_puts, POOL_PUT},
    {OBJ_SYNC_POOL, OPS_collections, POOL_COLLECT},
    {OBJ_SLICE, OPS_reads, CELL_READ},
    {OBJ_SLICE, OPS_writes, CELL_WRITE},
    {OBJ_ARRAY, OPS_reads, CELL_READ},
    {OBJ_ARRAY, OPS_writes, CELL_WRITE},
    {OBJ_ARRAY, OPS_flushes, CELL_FLUSH},
    {OBJ_LIMITER, OPS_admitted, ADMIT_OK},
    {OBJ_LIMITER, OPS_limited, ADMIT_LIMITED},
    {OBJ_LIMITER, OPS_full, ADMIT_FULL},
    {OBJ_LIMITER, OPS_timeouts, ADMIT_TIMEOUT},
    {OBJ_LIMITER, OPS_cancels, ADMIT_CANCELLED},
    {OBJ_LIMITER, OPS_unreached, ADMIT_UNREACHED},
    {OBJ_STORE, OPS_gets, STORE_GET},
    {OBJ_STORE, OPS_sets, STORE_SET},
    {OBJ_STORE, OPS_overwrites, STORE_OVERWRITE},
    {OBJ_STORE, OPS_takes, STORE_TAKE},
    {OBJ_STORE, OPS_denied, STORE_FULL},
    {OBJ_STORE, OPS_unanswered, STORE_FAILED},
    {OBJ_STORE, OPS_too_late, STORE_TIMEOUT},
    {OBJ_STORE, OPS_nonsense, STORE_NONSENSE},
    {OBJ_STORE, OPS_downs, STORE_DOWN},
    {OBJ_STORE, OPS_ups, STORE_UP},
    {OBJ_BREAKER, OPS_admitted, ADMIT_OK},
    {OBJ_BREAKER, OPS_refused_open, ADMIT_OPEN},
    {OBJ_BREAKER, OPS_refused_half_open, ADMIT_HALF_OPEN},
    {OBJ_BULKHEAD, OPS_admitted, ADMIT_OK},
    {OBJ_BULKHEAD, OPS_full, ADMIT_FULL},
    {OBJ_BULKHEAD, OPS_timeouts, ADMIT_TIMEOUT},
    {OBJ_BULKHEAD, OPS_cancels, ADMIT_CANCELLED},
    {OBJ_CELL, OPS_reads, CELL_READ},
    {OBJ_CELL, OPS_writes, CELL_WRITE},
    {OBJ_CELL, OPS_loads, CELL_LOAD},
    {OBJ_CELL, OPS_stores, CELL_STORE},
    {OBJ_CELL, OPS_cas, CELL_CAS},
    {OBJ_CELL, OPS_cas_failed, CELL_CAS_FAILED},
    {OBJ_CELL, OPS_adds, CELL_ADD},
    {OBJ_CELL, OPS_swaps, CELL_SWAP},
    {OBJ_CELL, OPS_flushes, CELL_FLUSH},
};

const uint64_t *figure_ops(const struct object_model *o, enum figure_ops what)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].kind == o->kind && rows[i].ops == what)
            return &o->ops[rows[i].op];
    return NULL;
}

bool figure_waited_at(const struct object_model *o)
{
    return o->kind == OBJ_GROUP || o->kind == OBJ_BARRIER || figure_ops(o, OPS_waits);
}
