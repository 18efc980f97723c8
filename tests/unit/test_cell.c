/* SPDX-License-Identifier: MIT */
/* Shared cells: what each order allows and forbids, over many schedules of the simulator; exact
 * counts in both worlds. The litmus tests are the usual ones: MP (message passing), SB (store
 * buffering), CoRR (one cell is never seen to go back). */
#include "both.h"

#include "runtime/cell.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"
#include "tests/counts.h"

static struct cell *x, *y;
static struct wide_cell *wide;
static struct mutex *mu;
static struct waitgroup *wg;
static enum cell_order store_order, load_order;
static bool with_fence, with_lock;
static uint64_t seen_x, seen_y;
static int torn, back;

enum { SEEDS = 400 };

static bool gives(uint64_t seed, void (*fn)(void *), bool (*bad)(void))
{
    struct sim_run r;
    sim_run_init(&r, seed);
    r.config.schedule = "random";
    seen_x = seen_y = 99;
    torn = back = 0;
    sim_run_all(&r, fn, NULL);
    cr_assert_eq(sim_run_end(&r), END_DONE);
    sim_run_free(&r);
    return bad();
}

/* Whether a schedule of the seeds gives what `bad` says. */
static bool some(void (*fn)(void *), bool (*bad)(void))
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        if (gives(seed, fn, bad))
            return true;
    return false;
}

static int seeds(void)
{
    return (int)counts(10 * SEEDS, SEEDS, SEEDS / 4);
}

/* How many of the seeds do. */
static int count(void (*fn)(void *), bool (*bad)(void))
{
    int n = 0;
    for (int seed = 1; seed <= seeds(); seed++)
        n += gives((uint64_t)seed, fn, bad);
    return n;
}

static void two(void (*a)(void *), void (*b)(void *))
{
    x = cell_make("x", 0);
    y = cell_make("y", 0);
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 2);
    rt_spawn("a", a, NULL);
    rt_spawn("b", b, NULL);
    wg_wait(wg);
}

/* ---- MP: data in x, then y says that it is there -----------------------------------------------
 */

static void mp_writer(void *arg)
{
    (void)arg;
    cell_write(x, 1);
    if (with_fence)
        cell_fence(ORDER_RELEASE);
    cell_store(y, 1, store_order);
    rt_yield();
    wg_done(wg);
}
static void mp_reader(void *arg)
{
    (void)arg;
    seen_y = cell_load(y, load_order);
    seen_x = cell_read(x);
    wg_done(wg);
}
static void m_mp(void *arg)
{
    (void)arg;
    two(mp_writer, mp_reader);
}
static bool mp_bad(void)
{
    return seen_y == 1 && seen_x == 0;
}
static bool mp_good(void)
{
    return seen_y == 1 && seen_x == 1;
}

Test(cell, a_relaxed_flag_may_be_seen_before_its_data)
{
    load_order = ORDER_ACQUIRE;
    with_fence = false;
    store_order = ORDER_RELAXED;
    cr_assert(some(m_mp, mp_bad));
    cr_assert(some(m_mp, mp_good));
    store_order = ORDER_RELEASE;
    cr_assert_eq(count(m_mp, mp_bad), 0);
    cr_assert(some(m_mp, mp_good));
    store_order = ORDER_SEQ_CST;
    cr_assert_eq(count(m_mp, mp_bad), 0);
    with_fence = true;
    store_order = ORDER_RELAXED;
    cr_assert_eq(count(m_mp, mp_bad), 0, "a fence does what the release did");
}

/* ---- SB: each raises its flag, then looks at the other's ---------------------------------------
 */

static void sb_a(void *arg)
{
    (void)arg;
    cell_store(x, 1, store_order);
    if (with_fence)
        cell_fence(ORDER_SEQ_CST);
    seen_y = cell_load(y, load_order);
    wg_done(wg);
}
static void sb_b(void *arg)
{
    (void)arg;
    cell_store(y, 1, store_order);
    if (with_fence)
        cell_fence(ORDER_SEQ_CST);
    seen_x = cell_load(x, load_order);
    wg_done(wg);
}
static void m_sb(void *arg)
{
    (void)arg;
    two(sb_a, sb_b);
}
static bool sb_bad(void)
{
    return seen_x == 0 && seen_y == 0;
}

Test(cell, release_and_acquire_do_not_make_two_flags_safe)
{
    with_fence = false;
    store_order = ORDER_RELEASE;
    load_order = ORDER_ACQUIRE;
    cr_assert(some(m_sb, sb_bad));
    store_order = load_order = ORDER_SEQ_CST;
    cr_assert_eq(count(m_sb, sb_bad), 0);
    with_fence = true;
    store_order = load_order = ORDER_RELAXED;
    cr_assert_eq(count(m_sb, sb_bad), 0);
}

/* ---- CoRR, and one's own stores -----------------------------------------------------------------
 */

static void co_writer(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 4; i++) {
        cell_store(x, i, ORDER_RELAXED);
        back += cell_load(x, ORDER_RELAXED) != i; /* one sees one's own at once */
    }
    wg_done(wg);
}
static void co_reader(void *arg)
{
    (void)arg;
    uint64_t last = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t now = cell_load(x, ORDER_RELAXED);
        back += now < last;
        last = now;
    }
    wg_done(wg);
}
static void m_co(void *arg)
{
    (void)arg;
    two(co_writer, co_reader);
    back += cell_load(x, ORDER_RELAXED) != 4; /* the end of a task makes all visible */
}
static bool went_back(void)
{
    return back > 0;
}

Test(cell, one_cell_never_goes_back_even_relaxed)
{
    cr_assert_eq(count(m_co, went_back), 0);
}

/* ---- counters ----------------------------------------------------------------------------------
 */

static void increments(void *arg)
{
    for (int i = 0; i < 50; i++)
        switch ((intptr_t)arg) {
        case 0: /* plain, under a lock or not */
            if (with_lock)
                mutex_lock(mu);
            cell_write(x, cell_read(x) + 1);
            if (with_lock)
                mutex_unlock(mu);
            break;
        case 1:
            cell_add(x, 1, ORDER_RELAXED);
            break;
        default:
            for (uint64_t old = cell_load(x, ORDER_RELAXED);
                 !cell_cas(x, &old, old + 1, ORDER_RELAXED);) {
            }
            break;
        }
    wg_done(wg);
}
static void m_count(void *arg)
{
    x = cell_make("x", 0);
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, 4);
    for (int i = 0; i < 4; i++)
        rt_spawn("counts", increments, arg);
    wg_wait(wg);
    seen_x = cell_load(x, ORDER_SEQ_CST);
}

BOTH(cell, counters_by_add_by_cas_and_under_a_lock_are_exact)
{
    for (intptr_t how = 0; how < 3; how++) {
        with_lock = true;
        cr_assert_eq(both_ends(m_count, (void *)how), END_DONE);
        cr_assert_eq(seen_x, 200, "way %ld: %lu", (long)how, (unsigned long)seen_x);
        /* The stream tells the same: each version once, each value one more. */
        uint32_t version = 0;
        for (size_t i = 0; i < both_run.n; i++) {
            const struct event *e = &both_run.ev[i];
            bool writes = e->kind == EV_CELL && !(e->x >> 8 & CELL_BUFFERED) &&
                          e->op != CELL_READ && e->op != CELL_LOAD && e->op != CELL_CAS_FAILED;
            if (!writes)
                continue;
            cr_assert_eq(e->c, ++version);
            cr_assert_eq(e->v, version);
        }
        cr_assert_eq(version, 200);
        both_over();
    }
}

static void m_lost(void *arg)
{
    (void)arg;
    m_count((void *)0);
}
static bool lost(void)
{
    return seen_x != 200;
}

Test(cell, a_plain_counter_loses_updates)
{
    with_lock = false;
    cr_assert_gt(count(m_lost, lost), seeds() / 2);
    with_lock = true;
    cr_assert_eq(count(m_lost, lost), 0, "a lock makes plain accesses whole");
}

Test(cell, without_probes_live_is_as_exact)
{
    for (intptr_t how = 0; how < 3; how++) {
        with_lock = true;
        sim_run_init(&both_run, 1);
        both_run.config.world = WORLD_LIVE;
        both_run.config.probes = false;
        sim_run_start(&both_run, m_count, (void *)how);
        while (!rt_ended(both_run.rt)) {
        }
        cr_assert_eq(seen_x, 200);
        both_over();
    }
}

/* ---- cas, swap, tags ---------------------------------------------------------------------------
 */

static void m_operations(void *arg)
{
    (void)arg;
    x = cell_make_tagged("top", 5, 1);
    uint64_t expected = cell_tagged(5, 2);
    both_note(cell_cas(x, &expected, 0, ORDER_ACQ_REL) ? 'y' : 'n');
    both_note(expected == cell_tagged(5, 1) ? 'y' : 'n'); /* says what is there */
    both_note(cell_cas(x, &expected, cell_tagged(7, 2), ORDER_ACQ_REL) ? 'y' : 'n');
    both_note(cell_swap(x, cell_tagged(9, 3), ORDER_ACQUIRE) == cell_tagged(7, 2) ? 'y' : 'n');
    both_note(cell_add(x, UINT64_C(1) << 32, ORDER_SEQ_CST) == cell_tagged(9, 3) ? 'y' : 'n');
    both_note(cell_load(x, ORDER_ACQUIRE) == cell_tagged(9, 4) ? 'y' : 'n');
    cell_store(x, 3, ORDER_RELEASE);
    both_note(cell_read(x) == 3 ? 'y' : 'n');
    cell_fence(ORDER_SEQ_CST);
}

BOTH(cell, operations_say_what_was_there)
{
    cr_assert_eq(both_ends(m_operations, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "nyyyyyy");
    cr_assert_eq(sim_run_count(&both_run, EV_CELL, CELL_CAS_FAILED), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_CELL, CELL_CAS), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_CELL, CELL_SWAP), 1);
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_CELL && both_run.ev[i].op != CELL_FENCE)
            cr_assert(both_run.ev[i].x >> 8 & CELL_TAGGED);
    if (world == WORLD_SIM)
        cr_assert_eq(sim_run_count(&both_run, EV_CELL, CELL_FLUSH), 1, "by the fence");
    both_over();
}

/* ---- a wide cell: pairs that belong together ---------------------------------------------------
 */

static void wide_writer(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 5; i++) {
        uint64_t v[2] = {i, i};
        if (with_lock)
            mutex_lock(mu);
        wide_write(wide, v);
        if (with_lock)
            mutex_unlock(mu);
    }
    wg_done(wg);
}
static void wide_reader(void *arg)
{
    (void)arg;
    for (int i = 0; i < 5; i++) {
        uint64_t v[2];
        if (with_lock)
            mutex_lock(mu);
        wide_read(wide, v);
        if (with_lock)
            mutex_unlock(mu);
        torn += v[0] != v[1];
    }
    wg_done(wg);
}
static void m_wide(void *arg)
{
    (void)arg;
    uint64_t v[2] = {0, 0};
    wide = wide_make("pair", 2, v);
    two(wide_writer, wide_reader);
}
static bool torn_at_all(void)
{
    return torn > 0;
}

Test(cell, halves_of_two_writes)
{
    with_lock = false;
    cr_assert(some(m_wide, torn_at_all));
    with_lock = true;
    cr_assert_eq(count(m_wide, torn_at_all), 0);
}

/* Time makes stores visible too, without any operation of the writer. */
static void sleeper(void *arg)
{
    (void)arg;
    cell_store(x, 1, ORDER_RELAXED);
    rt_work(1000000);
    wg_done(wg);
}
static void looker(void *arg)
{
    (void)arg;
    rt_sleep(500000);
    seen_x = cell_load(x, ORDER_RELAXED);
    wg_done(wg);
}
static void m_time(void *arg)
{
    (void)arg;
    two(sleeper, looker);
}
static bool not_seen(void)
{
    return seen_x != 1;
}

Test(cell, a_store_is_visible_once_time_has_passed)
{
    cr_assert_eq(count(m_time, not_seen), 0);
}
