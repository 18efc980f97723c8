/* SPDX-License-Identifier: MIT */
/* The goroutine dump: golden text of a hand-made instant. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "fold_run.h"

#include "model/dump.h"

static const char *const listing[] = {"func worker() {", "    for job := range jobs {", NULL};

static void state(struct fold_run *f, int64_t ms, uint32_t task, enum task_state s, enum why why,
                  uint32_t on, uint32_t others, int64_t until_ms)
{
    fold_event(f, (struct event){.t_ns = ms * MS,
                                 .kind = EV_TASK,
                                 .op = (uint8_t)s,
                                 .x = (uint16_t)(why | PROC_NONE << 8),
                                 .task = task,
                                 .obj = on,
                                 .c = others,
                                 .v = until_ms * MS});
}

static void line(struct fold_run *f, uint32_t task, uint32_t at)
{
    fold_event(f, (struct event){.kind = EV_SOURCE, .task = task, .a = at});
}

static struct fold_run instant(void)
{
    struct fold_run f = fold_begin();
    fold_new_object(&f, 0, 1, OBJ_CHAN, "jobs", 4);
    fold_new_object(&f, 0, 2, OBJ_LOCK, "table", 0);
    fold_new_task(&f, 0, 1, "main", 0);
    for (uint32_t id = 2; id <= 8; id++) {
        char name[16];
        snprintf(name, sizeof name, "worker-%u", id - 1);
        fold_new_task(&f, 1, id, name, 1);
    }
    state(&f, 2, 1, TASK_WAITING, WHY_CHAN_RECV, 0, 1, 0);
    state(&f, 1000, 2, TASK_RUNNING, WHY_NONE, 0, 0, 0);
    fold_event(&f, (struct event){
                       .t_ns = 1000 * MS, .kind = EV_LOCK, .op = LOCK_LOCK, .task = 2, .obj = 2});
    state(&f, 1000, 3, TASK_WAITING, WHY_CHAN_RECV, 1, 0, 0);
    line(&f, 3, 2);
    state(&f, 90000, 4, TASK_WAITING, WHY_CHAN_SEND, 1, 2, 0);
    line(&f, 4, 9);
    state(&f, 125750, 5, TASK_WAITING, WHY_MUTEX, 2, 0, 200000);
    state(&f, 125900, 6, TASK_SLEEPING, WHY_SLEEP, 0, 0, 0);
    state(&f, 126000, 7, TASK_DONE, WHY_NONE, 0, 0, 0);
    state(&f, 126000, 8, TASK_WAITING, WHY_CHAN_SEND, 0, 0, 0);
    return f;
}

Test(dump, is_as_go_prints_it)
{
    struct fold_run f = instant();
    struct str out = {0};
    dump_all(f.m, 126000 * MS, "pool", listing, &out);
    cr_assert_str_eq(out.data, "goroutine 1 [chan receive, 2 minutes]:\n"
                               "main\n\n"
                               "goroutine 2 [running]:\n"
                               "worker-1; holds table\n"
                               "created by main in goroutine 1\n\n"
                               "goroutine 3 [chan receive, 2 minutes]:\n"
                               "worker-2 on jobs\n"
                               "    pool:2  for job := range jobs {\n"
                               "created by main in goroutine 1\n\n"
                               "goroutine 4 [select, 36.0s]:\n"
                               "worker-3 on jobs\n"
                               "    pool:9\n"
                               "created by main in goroutine 1\n\n"
                               "goroutine 5 [sync.Mutex.Lock, 250ms]:\n"
                               "worker-4 on table, until 200.000 s at most\n"
                               "created by main in goroutine 1\n\n"
                               "goroutine 6 [sleep, 100ms]:\n"
                               "worker-5\n"
                               "created by main in goroutine 1\n\n"
                               "goroutine 8 [chan send (nil chan)]:\n"
                               "worker-7\n"
                               "created by main in goroutine 1\n\n");
    cr_assert_eq(dump_count(f.m), 7, "one has ended");
    str_free(&out);
    fold_free(&f);
}

Test(dump, says_who_leaked)
{
    struct fold_run f = instant();
    struct str out = {0};
    model_leaked(f.m, (uint32_t[]){3}, 1);
    dump_task(f.m, 3, 61000 * MS, NULL, NULL, &out);
    cr_assert_str_eq(out.data, "goroutine 3 [chan receive, 1 minute, leaked]:\n"
                               "worker-2 on jobs\n"
                               "    line:2\n"
                               "created by main in goroutine 1\n");
    str_free(&out);
    fold_free(&f);
}
