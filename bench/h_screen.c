/* SPDX-License-Identifier: MIT */
/* Area H: what a screen costs, in a terminal of our own that is drained at once.
 *
 * mono: every character new; colour8: that and a style each 8 cells; sparse: a twentieth of the
 * cells; static: the same again. Beside it ncurses by addch, cell by cell, which is what most
 * programs do. monitor: the worker pool's own screen at 10 frames a second, drawing alone: the
 * simulation between two frames is not counted. Beside it htop, where it is installed.
 *
 * The one who draws is a child with the terminal; its rows come through a pipe, the bytes it wrote
 * are counted by the parent. */
#include <curses.h>
#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "tests/screens/scene.h"
#include "views/term.h"
#include "views/term_tty.h"

enum { W = 200, H = 60, FPS = 60, MONITOR_FPS = 10 };

static uint32_t x = 1;
static uint32_t rnd(void)
{
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static int frames(void)
{
    int n = (int)(bench_seconds() * 480);
    return n < 40 ? 40 : n;
}

/* ---- who draws --------------------------------------------------------------------------------
 */

struct drawer {
    const char *name;
    bool (*begin)(void);
    void (*fill)(int frame);
    void (*show)(void);
    void (*end)(void);
};

static struct canvas *canvas;
static const char *mode;

static bool ours_begin(void)
{
    const char *bad = term_open(&(struct term_options){.colors = -1});
    if (bad)
        die("%s", bad);
    canvas = canvas_create(W, H);
    return true;
}

static const char *words(int y, int n)
{
    static char same[26][W + 1], other[W + 1];
    if (!strcmp(mode, "static")) {
        if (!same[0][0])
            for (int i = 0; i < 26; i++)
                for (int k = 0; k < W; k++)
                    same[i][k] = (char)('a' + (i + k) % 26);
        return same[y % 26];
    }
    for (int i = 0; i < n; i++)
        other[i] = (char)('!' + rnd() % 90);
    other[n] = '\0';
    return other;
}

static void ours_fill(int frame)
{
    (void)frame;
    if (!strcmp(mode, "sparse")) {
        for (int i = 0; i < W * H / 20; i++)
            canvas_put(canvas, (int)(rnd() % W), (int)(rnd() % H), '!' + rnd() % 90, ST_NORMAL, 0);
        return;
    }
    canvas_clear(canvas);
    int step = mode[0] == 'c' ? 8 : W; /* words of a style, as panels write them */
    for (int y = 0; y < H; y++)
        for (int col = 0; col < W; col += step)
            canvas_text(canvas, col, y, mode[0] == 'c' ? (uint8_t)(rnd() % ST_COUNT) : ST_NORMAL, 0,
                        words(y, step));
}

static void ours_show(void)
{
    term_show(canvas, &themes[0]);
    while (!tty_sent(1000))
        ;
}

static void ours_end(void)
{
    term_close();
    canvas_free(canvas);
}

static bool addch_begin(void)
{
    if (!initscr())
        return false;
    start_color();
    curs_set(0);
    for (short p = 1; p < 64; p++)
        init_pair(p, (short)(p % 8 ? p % 8 : 7), (short)(p / 8 ? p / 8 % 8 : COLOR_BLACK));
    return true;
}

static void addch_fill(int frame)
{
    (void)frame;
    if (!strcmp(mode, "sparse")) {
        for (int i = 0; i < W * H / 20; i++)
            mvaddch((int)(rnd() % H), (int)(rnd() % W), '!' + rnd() % 90);
        return;
    }
    erase();
    for (int y = 0; y < H; y++) {
        move(y, 0);
        for (int col = 0; col < W; col++) {
            if (mode[0] == 'c' && col % 8 == 0)
                attrset(COLOR_PAIR((int)(rnd() % 63) + 1));
            addch(!strcmp(mode, "static") ? 'a' + (unsigned)(y + col) % 26 : '!' + rnd() % 90);
        }
    }
}

static void addch_show(void)
{
    refresh();
}

static void addch_end(void)
{
    endwin();
}

static struct scene scene;

static bool scene_begin(void)
{
    static const char *const sets[] = {"traffic.count=0", NULL};
    scene_start(&scene, "configs/worker_pool.ini", sets);
    scene_to(&scene, 2000);
    scene.s.hint = "a line of words";
    return ours_begin();
}

static void scene_fill(int frame)
{
    (void)frame;
    scene_draw(&scene, canvas, NULL, "flow", NULL);
}

static const struct drawer ours = {"patternscope", ours_begin, ours_fill, ours_show, ours_end};
static const struct drawer addch_ = {"ncurses addch", addch_begin, addch_fill, addch_show,
                                     addch_end};
static const struct drawer monitor = {"patternscope", scene_begin, scene_fill, ours_show, ours_end};

/* ---- frames -----------------------------------------------------------------------------------
 */

static void wait_until(double at)
{
    double left = at - bench_clock(CLOCK_MONOTONIC);
    if (left > 0)
        nanosleep(
            &(struct timespec){.tv_nsec = (long)left % 1000000000, .tv_sec = (long)(left / 1e9)},
            NULL);
}

static void row_to(FILE *out, const struct drawer *d, const char *configuration, const char *unit,
                   double value)
{
    fprintf(out, "H\t%s\t%s\t%s\t%s\t%.4g\n", mode, d->name, configuration, unit, value);
}

/* In the child: the first eight frames are not counted, the caches and the terminal are cold. */
static void draw_frames(FILE *out, const struct drawer *d, int fps, int n)
{
    enum { WARM = 8 };
    double *cpu = xmalloc((size_t)n * sizeof *cpu), total = 0, from = 0;
    double next = bench_clock(CLOCK_MONOTONIC);
    for (int i = -WARM; i < n; i++) {
        if (d == &monitor)
            scene_to(&scene, 2000 + (i + WARM) * 1000 / fps);
        if (i == 0)
            from = bench_clock(CLOCK_MONOTONIC);
        double before = bench_clock(CLOCK_PROCESS_CPUTIME_ID);
        d->fill(i);
        d->show();
        double took = bench_clock(CLOCK_PROCESS_CPUTIME_ID) - before;
        if (i >= 0) {
            cpu[i] = took;
            total += took;
        }
        next += 1e9 / fps;
        wait_until(next);
    }
    double wall = bench_clock(CLOCK_MONOTONIC) - from;
    qsort(cpu, (size_t)n, sizeof *cpu, bench_less);
    if (d == &monitor) {
        row_to(out, d, "200x60", "CPU %", 100 * total / wall);
        row_to(out, d, "200x60", "us CPU/frame p50", cpu[n / 2] / 1e3);
    } else {
        row_to(out, d, "200x60, 60 fps", "us CPU/frame p50", cpu[n / 2] / 1e3);
    }
    free(cpu);
}

/* Counts what the line brings until it ends or the time is up. */
static uint64_t drain(int fd, double seconds)
{
    static char bytes[1 << 16];
    uint64_t total = 0;
    double end = bench_clock(CLOCK_MONOTONIC) + seconds * 1e9;
    while (bench_clock(CLOCK_MONOTONIC) < end) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 100) < 1)
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n <= 0)
            break;
        total += (uint64_t)n;
    }
    return total;
}

static void run(const struct drawer *d, const char *case_, int fps, int n)
{
    struct winsize size = {.ws_col = W, .ws_row = H};
    int fd, pipe_[2];
    mode = case_;
    if (pipe(pipe_) < 0)
        die("no pipe");
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid < 0)
        die("no terminal could be made");
    if (pid == 0) {
        FILE *out = fdopen(pipe_[1], "w");
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        if (!out || !d->begin())
            _exit(1);
        draw_frames(out, d, fps, n);
        d->end();
        fclose(out);
        _exit(0);
    }
    close(pipe_[1]);
    double from = bench_clock(CLOCK_MONOTONIC);
    uint64_t bytes = drain(fd, 120);
    double took = (bench_clock(CLOCK_MONOTONIC) - from) / 1e9;
    char text[4096];
    for (ssize_t got; (got = read(pipe_[0], text, sizeof text)) > 0;)
        fwrite(text, 1, (size_t)got, stdout);
    if (d == &monitor)
        bench_row("H", case_, d->name, "200x60", "bytes/s", (double)bytes / took);
    else
        bench_row("H", case_, d->name, "200x60, 60 fps", "bytes/frame", (double)bytes / (n + 8));
    int status;
    waitpid(pid, &status, 0);
    if (status)
        die("the child that drew %s has failed", case_);
    close(pipe_[0]);
    close(fd);
}

/* ---- htop -------------------------------------------------------------------------------------
 */

/* Seconds on a processor of a process and its threads, from the scheduler. */
static double cpu_of(pid_t pid)
{
    char name[300];
    snprintf(name, sizeof name, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(name);
    double total = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        unsigned long long ns = 0;
        snprintf(name, sizeof name, "/proc/%d/task/%.20s/schedstat", (int)pid, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(name, "r");
        if (f && fscanf(f, "%llu", &ns) == 1)
            total += (double)ns / 1e9;
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
    return total;
}

static void htop(double seconds)
{
    struct winsize size = {.ws_col = W, .ws_row = H};
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        execlp("htop", "htop", "-d", "1", (char *)NULL);
        _exit(127);
    }
    drain(fd, 1);
    int status;
    if (waitpid(pid, &status, WNOHANG) == pid)
        return; /* it is not installed */
    double cpu = cpu_of(pid), from = bench_clock(CLOCK_MONOTONIC);
    uint64_t bytes = drain(fd, seconds);
    double took = (bench_clock(CLOCK_MONOTONIC) - from) / 1e9;
    bench_row("H", "monitor", "htop", "200x60", "CPU %", 100 * (cpu_of(pid) - cpu) / took);
    bench_row("H", "monitor", "htop", "200x60", "bytes/s", (double)bytes / took);
    kill(pid, SIGTERM);
    drain(fd, 0.2);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'H')
        return 0;
    static const char *const cases[] = {"mono", "colour8", "sparse", "static"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        run(&ours, cases[i], FPS, frames());
        run(&addch_, cases[i], FPS, frames());
    }
    run(&monitor, "monitor", MONITOR_FPS, frames() / 4 < 30 ? 30 : frames() / 4);
    htop(bench_seconds() * 8);
    return 0;
}
