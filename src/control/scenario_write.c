/* SPDX-License-Identifier: MIT */
/* Writing tweaks back into a scenario's text: only the bytes of a value change. */
#include <errno.h>
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

char *scenario_text_set(const char *text, const char *section, const char *key, const char *value,
                        const char *why)
{
    const char *at = text, *from = NULL, *to = NULL, *section_end = NULL, *f, *t;
    const char *eol = line_end_of(text);
    bool inside = false, same;
    struct line l;
    while (next_line(&at, &l)) {
        if (is_header(&l, section, &same)) {
            inside = same;
        } else if (inside && value_span(&l, key, &f, &t)) {
            from = f;
            to = t;
        }
        if (inside && skip_blank(l.p, l.end) != l.end)
            section_end = l.next;
    }
    struct str out = {0};
    if (from) {
        str_addn(&out, text, (size_t)(from - text));
        str_add(&out, value);
        str_add(&out, to);
        return str_take(&out);
    }
    if (section_end) {
        str_addn(&out, text, (size_t)(section_end - text));
        end_line(&out, eol);
    } else {
        str_add(&out, text);
        end_line(&out, eol);
        str_addf(&out, "%s[%s]%s", eol, section, eol);
    }
    if (why)
        str_addf(&out, "; %s%s", why, eol);
    str_addf(&out, "%s = %s%s", key, value, eol);
    if (section_end)
        str_add(&out, section_end);
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
    value_format_duration(at_ns, when, sizeof when);
    str_add(&out, text);
    end_line(&out, eol);
    str_addf(&out, "%s[cue.%lld]%sat = %s%s", eol, (long long)last + 1, eol, when, eol);
    if (command)
        str_addf(&out, "do = %s%s", command, eol);
    if (caption)
        str_addf(&out, "say = %s%s", caption, eol);
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
        if (rc != 0)
            unlink(tmp);
    }
    free(tmp);
    free(real);
    return rc;
}
