/* SPDX-License-Identifier: MIT */
/* Thousands of tasks in live, and a machine that gives no more threads.
 *
 *   ten thousand   all started, all alive at once, shown, all ended
 *   no more        pthread_create fails (the linker gives us its calls): the run goes on with those
 *                  it has and says how many it has not; a pool makes room for the tasks it needs
 *
 * A thousand tasks only under the thread sanitizer, which has room for no more. */
#include <errno.h>

#include "model/figures.h"
#include "patterns/pattern.h"
#include "base/str.h"
#include "stress.h"
#include "tests/unit/pool_run.h"
#include "views/view.h"

enum { MANY = COUNTS_TSAN || COUNTS_ASAN ? 1000 : 10000 };

/* ---- the machine ------------------------------------------------------------------------------
 */

static _Atomic int threads_left = INT32_MAX;

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
    if (atomic_fetch_sub(&threads_left, 1) > 0)
        return __real_pthread_create(t, a, fn, arg);
    atomic_fetch_add(&threads_left, 1);
    return EAGAIN;
}

/* ---- a live run that is folded as it goes, as watching does ------------------------------------
 */

static pthread_mutex_t fold_lock = PTHREAD_MUTEX_INITIALIZER;
static struct model *model; /* fold_lock's */
static struct rt *rt;
static struct strtab *names;

static void take(void *arg, const struct event *ev, size_t n)
{
    (void)arg;
    pthread_mutex_lock(&fold_lock);
    model_apply_all(model, ev, n);
    pthread_mutex_unlock(&fold_lock);
}

static void create(void)
{
    const char *why = NULL;
    names = strtab_create();
    model = model_create(names);
    struct rt_config c = {
        .world = WORLD_LIVE, .seed = 1, .probes = true, .speed = 1, .names = names, .sink = take};
    rt = rt_create(&c, &why);
    CHECK(rt, "%s", why);
}

static double figure(const char *path)
{
    pthread_mutex_lock(&fold_lock);
    double v = figure_get(model, path).number;
    pthread_mutex_unlock(&fold_lock);
    return v;
}

static void wait_until_ended(void)
{
    for (bool over = false; !over;) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pthread_mutex_lock(&fold_lock);
        over = model->ended;
        pthread_mutex_unlock(&fold_lock);
    }
}

static void destroy(void)
{
    rt_destroy(rt);
    model_free(model);
    strtab_destroy(names);
}

/* The tasks panel as text. */
static void tasks_panel(struct str *out)
{
    struct view_state states[64] = {0};
    struct key_hint keys[] = {{NULL, NULL}};
    struct layout l;
    struct canvas *c = canvas_create(120, 40);
    pthread_mutex_lock(&fold_lock);
    struct screen_state s = {.model = model,
                             .scenario = "population",
                             .title = "population",
                             .speed = 1,
                             .view_ns = model->now_ns,
                             .last_ns = model->now_ns,
                             .keys = keys};
    CHECK(!layout_make(&l, "tasks", c->w, c->h, view_index("tasks")), "no layout");
    screen_draw(c, &s, &l, states, view_index("tasks"), NULL);
    pthread_mutex_unlock(&fold_lock);
    canvas_dump(c, out);
    canvas_free(c);
}

/* ---- ten thousand -----------------------------------------------------------------------------
 */

static struct waitgroup *wg;
static struct chan *gate;
static _Atomic int began, refused;

static void stays(void *arg)
{
    (void)arg;
    began++;
    chan_recv(gate, NULL);
    wg_done(wg);
}

static void population(void *arg)
{
    int n = (int)(intptr_t)arg;
    began = refused = 0;
    gate = chan_make("gate", 0);
    wg = wg_make("wg");
    for (int i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "task-%d", i + 1);
        wg_add(wg, 1);
        if (!rt_spawn(name, stays, NULL)) {
            refused++;
            wg_done(wg);
        }
    }
    while (began + refused < n)
        rt_sleep(1000000);
    while (!chan_closed(gate)) /* the test closes it, when it has looked */
        rt_sleep(1000000);
    wg_wait(wg);
}

static void open_gate(struct rt *in, void *arg)
{
    (void)in;
    (void)arg;
    chan_close(gate);
}

static void many(int n, int most)
{
    struct str panel = {0};
    char want[64];
    create();
    rt_start(rt, "population", population, (void *)(intptr_t)n);
    while (figure("tasks.started") + figure("tasks.refused") + figure("lost") < n + 1)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    while (began + refused < n)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (most >= n)
        CHECK(!refused, "%d tasks were refused", refused);
    tasks_panel(&panel);
    bool lost = figure("lost") > 0;
    if (most < n) {
        CHECK(refused > 0 && began == n - refused, "%d began, %d refused", began, refused);
        CHECK(lost || figure("tasks.refused") == refused, "%d were refused", refused);
        snprintf(want, sizeof want, "%d refused: no threads", refused);
        CHECK(lost || strstr(panel.data, want), "%s", panel.data);
    } else {
        CHECK(lost || figure("tasks.live") >= n, "%g are alive", figure("tasks.live"));
        CHECK(strstr(panel.data, " tasks"), "%s", panel.data);
        CHECK(lost || strstr(panel.data, "waiting"), "%s", panel.data);
    }
    str_free(&panel);
    rt_post(rt, open_gate, NULL);
    wait_until_ended();
    CHECK(model->end_why == END_DONE, "ended %s", end_names[model->end_why]);
    CHECK(model->lost || model->done_tasks == (uint32_t)began + 1, "%u of %d ended",
          model->done_tasks, began + 1);
    destroy();
}

/* ---- a pool that gets fewer threads than it wants ----------------------------------------------
 */

static void pool(int threads, bool goes)
{
    static const char *const settings[] = {"worker_pool.workers=200", "traffic.count=300",
                                           "traffic.arrivals=eager", "dependency.latency=1ms",
                                           NULL};
    create(); /* its own threads, and main's, are there */
    threads_left = threads;
    struct pattern_run *pr = pattern_run_with(pattern_find("worker_pool"), rt, NULL, settings);
    CHECK(!pattern_check_run(pr), "%s", pattern_check_run(pr));
    rt_start(rt, "pool", pattern_main, pr);
    wait_until_ended();
    CHECK(model->refused_tasks == (uint64_t)(200 - threads), "%lu of %d were refused",
          (unsigned long)model->refused_tasks, 200 - threads);
    if (goes) {
        CHECK(model->end_why == END_DONE, "ended %s", end_names[model->end_why]);
        CHECK(model->lanes[0].done == 300, "%lu done", (unsigned long)model->lanes[0].done);
    } else {
        CHECK(model->end_why == END_PANIC, "ended %s", end_names[model->end_why]);
        CHECK(strstr(strtab_get(names, model->panic_text), "only 3 of 200"), "%s",
              strtab_get(names, model->panic_text));
    }
    rt_destroy(rt);
    pattern_run_free(pr);
    model_free(model);
    strtab_destroy(names);
    threads_left = INT32_MAX;
}

int main(void)
{
    many(MANY, MANY);
    threads_left = 300;
    many(1000, 300);
    threads_left = INT32_MAX;
    pool(50, true);
    pool(3, false);
    return 0;
}
