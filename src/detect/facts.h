/* SPDX-License-Identifier: MIT */
/* What detectors of waits need and the model does not keep: who holds which lock, token or share,
 * and the ends of each object. Folded before any detector sees an event; flat, copied by
 * keyframes.
 *
 * A hold is a lock taken, a read lock, tokens of a semaphore, a once that is being run, or a share
 * of a group's counter: what its task still has to give back. A group's shares are known where a
 * task was started by an errgroup, or says so itself (rt_hold(group, ROLE_OWNS)). */
#ifndef DETECT_FACTS_H
#define DETECT_FACTS_H

#include "detect/slots.h"
#include "model/model.h"

struct hold {
    uint32_t obj, task; /* obj 0: free */
    uint32_t n;         /* tokens, or how often */
    bool read;
    bool handed; /* came to its task while that one waited for it */
    int64_t since_ns;
    uint32_t next, prev; /* of the object: place + 1 */
    uint32_t more;       /* of the task */
};
struct facts {
    struct hold *holds;
    size_t holds_n, holds_cap;
    uint32_t unused;      /* free holds, linked by next */
    struct slots of_task; /* struct task_facts */
    struct slots of_obj;  /* struct obj_facts */
    uint32_t *edge_next;  /* by edge of the model: the object's next one, place + 1 */
    size_t edges_n, edge_cap;
    bool lossy; /* events were lost: what somebody held may have been given back */
};
struct task_facts {
    uint32_t holds;  /* place + 1 of its newest hold */
    uint32_t starts; /* the group whose Go is about to start a task, or 0 */
};
struct obj_facts {
    uint32_t holds;            /* place + 1 */
    uint32_t edges, last_edge; /* place + 1 in the order of the model */
    /* What was taken by one task was given back by another: nobody can tell who still has to. */
    bool passed_on;
};

/* The model has applied e already. */
void facts_see(struct facts *f, const struct model *m, const struct event *e);
void facts_adopt(struct facts *f); /* a copy by bytes gets arrays of its own */
void facts_drop(struct facts *f);
size_t facts_bytes(const struct facts *f);

/* The object's or task's first hold; then ->next or ->more through hold_at(). NULL: none. */
static inline const struct hold *hold_at(const struct facts *f, uint32_t place)
{
    return place ? &f->holds[place - 1] : NULL;
}
const struct hold *facts_held(const struct facts *f, uint32_t obj);
const struct hold *facts_holds(const struct facts *f, uint32_t task);
/* What that task holds of that object, or NULL. */
const struct hold *facts_hold(const struct facts *f, uint32_t task, uint32_t obj);
bool facts_passed_on(const struct facts *f, uint32_t obj);
/* The object's edges: index + 1 in the model, 0 ends; then facts_edge_next(). */
uint32_t facts_edge_first(const struct facts *f, uint32_t obj);
static inline uint32_t facts_edge_next(const struct facts *f, uint32_t edge)
{
    return f->edge_next[edge - 1];
}

#endif
