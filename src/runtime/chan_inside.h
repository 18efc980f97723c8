/* SPDX-License-Identifier: MIT */
/* Inside of a channel, for chan.c, select.c and context.c. */
#ifndef RUNTIME_CHAN_INSIDE_H
#define RUNTIME_CHAN_INSIDE_H

#include "runtime/chan.h"
#include "runtime/waitq.h"

struct chan {
    struct guard guard;
    uint32_t id, cap;
    uint32_t head, len;
    bool closed, quiet;
    chan_value *buf;
    struct waitq recv, send;
    char *name; /* NULL: quiet */
};

/* Closes without the gate: guards of contexts may be held. Panics when it is closed. */
void chan_close_now(struct chan *c);
/* Try the operation; the guard is held. True: it took effect; *wake is a task to unpark once the
 * guard is free, or NULL. A send must have looked at `closed` before. */
bool chan_send_locked(struct chan *c, chan_value v, struct task *self, struct task **wake);
bool chan_recv_locked(struct chan *c, chan_value *v, bool *ok, struct task *self,
                      struct task **wake);

#endif
