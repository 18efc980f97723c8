/* SPDX-License-Identifier: MIT */
/* The concurrent map: what it answers, and when its parts are made, promoted and expunged. With
 * probes and without, because without them the read-only part is used outside of the guard. */
#include "both.h"

#include "runtime/sync.h"
#include "runtime/syncmap.h"

static struct syncmap *m;
static map_key k[64];

static void keys(void)
{
    for (int i = 0; i < 64; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%d", i);
        k[i] = map_key_of(text);
    }
    m = map_make("m");
}

static void note(bool good)
{
    both_note(good ? '+' : '-');
}

static bool holds(map_key key, map_value want)
{
    map_value v = 99;
    return map_load(m, key, &v) && v == want;
}
static bool has_not(map_key key)
{
    map_value v = 99;
    return !map_load(m, key, &v) && v == 0;
}

static void m_answers(void *arg)
{
    map_value v = 7;
    (void)arg;
    keys();
    note(has_not(k[0]));
    map_store(m, k[0], 1);
    map_store(m, k[1], MAP_VALUE_MAX);
    note(holds(k[0], 1) && holds(k[1], MAP_VALUE_MAX) && has_not(k[2]));
    note(map_load_or_store(m, k[0], &v) && v == 1);
    v = 7;
    note(!map_load_or_store(m, k[2], &v) && v == 7 && holds(k[2], 7));
    note(map_swap(m, k[2], 8, &v) && v == 7 && !map_swap(m, k[3], 9, &v) && v == 0);
    note(!map_cas(m, k[2], 7, 10) && map_cas(m, k[2], 8, 10) && holds(k[2], 10));
    note(!map_cas(m, k[4], 0, 1) && has_not(k[4]));
    note(!map_cas_delete(m, k[2], 8) && map_cas_delete(m, k[2], 10) && has_not(k[2]));
    note(map_load_and_delete(m, k[0], &v) && v == 1 && !map_load_and_delete(m, k[0], &v) && !v);
    map_store(m, k[0], 2); /* deleted, and there again */
    note(holds(k[0], 2) && holds(k[1], MAP_VALUE_MAX) && holds(k[3], 9));
}

/* The same without probes: then nothing of it takes the guard where it need not. */
static int without_probes(void (*fn)(void *))
{
    sim_run_init(&both_run, 1);
    both_run.config.world = world;
    both_run.config.probes = false;
    memset(both_notes, 0, sizeof both_notes);
    both_noted = 0;
    if (world == WORLD_SIM) {
        sim_run_all(&both_run, fn, NULL);
    } else {
        sim_run_start(&both_run, fn, NULL);
        while (!rt_ended(both_run.rt))
            sched_yield();
    }
    sim_run_free(&both_run);
    return 0;
}

BOTH(syncmap, it_answers_as_a_map)
{
    cr_assert_eq(both_whole(m_answers, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "++++++++++");
    without_probes(m_answers);
    cr_assert_str_eq(both_notes, "++++++++++");
}

/* Events of the map as letters, one each. */
static void story(char *out, size_t size)
{
    static const char letters[] = "ldasDirx!CPc"; /* load, load_dirty, absent … */
    size_t n = 0;
    for (size_t i = 0; i < both_run.n && n + 1 < size; i++)
        if (both_run.ev[i].kind == EV_MAP)
            out[n++] = letters[both_run.ev[i].op];
    out[n] = '\0';
}

static const struct event *last_map(void)
{
    const struct event *e = NULL;
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_MAP)
            e = &both_run.ev[i];
    return e;
}

static void m_promotes(void *arg)
{
    (void)arg;
    keys();
    for (int i = 0; i < 3; i++)
        map_store(m, k[i], 1); /* a copy of nothing, three new keys */
    for (int i = 0; i < 3; i++)
        map_load(m, k[0], NULL); /* the third miss promotes */
    map_load(m, k[0], NULL);
    map_store(m, k[0], 2);
}

BOTH(syncmap, as_many_misses_as_keys_promote_the_dirty_part)
{
    char told[64];
    cr_assert_eq(both_ends(m_promotes, NULL), END_DONE);
    story(told, sizeof told);
    cr_assert_str_eq(told, "CiiidddPls");
    cr_assert_eq(last_map()->a, 3);
    cr_assert_eq(last_map()->b, 0);
    cr_assert_eq(last_map()->x, 0);
    both_over();
}

static void m_expunges(void *arg)
{
    m_promotes(arg);
    map_load_and_delete(m, k[1], NULL); /* in the read-only part: it stays there, empty */
    map_store(m, k[1], 5);              /* and is used again in place */
    map_load_and_delete(m, k[1], NULL);
    map_store(m, k[9], 1); /* a copy, of 2 of 3 keys: k1 is expunged */
    note(has_not(k[1]));
    note(!map_load_and_delete(m, k[1], NULL));
    map_store(m, k[1], 6); /* revived: into the dirty part, which has 4 keys now */
    note(holds(k[1], 6) && holds(k[0], 2) && holds(k[9], 1));
    map_load_and_delete(m, k[9], NULL);   /* in the dirty part alone: gone from it, a miss */
    note(has_not(k[9]) && has_not(k[9])); /* misses, and the last of them promotes */
    note(has_not(k[9]) && holds(k[1], 6));
}

BOTH(syncmap, a_copy_expunges_what_was_deleted)
{
    char told[64];
    cr_assert_eq(both_ends(m_expunges, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+++++");
    story(told, sizeof told);
    cr_assert_str_eq(told,
                     "CiiidddPls"
                     "xsxCi"
                     "aa"
                     "r"
                     "lld"
                     "x"
                     "aP"
                     "a"
                     "al",
                     "%s", told);
    both_over();
}

static bool add(void *arg, map_key key, map_value value)
{
    uint64_t *sum = arg;
    *sum += value;
    map_store(m, key, value); /* it may be used meanwhile */
    if (value == 5)
        map_store(m, k[50], 1000); /* a new key: a new dirty part, not this one */
    return true;
}
static bool first(void *arg, map_key key, map_value value)
{
    (void)key;
    (void)value;
    ++*(uint64_t *)arg;
    return false;
}

static void m_range(void *arg)
{
    uint64_t sum = 0, n = 0;
    (void)arg;
    keys();
    for (map_value i = 0; i < 40; i++)
        map_store(m, k[i], i);
    map_load_and_delete(m, k[10], NULL);
    map_range(m, add, &sum);
    note(sum == 40 * 39 / 2 - 10);
    map_range(m, first, &n);
    note(n == 1);
}

BOTH(syncmap, a_range_sees_every_key_once)
{
    cr_assert_eq(both_whole(m_range, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "++");
    without_probes(m_range);
    cr_assert_str_eq(both_notes, "++");
}

static void m_clear(void *arg)
{
    uint64_t n = 0;
    m_promotes(arg); /* three keys in the read-only part */
    map_store(m, k[9], 1);
    map_clear(m);
    note(has_not(k[0]) && has_not(k[9]) && !map_cas(m, k[0], 2, 3));
    map_range(m, first, &n);
    note(n == 0);
    map_store(m, k[0], 4); /* its entry is the old one */
    map_store(m, k[9], 5);
    note(holds(k[0], 4) && holds(k[9], 5) && has_not(k[1]));
    map_clear(m);
    map_clear(m);
    note(has_not(k[0]) && has_not(k[9]));
}

BOTH(syncmap, a_clear_leaves_nothing_and_new_keys_begin_anew)
{
    char told[64];
    cr_assert_eq(both_ends(m_clear, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "++++");
    story(told, sizeof told);
    cr_assert_str_eq(told,
                     "CiiidddPls"
                     "Ci"
                     "c"
                     "aaa"
                     "Cii"
                     "ddPa"
                     "cc"
                     "aa",
                     "%s", told);
    both_over();
    without_probes(m_clear);
    cr_assert_str_eq(both_notes, "++++");
}

/* Tasks clear what others store: each finds what it stored, or nothing. */
static struct waitgroup *wg;
static void stores_own(void *arg)
{
    map_key mine = k[(uintptr_t)arg];
    bool good = true;
    for (map_value i = 1; i <= 500; i++) {
        map_value v = 0;
        map_store(m, mine, i);
        if (i % 16 == 0)
            map_clear(m);
        good = good && (!map_load(m, mine, &v) || v == i);
        map_load(m, k[40], NULL);
    }
    note(good);
    wg_done(wg);
}

static void m_clears_meanwhile(void *arg)
{
    (void)arg;
    keys();
    wg = wg_make("wg");
    wg_add(wg, 4);
    for (uintptr_t i = 0; i < 4; i++)
        rt_spawn("stores", stores_own, (void *)i);
    wg_wait(wg);
    map_clear(m);
    note(has_not(k[0]) && has_not(k[3]));
}

BOTH(syncmap, what_is_stored_while_another_clears_is_there_or_gone)
{
    cr_assert_eq(both_whole(m_clears_meanwhile, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+++++");
    without_probes(m_clears_meanwhile);
    cr_assert_str_eq(both_notes, "+++++");
}

/* Keys come and go for long: tables and entries are used again. */
static void m_churn(void *arg)
{
    (void)arg;
    keys();
    bool good = true;
    for (map_value round = 0; round < 2000; round++) {
        map_key key = k[round * 7 % 64];
        map_store(m, key, round);
        good = good && holds(key, round);
        map_load_and_delete(m, k[round * 5 % 64], NULL);
        good = good && has_not(k[round * 5 % 64]);
    }
    note(good);
}

BOTH(syncmap, keys_may_come_and_go)
{
    cr_assert_eq(both_whole(m_churn, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+");
    without_probes(m_churn);
    cr_assert_str_eq(both_notes, "+");
}
