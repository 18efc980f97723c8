/* SPDX-License-Identifier: MIT */
/* Makes sessions that are whole but not true, for the tests of verify:
 *
 *     forge-session FROM TO seed|event|shorter|century|escape|crowd
 *
 * seed: the header claims another seed; event: an event in the middle has another time; shorter:
 * the last event but END is missing; century: END comes a hundred years later; escape: there is a
 * task whose name speaks to the terminal; crowd: tasks and objects without end follow. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/psr.h"

static void forge(struct event *ev, size_t *n, struct strtab *names, const char *how)
{
    if (strcmp(how, "event") == 0)
        ev[*n / 2].t_ns++;
    if (strcmp(how, "shorter") == 0) {
        ev[*n - 2] = ev[*n - 1];
        --*n;
    }
    if (strcmp(how, "century") == 0)
        ev[*n - 1].t_ns = INT64_C(100) * 366 * 86400 * 1000000000;
    if (strcmp(how, "escape") == 0)
        for (size_t i = 0; i < *n; i++)
            if (ev[i].kind == EV_TASK && ev[i].op == TASK_NEW && ev[i].c)
                ev[i].a = strtab_intern(names, "\033[31m\a\xc2\x9b 31m\xff");
}

/* As many as go into 1 MiB, each in as few bytes as it takes. */
static void crowd(struct psr_writer *w, int64_t t_ns)
{
    struct event e = {.t_ns = t_ns};
    for (uint32_t id = 1; psr_size(w) < 1 << 20; id++) {
        e.kind = EV_OBJECT;
        e.op = OBJ_CHAN;
        e.obj = id;
        psr_write(w, &e, 1);
        e.kind = EV_TASK;
        e.op = TASK_NEW;
        e.task = id;
        e.obj = 0;
        psr_write(w, &e, 1);
        e.task = 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: forge-session FROM TO seed|event|shorter|century|escape|crowd");
    char *error = NULL;
    struct psr_reader *r = psr_open(argv[1], &error);
    if (!r)
        die("%s", error);
    struct psr_header h = *psr_header(r);
    struct event *ev = NULL;
    size_t n = 0, cap = 0, got;
    do {
        grow(&ev, &cap, n + 512, sizeof *ev);
        got = psr_read(r, ev + n, 512);
        n += got;
    } while (got);
    if (n < 4)
        die("%s: too few events to forge", argv[1]);
    if (strcmp(argv[3], "seed") == 0)
        h.seed++;
    forge(ev, &n, psr_names(r), argv[3]);
    struct psr_writer *w = psr_create(argv[2], true, &h, psr_names(r), &error);
    if (!w || !psr_write(w, ev, n))
        die("%s", w ? psr_error(w) : error);
    if (strcmp(argv[3], "crowd") == 0)
        crowd(w, ev[n - 1].t_ns);
    error = psr_close(w);
    if (error)
        die("%s", error);
    psr_reader_close(r);
    free(ev);
    return 0;
}
