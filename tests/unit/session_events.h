/* SPDX-License-Identifier: MIT */
/* Streams of events for the tests of sessions: anything that an engine could say, and more. */
#ifndef TESTS_UNIT_SESSION_EVENTS_H
#define TESTS_UNIT_SESSION_EVENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/strtab.h"
#include "event/event.h"
#include "session/psr.h"

static inline unsigned names_of_slot(unsigned kind, enum event_slot slot)
{
    for (size_t f = 0; f < EVENT_FIELDS && event_info[kind].fields[f].name; f++) {
        const struct event_field *field = &event_info[kind].fields[f];
        if (field->slot == slot && field->type == FT_ENUM) {
            unsigned n = 0;
            while (field->names[n])
                n++;
            return n;
        }
    }
    return 256;
}

/* A number of 0 to 32 bits, each length as likely. */
static inline uint32_t any_u32(struct rng *r)
{
    uint32_t bits = rng_below(r, 33);
    return bits ? (uint32_t)(rng_u64(r) >> (64 - bits)) : 0;
}

/* Any kind, op and numbers. ids: the highest task and object. texts: how many ids the table has.
 * calm: time goes on by at most a second, else it jumps anywhere. */
static inline struct event any_event(struct rng *r, int64_t before_ns, uint32_t ids, uint32_t texts,
                                     bool calm)
{
    struct event e = {.kind = (uint8_t)rng_below(r, EV_COUNT)};
    e.op = (uint8_t)rng_below(r, names_of_slot(e.kind, SLOT_OP));
    e.x = (uint16_t)any_u32(r);
    if (names_of_slot(e.kind, SLOT_XL) < 256)
        e.x = (uint16_t)((e.x & 0xff00) | rng_below(r, names_of_slot(e.kind, SLOT_XL)));
    e.task = rng_below(r, ids + 1);
    e.obj = rng_below(r, ids + 1);
    e.c = rng_below(r, 2) ? any_u32(r) : 0;
    e.v = rng_below(r, 2) ? (int64_t)rng_u64(r) >> rng_below(r, 64) : 0;
    if (e.kind == EV_EDGE || e.kind == EV_CTX)
        e.c = rng_below(r, ids + 1);
    for (size_t f = 0; f < EVENT_FIELDS && event_info[e.kind].fields[f].name; f++) {
        uint32_t text = rng_below(r, texts);
        if (event_info[e.kind].fields[f].type == FT_STR)
            switch (event_info[e.kind].fields[f].slot) {
            case SLOT_A:
                e.a = text;
                break;
            case SLOT_B:
                e.b = text;
                break;
            case SLOT_C:
                e.c = text;
                break;
            default:
                e.task = text;
            }
    }
    if (e.kind == EV_TASK && e.op == TASK_NEW)
        e.a = rng_below(r, texts);
    if (e.kind == EV_OBJECT)
        e.c = rng_below(r, texts);
    uint64_t step = rng_below(r, 3) ? rng_u64(r) >> (34 + rng_below(r, 30)) : 0;
    if (!calm && rng_below(r, 8) == 0)
        step = rng_u64(r);
    e.t_ns = (int64_t)((uint64_t)before_ns + step);
    return e;
}

static inline struct strtab *some_names(uint32_t n)
{
    struct strtab *names = strtab_create();
    for (uint32_t i = 1; i < n; i++) {
        char text[64];
        snprintf(text, sizeof text, "имя-%u%s", i,
                 i % 7 ? "" : " \"long\"\n and with\x01 all sorts");
        strtab_intern(names, text);
    }
    return names;
}

static inline struct psr_header some_header(void)
{
    return (struct psr_header){
        .program = "0.0-test",
        .scenario = "worker_pool",
        .path = "configs/worker_pool.ini",
        .text = "[scenario]\npattern = worker_pool\n",
        .text_len = 33,
        .options = "seed=7\nset=pool.workers=4\n",
        .seed = 7,
        .world = WORLD_LIVE,
        .trace_crc = 0x12345678,
        .trace = "1,2\0 3",
        .trace_len = 6,
    };
}

/* n events, calm, as a session in memory. The caller frees the bytes and the events. */
static inline void *some_session(uint64_t seed, size_t n, bool index, struct event **ev,
                                 struct strtab *names, size_t *bytes)
{
    struct rng r;
    rng_init(&r, seed, "session");
    *ev = xcalloc(n, sizeof **ev);
    for (size_t i = 0; i < n; i++)
        (*ev)[i] = any_event(&r, i ? (*ev)[i - 1].t_ns : 0, 300, strtab_count(names), true);
    struct psr_header h = some_header();
    struct psr_writer *w = psr_create_memory(&h, names);
    psr_write(w, *ev, n);
    if (index)
        return psr_close_memory(w, bytes);
    psr_flush(w);
    const void *written = psr_bytes(w, bytes);
    void *copy = xmemdup(written, *bytes);
    free(psr_close(w));
    return copy;
}

/* Is it the same event, with the names of another table? lost: names that went with a lost block
 * may be "?" in b. */
static inline bool same_event_but(const struct event *a, struct strtab *na, struct event b,
                                  struct strtab *nb, bool lost)
{
    struct event x = *a;
    unsigned slots = a->kind == EV_TASK && a->op == TASK_NEW ? 1u << SLOT_A
                     : a->kind == EV_OBJECT                  ? 1u << SLOT_C
                                                             : 0;
    for (size_t f = 0; f < EVENT_FIELDS && event_info[a->kind].fields[f].name; f++)
        if (event_info[a->kind].fields[f].type == FT_STR)
            slots |= 1u << event_info[a->kind].fields[f].slot;
    for (unsigned slot = 0; slot <= SLOT_V; slot++) {
        if (!(slots & 1u << slot))
            continue;
        uint32_t *p = slot == SLOT_A   ? &x.a
                      : slot == SLOT_B ? &x.b
                      : slot == SLOT_C ? &x.c
                                       : &x.task;
        uint32_t *q = slot == SLOT_A   ? &b.a
                      : slot == SLOT_B ? &b.b
                      : slot == SLOT_C ? &b.c
                                       : &b.task;
        const char *text = strtab_get(nb, *q);
        if (strcmp(strtab_get(na, *p), text) != 0 && !(lost && !strcmp(text, "?")))
            return false;
        *p = *q = 0;
    }
    return !memcmp(&x, &b, sizeof x);
}
static inline bool same_event(const struct event *a, struct strtab *na, struct event b,
                              struct strtab *nb)
{
    return same_event_but(a, na, b, nb, false);
}

#endif
