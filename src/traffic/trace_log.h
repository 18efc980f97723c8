/* SPDX-License-Identifier: MIT */
/* A line of a web server's access log, in the common or the combined format. */
#ifndef TRAFFIC_TRACE_LOG_H
#define TRAFFIC_TRACE_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct log_line {
    int64_t at_s; /* seconds since 1970, UTC */
    int status;
    char *client, *path; /* in the line, which is cut up; a path without its query */
};
/* Cuts the line up. False: it is no such line (and may be cut up in part). */
bool trace_log_line(char *text, struct log_line *out);
/* Its instant alone; changes nothing. */
bool trace_log_time(const char *text, int64_t *at_s);

#endif
