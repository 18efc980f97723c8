/* SPDX-License-Identifier: MIT */
/* Headers of sessions: one "key=value" a line for every option that changed the run. */
#include "app/session_header.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/mem.h"
#include "base/str.h"
#include "config.h"
#include "session/crc32c.h"
#include "traffic/trace.h"

enum { TRACE_KEPT = 1 << 20 };

/* The whole file, its checksum; *bytes only when it is small enough to be kept. */
static void read_trace(struct session_header *h, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return;
    char chunk[1 << 14];
    struct str kept = {0};
    uint32_t crc = 0;
    size_t total = 0, n;
    while ((n = fread(chunk, 1, sizeof chunk, f))) {
        crc = crc32c(crc, chunk, n);
        total += n;
        if (total < TRACE_KEPT)
            str_addn(&kept, chunk, n);
    }
    fclose(f);
    h->header.trace_crc = crc;
    if (total < TRACE_KEPT) {
        h->header.trace_len = total;
        h->header.trace = h->trace = str_take(&kept);
    }
    str_free(&kept);
}

static void find_trace(struct session_header *h, const struct scenario *s)
{
    struct arrivals a;
    for (size_t i = 0; i < s->settings_n; i++) {
        if (strcmp(s->settings[i].key, "arrivals") != 0 ||
            value_arrivals(s->settings[i].value, &a) || a.kind != ARR_TRACE)
            continue;
        const char *slash = s->path ? strrchr(s->path, '/') : NULL;
        char *folder = slash ? xstrndup(s->path, (size_t)(slash - s->path)) : xstrdup(".");
        char *path = trace_path(folder, a.file);
        read_trace(h, path);
        free(path);
        free(folder);
        return;
    }
}

void session_header_make(struct session_header *h, const struct engine_config *c,
                         const char *const *sets)
{
    const struct scenario *s = c->scenario;
    char number[64];
    struct str o = {0};
    str_addf(&o, "seed=%llu\nworld=%s\n", (unsigned long long)c->seed, world_names[c->world]);
    value_format_duration(c->for_ns, number, sizeof number);
    str_addf(&o, "for=%s\ncues=%s\n", number, c->cues ? "on" : "off");
    for (size_t i = 0; sets && sets[i]; i++)
        str_addf(&o, "set=%s\n", sets[i]);
    char *id = app_scenario_id(s); /* not its path: that is this machine's */
    *h = (struct session_header){.id = id,
                                 .header = {.program = PATTERNSCOPE_VERSION,
                                            .scenario = id,
                                            .path = "",
                                            .text = s->text,
                                            .text_len = s->text_len,
                                            .seed = c->seed,
                                            .world = (uint8_t)c->world}};
    h->header.options = h->options = str_take(&o);
    find_trace(h, s);
}

void session_header_slow(struct session_header *h, uint64_t from_event)
{
    char *more = xasprintf("%sslow=%" PRIu64 "\n", h->options, from_event);
    free(h->options);
    h->header.options = h->options = more;
}

void session_header_free(struct session_header *h)
{
    free(h->id);
    free(h->options);
    free(h->trace);
    memset(h, 0, sizeof *h);
}

const char **session_header_sets(const struct psr_header *h, char **copy)
{
    size_t n = 0;
    char *rest = *copy = xstrdup(h->options ? h->options : ""), *line;
    const char **sets = xcalloc(strlen(rest) / 4 + 1, sizeof *sets); /* "set=" is four bytes */
    while ((line = strsep(&rest, "\n")))
        if (strncmp(line, "set=", 4) == 0)
            sets[n++] = line + 4;
    return sets;
}

bool session_header_cues(const struct psr_header *h)
{
    for (const char *line = h->options; line && *line;) {
        if (strncmp(line, "cues=off", 8) == 0)
            return false;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return true;
}

uint64_t session_header_slow_from(const struct psr_header *h)
{
    for (const char *line = h->options; line && *line;) {
        if (strncmp(line, "slow=", 5) == 0)
            return strtoull(line + 5, NULL, 10);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return UINT64_MAX;
}
