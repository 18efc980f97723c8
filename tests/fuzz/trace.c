/* SPDX-License-Identifier: MIT */
/* Fuzzes the trace reader: every row is in range and in order, every error has its line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "memory.h"
#include "traffic/trace.h"

/* The reader opens a path: the bytes lie in a file of memory that /proc names. */
static void put(const uint8_t *data, size_t size, char *path, size_t path_size)
{
    static int fd = -1;
    if (fd < 0 && (fd = memfd_create("trace", 0)) < 0)
        die("no memory file");
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        die("cannot write the memory file");
    snprintf(path, path_size, "/proc/self/fd/%d", fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    put(data, size, path, sizeof path);
    memory_begin();
    struct errors e = {0};
    struct trace *t = trace_open(path, &e);
    struct trace_row row;
    int64_t last = 0;
    int got = 0;
    while (t && (got = trace_next(t, &row, &e)) > 0) {
        if (row.at_ns < last || row.service_ns < -1)
            die("a time goes back or is negative");
        if (row.priority < -1 || row.priority > 7 || row.cost > 1000000)
            die("out of range");
        if (row.key && (!*row.key || !utf8_valid(row.key, strlen(row.key))))
            die("a key that cannot be shown");
        last = row.at_ns;
    }
    if ((!t || got < 0) != (e.total > 0))
        die("an error without a sentence, or a sentence without an error");
    for (size_t i = 0; i < e.kept; i++)
        if (!utf8_valid(e.item[i].text, strlen(e.item[i].text)))
            die("an error that cannot be shown");
    trace_close(t);
    errors_free(&e);
    memory_end();
    return 0;
}
