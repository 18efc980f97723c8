/* SPDX-License-Identifier: MIT */
/* What is watched: a position on a stream of events, wherever the stream comes from.
 *
 *   tape    ├──keyframe──────keyframe──────●━━━━━━━━━━━━━┤ ◀─ the engine, or the rest of the file
 *                                          ▲             ▲
 *                                    what is shown    the newest
 *
 * The tape keeps all events (encoded); going back is the nearest keyframe and a refold. Playing
 * moves the position with time; stepping moves it by an event. At the newest event of a sim, a step
 * makes the engine go on by one. A command while the position lies behind the newest branches: the
 * sim is executed again up to that instant, silently, under the recorded commands, and what came
 * after is another story. In live, which cannot go back, the position first jumps to the newest.
 *
 * UI thread only. */
#ifndef APP_PLAYER_H
#define APP_PLAYER_H

#include "app/app.h"
#include "model/model.h"
#include "patterns/pattern.h"

struct player;
/* s and o are borrowed while the player lives. NULL with *error (malloc'ed). */
struct player *player_open(const struct scenario *s, const struct run_options *o, char **error);
/* *warning: NULL, or a malloc'ed sentence about damage. */
struct player *player_open_session(const char *path, char **error, char **warning);
void player_close(struct player *p);

const struct model *player_model(const struct player *p);
int64_t player_now(const struct player *p);  /* the instant shown */
int64_t player_last(const struct player *p); /* the newest there is (replay: the session's end) */
bool player_behind(const struct player *p);  /* somebody went back, and is not at the newest yet */
bool player_replay(const struct player *p);
bool player_ended(const struct player *p); /* END is shown */
uint64_t player_seed(const struct player *p);
/* The scenario that is played (a session carries its text), its pattern (NULL: unknown here). */
const struct scenario *player_scenario(const struct player *p);
const struct pattern *player_pattern(const struct player *p);
/* A parameter as it stands at the instant shown; false: no such one. */
bool player_param(const struct player *p, const char *section, const char *name, char *out,
                  size_t size);

/* The position moves on by wall time; takes in what the engine made. At most budget_ns of wall
 * time. True: something changed. */
bool player_tick(struct player *p, int64_t wall_ns, int64_t budget_ns);
bool player_paused(const struct player *p);
void player_pause(struct player *p, bool paused);
double player_speed(const struct player *p);
void player_set_speed(struct player *p, double speed); /* clamps to 0.01..100 */

enum step_kind { STEP_EVENT, STEP_SWITCH, STEP_10MS };
/* Pauses; dir +1 or -1. False: there is nothing that way. */
bool player_step(struct player *p, enum step_kind kind, int dir);
/* Clamps; beyond the newest only where a sim can run ahead. It may take several ticks (a pause or a
 * step ends it where it is), and runs no cues of the screen. */
void player_seek(struct player *p, int64_t t_ns);
bool player_seeking(const struct player *p);
/* An engine command. NULL, or a sentence (thread-local). */
const char *player_command(struct player *p, const char *text, enum by by);
/* Another story of a long run takes a while: it is executed again, from tick to tick (a pause, a
 * step or a seek calls it off). How far that is, 0 to 1; negative: nothing is under way. */
double player_branch_done(const struct player *p);
/* What a command did beyond what it says (another story begins, a recording was closed): a sentence
 * of which the user should know, each once; "" when there is none. Valid until the next command. */
const char *player_notice(struct player *p);
/* The next command of a cue that is the screen's (pause, speed) and that playing has passed since
 * the last call; "" when there is none. Captions are MARK events: the panels show them. */
const char *player_cue(struct player *p);
/* The commands of this run so far with their instants, for save-cues: i from 0; false at the end.
 */
bool player_tweak(const struct player *p, size_t i, int64_t *t_ns, const char **text);

/* The event that was folded last, which a step stops at, and how many have been; false: none. */
bool player_shown(struct player *p, struct event *out, uint64_t *n);
/* The instant of the next mark after the one shown (dir +1), or of the last before it (-1):
 * captions too, not what the engine says. False: there is none in what is held. */
bool player_mark(struct player *p, int dir, int64_t *t_ns);
/* Event number n (from 0); false: it is not there (any more). */
bool player_event(struct player *p, uint64_t n, struct event *out);
/* A copy of the fold after the first n events, to be freed; NULL: no longer held. */
struct model *player_model_at(struct player *p, uint64_t n);
/* Folds all that is held up to what is shown, apart from the position, for files that are written
 * at the end: see(arg, model, event), diagnoses included, each after the event that completed it.
 * False: the beginning was no longer held, and it began later. */
bool player_each(struct player *p,
                 void (*see)(void *arg, const struct model *m, const struct event *e), void *arg);

/* Records the whole session, from its beginning and on. NULL, or a malloc'ed sentence. */
char *player_record(struct player *p, const char *path);
/* "talk.psr" gives "talk-2.psr", or the first such name that is free; malloc'ed. */
char *player_record_next(const char *path);
char *player_record_stop(struct player *p);
struct player_recording {
    bool on;
    int64_t wall_ns; /* since it was switched on */
    uint64_t bytes;
    const char *path, *error; /* error: it stopped, and why */
};
struct player_recording player_recording(const struct player *p);

#endif
