/* SPDX-License-Identifier: MIT */
/* First in, first out, as Go's run queues go: a task runs until it waits. Nobody is asked. */
#include "runtime/schedule.h"

const struct schedule schedule_fifo = {
    .name = "fifo",
    .help = "the task that has been runnable longest",
};
