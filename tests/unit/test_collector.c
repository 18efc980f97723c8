/* SPDX-License-Identifier: MIT */
/* The collector, as far as one thread can see it: what a ring keeps, what it loses and says so,
 * the order of two rings, and that it never runs ahead of a stamp already taken. Many threads at
 * once: tests/stress/collector.c. */
#include <criterion/criterion.h>

#include "event/collector.h"

enum { RING = 1024, KEPT = 8192 };

static struct event kept[KEPT];
static size_t kept_n;
static int kicked;

static void take(void *arg, struct event *ev, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n && kept_n < KEPT; i++)
        kept[kept_n++] = ev[i];
}

static void kick(void *arg)
{
    (void)arg;
    kicked++;
}

static struct collector *make(void)
{
    kept_n = 0;
    kicked = 0;
    return collector_create(RING, kick, NULL);
}

static void say(int64_t n)
{
    emit(NULL, EV_SOURCE, 0, 0, 1, 0, 0, n);
}

Test(collector, gives_what_was_emitted_in_order)
{
    struct collector *c = make();
    collector_enter(c);
    for (int i = 0; i < 700; i++)
        say(i);
    int64_t upto = collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 700);
    for (int i = 0; i < 700; i++) {
        cr_assert_eq(kept[i].v, i);
        cr_assert_eq(kept[i].kind, EV_SOURCE);
        cr_assert(i == 0 || kept[i].t_ns > kept[i - 1].t_ns, "no two stamps of a thread are alike");
    }
    cr_assert_geq(upto, kept[699].t_ns);
    cr_assert_eq(collector_lost(c), 0);
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 700, "nothing twice");
    collector_leave(c);
    collector_destroy(c);
}

Test(collector, a_full_ring_drops_and_counts)
{
    struct collector *c = make();
    collector_enter(c);
    for (int i = 0; i < RING + 77; i++)
        say(i);
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, RING + 1, "%zu", kept_n);
    for (int i = 0; i < RING; i++)
        cr_assert_eq(kept[i].v, i, "what was there first stays");
    cr_assert_eq(kept[RING].kind, EV_LOST);
    cr_assert_eq(kept[RING].v, 77);
    cr_assert_eq(collector_lost(c), 77);
    cr_assert_gt(kicked, 0, "a ring that fills up asks for a drain");

    /* There is room again, and what is told once is not told twice. */
    kept_n = 0;
    for (int i = 0; i < 10; i++)
        say(i);
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 10);
    cr_assert_eq(collector_lost(c), 77);
    collector_leave(c);
    collector_destroy(c);
}

Test(collector, goes_round_and_round)
{
    struct collector *c = make();
    int64_t next = 0;
    collector_enter(c);
    for (int round = 0; round < 50; round++) {
        kept_n = 0;
        int n = 1 + round * 37 % RING;
        for (int i = 0; i < n; i++)
            say(next + i);
        collector_drain(c, true, take, NULL);
        cr_assert_eq(kept_n, (size_t)n, "round %d", round);
        for (int i = 0; i < n; i++)
            cr_assert_eq(kept[i].v, next++);
    }
    cr_assert_eq(collector_lost(c), 0);
    collector_leave(c);
    collector_destroy(c);
}

/* Two threads in one: what enter() sets may be swapped. */
Test(collector, merges_by_stamp_and_a_guards_stamp_comes_after)
{
    struct collector *c = make();
    struct emitter *one, *two;
    int64_t object = 0;
    collector_enter(c);
    one = emitter;
    collector_enter(c);
    two = emitter;
    cr_assert_neq(one, two);
    for (int i = 0; i < 200; i++) {
        emitter = i % 3 ? one : two;
        emit(i % 2 ? &object : NULL, EV_CHAN, 0, 0, i % 3 ? 1 : 2, 1, 0, i);
        if (i % 50 == 0)
            object += 1000; /* the object was last touched by a processor whose clock is ahead */
    }
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 200);
    int64_t last[3] = {-1, -1, -1}, last_of_object = -1;
    for (size_t i = 0; i < kept_n; i++) {
        cr_assert(i == 0 || kept[i].t_ns >= kept[i - 1].t_ns);
        cr_assert_gt(kept[i].v, last[kept[i].task], "a thread's own order");
        last[kept[i].task] = kept[i].v;
        if (kept[i].v % 2) {
            cr_assert_gt(kept[i].v, last_of_object, "an object's own order");
            last_of_object = kept[i].v;
        }
    }
    emitter = one;
    collector_leave(c);
    emitter = two;
    collector_leave(c);
    collector_destroy(c);
}

/* A thread that has begun an event and was interrupted before it published it. */
Test(collector, waits_for_a_stamp_that_is_taken)
{
    struct collector *c = make();
    collector_enter(c);
    struct emitter *slow = emitter;
    say(1);
    int64_t slow_last = slow->last;
    atomic_fetch_add(&slow->begun, 1);
    collector_enter(c);
    struct emitter *quick = emitter;
    say(2);
    int64_t much_later = emit_raw_clock() + (int64_t)(5e6 / emit_tick_ns());
    while (emit_raw_clock() < much_later) {
    }
    int64_t upto = collector_drain(c, false, take, NULL);
    cr_assert_eq(upto, slow_last, "not above the slow one's last");
    cr_assert_eq(kept_n, 1);
    cr_assert_eq(kept[0].v, 1);
    /* It goes on. */
    atomic_fetch_sub(&slow->begun, 1);
    emitter = slow;
    slow->last = slow_last; /* its stamp was early */
    say(3);
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 3);
    collector_leave(c);
    emitter = quick;
    collector_leave(c);
    collector_destroy(c);
}

Test(collector, rings_of_threads_that_left_are_used_again)
{
    struct collector *c = make();
    struct emitter *first = NULL;
    for (int i = 0; i < 100; i++) {
        collector_enter(c);
        first = first ? first : emitter;
        cr_assert_eq(emitter, first, "a ring that is read out and left is free");
        say(i);
        collector_leave(c);
        cr_assert_null(emitter);
        say(-1); /* without a ring: nothing, and no crash */
        collector_drain(c, true, take, NULL);
    }
    cr_assert_eq(kept_n, 100);
    collector_enter(c);
    say(100);
    collector_leave(c);
    collector_enter(c);
    cr_assert_neq(emitter, first, "but not before it is read out");
    collector_leave(c);
    collector_drain(c, true, take, NULL);
    cr_assert_eq(kept_n, 101);
    collector_destroy(c);
}

Test(emit, two_numbers_make_one_slot)
{
    struct event e = {.v = emit_ab(0x12345678, 0xfedcba98)};
    cr_assert_eq(e.a, 0x12345678);
    cr_assert_eq(e.b, 0xfedcba98);
}
