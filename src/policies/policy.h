/* SPDX-License-Identifier: MIT */
/* A policy decides whether a call may go on: limiter, breaker, bulkhead, and what is around them.
 *
 * Policies are machines without clock, thread or lock: every call carries the instant, and the
 * caller keeps calls to one policy apart (in live with the guard of its object). They are lazy, as
 * the libraries are: nothing happens between calls, and what is only due (an open breaker whose
 * time has passed) is said by policy_due_ns(), never forced by looking. Instants are ns of scenario
 * time and never go back, except where a fact of a library is about exactly that.
 *
 *   admit ──▶ ok ───────────────▶ the call runs (after wait_ns) ──▶ end
 *     │                                                    └──▶ cancel (it will not run)
 *     ├────▶ not ok              (after wait_ns, where a library sleeps before it refuses)
 *     └────▶ waiting ──▶ decided pops it: ok or not ──▶ …         or cancel (it gave up)
 */
#ifndef POLICIES_POLICY_H
#define POLICIES_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

#define POLICY_NEVER INT64_MAX

enum policy_kind {
    POLICY_LIMITER,
    POLICY_BREAKER,
    POLICY_BULKHEAD,
    POLICY_RETRY,
    POLICY_TIMEOUT,
    POLICY_FALLBACK,
    POLICY_HEDGE,
    POLICY_KIND_COUNT
};
extern const char *const policy_kind_names[]; /* as their sections are called */

/* How a call that was let in came to its end. */
enum call_end {
    CALL_OK,
    CALL_ERROR,
    CALL_TIMEOUT,
    CALL_REJECTED,  /* by a policy further in: it never reached the dependency */
    CALL_CANCELLED, /* its caller went away */
    CALL_IGNORED,   /* an error that says nothing about the dependency: a bad request */
    CALL_PANIC,
    CALL_END_COUNT
};
extern const char *const call_end_names[];
/* A list of them as a parameter's text: "none", or names between spaces or commas. */
extern const char call_ends_allowed[];
const char *call_ends_check(const char *text); /* NULL, or a sentence */
uint32_t call_ends(const char *text);          /* a bit for each; the text must pass the check */

struct policy_request {
    uint64_t id;
    int64_t deadline_ns; /* the caller's; POLICY_NEVER = none */
    uint32_t cost;       /* tokens, permits; 0 is allowed where the library allows it */
    uint8_t priority;    /* class; 0 = most urgent */
    uint64_t key;        /* whose it is; 0 = nobody's */
};

/* What the policy wants to know again when the call ends or is cancelled. Copied freely. */
struct ticket {
    uint64_t number; /* limiter, bulkhead: of a waiting one; breaker: the generation */
    int64_t at_ns;   /* the instant at which it may act */
    double rate;     /* limiter: at the time of the reservation */
    uint32_t cost;
    uint32_t place; /* breaker: the bucket of its start; a waiting one: its class */
};

struct admission {
    bool ok;
    bool waiting;    /* not decided: policy_decided() will give it, or policy_cancel() ends it */
    bool dry;        /* a dry run let it through that would have refused it (why says so) */
    uint8_t why;     /* enum admit_why */
    int64_t wait_ns; /* the caller waits this long before it acts on `ok` */
    int64_t retry_after_ns; /* refused: the same request would pass after this long if nobody else
                             * came; POLICY_NEVER = not by time alone */
    int64_t give_up_ns;     /* a timeout: the instant at which the call is given up; else NEVER */
    int64_t again_ns;       /* a hedge: the instant at which to ask policy_again(); else NEVER */
    double level;           /* tokens, active calls, failures …: after the decision */
    struct ticket ticket;
};

/* How a call stands when it is asked whether there is more to do: an attempt has ended (retry,
 * fallback), or is still out after again_ns (hedge). */
struct attempt {
    uint64_t id;     /* the request's */
    uint32_t number; /* of attempts so far, 1 = the first */
    bool out;        /* still out: `how` and `took_ns` say nothing */
    uint8_t how;     /* enum call_end */
    int64_t took_ns;
    int64_t deadline_ns;  /* the caller's; POLICY_NEVER = none */
    int64_t last_wait_ns; /* what it waited before this attempt */
};
enum step_what {
    STEP_RETURN,  /* the caller gets this end */
    STEP_ATTEMPT, /* another attempt, after wait_ns */
    STEP_ANSWER   /* the fallback answers after wait_ns, with the end `as` */
};
struct step {
    uint8_t what; /* enum step_what */
    uint8_t as;   /* enum call_end */
    bool denied;  /* there would be another attempt, but for the budget, the deadline … */
    int64_t wait_ns;
    int64_t again_ns; /* a hedge: when to ask next; else NEVER */
    char why[96];
};

/* What a limiter keeps, for who looks at it: `now` tokens, requests or level as of `at_ns`.
 *
 *   algorithm                     now              other             at_ns
 *   token_bucket, leaky_meter     tokens, level    -                 as of when they are
 *   ticker_bucket                 tokens           ticks that spilt  the last tick
 *   leaky_bucket                  drops promised   -                 the next free drop
 *   fixed_window                  used             -                 when the window began
 *   sliding_log                   in the window    -                 the oldest in it
 *   sliding_counter               this window's    the last one's    when the window began
 *   gcra                          requests left    -                 the theoretical arrival time
 *   adaptive                      under way        the bound         the last call's latency, ns */
struct policy_stand {
    double now, other;
    int64_t at_ns;
    size_t line; /* that wait in line */
};
/* What it holds to: `count` (burst, limit) a `span_ns` (a token's time, the window). */
struct policy_law {
    uint8_t law; /* enum law */
    int64_t span_ns, count, queue;
};

/* A waiting request that has been decided. `a.wait_ns` is how long it has waited. */
struct decided {
    int64_t at_ns; /* when: not after the instant given */
    uint64_t id;   /* the request's */
    struct admission a;
};

/* A change of state that has just been made; breakers only. */
struct policy_change {
    int64_t at_ns;
    uint8_t from, to;         /* enum breaker_state */
    bool dry;                 /* only a dry run would have made it */
    uint64_t calls, failures; /* let in since the change before, and how many of them failed */
    char why[96];             /* the rule and its operands: "6 consecutive failures >= 6" */
};

/* Counts since it was made. At every instant
 *   offered = permitted + rejected + timed_out + cancelled + waiting, permitted = ended + active.
 */
struct policy_figures {
    uint64_t offered, permitted, rejected, timed_out, cancelled, ended;
    uint64_t waiting, active;
    uint64_t max_waiting, max_active;
    uint64_t again;    /* attempts beyond the first, or answers in their stead */
    uint64_t denied;   /* and those that were wanted and not had */
    uint64_t given_up; /* calls whose time was over */
};

/* The card of a decision: the rule, its operands at that instant, what would have changed it. */
struct policy_reason {
    char rule[160];
    char operands[160];
    char change[200];
};

struct policy;
struct policy_ops {
    void (*admit)(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a);
    void (*end)(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns);
    void (*cancel)(struct policy *p, int64_t now_ns, const struct ticket *t);
    bool (*decided)(struct policy *p, int64_t now_ns, struct decided *d);
    int64_t (*next_ns)(const struct policy *p, int64_t now_ns);
    int64_t (*due_ns)(const struct policy *p);
    bool (*changed)(struct policy *p, struct policy_change *c);
    double (*level)(const struct policy *p, int64_t now_ns);
    double (*cap)(const struct policy *p);
    const char *(*set)(struct policy *p, int64_t now_ns, const void *params);
    void (*again)(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s);
    void (*settle)(struct policy *p);
    void (*stand)(const struct policy *p, int64_t now_ns, struct policy_stand *s);
    void (*law)(const struct policy *p, struct policy_law *law);
    void (*shutdown)(struct policy *p, int64_t now_ns);
    void (*explain)(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why);
    void (*destroy)(struct policy *p);
};
/* What every kind begins with. */
struct policy {
    const struct policy_ops *ops;
    enum policy_kind kind;
    struct policy_figures figures;
};

/* What an admission is before anything was decided. */
static inline void admission_begin(struct admission *a)
{
    *a = (struct admission){.why = ADMIT_OK, .give_up_ns = POLICY_NEVER, .again_ns = POLICY_NEVER};
}
/* May this request go on? Every admission with ok is followed by one end or cancel. */
static inline void policy_admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                                struct admission *a)
{
    p->ops->admit(p, now_ns, r, a);
}
/* The call has ended; took_ns is what it took from its start. It may decide waiting ones. */
static inline void policy_end(struct policy *p, int64_t now_ns, const struct ticket *t,
                              enum call_end how, int64_t took_ns)
{
    p->ops->end(p, now_ns, t, how, took_ns);
}
/* A waiting one leaves, or an admitted one will not act: what can be given back is given back. */
void policy_cancel(struct policy *p, int64_t now_ns, const struct ticket *t);
/* The next waiting request that was decided by now, in the order of the instants; false: none.
 * Also makes the changes of state that are due by themselves, so call it at policy_next_ns(), and
 * after each end, cancel and set. */
bool policy_decided(struct policy *p, int64_t now_ns, struct decided *d);
/* When something happens by itself: a waiting one is decided, a timer of the library fires. Looking
 * changes nothing. POLICY_NEVER: only calls change it. */
int64_t policy_next_ns(const struct policy *p, int64_t now_ns);
/* When a change is due that the next call will make: an open breaker's end. POLICY_NEVER: none. */
int64_t policy_due_ns(const struct policy *p);
/* Pops the oldest change of state that was not looked at yet. */
bool policy_changed(struct policy *p, struct policy_change *c);
/* Tokens, active calls, … as it would be found at that instant; changes nothing. */
double policy_level(const struct policy *p, int64_t now_ns);
double policy_cap(const struct policy *p); /* what the level is held against; 0 = nothing */
/* How it stands and what it holds to; changes nothing. False: only limiters know. */
bool policy_stand(const struct policy *p, int64_t now_ns, struct policy_stand *s);
bool policy_law(const struct policy *p, struct policy_law *law);
/* New parameters (the block of its section). NULL, or a sentence and nothing has changed. */
const char *policy_set(struct policy *p, int64_t now_ns, const void *params);
/* Is there more to do for this call? Policies that only admit say STEP_RETURN. */
void policy_again(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s);
/* The second half of an end, where a library has one (the seed's bulkhead drops its counter after
 * it has freed the slot). Else nothing. */
void policy_settle(struct policy *p);
/* The run shuts the policy down: what the library then does to its callers. */
void policy_shutdown(struct policy *p, int64_t now_ns);
/* Right after a decision, before the next call: why it was so. */
void policy_explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why);
void policy_free(struct policy *p); /* NULL is fine */

#endif
