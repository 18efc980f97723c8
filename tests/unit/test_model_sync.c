/* SPDX-License-Identifier: MIT */
/* What the fold makes of locks, conditions, semaphores, groups and cells, and how it is told. */
#include <criterion/criterion.h>

#include "base/str.h"
#include "fold_run.h"
#include "model/figures.h"

static struct fold_run f;

static void begin(enum obj_kind kind, const char *name, int64_t cap)
{
    f = fold_begin();
    fold_new_task(&f, 0, 1, "a", 0);
    fold_new_task(&f, 0, 2, "b", 1);
    fold_new_object(&f, 0, 1, kind, name, cap);
}

static void op(int64_t ms, enum event_kind kind, int o, uint32_t task, uint32_t a, uint32_t b,
               uint32_t c)
{
    fold_event(&f, (struct event){.t_ns = ms * MS,
                                  .kind = (uint8_t)kind,
                                  .op = (uint8_t)o,
                                  .task = task,
                                  .obj = 1,
                                  .c = c,
                                  .v = emit_ab(a, b)});
}

static void cell(enum cell_op o, uint32_t task, int64_t v, uint32_t version, uint16_t x)
{
    fold_event(&f, (struct event){.kind = EV_CELL,
                                  .op = (uint8_t)o,
                                  .x = x,
                                  .task = task,
                                  .obj = 1,
                                  .c = version,
                                  .v = v});
}

static void number(const char *path, double want)
{
    struct figure_value v = figure_get(f.m, path);
    cr_assert_eq(v.type, FIGURE_NUMBER, "%s", path);
    cr_assert_float_eq(v.number, want, 1e-9, "%s is %g, not %g", path, v.number, want);
}

static void word(const char *path, const char *want)
{
    struct figure_value v = figure_get(f.m, path);
    cr_assert_eq(v.type, FIGURE_WORD, "%s", path);
    cr_assert_str_eq(v.word, want);
}

static void none(const char *path)
{
    cr_assert_eq(figure_get(f.m, path).type, FIGURE_NONE, "%s", path);
}

static void told(struct event e, const char *sentence, const char *json)
{
    struct str s = {0};
    model_sentence(f.m, &e, &s);
    cr_assert_str_eq(s.data, sentence);
    str_clear(&s);
    model_json(f.m, &e, 1, &s);
    cr_assert_str_eq(s.data, json);
    str_free(&s);
}

Test(model_sync, rwlock_is_free_read_or_locked)
{
    begin(OBJ_RWLOCK, "rw", 0);
    word("objects.rw.state", "free");
    op(1, EV_LOCK, LOCK_RLOCK, 1, 1, 0, 0);
    op(2, EV_LOCK, LOCK_RLOCK, 2, 2, 0, 0);
    word("objects.rw.state", "read");
    number("objects.rw.level", 2);
    op(3, EV_LOCK, LOCK_WAIT, 1, 2, 1, 0);
    number("objects.rw.waiters", 1);
    number("objects.rw.waits", 1);
    op(4, EV_LOCK, LOCK_RUNLOCK, 2, 1, 1, 0);
    op(5, EV_LOCK, LOCK_RUNLOCK, 1, 0, 1, 0);
    op(5, EV_LOCK, LOCK_LOCK, 1, 0, 0, 0);
    word("objects.rw.state", "locked");
    cr_assert_eq(f.m->objects[1].owner, 1);
    op(6, EV_LOCK, LOCK_TIMEOUT, 2, 0, 0, 0);
    op(7, EV_LOCK, LOCK_TRY_FAILED, 2, 0, 0, 0);
    number("objects.rw.level", 1);
    op(8, EV_LOCK, LOCK_UNLOCK, 1, 0, 0, 0);
    word("objects.rw.state", "free");
    number("objects.rw.locks", 1);
    number("objects.rw.rlocks", 2);
    number("objects.rw.timeouts", 1);
    number("objects.rw.try_failed", 1);
    none("objects.rw.signals");
    fold_free(&f);
}

Test(model_sync, once_and_cond)
{
    begin(OBJ_ONCE, "init", 0);
    word("objects.init.state", "new");
    op(1, EV_ONCE, ONCE_BEGIN, 1, 0, 0, 0);
    word("objects.init.state", "running");
    op(1, EV_ONCE, ONCE_WAIT, 2, 0, 1, 0);
    op(2, EV_ONCE, ONCE_DONE, 1, 0, 0, 0);
    op(3, EV_ONCE, ONCE_PASS, 1, 0, 0, 0);
    word("objects.init.state", "done");
    number("objects.init.waits", 1);
    number("objects.init.passes", 1);
    fold_free(&f);
    begin(OBJ_COND, "items", 0);
    op(1, EV_COND, COND_WAIT, 1, 0, 1, 0);
    op(1, EV_COND, COND_WAIT, 2, 0, 2, 0);
    number("objects.items.level", 2);
    op(2, EV_COND, COND_SIGNAL, 2, 1, 1, 0);
    op(2, EV_COND, COND_WAKE, 1, 1, 1, 0);
    op(3, EV_COND, COND_BROADCAST, 1, 1, 0, 0);
    op(3, EV_COND, COND_WAKE, 2, 1, 0, 0);
    number("objects.items.waiters", 0);
    number("objects.items.wakes", 2);
    number("objects.items.signals", 1);
    number("objects.items.broadcasts", 1);
    told((struct event){.kind = EV_COND, .op = COND_SIGNAL, .task = 1, .obj = 1, .a = 1, .b = 2},
         "a signals items: 1 woken, 2 still wait",
         "{\"t\":0,\"seq\":1,\"ev\":\"cond\",\"task\":\"a\",\"obj\":\"items\",\"op\":\"signal\","
         "\"lock\":null,\"waiters\":2,\"woken\":1}");
    fold_free(&f);
}

Test(model_sync, semaphore_and_group)
{
    begin(OBJ_SEM, "slots", 10);
    op(0, EV_SEM, SEM_ACQUIRE, 1, 8, 0, 8);
    op(1, EV_SEM, SEM_WAIT, 2, 8, 1, 5);
    op(2, EV_SEM, SEM_CANCEL, 2, 8, 0, 5);
    number("objects.slots.cap", 10);
    number("objects.slots.level", 8);
    number("objects.slots.cancels", 1);
    number("objects.slots.waiters", 0);
    told(
        (struct event){.kind = EV_SEM, .op = SEM_WAIT, .task = 2, .obj = 1, .a = 8, .b = 1, .c = 5},
        "b waits for 5 of slots, 8 are out, 1 in line",
        "{\"t\":0,\"seq\":1,\"ev\":\"sem\",\"task\":\"b\",\"obj\":\"slots\",\"op\":\"wait\","
        "\"n\":5,\"level\":8,\"cap\":10,\"waiters\":1}");
    fold_free(&f);
    begin(OBJ_GROUP, "g", 2);
    op(0, EV_GROUP, GROUP_GO, 1, 1, 0, 2);
    op(1, EV_GROUP, GROUP_ERROR, 2, 1, 0, 2);
    struct event e = {.kind = EV_ERROR, .x = 1, .task = 2, .obj = 1, .c = fold_name(&f, "boom")};
    fold_event(&f, e);
    word("objects.g.cause", "boom");
    e.x = 0;
    e.c = fold_name(&f, "late");
    fold_event(&f, e);
    word("objects.g.cause", "boom");
    number("objects.g.failed", 1);
    told(e, "b fails in g: late",
         "{\"t\":0,\"seq\":1,\"ev\":\"error\",\"task\":\"b\",\"obj\":\"g\",\"text\":\"late\","
         "\"kept\":false}");
    fold_free(&f);
}

Test(model_sync, a_buffered_store_is_not_the_cells_value)
{
    begin(OBJ_CELL, "x", 0);
    cell(CELL_STORE, 1, 7, 0, ORDER_RELAXED | CELL_BUFFERED << 8);
    cell(CELL_STORE, 2, 8, 0, ORDER_RELEASE | CELL_BUFFERED << 8);
    number("objects.x.level", 0);
    cr_assert_eq(f.m->stores_n, 2);
    cr_assert_eq(f.m->stores[1].value, 8);
    cr_assert_eq(f.m->stores[1].order, ORDER_RELEASE);
    cell(CELL_LOAD, 1, 7, 0, ORDER_RELAXED | CELL_BUFFERED << 8);
    number("objects.x.level", 0);
    cell(CELL_FLUSH, 2, 8, 1, ORDER_RELEASE);
    number("objects.x.level", 8);
    cr_assert_eq(f.m->stores_n, 1);
    cr_assert_eq(f.m->stores[0].task, 1);
    cell(CELL_FLUSH, 1, 7, 2, ORDER_RELAXED);
    cell(CELL_FLUSH, 1, 7, 2, ORDER_RELAXED); /* an end without a beginning */
    cr_assert_eq(f.m->stores_n, 0);
    cell(CELL_CAS, 2, 9, 3, ORDER_ACQ_REL);
    cell(CELL_CAS_FAILED, 1, 9, 3, ORDER_ACQ_REL);
    number("objects.x.cas", 1);
    number("objects.x.cas_failed", 1);
    number("objects.x.level", 9);
    cr_assert_eq(f.m->objects[1].owner, 2);
    for (int i = 0; i < 100; i++)
        cell(CELL_STORE, 1, i, 3, ORDER_RELAXED | CELL_BUFFERED << 8);
    cr_assert_eq(f.m->stores_n, MODEL_STORES, "a damaged file fills no memory");
    fold_free(&f);
}

Test(model_sync, marks_of_a_cell_are_fields_of_their_own)
{
    begin(OBJ_CELL, "top", 0);
    told((struct event){.kind = EV_CELL,
                        .op = CELL_CAS,
                        .x = ORDER_ACQ_REL | CELL_TAGGED << 8,
                        .task = 1,
                        .obj = 1,
                        .c = 4,
                        .a = 7,
                        .b = 2},
         "a swaps top to 8589934599",
         "{\"t\":0,\"seq\":1,\"ev\":\"cell\",\"task\":\"a\",\"obj\":\"top\",\"op\":\"cas\","
         "\"value\":8589934599,\"order\":\"acq_rel\",\"version\":4,\"address\":7,\"tag\":2}");
    told((struct event){.kind = EV_CELL,
                        .op = CELL_WRITE,
                        .x = ORDER_PLAIN | (CELL_BUFFERED | 1) << 8,
                        .task = 2,
                        .obj = 1,
                        .v = 5},
         "b writes 5 to top, for itself so far",
         "{\"t\":0,\"seq\":1,\"ev\":\"cell\",\"task\":\"b\",\"obj\":\"top\",\"op\":\"write\","
         "\"value\":5,\"order\":\"plain\",\"version\":0,\"word\":1,\"buffered\":true}");
    told((struct event){.kind = EV_CELL, .op = CELL_FENCE, .x = ORDER_RELEASE, .task = 2},
         "b passes a fence",
         "{\"t\":0,\"seq\":1,\"ev\":\"cell\",\"task\":\"b\",\"obj\":null,\"op\":\"fence\","
         "\"value\":0,\"order\":\"release\",\"version\":0}");
    fold_free(&f);
}

Test(model_sync, a_slice_has_an_array_and_a_length)
{
    begin(OBJ_SLICE, "buf", 3);
    cell(CELL_WRITE, 1, 7, 1, CELL_TAGGED << 8);
    cell(CELL_WRITE, 1, 5, 1, 1 << 8);
    cell(CELL_WRITE, 1, 8, 1, 2 << 8);
    number("objects.buf.level", 5);
    number("objects.buf.writes", 3);
    cr_assert_eq(f.m->objects[1].parent, 7);
    told((struct event){.kind = EV_BYTE,
                        .op = CELL_WRITE,
                        .x = CELL_BUFFERED << 8,
                        .task = 2,
                        .obj = 1,
                        .c = 3,
                        .a = 4,
                        .b = 65},
         "b writes 65 to place 4 of buf, for itself so far",
         "{\"t\":0,\"seq\":1,\"ev\":\"byte\",\"task\":\"b\",\"obj\":\"buf\",\"op\":\"write\","
         "\"index\":4,\"value\":65,\"version\":3,\"buffered\":true}");
    fold_free(&f);
}
