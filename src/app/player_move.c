/* SPDX-License-Identifier: MIT */
/* Moving over the tape: folding, stepping, seeking.
 *
 * Forward is the fold itself. Back is the nearest keyframe and the fold from there, so that after
 * any walk the model is the one that a fold from the start gives: there is no second way. */
#include <stdlib.h>

#include "app/fold.h"
#include "app/player_inside.h"
#include "base/mem.h"

enum { CHUNK = 256, KEEP_AHEAD_SIM = 1 << 16, KEEP_AHEAD_LIVE = 1 << 20 };
static const int64_t STEP_NS = 10000000;
static const int64_t STEP_WALL_NS = 100000000; /* so long may a step hold up the screen */

/* Stepping and seeking run no cues of the screen: the user is at the wheel. */
static void cues_passed(struct player *p)
{
    p->cue_ns = p->now_ns;
    p->cue_at = 0;
}

static void note_command(struct player *p, uint64_t n, const struct event *e)
{
    if (p->tweaks_n && p->tweaks[p->tweaks_n - 1].n >= n)
        return; /* seen at an earlier pass */
    grow(&p->tweaks, &p->tweaks_cap, p->tweaks_n + 1, sizeof *p->tweaks);
    p->tweaks[p->tweaks_n++] = (struct player_tweak){
        .n = n, .t_ns = e->t_ns, .step = (uint64_t)e->v, .by = (enum by)e->op, .text = e->c};
}

void player_tape(struct player *p, const struct event *ev, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == EV_COMMAND)
            note_command(p, reel_count(p->reel) + i, &ev[i]);
    reel_add(p->reel, ev, n);
}

/* The tape has forgotten what comes next: told as a loss, which the screen shows. */
static void skip_forgotten(struct player *p)
{
    uint64_t first = reel_first(p->reel);
    struct event lost = {.kind = EV_LOST, .t_ns = p->now_ns, .v = (int64_t)(first - p->n)};
    detect_apply(p->detect, p->model, &lost);
    p->n = first;
}

bool player_fold(struct player *p, uint64_t until, int64_t t_ns, int64_t deadline)
{
    struct event ev[CHUNK];
    size_t got;
    if (p->n < reel_first(p->reel))
        skip_forgotten(p);
    while (p->n < until) {
        size_t want = until - p->n < CHUNK ? (size_t)(until - p->n) : CHUNK;
        if (!(got = reel_read(p->reel, p->n, ev, want)))
            break;
        for (size_t i = 0; i < got; i++) {
            if (ev[i].t_ns > t_ns)
                return true;
            keyframes_offer(&p->keys, p->n, p->model, p->detect);
            detect_apply(p->detect, p->model, &ev[i]);
            if (ev[i].kind == EV_COMMAND) {
                note_command(p, p->n, &ev[i]);
                if (p->awaited && ev[i].op != BY_CUE)
                    p->awaited--;
            }
            p->n++;
            if (p->n > p->shown_most)
                p->shown_most = p->n;
            if (ev[i].t_ns > p->now_ns)
                p->now_ns = ev[i].t_ns;
        }
        if (deadline && wall_now() >= deadline && p->n < until)
            return false;
    }
    return true;
}

void player_advance(struct player *p, int64_t t_ns)
{
    if (t_ns > p->now_ns && !p->model->ended)
        p->now_ns = t_ns;
    model_advance(p->model, p->now_ns);
}

bool player_goto(struct player *p, uint64_t n, int64_t t_ns, int64_t deadline)
{
    const struct keyframe *f = NULL;
    bool back = n < p->n || t_ns < p->now_ns;
    f = keyframes_find(&p->keys, reel_first(p->reel), n, t_ns);
    if (!f && back)
        return false;
    if (back || (f && f->n > p->n)) {
        model_free(p->model);
        detect_free(p->detect);
        p->model = model_clone(f->model);
        p->detect = detect_clone(f->detect);
        p->n = f->n;
        p->now_ns = p->model->now_ns;
    }
    bool there = player_fold(p, n, INT64_MAX, deadline);
    player_advance(p, there ? t_ns : p->now_ns);
    return true;
}

void player_engine_pause(struct player *p)
{
    if (p->engine)
        engine_pause(p->engine, p->paused || p->behind);
}

void player_front(struct player *p)
{
    if (!p->behind)
        return;
    p->behind = false;
    player_engine_pause(p);
}

void player_take(struct player *p, int64_t deadline)
{
    if (!p->engine)
        return;
    struct event ev[1024];
    size_t got = 1;
    /* Read first: what comes while we take is not promised to be taken. */
    int64_t horizon = engine_horizon(p->engine);
    uint64_t ahead = p->config.world == WORLD_SIM ? KEEP_AHEAD_SIM : KEEP_AHEAD_LIVE;
    /* An engine that is faster than the fold finds its queue full. A sim waits then; in live events
     * are lost, counted, and shown as lost. */
    while ((p->behind || reel_count(p->reel) - p->n <= ahead) &&
           (got = engine_take(p->engine, ev, ARRAY_LEN(ev)))) {
        player_tape(p, ev, got);
        if (deadline && wall_now() >= deadline)
            break;
    }
    /* Not all was taken: what is on the tape is to be shown, or nothing would ever move on. */
    int64_t until = got ? reel_last_ns(p->reel) : horizon;
    if (until > p->taken_ns)
        p->taken_ns = until;
    if (reel_first(p->reel) > (p->keys.count ? p->keys.at[0].n : 0))
        keyframes_drop(&p->keys, reel_first(p->reel));
}

/* At the newest: makes the engine go on, by an event or up to until_ns, while there is wall time.
 */
static void engine_on(struct player *p, int64_t until_ns, int64_t deadline)
{
    if (p->engine && !engine_ended(p->engine) && p->config.world == WORLD_SIM) {
        engine_advance(p->engine, until_ns);
    } else if (p->engine && !engine_ended(p->engine)) {
        /* Live cannot be made to take one step: its gates open until something has happened. */
        uint64_t before = reel_count(p->reel);
        engine_pause(p->engine, false);
        do
            player_take(p, 0);
        while (
            wall_now() < deadline && !engine_ended(p->engine) &&
            (until_ns < 0 ? reel_count(p->reel) == before : engine_horizon(p->engine) < until_ns));
        engine_pause(p->engine, true);
    }
    player_take(p, 0);
}

static bool is_switch(const struct event *e)
{
    return e->kind == EV_TASK && e->op == TASK_RUNNING;
}

/* One event forward; false: there is none, or none within the time. */
static bool forward_event(struct player *p, struct event *ev, int64_t deadline)
{
    do {
        if (p->n < reel_count(p->reel))
            return reel_read(p->reel, p->n, ev, 1) && player_fold(p, p->n + 1, INT64_MAX, 0);
        if (p->model->ended || !p->engine)
            return false;
        engine_on(p, -1, deadline);
    } while (p->n < reel_count(p->reel) || wall_now() < deadline);
    return false;
}

static bool forward_switch(struct player *p, int64_t deadline)
{
    struct event ev;
    bool moved = false;
    while (forward_event(p, &ev, deadline)) {
        moved = true;
        if (is_switch(&ev) || wall_now() > deadline)
            break;
    }
    return moved;
}

static bool forward_10ms(struct player *p, int64_t deadline)
{
    int64_t target = p->now_ns + STEP_NS;
    if (p->model->ended)
        return false;
    if (!p->engine && target > reel_last_ns(p->reel))
        target = reel_last_ns(p->reel);
    while (p->engine && p->taken_ns < target && !engine_ended(p->engine)) {
        engine_on(p, target, deadline);
        if (wall_now() >= deadline)
            break;
    }
    player_take(p, 0);
    if (p->engine && target > p->taken_ns)
        target = p->taken_ns;
    bool moved = target > p->now_ns;
    player_fold(p, reel_count(p->reel), target, 0);
    player_advance(p, target);
    return moved;
}

static bool forward(struct player *p, enum step_kind kind)
{
    struct event ev;
    int64_t deadline = wall_now() + STEP_WALL_NS;
    return kind == STEP_EVENT    ? forward_event(p, &ev, deadline)
           : kind == STEP_SWITCH ? forward_switch(p, deadline)
                                 : forward_10ms(p, deadline);
}

/* Goes back to where n events have been, at the time of the last. */
static bool back_to(struct player *p, uint64_t n)
{
    struct event last;
    if (n < reel_first(p->reel))
        return false;
    int64_t t = n && reel_read(p->reel, n - 1, &last, 1) ? last.t_ns : 0;
    return player_goto(p, n, t, 0);
}

static bool back(struct player *p, enum step_kind kind)
{
    if (kind == STEP_10MS) {
        int64_t t = p->now_ns > STEP_NS ? p->now_ns - STEP_NS : 0;
        return p->now_ns > 0 && player_goto(p, reel_until(p->reel, t), t, 0);
    }
    if (p->n == 0)
        return false;
    uint64_t n = p->n - 1;
    struct event ev;
    while (kind == STEP_SWITCH && n > reel_first(p->reel) && reel_read(p->reel, n - 1, &ev, 1) &&
           !is_switch(&ev))
        n--;
    return back_to(p, n);
}

bool player_step(struct player *p, enum step_kind kind, int dir)
{
    player_pause(p, true);
    player_take(p, 0);
    bool moved = dir > 0 ? forward(p, kind) : back(p, kind);
    if (dir < 0 && moved)
        p->behind = true;
    if (p->n == reel_count(p->reel) && dir > 0)
        player_front(p);
    player_advance(p, p->now_ns);
    cues_passed(p);
    return moved;
}

/* ---- other instants than the one shown ---------------------------------------------------------
 */

bool player_shown(struct player *p, struct event *out, uint64_t *n)
{
    *n = p->n;
    return p->n && player_event(p, p->n - 1, out);
}

bool player_mark(struct player *p, int dir, int64_t *t_ns)
{
    struct event ev[CHUNK];
    size_t got = 0;
    bool found = false;
    uint64_t first = reel_first(p->reel), n = dir > 0 && p->n > first ? p->n : first;
    for (; n < reel_count(p->reel) && (got = reel_read(p->reel, n, ev, CHUNK)); n += got)
        for (size_t i = 0; i < got; i++) {
            bool there = dir > 0 ? ev[i].t_ns > p->now_ns : ev[i].t_ns < p->now_ns;
            if (dir < 0 && !there)
                return found;
            if (!there || ev[i].kind != EV_MARK || ev[i].op == BY_ENGINE)
                continue;
            *t_ns = ev[i].t_ns;
            found = true;
            if (dir > 0)
                return true;
        }
    return found;
}

bool player_event(struct player *p, uint64_t n, struct event *out)
{
    return reel_read(p->reel, n, out, 1) == 1;
}

struct model *player_model_at(struct player *p, uint64_t n)
{
    const struct keyframe *f = keyframes_find(&p->keys, reel_first(p->reel), n, INT64_MAX);
    if (!f || n > reel_count(p->reel))
        return NULL;
    struct model *m = model_clone(f->model);
    struct detect *d = detect_clone(f->detect);
    struct event ev[CHUNK];
    size_t got;
    for (uint64_t at = f->n; at < n; at += got) {
        size_t want = n - at < CHUNK ? (size_t)(n - at) : CHUNK;
        if (!(got = reel_read(p->reel, at, ev, want)))
            break;
        for (size_t i = 0; i < got; i++)
            detect_apply(d, m, &ev[i]);
    }
    detect_free(d);
    return m;
}

bool player_each(struct player *p,
                 void (*see)(void *arg, const struct model *m, const struct event *e), void *arg)
{
    struct fold f;
    struct event ev[CHUNK], diagnosis;
    size_t got;
    uint64_t at = reel_first(p->reel);
    bool whole = at == 0;
    fold_init(&f, p->names);
    for (; at < p->n && (got = reel_read(p->reel, at, ev, CHUNK)); at += got)
        for (size_t i = 0; i < got && at + i < p->n; i++) {
            detect_apply(f.detect, f.model, &ev[i]);
            see(arg, f.model, &ev[i]);
            while (fold_diagnosis(&f, &diagnosis))
                see(arg, f.model, &diagnosis);
        }
    fold_free(&f);
    return whole;
}

/* ---- seeking -----------------------------------------------------------------------------------
 *
 * A seek goes on from tick to tick, so that the screen is never held up: back and over the tape by
 * refolding, beyond the newest by letting the engine of a sim run ahead. */

static bool engine_has_more(const struct player *p)
{
    return p->engine && p->config.world == WORLD_SIM && !engine_ended(p->engine);
}

void player_seek_stop(struct player *p)
{
    if (p->seek_ns < 0)
        return;
    p->seek_ns = -1;
    if (p->engine)
        engine_advance_stop(p->engine);
    player_take(p, 0);
    p->behind = p->n < reel_count(p->reel);
    player_advance(p, p->now_ns);
    player_engine_pause(p);
}

void player_seek_on(struct player *p, int64_t deadline)
{
    int64_t to = p->seek_ns;
    player_take(p, deadline);
    bool more = engine_has_more(p) && p->taken_ns < to;
    uint64_t n = reel_until(p->reel, to);
    if (more)
        to = player_last(p);
    if (!player_goto(p, n, to, deadline)) {
        /* The tape has forgotten its beginning: the oldest there is. */
        const struct keyframe *f = p->keys.count ? &p->keys.at[0] : NULL;
        if (f)
            player_goto(p, f->n, f->model->now_ns, 0);
        p->seek_ns = -1;
    }
    if (!more && (p->n >= n || p->n >= reel_count(p->reel)))
        p->seek_ns = -1;
    cues_passed(p);
}

void player_seek(struct player *p, int64_t t_ns)
{
    player_command_stop(p);
    player_seek_stop(p);
    player_take(p, 0);
    if (t_ns < 0)
        t_ns = 0;
    int64_t last = player_last(p);
    bool ahead = t_ns > last && engine_has_more(p);
    if (t_ns > last && !ahead)
        t_ns = last;
    p->seek_ns = t_ns;
    p->behind = t_ns < last;
    player_engine_pause(p);
    if (ahead)
        engine_advance_start(p->engine, t_ns);
    player_seek_on(p, wall_now() + 40000000);
}
