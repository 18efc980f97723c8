/* SPDX-License-Identifier: MIT */
/* Sessions: what is written is read; seeking; comparing. Damage is in test_session_damage.c. */
#include <criterion/criterion.h>

#include "session/crc32c.h"
#include "session/psr_codec.h"
#include "session/tape.h"
#include "session_events.h"

Test(session, checksum)
{
    cr_assert_eq(crc32c(0, "123456789", 9), 0xE3069283u);
    struct rng r;
    rng_init(&r, 1, "crc");
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rng_u64(&r);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        uint32_t whole = crc32c(0, bytes, n);
        cr_assert_eq(whole, crc32c_by_table(0, bytes, n));
        cr_assert_eq(whole, crc32c(crc32c(0, bytes, n / 3), bytes + n / 3, n - n / 3));
    }
}

/* The codec alone takes any numbers whatever, ids and times too. */
Test(session, codec_takes_extreme_values)
{
    struct psr_encoder *e = psr_encoder_create(), *same = psr_encoder_create();
    struct psr_decoder *d = psr_decoder_create(), *plain = psr_decoder_create();
    struct rng r;
    rng_init(&r, 2, "codec");
    enum { N = 40000 };
    struct event *ev = xcalloc(N, sizeof *ev), *back = xcalloc(PSR_EVENTS_MAX, sizeof *back);
    psr_decoder_plain(plain);
    psr_encoder_plain(same);
    for (size_t i = 0; i < N; i++) {
        ev[i] = any_event(&r, i ? ev[i - 1].t_ns : INT64_MIN, UINT32_MAX - 1, UINT32_MAX, false);
        if (i % 100 == 0)
            ev[i].t_ns = i % 200 ? INT64_MAX : INT64_MIN;
        if (i % 50 == 0 && names_of_slot(ev[i].kind, SLOT_XL) == 256) {
            memset(&ev[i].x, i % 20 ? 0xff : 0, 2);
            memset(&ev[i].task, i % 20 ? 0xff : 0, sizeof ev[i] - 12);
        }
    }
    for (size_t at = 0, blocks = 0; at < N; blocks++) {
        psr_encoder_begin(e);
        size_t n = psr_encode(e, ev + at, N - at);
        cr_assert(n > 0 && n == e->count && e->n <= PSR_EVENTS_MAX);
        psr_encoder_begin(same);
        cr_assert_eq(psr_encode(same, ev + at, N - at), n);
        cr_assert(same->n == e->n && memcmp(same->bytes, e->bytes, e->n) == 0,
                  "both ways of encoding write the same");
        uint32_t ids;
        cr_assert(psr_decode(d, e->bytes, e->n, e->count, e->first_ns, back, &ids));
        cr_assert_arr_eq(back, ev + at, n * sizeof *ev);
        memset(back, 0x55, n * sizeof *back);
        cr_assert(psr_decode(plain, e->bytes, e->n, e->count, e->first_ns, back, &ids));
        cr_assert_arr_eq(back, ev + at, n * sizeof *ev);
        /* One byte, or one event, more or less is not this block. */
        cr_assert_not(psr_decode(d, e->bytes, e->n - 1, e->count, e->first_ns, back, &ids));
        cr_assert_not(psr_decode(d, e->bytes, e->n, e->count - 1, e->first_ns, back, &ids));
        cr_assert_not(psr_decode(d, e->bytes, e->n, e->count + 1, e->first_ns, back, &ids));
        at += n;
        cr_assert(blocks < N);
    }
    free(e);
    free(same);
    free(d);
    free(plain);
    free(ev);
    free(back);
}

/* Whatever the bytes are, both decoders take the same of them. */
Test(session, decoders_agree_on_any_bytes)
{
    struct psr_encoder *e = psr_encoder_create();
    struct psr_decoder *d = psr_decoder_create(), *plain = psr_decoder_create();
    struct event *a = xcalloc(PSR_EVENTS_MAX, sizeof *a), *b = xcalloc(PSR_EVENTS_MAX, sizeof *b);
    struct rng r;
    rng_init(&r, 5, "agree");
    psr_decoder_plain(plain);
    size_t taken = 0;
    for (int round = 0; round < 20000; round++) {
        struct event ev[40];
        uint32_t n = 1 + rng_below(&r, 40);
        for (uint32_t i = 0; i < n; i++)
            ev[i] = any_event(&r, i ? ev[i - 1].t_ns : 0, 1 + rng_below(&r, 1000000), 9, true);
        psr_encoder_begin(e);
        n = (uint32_t)psr_encode(e, ev, n);
        for (uint32_t changes = rng_below(&r, 3); changes; changes--)
            e->bytes[rng_below(&r, (uint32_t)e->n)] = (uint8_t)rng_u64(&r);
        uint32_t ids_a = 0, ids_b = 0;
        bool good = psr_decode(d, e->bytes, e->n, n, e->first_ns, a, &ids_a);
        cr_assert_eq(good, psr_decode(plain, e->bytes, e->n, n, e->first_ns, b, &ids_b));
        if (!good)
            continue;
        taken++;
        cr_assert_eq(ids_a, ids_b);
        cr_assert_arr_eq(a, b, n * sizeof *a);
    }
    cr_assert(taken > 8000 && taken < 19000, "%zu were taken", taken);
    free(e);
    free(d);
    free(plain);
    free(a);
    free(b);
}

static void expect_same(struct psr_reader *r, const struct event *ev, size_t from, size_t n,
                        struct strtab *names)
{
    struct event got[257];
    size_t at = from;
    cr_assert_eq(psr_position(r), from);
    for (size_t k; (k = psr_read(r, got, 257)); at += k)
        for (size_t i = 0; i < k; i++)
            cr_assert(at + i < n && same_event(ev + at + i, names, got[i], psr_names(r)),
                      "event %zu differs", at + i);
    cr_assert_eq(at, n);
    cr_assert_eq(psr_position(r), n);
}

Test(session, what_is_written_is_read)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct strtab *names = some_names(500);
        struct event *ev;
        size_t bytes, n = seed < 4 ? seed : 1000 * seed;
        char *error = NULL;
        void *file = some_session(seed, n, true, &ev, names, &bytes);
        struct psr_reader *r = psr_open_memory(file, bytes, &error);
        cr_assert(r, "%s", error);
        cr_assert_null(psr_warning(r));
        cr_assert_eq(psr_total(r), n);
        cr_assert_eq(psr_last_time(r), n ? ev[n - 1].t_ns : 0);
        expect_same(r, ev, 0, n, names);
        cr_assert_null(psr_warning(r));
        psr_reader_close(r);
        free(file);
        free(ev);
        strtab_destroy(names);
    }
}

Test(session, header_comes_back)
{
    struct strtab *names = some_names(2);
    struct psr_header h = some_header();
    size_t n;
    char *error = NULL;
    void *file = psr_close_memory(psr_create_memory(&h, names), &n);
    struct psr_reader *r = psr_open_memory(file, n, &error);
    cr_assert(r, "%s", error);
    const struct psr_header *got = psr_header(r);
    cr_assert_str_eq(got->program, h.program);
    cr_assert_str_eq(got->scenario, h.scenario);
    cr_assert_str_eq(got->path, h.path);
    cr_assert_str_eq(got->options, h.options);
    cr_assert_eq(got->text_len, h.text_len);
    cr_assert_arr_eq(got->text, h.text, h.text_len);
    cr_assert_eq(got->seed, h.seed);
    cr_assert_eq(got->world, h.world);
    cr_assert_eq(got->trace_crc, h.trace_crc);
    cr_assert_eq(got->trace_len, h.trace_len);
    cr_assert_arr_eq(got->trace, h.trace, h.trace_len);
    psr_reader_close(r);
    free(file);
    strtab_destroy(names);
}

/* Seeking goes by blocks, and finds names that stand in blocks which were jumped over. */
Test(session, seeks)
{
    enum { N = 60000 };
    struct strtab *names = some_names(5000);
    struct event *ev;
    for (int index = 0; index < 2; index++) {
        size_t bytes;
        char *error = NULL;
        void *file = some_session(5, N, index, &ev, names, &bytes);
        struct psr_reader *r = psr_open_memory(file, bytes, &error);
        cr_assert(r, "%s", error);
        struct rng rng;
        rng_init(&rng, 3, "seek");
        for (int i = 0; i < 100; i++) {
            uint64_t number = i ? rng_below(&rng, N) : N - 1, at;
            if (i % 2) {
                cr_assert(psr_seek_event(r, number));
                at = psr_position(r);
                cr_assert(at <= number && number - at < 8000, "%lu is not near %lu", at, number);
            } else {
                cr_assert(psr_seek_time(r, ev[number].t_ns));
                at = psr_position(r);
                cr_assert_leq(ev[at].t_ns, ev[number].t_ns);
            }
            struct event got[100];
            size_t n = psr_read(r, got, 100);
            cr_assert(n && at + n <= N);
            for (size_t k = 0; k < n; k++)
                cr_assert(same_event(ev + at + k, names, got[k], psr_names(r)));
        }
        cr_assert_not(psr_seek_event(r, N));
        cr_assert_eq(psr_total(r), N);
        uint64_t at = psr_position(r);
        cr_assert_eq(psr_last_time(r), ev[N - 1].t_ns);
        cr_assert_eq(psr_position(r), at, "asking for the last time moved the reader");
        cr_assert(psr_seek_time(r, INT64_MIN));
        expect_same(r, ev, 0, N, names);
        cr_assert(index ? !psr_warning(r) : !!strstr(psr_warning(r), "was not closed"));
        psr_reader_close(r);
        free(file);
        free(ev);
    }
    strtab_destroy(names);
}

/* A block is closed by wall time and by scenario time. */
Test(session, blocks_close_in_time)
{
    struct strtab *names = some_names(2);
    struct psr_header h = some_header();
    struct psr_writer *w = psr_create_memory(&h, names);
    struct event e = {.kind = EV_CHAN, .task = 1, .obj = 1};
    uint64_t size = psr_size(w);
    psr_write(w, &e, 1);
    psr_tick(w, 1000);
    psr_tick(w, 1000 + 99999999);
    cr_assert_eq(psr_size(w), size, "closed before 100 ms have passed");
    psr_tick(w, 1000 + 100000000);
    cr_assert_gt(psr_size(w), size, "open after 100 ms");
    size = psr_size(w);
    psr_write(w, &e, 1);
    e.t_ns = 499999999;
    psr_write(w, &e, 1);
    cr_assert_eq(psr_size(w), size);
    e.t_ns = 500000000;
    psr_write(w, &e, 1);
    cr_assert_gt(psr_size(w), size, "open after 500 ms of scenario time");
    size = psr_size(w);
    for (int i = 0; i < 40000 && psr_size(w) == size; i++)
        psr_write(w, &e, 1);
    cr_assert(psr_size(w) > size && psr_size(w) - size < (16 << 10) + 200, "not 16 KiB");
    free(psr_close(w));
    strtab_destroy(names);
}

Test(session, compare_finds_the_first_difference)
{
    enum { N = 3000 };
    struct strtab *names = some_names(50), *other = some_names(60);
    struct event *ev, *again;
    size_t na, nb;
    char *error = NULL;
    void *a = some_session(9, N, true, &ev, names, &na);
    struct psr_header h = some_header();
    struct rng rng;
    rng_init(&rng, 4, "compare");
    for (int i = 0; i < 60; i++) {
        again = xmemdup(ev, N * sizeof *ev);
        size_t at = rng_below(&rng, N), n = N;
        switch (i % 6) {
        case 0:
            n = at;
            break;
        case 1:
            again[at].t_ns++;
            break;
        case 2:
            again[at].kind = (uint8_t)((again[at].kind + 1) % EV_COUNT);
            again[at].op = 0;
            again[at].x = 0;
            again[at].a = again[at].b = again[at].c = again[at].task = 0;
            break;
        case 3:
            again[at].obj ^= 1;
            break;
        case 4: /* other ids, same names: below */
            break;
        case 5:
            while (again[at].kind != EV_MARK)
                at = (at + 1) % N;
            again[at].c = again[at].c ? 0 : 1;
            break;
        }
        struct psr_writer *w = psr_create_memory(&h, i % 2 ? other : names);
        psr_write(w, again, n);
        void *b = psr_close_memory(w, &nb);
        struct psr_reader *ra = psr_open_memory(a, na, &error),
                          *rb = psr_open_memory(b, nb, &error);
        char *what = psr_compare(ra, rb);
        if (i % 6 == 4) {
            cr_assert_null(what, "%s", what);
        } else {
            cr_assert(what, "case %d at %zu: no difference was found", i % 6, at);
            char want[32];
            snprintf(want, sizeof want, i % 6 ? "event %zu " : "after %zu events", at);
            cr_assert(strstr(what, want), "not \"%s\" but: %s", want, what);
        }
        free(what);
        psr_reader_close(ra);
        psr_reader_close(rb);
        free(b);
        free(again);
    }
    free(a);
    free(ev);
    strtab_destroy(names);
    strtab_destroy(other);
}

/* ---- the tape ------------------------------------------------------------------------------ */

static void expect_tape(struct tape *t, const struct event *ev, size_t from, size_t n)
{
    struct event got[1000];
    size_t want = n - from < 1000 ? n - from : 1000;
    cr_assert_eq(tape_read(t, from, got, 1000), want);
    cr_assert_arr_eq(got, ev + from, want * sizeof *ev);
}

Test(session, tape_reads_anywhere)
{
    enum { N = 50000 };
    struct rng r;
    rng_init(&r, 6, "tape");
    struct event *ev = xcalloc(N, sizeof *ev);
    for (size_t i = 0; i < N; i++)
        ev[i] = any_event(&r, i ? ev[i - 1].t_ns : 0, 300, 100, true);
    struct tape *t = tape_create();
    cr_assert_eq(tape_read(t, 0, ev, 1), 0);
    cr_assert_eq(tape_until(t, INT64_MAX), 0);
    for (size_t n = 0; n < N;) {
        size_t some = 1 + rng_below(&r, 400);
        some = some < N - n ? some : N - n;
        tape_add(t, ev + n, some);
        n += some;
        cr_assert_eq(tape_count(t), n);
        size_t at = rng_below(&r, (uint32_t)n);
        expect_tape(t, ev, at, n);
        expect_tape(t, ev, n - 1, n);
        uint64_t until = tape_until(t, ev[at].t_ns);
        cr_assert(until > at && ev[until - 1].t_ns == ev[at].t_ns);
        cr_assert(until == n || ev[until].t_ns > ev[at].t_ns);
        if (rng_below(&r, 20) == 0) {
            tape_cut(t, at);
            cr_assert_eq(tape_count(t), at);
            cr_assert_eq(tape_read(t, at, ev, 1), 0);
            tape_add(t, ev + at, n - at);
            expect_tape(t, ev, at ? at - 1 : 0, n);
        }
    }
    cr_assert_eq(tape_until(t, ev[0].t_ns - 1), 0);
    tape_free(t);
    free(ev);
}
