/* SPDX-License-Identifier: MIT */
/* Requests that wait at a policy: first come, first served, within classes of urgency.
 *
 * Each class is a ring in which a ticket's place follows from its number, so leaving from the
 * middle costs nothing (the place stays as a hole until the head passes it). Deadlines lie in a
 * heap whose first is always one that still waits. */
#ifndef POLICIES_WAITING_H
#define POLICIES_WAITING_H

#include "policies/policy.h"

enum { WAITING_CLASSES = 16 }; /* less urgent ones count as the last */

struct waiter {
    uint64_t id;
    int64_t since_ns;
    int64_t deadline_ns;
    uint32_t cost;
    bool gone;
};
struct waiting_class {
    struct waiter *ring; /* of cap places, a power of two */
    size_t cap;
    uint64_t head, tail; /* numbers: head <= a waiting one's < tail */
};
struct waiting_deadline {
    int64_t at_ns;
    uint64_t number;
    uint32_t place;
};
struct waiting {
    struct waiting_class classes[WAITING_CLASSES];
    bool by_class; /* else all are of class 0 */
    size_t n;      /* that wait */
    struct waiting_deadline *heap;
    size_t heap_n, heap_cap;
};

/* Adds it; fills the ticket (number, place, cost). */
void waiting_add(struct waiting *w, int64_t now_ns, const struct policy_request *r,
                 int64_t deadline_ns, struct ticket *t);
/* The one whose turn it is, with its ticket; NULL: nobody waits. Valid until the next call. */
struct waiter *waiting_head(const struct waiting *w, struct ticket *t);
/* The one that came last of the least urgent class that has any; NULL: nobody waits. */
struct waiter *waiting_last(const struct waiting *w, struct ticket *t);
/* The one with this ticket; NULL: it no longer waits. */
struct waiter *waiting_find(const struct waiting *w, const struct ticket *t);
void waiting_remove(struct waiting *w, const struct ticket *t);
/* The earliest deadline of those that wait, and whose it is; POLICY_NEVER: none. */
int64_t waiting_deadline(const struct waiting *w, struct ticket *t);
void waiting_free(struct waiting *w);

#endif
