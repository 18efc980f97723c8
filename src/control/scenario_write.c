/* SPDX-License-Identifier: MIT */
/* Writing tweaks back into a scenario's text: only the bytes of a value change. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "control/scenario.h"

/* One line of the text, without its line end. */
struct line {
    const char *p, *end; /* [p, end) */
    const char *next;    /* after the line end */
};

static bool next_line(const char **at, struct line *l)
{
    if (!**at)
        return false;
    const char *nl = strchr(*at, '\n');
    l->p = *at;
    l->end = nl ? nl : *at + strlen(*at);
    l->next = nl ? nl + 1 : l->end;
    if (l->end > l->p && l->end[-1] == '\r')
        l->end--;
    *at = l->next;
    return true;
}

static const char *skip_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

static bool is_header(const struct line *l, const char *section, bool *same)
{
    const char *p = skip_blank(l->p, l->end);
    if (p - l->p == 0 && strncmp(p, "\xef\xbb\xbf", 3) == 0)
        p = skip_blank(p + 3, l->end);
    if (p == l->end || *p != '[')
        return false;
    const char *close = memchr(p, ']', (size_t)(l->end - p));
    *same = close && (size_t)(close - p - 1) == strlen(section) &&
            strncmp(p + 1, section, strlen(section)) == 0;
    return true;
}

/* Where the value of an assignment to key lies on the line; false: the line is something else. */
static bool value_span(const struct line *l, const char *key, const char **from, const char **to)
{
    const char *p = skip_blank(l->p, l->end);
    if (p == l->end || *p == ';' || *p == '#' || *p == '[')
        return false;
    const char *eq = p;
    while (eq < l->end && *eq != '=' && *eq != ':')
        eq++;
    if (eq == l->end)
        return false;
    const char *k = eq;
    while (k > p && (k[-1] == ' ' || k[-1] == '\t'))
        k--;
    if ((size_t)(k - p) != strlen(key) || strncmp(p, key, strlen(key)) != 0)
        return false;
    *from = skip_blank(eq + 1, l->end);
    const char *e = *from;
    while (e < l->end && !(*e == ';' && (e == *from || e[-1] == ' ' || e[-1] == '\t')))
        e++;
    while (e > *from && (e[-1] == ' ' || e[-1] == '\t'))
        e--;
    *to = e;
    return true;
}

static const char *line_end_of(const char *text)
{
    const char *nl = strchr(text, '\n');
    return nl && nl > text && nl[-1] == '\r' ? "\r\n" : "\n";
}

static void end_line(struct str *out, const char *eol)
{
    if (out->len && out->data[out->len - 1] != '\n')
        str_add(out, eol);
}

/* What a value may not hold: a line end, and " ;", which would begin a comment. */
static char *one_line(const char *value)
{
    char *v = xstrdup(value);
    for (char *p = v; *p; p++) {
        if (*p == '\n' || *p == '\r')
            *p = ' ';
        if (*p == ';' && (p == v || p[-1] == ' ' || p[-1] == '\t'))
            *p = ',';
    }
    return v;
}

/* Where things are that a change of section.key needs. NULL: not there. */
struct place {
    const char *from, *to; /* the value, of the last assignment */
    const char *end;       /* where the section's next key goes: see below */
};

/* A new key goes after the section's last assignment and the comment lines right under it, unless
 * these stand right above the next header and so belong to that. */
static struct place find_place(const char *text, const char *section, const char *key)
{
    struct place at = {0};
    const char *p = text, *comments = NULL, *f, *t;
    bool inside = false, same;
    struct line l;
    while (next_line(&p, &l)) {
        const char *first = skip_blank(l.p, l.end);
        if (is_header(&l, section, &same)) {
            inside = same;
            if (same)
                at.end = l.next;
            comments = same ? l.next : NULL;
        } else if (first == l.end) {
            if (inside && comments)
                at.end = comments;
            comments = NULL;
        } else if (inside && *first != ';' && *first != '#') {
            if (value_span(&l, key, &f, &t)) {
                at.from = f;
                at.to = t;
            }
            at.end = comments = l.next;
        } else if (inside && comments) {
            comments = l.next;
        }
    }
    if (inside && comments)
        at.end = comments;
    return at;
}

/* The text with the value in place of [from, to). A value needs blanks around it where there was
 * none: "key =" and "key = ; comment". */
static char *replaced(const char *text, const char *from, const char *to, const char *value)
{
    struct str out = {0};
    str_addn(&out, text, (size_t)(from - text));
    if (from[-1] == '=' && from == to)
        str_addc(&out, ' ');
    str_add(&out, value);
    if (*to == ';')
        str_addc(&out, ' ');
    str_add(&out, to);
    return str_take(&out);
}

char *scenario_text_set(const char *text, const char *section, const char *key, const char *value,
                        const char *why)
{
    struct place at = find_place(text, section, key);
    const char *eol = line_end_of(text);
    char *v = one_line(value);
    if (at.from) {
        char *done = replaced(text, at.from, at.to, v);
        free(v);
        return done;
    }
    struct str out = {0};
    if (at.end) {
        str_addn(&out, text, (size_t)(at.end - text));
        end_line(&out, eol);
    } else {
        str_add(&out, text);
        end_line(&out, eol);
        str_addf(&out, "%s[%s]%s", out.len ? eol : "", section, eol);
    }
    if (why)
        str_addf(&out, "; %s%s", why, eol);
    str_addf(&out, "%s = %s%s", key, v, eol);
    if (at.end)
        str_add(&out, at.end);
    free(v);
    return str_take(&out);
}

/* Is that line "[cue.N]"? */
static bool cue_header(const char *p, const char *end, int64_t *n)
{
    static const char open[] = "[cue.";
    const char *close = memchr(p, ']', (size_t)(end - p));
    if (!close || close - p <= (long)strlen(open) || strncmp(p, open, strlen(open)) != 0)
        return false;
    char *digits = xstrndup(p + strlen(open), (size_t)(close - p) - strlen(open));
    bool is = value_int(digits, n) == NULL;
    free(digits);
    return is;
}

/* Exact, and in seconds, because one reads them against the clock: 1.185775353s. */
static void when_text(int64_t ns, char *out, size_t size)
{
    int n = snprintf(out, size, "%lld.%09lld", (long long)(ns / 1000000000),
                     (long long)(ns % 1000000000));
    while (out[n - 1] == '0')
        n--;
    n -= out[n - 1] == '.';
    snprintf(out + n, size - (size_t)n, "s");
}

char *scenario_text_add_cue(const char *text, int64_t at_ns, const char *command,
                            const char *caption)
{
    int64_t last = 0, n;
    const char *at = text, *eol = line_end_of(text);
    struct line l;
    while (next_line(&at, &l)) {
        const char *p = skip_blank(l.p, l.end);
        if (cue_header(p, l.end, &n) && n > last)
            last = n;
    }
    char when[64];
    struct str out = {0};
    when_text(at_ns, when, sizeof when);
    str_add(&out, text);
    end_line(&out, eol);
    str_addf(&out, "%s[cue.%lld]%sat = %s%s", eol, (long long)last + 1, eol, when, eol);
    const char *const line[2][2] = {{"do", command}, {"say", caption}};
    for (size_t i = 0; i < 2; i++)
        if (line[i][1]) {
            char *v = one_line(line[i][1]);
            str_addf(&out, "%s = %s%s", line[i][0], v, eol);
            free(v);
        }
    return str_take(&out);
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        p += w;
        n -= (size_t)w;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* Makes the new name last; what cannot be synced is still written. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash ? xstrdup(".") : xstrndup(path, (size_t)(slash - path) + 1);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

int scenario_write(const char *path, const char *text)
{
    char *real = realpath(path, NULL); /* follow links: the file itself is replaced */
    const char *target = real ? real : path;
    char *tmp = xasprintf("%s.tmp-XXXXXX", target);
    struct stat st;
    mode_t mode = stat(target, &st) == 0 ? st.st_mode & 07777 : 0644;
    int fd = mkstemp(tmp), rc = fd < 0 ? -errno : 0;
    if (fd >= 0) {
        rc = write_all(fd, text, strlen(text));
        if (rc == 0 && fchmod(fd, mode) != 0)
            rc = -errno;
        close(fd);
        if (rc == 0 && rename(tmp, target) != 0)
            rc = -errno;
        if (rc == 0)
            sync_folder(target);
        if (rc != 0)
            unlink(tmp);
    }
    free(tmp);
    free(real);
    return rc;
}
