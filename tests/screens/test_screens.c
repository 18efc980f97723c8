/* SPDX-License-Identifier: MIT */
/* Whole screens as text. Each case is a scene at one instant and one or more sizes; the expected
 * screen is golden/CASE.WxH.txt. PATTERNSCOPE_UPDATE=1 writes them anew: read the difference before
 * you commit it. */
#include <criterion/criterion.h>

#include "base/text.h"
#include "runtime/chan.h"
#include "runtime/sync.h"
#include "tests/screens/golden.h"

static const char *const busy[] = {"worker_pool.queue=10", "worker_pool.consumer=const(75ms)",
                                   NULL};

/* The queue is full, the producer is blocked, two workers are blocked by the consumer. */
Test(screens, worker_pool)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_to(&sc, 12480);
    sc.s.hint = "Down and Right: one worker more";
    shots(&sc, "worker_pool", "flow");
    shot(&sc, "worker_pool", 80, 24, true, "flow");
    shot(&sc, "worker_pool", 120, 40, true, "flow");
    shot(&sc, "worker_pool", 200, 60, false, "flow");
    static const char *const panels[] = {"tasks",    "channels", "metrics", "parameters", "log",
                                         "contexts", "groups",   "notes",   "code",       "dump"};
    for (size_t i = 0; i < ARRAY_LEN(panels); i++) {
        char name[64];
        snprintf(name, sizeof name, "panel_%s", panels[i]);
        shot(&sc, name, 80, 24, false, panels[i]);
    }
    shot(&sc, "panel_tasks", 40, 10, false, "tasks");
    shot(&sc, "panel_metrics", 40, 10, false, "metrics");
    shot(&sc, "panel_dump", 40, 10, false, "dump");
    shot(&sc, "panel_dump", 120, 40, false, "dump");
    scene_free(&sc);
}

/* The first second: something fills, and one line says what to press. */
Test(screens, the_beginning)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", NULL);
    sc.s.hint = "space: pause";
    shot(&sc, "nothing_yet", 80, 24, false, "flow");
    scene_to(&sc, 2000);
    shots(&sc, "beginning", "flow");
    scene_free(&sc);
}

Test(screens, paused_recording_changed)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_command(&sc, 3000, "set worker_pool.workers 8");
    scene_to(&sc, 4000);
    sc.changed = 1;
    sc.s.paused = sc.s.recording = true;
    sc.s.recorded_ns = INT64_C(41000000000);
    sc.s.message = "worker_pool.workers = 8";
    shots(&sc, "paused", "parameters");
    scene_free(&sc);
}

/* A scenario at an instant as it comes up, with its own layout, at all sizes. */
static void moment_of(const char *path, const char *name, int64_t ms, const char *focus)
{
    struct scene sc;
    char full[512];
    snprintf(full, sizeof full, SCREENS "/../../configs/%s.ini", path);
    scene_start(&sc, full, NULL);
    scene_to(&sc, ms);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct canvas *c = canvas_create(sizes[i].w, sizes[i].h);
        scene_draw(&sc, c, sc.scenario->layout, focus, NULL);
        matches(c, name);
        canvas_free(c);
    }
    scene_free(&sc);
}

static void moment(const char *path, const char *name, int64_t ms)
{
    moment_of(path, name, ms, "flow");
}

Test(screens, lessons)
{
    moment("lessons/T1.M1-jobs-never-closed", "lesson_m1", 60000);
    moment("lessons/T1.M2-results-closed-too-early", "lesson_m2", 60000);
    moment("lessons/T1.M3-no-cancel", "lesson_m3_caption", 3500);
    moment("lessons/T1.M3-no-cancel", "lesson_m3", 60000);
    moment("lessons/T1.M4-one-task", "lesson_m4", 60000);
    moment("lessons/T1.M4-slow-consumer", "lesson_m4_slow", 4000);
}

/* What becomes of the pool: it drains, it is cancelled, its jobs hang, it grows. */
Test(screens, moments_of_the_pool)
{
    moment("worker_pool_shutdown", "shutdown", 4500);
    moment("worker_pool_cancel", "cancel", 4500);
    moment("worker_pool_hung_jobs", "hung_jobs", 8000);
    moment("worker_pool_autoscale", "autoscale", 9000);
}

/* Lanes on the same traffic: who let how many in, and where they disagree. */
Test(screens, limiters_side_by_side)
{
    moment_of("rate_limiter", "rate_limiter", 7000, "limiters");
    moment_of("rate_limiter_kinds", "limiter_kinds", 8200, "limiters");
    moment_of("rate_limiter_refused", "limiter_refused", 5300, "compare");
    moment_of("distributed_limiter", "distributed_limiter", 6700, "limiters");
    moment_of("distributed_limiter_gates", "distributed_gates", 6700, "nodes");
    moment_of("distributed_limiter_store_down", "distributed_down", 6000, "nodes");
    moment_of("lessons/T2.M4-clients-only", "lesson_t2_m4", 20000, "compare");
    moment_of("backpressure", "backpressure", 5000, "channels");
    moment_of("lessons/T2.M3-backpressure-ignored", "lesson_t2_m3", 4000, "channels");
    moment_of("lessons/T2.M2-burst-zero", "lesson_t2_m2", 6000, "compare");
}

/* A breaker's machine in each of its states; several, as a list above the chosen one's. */
Test(screens, breakers)
{
    moment_of("circuit_breaker", "breaker_closed", 4700, "breakers");
    moment_of("circuit_breaker", "breaker_open", 12000, "breakers");
    moment_of("circuit_breaker", "breaker_half_open", 35200, "breakers");
    moment_of("circuit_breaker_presets", "breaker_presets", 57000, "breakers");
}

/* In a recording one sees how far one is, and which marks one has passed. */
Test(screens, replay)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_command(&sc, 3000, "mark half full");
    scene_to(&sc, 6000);
    sc.s.replay = true;
    sc.s.last_ns = INT64_C(20000000000);
    sc.s.hint = "space stops time";
    shots(&sc, "replay", "flow");
    scene_free(&sc);
}

/* A film has no keys: its last line is the time. */
Test(screens, film)
{
    struct scene sc;
    struct key_hint none[1] = {{NULL, NULL}};
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_to(&sc, 6000);
    sc.s.keys = none;
    sc.s.last_ns = INT64_C(20000000000);
    shots(&sc, "film", "flow");
    scene_free(&sc);
}

Test(screens, priorities)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool_priorities.ini", NULL);
    scene_to(&sc, 8000);
    shot(&sc, "priorities", 80, 24, false, "metrics");
    shot(&sc, "priorities", 120, 40, false, "flow");
    scene_free(&sc);
}

Test(screens, two_thousand_tasks)
{
    static const char *const many[] = {"worker_pool.workers=2000",
                                       "traffic.arrivals=poisson(9000/s)", "traffic.count=0", NULL};
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", many);
    scene_to(&sc, 700);
    shots(&sc, "many", "tasks");
    shot(&sc, "many", 80, 24, true, "tasks");
    scene_free(&sc);
}

/* The details of the first entry of the log that says so; what the log keeps may change. */
static void log_entry(const struct scene *sc, const char *words, struct str *out)
{
    const struct view *log = view_find("log");
    for (int i = 0, n = log->rows(&sc->s); i < n; i++) {
        str_clear(out);
        log->details(&sc->s, &(struct view_state){.chosen = i}, out);
        if (strstr(out->data, words))
            return;
    }
    cr_assert(false, "no entry of the log says \"%s\"", words);
}

Test(screens, overlays)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_to(&sc, 12480);
    struct overlay why = {.title = "why", .chosen = -1};
    struct str text = {0};
    log_entry(&sc, "request 108 is done", &text);
    why.text = text.data;
    struct overlay menu = {.title = "inject",
                           .text = "dependency hang     the next job hangs\n"
                                   "dependency errors   every call fails for 2 s\n"
                                   "consumer slow       the consumer takes ten times as long\n",
                           .chosen = 1};
    struct overlay prompt = {.title = "command",
                             .text = "set PARAM VALUE|+N|-N\nset worker_pool.workers\n",
                             .chosen = -1,
                             .input = "set worker_pool.wörkers",
                             .cursor = 17};
    const struct {
        const char *name;
        const struct overlay *o;
    } all[] = {{"overlay_why", &why}, {"overlay_menu", &menu}, {"overlay_prompt", &prompt}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (size_t k = 0; k < ARRAY_LEN(sizes); k += 2) {
            struct canvas *c = canvas_create(sizes[k].w, sizes[k].h);
            scene_draw(&sc, c, NULL, "log", all[i].o);
            matches(c, all[i].name);
            canvas_free(c);
        }
    str_free(&text);
    scene_free(&sc);
}

Test(screens, log_follows_and_stays)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_to(&sc, 6000);
    int log = view_index("log");
    struct canvas *c = canvas_create(80, 24);
    scene_draw(&sc, c, NULL, "log", NULL);
    for (int i = 0; i < 5; i++)
        view_move(log, &sc.s, &sc.states[log], MOVE_UP, 10);
    scene_draw(&sc, c, NULL, "log", NULL);
    matches(c, "log_stays");
    uint64_t anchor = sc.states[log].anchor;
    scene_to(&sc, 60000); /* the ring has long wrapped or not: the entry is the same or gone */
    scene_draw(&sc, c, NULL, "log", NULL);
    cr_assert(sc.states[log].anchor >= anchor && !sc.states[log].follow);
    sc.s.filter = "producer";
    view_move(log, &sc.s, &sc.states[log], MOVE_BOTTOM, 10);
    cr_assert(sc.states[log].follow);
    scene_draw(&sc, c, NULL, "log", NULL);
    matches(c, "log_filter");
    canvas_free(c);
    scene_free(&sc);
}

/* ---- topologies of other shapes ----------------------------------------------------------------
 */

static struct chan *in, *left, *right, *out, *again;

static void source(void *arg)
{
    (void)arg;
    rt_hold(chan_id(in), ROLE_SENDS);
    for (chan_value i = 0; i < 200; i++) {
        rt_sleep(20000000);
        chan_send(in, i);
    }
}
static void splitter(void *arg)
{
    (void)arg;
    rt_hold(chan_id(in), ROLE_RECEIVES);
    rt_hold(chan_id(again), ROLE_RECEIVES);
    rt_hold(chan_id(left), ROLE_SENDS);
    rt_hold(chan_id(right), ROLE_SENDS);
    for (;;) {
        struct select_case cases[2] = {{.c = in}, {.c = again}};
        int i = chan_select(cases, 2);
        chan_send(cases[i].value % 2 ? left : right, cases[i].value);
    }
}
static void stage(void *arg)
{
    struct chan *from = arg;
    rt_hold(chan_id(from), ROLE_RECEIVES);
    rt_hold(chan_id(out), ROLE_SENDS);
    for (chan_value v; chan_recv(from, &v);) {
        rt_sleep(from == left ? 90000000 : 15000000);
        chan_send(out, v);
    }
}
static void sink(void *arg)
{
    (void)arg;
    rt_hold(chan_id(out), ROLE_RECEIVES);
    rt_hold(chan_id(again), ROLE_SENDS);
    for (chan_value v; chan_recv(out, &v);)
        if (v % 7 == 0)
            chan_try_send(again, v);
}
static void fork_and_join(void *arg)
{
    (void)arg;
    in = chan_make("in", 4);
    left = chan_make("left", 8);
    right = chan_make("right", 0);
    out = chan_make("out", 3);
    again = chan_make("again", 2);
    rt_spawn("source", source, NULL);
    rt_spawn("splitter", splitter, NULL);
    for (int i = 1; i <= 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "left-%d", i);
        rt_spawn(name, stage, left);
    }
    rt_spawn("right-1", stage, right);
    rt_spawn("sink", sink, NULL);
    rt_sleep(INT64_C(60000000000));
}

Test(screens, fork_join_and_cycle)
{
    struct scene sc;
    scene_program(&sc, fork_and_join, NULL);
    scene_to(&sc, 2000);
    shots(&sc, "fork_join", "flow");
    struct canvas *c = canvas_create(120, 40);
    scene_draw(&sc, c, "flow:20, tasks|channels", "flow", NULL);
    matches(c, "fork_join_tall");
    canvas_free(c);
    scene_free(&sc);
}

static void lonely(void *arg)
{
    (void)arg;
    rt_sleep(INT64_C(1000000000));
}
Test(screens, no_channels_at_all)
{
    struct scene sc;
    scene_program(&sc, lonely, NULL);
    scene_to(&sc, 500);
    shot(&sc, "lonely", 80, 24, false, "flow");
    scene_free(&sc);
}

/* ---- sizes -------------------------------------------------------------------------------------
 */

Test(screens, too_small_says_so)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", NULL);
    scene_to(&sc, 1000);
    shot(&sc, "too_small", 39, 10, false, "flow");
    shot(&sc, "too_small", 12, 3, false, "flow");
    scene_free(&sc);
}

/* Cells around the canvas stay as they were, whatever is drawn at whatever size. */
Test(screens, every_size_every_panel)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/lessons/T1.M3-no-cancel.ini", NULL);
    scene_to(&sc, 8000);
    struct overlay o = {.title = "a title that is long enough to be cut somewhere",
                        .text =
                            "one\ntwo two two two two two two two two two two two two\n漢字漢字\n",
                        .chosen = 1,
                        .input = "abc",
                        .cursor = 3};
    size_t n = 0;
    while (views[n])
        n++;
    for (int w = 1; w <= 220; w++)
        for (int h = 1; h <= 70; h++) {
            struct canvas *c = canvas_create(w, h);
            c->ascii = (w + h) % 5 == 0;
            int panel = (w + h) % (int)n;
            o.chosen = h % 2 ? 1 : -1;
            o.scroll = w;
            scene_draw(&sc, c, w % 4 ? NULL : sc.scenario->layout, views[panel]->name,
                       w % 7 ? NULL : &o);
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++) {
                    const struct cell *at = &c->cell[y * w + x];
                    cr_assert(at->ch != 0 || (x > 0 && at[-1].ch), "%dx%d", w, h);
                    cr_assert(at->style < ST_COUNT);
                }
            canvas_free(c);
        }
    scene_free(&sc);
}

/* Everything that waits has somebody who says so: while paused, drawing again changes nothing. */
Test(screens, drawing_is_a_pure_function)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/worker_pool.ini", busy);
    scene_to(&sc, 9000);
    sc.s.paused = sc.s.recording = true;
    for (int i = 0; views[i]; i++) {
        struct canvas *a = canvas_create(120, 40), *b = canvas_create(120, 40);
        sc.s.recorded_ns = 0;
        scene_draw(&sc, a, NULL, views[i]->name, NULL);
        sc.s.recorded_ns = INT64_C(77000000000); /* the wall clock goes on */
        scene_draw(&sc, b, NULL, views[i]->name, NULL);
        cr_assert(canvas_equal(a, b), "%s moved", views[i]->name);
        canvas_free(a);
        canvas_free(b);
    }
    scene_free(&sc);
}

/* ---- words --------------------------------------------------------------------------------------
 */

/* A language of capitals: letters outside of a format's directives. The texts live on. */
static const char *loud(const char *one, const char *many, unsigned long n)
{
    static struct {
        const char *from;
        char *to;
    } known[1024];
    const char *text = many && n != 1 ? many : one;
    size_t i = 0;
    for (; known[i].from; i++)
        if (known[i].from == text)
            return known[i].to;
    cr_assert(i + 1 < ARRAY_LEN(known));
    char *to = xstrdup(text);
    for (char *p = to; *p; p++) {
        if (*p == '%')
            p += 1 + strcspn(p + 1, "diufgcsxo%");
        else if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    }
    known[i].from = text;
    return known[i].to = to;
}

static void loud_consumer(void *jobs)
{
    rt_hold(chan_id(jobs), ROLE_RECEIVES);
    for (chan_value v; chan_recv(jobs, &v);)
        rt_sleep(100000000);
}

static void loud_program(void *arg)
{
    (void)arg;
    struct chan *jobs = chan_make("JOBS", 2);
    rt_spawn("CONSUMER", loud_consumer, jobs);
    rt_hold(chan_id(jobs), ROLE_SENDS);
    for (chan_value i = 0;; i++)
        chan_send(jobs, i);
}

/* All words of the frame and of the panels that have no names in them go through _(): in a language
 * of capitals no small letters are left but units, and what the engine calls its world. */
Test(screens, words_can_be_translated)
{
    static const char *const panels[] = {"flow",   "tasks", "channels", "metrics", "contexts",
                                         "groups", "procs", "maps",     "pools"};
    struct scene sc;
    text_hook = loud;
    scene_program(&sc, loud_program, NULL);
    scene_to(&sc, 1500);
    sc.s.scenario = sc.s.title = "SCENARIO";
    sc.s.keys = NULL;
    for (size_t i = 0; i < ARRAY_LEN(panels) + 2; i++) {
        struct canvas *c = canvas_create(i < ARRAY_LEN(panels) ? 120 : i % 2 ? 30 : 80, 24);
        struct str text = {0};
        sc.s.paused = i % 2;
        scene_draw(&sc, c, NULL, panels[i % ARRAY_LEN(panels)], NULL);
        canvas_dump(c, &text);
        static const char small[] = "abcdefghijklmnopqrstuvwxyz";
        for (const char *p = text.data; *(p += strcspn(p, small));) {
            size_t n = strspn(p, small);
            bool name = n == 4 ? !strncmp(p, "main", n) : n == 12 && !strncmp(p, "patternscope", n);
            cr_assert(n < 4 || name, "not translated: %.*s\n%s", (int)n, p, text.data);
            p += n;
        }
        cr_assert(strstr(text.data, "FLOW") || strstr(text.data, "NEED"));
        str_free(&text);
        canvas_free(c);
    }
    text_hook = NULL;
    scene_free(&sc);
}

/* Of the same instant, ASCII says the same words. */
Test(screens, ascii_has_the_same_words)
{
    struct scene sc;
    scene_start(&sc, SCREENS "/../../configs/lessons/T1.M1-jobs-never-closed.ini", NULL);
    scene_to(&sc, 60000);
    struct canvas *a = canvas_create(120, 40), *b = canvas_create(120, 40);
    b->ascii = true;
    scene_draw(&sc, a, NULL, "tasks", NULL);
    scene_draw(&sc, b, NULL, "tasks", NULL);
    for (int i = 0; i < 120 * 40; i++) {
        cr_assert(b->cell[i].ch < 0x7f);
        bool letter = a->cell[i].ch < 0x7f && a->cell[i].ch > ' ';
        cr_assert(!letter || a->cell[i].ch == b->cell[i].ch, "cell %d", i);
    }
    canvas_free(a);
    canvas_free(b);
    scene_free(&sc);
}
