/* SPDX-License-Identifier: MIT */
/* Recording: the tape from its beginning, then what comes, goes to the recorder's thread. Each tick
 * hands over as much as it takes; what it does not take yet stays on the tape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/player_inside.h"
#include "app/session_header.h"
#include "base/mem.h"
#include "base/text.h"

enum { PART = 4096 };

void player_record_failed(struct player *p, char *error)
{
    free(p->record_error);
    p->record_error = error;
}

/* As much as the recorder takes now, up to event number n. */
static void feed(struct player *p, uint64_t n)
{
    struct event ev[PART];
    size_t got;
    while (p->record_n < n) {
        size_t most = n - p->record_n < PART ? (size_t)(n - p->record_n) : PART;
        got = reel_read(p->reel, p->record_n, ev, most);
        if (!got || !recorder_give(p->recorder, ev, got))
            break;
        p->record_n += got;
    }
}

char *player_record(struct player *p, const char *path)
{
    char *error = NULL;
    if (!p->engine)
        return xstrdup(_("this is a recording already"));
    if (p->recorder)
        return xasprintf(_("%s is being recorded"), p->record_path);
    if (reel_first(p->reel) > 0)
        return xstrdup(_("the beginning of this run is no longer held (start with --record to have "
                         "all of a long one)"));
    struct session_header h;
    session_header_make(&h, &p->config, (const char *const *)p->options->sets);
    p->recorder = recorder_start(path, false, &h.header, p->names, &error);
    session_header_free(&h);
    if (!p->recorder)
        return error;
    free(p->record_path);
    p->record_path = xstrdup(path);
    player_record_failed(p, NULL);
    p->record_n = 0;
    p->record_bytes = 0;
    p->record_wall_ns = 0;
    player_record_feed(p);
    return NULL;
}

void player_record_feed(struct player *p)
{
    const char *error = recorder_error(p->recorder);
    if (error) {
        player_record_failed(p, xstrdup(error));
        free(recorder_stop(p->recorder));
        p->recorder = NULL;
        return;
    }
    /* What a sim has made beyond the instant shown can still become another story. */
    bool sim = p->config.world == WORLD_SIM;
    feed(p, sim && !p->model->ended ? p->n : reel_count(p->reel));
}

char *player_record_stop(struct player *p)
{
    if (!p->recorder)
        return NULL;
    /* What is on the tape belongs to it; the recorder's list is short, so wait for room. */
    player_take(p, 0);
    while (p->record_n < reel_count(p->reel) && !recorder_error(p->recorder)) {
        uint64_t before = p->record_n;
        feed(p, reel_count(p->reel));
        if (p->record_n == before)
            recorder_wait(p->recorder);
    }
    p->record_bytes = recorder_bytes(p->recorder);
    char *error = recorder_stop(p->recorder);
    p->recorder = NULL;
    if (error)
        player_record_failed(p, xstrdup(error));
    return error;
}

char *player_record_next(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t stem = dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path);
    char *next = NULL;
    for (int i = 2; i < 1000; i++) {
        free(next);
        next = xasprintf("%.*s-%d%s", (int)stem, path, i, path + stem);
        if (access(next, F_OK) != 0)
            break;
    }
    return next;
}

char *player_record_aside(struct player *p)
{
    if (!p->recorder || p->record_n <= p->n)
        return NULL;
    char *next = player_record_next(p->record_path);
    free(player_record_stop(p));
    return next;
}

struct player_recording player_recording(const struct player *p)
{
    return (struct player_recording){.on = p->recorder != NULL,
                                     .wall_ns = p->recorder ? p->record_wall_ns : 0,
                                     .bytes = p->recorder ? recorder_bytes(p->recorder)
                                                          : p->record_bytes,
                                     .path = p->record_path,
                                     .error = p->record_error};
}
