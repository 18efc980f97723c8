/* SPDX-License-Identifier: MIT */
/* The session file, NAME.psr: a header and blocks of encoded events.
 *
 * The format is written down at the top of psr_format.h (and in the man page, section 5). Whatever
 * is whole is read: a block has a length and a CRC32C; damage ends or skips with a sentence. */
#ifndef SESSION_PSR_H
#define SESSION_PSR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strtab.h"
#include "event/event.h"

/* Everything that is needed to run it again. Strings are borrowed while writing, owned by the
 * reader while reading. */
struct psr_header {
    const char *program;  /* version */
    const char *scenario; /* name */
    const char *path;     /* "" : never an absolute path of the recording machine */
    const char *text;     /* the INI's bytes */
    size_t text_len;
    const char *options; /* one "key=value" a line: seed, world, for, set …, cues */
    uint64_t seed;
    uint8_t world;
    uint32_t trace_crc; /* 0: none */
    const char *trace;  /* its bytes if under 1 MiB, else NULL */
    size_t trace_len;
};

/* ---- writing ------------------------------------------------------------------------------ */

struct psr_writer;
/* Creates the file (refuses to overwrite unless `overwrite`). names: whose ids the events carry.
 * NULL with *error (malloc'ed sentence naming the file). */
struct psr_writer *psr_create(const char *path, bool overwrite, const struct psr_header *h,
                              const struct strtab *names, char **error);
/* Writes into memory instead; the bytes are a whole file. (The player's tape is tape.h: it keeps
 * the ids of the run's own table.) */
struct psr_writer *psr_create_memory(const struct psr_header *h, const struct strtab *names);
/* Of a writer into memory: what has been written so far, until the next call. */
const void *psr_bytes(const struct psr_writer *w, size_t *n);
/* Writes the block that is open, however small, so that a reader sees everything. */
bool psr_flush(struct psr_writer *w);
/* Appends. A block closes at 16 KiB, 100 ms of wall time (told by psr_tick) or 500 ms of scenario
 * time. False once writing failed; psr_error() says why; more calls are ignored. */
bool psr_write(struct psr_writer *w, const struct event *ev, size_t n);
/* Closes the block if it is 100 ms old by wall_ns (any monotonic ns). */
bool psr_tick(struct psr_writer *w, int64_t wall_ns);
const char *psr_error(const struct psr_writer *w); /* NULL while all is well */
uint64_t psr_size(const struct psr_writer *w);
/* Ends the file with its index and frees w. NULL, or a malloc'ed sentence: also what psr_error()
 * said. NULL is fine. */
char *psr_close(struct psr_writer *w);
/* The same into memory; the caller frees the bytes. */
void *psr_close_memory(struct psr_writer *w, size_t *n);

/* ---- reading ------------------------------------------------------------------------------ */

struct psr_reader;
/* Opens and checks the header. NULL with *error (malloc'ed). Memory stays under 64 MiB whatever the
 * file says. */
struct psr_reader *psr_open(const char *path, char **error);
struct psr_reader *psr_open_memory(const void *bytes, size_t n, char **error); /* borrowed */
void psr_reader_close(struct psr_reader *r);
const struct psr_header *psr_header(const struct psr_reader *r);
/* The strings of the session; filled as blocks are read. */
struct strtab *psr_names(struct psr_reader *r);
/* Decodes up to max events in order; 0 at the end (or the damage). */
size_t psr_read(struct psr_reader *r, struct event *out, size_t max);
/* The same without a copy: the next events, as many as their block has left; valid until the next
 * call. NULL at the end. */
const struct event *psr_read_block(struct psr_reader *r, size_t *n);
/* NULL, or a sentence about damage met so far: "FILE: damaged at offset N: 3 blocks skipped". */
const char *psr_warning(const struct psr_reader *r);
/* The number of the next event that psr_read gives (from 0). */
uint64_t psr_position(const struct psr_reader *r);
/* Goes to the start of the block that holds event `number`, or the last block that begins at or
 * before t_ns; psr_position() then says where. */
bool psr_seek_event(struct psr_reader *r, uint64_t number);
bool psr_seek_time(struct psr_reader *r, int64_t t_ns);
/* Bytes of the file. */
uint64_t psr_file_size(const struct psr_reader *r);
/* From the index, or by scanning. */
uint64_t psr_total(struct psr_reader *r);
int64_t psr_last_time(struct psr_reader *r);

/* Compares what two sessions both have, event by event (names resolved), from where they stand;
 * what is missing in one because of damage counts as equal. NULL when equal, else a malloc'ed
 * sentence that names the first difference. */
char *psr_compare(struct psr_reader *a, struct psr_reader *b);

#endif
