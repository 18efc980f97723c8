/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of sessions, and what lives on it: the fold, the detectors, the exports.
 *
 * A file whose checksums are wrong says little, so the mutator puts most of them right again after
 * its change, and now and then begins anew with a whole session of random events. Held to:
 *
 *   what is read from memory and from a file is the same; every number in it has its name
 *   no more events than bytes, also after a seek; what is refused says why
 *   64 MiB are enough for all of it */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/session_events.h"
#include "app/source.h"
#include "base/str.h"
#include "detect/detect.h"
#include "export/export.h"
#include "memory.h"
#include "session/crc32c.h"
#include "session/psr_format.h"

/* ---- mutating ------------------------------------------------------------------------------- */

static size_t repair_block(uint8_t *p, size_t size)
{
    uint32_t n = psr_load32(p + 4);
    if (n > size - PSR_BLOCK_HEAD)
        return 1;
    psr_store32(p + 36, crc32c(0, p + PSR_BLOCK_HEAD, n));
    psr_store32(p + 40, crc32c(0, p, 40));
    return PSR_BLOCK_HEAD + n;
}

static size_t repair_index(uint8_t *p, size_t size)
{
    uint32_t n = psr_load32(p + 4);
    if (n <= size - PSR_INDEX_HEAD)
        psr_store32(p + 8, crc32c(0, p + PSR_INDEX_HEAD, n));
    psr_store32(p + 12, crc32c(0, p, 12));
    return PSR_INDEX_HEAD;
}

static void repair(uint8_t *data, size_t size)
{
    size_t at = PSR_HEAD;
    if (size < PSR_HEAD)
        return;
    uint32_t fields = psr_load32(data + 12);
    if (fields <= size - PSR_HEAD) {
        psr_store32(data + 16, crc32c(crc32c(0, data + 8, 8), data + PSR_HEAD, fields));
        at += fields;
    }
    while (at + PSR_BLOCK_HEAD <= size)
        if (memcmp(data + at, PSR_BLOCK_MAGIC, 4) == 0)
            at += repair_block(data + at, size - at);
        else if (memcmp(data + at, PSR_INDEX_MAGIC, 4) == 0)
            at += repair_index(data + at, size - at);
        else
            at++;
}

/* Blocks of some dozens of events, and mostly an index. 0: no room. */
static size_t fresh(uint8_t *data, size_t max, unsigned seed)
{
    struct rng r;
    rng_init(&r, seed, "fuzz");
    struct strtab *names = some_names(2 + rng_below(&r, 20));
    struct psr_header h = some_header();
    struct psr_writer *w = psr_create_memory(&h, names);
    struct event e = {0};
    for (uint32_t n = rng_below(&r, 200), ids = 1 + rng_below(&r, 50); n; n--) {
        e = any_event(&r, e.t_ns, ids, strtab_count(names), rng_below(&r, 4) > 0);
        psr_write(w, &e, 1);
        if (rng_below(&r, 32) == 0)
            psr_flush(w);
    }
    size_t n;
    uint8_t *bytes = psr_close_memory(w, &n);
    strtab_destroy(names);
    n -= rng_below(&r, 4) ? 0 : rng_below(&r, (uint32_t)n);
    n = n <= max ? n : 0;
    memcpy(data, bytes, n);
    free(bytes);
    return n;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    if (seed % 64 == 0 || size < PSR_HEAD) {
        size_t n = fresh(data, max, seed);
        if (n)
            return n;
    }
    size = LLVMFuzzerMutate(data, size, max);
    if (seed % 8)
        repair(data, size);
    return size;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void refused(char *error)
{
    if (!error || !*error)
        die("refused without a sentence");
    free(error);
}

static void sound(const struct event *e)
{
    if (e->kind >= EV_COUNT)
        die("an unknown kind is handed on");
    for (size_t f = 0; f < EVENT_FIELDS && event_info[e->kind].fields[f].name; f++) {
        const struct event_field *field = &event_info[e->kind].fields[f];
        if (field->type != FT_ENUM)
            continue;
        for (int64_t v = event_slot(e, (enum event_slot)field->slot), i = 0; i <= v; i++)
            if (!field->names[i])
                die("%s has no name for its %s", event_info[e->kind].name, field->name);
    }
}

/* Reads to the end; a digest of all events. */
static uint64_t read_all(struct psr_reader *r, size_t most, const char *how)
{
    struct event ev[64];
    uint64_t digest = 0;
    for (size_t n, all = 0; (n = psr_read(r, ev, ARRAY_LEN(ev)));) {
        for (size_t i = 0; i < n; i++)
            sound(&ev[i]);
        digest = digest << 32 | crc32c((uint32_t)(digest >> 32), ev, n * sizeof *ev);
        if ((all += n) > most)
            die("%s: more events than bytes", how);
    }
    return digest;
}

static void seeks(struct psr_reader *r, size_t size, uint32_t pick)
{
    uint64_t total = psr_total(r);
    if (total && psr_seek_event(r, pick % total))
        read_all(r, size, "after a seek by number");
    int64_t last = psr_last_time(r);
    psr_seek_time(r, last > 0 ? (int64_t)(pick % (uint64_t)last) : last);
    read_all(r, size, "after a seek by time");
    psr_seek_time(r, INT64_MIN);
    read_all(r, size, "after a seek to the beginning");
    const char *warning = psr_warning(r);
    if (warning && !utf8_valid(warning, strlen(warning)))
        die("a warning that cannot be shown");
}

/* The input as a file: it lies in memory, and /proc names it. */
static const char *as_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0 && (fd = memfd_create("session", 0)) < 0)
        die("no memory file");
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        die("cannot write the memory file");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

/* ---- all the rest --------------------------------------------------------------------------- */

static void export_all(const char *path, int64_t most_ns)
{
    static FILE *nowhere;
    if (!nowhere && !(nowhere = fopen("/dev/null", "wb")))
        die("no /dev/null");
    for (size_t i = 0; exporters[i]; i++) {
        char *error = NULL;
        struct source *s = source_open(path, 1, i % 2, &error);
        if (!s)
            die("read, but not exported: %s", error);
        struct export_source *out = source_export(s);
        struct export_options o = {
            .cols = 80, .rows = 24, .to_ns = most_ns, .speed = 1, .theme = "dark"};
        if (exporters[i]->write(out, &o, nowhere) != 0)
            die("%s: cannot be written", exporters[i]->name);
        source_free(s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = as_file(data, size);
    uint32_t pick = crc32c(0, data, size);
    char *error = NULL, *again = NULL;
    memory_begin();
    struct psr_reader *r = psr_open_memory(data, size, &error), *f = psr_open(path, &again);
    if (!r != !f)
        die("memory and file are not the same");
    if (!r) {
        refused(error);
        refused(again);
        memory_end();
        return 0;
    }
    if (read_all(r, size, "memory") != read_all(f, size, "file"))
        die("memory and file do not give the same events");
    seeks(r, size, pick);
    seeks(f, size, pick);
    free(psr_compare(r, f));
    psr_reader_close(r);
    psr_reader_close(f);
    if (pick % 16 == 0)
        export_all(path, 100000000);
    memory_end();
    return 0;
}
