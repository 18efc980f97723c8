/* SPDX-License-Identifier: MIT */
/* Scenario files: what they mean, and every way of being wrong, with file, line and a hint. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "test_schema.h"

static struct errors errors;

static struct scenario *parse(const char *text, const char *const *sets)
{
    errors_free(&errors);
    return scenario_parse("t.ini", NULL, text, strlen(text), &test_schema, sets, &errors);
}

#define POOL "[scenario]\npattern = pool\n"

Test(scenario, all_there_is)
{
    struct scenario *s =
        parse("\xef\xbb\xbf"
              "[scenario]\r\n"
              "title   = Pool under load\r\n"
              "pattern = pool   ; which\r\n"
              "world = sim\r\nseed = 7\r\nprocs = 0\r\nspeed = 0.5\r\nfor = 30s\r\n"
              "[pool]\r\nworkers = 4\r\nlatency = exp(80ms)\r\n"
              "[limiter.api]\r\nburst = 3\r\n"
              "[layout]\r\nrows = flow:7, tasks|channels ; two rows\r\n"
              "[cue.2]\r\nat = 1s\r\ndo = set pool.workers 8\r\n"
              "[cue.1]\r\nat = 1s\r\nsay = Now it grows\r\n"
              "[cue.10]\r\nat = 500ms\r\ndo = mark here we go\r\n"
              "[notes]\r\nanswer = Four\r\nwatch = the queue\r\n"
              "[keys]\r\nx = inject dependency hang\r\nspace =\r\n"
              "[expect]\r\nrequests.done = 10..20\r\ndiagnosis = none\r\n",
              NULL);
    cr_assert_not_null(s, "%s", errors_text(&errors));
    cr_assert_str_eq(s->params.title, "Pool under load");
    cr_assert_eq(scenario_world(s), WORLD_SIM);
    cr_assert(s->params.seed == 7 && s->params.procs == 0 && s->params.speed == 0.5);
    cr_assert_eq(s->params.for_ns, 30000000000);
    cr_assert_str_eq(s->layout, "flow:7, tasks|channels");
    cr_assert_str_eq(s->notes, "Watch: the queue\nAnswer: Four\n");
    cr_assert_eq(s->cues_n, 3);
    cr_assert_eq(s->cues[0].number, 10, "by time, then by number");
    cr_assert_eq(s->cues[1].number, 1);
    cr_assert_str_eq(s->cues[0].command, "mark here we go");
    cr_assert_str_eq(s->cues[1].caption, "Now it grows");
    struct pool_params *p = scenario_block(s, &pool_table, "pool");
    cr_assert(p->workers == 4 && p->queue == 100 && p->latency.kind == DIST_EXP);
    struct limiter_params *l = scenario_block(s, &limiter_table, "limiter.api");
    cr_assert_eq(l->burst, 3);
    free(p);
    free(l);
    scenario_free(s);
}

/* The keys that are written win over the preset, wherever they stand. */
Test(scenario, a_preset_fills_in_what_is_not_written)
{
    struct scenario *s = parse(POOL "[pool]\nworkers = 7\npreset = calm\nword = z\n", NULL);
    cr_assert_not_null(s, "%s", errors_text(&errors));
    struct pool_params *p = scenario_block(s, &pool_table, "pool");
    cr_assert(p->workers == 7 && p->patience == PARAM_FOREVER && p->queue == 100);
    cr_assert_str_eq(p->word, "z");
    free(p);
    scenario_free(s);
}

Test(scenario, only_the_pattern_is_required)
{
    struct scenario *s = parse(POOL, NULL);
    cr_assert_not_null(s);
    cr_assert_eq(scenario_world(s), WORLD_LIVE, "live is the default");
    cr_assert(s->params.speed == 1 && s->params.for_ns == 0 && !s->layout && !s->notes);
    scenario_free(s);
    scenario_free(NULL);
}

/* One wrong file: what is said, and at which line. */
static void wrong(const char *text, const char *want)
{
    struct scenario *s = parse(text, NULL);
    char *said = errors_text(&errors);
    cr_assert_null(s, "taken: %s", text);
    cr_assert_not_null(strstr(said, want), "%s\nsays: %s", text, said);
    cr_assert_eq(errors.total, 1, "one fault, one error: %s", said);
    free(said);
}

Test(scenario, names_are_known_or_near)
{
    wrong(POOL "[pool]\nworker = 3\n",
          "t.ini:4: unknown key 'worker' in [pool] (did you mean 'workers'?)");
    wrong(POOL "[pool]\nburst = 3\n", "t.ini:4: unknown key 'burst' in [pool] (it belongs to "
                                      "[limiter])");
    wrong(POOL "[pool]\nzzzzzz = 3\n",
          "t.ini:4: unknown key 'zzzzzz' in [pool] (see: list params)");
    wrong(POOL "[poll]\nworkers = 3\n", "t.ini:3: unknown section [poll] (did you mean [pool]?)");
    wrong(POOL "[nonsense]\n", "t.ini:3: unknown section [nonsense] (this pattern takes [pool])");
    wrong(POOL "[pool.two]\nqueue = 1\n", "unknown section [pool.two]");
    wrong("[scenario]\npattern = pol\n", "t.ini:2: no pattern 'pol' (did you mean 'pool'?)");
    wrong("[scenario]\ntitle = x\n", "needs a pattern");
    wrong("", "needs a pattern");
    wrong(POOL "[expect]\nrequest.done = 3\n",
          "t.ini:4: no figure 'request.done' (did you mean 'requests.done'?)");
    wrong(POOL "[expect]\ndiagnosis = leek\n", "no diagnosis 'leek' (did you mean 'leak'?)");
    wrong(POOL "[notes]\nhint = x\n", "unknown key 'hint' in [notes]");
    wrong(POOL "[layout]\nrow = x\n", "unknown key 'row' in [layout]");
    wrong(POOL "[layout]\nrows = nopanel\n", "t.ini:4: rows = nopanel: no panel 'nopanel'");
}

/* A misspelt pattern hides no other error. */
Test(scenario, the_rest_is_checked_as_the_nearest_pattern_s)
{
    cr_assert_null(parse("[scenario]\npattern = pol\n[pool]\nworkers = 0\n", NULL));
    char *said = errors_text(&errors);
    cr_assert_eq(errors.total, 2, "%s", said);
    cr_assert_not_null(strstr(said, "t.ini:4: workers = 0: must be"), "%s", said);
    free(said);
}

Test(scenario, values_say_what_is_allowed)
{
    wrong(POOL "[pool]\nworkers = 0\n", "t.ini:4: workers = 0: must be 1..10000 or auto");
    wrong(POOL "[pool]\nqueue = 4 # four\n", "'#' does not begin a comment here");
    wrong(POOL "speed = 1000\n", "speed = 1000: must be 0.01..100");
    wrong(POOL "world = simulated\n", "must be live or sim");
    wrong(POOL "[limiter.x]\nburst = 0\n", "burst = 0: must be 1 or more");
}

Test(scenario, a_name_is_set_once)
{
    wrong(POOL "[pool]\nqueue = 1\nqueue = 2\n", "t.ini:5: 'queue' set again (first on line 4)");
    wrong(POOL "[pool]\nqueue = 1\n[limiter]\n[pool]\nqueue = 2\n", "t.ini:7: 'queue' set again");
    wrong(POOL "[cue.1]\nat = 1s\nsay = a\n[cue.1]\nat = 2s\n", "t.ini:7: 'at' set again");
    struct scenario *s =
        parse(POOL "[limiter]\n[limiter.a]\nburst = 1\n[limiter.b]\nburst = 2\n", NULL);
    cr_assert_not_null(s, "the same key in two sections is fine");
    scenario_free(s);
}

Test(scenario, cues)
{
    wrong(POOL "[cue.1]\nsay = a\n", "t.ini:4: [cue.1] has no 'at'");
    wrong(POOL "[cue.1]\nat = 1s\n", "t.ini:4: [cue.1] names nothing to do or say");
    wrong(POOL "[cue.1]\nat = soon\nsay = a\n", "t.ini:4: at = soon: must be a duration");
    wrong(POOL "[cue.1]\nat = 1s\ndo = sett pool.queue 1\n", "did you mean 'set'?");
    wrong(POOL "[cue.1]\nat = 1s\ndo = set pool.queue\n", "usage: set PARAM VALUE|+N|-N");
    wrong(POOL "[cue.1]\nat = 1s\ndo = quit\n", "this command cannot stand in a cue");
    wrong(POOL "[cue.1]\nat = 1s\ndo = inject nothing hang\n", "there is no 'nothing'");
    wrong(POOL "[cue.1]\nat = 1s\nsay = a ; b\n", "would be lost as a comment");
    wrong(POOL "[cue.1]\nat = 1s\nsay = a\nwhen = 3\n", "unknown key 'when' in [cue.1]");
    wrong(POOL "[cue.x]\nat = 1s\n", "unknown section [cue.x] (did you mean [cue.1]?)");
    wrong(POOL "[cue.01]\nsay = a\n", "unknown section [cue.01]");
    struct scenario *s =
        parse(POOL "[cue.1]\nat = 0\ndo = pause\n[cue.2]\nat=1s\ndo=speed 2\n", NULL);
    cr_assert_not_null(s, "the screen's commands that a cue may do");
    scenario_free(s);
}

Test(scenario, expectations)
{
    static const struct {
        const char *line, *figure, *want, *high;
        enum compare cmp;
        int64_t by;
    } c[] = {
        {"requests.done = 5", "requests.done", "5", NULL, CMP_EQ, -1},
        {"requests.done = = 5", "requests.done", "5", NULL, CMP_EQ, -1},
        {"requests.done = != 3", "requests.done", "3", NULL, CMP_NE, -1},
        {"requests.done = <9", "requests.done", "9", NULL, CMP_LT, -1},
        {"requests.done = <= 9", "requests.done", "9", NULL, CMP_LE, -1},
        {"requests.done = > 1", "requests.done", "1", NULL, CMP_GT, -1},
        {"requests.done = >= 1", "requests.done", "1", NULL, CMP_GE, -1},
        {"requests.done = 10..20", "requests.done", "10", "20", CMP_RANGE, -1},
        {"requests.done = 10 .. 20", "requests.done", "10", "20", CMP_RANGE, -1},
        {"latency_ms.p99 = < 1.5s", "latency_ms.p99", "1.5s", NULL, CMP_LT, -1},
        {"objects.x.share = 2%..5%", "objects.x.share", "2%", "5%", CMP_RANGE, -1},
        {"objects.x.state by 8s = open", "objects.x.state", "open", NULL, CMP_EQ, 8000000000},
        {"objects.by y.state  by\t500ms = open", "objects.by y.state", "open", NULL, CMP_EQ,
         500000000},
        {"diagnosis = leak, panic", "diagnosis", "leak, panic", NULL, CMP_EQ, -1},
        {"diagnosis by 2s = != none", "diagnosis", "none", NULL, CMP_NE, 2000000000},
    };
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        char text[200];
        snprintf(text, sizeof text, POOL "[expect]\n%s\n", c[i].line);
        struct scenario *s = parse(text, NULL);
        cr_assert_not_null(s, "%s: %s", c[i].line, errors_text(&errors));
        cr_assert_eq(s->expects_n, 1);
        const struct expectation *x = &s->expects[0];
        cr_assert_str_eq(x->figure, c[i].figure);
        cr_assert_str_eq(x->want, c[i].want);
        cr_assert_eq(x->want_high == NULL, c[i].high == NULL);
        if (c[i].high)
            cr_assert_str_eq(x->want_high, c[i].high);
        cr_assert(x->cmp == c[i].cmp && x->by_ns == c[i].by && x->line == 4, "%s", c[i].line);
        scenario_free(s);
    }
    wrong(POOL "[expect]\nrequests.done =\n", "needs a value");
    wrong(POOL "[expect]\nrequests.done = <\n", "needs a value");
    wrong(POOL "[expect]\nrequests.done = 10..\n", "needs a value");
    wrong(POOL "[expect]\nrequests.done = < many\n", "must be a number");
    wrong(POOL "[expect]\nrequests.done = 20..10\n", "must be a range");
    wrong(POOL "[expect]\nrequests.done = 1..2s\n", "must be a range");
    wrong(POOL "[expect]\nrequests.done by noon = 1\n", "must be a duration");
    wrong(POOL "[expect]\ndiagnosis = < leak\n", "diagnosis takes a list");
}

Test(scenario, keys)
{
    wrong(POOL "[keys]\nNoKey = pause\n", "no key 'NoKey'");
    wrong(POOL "[keys]\nx = puase\n", "did you mean 'pause'?");
    wrong(POOL "[keys]\nx = do nothing\n", "there is no 'nothing'");
    wrong(POOL "[keys]\nCtrl-C = pause\n", "the terminal's own");
    wrong(POOL "[keys]\nEsc = pause\nescape = close\n",
          "t.ini:5: escape = close: this key is bound");
    struct scenario *s = parse(POOL "[keys]\ncolon = pause\nhash = quit\nF5 = record\n", NULL);
    cr_assert_not_null(s);
    scenario_free(s);
}

Test(scenario, all_errors_at_once)
{
    struct scenario *s =
        parse("[scenario]\npattern = pool\nseed = -1\nbogus = 1\n[pool]\n"
              "workers = 0\nmode = x\nno line\n[expect]\nrequests.don = 1\n[what]\n",
              NULL);
    cr_assert_null(s);
    cr_assert_eq(errors.total, 7, "%s", errors_text(&errors));
    struct str text = {0};
    str_add(&text, POOL "[pool]\n");
    for (int i = 0; i < 1080; i++)
        str_addf(&text, "k%d = 1\n", i);
    s = parse(text.data, NULL);
    cr_assert(!s && errors.total == 1080 && errors.kept == ERRORS_MAX);
    for (size_t i = 1; i < errors.kept; i++)
        cr_assert_geq(errors.item[i].line, errors.item[i - 1].line);
    char *out = NULL;
    size_t n;
    FILE *f = open_memstream(&out, &n);
    errors_print(&errors, f);
    fclose(f);
    cr_assert_not_null(strstr(out, "t.ini:4: "));
    cr_assert_not_null(strstr(out, "… and 80 more\n"));
    free(out);
    str_free(&text);
}

Test(scenario, errors_can_be_shown)
{
    struct errors e = {0};
    error_at(&e, "f\x1b.ini", 3, "found '%.2s' and %c", "aж", 7);
    cr_assert_str_eq(e.item[0].file, "f\xef\xbf\xbd.ini");
    cr_assert_str_eq(e.item[0].text, "found 'a\xef\xbf\xbd' and \xef\xbf\xbd");
    char longer[3000];
    memset(longer, 'x', sizeof longer);
    longer[2999] = '\0';
    error_at(&e, NULL, 0, "%s", longer);
    cr_assert_eq(strlen(e.item[1].text), 1000 + strlen("…"));
    errors_free(&e);
}

Test(scenario, options_win)
{
    static const char *const sets[] = {"pool.workers=9",
                                       "limiter.api.burst = 4",
                                       "expect.requests.done=7",
                                       "scenario.seed=3",
                                       "cue.1.at=3s",
                                       "keys..=quit",
                                       "pool.arrivals=burst(10 every 1s)",
                                       NULL};
    struct scenario *s = parse(POOL "[pool]\nworkers = 4\n[cue.1]\nat=1s\nsay=x\n"
                                    "[expect]\nrequests.done = 1\n",
                               sets);
    cr_assert_not_null(s, "%s", errors_text(&errors));
    struct pool_params *p = scenario_block(s, &pool_table, "pool");
    struct limiter_params *l = scenario_block(s, &limiter_table, "limiter.api");
    cr_assert(p->workers == 9 && l->burst == 4 && p->arrivals.kind == ARR_BURST);
    cr_assert(s->params.seed == 3 && s->cues[0].at_ns == 3000000000);
    cr_assert_str_eq(s->expects[0].want, "7");
    cr_assert_eq(s->expects_n, 1);
    free(p);
    free(l);
    scenario_free(s);
    static const char *const bad[] = {
        "workers=3",      "=",          "pool.=3",    ".x=3", "pool.workers", "pool.worker=3",
        "pool.workers=0", "nosuch.x=1", "pool.x=\xff"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *const one[] = {bad[i], NULL};
        cr_assert_null(parse(POOL, one), "%s", bad[i]);
        cr_assert(errors.total == 1 && strncmp(errors.item[0].file, "--set", 5) == 0, "%s: %s",
                  bad[i], errors_text(&errors));
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/patternscope-test-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}
static void remove_folder(void)
{
    char *command = xasprintf("rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    free(command);
}

static void cannot_read(const char *path, const char *says)
{
    errors_free(&errors);
    cr_assert_null(scenario_read(path, &test_schema, NULL, &errors), "%s", path);
    cr_assert_eq(errors.total, 1);
    cr_assert_str_eq(errors.item[0].file, path);
    cr_assert_not_null(strstr(errors.item[0].text, says), "%s: %s", path, errors.item[0].text);
}

Test(scenario_file, only_a_regular_file_is_one, .init = make_folder, .fini = remove_folder)
{
    cannot_read("missing.ini", "No such file");
    cannot_read("/", "a directory");
    cannot_read(".", "a directory");
    cannot_read("/dev/zero", "not a regular file");
    cannot_read("/dev/null", "not a regular file");
    cr_assert_eq(mkfifo("fifo.ini", 0600), 0);
    cannot_read("fifo.ini", "not a regular file"); /* with no writer: must not wait */
    cr_assert_eq(symlink("loop.ini", "loop.ini"), 0);
    cannot_read("loop.ini", "cannot be read");
    FILE *f = fopen("big.ini", "w");
    cr_assert(f && ftruncate(fileno(f), INT64_C(1) << 30) == 0);
    fclose(f);
    cannot_read("big.ini", "longer than 1 MiB");
    f = fopen("empty.ini", "w");
    fclose(f);
    cannot_read("empty.ini", "needs a pattern");
    f = fopen("good.ini", "w");
    fputs(POOL, f);
    fclose(f);
    errors_free(&errors);
    struct scenario *s = scenario_read("good.ini", &test_schema, NULL, &errors);
    cr_assert_not_null(s);
    cr_assert_str_eq(s->path, "good.ini");
    scenario_free(s);
}

/* Many headers, keys, cues: refused in a moment, not looked through in minutes. */
Test(scenario_file, hostile_sizes_are_quick)
{
    static const char *const form[] = {"k%d=1\n", "[s%d]\n", "[s%d]\nk=1\n", "[cue.%d]\nat=1s\n",
                                       "[limiter.%d]\nburst=1\n"};
    for (size_t i = 0; i < ARRAY_LEN(form); i++) {
        struct str t = {0};
        str_add(&t, POOL "[pool]\n");
        for (int n = 0; t.len < 1000000; n++) {
            char line[64];
            /* a table of forms, each with one %d */
            const char *d = strstr(form[i], "%d");
            snprintf(line, sizeof line, "%.*s%d%s", (int)(d - form[i]), form[i], n, d + 2);
            str_add(&t, line);
        }
        cr_assert_null(parse(t.data, NULL), "%s", form[i]);
        str_free(&t);
    }
}
