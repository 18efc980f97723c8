/* SPDX-License-Identifier: MIT */
/* The tables that event.def and the enums of event.h promise. */
#include "event/event.h"

#include "base/diag.h"

#define NAMES(table, count, ...)                     \
    const char *const table[] = {__VA_ARGS__, NULL}; \
    _Static_assert(sizeof(table) / sizeof(table[0]) == (size_t)(count) + 1, "a name per value")

NAMES(world_names, WORLD_COUNT, "sim", "live");
NAMES(end_names, END_COUNT, "done", "for", "stopped", "panic", "asleep");
NAMES(obj_kind_names, OBJ_KIND_COUNT, "none", "channel", "context", "group", "lock", "timer",
      "dependency", "queue", "pool", "limiter", "breaker", "bulkhead", "cell", "source", "sink",
      "rwlock", "once", "cond", "sem", "singleflight", "barrier", "latch", "map", "sync_pool",
      "slice", "array", "store");
NAMES(role_names, ROLE_COUNT, "sends", "receives", "closes", "owns", "calls");
NAMES(task_state_names, TASK_STATE_COUNT, "new", "runnable", "running", "waiting", "sleeping",
      "done", "leaked", "panicked", "frozen");
NAMES(why_names, WHY_COUNT, "none", "chan_send", "chan_recv", "select", "mutex", "rlock", "wlock",
      "cond", "waitgroup", "sem", "once", "ctx", "sleep", "io", "join", "barrier");
NAMES(chan_op_names, CHAN_OP_COUNT, "send", "recv", "close", "drop");
NAMES(ctx_op_names, CTX_OP_COUNT, "new", "cancel", "after", "after_stopped");
NAMES(group_op_names, GROUP_OP_COUNT, "add", "done", "wait", "go", "error", "go_wait",
      "try_failed");
NAMES(timer_op_names, TIMER_OP_COUNT, "set", "fired", "stopped");
NAMES(lock_op_names, LOCK_OP_COUNT, "wait", "lock", "unlock", "rlock", "runlock", "try_failed",
      "timeout");
NAMES(once_op_names, ONCE_OP_COUNT, "begin", "done", "wait", "pass");
NAMES(cond_op_names, COND_OP_COUNT, "wait", "signal", "broadcast", "wake", "timeout", "spurious",
      "delay");
NAMES(sem_op_names, SEM_OP_COUNT, "acquire", "release", "wait", "try_failed", "cancel", "timeout",
      "never");
NAMES(cell_op_names, CELL_OP_COUNT, "read", "write", "load", "store", "cas", "cas_failed", "add",
      "swap", "flush", "fence", "retire");
NAMES(cell_order_names, CELL_ORDER_COUNT, "plain", "relaxed", "acquire", "release", "acq_rel",
      "seq_cst");
NAMES(flight_op_names, FLIGHT_OP_COUNT, "begin", "join", "done", "forget", "panic", "goexit");
NAMES(barrier_op_names, BARRIER_OP_COUNT, "arrive", "trip", "leave", "down", "open", "wait",
      "pass");
NAMES(map_op_names, MAP_OP_COUNT, "load", "load_dirty", "absent", "store", "store_dirty", "insert",
      "revive", "delete", "cas_failed", "copy", "promote", "clear");
NAMES(pool_op_names, POOL_OP_COUNT, "get", "steal", "victim", "new", "put", "collect");
NAMES(store_op_names, STORE_OP_COUNT, "get", "set", "overwrite", "take", "full", "failed",
      "timeout", "nonsense", "down", "up");
NAMES(proc_op_names, PROC_OP_COUNT, "steal", "global");
NAMES(phase_names, PHASE_COUNT, "arrive", "start", "done", "error", "timeout", "cancel", "reject",
      "drop", "late", "attempt");
NAMES(admit_why_names, ADMIT_WHY_COUNT, "ok", "limited", "full", "open", "half_open", "timeout",
      "cancelled", "unreached");
NAMES(law_names, LAW_COUNT, "token_bucket", "ticker_bucket", "leaky_bucket", "leaky_meter",
      "fixed_window", "sliding_log", "sliding_counter", "gcra", "adaptive");
NAMES(breaker_state_names, BREAKER_STATE_COUNT, "closed", "open", "half_open", "forced_open",
      "disabled", "metrics_only");
NAMES(breaker_result_names, BREAKER_RESULT_COUNT, "none", "ok", "failed", "slow", "ignored", "late",
      "unseen");
NAMES(by_names, BY_COUNT, "file", "key", "cue", "reload", "option", "branch", "engine");
NAMES(diagnosis_names, DIAG_COUNT, "deadlock", "all_asleep", "leak", "race", "lost_update",
      "torn_read", "aba", "panic", "double_unlock", "lost_wakeup", "starvation", "livelock",
      "busy_loop", "unbounded_growth", "window_seam", "stuck_half_open", "flapping", "never_trips",
      "lock_order", "held_forever", "early_return", "wasted_work", "stale_data", "overload",
      "priority_inversion", "over_admission");

#define F(json, slot, type)        {json, SLOT_##slot, FT_##type, NULL},
#define E(json, slot, names)       {json, SLOT_##slot, FT_ENUM, names},
#define EVENT(id, json, help, ...) [EV_##id] = {json, help, {__VA_ARGS__}},
const struct event_info event_info[EV_COUNT] = {
#include "event/event.def"
};
#undef EVENT
#undef E
#undef F

int64_t event_slot(const struct event *e, enum event_slot slot)
{
    switch (slot) {
    case SLOT_OP:
        return e->op;
    case SLOT_X:
        return e->x;
    case SLOT_XL:
        return e->x & 0xff;
    case SLOT_XH:
        return e->x >> 8;
    case SLOT_TASK:
        return e->task;
    case SLOT_OBJ:
        return e->obj;
    case SLOT_A:
        return e->a;
    case SLOT_B:
        return e->b;
    case SLOT_C:
        return e->c;
    case SLOT_V:
        return e->v;
    }
    return 0;
}
