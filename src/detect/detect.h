/* SPDX-License-Identifier: MIT */
/* Detectors: folds over the stream that raise diagnoses. Read-only; live, sim and replay alike.
 *
 * A detector is one file and one row in detectors.def. Each event goes to the model first, then to
 * every detector; a diagnosis follows the event that completed it. */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "base/diag.h"
#include "model/model.h"

struct detect;
enum { DETECT_WANTS = 6 };
#define WANT_WAIT(why) (1u << (16 + (why)))
struct detector {
    const char *name;
    const char *help;
    size_t size;    /* of its flat state, zeroed at the start */
    uint64_t kinds; /* of event it wants to see: bits UINT64_C(1) << EV_… */
    /* Kinds of which it wants only some operations. */
    struct want {
        uint8_t kind;
        uint32_t ops; /* bits 1u << op; EV_TASK, waiting: WANT_WAIT(why) */
    } wants[DETECT_WANTS];
    /* Sees such an event after the model has applied it. */
    void (*see)(struct detect *d, void *state, const struct model *m, const struct event *e);
    /* Now and then (detect.c), after an event; NULL: never. For what is not an event but a state
     * that lasts. */
    void (*sweep)(struct detect *d, void *state, const struct model *m);
    /* Where the state points to arrays; NULL where it does not. adopt() makes copies of them for a
     * state that is itself a copy by bytes, drop() frees them, bytes() says how much they take. */
    void (*adopt)(void *state);
    void (*drop)(void *state);
    size_t (*bytes)(const void *state);
};
extern const struct detector *const detectors[]; /* NULL-terminated */

struct detect *detect_create(struct strtab *names);
struct detect *detect_clone(const struct detect *d);
void detect_free(struct detect *d);
/* What it takes in memory. */
size_t detect_bytes(const struct detect *d);
/* Applies e to the model, then lets every detector see it, and adds what they raise to the model.
 */
void detect_apply(struct detect *d, struct model *m, const struct event *e);
/* Called by a detector that sees an event: from now on it wants these kinds as well. So one that
 * has nothing to do costs nothing. */
void detect_want(struct detect *d, uint64_t kinds);
/* Called by a detector: holds and ends, up to the event it sees. */
struct facts;
const struct facts *detect_facts(const struct detect *d);
/* Called by a detector: may it look at all tasks, which costs about as much as `events` of them do?
 * False: not yet, there was too much of that lately. */
bool detect_may_look(struct detect *d, size_t events);
/* Called by a detector: this task stands in a cycle of waits, and was told as such. */
void detect_in_cycle(struct detect *d, uint32_t task);
bool detect_was_in_cycle(const struct detect *d, uint32_t task);
/* Called by a detector. Each (kind, subject) is raised once; subject: a task or object id that
 * makes it distinct. tasks/objs: arrays of ids. A leak's tasks are marked as leaked. */
PRINTF(8, 9)
void detect_raise(struct detect *d, enum diagnosis_kind kind, uint32_t subject,
                  const uint32_t *tasks, size_t tasks_n, const uint32_t *objs, size_t objs_n,
                  const char *fmt, ...);

/* One row per kind of diagnosis, for `list diagnoses`: a sentence, by enum diagnosis_kind. */
extern const char *const diagnosis_help[];

#endif
