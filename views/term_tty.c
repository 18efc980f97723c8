/* SPDX-License-Identifier: MIT */
/* The terminal below curses.
 *
 * Three things must hold whatever happens: the program never waits for a terminal that takes
 * nothing, it notices one that has gone, and it leaves the terminal as it found it.
 *
 * - Bytes go out through a descriptor of our own to the same terminal that does not block. (Making
 *   standard output non-blocking would do so for the shell, too: they share the open file.)
 * - Handlers only set a flag and write a byte into a pipe that the loop polls.
 * - For a death there is a string, made beforehand, that undoes the screen; the handler writes it,
 *   sets the modes back and lets the signal happen again under its old action.
 */
#include "views/term_tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mem.h"

enum { DEATH_BYTES = 512, DEATH_WAIT_MS = 200, HANDLER_STACK = 64 * 1024, PROBE_MS = 1000 };

static const int noted[] = {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT, SIGPIPE};
static const int deadly[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

static struct {
    bool open, gone;
    struct termios found, screen;
    int out;       /* our own, non-blocking */
    bool own;      /* … or standard output, when that could not be opened */
    int pipe[2];   /* handlers to loop */
    int err, kept; /* the real stderr, and the memory file that stands in for it; -1: untouched */
    char *wait;    /* bytes not yet taken */
    size_t wait_at, wait_n, wait_cap;
    struct sigaction old_noted[ARRAY_LEN(noted)], old_deadly[ARRAY_LEN(deadly)];
    void *stack;
} tty = {.out = -1, .pipe = {-1, -1}, .err = -1, .kept = -1};

static volatile sig_atomic_t came_signal, came_resize, came_stop, came_continue;
static char death[DEATH_BYTES];
static size_t death_n;
static atomic_flag dead = ATOMIC_FLAG_INIT;
static atomic_bool armed; /* there is something to be undone */

/* ---- death ------------------------------------------------------------------------------------
 */

/* Puts the real stderr back and shows what came meanwhile. Async-signal-safe. */
static void give_stderr_back(void)
{
    if (tty.kept < 0)
        return;
    dup2(tty.err, STDERR_FILENO);
    char bytes[4096];
    off_t at = 0;
    for (ssize_t n; (n = pread(tty.kept, bytes, sizeof bytes, at)) > 0; at += n)
        if (write(STDERR_FILENO, bytes, (size_t)n) < 0)
            break;
    close(tty.err);
    close(tty.kept);
    tty.err = tty.kept = -1;
}

/* Once, in the dying thread. Async-signal-safe. */
static void undo_screen(void)
{
    if (!atomic_load(&armed) || atomic_flag_test_and_set(&dead))
        return;
    for (size_t at = 0; at < death_n;) {
        ssize_t n = write(tty.out, death + at, death_n - at);
        if (n > 0) {
            at += (size_t)n;
            continue;
        }
        struct pollfd p = {.fd = tty.out, .events = POLLOUT};
        if (errno != EAGAIN || poll(&p, 1, DEATH_WAIT_MS) != 1)
            break;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &tty.found);
    give_stderr_back();
}

static void die_of(int sig)
{
    undo_screen();
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        if (deadly[i] == sig)
            sigaction(sig, &tty.old_deadly[i], NULL);
    raise(sig); /* held back until the handler returns */
}

/* ---- signals ----------------------------------------------------------------------------------
 */

static void note(int sig)
{
    int saved = errno;
    if (sig == SIGWINCH)
        came_resize = 1;
    else if (sig == SIGTSTP)
        came_stop = 1;
    else if (sig == SIGCONT)
        came_continue = 1;
    else if (sig != SIGPIPE)
        came_signal = sig;
    /* A full pipe is as good as a byte: the loop will wake. */
    if (write(tty.pipe[1], "", 1) < 0)
        errno = saved;
    errno = saved;
}

static void take_signals(void)
{
    struct sigaction on = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigfillset(&on.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(noted); i++)
        sigaction(noted[i], &on, &tty.old_noted[i]);
    tty.stack = xmalloc(HANDLER_STACK);
    stack_t stack = {.ss_sp = tty.stack, .ss_size = HANDLER_STACK};
    if (sigaltstack(&stack, NULL) == 0)
        on.sa_flags = SA_ONSTACK;
    on.sa_handler = die_of;
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &on, &tty.old_deadly[i]);
    diag_set_death_hook(undo_screen);
}

static void give_signals_back(void)
{
    diag_set_death_hook(NULL);
    for (size_t i = 0; i < ARRAY_LEN(noted); i++)
        sigaction(noted[i], &tty.old_noted[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
        sigaction(deadly[i], &tty.old_deadly[i], NULL);
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(tty.stack);
    tty.stack = NULL;
}

/* ---- open and close ---------------------------------------------------------------------------
 */

/* The same terminal once more, so that "does not block" is ours alone. */
static int open_again(void)
{
    char name[256];
    if (ttyname_r(STDOUT_FILENO, name, sizeof name) != 0)
        memcpy(name, "/proc/self/fd/1", sizeof "/proc/self/fd/1");
    int fd = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && !isatty(fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

const char *tty_open(void)
{
    if (tty.open)
        return "the terminal is in use already";
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return "not a terminal: use `patternscope run` where there is none";
    if (tcgetattr(STDIN_FILENO, &tty.found) < 0)
        return "the terminal does not tell its modes: use `patternscope run`";
    if (pipe2(tty.pipe, O_NONBLOCK | O_CLOEXEC) < 0)
        return "no pipe could be made: too many open files";
    tty.screen = tty.found;
    tty.screen.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    tty.screen.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
    tty.screen.c_cc[VMIN] = 1;
    tty.screen.c_cc[VTIME] = 0;
    tty.out = open_again();
    tty.own = tty.out >= 0;
    if (!tty.own)
        tty.out = STDOUT_FILENO;
    tty.gone = false;
    came_signal = came_resize = came_stop = came_continue = 0;
    tty.kept = tty.err = -1;
    if (isatty(STDERR_FILENO)) {
        tty.kept = memfd_create("stderr", MFD_CLOEXEC);
        tty.err = tty.kept < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        if (tty.err >= 0)
            dup2(tty.kept, STDERR_FILENO);
    }
    death_n = 0;
    atomic_flag_clear(&dead);
    atomic_store(&armed, true);
    take_signals();
    tty.open = true;
    tty_raw(true);
    return NULL;
}

void tty_close(void)
{
    if (!tty.open)
        return;
    tty_sent(DEATH_WAIT_MS);
    tty_raw(false);
    atomic_store(&armed, false);
    give_signals_back();
    give_stderr_back();
    if (tty.own)
        close(tty.out);
    close(tty.pipe[0]);
    close(tty.pipe[1]);
    free(tty.wait);
    tty.wait = NULL;
    tty.wait_at = tty.wait_n = tty.wait_cap = 0;
    tty.out = tty.pipe[0] = tty.pipe[1] = -1;
    tty.open = false;
}

void tty_raw(bool raw)
{
    if (!tty.gone)
        tcsetattr(STDIN_FILENO, TCSANOW, raw ? &tty.screen : &tty.found);
}

void tty_on_death(const char *bytes, size_t n)
{
    death_n = 0;
    atomic_signal_fence(memory_order_seq_cst);
    n = n < sizeof death ? n : sizeof death;
    memcpy(death, bytes, n);
    atomic_signal_fence(memory_order_seq_cst);
    death_n = n;
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

static void lose(void)
{
    tty.gone = true;
    if (!came_signal)
        came_signal = SIGHUP;
}

/* Writes what it can. False: some is left. */
static bool push(void)
{
    while (tty.wait_at < tty.wait_n && !tty.gone) {
        if (!tty.own) { /* it may block: only when it takes something, and little */
            struct pollfd p = {.fd = tty.out, .events = POLLOUT};
            if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
                return false;
        }
        size_t n = tty.wait_n - tty.wait_at;
        n = !tty.own && n > 256 ? 256 : n;
        ssize_t wrote = write(tty.out, tty.wait + tty.wait_at, n);
        if (wrote > 0)
            tty.wait_at += (size_t)wrote;
        else if (wrote < 0 && errno == EAGAIN)
            return false;
        else if (wrote < 0 && errno != EINTR)
            lose();
    }
    tty.wait_at = tty.wait_n = 0;
    return true;
}

void tty_send(const char *bytes, size_t n)
{
    if (tty.gone || !n)
        return;
    if (tty.wait_at == tty.wait_n)
        tty.wait_at = tty.wait_n = 0;
    grow(&tty.wait, &tty.wait_cap, tty.wait_n + n, 1);
    memcpy(tty.wait + tty.wait_n, bytes, n);
    tty.wait_n += n;
    push();
}

bool tty_sent(int timeout_ms)
{
    if (push() || timeout_ms <= 0)
        return tty.wait_at == tty.wait_n;
    struct pollfd p = {.fd = tty.out, .events = POLLOUT};
    while (!push() && poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLOUT))
        ;
    return tty.wait_at == tty.wait_n;
}

/* Input is said to be there, and there is none: the other end has closed. */
static bool at_end(void)
{
    int n = 0;
    return ioctl(STDIN_FILENO, FIONREAD, &n) < 0 || n == 0;
}

unsigned tty_wait(int timeout_ms)
{
    if (tty.gone)
        return TTY_GONE;
    struct pollfd p[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                          {.fd = tty.pipe[0], .events = POLLIN},
                          {.fd = tty.wait_at < tty.wait_n ? tty.out : -1, .events = POLLOUT}};
    if (poll(p, 3, timeout_ms) > 0) {
        char drain[64];
        while (read(tty.pipe[0], drain, sizeof drain) > 0)
            ;
        if (p[2].revents)
            push();
        if ((p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) ||
            ((p[0].revents & POLLIN) && at_end()))
            lose();
    }
    unsigned wake = tty.gone ? TTY_GONE : (p[0].revents & POLLIN) ? TTY_INPUT : 0;
    if (came_resize) {
        came_resize = 0; /* one event for a storm of them */
        wake |= TTY_RESIZED;
    }
    if (came_continue) {
        came_continue = 0;
        wake |= TTY_CONTINUED;
    }
    if (came_stop) {
        came_stop = 0;
        wake |= TTY_STOP;
    }
    if (came_signal)
        wake |= TTY_SIGNAL;
    return wake;
}

size_t tty_read(char *out, size_t size)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&p, 1, 0) != 1 || !(p.revents & POLLIN) || at_end())
        return 0;
    ssize_t n = read(STDIN_FILENO, out, size);
    return n > 0 ? (size_t)n : 0;
}

int tty_signal(void)
{
    return came_signal;
}

void tty_size(int *w, int *h)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row) {
        *w = 80;
        *h = 24;
        return;
    }
    *w = size.ws_col;
    *h = size.ws_row;
}

void tty_stop(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, ours;
    sigaction(SIGTSTP, &usual, &ours);
    raise(SIGTSTP); /* the whole process stops here; in an orphaned group nothing happens */
    sigaction(SIGTSTP, &ours, NULL);
    came_stop = 0;
}
