/* SPDX-License-Identifier: MIT */
/* The reader of traces: CSV with a header, or an access log (trace_log.c). A line longer than LINE,
 * a column that is not known, a time that goes back: each is an error with its line number. A check
 * reads on behind it, so that all of them are told; a run ends there. */
#include "traffic/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "traffic/trace_log.h"

enum { LINE = 4096, COLUMNS = 16 };
#define MOST_MS 3e12 /* 95 years: sums of two do not overflow as ns */
enum column { COL_AT, COL_SERVICE, COL_OUTCOME, COL_KEY, COL_PRIORITY, COL_COST, COL_COUNT };
static const char *const column_names[COL_COUNT] = {"at_ms", "service_ms", "outcome",
                                                    "key",   "priority",   "cost"};
static const char *const outcome_names[] = {"", "ok", "error", "hang", "ignored"};

struct trace {
    FILE *f;
    char *path;
    int line;
    int64_t last_ns;
    bool broken; /* the file cannot be read any further */
    int columns;
    enum column column[COLUMNS];
    struct trace_part part;
    bool log;         /* an access log */
    bool again;       /* its line is there already */
    bool begun;       /* first_ns is known */
    int64_t first_ns; /* of the file's first row */
    int64_t second_s; /* log: the second under way; its lines, and those behind us */
    int64_t lines, done;
    char text[LINE + 1];
};

char *trace_path(const char *base_dir, const char *file)
{
    if (*file == '/' || !base_dir || !*base_dir || strcmp(base_dir, ".") == 0)
        return xstrdup(file);
    return xasprintf("%s/%s", base_dir, file);
}

/* The next line without its end: 1, 0 at the end, -1 error, and the line is behind us. Byte by
 * byte, because a NUL inside would hide the rest of a line from everything that reads strings. */
static int read_line(struct trace *t, struct errors *e)
{
    size_t n = 0;
    const char *bad = NULL;
    int c = t->broken ? EOF : getc_unlocked(t->f);
    if (c == EOF && (t->broken || !ferror(t->f)))
        return 0;
    t->line++;
    for (; c != EOF && c != '\n'; c = getc_unlocked(t->f)) {
        if (t->log && n == LINE)
            continue; /* what matters stands at its beginning */
        if (c == '\0' || n == LINE)
            bad = c ? "line longer than 4096 bytes" : "a NUL byte: is this a text file?";
        if (!bad)
            t->text[n++] = (char)c;
    }
    _Static_assert(LINE == 4096, "the sentence says so");
    if (ferror(t->f)) {
        t->broken = true;
        bad = "cannot be read (input error)";
    }
    while (n && t->text[n - 1] == '\r')
        n--;
    t->text[n] = '\0';
    if (!bad && !utf8_valid(t->text, n)) {
        bad = t->log ? NULL : "not valid UTF-8";
        for (size_t i = 0; t->log && i < n; i++)
            if ((unsigned char)t->text[i] >= 0x80)
                t->text[i] = '?';
    }
    if (bad)
        error_at(e, t->path, t->line, "%s", bad);
    return bad ? -1 : 1;
}

/* A field in quotes, in place: a comma in it is its own, two quotes are one. The place after the
 * closing one. */
static char *unquote(char *f, char **end)
{
    char *to = f, *p = f + 1;
    for (; *p && !(p[0] == '"' && p[1] != '"'); p++) {
        p += p[0] == '"';
        *to++ = *p;
    }
    p += *p == '"';
    *end = to;
    return p;
}

/* The next field of *p, in place; NULL after the last. */
static char *field(char **p)
{
    char *f = *p;
    if (!f)
        return NULL;
    f += strspn(f, " \t");
    char *end = NULL, *after = *f == '"' ? unquote(f, &end) : f;
    char *comma = strchr(after, ',');
    *p = comma ? comma + 1 : NULL;
    if (comma)
        *comma = '\0';
    if (end) {
        *end = '\0';
        return f;
    }
    size_t n = strlen(f);
    while (n && (f[n - 1] == ' ' || f[n - 1] == '\t'))
        f[--n] = '\0';
    return f;
}

static bool header(struct trace *t, struct errors *e)
{
    int got = read_line(t, e);
    if (got < 0)
        return false;
    if (!got) {
        error_at(e, t->path, 1, "empty: a trace begins with a header line (at_ms,…)");
        return false;
    }
    int64_t at_s;
    if (trace_log_time(t->text, &at_s)) {
        t->log = t->again = true;
        return true;
    }
    char *p = t->text, *name;
    if (strncmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    bool has_at = false;
    while ((name = field(&p))) {
        int c = 0;
        while (c < COL_COUNT && strcmp(name, column_names[c]) != 0)
            c++;
        if (c == COL_COUNT || t->columns == COLUMNS) {
            error_at(e, t->path, 1,
                     "unknown column '%.60s' (there are at_ms, service_ms, outcome, key, priority, "
                     "cost)",
                     name);
            return false;
        }
        for (int i = 0; i < t->columns; i++)
            if (t->column[i] == (enum column)c) {
                error_at(e, t->path, 1, "column %s stands twice", name);
                return false;
            }
        t->column[t->columns++] = (enum column)c;
        has_at |= c == COL_AT;
    }
    if (!has_at)
        error_at(e, t->path, 1, "the header has no column at_ms");
    return has_at;
}

struct trace *trace_open(const char *path, struct errors *e)
{
    return trace_open_part(path, &(struct trace_part){0}, e);
}

struct trace *trace_open_part(const char *path, const struct trace_part *part, struct errors *e)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        error_at(e, path, 0, "cannot be read: no such file, or not a regular one");
        return NULL;
    }
    FILE *f = fopen(path, "rb");
    if (!f) {
        error_at(e, path, 0, "cannot be read (is it yours?)");
        return NULL;
    }
    struct trace *t = xcalloc(1, sizeof *t);
    t->f = f;
    t->path = xstrdup(path);
    t->part = *part;
    if (!header(t, e)) {
        trace_close(t);
        return NULL;
    }
    return t;
}

/* Milliseconds with decimals, as ns. */
static bool milliseconds(const char *text, int64_t *ns)
{
    double ms;
    if (value_float(text, &ms) || ms < 0 || ms > MOST_MS || strchr(text, '%'))
        return false;
    *ns = (int64_t)(ms * 1e6 + 0.5);
    return true;
}

static const char *take(struct trace *t, struct trace_row *row, enum column c, char *text)
{
    int64_t n;
    switch (c) {
    case COL_AT:
        if (!milliseconds(text, &row->at_ns))
            return "must be milliseconds such as 12.5";
        return row->at_ns < t->last_ns ? "goes back: the line before is later" : NULL;
    case COL_SERVICE:
        if (*text && !milliseconds(text, &row->service_ns))
            return "must be milliseconds such as 12.5";
        return NULL;
    case COL_OUTCOME:
        for (int i = 0; i < 5; i++)
            if (strcmp(text, outcome_names[i]) == 0) {
                row->outcome = (enum outcome)i;
                return NULL;
            }
        return "must be ok, error, hang or ignored";
    case COL_KEY:
        row->key = *text ? text : NULL;
        return NULL;
    case COL_PRIORITY:
        if (*text && (value_int(text, &n) || n < 0 || n > 7))
            return "must be 0..7";
        row->priority = *text ? (int)n : -1;
        return NULL;
    case COL_COST:
        if (*text && (value_int(text, &n) || n < 0 || n > 1000000))
            return "must be 0..1000000";
        row->cost = *text ? (uint32_t)n : 1;
        return NULL;
    case COL_COUNT:
        break;
    }
    return NULL;
}

static int csv_next(struct trace *t, struct trace_row *row, struct errors *e)
{
    int got;
    do {
        got = read_line(t, e);
    } while (got == 1 && !*t->text);
    if (got < 1)
        return got;
    *row = (struct trace_row){.service_ns = -1, .priority = -1, .cost = 1};
    char *p = t->text, *text;
    int n = 0;
    bool good = true;
    for (; (text = field(&p)); n++) {
        const char *bad = n < t->columns ? take(t, row, t->column[n], text) : NULL;
        if (bad)
            error_at(e, t->path, t->line, "%s = %.60s: %s", column_names[t->column[n]], text, bad);
        good &= !bad;
    }
    if (n != t->columns) {
        error_at(e, t->path, t->line, "%d fields; the header has %d", n, t->columns);
        good = false;
    }
    if (row->at_ns > t->last_ns)
        t->last_ns = row->at_ns;
    return good ? 1 : -1;
}

/* ---- access logs -----------------------------------------------------------------------------
 */

/* How many lines of that second follow at once: read ahead, and gone back. */
static int64_t lines_ahead(struct trace *t, int64_t second_s)
{
    char text[512];
    long here = ftell(t->f);
    int64_t n = 0, at_s;
    bool whole = true;
    while (here >= 0 && fgets(text, sizeof text, t->f)) {
        bool begins = whole;
        whole = strchr(text, '\n') != NULL;
        if (!begins)
            continue;
        if (trace_log_time(text, &at_s) && at_s > second_s)
            break;
        n++;
    }
    clearerr(t->f);
    if (here >= 0 && fseek(t->f, here, SEEK_SET) != 0)
        t->broken = true;
    return n;
}

static int log_next(struct trace *t, struct trace_row *row, struct errors *e)
{
    struct log_line line;
    int got = 1;
    if (!t->again)
        do {
            got = read_line(t, e);
        } while (got == 1 && !*t->text);
    t->again = false;
    if (got < 1)
        return got;
    if (!trace_log_line(t->text, &line)) {
        error_at(e, t->path, t->line,
                 "not a line of an access log: client ident user [day/month/year:time zone] "
                 "\"request\" status");
        return -1;
    }
    /* Lines are written when a request ends, so one may be of a second that is over: it counts as
     * of now. */
    if (!t->lines || line.at_s > t->second_s) {
        t->second_s = line.at_s;
        t->done = 0;
        t->lines = 1 + lines_ahead(t, line.at_s);
    }
    int64_t part = t->done < t->lines ? t->done : t->lines - 1;
    t->done++;
    *row = (struct trace_row){.service_ns = -1, .priority = -1, .cost = 1};
    row->at_ns = t->second_s * 1000000000 + 1000000000 / t->lines * part;
    row->outcome = line.status >= 500 ? OUTCOME_ERROR : OUTCOME_OK;
    row->key = t->part.key == TRACE_KEY_PATH ? line.path : line.client;
    row->key = *row->key ? row->key : NULL;
    return 1;
}

int trace_next(struct trace *t, struct trace_row *row, struct errors *e)
{
    for (int got;;) {
        got = t->log ? log_next(t, row, e) : csv_next(t, row, e);
        if (got < 1)
            return got;
        if (!t->begun)
            t->first_ns = t->log ? row->at_ns : 0;
        t->begun = true;
        row->at_ns -= t->first_ns;
        if (t->part.to_ns && row->at_ns >= t->part.to_ns)
            return 0;
        if (row->at_ns >= t->part.from_ns) {
            row->at_ns -= t->part.from_ns;
            return 1;
        }
    }
}

void trace_close(struct trace *t)
{
    if (!t)
        return;
    fclose(t->f);
    free(t->path);
    free(t);
}
