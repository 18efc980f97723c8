/* SPDX-License-Identifier: MIT */
/* A message over a relaxed flag, caught while it stands in the store buffer; and what append does
 * to two headers on one array. */
#include "tests/screens/memory.h"

#include "runtime/cell.h"
#include "runtime/rt.h"
#include "runtime/slice.h"

void memory_program(void *arg)
{
    (void)arg;
    struct cell *data = cell_make("data", 0), *ready = cell_make("ready", 0);
    struct cell *top = cell_make_tagged("top", 3, 7), *count = cell_make("count", 40);
    struct slice *buf = slice_text("buf", "hello"), *head = slice_var("head");
    struct slice *more = slice_var("more"), *none = slice_var("none");
    uint64_t seen = 41;
    cell_add(count, 1, ORDER_SEQ_CST);
    cell_cas(count, &seen, 42, ORDER_SEQ_CST);
    cell_cas(count, &seen, 43, ORDER_SEQ_CST); /* 41 is there no more */
    cell_load(top, ORDER_ACQUIRE);
    slice_cut(head, buf, 1, 3);
    slice_append(more, buf, "!", 1);
    slice_get(head, 0);
    slice_len(none);
    rt_sleep(1000000);
    cell_store(data, 1, ORDER_RELAXED);
    cell_store(ready, 1, ORDER_RELAXED);
    rt_stop(rt_here(), END_STOPPED);
}
