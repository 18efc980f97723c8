/* SPDX-License-Identifier: MIT */
/* Inside of the reader: psr_read.c gives events, psr_scan.c finds blocks. */
#ifndef SESSION_PSR_READER_H
#define SESSION_PSR_READER_H

#include "base/str.h"
#include "session/psr.h"
#include "session/psr_codec.h"
#include "session/psr_format.h"

enum {
    INDEX_MAX = 1 << 17,  /* entries kept; more, and every second is dropped */
    NAMES_MAX = 24 << 20, /* bytes of names with what each costs */
    NAME_COST = 64,
    WINDOW = 64 << 10,
};

/* A place between blocks, and what must come there. */
struct cursor {
    uint64_t offset, first;
    uint32_t sequence;
};
struct entry {
    struct cursor at;
    int64_t t_ns;
};
/* A block whose header is sound. */
struct block {
    uint64_t offset;
    struct psr_block_head h;
};

struct psr_reader {
    int fd; /* -1: memory */
    const uint8_t *memory;
    uint64_t size;   /* as it was at the opening */
    uint8_t *window; /* of the file, WINDOW bytes */
    uint64_t window_at;
    size_t window_n;
    char *path;
    struct psr_header header;
    char *text[PSR_TAGS]; /* owned: what the header points to */
    uint64_t begin, end;  /* where blocks are */

    struct cursor next;  /* reading goes on here */
    struct cursor named; /* all names of blocks before this are in */
    struct psr_decoder *decoder;
    struct event *events; /* of the block that is read */
    size_t events_cap;
    uint32_t count, taken;
    uint64_t first;
    uint8_t *bytes; /* of a block, with slack */
    size_t bytes_cap;

    struct strtab *names;
    size_t names_bytes;
    bool names_full;

    bool indexed;
    struct entry *index;
    size_t index_n, index_cap;
    uint32_t stride, since; /* blocks an entry; blocks since the last */
    uint64_t total;
    int64_t last_ns;
    bool last_known;

    bool head_bad, closed, index_bad;
    uint64_t damage_at, damage_to; /* first place; all before damage_to is accounted */
    uint32_t damaged;              /* blocks */
    uint64_t torn_at;              /* offset + 1 of a block that the end cuts, or 0 */
    struct str warning;
};

bool scan_read(struct psr_reader *r, uint64_t offset, void *out, size_t n);
/* The next block with a sound header at or after *at, which moves behind it. False: no more. */
bool scan_next(struct psr_reader *r, struct cursor *at, struct block *b);
/* The contents of a block into r->bytes; false: they are damaged. */
bool scan_load(struct psr_reader *r, const struct block *b);
void scan_damage(struct psr_reader *r, uint64_t from, uint64_t to, uint32_t blocks);
/* The index from the file's end; false: there is none. */
bool scan_footer(struct psr_reader *r);
/* The index by walking through the file. */
void scan_all(struct psr_reader *r);
void scan_names(struct psr_reader *r, const struct block *b);

#endif
