/* SPDX-License-Identifier: MIT */
/* A writer makes a value and says that it is there; a reader that is told so reads it.
 *
 *   writer   data = 42 │ ready = 1
 *   reader                         ready: 1 │ data?     42 only if the two stores stay in order
 *
 * The flag is stored relaxed, with release, relaxed behind a fence; and a pause in its place, which
 * orders nothing. */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/sync.h"

struct message {
    struct cell *data, *ready;
    struct waitgroup *wg;
    enum cell_order order;
    bool fence;
};

static void writer(void *arg)
{
    struct message *s = arg;
    cell_store(s->data, 42, ORDER_RELAXED);
    cell_store(s->ready, 1, s->order);
    rt_yield();
    wg_done(s->wg);
}

static void reader(void *arg)
{
    struct message *s = arg;
    for (int i = 0; i < 4; i++)
        if (cell_load(s->ready, ORDER_ACQUIRE))
            cell_load(s->data, ORDER_RELAXED);
    wg_done(s->wg);
}

static struct message *make(enum cell_order order)
{
    struct message *s = rt_alloc(rt_here(), sizeof *s);
    s->data = cell_make("data", 0);
    s->ready = cell_make("ready", 0);
    s->wg = wg_make("wg");
    s->order = order;
    wg_add(s->wg, 2);
    return s;
}

static void run(struct message *s, void (*w)(void *), void (*r)(void *))
{
    rt_spawn("writer", w, s);
    rt_spawn("reader", r, s);
    wg_wait(s->wg);
}

void program_message_relaxed(void *arg)
{
    (void)arg;
    run(make(ORDER_RELAXED), writer, reader);
}

void program_message_release(void *arg)
{
    (void)arg;
    run(make(ORDER_RELEASE), writer, reader);
}

/* Plain data: its accesses race unless the flag orders them. */
static void plain_writer(void *arg)
{
    struct message *s = arg;
    cell_write(s->data, 42);
    if (s->fence)
        cell_fence(ORDER_RELEASE);
    cell_store(s->ready, 1, s->order);
    wg_done(s->wg);
}

static void plain_reader(void *arg)
{
    struct message *s = arg;
    bool there = cell_load(s->ready, s->fence ? ORDER_RELAXED : ORDER_ACQUIRE);
    if (s->fence)
        cell_fence(ORDER_ACQUIRE);
    if (there)
        cell_read(s->data);
    wg_done(s->wg);
}

void program_message_plain_relaxed(void *arg)
{
    (void)arg;
    run(make(ORDER_RELAXED), plain_writer, plain_reader);
}

void program_message_plain_release(void *arg)
{
    (void)arg;
    run(make(ORDER_RELEASE), plain_writer, plain_reader);
}

void program_message_fences(void *arg)
{
    (void)arg;
    struct message *s = make(ORDER_RELAXED);
    s->fence = true;
    run(s, plain_writer, plain_reader);
}

/* The reader waits long enough for it to go well, and has been told nothing. */
static void late(void *arg)
{
    struct message *s = arg;
    rt_sleep(1000000);
    cell_read(s->data);
    wg_done(s->wg);
}

void program_message_by_sleep(void *arg)
{
    (void)arg;
    run(make(ORDER_RELEASE), plain_writer, late);
}

static void after(void *arg)
{
    struct message *s = arg;
    cell_write(s->data, 42);
    wg_done(s->wg);
}

void program_message_by_group(void *arg)
{
    (void)arg;
    struct message *s = make(ORDER_RELEASE);
    wg_done(s->wg);
    rt_spawn("writer", after, s);
    wg_wait(s->wg);
    cell_read(s->data);
}
