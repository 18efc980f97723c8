/* SPDX-License-Identifier: MIT */
/* A pattern "pool" for tests of scenario files, with a parameter of every type and a section that
 * repeats. */
#ifndef TEST_SCHEMA_H
#define TEST_SCHEMA_H

#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "control/command.h"
#include "control/scenario.h"

struct pool_params {
    int64_t workers, queue, timeout;
    double share, rate;
    bool hung;
    int mode;
    struct dist latency;
    struct arrivals arrivals;
    char label[PARAM_TEXT];
    int preset;
    int64_t patience;
    char word[PARAM_TEXT];
};
static inline const char *pool_word(const char *text)
{
    return strchr(text, '!') ? "a word must not shout" : NULL;
}
static const char *const pool_presets[] = {"none", "calm", NULL};
static const struct param_preset pool_preset_rows[] = {
    {"none", "as written", ""},
    {"calm", "waits for ever", "workers = 3; patience = forever; word = a, b"},
};
static const char *const pool_modes[] = {"heap", "two_queues", "none", NULL};

#define AT(f) .offset = offsetof(struct pool_params, f)
static const struct param pool_rows[] = {
    {.name = "workers",
     .type = PT_INT,
     AT(workers),
     .def = "auto",
     .min = 1,
     .max = 10000,
     .automatic = true,
     .live = true,
     .unit = "tasks",
     .help = "how many"},
    {.name = "queue",
     .type = PT_INT,
     AT(queue),
     .def = "100",
     .max = 100000,
     .unit = "",
     .help = "q"},
    {.name = "timeout",
     .type = PT_DURATION,
     AT(timeout),
     .def = "0",
     .max = 3600e9,
     .unit = "ns",
     .help = "t"},
    {.name = "share", .type = PT_FLOAT, AT(share), .def = "0", .max = 1, .unit = "", .help = "s"},
    {.name = "rate", .type = PT_RATE, AT(rate), .def = "5/s", .max = 1e6, .unit = "", .help = "r"},
    {.name = "hung", .type = PT_BOOL, AT(hung), .def = "off", .unit = "", .help = "h"},
    {.name = "mode",
     .type = PT_CHOICE,
     AT(mode),
     .def = "heap",
     .choices = pool_modes,
     .unit = "",
     .help = "m"},
    {.name = "latency",
     .type = PT_DIST,
     AT(latency),
     .def = "lognormal(80ms, 0.4)",
     .unit = "ns",
     .help = "l"},
    {.name = "arrivals",
     .type = PT_ARRIVALS,
     AT(arrivals),
     .def = "poisson(20/s)",
     .unit = "",
     .help = "a"},
    {.name = "label", .type = PT_TEXT, AT(label), .def = "", .unit = "", .help = "text"},
    {.name = "preset",
     .type = PT_CHOICE,
     AT(preset),
     .def = "none",
     .choices = pool_presets,
     .unit = "",
     .help = "p"},
    {.name = "patience",
     .type = PT_DURATION,
     AT(patience),
     .def = "0",
     .max = 3600e9,
     .forever = true,
     .unit = "ns",
     .help = "p"},
    {.name = "word",
     .type = PT_TEXT,
     AT(word),
     .def = "",
     .check = pool_word,
     .allowed = "a word",
     .unit = "",
     .help = "w"},
};
static const struct param_table pool_table = {.section = "pool",
                                              .help = "a pool",
                                              .rows = pool_rows,
                                              .n = ARRAY_LEN(pool_rows),
                                              .size = sizeof(struct pool_params),
                                              .presets = pool_preset_rows,
                                              .presets_n = ARRAY_LEN(pool_preset_rows)};

struct limiter_params {
    int64_t burst;
};
static const struct param limiter_rows[] = {
    {.name = "burst",
     .type = PT_INT,
     .offset = offsetof(struct limiter_params, burst),
     .def = "1",
     .min = 1,
     .unit = "",
     .help = "b"},
};
static const struct param_table limiter_table = {.section = "limiter",
                                                 .help = "a limiter",
                                                 .rows = limiter_rows,
                                                 .n = ARRAY_LEN(limiter_rows),
                                                 .size = sizeof(struct limiter_params),
                                                 .repeats = true};

static const struct param_table *const pool_tables[] = {&pool_table, &limiter_table, NULL};
static const char *const pool_patterns[] = {"pool", NULL};
static const char *const pool_figures[] = {"requests.done", "latency_ms.p99", "objects.NAME.state",
                                           NULL};

static inline const struct param_table *const *schema_tables(const char *pattern)
{
    return strcmp(pattern, "pool") == 0 ? pool_tables : NULL;
}
static inline const char *schema_command(const char *pattern, const char *text)
{
    if (strcmp(pattern, "pool") != 0)
        return "another pattern";
    return strstr(text, "nothing") ? "there is no 'nothing'" : NULL;
}
static inline bool schema_figure(const char *path)
{
    return strcmp(path, "requests.done") == 0 || strcmp(path, "latency_ms.p99") == 0 ||
           strncmp(path, "objects.", 8) == 0;
}
static inline const char *schema_layout(const char *rows)
{
    return strstr(rows, "nopanel") ? "no panel 'nopanel'" : NULL;
}
static const struct schema test_schema = {
    .patterns = pool_patterns,
    .tables = schema_tables,
    .check_command = schema_command,
    .is_figure = schema_figure,
    .figures = pool_figures,
    .check_layout = schema_layout,
};

/* The errors as one text. */
static inline char *errors_text(const struct errors *e)
{
    struct str s = {0};
    for (size_t i = 0; i < e->kept; i++)
        str_addf(&s, "%s:%d: %s\n", e->item[i].file, e->item[i].line, e->item[i].text);
    return str_take(&s);
}

#endif
