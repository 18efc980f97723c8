/* SPDX-License-Identifier: MIT */
/* Fresh runs for export and verify. They go through a file, not through memory: a long run has
 * more events than memory should hold. */
#include "app/rerun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/session_header.h"
#include "app/signals.h"
#include "base/mem.h"

enum { STEPS_AT_ONCE = 1 << 16 };

struct scenario *session_scenario(const struct psr_header *h, struct errors *e)
{
    struct errors own = {0};
    char *copy;
    const char **sets = session_header_sets(h, &copy);
    struct scenario *s =
        scenario_parse(h->scenario, NULL, h->text, h->text_len, &app_schema, sets, e ? e : &own);
    errors_free(&own);
    free(sets);
    free(copy);
    return s;
}

int64_t session_for(const struct psr_header *h, const struct scenario *s)
{
    const char *line = h->options ? h->options : "";
    while (*line && strncmp(line, "for=", 4) != 0) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    int64_t ns = s->params.for_ns;
    if (*line) {
        char *value = xstrndup(line + 4, strcspn(line + 4, "\n"));
        value_duration(value, &ns);
        free(value);
    }
    return ns;
}

char *temporary_file(void)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/patternscope-XXXXXX", folder && *folder ? folder : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0) {
        free(path);
        return NULL;
    }
    close(fd);
    return path;
}

struct sink {
    struct psr_writer *w;
    uint64_t left;
    bool full; /* or the file cannot be written */
};

static void take(void *arg, const struct event *ev, size_t n)
{
    struct sink *s = arg;
    if (n > s->left)
        n = (size_t)s->left;
    s->left -= n;
    if (!psr_write(s->w, ev, n) || !s->left)
        s->full = true;
}

char *rerun(const struct engine_config *c, const char *const *sets, const char *path,
            uint64_t max_events, const struct event *stop)
{
    char *error = NULL;
    struct session_header h;
    struct sink s = {.left = max_events, .full = !max_events};
    session_header_make(&h, c, sets);
    s.w = psr_create(path, true, &h.header, c->names, &error);
    struct engine *e = s.w ? engine_create(c, &error) : NULL;
    while (e && !s.full && !signals_came())
        if (engine_run(e, NEVER, STEPS_AT_ONCE, take, &s) == RT_ENDED)
            break;
    if (e && stop && !s.left)
        psr_write(s.w, stop, 1);
    if (s.w) {
        char *bad = psr_close(s.w);
        if (!error)
            error = bad;
        else
            free(bad);
    }
    engine_destroy(e);
    session_header_free(&h);
    return error;
}
