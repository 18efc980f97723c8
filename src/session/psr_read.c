/* SPDX-License-Identifier: MIT */
/* The reader of sessions: a block at a time, decoded as a whole.
 *
 * Nothing in a file is believed: lengths are bounded before memory is taken, ids before events are
 * handed on. What cannot be read is passed over, counted, and told in psr_warning(). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/crc32c.h"
#include "session/psr_reader.h"

/* ---- opening ------------------------------------------------------------------------------- */

static void take_field(struct psr_reader *r, unsigned tag, const uint8_t *p, uint32_t n)
{
    struct psr_header *h = &r->header;
    if (tag >= PSR_TAGS || tag == 0 || r->text[tag])
        return;
    if (tag == PSR_SEED && n == 8)
        h->seed = psr_load64(p);
    else if (tag == PSR_WORLD && n == 1 && *p < WORLD_COUNT)
        h->world = *p;
    else if (tag == PSR_TRACE_CRC && n == 4)
        h->trace_crc = psr_load32(p);
    else if (tag == PSR_TEXT || tag == PSR_TRACE) { /* bytes of a file, with any zeros */
        char *copy = xmalloc((size_t)n + 1);
        memcpy(copy, p, n);
        copy[n] = '\0';
        r->text[tag] = copy;
        *(tag == PSR_TEXT ? &h->text_len : &h->trace_len) = n;
    } else if (tag <= PSR_OPTIONS) {
        r->text[tag] = xstrndup((const char *)p, n);
    }
}

static void take_fields(struct psr_reader *r, const uint8_t *p, size_t n)
{
    while (n >= 5) {
        uint32_t len = psr_load32(p + 1);
        if (len > n - 5)
            break;
        take_field(r, *p, p + 5, len);
        p += 5 + len;
        n -= 5 + len;
    }
    struct psr_header *h = &r->header;
    h->program = r->text[PSR_PROGRAM] ? r->text[PSR_PROGRAM] : "";
    h->scenario = r->text[PSR_SCENARIO] ? r->text[PSR_SCENARIO] : "";
    h->path = r->text[PSR_PATH] ? r->text[PSR_PATH] : "";
    h->text = r->text[PSR_TEXT] ? r->text[PSR_TEXT] : "";
    h->options = r->text[PSR_OPTIONS] ? r->text[PSR_OPTIONS] : "";
    h->trace = r->text[PSR_TRACE];
}

/* NULL, or why this is nothing to be read. */
static char *read_header(struct psr_reader *r)
{
    uint8_t head[PSR_HEAD];
    if (r->size == 0)
        return xasprintf("%s: is empty, not a session", r->path);
    if (r->size < 8 || !scan_read(r, 0, head, 8) || memcmp(head, PSR_MAGIC, 8) != 0)
        return xasprintf(
            "%s: is not a session of patternscope: it does not begin like one (offset 0)", r->path);
    if (!scan_read(r, 0, head, sizeof head))
        return xasprintf("%s: ends inside its header, at offset %" PRIu64 "; nothing was recorded",
                         r->path, r->size);
    unsigned version = head[8] | (unsigned)head[9] << 8;
    uint32_t bytes = psr_load32(head + 12);
    bool whole = bytes <= PSR_MAX_FIELDS && bytes <= r->size - PSR_HEAD;
    uint8_t *fields = whole ? xmalloc((size_t)bytes + 1) : NULL;
    whole = whole && scan_read(r, PSR_HEAD, fields, bytes) &&
            crc32c(crc32c(0, head + 8, 8), fields, bytes) == psr_load32(head + 16);
    char *why = NULL;
    if (whole && version > PSR_VERSION)
        why = xasprintf(
            "%s: was recorded by a newer patternscope (format %u; this one reads up to %d)",
            r->path, version, PSR_VERSION);
    take_fields(r, fields, whole && !why ? bytes : 0);
    free(fields);
    r->head_bad = !whole;
    r->begin = PSR_HEAD + (whole ? bytes : 0);
    if (why)
        return why;
    scan_footer(r);
    r->next.offset = r->named.offset = r->begin;
    if (whole)
        return NULL;
    struct cursor at = r->next;
    struct block b;
    if (!scan_next(r, &at, &b))
        return xasprintf("%s: is damaged or cut off in its header (offset 8 to %" PRIu64
                         "), and no whole block follows; nothing in it can be read",
                         r->path, r->begin + bytes < r->size ? r->begin + bytes : r->size);
    /* The header is told of by itself. */
    r->next = r->named = (struct cursor){b.offset, b.h.first, b.h.sequence};
    r->begin = b.offset;
    r->damaged = b.h.sequence;
    return NULL;
}

static struct psr_reader *opened(struct psr_reader *r, char **error)
{
    r->decoder = psr_decoder_create();
    r->names = strtab_create();
    *error = read_header(r);
    if (!*error)
        return r;
    psr_reader_close(r);
    return NULL;
}

struct psr_reader *psr_open(const char *path, char **error)
{
    /* O_NONBLOCK: a pipe that nobody writes to would make open() wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        *error = xasprintf("%s: cannot be read: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        *error = xasprintf("%s: is %s, not a session", path,
                           S_ISDIR(st.st_mode) ? "a folder" : "a pipe or a device");
        close(fd);
        return NULL;
    }
    struct psr_reader *r = xcalloc(1, sizeof *r);
    r->fd = fd;
    r->size = r->end = (uint64_t)st.st_size;
    r->path = xstrdup(path);
    r->window = xmalloc(WINDOW);
    return opened(r, error);
}

struct psr_reader *psr_open_memory(const void *bytes, size_t n, char **error)
{
    struct psr_reader *r = xcalloc(1, sizeof *r);
    r->fd = -1;
    r->memory = bytes;
    r->size = r->end = n;
    r->path = xstrdup("memory");
    return opened(r, error);
}

void psr_reader_close(struct psr_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    for (size_t i = 0; i < PSR_TAGS; i++)
        free(r->text[i]);
    strtab_destroy(r->names);
    free(r->decoder);
    free(r->events);
    free(r->bytes);
    free(r->index);
    free(r->path);
    free(r->window);
    str_free(&r->warning);
    free(r);
}

const struct psr_header *psr_header(const struct psr_reader *r)
{
    return &r->header;
}

uint64_t psr_file_size(const struct psr_reader *r)
{
    return r->size;
}

struct strtab *psr_names(struct psr_reader *r)
{
    return r->names;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* Decodes a block into r->events. */
static bool take_block(struct psr_reader *r, const struct block *b)
{
    uint32_t ids;
    r->count = r->taken = 0;
    if (!scan_load(r, b))
        return false;
    scan_names(r, b);
    grow(&r->events, &r->events_cap, b->h.count, sizeof *r->events);
    if (!psr_decode(r->decoder, r->bytes + b->h.strings, b->h.bytes - b->h.strings, b->h.count,
                    b->h.t_ns, r->events, &ids))
        return false;
    /* No more tasks than events, and no more events than bytes: models make room by these ids. */
    uint64_t made = b->h.first + b->h.count, room = b->offset + b->h.bytes;
    if (ids > PSR_IDS_FREE + (made < room ? made : room))
        return false;
    r->count = b->h.count;
    r->first = b->h.first;
    return true;
}

static bool next_block(struct psr_reader *r)
{
    struct block b;
    while (scan_next(r, &r->next, &b)) {
        bool good = take_block(r, &b);
        if (b.offset >= r->named.offset)
            r->named = r->next;
        if (good)
            return true;
        scan_damage(r, b.offset, r->next.offset, 1);
    }
    r->count = r->taken = 0;
    r->first = r->next.first;
    return false;
}

size_t psr_read(struct psr_reader *r, struct event *out, size_t max)
{
    size_t n = 0;
    while (n < max && (r->taken < r->count || next_block(r))) {
        size_t some = r->count - r->taken < max - n ? r->count - r->taken : max - n;
        memcpy(out + n, r->events + r->taken, some * sizeof *out);
        r->taken += (uint32_t)some;
        n += some;
    }
    return n;
}

const struct event *psr_read_block(struct psr_reader *r, size_t *n)
{
    *n = 0;
    if (r->taken == r->count && !next_block(r))
        return NULL;
    const struct event *ev = r->events + r->taken;
    *n = r->count - r->taken;
    r->taken = r->count;
    return ev;
}

uint64_t psr_position(const struct psr_reader *r)
{
    return r->taken < r->count ? r->first + r->taken : r->next.first;
}

const char *psr_warning(const struct psr_reader *r)
{
    struct str *s = &((struct psr_reader *)r)->warning;
    str_clear(s);
    if (r->head_bad)
        str_add(s, "its header is damaged, so its scenario is not known");
    if (r->damaged)
        str_addf(s, "%sdamaged at offset %" PRIu64 ": %" PRIu32 " block%s skipped",
                 s->len ? "; " : "", r->damage_at, r->damaged, r->damaged == 1 ? "" : "s");
    if (r->torn_at)
        str_addf(s, "%sit ends inside a block at offset %" PRIu64, s->len ? "; " : "",
                 r->torn_at - 1);
    else if (r->index_bad)
        str_addf(s, "%sits index is damaged", s->len ? "; " : "");
    else if (!r->closed)
        str_addf(s, "%sit was not closed, it ends with the last whole block", s->len ? "; " : "");
    if (r->names_full)
        str_addf(s, "%sit has more names than are kept, later ones are \"?\"", s->len ? "; " : "");
    if (!s->len)
        return NULL;
    char *text = str_take(s);
    str_addf(s, "%s: %s", r->path, text);
    free(text);
    return s->data;
}

/* ---- seeking ------------------------------------------------------------------------------- */

static void need_index(struct psr_reader *r)
{
    if (!r->indexed)
        scan_all(r);
}

/* Names count up through the file: those of blocks that are jumped over must come in first. */
static void need_names(struct psr_reader *r, uint64_t offset)
{
    struct block b;
    while (r->named.offset < offset && scan_next(r, &r->named, &b))
        if (b.offset < offset && b.h.strings && scan_load(r, &b))
            scan_names(r, &b);
}

static void go_to(struct psr_reader *r, struct cursor at)
{
    need_names(r, at.offset);
    r->next = at;
    r->count = r->taken = 0;
}

/* From the index to the last block for which its number, or its time, is not above. */
static bool seek(struct psr_reader *r, uint64_t number, bool by_time, int64_t t_ns)
{
    need_index(r);
    size_t lo = 0, hi = r->index_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        bool above = by_time ? r->index[mid].t_ns > t_ns : r->index[mid].at.first > number;
        if (above)
            hi = mid;
        else
            lo = mid + 1;
    }
    if (!r->index_n)
        return false;
    struct cursor best = r->index[lo ? lo - 1 : 0].at, at = best;
    struct block b;
    for (uint32_t i = 0; i < r->stride && scan_next(r, &at, &b); i++) {
        if (i && (by_time ? b.h.t_ns > t_ns : b.h.first > number))
            break;
        best = (struct cursor){b.offset, b.h.first, b.h.sequence};
    }
    go_to(r, best);
    return true;
}

bool psr_seek_event(struct psr_reader *r, uint64_t number)
{
    need_index(r);
    return number < r->total && seek(r, number, false, 0);
}

bool psr_seek_time(struct psr_reader *r, int64_t t_ns)
{
    return seek(r, 0, true, t_ns);
}

uint64_t psr_total(struct psr_reader *r)
{
    need_index(r);
    return r->total;
}

int64_t psr_last_time(struct psr_reader *r)
{
    need_index(r);
    if (!r->last_known && r->index_n) {
        struct cursor back = r->next;
        uint64_t position = psr_position(r);
        bool inside = r->taken < r->count;
        if (seek(r, r->total - 1, false, 0) && next_block(r))
            r->last_ns = r->events[r->count - 1].t_ns;
        go_to(r, back);
        if (inside && psr_seek_event(r, position) && next_block(r))
            r->taken = (uint32_t)(position - r->first);
    }
    r->last_known = true;
    return r->last_ns;
}
