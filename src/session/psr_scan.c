/* SPDX-License-Identifier: MIT */
/* Finding blocks in a file that may be anything.
 *
 * The hard idea: linear time whatever the bytes are. A header is believed when its own checksum is
 * right; then its length is passed over even when the contents are damaged. A place without a good
 * header costs a look at each byte, until the next magic with a good header.
 *
 *   block │ block │ ≈≈ damage ≈≈≈≈≈ │ block │ block │ index │ tail
 *                 ▲ resync: next "BLK" whose header holds */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/crc32c.h"
#include "session/psr_reader.h"

/* Reads from the file itself; how many bytes there were. */
static size_t read_file(const struct psr_reader *r, uint64_t offset, void *out, size_t n)
{
    char *p = out;
    size_t got = 0;
    while (got < n) {
        ssize_t some = pread(r->fd, p + got, n - got, (off_t)(offset + got));
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0) /* it was cut meanwhile, or the disk fails */
            break;
        got += (size_t)some;
    }
    return got;
}

bool scan_read(struct psr_reader *r, uint64_t offset, void *out, size_t n)
{
    if (offset > r->size || n > r->size - offset)
        return false;
    if (r->fd < 0) {
        memcpy(out, r->memory + offset, n);
        return true;
    }
    if (n > WINDOW)
        return read_file(r, offset, out, n) == n;
    /* Blocks are small and mostly read one after the other: fewer calls of the system. */
    if (offset < r->window_at || offset + n > r->window_at + r->window_n) {
        r->window_at = offset;
        r->window_n = read_file(r, offset, r->window,
                                r->size - offset < WINDOW ? (size_t)(r->size - offset) : WINDOW);
        if (n > r->window_n)
            return false;
    }
    memcpy(out, r->window + (offset - r->window_at), n);
    return true;
}

void scan_damage(struct psr_reader *r, uint64_t from, uint64_t to, uint32_t blocks)
{
    if (to <= r->damage_to)
        return;
    if (!r->damaged)
        r->damage_at = from;
    r->damaged = r->damaged + blocks < r->damaged ? UINT32_MAX : r->damaged + blocks;
    r->damage_to = to;
}

static bool head_at(const uint8_t *p, struct psr_block_head *h)
{
    if (memcmp(p, PSR_BLOCK_MAGIC, 4) != 0 || psr_load32(p + 40) != crc32c(0, p, 40))
        return false;
    *h = (struct psr_block_head){
        .bytes = psr_load32(p + 4),
        .sequence = psr_load32(p + 8),
        .count = psr_load32(p + 12),
        .first = psr_load64(p + 16),
        .t_ns = (int64_t)psr_load64(p + 24),
        .strings = psr_load32(p + 32),
        .crc = psr_load32(p + 36),
    };
    return h->strings <= PSR_MAX_STRINGS && h->strings <= h->bytes &&
           h->bytes - h->strings <= PSR_MAX_EVENT_BYTES && h->count &&
           h->count <= h->bytes - h->strings && h->first < UINT64_MAX >> 1;
}

static bool index_at(struct psr_reader *r, uint64_t offset, uint8_t head[PSR_INDEX_HEAD])
{
    return scan_read(r, offset, head, PSR_INDEX_HEAD) && !memcmp(head, PSR_INDEX_MAGIC, 4) &&
           psr_load32(head + 12) == crc32c(0, head, 12);
}

/* Where the next good header stands after `from`; r->size: nowhere. */
static uint64_t resync(struct psr_reader *r, uint64_t from)
{
    uint8_t *window = xmalloc(WINDOW);
    uint64_t found = r->end;
    while (from + PSR_BLOCK_HEAD <= r->end) {
        size_t n = r->end - from < WINDOW ? (size_t)(r->end - from) : WINDOW;
        if (!scan_read(r, from, window, n))
            break;
        const uint8_t *p = window, *last = window + n - PSR_BLOCK_HEAD + 1;
        struct psr_block_head h;
        while (p < last && (p = memchr(p, PSR_BLOCK_MAGIC[0], (size_t)(last - p))) &&
               !head_at(p, &h))
            p++;
        if (p && p < last) {
            found = from + (uint64_t)(p - window);
            break;
        }
        from += n - PSR_BLOCK_HEAD + 1;
    }
    free(window);
    return found;
}

/* Is there a good header at `at`, and is the block whole? */
static bool block_at(struct psr_reader *r, uint64_t at, struct block *b, bool *torn)
{
    uint8_t head[PSR_BLOCK_HEAD];
    *torn = false;
    if (r->end - at < sizeof head) {
        *torn = true;
        return false;
    }
    if (!scan_read(r, at, head, sizeof head) || !head_at(head, &b->h))
        return false;
    *torn = b->h.bytes > r->end - at - PSR_BLOCK_HEAD;
    b->offset = at;
    return !*torn;
}

bool scan_next(struct psr_reader *r, struct cursor *at, struct block *b)
{
    const uint64_t from = at->offset;
    for (;;) {
        uint8_t index[PSR_INDEX_HEAD];
        bool torn;
        if (at->offset >= r->end) {
            if (from < r->end && r->torn_at != from + 1)
                scan_damage(r, from, r->end, 1);
            return false;
        }
        if (block_at(r, at->offset, b, &torn)) {
            at->offset = b->offset + PSR_BLOCK_HEAD + b->h.bytes;
            /* What goes back in the order belongs to another file. */
            if (b->h.first >= at->first && b->h.sequence >= at->sequence)
                break;
            continue;
        }
        if (index_at(r, at->offset, index)) { /* the tail that leads to it is lost */
            r->index_bad = true;
            return false;
        }
        uint64_t found = resync(r, at->offset + 1);
        if (found == r->end && torn && at->offset == from)
            r->torn_at = from + 1;
        at->offset = found;
    }
    if (b->offset > from || b->h.sequence > at->sequence) {
        uint32_t missing = b->h.sequence - at->sequence;
        scan_damage(r, from, b->offset, missing ? missing : 1);
    }
    at->first = b->h.first + b->h.count;
    at->sequence = b->h.sequence + 1;
    return true;
}

bool scan_load(struct psr_reader *r, const struct block *b)
{
    grow(&r->bytes, &r->bytes_cap, (size_t)b->h.bytes + PSR_SLACK, 1);
    if (!scan_read(r, b->offset + PSR_BLOCK_HEAD, r->bytes, b->h.bytes))
        return false;
    memset(r->bytes + b->h.bytes, 0, PSR_SLACK);
    return crc32c(0, r->bytes, b->h.bytes) == b->h.crc;
}

/* ---- names --------------------------------------------------------------------------------- */

static const uint8_t *varint(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; p < end && shift < 35; shift += 7) {
        *v |= (uint64_t)(*p & 127) << shift;
        if (!(*p++ & 128))
            return p;
    }
    return NULL;
}

static bool room(struct psr_reader *r, size_t bytes)
{
    if (r->names_bytes + bytes + NAME_COST > NAMES_MAX)
        r->names_full = true;
    else
        r->names_bytes += bytes + NAME_COST;
    return !r->names_full;
}

void scan_names(struct psr_reader *r, const struct block *b)
{
    const uint8_t *p = r->bytes, *end = p + b->h.strings;
    uint64_t id = 0;
    if (p == end || !(p = varint(p, end, &id)))
        return;
    /* Names of blocks that are gone have their places, so that the others keep theirs. There were
     * no more of them than bytes. */
    if (id > PSR_IDS_FREE + b->offset)
        return;
    while (strtab_count(r->names) < id && room(r, 1))
        strtab_append(r->names, "?");
    for (uint64_t n; p < end && (p = varint(p, end, &n)) && n <= (uint64_t)(end - p);
         p += n, id++) {
        if (id < strtab_count(r->names))
            continue; /* it was read before */
        if (!room(r, n))
            return;
        char *text = xstrndup((const char *)p, n);
        strtab_append(r->names, text);
        free(text);
    }
}

/* ---- index --------------------------------------------------------------------------------- */

static void add_entry(struct psr_reader *r, struct entry e)
{
    if (r->since++ % r->stride)
        return;
    if (r->index_n == INDEX_MAX) {
        for (size_t i = 0; i < INDEX_MAX / 2; i++)
            r->index[i] = r->index[2 * i];
        r->index_n /= 2;
        r->stride *= 2;
    }
    grow(&r->index, &r->index_cap, r->index_n + 1, sizeof *r->index);
    r->index[r->index_n++] = e;
}

static bool read_entries(struct psr_reader *r, uint64_t offset, uint32_t bytes, uint32_t want)
{
    uint8_t chunk[PSR_INDEX_ENTRY * 128];
    uint32_t crc = 0, sequence = 0;
    struct cursor before = {.offset = r->begin};
    for (uint32_t done = 0, n; done < bytes; done += n) {
        n = bytes - done < sizeof chunk ? bytes - done : (uint32_t)sizeof chunk;
        if (!scan_read(r, offset + PSR_INDEX_HEAD + done, chunk, n))
            return false;
        crc = crc32c(crc, chunk, n);
        for (const uint8_t *p = chunk; p < chunk + n; p += PSR_INDEX_ENTRY) {
            struct entry e = {{psr_load64(p), psr_load64(p + 8), sequence++},
                              (int64_t)psr_load64(p + 16)};
            if (e.at.first < before.first)
                return false;
            if (done + (uint32_t)(p - chunk) + PSR_INDEX_ENTRY == bytes) {
                r->total = e.at.first;
                r->last_ns = e.t_ns;
            } else if (e.at.offset < before.offset || e.at.offset >= offset) {
                return false;
            } else {
                add_entry(r, e);
                before = e.at;
            }
        }
    }
    return crc == want;
}

bool scan_footer(struct psr_reader *r)
{
    uint8_t tail[PSR_TAIL], head[PSR_INDEX_HEAD];
    r->stride = 1;
    if (r->size < r->begin + PSR_TAIL + PSR_INDEX_HEAD ||
        !scan_read(r, r->size - PSR_TAIL, tail, sizeof tail) ||
        memcmp(tail + 8, PSR_TAIL_MAGIC, 8) != 0)
        return false;
    uint64_t offset = psr_load64(tail);
    r->index_bad = true;
    if (offset < r->begin || offset > r->size || !index_at(r, offset, head))
        return false;
    uint32_t bytes = psr_load32(head + 4);
    if (!bytes || bytes % PSR_INDEX_ENTRY || r->size - offset != PSR_INDEX_HEAD + bytes + PSR_TAIL)
        return false;
    r->end = offset; /* the header of the index holds: no blocks from here on */
    r->closed = true;
    if (!read_entries(r, offset, bytes, psr_load32(head + 8))) {
        r->index_n = 0;
        r->since = 0;
        r->stride = 1;
        return false;
    }
    r->index_bad = false;
    r->last_known = true;
    r->indexed = true;
    return true;
}

void scan_all(struct psr_reader *r)
{
    struct cursor at = {.offset = r->begin};
    struct block b;
    r->total = 0;
    while (scan_next(r, &at, &b)) {
        add_entry(r, (struct entry){{b.offset, b.h.first, b.h.sequence}, b.h.t_ns});
        r->total = at.first;
        r->last_ns = b.h.t_ns;
    }
    r->indexed = true;
}
