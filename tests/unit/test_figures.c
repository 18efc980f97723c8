/* SPDX-License-Identifier: MIT */
/* Figures, summary, events as JSON and as sentences: every row of every table gives something. */
#include <criterion/criterion.h>

#include "fold_run.h"
#include "json_check.h"

#include "base/str.h"
#include "model/figures.h"

/* A stream with two lanes' worth of everything. */
static struct fold_run busy(void)
{
    struct fold_run f = fold_begin();
    fold_event(&f, (struct event){.kind = EV_START,
                                  .op = WORLD_LIVE,
                                  .c = fold_name(&f, "a \"quoted\"\nname"),
                                  .v = 7});
    fold_new_task(&f, 0, 1, "main", 0);
    fold_new_task(&f, 0, 2, "worker-1", 1);
    fold_new_object(&f, 0, 1, OBJ_CHAN, "jobs", 4);
    fold_new_object(&f, 0, 2, OBJ_POOL, "workers", 2);
    fold_new_object(&f, 0, 3, OBJ_LOCK, "mu", 0);
    fold_new_object(&f, 0, 4, OBJ_GROUP, "wg", 0);
    fold_new_object(&f, 0, 5, OBJ_CTX, "shop.ctx", 0);
    fold_new_object(&f, 0, 6, OBJ_DEPENDENCY, "db", 0);
    fold_edge_of(&f, 0, 1, 1, ROLE_CLOSES, false);
    uint64_t x = 9;
    for (uint64_t id = 1; id <= 200; id++) {
        int64_t at = (int64_t)id * 50;
        uint32_t class_ = (uint32_t)(id % 3);
        fold_request_step(&f, at, id, PHASE_ARRIVE, 0, 0, class_);
        fold_chan_op(&f, at + 1, 1, 1, CHAN_SEND, (uint32_t)(id % 4), 0, 1);
        fold_request_step(&f, at + 2, id, PHASE_START, 2, 2, class_);
        enum phase end = PHASE_DONE + (int)(id % 6);
        fold_request_step(&f, at + 3 + (int64_t)(fold_random(&x) % 40), id, end, 2, 2, class_);
    }
    fold_event(&f, (struct event){.t_ns = 10050 * MS, .kind = EV_REQUEST, .x = 1, .v = 1});
    fold_request_step(&f, 10100, 201, PHASE_ARRIVE, 0, 0, 0);
    fold_request_step(&f, 10100, 9, PHASE_LATE, 2, 2, 0);
    fold_request_step(&f, 10100, 201, PHASE_ATTEMPT, 2, 2, 0);
    fold_event(&f, (struct event){.t_ns = 10101 * MS,
                                  .kind = EV_CTX,
                                  .op = CTX_CANCEL,
                                  .obj = 5,
                                  .task = fold_name(&f, "deadline exceeded")});
    fold_event(&f, (struct event){.t_ns = 10101 * MS, .kind = EV_LOCK, .op = LOCK_LOCK, .obj = 3});
    struct diagnosis d = {.t_ns = 10101 * MS,
                          .kind = DIAG_LEAK,
                          .tasks = fold_name(&f, "worker-1, worker-2"),
                          .objs = fold_name(&f, "jobs"),
                          .text = fold_name(&f, "they wait")};
    model_diagnosis(f.m, &d);
    fold_simple(&f, 10200, EV_END, END_FOR);
    return f;
}

static void instance(const char *path, char *out, size_t size)
{
    static const char *const holders[][2] = {{"NAME", "jobs"}, {"LANE", "1"}, {"N.", "2."}};
    snprintf(out, size, "%s", path);
    for (size_t i = 0; i < 3; i++) {
        const char *at = strstr(path, holders[i][0]);
        if (at && (at == path || at[-1] == '.'))
            snprintf(out, size, "%.*s%s%s", (int)(at - path), path, holders[i][1],
                     at + strlen(holders[i][0]));
    }
}

Test(figures, every_path_is_one_and_says_what_it_is)
{
    struct fold_run f = busy();
    size_t n = 0;
    for (; figure_paths[n]; n++) {
        char path[128];
        instance(figure_paths[n], path, sizeof path);
        cr_assert(figure_is(path), "%s", path);
        cr_assert(strlen(figure_help(n)) > 3, "%s", path);
        struct figure_value v = figure_get(f.m, path);
        if (strncmp(path, "objects.", 8) != 0)
            cr_assert_neq(v.type, FIGURE_NONE, "%s", path);
        if (v.type == FIGURE_WORD)
            cr_assert(v.word && *v.word, "%s", path);
        for (size_t k = 0; k < n; k++)
            cr_assert_str_neq(figure_paths[k], figure_paths[n]);
    }
    cr_assert_gt(n, 80);
    cr_assert_null(figure_help(n));
    fold_free(&f);
}

Test(figures, what_is_none)
{
    static const char *const wrong[] = {"",
                                        "requests",
                                        "requests.",
                                        "requests.dones",
                                        "requests.done.x",
                                        "latency_ms",
                                        "latency_ms.p42",
                                        "objects.jobs",
                                        "objects..state",
                                        "objects.jobs.colour",
                                        "lanes.1",
                                        "lanes.requests",
                                        "lanes.-1.requests.done",
                                        "classes.0",
                                        "classes.99999999999.arrived",
                                        "tasks.",
                                        "nonsense"};
    struct fold_run f = busy();
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        cr_assert_not(figure_is(wrong[i]), "%s", wrong[i]);
        cr_assert_eq(figure_get(f.m, wrong[i]).type, FIGURE_NONE, "%s", wrong[i]);
    }
    static const char *const nobody[] = {"objects.nobody.state", "lanes.5.requests.done",
                                         "classes.50.arrived", "objects.jobs.locks"};
    for (size_t i = 0; i < ARRAY_LEN(nobody); i++) {
        cr_assert(figure_is(nobody[i]), "%s", nobody[i]);
        cr_assert_eq(figure_get(f.m, nobody[i]).type, FIGURE_NONE, "%s", nobody[i]);
    }
    fold_free(&f);
}

static double number(const struct fold_run *f, const char *path)
{
    struct figure_value v = figure_get(f->m, path);
    cr_assert_eq(v.type, FIGURE_NUMBER, "%s", path);
    return v.number;
}

static const char *word(const struct fold_run *f, const char *path)
{
    struct figure_value v = figure_get(f->m, path);
    cr_assert_eq(v.type, FIGURE_WORD, "%s", path);
    return v.word;
}

Test(figures, values)
{
    struct fold_run f = busy();
    cr_assert_eq(number(&f, "requests.arrived"), 201);
    cr_assert_eq(number(&f, "requests.in_flight"), 1);
    cr_assert_eq(number(&f, "requests.done") + number(&f, "requests.errors") +
                     number(&f, "requests.timed_out") + number(&f, "requests.cancelled") +
                     number(&f, "requests.rejected") + number(&f, "requests.dropped"),
                 200);
    cr_assert_eq(number(&f, "lanes.0.requests.arrived"), 201);
    cr_assert_eq(number(&f, "lanes.1.requests.arrived"), 1);
    cr_assert_float_eq(number(&f, "wait_ms.p50"), 2, 0.02);
    cr_assert_float_eq(number(&f, "classes.1.wait_ms.max"), 2, 1e-9);
    cr_assert_eq(number(&f, "classes.1.arrived"), 67);
    cr_assert_leq(number(&f, "latency_ms.p50"), number(&f, "latency_ms.p999"));
    cr_assert_eq(number(&f, "objects.jobs.max_level"), 3);
    cr_assert_eq(number(&f, "objects.jobs.cap"), 4);
    cr_assert_eq(number(&f, "objects.workers.max_level"), 1);
    cr_assert_float_eq(number(&f, "objects.workers.utilisation"),
                       number(&f, "requests.mean_in_service") / 2, 1e-9);
    cr_assert_float_eq(number(&f, "scenario_s"), 10.2, 1e-9);
    cr_assert_str_eq(word(&f, "objects.jobs.state"), "open");
    cr_assert_str_eq(word(&f, "objects.mu.state"), "locked");
    cr_assert_str_eq(word(&f, "objects.shop.ctx.state"), "cancelled", "a name may hold a dot");
    cr_assert_str_eq(word(&f, "objects.shop.ctx.cause"), "deadline exceeded");
    cr_assert_str_eq(word(&f, "diagnosis"), "leak");
    cr_assert_str_eq(word(&f, "end"), "for");
    struct diagnosis d = {.kind = DIAG_PANIC};
    model_diagnosis(f.m, &d);
    d.kind = DIAG_DEADLOCK;
    model_diagnosis(f.m, &d);
    cr_assert_str_eq(word(&f, "diagnosis"), "deadlock, leak, panic");
    fold_free(&f);
}

/* ---- the summary --------------------------------------------------------------------------------
 */

struct leaves {
    const struct model *m;
    size_t n, figures;
    char top[1024];
};

static void leaf(void *arg, const struct json_leaf *l)
{
    struct leaves *x = arg;
    x->n++;
    if (!strchr(l->path, '.') && strlen(x->top) + strlen(l->path) + 2 < sizeof x->top) {
        strcat(x->top, l->path);
        strcat(x->top, " ");
    }
    if (!figure_is(l->path) || l->type == 'o')
        return;
    struct figure_value v = figure_get(x->m, l->path);
    x->figures++;
    if (l->type == 'n')
        cr_assert_float_eq(l->number, v.number, 1e-8 * (v.number > 1 ? v.number : 1), "%s",
                           l->path);
    else if (strcmp(l->path, "scenario") != 0)
        cr_assert_str_eq(l->text, v.word, "%s", l->path);
}

Test(summary, its_numbers_are_the_figures_of_the_same_path)
{
    struct fold_run f = busy();
    const char *failures[] = {"latency_ms.p99 = 3, wanted < 2", "tabs\tand \"quotes\""};
    struct summary_extra x = {.scenario = "s",
                              .pattern = "p",
                              .version = "0",
                              .wall_s = 0.25,
                              .expect_passed = 3,
                              .expect_failed = 2,
                              .failures = failures};
    struct str s = {0};
    struct leaves seen = {.m = f.m};
    summary_json(f.m, &x, &s);
    cr_assert(json_check(s.data, leaf, &seen), "%s", s.data);
    cr_assert_str_eq(seen.top,
                     "scenario pattern world seed version scenario_s wall_s end events "
                     "lost disagreed tasks requests latency_ms wait_ms service_ms lanes classes "
                     "objects diagnoses expect  ");
    cr_assert_gt(seen.figures, 120);
    cr_assert(strstr(s.data, "\"tasks\": [\"worker-1\", \"worker-2\"]"));
    str_clear(&s);
    summary_text(f.m, &x, &s);
    static const char *const lines[] = {"lane 0    arrived 201", "latency ",
                                        "jobs, channel  open",   "leak at 10.1 s: they wait",
                                        "3 held, 2 failed",      "latency_ms.p99 = 3, wanted < 2",
                                        "its time was over",     "live, seed 7"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        cr_assert(strstr(s.data, lines[i]), "no \"%s\" in:\n%s", lines[i], s.data);
    str_free(&s);
    fold_free(&f);
}

Test(summary, of_nothing)
{
    struct fold_run f = fold_begin();
    struct summary_extra x = {.scenario = "s", .pattern = "p", .version = "0"};
    struct str s = {0};
    struct leaves seen = {.m = f.m};
    summary_json(f.m, &x, &s);
    cr_assert(json_check(s.data, leaf, &seen), "%s", s.data);
    cr_assert(strstr(s.data, "\"diagnoses\": []"));
    str_clear(&s);
    summary_text(f.m, &x, &s);
    cr_assert(strstr(s.data, "diagnoses none"));
    str_free(&s);
    fold_free(&f);
}

/* ---- JSON Lines
 * ----------------------------------------------------------------------------------- */

struct fields {
    char names[512];
    size_t n;
};

static void field(void *arg, const struct json_leaf *l)
{
    struct fields *x = arg;
    if (strchr(l->path, '.') || !*l->path)
        return;
    strcat(x->names, " ");
    strcat(x->names, l->path);
    strcat(x->names, " ");
    x->n++;
}

static bool has(const struct fields *x, const char *name)
{
    char padded[64];
    snprintf(padded, sizeof padded, " %s ", name);
    return strstr(x->names, padded) != NULL;
}

Test(json, every_kind_has_its_fields)
{
    struct fold_run f = busy();
    struct str s = {0};
    for (int kind = 0; kind < EV_COUNT; kind++)
        for (int op = 0; op < 12; op++) {
            struct fields seen = {0};
            struct event e = {.t_ns = 5,
                              .kind = (uint8_t)kind,
                              .op = (uint8_t)op,
                              .task = 1,
                              .obj = 1,
                              .a = 2,
                              .b = 3,
                              .c = 1};
            str_clear(&s);
            model_json(f.m, &e, 42, &s);
            cr_assert(json_check(s.data, field, &seen), "%s", s.data);
            cr_assert(strncmp(s.data, "{\"t\":5,\"seq\":42,\"ev\":\"", 22) == 0, "%s", s.data);
            const struct event_info *info = &event_info[kind];
            size_t want = 3;
            for (int i = 0; i < EVENT_FIELDS && info->fields[i].name; i++) {
                uint8_t type = info->fields[i].type; /* some stand there only where marked in X */
                bool out = (type == FT_PARENT && op != TASK_NEW) || type == FT_WORD ||
                           type == FT_BUFFERED || type == FT_TAGGED ||
                           (type == FT_FROM_PROC && op != PROC_STEAL) ||
                           (type == FT_BY && op != CTX_CANCEL) ||
                           ((type == FT_UNTIL || type == FT_OTHERS) && op != TASK_WAITING);
                want += !out;
                cr_assert_eq(has(&seen, info->fields[i].name), !out, "%s in %s",
                             info->fields[i].name, s.data);
            }
            cr_assert_eq(seen.n, want, "%s", s.data);
        }
    str_free(&s);
    fold_free(&f);
}

static const char *json_of(struct fold_run *f, struct str *s, struct event e)
{
    str_clear(s);
    model_json(f->m, &e, 1, s);
    return s->data;
}

Test(json, names_not_numbers)
{
    struct fold_run f = busy();
    struct str s = {0};
    cr_assert_str_eq(
        json_of(
            &f, &s,
            (struct event){.kind = EV_CHAN, .op = CHAN_RECV, .task = 2, .obj = 1, .a = 3, .c = 5}),
        "{\"t\":0,\"seq\":1,\"ev\":\"chan\",\"task\":\"worker-1\",\"obj\":\"jobs\","
        "\"op\":\"recv\",\"len\":3,\"cap\":4,\"senders\":0,\"receivers\":5}");
    cr_assert_str_eq(
        json_of(&f, &s,
                (struct event){
                    .kind = EV_TASK, .op = TASK_NEW, .x = PROC_NONE << 8, .task = 2, .c = 1}),
        "{\"t\":0,\"seq\":1,\"ev\":\"task\",\"task\":\"worker-1\",\"parent\":\"main\","
        "\"proc\":null,\"state\":\"new\",\"why\":\"none\",\"on\":null}");
    cr_assert_str_eq(json_of(&f, &s, (struct event){.kind = EV_EDGE, .c = 5, .obj = 1, .x = 1}),
                     "{\"t\":0,\"seq\":1,\"ev\":\"edge\",\"from\":\"shop.ctx\",\"to\":\"jobs\","
                     "\"role\":\"sends\",\"gone\":true}");
    cr_assert_str_eq(json_of(&f, &s, (struct event){.kind = EV_REQUEST, .op = 99, .v = INT64_MIN}),
                     "{\"t\":0,\"seq\":1,\"ev\":\"request\",\"id\":-9223372036854775808,"
                     "\"lane\":0,\"phase\":\"?99\",\"obj\":null,\"class\":0}");
    struct event d = model_diagnosis_event(&f.m->diagnoses[0]);
    cr_assert(strstr(json_of(&f, &s, d), "\"kind\":\"leak\",\"tasks\":[\"worker-1\",\"worker-2\"],"
                                         "\"objs\":[\"jobs\"],\"text\":\"they wait\"}"));
    d = (struct event){.kind = EV_DIAGNOSIS};
    cr_assert(strstr(json_of(&f, &s, d), "\"tasks\":[],\"objs\":[],\"text\":\"\"}"));
    str_free(&s);
    fold_free(&f);
}

/* ---- sentences
 * ------------------------------------------------------------------------------------ */

Test(sentence, every_kind_and_op_has_one)
{
    struct fold_run f = busy();
    struct str s = {0};
    for (int kind = 0; kind < EV_COUNT; kind++)
        for (int op = 0; op < 12; op++)
            for (int full = 0; full < 2; full++) {
                struct event e = {.kind = (uint8_t)kind, .op = (uint8_t)op, .x = PROC_NONE << 8};
                bool known = true;
                for (int i = 0; i < EVENT_FIELDS && event_info[kind].fields[i].name; i++) {
                    const struct event_field *x = &event_info[kind].fields[i];
                    for (int n = 0; x->slot == SLOT_OP && x->names && n <= op; n++)
                        known = known && x->names[n];
                }
                if (full) {
                    e.task = 2;
                    e.obj = 1;
                    e.a = e.b = e.c = 1;
                }
                str_clear(&s);
                model_sentence(f.m, &e, &s);
                cr_assert(s.len || !full, "%s %d", event_info[kind].name, op);
                cr_assert_null(s.len ? strpbrk(s.data, "{}[]") : NULL, "%s", s.data);
                if (known && s.len)
                    cr_assert_null(strstr(s.data, "newer version"), "%s %d: %s",
                                   event_info[kind].name, op, s.data);
            }
    str_free(&s);
    fold_free(&f);
}

static const char *sentence_of(struct fold_run *f, struct str *s, struct event e)
{
    str_clear(s);
    model_sentence(f->m, &e, s);
    return s->data;
}

Test(sentence, what_is_none_is_left_out)
{
    struct fold_run f = busy();
    struct str s = {0};
    struct event e = {.kind = EV_TASK, .op = TASK_WAITING, .x = WHY_CHAN_RECV, .task = 2, .obj = 1};
    cr_assert_str_eq(sentence_of(&f, &s, e), "worker-1 waits: recv on jobs");
    e.obj = 0;
    e.x = WHY_SELECT;
    cr_assert_str_eq(sentence_of(&f, &s, e), "worker-1 waits: select");
    e = (struct event){.kind = EV_CHAN, .op = CHAN_CLOSE, .task = 1, .obj = 1, .a = 2};
    cr_assert_str_eq(sentence_of(&f, &s, e), "main closes jobs, 2 left in it");
    e.a = 0;
    e.task = 0;
    cr_assert_str_eq(sentence_of(&f, &s, e), "the engine closes jobs");
    e = (struct event){.kind = EV_SELECT, .task = 2, .a = 3, .c = (uint32_t)-1};
    cr_assert_str_eq(sentence_of(&f, &s, e), "worker-1 selects default of 3");
    e = (struct event){.kind = EV_EDGE, .op = ROLE_CLOSES, .task = 1, .obj = 1, .x = 1};
    cr_assert_str_eq(sentence_of(&f, &s, e), "main no longer closes jobs");
    str_free(&s);
    fold_free(&f);
}
