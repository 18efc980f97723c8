/* SPDX-License-Identifier: MIT */
/* A terminal line of our own, for what tmux cannot play: one that takes nothing, and how fast the
 * program answers. As TAP. Usage: line PROGRAM FOLDER
 *
 * Nobody reads a stalled line, so its buffer in the kernel fills up and a write() that blocks would
 * hold the program for ever. Times are only held to bounds that a busy machine keeps; the figures
 * stand in the comments. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *program, *folder;
static int number;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

__attribute__((format(printf, 2, 3))) static void result(bool ok, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    printf("%s %d - ", ok ? "ok" : "not ok", ++number);
    vprintf(fmt, ap);
    putchar('\n');
    va_end(ap);
}

struct line {
    pid_t pid;
    int fd;
    char seen[1 << 16]; /* what came last */
    size_t seen_n;
};

static void start(struct line *l, const char *const *arguments)
{
    struct winsize size = {.ws_col = 120, .ws_row = 40};
    *l = (struct line){0};
    l->pid = forkpty(&l->fd, NULL, NULL, &size);
    if (l->pid)
        return;
    char *argv[16] = {(char *)(uintptr_t)program};
    for (int i = 0; arguments[i] && i < 14; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    execv(program, argv);
    _exit(127);
}

/* Reads what comes within `ms`. The bytes, 0 when the time is up, -1 at the end. */
static ssize_t take(struct line *l, int ms)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    if (poll(&p, 1, ms) < 1)
        return 0;
    if (l->seen_n > sizeof l->seen / 2) {
        memmove(l->seen, l->seen + l->seen_n - 4096, 4096);
        l->seen_n = 4096;
    }
    ssize_t n = read(l->fd, l->seen + l->seen_n, sizeof l->seen - l->seen_n);
    if (n <= 0)
        return -1;
    l->seen_n += (size_t)n;
    return n;
}

static bool until(struct line *l, const char *text)
{
    for (int64_t end = now_us() + 20000000; now_us() < end;) {
        if (memmem(l->seen, l->seen_n, text, strlen(text)))
            return true;
        if (take(l, 100) < 0)
            return false;
    }
    return false;
}

/* Until nothing has come for so long. */
static void quiet(struct line *l, int ms)
{
    for (int i = 0; i < 200 && take(l, ms) > 0; i++)
        l->seen_n = 0;
}

static void press(struct line *l, const char *key)
{
    if (write(l->fd, key, strlen(key)) < 0)
        perror("# press");
}

/* The status as waitpid() gives it, -1 when it does not end in time. Does not read the line. */
static int status_within(struct line *l, int ms)
{
    for (int64_t end = now_us() + (int64_t)ms * 1000; now_us() < end; usleep(2000)) {
        int status;
        if (waitpid(l->pid, &status, WNOHANG) == l->pid)
            return status;
    }
    return -1;
}

static void end(struct line *l)
{
    if (waitpid(l->pid, NULL, WNOHANG) == 0) {
        kill(l->pid, SIGKILL);
        waitpid(l->pid, NULL, 0);
    }
    close(l->fd);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* While time stands still nothing is drawn, so the first byte after the key is its answer. */
static void escape_answers(void)
{
    enum { N = 15 };
    int64_t us[N];
    struct line l;
    start(&l, (const char *[]){"worker_pool", "--paused", "--no-mouse", NULL});
    bool up = until(&l, "flow");
    int n = 0;
    for (; up && n < N; n++) {
        quiet(&l, 120);
        press(&l, "?");
        up = until(&l, "this help");
        quiet(&l, 120);
        int64_t at = now_us();
        press(&l, "\033");
        if (take(&l, 5000) <= 0)
            break;
        us[n] = now_us() - at;
    }
    qsort(us, (size_t)n, sizeof *us, compare);
    if (n)
        printf("# ESC to the first byte of the new frame: median %.1f ms, worst %.1f ms of %d\n",
               (double)us[n / 2] / 1e3, (double)us[n - 1] / 1e3, n);
    result(n == N && us[n / 2] < 200000, "ESC acts at once");
    press(&l, "q");
    quiet(&l, 500);
    result(status_within(&l, 5000) == 0, "q leaves with 0");
    end(&l);
}

/* A frame is a burst of bytes: they come at once, and the next one 33 ms later. */
static void frames_a_second(void)
{
    struct line l;
    start(&l, (const char *[]){"worker_pool", "--no-mouse", NULL});
    bool up = until(&l, "flow");
    int64_t from = now_us(), last = 0;
    int frames = 0;
    uint64_t bytes = 0;
    while (up && now_us() - from < 4000000) {
        ssize_t n = take(&l, 100);
        if (n < 0)
            break;
        if (n == 0)
            continue;
        int64_t at = now_us();
        frames += at - last > 8000;
        last = at;
        bytes += (uint64_t)n;
    }
    double s = (double)(now_us() - from) / 1e6;
    printf("# %.1f frames/s, %.1f kB/s at 120x40\n", frames / s, (double)bytes / s / 1e3);
    result(frames / s > 8 && frames / s < 40, "about thirty frames a second");
    kill(l.pid, SIGTERM);
    quiet(&l, 500);
    int status = status_within(&l, 5000);
    result(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it dies of the signal");
    end(&l);
}

/* Scenario time of the last event in a session, in ms; -1: it cannot be read. */
static int64_t last_ms(const char *session)
{
    char command[1024], line[65536];
    snprintf(command, sizeof command, "'%s' export '%s' --format jsonl -o -", program, session);
    FILE *f = popen(command, "r"); /* NOLINT(cert-env33-c): our own program */
    long long ns = -1;
    while (f && fgets(line, sizeof line, f)) {
        const char *t = strstr(line, "\"t\":");
        if (t)
            ns = strtoll(t + 4, NULL, 10);
    }
    if (!f || pclose(f) != 0)
        return -1;
    return ns / 1000000;
}

static void stalled(const char *world, const char *how)
{
    char session[512];
    snprintf(session, sizeof session, "%s/stalled-%s-%s.psr", folder, world, how);
    unlink(session); /* of an earlier run in the same build: it would be refused */
    struct line l;
    start(&l, (const char *[]){"worker_pool", "--world", world, "--record", session, "--no-mouse",
                               NULL});
    bool up = until(&l, "flow");
    /* From here on the line takes nothing: three seconds of frames are many times its buffer. */
    usleep(3000000);
    kill(l.pid, SIGTERM);
    int status = status_within(&l, 10000);
    result(up && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
           "%s: a stalled terminal does not keep it from ending", world);
    end(&l);
    int64_t ms = last_ms(session);
    printf("# %s: the last event of the session at %lld ms\n", world, (long long)ms);
    result(ms > 1500, "%s: the engine ran on while the terminal took nothing", world);
}

/* After a stall the whole picture comes, not a torn one. */
static void stalled_and_back(void)
{
    struct line l;
    start(&l, (const char *[]){"worker_pool", "--no-mouse", NULL});
    bool up = until(&l, "flow");
    usleep(2000000);
    l.seen_n = 0;
    for (int64_t until_us = now_us() + 1000000; now_us() < until_us;)
        take(&l, 100);
    press(&l, "?");
    result(up && until(&l, "this help"), "it goes on when the terminal does");
    press(&l, "\033q");
    quiet(&l, 500);
    kill(l.pid, SIGTERM);
    status_within(&l, 5000);
    end(&l);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    program = argv[1];
    folder = argv[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("TAP version 13\n1..9");
    escape_answers();
    frames_a_second();
    stalled("live", "a");
    stalled("sim", "b");
    stalled_and_back();
    return 0;
}
