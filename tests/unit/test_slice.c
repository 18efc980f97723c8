/* SPDX-License-Identifier: MIT */
/* Slices: what Go's rules say of headers and arrays, in both worlds; what the stream shows of it.
 */
#include "both.h"

#include "runtime/slice.h"

static struct slice *a, *b, *c;

static void spell(struct slice *s, char *out)
{
    uint32_t n = slice_len(s);
    for (uint32_t i = 0; i < n; i++)
        out[i] = (char)slice_get(s, i);
    out[n] = '\0';
}

static char one[64], two[64], three[64];

/* ---- append in place, and into a new array -----------------------------------------------------
 */

static bool in_place, moved;
static uint32_t caps[3], arrays[3];

static void m_append(void *arg)
{
    (void)arg;
    a = slice_make("a", 3, 5);
    b = slice_var("b");
    c = slice_var("c");
    for (uint32_t i = 0; i < 3; i++)
        slice_set(a, i, (uint8_t)('x' + i));
    in_place = slice_append(b, a, "12", 2); /* b stands on a's array */
    moved = !slice_append(c, b, "3", 1);
    slice_set(a, 0, 'X'); /* seen by b, not by c */
    spell(a, one);
    spell(b, two);
    spell(c, three);
    caps[0] = slice_cap(a);
    caps[1] = slice_cap(b);
    caps[2] = slice_cap(c);
    arrays[0] = slice_array(a);
    arrays[1] = slice_array(b);
    arrays[2] = slice_array(c);
}

BOTH(slice, append_in_place_shares_the_array_and_a_new_one_does_not)
{
    cr_assert_eq(both_ends(m_append, NULL), END_DONE);
    cr_assert(in_place && moved);
    cr_assert_str_eq(one, "Xyz");
    cr_assert_str_eq(two, "Xyz12");
    cr_assert_str_eq(three, "xyz123");
    cr_assert_eq(caps[0], 5);
    cr_assert_eq(caps[1], 5);
    cr_assert_eq(caps[2], 16, "10 in the next size class");
    cr_assert_eq(arrays[0], arrays[1]);
    cr_assert_neq(arrays[0], arrays[2]);
    /* The stream says the same: two arrays, and which header stands on which. */
    uint32_t stands[8] = {0}, made = 0;
    for (size_t i = 0; i < both_run.n; i++) {
        const struct event *e = &both_run.ev[i];
        made += e->kind == EV_OBJECT && e->op == OBJ_ARRAY;
        if (e->kind == EV_CELL && e->op == CELL_WRITE && e->x >> 8 & CELL_TAGGED && e->obj < 8)
            stands[e->obj] = e->a;
    }
    cr_assert_eq(made, 2);
    cr_assert_eq(stands[slice_id(a)], arrays[0]);
    cr_assert_eq(stands[slice_id(b)], arrays[0]);
    cr_assert_eq(stands[slice_id(c)], arrays[2]);
    both_over();
}

/* Two appends to one prefix: the second overwrites what the first wrote. */
static void m_prefix(void *arg)
{
    (void)arg;
    a = slice_make("a", 1, 4);
    b = slice_var("b");
    c = slice_var("c");
    slice_append(b, a, "1", 1);
    slice_append(c, a, "2", 1);
    spell(b, one);
    slice_cut_max(a, a, 0, 1, 1); /* a[:1:1] has no room: now append moves */
    slice_append(b, a, "1", 1);
    slice_append(c, a, "2", 1);
    spell(b, two);
}

BOTH(slice, two_appends_to_one_prefix_share_its_room_unless_it_is_cut_off)
{
    cr_assert_eq(both_whole(m_prefix, NULL), END_DONE);
    cr_assert_eq(one[1], '2');
    cr_assert_eq(two[1], '1');
}

static void m_cut(void *arg)
{
    (void)arg;
    a = slice_text("a", "hello");
    b = slice_var("b");
    c = slice_var("c");
    slice_cut(b, a, 1, 3);
    caps[0] = slice_cap(b);
    slice_set(b, 0, 'E');
    spell(a, one);
    slice_cut(b, b, 1, 4); /* beyond its length, within its capacity */
    spell(b, two);
    slice_copy(b, a); /* overlaps: as memmove */
    spell(a, three);
    slice_clone(c, a);
    slice_set(c, 0, '-');
    caps[1] = slice_cap(c);
    caps[2] = slice_get(a, 0);
}

BOTH(slice, a_part_sees_its_whole_and_a_clone_does_not)
{
    cr_assert_eq(both_whole(m_cut, NULL), END_DONE);
    cr_assert_eq(caps[0], 4);
    cr_assert_str_eq(one, "hEllo");
    cr_assert_str_eq(two, "llo");
    cr_assert_str_eq(three, "hEhEl");
    cr_assert_eq(caps[1], 8);
    cr_assert_eq(caps[2], 'h');
}

/* The capacities of append([]byte(nil), …) one by one, and of larger ones: Go 1.18 and later. */
Test(slice, capacities_grow_as_gos)
{
    static const uint32_t grown[][3] = {{0, 1, 8},       {8, 9, 16},      {5, 6, 16},
                                        {16, 17, 32},    {32, 33, 64},    {64, 65, 128},
                                        {128, 129, 256}, {256, 257, 512}, {512, 513, 848 + 48},
                                        {0, 33, 48},     {4, 100, 112},   {1024, 1025, 1536}};
    for (size_t i = 0; i < sizeof grown / sizeof *grown; i++)
        cr_assert_eq(slice_grown(grown[i][0], grown[i][1]), grown[i][2], "%u to %u: %u",
                     grown[i][0], grown[i][1], slice_grown(grown[i][0], grown[i][1]));
}

/* ---- out of bounds -----------------------------------------------------------------------------
 */

static void m_bounds(void *arg)
{
    a = slice_make("a", 2, 3);
    switch ((intptr_t)arg) {
    case 0:
        slice_get(a, 2);
        break;
    case 1:
        slice_set(a, 7, 0);
        break;
    case 2:
        slice_cut(a, a, 0, 4);
        break;
    case 3:
        slice_cut(a, a, 2, 1);
        break;
    case 4:
        slice_cut_max(a, a, 0, 3, 2);
        break;
    case 5:
        slice_get(slice_var("nil"), 0);
        break;
    default:
        slice_make("much", 2, 1);
    }
}

BOTH(slice, what_is_out_of_bounds_panics_as_in_go)
{
    static const char *const said[] = {"index out of range [2] with length 2",
                                       "index out of range [7] with length 2",
                                       "slice bounds out of range [:4] with capacity 3",
                                       "slice bounds out of range [2:1]",
                                       "slice bounds out of range [:3:2]",
                                       "index out of range [0] with length 0",
                                       "makeslice: len out of range"};
    for (intptr_t i = 0; i < 7; i++) {
        cr_assert_eq(both_whole(m_bounds, (void *)i), END_PANIC);
        cr_assert_str_eq(both_panic, said[i]);
    }
}

/* ---- the events --------------------------------------------------------------------------------
 */

static void m_events(void *arg)
{
    (void)arg;
    a = slice_make("a", 1, 2);
    slice_set(a, 0, 200);
    slice_get(a, 0);
    slice_retire(a);
}

BOTH(slice, each_place_has_its_accesses)
{
    cr_assert_eq(both_ends(m_events, NULL), END_DONE);
    uint32_t array = 0;
    int at = 0;
    for (size_t i = 0; i < both_run.n; i++) {
        const struct event *e = &both_run.ev[i];
        if (e->kind == EV_OBJECT && e->op == OBJ_ARRAY) {
            array = e->obj;
            cr_assert_str_eq(strtab_get(both_run.names, e->c), "a.array");
            cr_assert_eq(e->v, 2);
        }
        if (e->kind != EV_BYTE || e->op == CELL_FLUSH)
            continue;
        cr_assert_eq(e->obj, array);
        static const uint8_t ops[] = {CELL_WRITE, CELL_READ, CELL_RETIRE};
        cr_assert_lt(at, 3);
        cr_assert_eq(e->op, ops[at]);
        cr_assert_eq(e->a, 0);
        cr_assert_eq(e->b, at == 2 ? 2 : 200);
        at++;
    }
    cr_assert_eq(at, 3);
    both_over();
}
