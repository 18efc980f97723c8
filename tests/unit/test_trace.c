/* SPDX-License-Identifier: MIT */
/* Traces: what is read, and what is refused with its line. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traffic/trace.h"

static char path[64];

static void write_file(const char *bytes, size_t n)
{
    snprintf(path, sizeof path, "/tmp/patternscope-trace-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

/* Rows that could be read; the first error goes to line and text. */
static int read_all(const char *bytes, size_t n, int *line, char *text)
{
    struct errors e = {0};
    struct trace_row row;
    write_file(bytes, n);
    struct trace *t = trace_open(path, &e);
    int rows = 0;
    while (t && trace_next(t, &row, &e) == 1)
        rows++;
    trace_close(t);
    *line = e.total ? e.item[0].line : -1;
    snprintf(text, 200, "%s", e.total ? e.item[0].text : "");
    if (e.total)
        cr_assert_str_eq(e.item[0].file, path);
    errors_free(&e);
    unlink(path);
    return rows;
}

Test(trace, reads_every_column_in_any_order)
{
    static const char csv[] = "\xef\xbb\xbfoutcome, at_ms ,cost,service_ms,key,priority\r\n"
                              "ok,0,2,12.5,\"alice\",1\r\n"
                              "\n"
                              ",0.000001,,,,\n"
                              "hang,1000.25,7,0,bob,0"; /* no line end */
    struct errors e = {0};
    struct trace_row row;
    write_file(csv, sizeof csv - 1);
    struct trace *t = trace_open(path, &e);
    cr_assert_not_null(t);
    cr_assert_eq(trace_next(t, &row, &e), 1);
    cr_assert(row.at_ns == 0 && row.service_ns == 12500000 && row.outcome == OUTCOME_OK);
    cr_assert(row.priority == 1 && row.cost == 2);
    cr_assert_str_eq(row.key, "alice");
    cr_assert_eq(trace_next(t, &row, &e), 1);
    cr_assert(row.at_ns == 1 && row.service_ns == -1 && row.outcome == OUTCOME_NONE);
    cr_assert(row.priority == -1 && row.cost == 1 && row.key == NULL);
    cr_assert_eq(trace_next(t, &row, &e), 1);
    cr_assert(row.at_ns == 1000250000 && row.service_ns == 0 && row.outcome == OUTCOME_HANG);
    cr_assert_eq(trace_next(t, &row, &e), 0);
    cr_assert_eq(e.total, 0);
    trace_close(t);
    unlink(path);
}

static void refused(const char *bytes, size_t n, int rows, int line, const char *part)
{
    int got_line;
    char text[200];
    int got = read_all(bytes, n, &got_line, text);
    cr_assert_eq(got, rows, "%.40s: %d rows", bytes, got);
    cr_assert_eq(got_line, line, "%.40s: line %d: %s", bytes, got_line, text);
    cr_assert(strstr(text, part), "%.40s: %s", bytes, text);
}
#define REFUSED(csv, rows, line, part) refused(csv, sizeof(csv) - 1, rows, line, part)

Test(trace, what_cannot_be_read_is_an_error_with_its_line)
{
    REFUSED("", 0, 1, "empty");
    REFUSED("service_ms\n1\n", 0, 1, "no column at_ms");
    REFUSED("at_ms,latency\n1,2\n", 0, 1, "unknown column 'latency'");
    REFUSED("at_ms,at_ms\n1,2\n", 0, 1, "twice");
    REFUSED("at_ms\n1\n2\n1\n", 2, 4, "goes back");
    REFUSED("at_ms\n1\nx\n", 1, 3, "at_ms = x: must be");
    REFUSED("at_ms\n-1\n", 0, 2, "at_ms = -1: must be");
    REFUSED("at_ms\n5%\n", 0, 2, ": must be milliseconds");
    REFUSED("at_ms\nnan\n", 0, 2, ": must be milliseconds");
    REFUSED("at_ms\n99999999999999999\n", 0, 2, ": must be milliseconds");
    REFUSED("at_ms,service_ms\n1,1e9\n", 0, 2, "service_ms = 1e9: must be");
    REFUSED("at_ms,outcome\n1,fine\n", 0, 2, "outcome = fine: must be ok, error");
    REFUSED("at_ms,priority\n1,8\n", 0, 2, "priority = 8: must be 0..7");
    REFUSED("at_ms,cost\n1,-3\n", 0, 2, "cost = -3: must be");
    REFUSED("at_ms,cost\n1\n", 0, 2, "1 fields; the header has 2");
    REFUSED("at_ms\n1,2\n", 0, 2, "2 fields; the header has 1");
    REFUSED("at_ms\n1\n2\0,3\n4\n", 1, 3, "NUL");
    REFUSED("at_ms\n\xff\n", 0, 2, "UTF-8");
}

/* A check goes on behind what is wrong, so that all of it is told. */
Test(trace, all_errors_of_a_file)
{
    static const char csv[] = "at_ms,outcome,cost\n"
                              "1,fine,-2\n"
                              "2,ok,1\n"
                              "1,ok,1\n"
                              "3,\xff,1\n"
                              "4,ok,\0001\n"
                              "5,ok\n"
                              "6,ok,1\n";
    static const int lines[] = {2, 2, 4, 5, 6, 7};
    struct errors e = {0};
    struct trace_row row;
    write_file(csv, sizeof csv - 1);
    struct trace *t = trace_open(path, &e);
    int rows = 0;
    for (int got; (got = trace_next(t, &row, &e));)
        rows += got > 0;
    trace_close(t);
    unlink(path);
    cr_assert_eq(rows, 2);
    cr_assert_eq(e.total, ARRAY_LEN(lines));
    for (size_t i = 0; i < e.kept; i++)
        cr_assert_eq(e.item[i].line, lines[i], "%d: %s", e.item[i].line, e.item[i].text);
    errors_free(&e);
}

Test(trace, quoted_fields)
{
    static const char csv[] = "\"at_ms\",key , cost\n"
                              "1,\"a, \"\"b\"\" c\" ,2\n"
                              "2,\"\",3\n"
                              "3,\"open";
    static const char *const keys[] = {"a, \"b\" c", NULL};
    struct errors e = {0};
    struct trace_row row;
    write_file(csv, sizeof csv - 1);
    struct trace *t = trace_open(path, &e);
    cr_assert(t, "%s", e.total ? e.item[0].text : "");
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_eq(trace_next(t, &row, &e), 1);
        cr_assert_eq(row.cost, i + 2);
        cr_assert(keys[i] ? row.key && strcmp(keys[i], row.key) == 0 : !row.key, "%s", row.key);
    }
    cr_assert_eq(trace_next(t, &row, &e), -1, "the cost is inside of the quotes");
    trace_close(t);
    unlink(path);
    errors_free(&e);
}

Test(trace, long_lines_take_no_more_memory)
{
    static const char head[] = {'a', 't', '_', 'm', 's', '\n', '1', '\n'};
    size_t n = 1 << 20;
    char *csv = malloc(n), text[200];
    int line;
    memset(csv, '1', n);
    memcpy(csv, head, sizeof head);
    cr_assert_eq(read_all(csv, n, &line, text), 1);
    cr_assert_eq(line, 3);
    cr_assert(strstr(text, "longer than"), "%s", text);
    free(csv);
}

Test(trace, only_regular_files_are_opened)
{
    struct errors e = {0};
    cr_assert_null(trace_open("/nowhere/at/all.csv", &e));
    cr_assert_null(trace_open("/tmp", &e));
    cr_assert_null(trace_open("/dev/zero", &e));
    snprintf(path, sizeof path, "/tmp/patternscope-fifo-%d", (int)getpid());
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_null(trace_open(path, &e), "a FIFO would block for ever");
    unlink(path);
    cr_assert_eq(e.total, 4);
    errors_free(&e);
}

Test(trace, its_path_is_relative_to_the_scenario)
{
    char *p = trace_path("configs", "day.csv");
    cr_assert_str_eq(p, "configs/day.csv");
    free(p);
    p = trace_path("configs", "/data/day.csv");
    cr_assert_str_eq(p, "/data/day.csv");
    free(p);
}

/* ---- access logs ----------------------------------------------------------------------------- */

static const char access_log[] =
    "10.0.0.1 - - [10/Oct/2023:13:55:36 +0200] \"GET /a?x=1 HTTP/1.1\" 200 2326 \"-\" \"a\\\"b\"\n"
    "10.0.0.2 - bob [10/Oct/2023:13:55:36 +0200] \"POST /b HTTP/1.1\" 503 0 \"-\" \"curl\"\n"
    "10.0.0.1 - - [10/Oct/2023:11:55:38 +0000] \"GET /a HTTP/1.1\" 404 1\n"
    "::1 - - [10/Oct/2023:13:55:37 +0200] \"\\x16\\x03\" 400 0 \"-\" \"-\"\n"
    "10.0.0.3 - - [29/Feb/2024:00:00:00 -0130] \"GET / HTTP/1.0\" 200 5\n";

static size_t read_log(const struct trace_part *part, struct trace_row rows[8], char keys[8][32],
                       struct errors *e)
{
    write_file(access_log, sizeof access_log - 1);
    struct trace *t = trace_open_part(path, part, e);
    size_t n = 0;
    cr_assert(t);
    for (; n < 8 && trace_next(t, &rows[n], e) == 1; n++)
        snprintf(keys[n], sizeof keys[n], "%s", rows[n].key ? rows[n].key : "");
    trace_close(t);
    unlink(path);
    return n;
}

Test(trace, access_logs)
{
    struct errors e = {0};
    struct trace_row r[8];
    char keys[8][32];
    cr_assert_eq(read_log(&(struct trace_part){0}, r, keys, &e), 5);
    cr_assert_eq(e.total, 0);
    /* Two lines of a second stand half of one apart; one that is late counts as of now. */
    static const int64_t at_ms[] = {0, 500, 2000, 2500};
    static const char *const who[] = {"10.0.0.1", "10.0.0.2", "10.0.0.1", "::1", "10.0.0.3"};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(r[i].at_ns, at_ms[i] * 1000000, "line %d at %ld", i + 1, (long)r[i].at_ns);
    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(keys[i], who[i]);
    /* From 2023-10-10 11:55:36 to 2024-02-29 01:30:00, both UTC. */
    cr_assert_eq(r[4].at_ns / 1000000000, 12231264, "%ld", (long)(r[4].at_ns / 1000000000));
    cr_assert_eq(r[0].outcome, OUTCOME_OK);
    cr_assert_eq(r[1].outcome, OUTCOME_ERROR);
    cr_assert_eq(r[2].outcome, OUTCOME_OK, "that a page is missing is no failure of the server");
    errors_free(&e);
}

Test(trace, a_part_of_an_access_log_by_path)
{
    struct errors e = {0};
    struct trace_row r[8];
    char keys[8][32];
    struct trace_part part = {.from_ns = 400000000, .to_ns = 3000000000, .key = TRACE_KEY_PATH};
    cr_assert_eq(read_log(&part, r, keys, &e), 3);
    cr_assert_eq(r[0].at_ns, 100000000);
    cr_assert_str_eq(keys[0], "/b");
    cr_assert_str_eq(keys[1], "/a");
    cr_assert_eq(r[2].at_ns, 2100000000);
    errors_free(&e);
}

Test(trace, a_line_that_is_none_of_an_access_log)
{
    static const char *const bad[] = {
        "at the wrong place\n",
        "10.0.0.1 - - [10/Okt/2023:13:55:36 +0200] \"GET / HTTP/1.1\" 200 1\n",
        "10.0.0.1 - - [10/Oct/2023:25:55:36 +0200] \"GET / HTTP/1.1\" 200 1\n",
        "10.0.0.1 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1 200 1\n",
        "10.0.0.1 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1\" ok 1\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char bytes[512], text[200];
        int line;
        snprintf(bytes, sizeof bytes,
                 "10.0.0.1 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1\" 200 1\n%s", bad[i]);
        cr_assert_eq(read_all(bytes, strlen(bytes), &line, text), 1, "%s", bad[i]);
        cr_assert_eq(line, 2);
        cr_assert(strstr(text, "not a line of an access log"), "%s", text);
    }
}
