/* SPDX-License-Identifier: MIT */
/* The session format, version 1. Numbers are little-endian, CRC is CRC32C.
 *
 *   file    head, fields, blocks …, index (only after a clean close)
 *
 *   head    0  8  89 'P' 'S' 'R' 0d 0a 1a 0a
 *           8  2  version
 *          10  2  0
 *          12  4  bytes of the fields
 *          16  4  CRC of bytes 8 to 15 and the fields. This much stays in every version
 *   field   tag (1 byte, enum psr_tag), length (4), bytes. Unknown tags are passed over.
 *
 *   block   0  4  'B' 'L' 'K' b7
 *           4  4  bytes of strings and events
 *           8  4  sequence, from 0
 *          12  4  number of events
 *          16  8  number of the first event, from 0
 *          24  8  time of the first event, ns
 *          32  4  bytes of strings
 *          36  4  CRC of strings and events
 *          40  4  CRC of the 40 bytes before
 *          44     strings, events
 *   strings varint: id of the first; then each: varint length, bytes. Ids count up from 1 through
 *           the file: a block holds the strings that it is the first to use. No strings: 0 bytes.
 *
 *   index   0  4  'I' 'D' 'X' b7
 *           4  4  bytes of the entries
 *           8  4  CRC of the entries
 *          12  4  CRC of the 12 bytes before
 *          16     entries, 32 bytes a block: offset, number of the first event, its time, number
 *                 of events (8 each); a last one with offset 0, all events, and the last time
 *   tail    the index's offset (8), 'P' 'S' 'R' 'e' 'n' 'd' 0d 0a; the last 16 bytes of the file
 *
 * A block is read by itself. The header's own CRC makes its length worth believing, so a reader
 * that meets damage goes on in linear time: a good header with bad contents is passed over by its
 * length; else the next magic with a good header is looked for.
 *
 * Events. Most of an event is what it was in the last one of its kind and op, or in the event just
 * before. Which fields are new, and how long they are, is the event's shape; shapes repeat, so each
 * is written once a block and then has a number. What follows a shape's number are the new fields,
 * side by side, little-endian, without a bit of control: a decoder loads all of them at places that
 * the shape knows, and never branches on the data.
 *
 *   code    00..ef         shape 0..239
 *           f0..fe, byte   shape 240 + (code - f0) * 256 + byte
 *           ff, 5 bytes    a new shape, which gets the next number: kind, op, 24 bits:
 *                 0..3   bytes of t      delta to the event before (first: the block's time), 0..8
 *                 4..5   bytes of x      0..2; 0: as in the last of its kind and op
 *                 6..8   bytes of task   0..4, likewise; 7: as in the event before
 *                 9..11  bytes of obj    likewise
 *                 12..14 bytes of c      0..4
 *                 15..18 bytes of a      0..4, or of V: zigzag delta to the last, 0..8
 *                 19..21 bytes of b      0..4; with V 0
 *                 22     A and B are one number, V
 *
 * "The last of its kind and op" is what stands in one of 256 places, chosen by (kind * 16 + op) mod
 * 256; all are zero at a block's beginning. Kinds and ops are the numbers of event.def. */
#ifndef SESSION_PSR_FORMAT_H
#define SESSION_PSR_FORMAT_H

#include <stdint.h>
#include <string.h>

enum {
    PSR_VERSION = 1,
    PSR_HEAD = 20,
    PSR_BLOCK_HEAD = 44,
    PSR_INDEX_HEAD = 16,
    PSR_INDEX_ENTRY = 32,
    PSR_TAIL = 16,
    PSR_BLOCK_BYTES = 16 << 10, /* when a block closes */
    /* What a reader takes at most. */
    PSR_MAX_FIELDS = 8 << 20,
    PSR_MAX_EVENT_BYTES = 64 << 10,
    PSR_MAX_STRING = 1 << 20,
    PSR_MAX_STRINGS = 2 << 20, /* bytes of a block's strings */
    PSR_SHAPES = 240 + 15 * 256,
    PSR_IDS_FREE = 16384, /* ids that a reader believes without events that could have made them */
};
#define PSR_MAGIC       "\x89PSR\r\n\x1a\n"
#define PSR_BLOCK_MAGIC "BLK\xb7"
#define PSR_INDEX_MAGIC "IDX\xb7"
#define PSR_TAIL_MAGIC  "PSRend\r\n"

/* APPEND ONLY. */
enum psr_tag {
    PSR_PROGRAM = 1,
    PSR_SCENARIO,
    PSR_PATH,
    PSR_TEXT,
    PSR_OPTIONS,
    PSR_SEED,      /* 8 bytes */
    PSR_WORLD,     /* 1 byte */
    PSR_TRACE_CRC, /* 4 bytes */
    PSR_TRACE,
    PSR_TAGS
};

struct psr_block_head {
    uint32_t bytes, sequence, count, strings, crc;
    uint64_t first;
    int64_t t_ns;
};

static inline uint64_t psr_load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void psr_store64(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, sizeof v);
}
static inline uint32_t psr_load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline void psr_store32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

#endif
