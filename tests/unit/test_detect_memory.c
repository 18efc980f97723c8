/* SPDX-License-Identifier: MIT */
/* Detectors of shared memory: what they say, keyframes in the middle, planted streams. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fold_run.h"
#include "sim_run.h"

#include "base/diag.h"
#include "detect/detect.h"
#include "programs.h"
#include "tests/counts.h"

static const struct program *named(const char *name)
{
    for (unsigned i = 0; i < programs_n; i++)
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    die("no program %s", name);
}

/* The first seed whose run raises it. */
static struct program_found raised(const char *name)
{
    const struct program *p = named(name);
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct program_found f = program_run(p, WORLD_SIM, "random", seed);
        if (f.raised[p->must])
            return f;
    }
    die("%s raises nothing", name);
}

static void has(const struct program_found *f, const char *what)
{
    cr_assert(strstr(f->text, what), "\"%s\" is not in: %s", what, f->text);
}

/* ---- the evidence ------------------------------------------------------------------------------
 */

Test(detect_memory, a_race_names_both_accesses_and_the_missing_edge)
{
    struct program_found f = raised("count_plain");
    cr_assert_str_eq(f.objs, "n");
    has(&f, "no edge leads from the first to the second: nothing that ");
    f = raised("write_after_send");
    has(&f, "main ");
    has(&f, "receives ");
    has(&f, "no edge leads from the first to the second: ");
    struct program_found sim = program_run(named("write_after_send"), WORLD_SIM, "fifo", 1);
    cr_assert_str_eq(sim.text,
                     "main wrote x (event 21, 0.000000 s) and receives read it (event 27, 0.000000 "
                     "s), and no edge leads from the first to the second: the last of main that "
                     "reached receives is its send on ch at 0.000000 s");
}

Test(detect_memory, the_others_name_who_did_what_in_which_order)
{
    struct program_found f = raised("count_load_store");
    has(&f, " over it without having seen it");
    cr_assert(!f.raised[DIAG_RACE], "atomic accesses are no race");
    f = raised("count_split_lock");
    cr_assert(!f.raised[DIAG_RACE], "nor are those under locks");
    f = raised("stack_untagged");
    has(&f, "slow saw top at 1 (event ");
    has(&f, ", and the swap of slow to 2 took that for unchanged");
    cr_assert_str_eq(f.tasks, "slow, fast");
    f = raised("pair_unlocked");
    has(&f, "reader read halves of two writes: value[0] = ");
    f = raised("message_relaxed");
    has(&f, "reader reads data = 0 (event ");
    cr_assert_str_eq(f.objs, "data, ready");
    cr_assert(!f.raised[DIAG_RACE]);
}

Test(detect_memory, buffers)
{
    struct program_found f = raised("slice_passed");
    cr_assert_str_eq(f.objs, "buf.array", "of the array, not of a header");
    has(&f, "buf.array[0] ");
    f = raised("slice_returned");
    cr_assert_str_eq(f.objs, "buf.array");
    f = raised("header_torn");
    cr_assert_str_eq(f.objs, "buf");
    f = program_run(named("pool_not_reset"), WORLD_SIM, "fifo", 1);
    cr_assert(f.raised[DIAG_STALE_DATA]);
    has(&f, "main reads buffer-1.array[0] = 97 (event ");
    has(&f, "which stands there from the use before: main gave it back (event ");
}

/* ---- keyframes, and streams that no engine wrote -----------------------------------------------
 */

static void whole_and_by_keyframes(const struct program *p, uint64_t seed)
{
    struct sim_run r;
    sim_run_init(&r, seed);
    r.config.schedule = "random";
    sim_run_all(&r, p->fn, NULL);
    struct model *m = model_create(r.names), *k = model_create(r.names);
    struct detect *d = detect_create(r.names), *e = detect_create(r.names);
    for (size_t i = 0; i < r.n; i++) {
        detect_apply(d, m, &r.ev[i]);
        detect_apply(e, k, &r.ev[i]);
        struct detect *copy = detect_clone(e);
        detect_free(e);
        e = copy;
    }
    cr_assert_eq(m->diagnoses_n, k->diagnoses_n, "%s", p->name);
    for (size_t i = 0; i < m->diagnoses_n; i++) {
        cr_assert_eq(m->diagnoses[i].text, k->diagnoses[i].text);
        cr_assert_eq(m->diagnoses[i].seq, k->diagnoses[i].seq);
    }
    detect_free(d);
    detect_free(e);
    model_free(m);
    model_free(k);
    sim_run_free(&r);
}

Test(detect_memory, a_keyframe_at_every_event_changes_nothing)
{
    uint64_t seeds = counts(20, 5, 1);
    unsigned step = counts(1, 1, 4);
    for (unsigned i = 0; i < programs_n; i += step)
        for (uint64_t seed = 1; seed <= seeds; seed++)
            whole_and_by_keyframes(&programs[i], seed);
}

static struct event any_access(uint64_t *x, bool wild)
{
    static const uint8_t kinds[] = {EV_CELL,  EV_CELL, EV_CELL, EV_TASK, EV_CHAN, EV_LOCK,
                                    EV_GROUP, EV_CTX,  EV_SEM,  EV_COND, EV_ONCE, EV_OBJECT};
    uint64_t r = fold_random(x), s = fold_random(x);
    return (struct event){.kind = kinds[r % sizeof kinds],
                          .op = (uint8_t)(r >> 8 & 15),
                          .x = (uint16_t)(r >> 16),
                          .task = (uint32_t)(r >> 32) % (wild ? UINT32_MAX : 100000),
                          .obj = (uint32_t)s % (wild ? UINT32_MAX : 100000),
                          .c = (uint32_t)(s >> 32) % 1000,
                          .v = (int64_t)(s >> 40)};
}

Test(detect_memory, hostile_streams_fill_no_memory_and_end_in_time)
{
    for (int wild = 0; wild < 2; wild++) {
        struct strtab *names = strtab_create();
        struct model *m = model_create(names);
        struct detect *d = detect_create(names);
        uint64_t x = 7;
        struct event e = {.kind = EV_OBJECT, .op = OBJ_CELL, .obj = 1};
        detect_apply(d, m, &e);
        for (int i = 0, n = (int)counts(400000, 400000, 60000); i < n; i++) {
            e = any_access(&x, wild);
            detect_apply(d, m, &e);
            if (i == n / 2) {
                e = (struct event){.kind = EV_LOST, .v = 1};
                detect_apply(d, m, &e);
            }
        }
        cr_assert_lt(detect_bytes(d), 48u << 20, /* a hundred thousand tasks and objects */
                     "%zu", detect_bytes(d));
        cr_assert_leq(m->diagnoses_n, 1024);
        detect_free(d);
        model_free(m);
        strtab_destroy(names);
    }
}

/* After a loss an edge may be missing: what was before is forgotten, and a task that was not seen
 * since knows everything. */
Test(detect_memory, a_loss_invents_no_race)
{
    struct fold_run f = fold_begin();
    struct detect *d = detect_create(f.names);
    struct event before[] = {
        {.kind = EV_OBJECT, .op = OBJ_CELL, .obj = 1},
        {.kind = EV_CELL, .op = CELL_WRITE, .task = 1, .obj = 1},
    };
    struct event lost = {.kind = EV_LOST, .v = 3};
    struct event after[] = {{.kind = EV_CELL, .op = CELL_READ, .task = 2, .obj = 1},
                            {.kind = EV_CELL, .op = CELL_WRITE, .task = 3, .obj = 1}};
    for (int with = 1; with >= 0; with--) {
        detect_apply(d, f.m, &before[0]);
        detect_apply(d, f.m, &before[1]);
        if (with)
            detect_apply(d, f.m, &lost);
        detect_apply(d, f.m, &after[0]);
        if (with)
            detect_apply(d, f.m, &after[1]);
        cr_assert_eq(f.m->diagnoses_n, with ? 0 : 1);
        detect_free(d);
        d = detect_create(f.names);
        if (with) {
            fold_free(&f);
            f = fold_begin();
            detect_free(d);
            d = detect_create(f.names);
        }
    }
    detect_free(d);
    fold_free(&f);
}
