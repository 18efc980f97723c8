/* SPDX-License-Identifier: MIT */
/* Writes a session on a thread of its own, so that a slow disk never holds up the screen. */
#ifndef APP_RECORDER_H
#define APP_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "session/psr.h"

struct recorder;
/* Creates the file and writes its header. NULL with *error. */
struct recorder *recorder_start(const char *path, bool overwrite, const struct psr_header *h,
                                const struct strtab *names, char **error);
/* Hands events over (copies them); false: it has enough to do, come again. Never blocks. One thread
 * gives and waits. */
bool recorder_give(struct recorder *r, const struct event *ev, size_t n);
/* Waits until it has room for much more. */
void recorder_wait(struct recorder *r);
/* NULL, or why it stopped writing; valid until recorder_stop(). */
const char *recorder_error(const struct recorder *r);
uint64_t recorder_bytes(const struct recorder *r);
/* Writes what was given, ends the file, frees r. Waits for the disk. NULL, or a malloc'ed sentence.
 */
char *recorder_stop(struct recorder *r);

#endif
