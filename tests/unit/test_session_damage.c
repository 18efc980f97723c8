/* SPDX-License-Identifier: MIT */
/* Sessions that were cut, flipped, forged, or not finished, because the disk was full or the writer
 * was killed. Whatever is whole is read, exactly; the rest is told of. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "session/crc32c.h"
#include "session/psr_format.h"
#include "session_events.h"
#include "tests/counts.h"

enum { BLOCK_EVENTS = 40, MOST_BLOCKS = 128 };

/* A session of small blocks, and where they begin. */
struct sample {
    struct strtab *names;
    struct event *ev;
    size_t n, bytes, blocks, at[MOST_BLOCKS + 1];
    uint8_t *file;
};

static struct sample sample(size_t blocks)
{
    struct sample s = {.names = some_names(200), .n = blocks * BLOCK_EVENTS, .blocks = blocks};
    struct rng r;
    rng_init(&r, 11, "damage");
    s.ev = xcalloc(s.n, sizeof *s.ev);
    struct psr_header h = some_header();
    struct psr_writer *w = psr_create_memory(&h, s.names);
    int64_t t = 0;
    for (size_t i = 0; i < s.n; i++) {
        s.ev[i] = any_event(&r, t, 300, 200, true);
        s.ev[i].t_ns = t += rng_below(&r, 1000000);
        if (i % BLOCK_EVENTS == 0) {
            psr_flush(w);
            s.at[i / BLOCK_EVENTS] = psr_size(w);
        }
        psr_write(w, s.ev + i, 1);
    }
    psr_flush(w);
    s.at[blocks] = psr_size(w);
    s.file = psr_close_memory(w, &s.bytes);
    return s;
}

static void sample_free(struct sample *s)
{
    free(s->file);
    free(s->ev);
    strtab_destroy(s->names);
}

/* Reads all there is and holds it against what was written; how many events. */
static size_t read_all(struct psr_reader *r, const struct sample *s)
{
    struct event got[16];
    size_t n = 0;
    for (;;) {
        size_t k = psr_read(r, got, 16);
        uint64_t next = psr_position(r);
        if (!k)
            return n;
        /* Within one call there may be a gap: events are found by their order. */
        size_t at = (size_t)next;
        cr_assert_leq(at, s->n);
        for (size_t i = k; i-- > 0; n++) {
            while (at > 0 && !same_event_but(s->ev + at - 1, s->names, got[i], psr_names(r), true))
                at--;
            cr_assert(at > 0, "an event that was never written");
            at--;
        }
    }
}

Test(damage, every_prefix)
{
    struct sample s = sample(counts(8, 8, 4));
    size_t opened = 0;
    for (size_t n = 0; n < s.bytes; n++) {
        /* A copy of that length, so that a sanitizer sees a read beyond it. */
        uint8_t *file = xmemdup(s.file, n);
        char *error = NULL;
        struct psr_reader *r = psr_open_memory(file, n, &error);
        size_t whole = 0;
        while (whole < s.blocks && s.at[whole + 1] <= n)
            whole++;
        if (n < s.at[0]) {
            cr_assert(!r && error, "%zu bytes were opened, the header has %zu", n, s.at[0]);
        } else {
            cr_assert(r, "%s", error);
            opened++;
            cr_assert_eq(read_all(r, &s), whole * BLOCK_EVENTS);
            cr_assert(psr_warning(r), "nothing is told of a file cut to %zu bytes", n);
            cr_assert_eq(psr_total(r), whole * BLOCK_EVENTS);
        }
        psr_reader_close(r);
        free(error);
        free(file);
    }
    cr_assert_gt(opened, s.bytes / 2);
    sample_free(&s);
}

Test(damage, bit_flips)
{
    struct sample s = sample(counts(64, 64, 16));
    struct rng rng;
    rng_init(&rng, 12, "flips");
    size_t flips = counts(100000, 5000, 1000), refused = 0;
    for (size_t i = 0; i < flips; i++) {
        size_t bit = (size_t)(rng_u64(&rng) % (s.bytes * 8));
        s.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        char *error = NULL;
        struct psr_reader *r = psr_open_memory(s.file, s.bytes, &error);
        if (!r) {
            refused++;
            cr_assert(bit / 8 < 8, "a flip at %zu: %s", bit / 8, error);
        } else {
            if (i % 2)
                psr_seek_event(r, rng_below(&rng, (uint32_t)s.n));
            size_t from = psr_position(r), n = read_all(r, &s);
            cr_assert(n <= s.n - from && n + BLOCK_EVENTS >= s.n - from,
                      "a flip at %zu: %zu of %zu events", bit / 8, n, s.n - from);
            cr_assert(n == s.n - from || psr_warning(r), "a flip at %zu is not told of", bit / 8);
            cr_assert(bit / 8 >= s.at[0] || psr_warning(r), "a flip in the header is not told of");
        }
        psr_reader_close(r);
        free(error);
        s.file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    cr_assert_lt(refused, flips / 50);
    sample_free(&s);
}

/* Takes pieces of the file in some order; the warning must match what is then missing. */
static void pieces(const struct sample *s, const int *block, size_t n, const char *between,
                   size_t want, const char *told)
{
    struct str f = {0};
    char *error = NULL;
    str_addn(&f, (const char *)s->file, s->at[0]);
    for (size_t i = 0; i < n; i++) {
        size_t from = s->at[block[i]];
        str_addn(&f, (const char *)s->file + from, s->at[block[i] + 1] - from);
        str_add(&f, between);
    }
    struct psr_reader *r = psr_open_memory(f.data, f.len, &error);
    cr_assert(r, "%s", error);
    size_t got = read_all(r, s);
    cr_assert_eq(got, want * BLOCK_EVENTS, "%zu events, not %zu", got, want * BLOCK_EVENTS);
    cr_assert(strstr(psr_warning(r), told), "not \"%s\" but: %s", told, psr_warning(r));
    psr_reader_close(r);
    str_free(&f);
}

Test(damage, pieces_in_any_order)
{
    struct sample s = sample(8);
    pieces(&s, (int[]){0, 1, 2, 3}, 4, "", 4, "not closed");
    pieces(&s, (int[]){0, 1, 3, 4}, 4, "", 4, "1 block skipped");
    pieces(&s, (int[]){0, 6, 7}, 3, "", 3, "5 blocks skipped");
    pieces(&s, (int[]){3, 4}, 2, "", 2, "3 blocks skipped");
    pieces(&s, (int[]){0, 1, 1, 2}, 4, "", 3, "skipped");
    pieces(&s, (int[]){2, 1, 3}, 3, "", 2, "skipped");
    pieces(&s, (int[]){0, 1, 2}, 3, "rubbish BLK\xb7 and more rubbish, longer than a header", 3,
           "skipped");
    sample_free(&s);
}

/* ---- not sessions -------------------------------------------------------------------------- */

static void refused(const char *path, const char *why)
{
    char *error = NULL;
    struct psr_reader *r = psr_open(path, &error);
    cr_assert(!r && error, "%s was opened", path);
    cr_assert(strstr(error, why) && strstr(error, path), "not \"%s\" but: %s", why, error);
    free(error);
}

static void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f);
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static char *temporary_folder(void)
{
    static char path[] = "/tmp/patternscope-test-XXXXXX";
    cr_assert(mkdtemp(path));
    return path;
}

Test(damage, foreign_files_are_refused)
{
    char *dir = temporary_folder(), path[64];
    refused(dir, "a folder");
    refused("/dev/zero", "a device");
    snprintf(path, sizeof path, "%s/none.psr", dir);
    refused(path, "No such file");
    snprintf(path, sizeof path, "%s/file.psr", dir);
    put_file(path, "", 0);
    refused(path, "is empty");
    put_file(path, "[scenario]\nname = x\n", 20);
    refused(path, "not a session");
    struct sample s = sample(2);
    s.file[8] = 2; /* a newer format, with its checksum in order */
    psr_store32(s.file + 16,
                crc32c(crc32c(0, s.file + 8, 8), s.file + PSR_HEAD, s.at[0] - PSR_HEAD));
    put_file(path, s.file, s.bytes);
    refused(path, "newer patternscope");
    sample_free(&s);
    unlink(path);
    snprintf(path, sizeof path, "%s/pipe", dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    refused(path, "a pipe");
    char *error = NULL;
    struct psr_header h = some_header();
    struct strtab *names = some_names(2);
    cr_assert_null(psr_create(path, true, &h, names, &error));
    cr_assert(error && strstr(error, path), "%s", error);
    free(error);
    cr_assert_null(psr_create(dir, true, &h, names, &error));
    cr_assert(error && strstr(error, dir), "%s", error);
    free(error);
    unlink(path);
    rmdir(dir);
    strtab_destroy(names);
}

/* Blocks whose checksums are right and whose contents are lies: memory stays within bounds. */
Test(damage, forged_blocks_take_no_memory)
{
    enum { STRINGS = PSR_MAX_STRINGS - 16, BLOCKS = 60 };
    struct str f = {0};
    char *error = NULL;
    struct sample s = sample(1);
    str_addn(&f, (const char *)s.file, s.at[0]);
    uint8_t *block = xcalloc(1, PSR_BLOCK_HEAD + STRINGS + 16), *at;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        at = block + PSR_BLOCK_HEAD;
        memset(at, 0, STRINGS);
        *at = 1 + i; /* each says many empty strings, or one with a place far away */
        if (i % 2)
            memcpy(at, "\xff\xff\xff\xff\x0f", 5);
        at += STRINGS;
        memcpy(at, "\xff\x04\x01\0\x02\x00", 6); /* task, runnable, id of 4 bytes */
        memcpy(at + 6, "\xff\xff\xff\x7f", 4);
        memcpy(block, PSR_BLOCK_MAGIC, 4);
        psr_store32(block + 4, STRINGS + 10);
        psr_store32(block + 8, i);
        psr_store32(block + 12, 1);
        psr_store64(block + 16, i);
        psr_store64(block + 24, i);
        psr_store32(block + 32, STRINGS);
        psr_store32(block + 36, crc32c(0, block + PSR_BLOCK_HEAD, STRINGS + 10));
        psr_store32(block + 40, crc32c(0, block, 40));
        str_addn(&f, (const char *)block, PSR_BLOCK_HEAD + STRINGS + 10);
    }
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    struct psr_reader *r = psr_open_memory(f.data, f.len, &error);
    cr_assert(r, "%s", error);
    struct event e;
    cr_assert_eq(psr_read(r, &e, 1), 0, "an id that no event can have made was handed on");
    cr_assert(strstr(psr_warning(r), "60 blocks skipped"), "%s", psr_warning(r));
    size_t took = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    cr_assert(took < 64 << 20, "%zu MiB", took >> 20);
    psr_reader_close(r);
    free(block);
    str_free(&f);
    sample_free(&s);
}

/* ---- writers that fail --------------------------------------------------------------------- */

Test(damage, disk_full)
{
    struct strtab *names = some_names(200);
    struct psr_header h = some_header();
    char *error = NULL, *dir = temporary_folder(), path[64];
    cr_assert_null(psr_create("/dev/full", true, &h, names, &error));
    cr_assert(strstr(error, "disk is full"), "%s", error);
    free(error);
    error = NULL;

    enum { N = 20000, LIMIT = 50000 };
    struct event *ev = xcalloc(N, sizeof *ev);
    struct rng r;
    rng_init(&r, 13, "full");
    for (size_t i = 0; i < N; i++)
        ev[i] = any_event(&r, i ? ev[i - 1].t_ns : 0, 300, 200, true);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {LIMIT, LIMIT};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    snprintf(path, sizeof path, "%s/full.psr", dir);
    struct psr_writer *w = psr_create(path, false, &h, names, &error);
    cr_assert(w, "%s", error);
    size_t n = 0;
    while (n < N && psr_write(w, ev + n, 100))
        n += 100;
    cr_assert(n > 1000 && n < N);
    cr_assert(strstr(psr_error(w), path) && strstr(psr_error(w), "recording has stopped"), "%s",
              psr_error(w));
    cr_assert_not(psr_write(w, ev, 1));
    cr_assert_not(psr_tick(w, INT64_MAX));
    free(psr_close(w));
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert(st.st_size <= LIMIT && st.st_size > LIMIT - 17000, "%ld", (long)st.st_size);

    struct psr_reader *reader = psr_open(path, &error);
    cr_assert(reader, "%s", error);
    size_t at = 0;
    struct event got;
    for (; psr_read(reader, &got, 1); at++)
        cr_assert(same_event(ev + at, names, got, psr_names(reader)));
    cr_assert(at > 1000 && at <= n + 100);
    cr_assert_not(strstr(psr_warning(reader), "inside a block"), "it was not cut to whole blocks");
    psr_reader_close(reader);
    cr_assert_null(psr_create(path, false, &h, names, &error), "it was overwritten");
    cr_assert(strstr(error, "exists already"));
    free(error);
    unlink(path);
    rmdir(dir);
    free(ev);
    strtab_destroy(names);
}

/* A writer is killed at any moment: all that is missing is what a block may hold back. A tick of
 * 1 ms of wall time comes with each event, so 200 events are 200 ms. */
Test(damage, kill_9)
{
    char *dir = temporary_folder(), path[64];
    _Atomic uint64_t *written =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(written, MAP_FAILED);
    struct strtab *names = some_names(20);
    struct psr_header h = some_header();
    snprintf(path, sizeof path, "%s/killed.psr", dir);
    for (size_t round = 0; round < counts(200, 10, 5); round++) {
        atomic_store(written, 0);
        pid_t child = fork();
        if (child == 0) {
            char *error;
            struct psr_writer *w = psr_create(path, true, &h, names, &error);
            if (!w)
                _exit(1);
            for (uint64_t i = 0;; i++) {
                struct event e = {.t_ns = (int64_t)i, .kind = EV_MARK, .c = (uint32_t)(i % 20)};
                psr_write(w, &e, 1);
                atomic_store(written, i + 1);
                psr_tick(w, (int64_t)i * 1000000);
            }
        }
        cr_assert_gt(child, 0);
        while (atomic_load(written) < 1000 + round * 977)
            cr_assert_eq(waitpid(child, NULL, WNOHANG), 0, "the writer has gone");
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char *error = NULL;
        struct psr_reader *r = psr_open(path, &error);
        cr_assert(r, "%s", error);
        uint64_t n = 0;
        struct event e;
        for (; psr_read(r, &e, 1); n++)
            cr_assert(e.t_ns == (int64_t)n && !strcmp(strtab_get(psr_names(r), e.c),
                                                      strtab_get(names, (uint32_t)(n % 20))));
        uint64_t had = atomic_load(written);
        cr_assert(n <= had + 1 && n + 200 >= had, "%lu of %lu events", n, had);
        psr_reader_close(r);
    }
    unlink(path);
    rmdir(dir);
    strtab_destroy(names);
}
