/* SPDX-License-Identifier: MIT */
/* Traces: files of arrivals, CSV or access logs, read line by line in bounded memory. */
#ifndef TRAFFIC_TRACE_H
#define TRAFFIC_TRACE_H

#include "control/errors.h"
#include "traffic/traffic.h"

struct trace;
/* One request of the file. key: valid until the next trace_next(). */
struct trace_row {
    int64_t at_ns;
    int64_t service_ns; /* -1: no such column, or empty */
    enum outcome outcome;
    int priority; /* -1 likewise */
    uint32_t cost;
    const char *key;
};
/* What of a file is read: rows from from_ns up to to_ns after the first one, which then stand at
 * from_ns = 0; and what of an access log's line is the key. */
enum trace_key { TRACE_KEY_CLIENT, TRACE_KEY_PATH };
struct trace_part {
    int64_t from_ns, to_ns; /* to_ns 0: to the end */
    int key;                /* enum trace_key */
};
/* As trace_open(), a part of it. */
struct trace *trace_open_part(const char *path, const struct trace_part *part, struct errors *e);
/* Opens a CSV with a header, or a web server's access log. NULL with an error at FILE:LINE. path
 * may be "-"-free relative to the working directory; the caller joins it with the scenario's
 * folder. */
struct trace *trace_open(const char *path, struct errors *e);
/* 1: a row; 0: the end; -1: an error was added. Whoever wants all errors asks for the next line. */
int trace_next(struct trace *t, struct trace_row *row, struct errors *e);
void trace_close(struct trace *t);
/* "base/file", or file when it is absolute. malloc'ed. */
char *trace_path(const char *base_dir, const char *file);

#endif
