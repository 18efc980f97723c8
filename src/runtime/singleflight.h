/* SPDX-License-Identifier: MIT */
/* Singleflight, as golang.org/x/sync/singleflight: of calls with the same key at the same time only
 * the first runs its function, the others get its result. An error is a text, borrowed for the run;
 * NULL is none. A panic of the function comes out of every Do that shares it; of one that somebody
 * waits for through a channel nobody can recover, so it ends the scenario. */
#ifndef RUNTIME_SINGLEFLIGHT_H
#define RUNTIME_SINGLEFLIGHT_H

#include "runtime/chan.h"

/* What differs between versions. All false: as the library is. */
struct flight_rules {
    bool stuck_panic;   /* after a panic or Goexit the key stays taken, and who waits waits on */
    bool goexit_closes; /* after a Goexit the channels of DoChan are closed, not forgotten */
};
struct flight_preset {
    const char *name;
    const char *help;
    bool defect; /* a known one, kept to be seen */
    struct flight_rules rules;
};
extern const struct flight_preset flight_presets[]; /* ends without a name; [0]: the library */
const struct flight_preset *flight_preset_find(const char *name); /* NULL: no such */

struct flight_result {
    uintptr_t value;
    const char *error;
    bool shared; /* given to several callers */
};
typedef struct flight_result
flight_fn(void *arg); /* `shared` of what it returns is not looked at */

struct singleflight;
/* rules NULL: flight_presets[0]. Emits OBJECT. Lives as long as the run. Task or engine context. */
struct singleflight *flight_make(const char *name, const struct flight_rules *rules);
uint32_t flight_id(const struct singleflight *g);

/* Task context. Runs fn(arg), or waits for the call with the same key that is under way. Panics, or
 * ends the task, as that call did. key: borrowed until the call has ended. */
struct flight_result flight_do(struct singleflight *g, const char *key, flight_fn *fn, void *arg);

/* The same without waiting: fn runs in a task of its own, and when it has ended, `done` has a value
 * and `result` is there. After a Goexit `done` never has one: a known defect (golang/go 52557). */
struct flight_chan {
    struct chan *done;
    struct flight_result result;
    struct flight_chan *next; /* the group's */
};
struct flight_chan *flight_do_chan(struct singleflight *g, const char *key, flight_fn *fn,
                                   void *arg);
/* Its memory may be used again. Only after `done` has had its value. */
void flight_chan_release(struct singleflight *g, struct flight_chan *fc);

/* The next call with that key runs its own function, whatever is under way. */
void flight_forget(struct singleflight *g, const char *key);

#endif
