/* SPDX-License-Identifier: MIT */
/* Noting a signal, and dying by it later. */
#include "app/signals.h"

#include <signal.h>
#include <stddef.h>

#include "base/diag.h"

static volatile sig_atomic_t came;
static const int noted[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

static void note(int number)
{
    came = number;
}

void signals_note(void)
{
    for (size_t i = 0; i < ARRAY_LEN(noted); i++) {
        struct sigaction was, now = {.sa_handler = note};
        sigemptyset(&now.sa_mask);
        /* The second Ctrl-C of the impatient kills. The second write to a broken pipe must not: it
         * comes while the rest is being closed. */
        if (noted[i] != SIGPIPE)
            now.sa_flags = (int)SA_RESETHAND;
        /* nohup, and a shell's background jobs, have them ignored: that stays. */
        if (sigaction(noted[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            sigaction(noted[i], &now, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write() then */
}

int signals_came(void)
{
    return came;
}

void signals_die(void)
{
    if (!came)
        return;
    signal(came, SIG_DFL);
    raise(came);
}
