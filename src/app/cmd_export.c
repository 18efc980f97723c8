/* SPDX-License-Identifier: MIT */
/* patternscope export: a session, or a fresh run of a scenario in sim, in another format. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cmd.h"
#include "app/fold.h"
#include "app/options.h"
#include "app/out.h"
#include "app/rerun.h"
#include "app/signals.h"
#include "app/source.h"
#include "base/mem.h"
#include "base/str.h"
#include "session/psr_format.h"

enum { MOST_HOURS = 24 };

/* NULL after a usage error. */
static const struct exporter *format(const struct args *a)
{
    const char *names[64];
    size_t n = 0;
    struct str list = {0};
    for (; exporters[n] && n < ARRAY_LEN(names); n++) {
        names[n] = exporters[n]->name;
        str_addf(&list, "%s%s", n ? ", " : "", names[n]);
    }
    const struct exporter *x = a->format ? exporter_find(a->format) : NULL;
    const char *near = a->format && !x ? str_nearest(a->format, names, n) : NULL;
    if (!a->format)
        usage_error(IN_EXPORT, "--format is missing: one of %s", list.data);
    else if (near)
        usage_error(IN_EXPORT, "there is no format '%s' (did you mean '%s'?)", a->format, near);
    else if (!x)
        usage_error(IN_EXPORT, "there is no format '%s': it is one of %s", a->format, list.data);
    str_free(&list);
    return x;
}

static bool is_session(const char *name)
{
    size_t n = strlen(name);
    return (n > 4 && strcmp(name + n - 4, ".psr") == 0) || app_is_session(name);
}

/* Runs the scenario into a temporary session. -1, or a status. */
static int fresh_run(const struct args *a, const char *path)
{
    struct errors e = {0};
    struct scenario *s = app_scenario(a->operands[0], &a->run, &e);
    if (!s) {
        errors_print(&e, stderr);
        errors_free(&e);
        return STATUS_USAGE;
    }
    struct strtab *names = strtab_create();
    struct engine_config c;
    app_engine_config(&c, s, &a->run, names);
    c.world = WORLD_SIM;
    if (a->to_ns >= 0 && (!c.for_ns || c.for_ns > a->to_ns))
        c.for_ns = a->to_ns;
    char *error = rerun(&c, a->run.sets, path, UINT64_MAX, NULL);
    int status = error ? complain(STATUS_ENVIRONMENT, "%s", error) : -1;
    free(error);
    strtab_destroy(names);
    scenario_free(s);
    return status;
}

/* A damaged or a forged session may say that it took a century, and every 1/30 s is a frame. NULL,
 * or a sentence. */
static char *too_long(const struct args *a, const struct exporter *x, const struct export_source *s,
                      double speed)
{
    int64_t to = a->to_ns < 0 || a->to_ns > s->end_ns ? s->end_ns : a->to_ns;
    double hours = (double)(to - a->from_ns) / 3600e9 / speed;
    if (!x->needs_size || hours <= MOST_HOURS)
        return NULL;
    return xasprintf("%s: the %s would play for %.0f hours; at most %d are written: choose with "
                     "--from and --to, or a higher --speed",
                     a->operands[0], x->name, hours, MOST_HOURS);
}

static int write_out(const struct args *a, const struct exporter *x, const char *session)
{
    char *error = NULL;
    struct source *s =
        source_open(session, a->run.speed > 0 ? a->run.speed : 1, a->run.ascii, &error);
    if (!s) {
        int status = complain(STATUS_USAGE, "%s", error);
        free(error);
        return status;
    }
    struct export_options o = {.cols = a->cols,
                               .rows = a->rows,
                               .from_ns = a->from_ns,
                               .to_ns = a->to_ns,
                               .speed = a->run.speed > 0 ? a->run.speed : 1,
                               .theme = a->run.theme ? a->run.theme : "dark"};
    struct out out = {0};
    int status = STATUS_OK;
    error = too_long(a, x, source_export(s), o.speed);
    if (!error)
        error = out_open(&out, a->out, true);
    if (error) {
        status = complain(STATUS_USAGE, "%s", error);
    } else {
        int bad = x->write(source_export(s), &o, out.f);
        error = out_close(&out, bad == 0 && !signals_came());
        if (bad && !error)
            error = xasprintf("%s: cannot be written: %s", a->out, strerror(-bad));
        if (error)
            status = complain(STATUS_ENVIRONMENT, "%s", error);
    }
    if (source_warning(s))
        complain(0, "warning: %s", source_warning(s));
    if (source_full(s))
        complain(0, "warning: %s: %s", a->operands[0], fold_full());
    free(error);
    source_free(s);
    return status;
}

static int export(const struct args *a)
{
    const struct exporter *x = format(a);
    if (!x)
        return STATUS_USAGE;
    if (!a->out)
        return usage_error(IN_EXPORT, "-o FILE is missing (- is standard output)");
    if (a->to_ns >= 0 && a->to_ns <= a->from_ns)
        return usage_error(IN_EXPORT, "--to must be later than --from");
    if (is_session(a->operands[0]))
        return write_out(a, x, a->operands[0]);
    char *path = temporary_file();
    if (!path)
        return complain(STATUS_ENVIRONMENT, "no temporary file: %s", strerror(errno));
    signals_note();
    int status = fresh_run(a, path);
    if (status < 0 && !signals_came())
        status = write_out(a, x, path);
    unlink(path);
    free(path);
    signals_die();
    return status < 0 ? STATUS_ENVIRONMENT : status;
}

int cmd_export(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_EXPORT, argc, argv);
    if (status < 0)
        status = one_operand(&a, IN_EXPORT, "SESSION or SCENARIO");
    if (status < 0)
        status = export(&a);
    args_free(&a);
    return status;
}
