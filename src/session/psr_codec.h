/* SPDX-License-Identifier: MIT */
/* Events to bytes and back; psr_format.h has the form. One encoder or decoder a block at a time. */
#ifndef SESSION_PSR_CODEC_H
#define SESSION_PSR_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "session/psr_format.h"

enum {
    PSR_EVENT_MAX = 6 + 8 + 2 + 4 + 4 + 4 + 8,        /* bytes of one event with a new shape */
    PSR_SLACK = 32,                                   /* readable bytes after what is decoded */
    PSR_SLOTS = 8192,                                 /* more than twice PSR_SHAPES */
    PSR_EVENTS_MAX = PSR_BLOCK_BYTES + PSR_EVENT_MAX, /* of an encoder's block */
};

struct psr_encoder {
    size_t n; /* bytes so far */
    uint32_t count;
    int64_t first_ns;
    uint32_t shapes, epoch; /* of this block */
    bool vectors;
    uint8_t one_number[EV_COUNT]; /* the kind uses V */
    struct event prev;
    struct event last[256];
    /* All shapes so far: blocks use mostly the same ones again. */
    uint32_t known;
    struct psr_shape_slot {
        _Alignas(64) uint64_t key;          /* 0: free */
        uint32_t epoch;                     /* of the block that used it last … */
        uint16_t number;                    /* … as what */
        uint8_t low, bytes;                 /* of the low half, of both, packed */
        uint8_t from[sizeof(struct event)]; /* the shuffle that packs them */
        uint32_t bits;                      /* as in the file */
    } slot[PSR_SLOTS];
    uint8_t bytes[PSR_EVENTS_MAX + PSR_SLACK];
};
struct psr_encoder *psr_encoder_create(void); /* free() it */
/* Without the processor's vector instructions, for the tests: the bytes are the same. */
void psr_encoder_plain(struct psr_encoder *e);
void psr_encoder_begin(struct psr_encoder *e); /* an empty block */
/* Encodes events until the block has PSR_BLOCK_BYTES or begins 500 ms before the next event;
 * returns how many. The caller closes the block and goes on when they are fewer than n. */
size_t psr_encode(struct psr_encoder *e, const struct event *ev, size_t n);

/* Would the open block take it? */
bool psr_encoder_takes(const struct psr_encoder *e, const struct event *ev);

/* Which of 256 places holds the last event of a kind and op. */
static inline uint8_t psr_place(unsigned kind, unsigned op)
{
    return (uint8_t)(kind * 16 + op);
}

struct psr_decoder;
struct psr_decoder *psr_decoder_create(void); /* free() it */
/* Without the processor's vector instructions, for the tests. */
void psr_decoder_plain(struct psr_decoder *d);
/* Decodes a block of exactly `count` events; false when it is not one. `bytes` must be readable for
 * PSR_SLACK more than n. *ids: no task or object id is above it. */
bool psr_decode(struct psr_decoder *d, const uint8_t *bytes, size_t n, uint32_t count, int64_t t_ns,
                struct event *out, uint32_t *ids);

#endif
