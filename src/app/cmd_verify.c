/* SPDX-License-Identifier: MIT */
/* patternscope verify: executes a session of sim again, under its options and its commands at their
 * steps, and compares the streams.
 *
 * A session may end before the run did: somebody left (END stopped), the program was killed, the
 * recording was switched off. Then as much is made again as there is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/options.h"
#include "app/rerun.h"
#include "app/session_header.h"
#include "app/signals.h"
#include "app/trace_place.h"
#include "base/mem.h"

struct recorded {
    struct engine_command *script;
    size_t script_n, cap;
    uint64_t events; /* that are there */
    uint64_t end;    /* with those that a hole misses */
    struct event last;
};

/* Cues come from the scenario again; all other commands came from outside. */
static bool from_outside(const struct event *ev)
{
    return ev->kind == EV_COMMAND && ev->op != BY_CUE && ev->op != BY_FILE && ev->op != BY_ENGINE;
}

static void read_through(struct recorded *r, struct psr_reader *reader)
{
    enum { AT_ONCE = 1024 };
    struct event *ev = xmalloc(AT_ONCE * sizeof *ev);
    size_t n;
    while ((n = psr_read(reader, ev, AT_ONCE))) {
        for (size_t i = 0; i < n; i++) {
            if (!from_outside(&ev[i]))
                continue;
            grow(&r->script, &r->cap, r->script_n + 1, sizeof *r->script);
            r->script[r->script_n++] =
                (struct engine_command){.step = (uint64_t)ev[i].v,
                                        .t_ns = ev[i].t_ns,
                                        .by = (enum by)ev[i].op,
                                        .text = strtab_get(psr_names(reader), ev[i].c)};
        }
        r->events += n;
        r->last = ev[n - 1];
    }
    r->end = psr_position(reader);
    free(ev);
}

static bool was_stopped(const struct recorded *r)
{
    return r->events && r->last.kind == EV_END && r->last.op == END_STOPPED;
}

/* One more than was recorded, to see that nothing follows; else as much as there is. */
static uint64_t most(const struct recorded *r)
{
    if (was_stopped(r))
        return r->end - 1;
    return r->events && r->last.kind == EV_END ? r->end + 1 : r->end;
}

static int compare(const char *name, struct psr_reader *a, const char *again)
{
    char *error = NULL;
    struct psr_reader *b = psr_open(again, &error);
    if (!b) {
        int status = complain(STATUS_ENVIRONMENT, "%s", error);
        free(error);
        return status;
    }
    psr_seek_event(a, 0);
    char *difference = psr_compare(a, b);
    psr_reader_close(b);
    if (!difference)
        return STATUS_OK;
    fprintf(stdout, "%s: differs: %s\n", name, difference);
    free(difference);
    return STATUS_FAILED;
}

static int execute(const char *name, struct psr_reader *reader, const struct scenario *s)
{
    const struct psr_header *h = psr_header(reader);
    struct recorded r = {0};
    read_through(&r, reader);
    char *path = temporary_file();
    if (!path)
        return complain(STATUS_ENVIRONMENT, "no temporary file: %s", strerror(errno));
    struct strtab *names = strtab_create();
    struct run_options o;
    run_options_init(&o);
    struct engine_config c;
    app_engine_config(&c, s, &o, names);
    c.world = WORLD_SIM;
    c.seed = h->seed;
    c.for_ns = session_for(h, s);
    c.cues = session_header_cues(h);
    c.script = r.script;
    c.script_n = r.script_n;
    char *copy, *error = NULL;
    const char **sets = session_header_sets(h, &copy);
    struct arrivals trace;
    char *dir =
        h->trace && trace_of(s, &trace) ? trace_place(trace.file, h->trace, h->trace_len) : NULL;
    c.base_dir = dir;
    signals_note();
    error = rerun(&c, sets, path, most(&r), was_stopped(&r) ? &r.last : NULL);
    int status = error ? complain(STATUS_ENVIRONMENT, "%s", error) : STATUS_OK;
    if (!error && !signals_came())
        status = compare(name, reader, path);
    if (status == STATUS_OK && !signals_came())
        printf("%s: the same %llu events again\n", name, (unsigned long long)r.events);
    free(error);
    unlink(path);
    free(path);
    free(dir);
    free(sets);
    free(copy);
    free(r.script);
    strtab_destroy(names);
    signals_die();
    return status;
}

static int verify(const char *name)
{
    char *error = NULL;
    struct psr_reader *reader = psr_open(name, &error);
    if (!reader) {
        int status = complain(STATUS_USAGE, "%s", error);
        free(error);
        return status;
    }
    const struct psr_header *h = psr_header(reader);
    int status = STATUS_USAGE;
    struct errors e = {0};
    struct scenario *s = NULL;
    if (h->world != WORLD_SIM) {
        complain(0, "%s: a session of live cannot be executed again; only those of sim can", name);
    } else if (!(s = session_scenario(h, &e))) {
        complain(0, "%s: its scenario cannot be read by this version:", name);
        errors_print(&e, stderr);
    } else {
        status = execute(name, reader, s);
        if (psr_warning(reader))
            complain(0, "warning: %s", psr_warning(reader));
    }
    errors_free(&e);
    scenario_free(s);
    psr_reader_close(reader);
    return status;
}

int cmd_verify(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_VERIFY, argc, argv);
    if (status < 0)
        status = one_operand(&a, IN_VERIFY, "SESSION");
    if (status < 0)
        status = verify(a.operands[0]);
    args_free(&a);
    return status;
}
