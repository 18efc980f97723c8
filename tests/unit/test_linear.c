/* SPDX-License-Identifier: MIT */
/* Linearizability: the checker itself on histories made by hand; then the map, the pool and a
 * Treiber stack under random schedules, and broken ones that it must reject. */
#include <criterion/criterion.h>

#include "runtime/cell.h"
#include "runtime/sync.h"
#include "runtime/syncmap.h"
#include "runtime/syncpool.h"
#include "sim_run.h"
#include "tests/counts.h"
#include "tests/linear.h"

enum { TASKS = 3, EACH = 4, KEYS = 2 };

static int schedules(void)
{
    return (int)counts(20000, 600, 100);
}

static struct linear_history history;
static struct waitgroup *wg;

/* ---- a stack, by its answers ------------------------------------------------------------------
 */

enum { PUSH, POP };
struct stack_state {
    uint8_t n, item[TASKS * EACH + 1];
};

static bool stack_step(void *state, const struct linear_op *op)
{
    struct stack_state *s = state;
    if (op->kind == PUSH) {
        s->item[s->n++] = (uint8_t)op->arg;
        return true;
    }
    if (!op->ok)
        return s->n == 0;
    if (!s->n || s->item[s->n - 1] != op->result)
        return false;
    s->item[--s->n] = 0;
    return true;
}

static struct linear_op did(uint8_t kind, uint64_t value, bool ok, uint64_t from, uint64_t to)
{
    return (struct linear_op){
        .kind = kind, .arg = value, .ok = ok, .result = value, .called = from, .returned = to};
}

static bool stack_like(const struct linear_op *op, int n)
{
    return linearizable(op, n, stack_step, sizeof(struct stack_state));
}

Test(linear, histories_made_by_hand)
{
    struct linear_op overlap[] = {did(PUSH, 1, true, 1, 4), did(POP, 1, true, 2, 3)};
    cr_assert(stack_like(overlap, 2), "the push may have happened before the pop");
    struct linear_op early[] = {did(POP, 1, true, 1, 2), did(PUSH, 1, true, 3, 4)};
    cr_assert_not(stack_like(early, 2), "it was popped before it was pushed");
    struct linear_op lost[] = {did(PUSH, 1, true, 1, 2), did(POP, 0, false, 3, 4)};
    cr_assert_not(stack_like(lost, 2), "empty after a push");
    struct linear_op twice[] = {did(PUSH, 1, true, 1, 2), did(POP, 1, true, 3, 6),
                                did(POP, 1, true, 4, 5)};
    cr_assert_not(stack_like(twice, 3), "popped twice");
    struct linear_op order[] = {did(PUSH, 1, true, 1, 2), did(PUSH, 2, true, 3, 4),
                                did(POP, 1, true, 5, 6)};
    cr_assert_not(stack_like(order, 3), "a queue's answer");
    order[1].called = 1; /* now the pushes overlap */
    order[0].returned = 4;
    cr_assert(stack_like(order, 3));
    cr_assert(stack_like(order, 0));
}

/* Many overlapping pushes with one impossible pop: without the memory this would take 20! steps. */
Test(linear, what_was_tried_is_not_tried_again)
{
    struct linear_op op[12];
    for (uint64_t i = 0; i < 11; i++)
        op[i] = did(PUSH, 1, true, i + 1, 100);
    op[11] = did(POP, 2, true, 50, 100);
    struct linear_search s = {
        .op = op, .n = 12, .step = stack_step, .size = sizeof(struct stack_state)};
    unsigned char zero[LINEAR_STATE] = {0};
    cr_assert_not(linear_from(&s, 0, zero));
    cr_assert_lt(s.steps, 50000, "%lu", (unsigned long)s.steps);
    free(s.seen);
}

/* ---- running a program under many schedules ----------------------------------------------------
 */

static void worker_ends(void)
{
    wg_done(wg);
}

static void many(void (*fn)(void *))
{
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    for (intptr_t i = 0; i < TASKS; i++)
        rt_spawn("task", fn, (void *)i);
    wg_wait(wg);
}

/* How many of the histories were not linearizable; *overlaps: how many had operations that
 * overlapped, or else the test would say nothing. */
static int rejected(void (*program)(void *), linear_step *step, size_t size, int procs,
                    int *overlaps)
{
    int bad = 0;
    *overlaps = 0;
    for (int seed = 1; seed <= schedules(); seed++) {
        struct sim_run r;
        sim_run_init(&r, (uint64_t)seed);
        r.config.schedule = "random";
        r.config.probes = false; /* so that operations can be interrupted anywhere */
        r.config.procs = procs;
        memset(&history, 0, sizeof history);
        sim_run_all(&r, program, NULL);
        sim_run_free(&r);
        bool overlap = false;
        for (int i = 0; i < history.n; i++)
            overlap |= history.op[i].returned > history.op[i].called + 1;
        *overlaps += overlap;
        bad += !linearizable(history.op, history.n, step, size);
    }
    return bad;
}

/* ---- a Treiber stack of numbered nodes, over shared cells --------------------------------------
 */

static struct cell *head, *node_next[TASKS * EACH + 1];
static uint32_t node_n;
static bool blind; /* the broken one: stores the new head without comparing */

static void push(uint32_t value)
{
    uint32_t node = ++node_n; /* never used again: no ABA here */
    struct linear_op *op = linear_call(&history, PUSH, value, 0);
    node_next[node] = cell_make("next", 0);
    uint64_t top = cell_load(head, ORDER_ACQUIRE);
    do
        cell_store(node_next[node], top, ORDER_RELAXED);
    while (!cell_cas(head, &top, (uint64_t)node << 8 | value, ORDER_SEQ_CST));
    linear_return(&history, op, true, 0);
}

static void pop(void)
{
    struct linear_op *op = linear_call(&history, POP, 0, 0);
    uint64_t top = cell_load(head, ORDER_ACQUIRE);
    while (top) {
        uint64_t next = cell_load(node_next[top >> 8], ORDER_ACQUIRE);
        if (blind) {
            cell_store(head, next, ORDER_SEQ_CST);
            break;
        }
        if (cell_cas(head, &top, next, ORDER_SEQ_CST))
            break;
    }
    linear_return(&history, op, top != 0, top & 0xff);
}

static void stack_user(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < EACH; i++) {
        if ((i + me) % 2)
            pop();
        else
            push(1 + me * EACH + i);
    }
    worker_ends();
}

static void stack_program(void *arg)
{
    (void)arg;
    head = cell_make("head", 0);
    node_n = 0;
    many(stack_user);
}

Test(linear, a_treiber_stack_is_one)
{
    int overlaps;
    blind = false;
    cr_assert_eq(rejected(stack_program, stack_step, sizeof(struct stack_state), 1, &overlaps), 0);
    cr_assert_gt(overlaps, schedules() / 4);
}

Test(linear, a_stack_that_does_not_compare_is_rejected)
{
    int overlaps;
    blind = true;
    int bad = rejected(stack_program, stack_step, sizeof(struct stack_state), 1, &overlaps);
    cr_assert_gt(bad, schedules() / 20, "%d", bad);
}

/* ---- the map ----------------------------------------------------------------------------------
 */

enum { LOAD, STORE, LOAD_OR_STORE, DELETE, CAS, CLEAR };
struct map_state {
    uint8_t value[KEYS]; /* 0: not there */
};
static struct syncmap *m;
static map_key key[KEYS];
static bool torn;      /* the broken one: look, then store */
static bool piecewise; /* another: clears key by key */

static bool map_step(void *state, const struct linear_op *op)
{
    struct map_state *s = state;
    uint8_t *v = &s->value[op->arg >> 8];
    uint8_t arg = (uint8_t)op->arg;
    switch (op->kind) {
    case LOAD:
        return op->ok == (*v != 0) && op->result == *v;
    case STORE:
        *v = arg;
        return true;
    case LOAD_OR_STORE:
        if (op->ok != (*v != 0))
            return false;
        *v = *v ? *v : arg;
        return op->result == *v;
    case DELETE:
        if (op->ok != (*v != 0) || op->result != *v)
            return false;
        *v = 0;
        return true;
    case CLEAR:
        memset(s, 0, sizeof *s);
        return true;
    default:
        if (op->ok != (*v && *v == op->arg2))
            return false;
        *v = op->ok ? arg : *v;
        return true;
    }
}

static bool load_or_store(map_key k, map_value *v)
{
    map_value there;
    if (!torn)
        return map_load_or_store(m, k, v);
    if (map_load(m, k, &there)) {
        *v = there;
        return true;
    }
    map_store(m, k, *v);
    return false;
}

static void clear(void)
{
    if (!piecewise)
        map_clear(m);
    else
        for (int i = 0; i < KEYS; i++)
            map_load_and_delete(m, key[i], NULL);
}

static void map_user(void *arg)
{
    uint32_t me = (uint32_t)(uintptr_t)arg;
    struct rng rng;
    rng_init(&rng, rt_seed(rt_here()) * TASKS + me, "map user");
    for (uint32_t i = 0; i < EACH + 1; i++) {
        uint32_t k = rng_below(&rng, KEYS), kind = rng_below(&rng, 6);
        map_value v = 1 + me * 8 + i, old = 1 + rng_below(&rng, TASKS) * 8 + i;
        struct linear_op *op = linear_call(&history, (uint8_t)kind, k << 8 | v, old);
        bool ok = true;
        switch (kind) {
        case LOAD:
            ok = map_load(m, key[k], &v);
            break;
        case STORE:
            map_store(m, key[k], v);
            break;
        case LOAD_OR_STORE:
            ok = load_or_store(key[k], &v);
            break;
        case DELETE:
            ok = map_load_and_delete(m, key[k], &v);
            break;
        case CLEAR:
            clear();
            break;
        default:
            ok = map_cas(m, key[k], old, v);
            break;
        }
        linear_return(&history, op, ok, v);
    }
    worker_ends();
}

static void map_program(void *arg)
{
    (void)arg;
    m = map_make("m");
    key[0] = map_key_of("a");
    key[1] = map_key_of("b");
    many(map_user);
}

Test(linear, the_map_is_one)
{
    int overlaps;
    torn = false;
    cr_assert_eq(rejected(map_program, map_step, sizeof(struct map_state), 1, &overlaps), 0);
    cr_assert_gt(overlaps, schedules() / 4);
}

Test(linear, a_load_or_store_in_two_steps_is_rejected)
{
    int overlaps;
    torn = true;
    int bad = rejected(map_program, map_step, sizeof(struct map_state), 1, &overlaps);
    torn = false;
    cr_assert_gt(bad, 0);
}

Test(linear, a_clear_key_by_key_is_rejected)
{
    int overlaps;
    piecewise = true;
    int bad = rejected(map_program, map_step, sizeof(struct map_state), 1, &overlaps);
    cr_assert_gt(bad, 0);
}

/* ---- the pool: a bag whose get may make a new item at any time ---------------------------------
 */

enum { GET, PUT };
struct pool_state {
    uint32_t in; /* bit: on a shelf */
    uint32_t made;
};
static struct syncpool *pool;
static uint32_t pool_made;
static bool copies; /* the broken one: an item that is put back stays with its user too */

static bool pool_step(void *state, const struct linear_op *op)
{
    struct pool_state *s = state;
    uint32_t bit = UINT32_C(1) << op->result;
    if (op->kind == PUT) {
        if (s->in & bit)
            return false;
        s->in |= bit;
        return true;
    }
    if (s->in & bit) {
        s->in &= ~bit;
        return true;
    }
    if (s->made & bit) /* somebody has it */
        return false;
    s->made |= bit;
    return true;
}

static uint32_t pool_make_item(void *arg)
{
    (void)arg;
    return pool_made++;
}

static void pool_user(void *arg)
{
    (void)arg;
    uint32_t last = 0;
    for (uint32_t i = 0; i < EACH; i++) {
        struct linear_op *op = linear_call(&history, GET, 0, 0);
        uint32_t item = copies && i == 2 ? last : syncpool_get(pool);
        linear_return(&history, op, true, item);
        if (i % 2)
            rt_work(1000000);
        op = linear_call(&history, PUT, 0, 0);
        op->result = item;
        syncpool_put(pool, item);
        linear_return(&history, op, true, item);
        last = item;
    }
    worker_ends();
}

static void pool_program(void *arg)
{
    (void)arg;
    pool_made = 0;
    pool = syncpool_make(&(struct syncpool_config){.name = "pool", .make = pool_make_item});
    many(pool_user);
}

Test(linear, the_pool_is_one)
{
    int overlaps;
    copies = false;
    cr_assert_eq(rejected(pool_program, pool_step, sizeof(struct pool_state), 2, &overlaps), 0);
    cr_assert_gt(overlaps, schedules() / 4);
}

Test(linear, a_pool_that_gives_an_item_to_two_is_rejected)
{
    int overlaps;
    copies = true;
    int bad = rejected(pool_program, pool_step, sizeof(struct pool_state), 2, &overlaps);
    cr_assert_gt(bad, schedules() / 20, "%d", bad);
}
