/* SPDX-License-Identifier: MIT */
/* The fold: what a stream becomes, whole, damaged or hostile. */
#include <criterion/criterion.h>

#include "fold_run.h"

#include "base/str.h"

Test(model, a_task_and_its_time_in_each_state)
{
    struct fold_run f = fold_begin();
    fold_new_task(&f, 0, 1, "main", 0);
    fold_new_task(&f, 1, 2, "worker-1", 1);
    fold_state(&f, 2, 2, TASK_RUNNABLE, WHY_NONE, 0);
    fold_state(&f, 5, 2, TASK_RUNNING, WHY_NONE, 0);
    fold_state(&f, 9, 2, TASK_WAITING, WHY_CHAN_RECV, 3);
    cr_assert_eq(f.m->live_tasks, 2);
    fold_state(&f, 16, 2, TASK_RUNNING, WHY_NONE, 0);
    fold_state(&f, 17, 2, TASK_DONE, WHY_NONE, 0);
    const struct task_model *t = &f.m->tasks[2];
    cr_assert_str_eq(model_task_name(f.m, 2), "worker-1");
    cr_assert_eq(t->parent, 1);
    cr_assert_eq(t->in_state[TASK_NEW], 1 * MS);
    cr_assert_eq(t->in_state[TASK_RUNNABLE], 3 * MS);
    cr_assert_eq(t->in_state[TASK_RUNNING], 5 * MS);
    cr_assert_eq(t->in_state[TASK_WAITING], 7 * MS);
    cr_assert_eq(t->ended_ns, 17 * MS);
    cr_assert_eq(f.m->main_task, 1);
    cr_assert_not(f.m->main_done);
    cr_assert_eq(f.m->live_tasks, 1);
    cr_assert_eq(f.m->peak_tasks, 2);
    cr_assert_eq(f.m->started_tasks, 2);
    cr_assert_eq(f.m->done_tasks, 1);
    fold_state(&f, 18, 1, TASK_DONE, WHY_NONE, 0);
    cr_assert(f.m->main_done);
    fold_free(&f);
}

Test(model, a_state_without_duration_takes_no_stroke)
{
    struct fold_run f = fold_begin();
    fold_new_task(&f, 0, 1, "t", 0);
    for (int i = 1; i <= 100; i++) {
        fold_state(&f, i, 1, TASK_RUNNABLE, WHY_NONE, 0);
        fold_state(&f, i, 1, TASK_RUNNING, WHY_NONE, 0);
    }
    const struct task_model *t = &f.m->tasks[1];
    cr_assert_eq(t->strokes, 101);
    for (uint32_t k = t->strokes - TIMELINE; k < t->strokes; k++) {
        cr_assert_eq(t->stroke[k % TIMELINE].state, TASK_RUNNING);
        cr_assert_eq(t->stroke[k % TIMELINE].from_ns, k * MS);
    }
    fold_free(&f);
}

Test(model, an_end_without_a_beginning)
{
    struct fold_run f = fold_begin();
    fold_state(&f, 4, 7, TASK_DONE, WHY_NONE, 0);
    fold_chan_op(&f, 5, 9, 11, CHAN_RECV, 2, 0, 1);
    fold_request_step(&f, 6, 3, PHASE_DONE, 9, 0, 0);
    cr_assert_str_eq(model_task_name(f.m, 7), "?7");
    cr_assert_str_eq(model_object_name(f.m, 11), "?11");
    cr_assert_eq(f.m->tasks[7].state, TASK_DONE);
    cr_assert_eq(f.m->objects[11].level.now, 2);
    cr_assert_eq(f.m->live_tasks, 0);
    cr_assert_eq(f.m->lanes[0].done, 1);
    cr_assert_eq(f.m->lanes[0].arrived, 1, "the sum closes");
    cr_assert_eq(lane_in_flight(&f.m->lanes[0]), 0);
    cr_assert_eq(f.m->lanes[0].latency.count, 0, "nobody knows how long it took");
    fold_free(&f);
}

static void check_accounting(const struct model *m)
{
    uint64_t flights = 0;
    for (size_t i = 0; i < m->lanes_n; i++) {
        const struct lane_model *l = &m->lanes[i];
        uint64_t ended =
            l->done + l->errors + l->rejected + l->timed_out + l->cancelled + l->dropped;
        cr_assert_eq(l->arrived, ended + lane_in_flight(l));
        cr_assert_eq((uint64_t)l->in_system.now, lane_in_flight(l));
        cr_assert_leq(l->in_service.now, l->in_system.now);
        cr_assert_geq(l->in_service.now, 0);
        flights += lane_in_flight(l);
    }
    cr_assert_eq(flights, m->flights_n);
    size_t there = 0;
    for (size_t i = 0; i < m->flights_cap; i++) {
        const struct flight *x = &m->flights[i];
        there += x->id != 0;
        if (x->id)
            cr_assert_eq(model_request(m, x->lane, x->id), x, "each can be found");
    }
    cr_assert_eq(there, m->flights_n);
}

Test(model, the_accounting_closes_at_every_instant)
{
    struct fold_run f = fold_begin();
    uint64_t x = 11;
    int64_t t = 0;
    for (int i = 0; i < 20000; i++) {
        struct event e = fold_any_event(&x, &t);
        e.kind = EV_REQUEST;
        e.v = (int64_t)(fold_random(&x) % 300);
        model_apply(f.m, &e);
        if (i % 16 == 0)
            check_accounting(f.m);
    }
    check_accounting(f.m);
    cr_assert_gt(f.m->flights_n, 20);
    cr_assert_gt(f.m->lanes[0].done, 20);
    fold_free(&f);
}

Test(model, what_a_request_adds_to_figures)
{
    struct fold_run f = fold_begin();
    fold_new_task(&f, 0, 1, "worker", 0);
    fold_new_object(&f, 0, 1, OBJ_POOL, "workers", 2);
    fold_request_step(&f, 10, 1, PHASE_ARRIVE, 0, 0, 3);
    fold_request_step(&f, 10, 2, PHASE_ARRIVE, 0, 0, 0);
    fold_request_step(&f, 30, 1, PHASE_START, 1, 1, 3);
    cr_assert_eq(f.m->tasks[1].item, 1);
    cr_assert_eq(f.m->objects[1].level.now, 1, "one of the pool is busy");
    fold_request_step(&f, 80, 1, PHASE_DONE, 1, 1, 3);
    cr_assert_eq(f.m->tasks[1].item, 0);
    cr_assert_eq(f.m->tasks[1].busy_ns, 50 * MS);
    cr_assert_eq(f.m->objects[1].level.now, 0);
    fold_request_step(&f, 90, 2, PHASE_REJECT, 0, 0, 0);
    const struct lane_model *l = &f.m->lanes[0];
    cr_assert_eq(l->wait.max, 20 * MS);
    cr_assert_eq(l->service.max, 50 * MS);
    cr_assert_eq(l->latency.max, 70 * MS);
    cr_assert_eq(l->latency.count, 1, "a refusal has no latency");
    cr_assert_eq(f.m->classes[3].wait.max, 20 * MS);
    cr_assert_eq(f.m->classes[0].wait.count, 0);
    /* 2 from 10 to 80, 1 to 90, over 100 ms */
    cr_assert_float_eq(level_mean(&l->in_system, 0, 100 * MS), 1.5, 1e-9);
    cr_assert_float_eq(level_mean(&l->in_service, 0, 100 * MS), 0.5, 1e-9);
    fold_free(&f);
}

Test(model, a_hung_worker_stays_busy_when_its_request_is_given_up)
{
    struct fold_run f = fold_begin();
    fold_new_task(&f, 0, 1, "worker", 0);
    fold_new_task(&f, 0, 2, "watch", 0);
    fold_new_object(&f, 0, 1, OBJ_POOL, "workers", 1);
    fold_request_step(&f, 0, 1, PHASE_ARRIVE, 0, 0, 0);
    fold_request_step(&f, 0, 1, PHASE_START, 1, 1, 0);
    fold_request_step(&f, 5, 1, PHASE_TIMEOUT, 2, 1, 0);
    cr_assert_eq(f.m->tasks[1].item, 1);
    cr_assert_eq(f.m->objects[1].level.now, 1);
    cr_assert_eq(f.m->lanes[0].in_service.now, 0, "for its caller it is over");
    fold_request_step(&f, 9, 1, PHASE_LATE, 1, 1, 0);
    cr_assert_eq(f.m->tasks[1].item, 0);
    cr_assert_eq(f.m->objects[1].level.now, 0);
    cr_assert_eq(f.m->lanes[0].late, 1);
    check_accounting(f.m);
    fold_free(&f);
}

Test(model, a_channel)
{
    struct fold_run f = fold_begin();
    fold_new_object(&f, 0, 1, OBJ_CHAN, "jobs", 4);
    for (uint32_t i = 1; i <= 4; i++)
        fold_chan_op(&f, i, 1, 1, CHAN_SEND, i, 0, 0);
    fold_state(&f, 6, 1, TASK_WAITING, WHY_CHAN_SEND, 1);
    const struct object_model *o = &f.m->objects[1];
    cr_assert_eq(o->senders, 1, "at once, not with the next operation");
    cr_assert_eq(o->senders_since, 6 * MS);
    fold_chan_op(&f, 8, 2, 1, CHAN_RECV, 3, 1, 0);
    fold_chan_op(&f, 8, 1, 1, CHAN_SEND, 4, 0, 0);
    cr_assert_eq(o->senders, 0);
    fold_chan_op(&f, 10, 1, 1, CHAN_CLOSE, 4, 0, 0);
    cr_assert(o->closed);
    cr_assert_eq(o->closed_ns, 10 * MS);
    cr_assert_eq(o->closed_by, 1);
    cr_assert_eq(o->ops[CHAN_SEND], 5);
    cr_assert_eq(o->level.max, 4);
    /* 1, 2, 3 for a millisecond each, then 4 to the end */
    cr_assert_float_eq(level_mean(&o->level, 0, 10 * MS), (1 + 2 + 3 + 4 * 6) / 10.0, 1e-9);
    fold_free(&f);
}

Test(model, group_lock_context_timer)
{
    struct fold_run f = fold_begin();
    fold_new_task(&f, 0, 5, "a", 0);
    fold_event(&f, (struct event){.kind = EV_GROUP, .op = GROUP_ADD, .task = 5, .obj = 1, .a = 3});
    fold_event(&f, (struct event){.kind = EV_GROUP, .op = GROUP_WAIT, .obj = 1, .a = 3, .b = 2});
    cr_assert_eq(f.m->objects[1].level.now, 3);
    cr_assert_eq(f.m->objects[1].waiters, 2);
    fold_event(&f, (struct event){.kind = EV_GROUP, .op = GROUP_DONE, .obj = 1, .a = (uint32_t)-1});
    cr_assert_eq(f.m->objects[1].level.now, -1, "the counter has a sign");
    fold_event(&f, (struct event){.kind = EV_LOCK, .op = LOCK_LOCK, .task = 5, .obj = 2});
    cr_assert_eq(f.m->objects[2].owner, 5);
    fold_event(&f, (struct event){.kind = EV_LOCK, .op = LOCK_UNLOCK, .task = 5, .obj = 2});
    cr_assert_eq(f.m->objects[2].owner, 0);
    fold_event(&f, (struct event){.kind = EV_CTX, .op = CTX_NEW, .obj = 3, .c = 4, .v = 77});
    cr_assert_eq(f.m->objects[3].deadline_ns, 77);
    fold_event(&f, (struct event){.t_ns = 5,
                                  .kind = EV_CTX,
                                  .op = CTX_CANCEL,
                                  .obj = 3,
                                  .c = 4,
                                  .task = fold_name(&f, "deadline exceeded")});
    cr_assert(f.m->objects[3].cancelled);
    cr_assert_eq(f.m->objects[3].parent, 4);
    cr_assert_str_eq(strtab_get(f.names, f.m->objects[3].cause), "deadline exceeded");
    fold_event(&f, (struct event){.kind = EV_TIMER, .op = TIMER_SET, .obj = 6, .v = 900});
    cr_assert_eq(f.m->objects[6].deadline_ns, 900);
    fold_free(&f);
}

Test(model, calls_in_flight_are_tasks_that_wait_for_them)
{
    struct fold_run f = fold_begin();
    fold_new_object(&f, 0, 1, OBJ_DEPENDENCY, "db", 0);
    fold_state(&f, 1, 1, TASK_WAITING, WHY_IO, 1);
    fold_state(&f, 2, 2, TASK_WAITING, WHY_IO, 1);
    cr_assert_eq(f.m->objects[1].level.now, 2);
    fold_state(&f, 3, 1, TASK_RUNNABLE, WHY_NONE, 0);
    fold_state(&f, 3, 1, TASK_RUNNING, WHY_NONE, 0);
    cr_assert_eq(f.m->objects[1].level.now, 1);
    fold_free(&f);
}

Test(model, edges_are_kept_once)
{
    struct fold_run f = fold_begin();
    for (uint32_t i = 1; i <= 1000; i++) {
        fold_edge_of(&f, 1, i, 1, ROLE_SENDS, false);
        fold_edge_of(&f, 1, i, 1, ROLE_CLOSES, false);
        fold_edge_of(&f, 2, i, 1, ROLE_SENDS, i % 2);
    }
    cr_assert_eq(f.m->edges_n, 2000);
    for (uint32_t i = 1; i <= 1000; i++) {
        cr_assert_eq(model_edge(f.m, i, 1, ROLE_SENDS)->gone, i % 2);
        cr_assert_not(model_edge(f.m, i, 1, ROLE_CLOSES)->gone);
    }
    cr_assert_null(model_edge(f.m, 1, 1, ROLE_RECEIVES));
    fold_free(&f);
}

Test(model, a_history_covers_the_whole_life_and_keeps_peaks)
{
    struct fold_run f = fold_begin();
    fold_new_object(&f, 0, 1, OBJ_CHAN, "c", 100);
    const struct history *h = &f.m->objects[1].history;
    fold_chan_op(&f, 1000, 1, 1, CHAN_SEND, 90, 0, 0);
    fold_chan_op(&f, 1001, 1, 1, CHAN_RECV, 2, 0, 0);
    for (int i = 0; i < 500; i++) {
        fold_chan_op(&f, 1100 + i * 100, 1, 1, CHAN_SEND, 1 + (uint32_t)i % 2, 0, 0);
        cr_assert_leq(h->n, HISTORY);
    }
    model_advance(f.m, 60000 * MS);
    cr_assert_geq(h->n, HISTORY / 2);
    cr_assert_gt(h->next_ns, 60000 * MS);
    cr_assert_leq(h->next_ns - h->step_ns, 60000 * MS);
    cr_assert_eq((int64_t)h->n * h->step_ns, h->next_ns - h->step_ns, "from 0 to now, no gap");
    float peak = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < h->n; i++)
        if (h->sample[i] > peak) {
            peak = h->sample[i];
            at = i;
        }
    cr_assert_eq(peak, 90, "a peak of a millisecond is seen in a minute");
    cr_assert_eq(at, 1000 * MS / h->step_ns);
    fold_free(&f);
}

Test(model, passing_time_in_parts_is_the_same_as_at_once)
{
    struct fold_run a = fold_begin(), b = fold_begin();
    uint64_t x = 5, y = 5;
    int64_t t = 0, u = 0;
    for (int i = 0; i < 3000; i++) {
        struct event e = fold_any_event(&x, &t), same = fold_any_event(&y, &u);
        if (e.kind == EV_LOST || e.t_ns != t)
            continue;
        model_advance(b.m, e.t_ns - 1);
        model_apply(a.m, &e);
        model_apply(b.m, &same);
    }
    model_advance(a.m, t + 5000 * MS);
    model_advance(b.m, t + 5000 * MS);
    cr_assert_gt(a.m->objects_n, 20);
    for (size_t i = 1; i < a.m->objects_n; i++) {
        const struct history *h = &a.m->objects[i].history, *g = &b.m->objects[i].history;
        cr_assert_eq(h->n, g->n);
        cr_assert_eq(memcmp(h->sample, g->sample, h->n * sizeof h->sample[0]), 0);
    }
    fold_free(&a);
    fold_free(&b);
}

Test(model, rates_are_of_the_last_second)
{
    struct fold_run f = fold_begin();
    fold_new_object(&f, 0, 1, OBJ_CHAN, "c", 0);
    for (int i = 0; i < 100; i++)
        fold_chan_op(&f, i * 50, 1, 1, CHAN_SEND, 0, 0, 0);
    cr_assert_float_eq((double)f.m->objects[1].rate, 20, 0.5);
    model_advance(f.m, 7000 * MS);
    model_advance(f.m, 9000 * MS);
    cr_assert_eq(f.m->objects[1].rate, 0, "nothing for two seconds");
    for (int i = 0; i < 400; i++)
        fold_request_step(&f, 9000 + i * 100, (uint64_t)i + 1, PHASE_ARRIVE, 0, 0, 0);
    const struct history *h = &f.m->in_rate;
    for (uint32_t i = 1; i < h->n; i++)
        cr_assert_float_eq((double)h->sample[i], 10, 0.01);
    cr_assert_gt(h->n, 60);
    fold_free(&f);
}

/* Arrays that are zeroed when made and never assigned as a whole have no bytes but their fields'.
 */
static bool same_bytes(const void *a, const void *b, size_t n)
{
    return n == 0 || memcmp(a, b, n) == 0;
}

static void assert_same(const struct model *a, const struct model *b)
{
    cr_assert_eq(a->tasks_n, b->tasks_n);
    cr_assert_eq(a->objects_n, b->objects_n);
    cr_assert_eq(a->edges_n, b->edges_n);
    cr_assert_eq(a->flights_n, b->flights_n);
    cr_assert_eq(a->seq, b->seq);
    cr_assert_eq(a->log_n, b->log_n);
    cr_assert_eq(a->params_n, b->params_n);
    cr_assert(same_bytes(a->tasks, b->tasks, a->tasks_n * sizeof *a->tasks));
    cr_assert(same_bytes(a->objects, b->objects, a->objects_n * sizeof *a->objects));
    cr_assert(same_bytes(a->lanes, b->lanes, MODEL_LANES * sizeof *a->lanes));
    cr_assert(same_bytes(a->classes, b->classes, sizeof a->classes));
    for (size_t i = 0; i < a->edges_n; i++) {
        const struct edge_model *x = &a->edges[i];
        const struct edge_model *y = model_edge(b, x->from_task, x->to_obj, x->role);
        cr_assert(x->from_obj || (y && y->gone == x->gone));
    }
    for (size_t i = 0; i < a->flights_cap; i++) {
        const struct flight *x = &a->flights[i], *y = model_request(b, x->lane, x->id);
        cr_assert(!x->id || (y && y->arrive_ns == x->arrive_ns && y->start_ns == x->start_ns &&
                             y->task == x->task && y->phase == x->phase));
    }
    for (size_t i = 0; i < a->params_n; i++)
        cr_assert(a->params[i].name == b->params[i].name &&
                  a->params[i].value == b->params[i].value);
    for (uint64_t i = 0; i < a->log_n && i < MODEL_LOG; i++)
        cr_assert(a->log[i].seq == b->log[i].seq &&
                  same_bytes(&a->log[i].ev, &b->log[i].ev, sizeof a->log[i].ev));
}

Test(model, a_keyframe_and_the_rest_is_the_whole)
{
    struct fold_run f = fold_begin();
    uint64_t x = 3;
    int64_t t = 0;
    enum { N = 20000, AT = 7000 };
    struct event *ev = xcalloc(N, sizeof *ev);
    for (int i = 0; i < N; i++)
        ev[i] = fold_any_event(&x, &t);
    model_apply_all(f.m, ev, AT);
    struct model *keyframe = model_clone(f.m);
    assert_same(f.m, keyframe);
    model_apply_all(f.m, ev + AT, N - AT);
    struct model *again = model_clone(keyframe);
    for (int i = AT; i < N; i++)
        model_apply(again, &ev[i]);
    assert_same(f.m, again);
    cr_assert_gt(f.m->objects_n, 20);
    model_free(keyframe);
    model_free(again);
    free(ev);
    fold_free(&f);
}

Test(model, a_hostile_stream_neither_breaks_it_nor_fills_memory)
{
    struct fold_run f = fold_begin();
    uint64_t x = 77;
    int64_t t = 0;
    for (int i = 0; i < 200000; i++) {
        struct event e = fold_any_event(&x, &t);
        if (i % 2) /* and half of them wholly at random */
            for (size_t k = 0; k < sizeof e / 8; k++) {
                uint64_t r = fold_random(&x);
                memcpy((char *)&e + k * 8, &r, 8);
            }
        model_apply(f.m, &e);
        cr_assert_leq(f.m->now_ns, MODEL_TIME_MAX);
    }
    cr_assert_gt(f.m->ignored, 1000);
    cr_assert_lt(model_bytes(f.m), 64u << 20);
    check_accounting(f.m);
    struct model *c = model_clone(f.m);
    model_free(c);
    fold_free(&f);
}

Test(model, ids_without_bounds_are_counted_not_kept)
{
    struct fold_run f = fold_begin();
    uint32_t ids[] = {UINT32_MAX, 1u << 31, MODEL_IDS, MODEL_IDS - 1, 1u << 20};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        fold_state(&f, 1, ids[i], TASK_WAITING, WHY_CHAN_RECV, ids[i]);
        fold_chan_op(&f, 1, ids[i], ids[i], CHAN_SEND, 1, 0, 0);
        fold_edge_of(&f, 1, ids[i], ids[i], ROLE_SENDS, false);
    }
    cr_assert_lt(model_bytes(f.m), 1u << 20);
    cr_assert_geq(f.m->ignored, 3 * ARRAY_LEN(ids));
    fold_new_task(&f, 2, 1, "main", 0);
    cr_assert_eq(f.m->live_tasks, 1);
    fold_free(&f);
}

Test(model, time_never_goes_backwards)
{
    struct fold_run f = fold_begin();
    fold_state(&f, 10, 1, TASK_RUNNING, WHY_NONE, 0);
    fold_state(&f, 4, 1, TASK_WAITING, WHY_NONE, 0);
    fold_event(&f, (struct event){.t_ns = INT64_MIN, .kind = EV_TASK, .op = TASK_DONE, .task = 1});
    cr_assert_eq(f.m->now_ns, 10 * MS);
    cr_assert_eq(f.m->tasks[1].in_state[TASK_RUNNING], 0);
    fold_event(&f, (struct event){.t_ns = INT64_MAX, .kind = EV_CHAN, .obj = 1, .a = 5});
    fold_event(&f, (struct event){.t_ns = INT64_MAX, .kind = EV_CHAN, .obj = 1, .a = 5});
    cr_assert_eq(f.m->now_ns, MODEL_TIME_MAX);
    fold_free(&f);
}

Test(model, params_and_log)
{
    struct fold_run f = fold_begin();
    uint32_t name = fold_name(&f, "worker_pool.workers");
    fold_event(&f, (struct event){.kind = EV_PARAM, .c = name, .a = fold_name(&f, "4")});
    fold_event(&f,
               (struct event){.kind = EV_PARAM, .op = BY_KEY, .c = name, .a = fold_name(&f, "5")});
    cr_assert_eq(f.m->params_n, 1);
    cr_assert_str_eq(strtab_get(f.names, f.m->params[0].value), "5");
    cr_assert_eq(f.m->params[0].by, BY_KEY);
    cr_assert_eq(f.m->log_n, 1, "what the file says is no news");
    fold_request_step(&f, 10, 1, PHASE_ARRIVE, 0, 0, 0);
    fold_request_step(&f, 106, 1, PHASE_DONE, 0, 0, 0);
    struct str s = {0};
    model_log_sentence(f.m, &f.m->log[(f.m->log_n - 1) % MODEL_LOG], &s);
    cr_assert_str_eq(s.data, "request 1 is done after 96.0ms");
    str_free(&s);
    for (int i = 0; i < 3 * MODEL_LOG; i++)
        fold_simple(&f, 200 + i, EV_MARK, 0);
    cr_assert_eq(f.m->log[(f.m->log_n - 1) % MODEL_LOG].ev.t_ns, (200 + 3 * MODEL_LOG - 1) * MS);
    fold_free(&f);
}
