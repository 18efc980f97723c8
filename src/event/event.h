/* SPDX-License-Identifier: MIT */
/* The event: a record of 32 bytes, the only thing that leaves an engine.
 *
 * Events carry absolute state (a channel's length after the operation), so that a reader can
 * start anywhere. Their kinds and fields are rows in event.def; text stands as ids of the run's
 * strtab. Tasks and objects are numbered from 1 in two separate counts; 0 is "none". */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT(id, ...) EV_##id,
enum event_kind {
#include "event/event.def"
    EV_COUNT
};
#undef EVENT

struct event {
    int64_t t_ns; /* scenario time; in a live ring still the raw stamp */
    uint8_t kind; /* enum event_kind */
    uint8_t op;
    uint16_t x;
    uint32_t task;
    uint32_t obj;
    uint32_t c;
    union {
        struct {
            uint32_t a, b;
        };
        int64_t v;
    };
};
_Static_assert(sizeof(struct event) == 32, "an event is half a cache line");

/* Values of the OP slot and of packed fields. Each enum has a table of names below, in this order;
 * APPEND ONLY. */
enum world { WORLD_SIM, WORLD_LIVE, WORLD_COUNT };
enum end_why {
    END_DONE,    /* all work has ended */
    END_FOR,     /* the scenario's `for` has passed */
    END_STOPPED, /* somebody stopped it */
    END_PANIC,   /* an unrecovered panic */
    END_ASLEEP,  /* nothing can ever run again */
    END_COUNT
};
enum obj_kind {
    OBJ_NONE,
    OBJ_CHAN,
    OBJ_CTX,
    OBJ_GROUP,
    OBJ_LOCK,
    OBJ_TIMER,
    OBJ_DEPENDENCY,
    OBJ_QUEUE,
    OBJ_POOL,
    OBJ_LIMITER,
    OBJ_BREAKER,
    OBJ_BULKHEAD,
    OBJ_CELL,
    OBJ_SOURCE,
    OBJ_SINK,
    OBJ_RWLOCK,
    OBJ_ONCE,
    OBJ_COND,
    OBJ_SEM,
    OBJ_FLIGHT,
    OBJ_BARRIER,
    OBJ_LATCH,
    OBJ_MAP,
    OBJ_SYNC_POOL,
    OBJ_SLICE, /* a variable: its header */
    OBJ_ARRAY,
    OBJ_STORE, /* what several nodes share, a round trip away */
    OBJ_KIND_COUNT
};
enum role { ROLE_SENDS, ROLE_RECEIVES, ROLE_CLOSES, ROLE_OWNS, ROLE_CALLS, ROLE_COUNT };
enum task_state {
    TASK_NEW,
    TASK_RUNNABLE,
    TASK_RUNNING,
    TASK_WAITING,
    TASK_SLEEPING,
    TASK_DONE,
    TASK_LEAKED,
    TASK_PANICKED,
    TASK_FROZEN,
    TASK_STATE_COUNT
};
enum why {
    WHY_NONE,
    WHY_CHAN_SEND,
    WHY_CHAN_RECV,
    WHY_SELECT,
    WHY_MUTEX,
    WHY_RLOCK,
    WHY_WLOCK,
    WHY_COND,
    WHY_WAITGROUP,
    WHY_SEM,
    WHY_ONCE,
    WHY_CTX,
    WHY_SLEEP,
    WHY_IO,
    WHY_JOIN,
    WHY_BARRIER,
    WHY_COUNT
};
enum chan_op { CHAN_SEND, CHAN_RECV, CHAN_CLOSE, CHAN_DROP, CHAN_OP_COUNT };
/* How a select came to its choice: SELECT_ONE_READY also after a wait. */
enum select_op { SELECT_ONE_READY, SELECT_NONE_READY, SELECT_SEVERAL_READY, SELECT_OP_COUNT };
enum ctx_op { CTX_NEW, CTX_CANCEL, CTX_AFTER, CTX_AFTER_STOPPED, CTX_OP_COUNT };
enum group_op {
    GROUP_ADD,
    GROUP_DONE,
    GROUP_WAIT,
    GROUP_GO,
    GROUP_ERROR,
    GROUP_GO_WAIT, /* Go waits for a slot */
    GROUP_TRY_FAILED,
    GROUP_OP_COUNT
};
enum timer_op { TIMER_SET, TIMER_FIRED, TIMER_STOPPED, TIMER_OP_COUNT };
enum lock_op {
    LOCK_WAIT,
    LOCK_LOCK,
    LOCK_UNLOCK,
    LOCK_RLOCK,
    LOCK_RUNLOCK,
    LOCK_TRY_FAILED,
    LOCK_TIMEOUT,
    LOCK_OP_COUNT
};
enum once_op { ONCE_BEGIN, ONCE_DONE, ONCE_WAIT, ONCE_PASS, ONCE_OP_COUNT };
enum cond_op {
    COND_WAIT,
    COND_SIGNAL,
    COND_BROADCAST,
    COND_WAKE, /* by a signal or broadcast */
    COND_TIMEOUT,
    COND_SPURIOUS, /* injected: woken for no reason */
    COND_DELAY,    /* injected: comes late to the lock */
    COND_OP_COUNT
};
enum sem_op {
    SEM_ACQUIRE,
    SEM_RELEASE,
    SEM_WAIT,
    SEM_TRY_FAILED,
    SEM_CANCEL,
    SEM_TIMEOUT,
    SEM_NEVER, /* more than there can ever be */
    SEM_OP_COUNT
};
enum cell_op {
    CELL_READ, /* plain */
    CELL_WRITE,
    CELL_LOAD, /* atomic */
    CELL_STORE,
    CELL_CAS,
    CELL_CAS_FAILED,
    CELL_ADD,
    CELL_SWAP,
    CELL_FLUSH,  /* a buffered store became visible to all */
    CELL_FENCE,  /* of no cell */
    CELL_RETIRE, /* of an array: what stands there belongs to a use that is over */
    CELL_OP_COUNT
};
/* The orders of C11; plain: no atomic access at all. Those that release come last. */
enum cell_order {
    ORDER_PLAIN,
    ORDER_RELAXED,
    ORDER_ACQUIRE,
    ORDER_RELEASE,
    ORDER_ACQ_REL,
    ORDER_SEQ_CST,
    CELL_ORDER_COUNT
};
enum flight_op {
    FLIGHT_BEGIN,
    FLIGHT_JOIN, /* a call of the same key shares it */
    FLIGHT_DONE,
    FLIGHT_FORGET,
    FLIGHT_PANIC,  /* its function panicked: so do all that share it */
    FLIGHT_GOEXIT, /* its function ended its task */
    FLIGHT_OP_COUNT
};
enum barrier_op {
    BARRIER_ARRIVE, /* and waits */
    BARRIER_TRIP,   /* the last has come: all go on */
    BARRIER_LEAVE,  /* gave up waiting */
    BARRIER_DOWN,   /* latch: counted down */
    BARRIER_OPEN,   /* latch: to 0, all go on */
    BARRIER_WAIT,   /* latch */
    BARRIER_PASS,   /* latch: it was open */
    BARRIER_OP_COUNT
};
enum map_op {
    MAP_LOAD,        /* found in the read-only part: no lock */
    MAP_LOAD_DIRTY,  /* found in the dirty part: a miss */
    MAP_ABSENT,      /* not found, wherever that was seen */
    MAP_STORE,       /* in place, through the read-only part */
    MAP_STORE_DIRTY, /* in place, through the dirty part */
    MAP_INSERT,      /* a new key: into the dirty part */
    MAP_REVIVE,      /* an expunged key again: into the dirty part too */
    MAP_DELETE,
    MAP_CAS_FAILED, /* holds another value than expected */
    MAP_COPY,       /* the dirty part is made of the read-only one, without what was deleted */
    MAP_PROMOTE,    /* the dirty part becomes the read-only one */
    MAP_CLEAR,      /* both parts are empty now */
    MAP_OP_COUNT
};
enum pool_op {
    POOL_GET,     /* from the own shelf */
    POOL_STEAL,   /* from another processor's shelf */
    POOL_VICTIM,  /* from what the last collection left over */
    POOL_NEW,     /* nothing there: made */
    POOL_PUT,     /* onto the own shelf */
    POOL_COLLECT, /* item: how many are gone for good */
    POOL_OP_COUNT
};
/* A round trip to a store, as its node sees it; and the way there. */
enum store_op {
    STORE_GET,
    STORE_SET,
    STORE_OVERWRITE, /* a set over what another had written since this node's get */
    STORE_TAKE,      /* counted and let in, in one step */
    STORE_FULL,      /* the same step says no */
    STORE_FAILED,    /* no way there */
    STORE_TIMEOUT,   /* no answer in time */
    STORE_NONSENSE,  /* an answer that cannot be */
    STORE_DOWN,      /* from here on, calls fail at once until the next try */
    STORE_UP,
    STORE_OP_COUNT
};
enum proc_op { PROC_STEAL, PROC_GLOBAL, PROC_OP_COUNT };
enum phase {
    PHASE_ARRIVE,
    PHASE_START,
    PHASE_DONE,
    PHASE_ERROR,
    PHASE_TIMEOUT,
    PHASE_CANCEL,
    PHASE_REJECT,
    PHASE_DROP,
    PHASE_LATE,
    PHASE_ATTEMPT,
    PHASE_COUNT
};
/* Why a policy decided so. */
enum admit_why {
    ADMIT_OK,
    ADMIT_LIMITED,   /* a limiter: the law of its rate */
    ADMIT_FULL,      /* no room: a bulkhead, or a limiter's queue */
    ADMIT_OPEN,      /* a breaker is open */
    ADMIT_HALF_OPEN, /* a breaker has its probes out */
    ADMIT_TIMEOUT,   /* waited, in vain */
    ADMIT_CANCELLED, /* gave up while it waited */
    ADMIT_UNREACHED, /* who was to be asked did not answer */
    ADMIT_WHY_COUNT
};
/* The states of a breaker; the last three are set by hand. */
enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_HALF_OPEN,
    BREAKER_FORCED_OPEN,
    BREAKER_DISABLED,
    BREAKER_METRICS_ONLY,
    BREAKER_STATE_COUNT
};
/* What a breaker made of a call's end. */
enum breaker_result {
    SAW_NONE, /* no call has ended: a probe was let in */
    SAW_OK,
    SAW_FAILED,
    SAW_SLOW,    /* came back well, but late */
    SAW_IGNORED, /* says nothing about the dependency */
    SAW_LATE,    /* let in before a change of state: thrown away */
    SAW_UNSEEN,  /* not looked at: disabled, or a dry run would have refused it */
    BREAKER_RESULT_COUNT
};
/* How a limiter counts; in the order of policies/limiters.def. */
enum law {
    LAW_TOKEN_BUCKET,
    LAW_TICKER_BUCKET,
    LAW_LEAKY_BUCKET,
    LAW_LEAKY_METER,
    LAW_FIXED_WINDOW,
    LAW_SLIDING_LOG,
    LAW_SLIDING_COUNTER,
    LAW_GCRA,
    LAW_ADAPTIVE,
    LAW_COUNT
};
enum by { BY_FILE, BY_KEY, BY_CUE, BY_RELOAD, BY_OPTION, BY_BRANCH, BY_ENGINE, BY_COUNT };
enum diagnosis_kind {
    DIAG_DEADLOCK,
    DIAG_ALL_ASLEEP,
    DIAG_LEAK,
    DIAG_RACE,
    DIAG_LOST_UPDATE,
    DIAG_TORN_READ,
    DIAG_ABA,
    DIAG_PANIC,
    DIAG_DOUBLE_UNLOCK,
    DIAG_LOST_WAKEUP,
    DIAG_STARVATION,
    DIAG_LIVELOCK,
    DIAG_BUSY_LOOP,
    DIAG_UNBOUNDED_GROWTH,
    DIAG_WINDOW_SEAM,
    DIAG_STUCK_HALF_OPEN,
    DIAG_FLAPPING,
    DIAG_NEVER_TRIPS,
    DIAG_LOCK_ORDER,
    DIAG_HELD_FOREVER,
    DIAG_EARLY_RETURN,
    DIAG_WASTED_WORK,
    DIAG_STALE_DATA,
    DIAG_OVERLOAD,
    DIAG_PRIORITY_INVERSION,
    DIAG_OVER_ADMISSION,
    DIAG_COUNT
};

extern const char *const world_names[];
extern const char *const end_names[];
extern const char *const obj_kind_names[];
extern const char *const role_names[];
extern const char *const task_state_names[];
extern const char *const why_names[];
extern const char *const chan_op_names[];
extern const char *const ctx_op_names[];
extern const char *const group_op_names[];
extern const char *const timer_op_names[];
extern const char *const lock_op_names[];
extern const char *const once_op_names[];
extern const char *const cond_op_names[];
extern const char *const sem_op_names[];
extern const char *const cell_op_names[];
extern const char *const cell_order_names[];
extern const char *const flight_op_names[];
extern const char *const barrier_op_names[];
extern const char *const map_op_names[];
extern const char *const pool_op_names[];
extern const char *const store_op_names[];
extern const char *const proc_op_names[];
extern const char *const phase_names[];
extern const char *const admit_why_names[];
extern const char *const law_names[];
extern const char *const breaker_state_names[];
extern const char *const breaker_result_names[];
extern const char *const by_names[];
extern const char *const diagnosis_names[];

enum event_slot {
    SLOT_OP,
    SLOT_X,
    SLOT_XL,
    SLOT_XH,
    SLOT_TASK,
    SLOT_OBJ,
    SLOT_A,
    SLOT_B,
    SLOT_C,
    SLOT_V
};
enum field_type {
    FT_U32,
    FT_I32,
    FT_I64,
    FT_BOOL,
    FT_STR,    /* strtab id; id 0 leaves the field out */
    FT_TASK,   /* task id, written as its name */
    FT_TASK0,  /* the same; 0 leaves the field out */
    FT_OBJ,    /* object id, written as its name */
    FT_OBJ0,   /* the same; 0 is null */
    FT_CAP,    /* object id, written as that object's capacity */
    FT_FROM,   /* EDGE: a task, or the object in slot C when the task is 0 */
    FT_PARENT, /* TASK: the parent's name where state = new, else left out (slot C) */
    FT_UNTIL,  /* TASK: the deadline of a wait, left out where there is none */
    FT_OTHERS, /* TASK: what may end the wait beside `on`; left out where there is nothing */
    FT_PROC,   /* processor number; 255 is null */
    FT_ENUM,   /* names[value] */
    /* CELL, whose high byte of X says which word it is and carries two marks. */
    FT_WORD,      /* that word; the first leaves the field out */
    FT_BUFFERED,  /* true where so marked, else left out */
    FT_FROM_PROC, /* PROC: the processor it was taken from; left out for the global queue */
    FT_TAGGED,    /* a number; left out unless the value is marked as an address and a tag */
    FT_MILLI,     /* signed thousandths, written as a number */
    FT_DEADLINE,  /* CTX: ns; 0, and of a cancel, is null */
    FT_BY         /* CTX: the task that cancels; left out where it is the engine */
};
struct event_field {
    const char *name;
    uint8_t slot;             /* enum event_slot */
    uint8_t type;             /* enum field_type */
    const char *const *names; /* FT_ENUM */
};
enum { EVENT_FIELDS = 10 };
/* A row of event.def. Names of TASK (state new: slot A) and OBJECT (slot C) are strtab ids too. */
struct event_info {
    const char *name;
    const char *help;
    struct event_field fields[EVENT_FIELDS]; /* ends at the first without a name */
};
extern const struct event_info event_info[EV_COUNT];

/* The value of a field's slot, as stored. */
int64_t event_slot(const struct event *e, enum event_slot slot);

enum { PROC_NONE = 255 };
/* The high byte of an ADMIT event's X: it may go on; but only when wait_ns have passed, which lie
 * before it (else behind it). */
enum { ADMIT_IS_OK = 1, ADMIT_AHEAD = 2 };
/* The high byte of a CELL event's X. */
enum { CELL_WORD = 0x3f, CELL_TAGGED = 0x40, CELL_BUFFERED = 0x80 };

#endif
