/* SPDX-License-Identifier: MIT */
/* What the player's files share. */
#ifndef APP_PLAYER_INSIDE_H
#define APP_PLAYER_INSIDE_H

#include "app/engine.h"
#include "app/keyframes.h"
#include "app/player.h"
#include "app/recorder.h"
#include "app/reel.h"
#include "session/psr.h"

/* A command of the stream: for branches and for save-cues. */
struct player_tweak {
    uint64_t n; /* number of its COMMAND event */
    int64_t t_ns;
    uint64_t step;
    enum by by;
    uint32_t text;
};
struct player {
    /* where the stream comes from: an engine, or a session */
    const struct scenario *scenario;
    struct scenario *own_scenario; /* replay: parsed from the session */
    const struct run_options *options;
    const struct pattern *pattern;
    struct engine_config config;
    struct engine *engine;
    struct psr_reader *reader;
    struct strtab *names, *own_names;
    bool cues;

    struct reel *reel;
    int64_t taken_ns; /* all events up to here are on the tape */
    struct keyframes keys;
    struct player_tweak *tweaks;
    size_t tweaks_n, tweaks_cap;

    /* what is shown: n events, at now_ns */
    struct model *model;
    struct detect *detect;
    uint64_t n, shown_most; /* shown_most: the largest n of this story */
    int64_t now_ns;
    bool paused, behind; /* behind: the user went back */
    double speed;
    uint64_t slow_from;    /* replay: from that event on a few at a time; UINT64_MAX: none */
    double slow_owed;      /* events */
    int64_t wall_ns;       /* of the last tick; 0: none yet */
    int64_t seek_ns;       /* a seek under way to there, or -1 */
    uint32_t awaited;      /* commands asked for whose effect is not shown yet */
    int64_t awaited_until; /* wall time; then it was refused or lost */
    int64_t cue_ns;        /* cues up to here were handed out */
    size_t cue_at;

    struct branching *branching;   /* another story is being made, or NULL */
    struct engine_command *script; /* the engine's, after a branch */
    size_t script_n;
    /* So far the run had been made before a mark was put in; or 0. ahead: until the engine was told
     * to; again: until something is changed. */
    int64_t ahead_ns, again_ns;
    char notice[512];
    bool notice_told, full_told;

    struct recorder *recorder;
    char *record_path, *record_error;
    uint64_t record_n;      /* the next event that the recorder gets */
    int64_t record_wall_ns; /* while time ran */
    uint64_t record_bytes;
};

/* player_move.c: the fold ------------------------------------------------------------------------
 */

/* Applies events in order until there are `until` of them, one is later than t_ns, or the wall
 * clock reaches deadline (0: none). True: got there. */
bool player_fold(struct player *p, uint64_t until, int64_t t_ns, int64_t deadline);
/* Time without an event, to t_ns; nothing moves on after the end. Whoever stops somewhere calls it,
 * also without new time: then what is shown follows from the events and the instant alone. */
void player_advance(struct player *p, int64_t t_ns);
/* Goes to n events at t_ns, wherever it is now. False: the tape has forgotten that part. */
bool player_goto(struct player *p, uint64_t n, int64_t t_ns, int64_t deadline);
/* Puts events at the end of the tape. */
void player_tape(struct player *p, const struct event *ev, size_t n);
/* Takes what the engine made onto the tape. At most until the wall clock reaches deadline (0: all
 * that is there). */
void player_take(struct player *p, int64_t deadline);
/* Goes on with a seek; seek_ns < 0 when it is over. */
void player_seek_on(struct player *p, int64_t deadline);
/* Stays wherever a seek has come. */
void player_seek_stop(struct player *p);
/* The position has caught up with the newest: the engine may go on. */
void player_front(struct player *p);
void player_engine_pause(struct player *p);

/* player_command.c: goes on with a command that makes another story, or calls it off. */
void player_command_on(struct player *p, int64_t deadline);
void player_command_stop(struct player *p);

/* player_branch.c: the engine makes what had been made before a mark was put in. */
void player_make_again(struct player *p);
/* player_branch.c: executes the run again up to the position, apart from it. */
enum branch_state { BRANCH_MORE, BRANCH_DONE, BRANCH_FAILED };
/* same: the command changes nothing, so the story stays as it is, with the commands that came
 * later. NULL, or a malloc'ed sentence. */
char *player_branch_start(struct player *p, const char *command, bool same);
enum branch_state player_branch_on(struct player *p, int64_t deadline);
/* The fresh engine takes the place of the old one; what came after the position is forgotten. */
void player_branch_take_over(struct player *p);
void player_branch_stop(struct player *p);
const char *player_branch_command(const struct player *p);
bool player_branch_same(const struct player *p);

/* player_record.c */
/* Why nothing is recorded any more; takes over error, which may be NULL. */
void player_record_failed(struct player *p, char *error);
void player_record_feed(struct player *p);
/* Before a branch: ends a recording that already holds what is about to be forgotten. NULL, or the
 * path (malloc'ed) where the other story is to be recorded. */
char *player_record_aside(struct player *p);

#endif
