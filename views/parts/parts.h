/* SPDX-License-Identifier: MIT */
/* What several panels draw with: numbers for people, state words, gauges, sparklines, strokes of a
 * timeline, boxes, routed arrows. All draw inside the canvas's clip and none keeps anything. */
#ifndef VIEWS_PARTS_H
#define VIEWS_PARTS_H

#include "views/view.h"

/* ---- numbers for people (format.c); each writes to `out` and returns it --------------------- */

enum { FORMAT_SIZE = 32 };
const char *format_duration(char out[FORMAT_SIZE], int64_t ns); /* "78ms", "1.3s", "2m05s" */
const char *format_clock(char out[FORMAT_SIZE], int64_t ns);    /* "00:12.480" */
const char *format_second(char out[FORMAT_SIZE], int64_t ns); /* "12.431", "1:29.403": log lines */
const char *format_count(char out[FORMAT_SIZE], uint64_t n);  /* "1 204", "12.3M" */
const char *format_number(char out[FORMAT_SIZE], double v);   /* three digits that matter */
const char *format_rate(char out[FORMAT_SIZE], double per_s); /* "20.1/s" */
const char *format_bytes(char out[FORMAT_SIZE], uint64_t n);

/* ---- states (state.c): always glyph + word + colour ------------------------------------------ */

struct state_look {
    uint32_t glyph;
    const char *word;
    uint8_t style;
    uint32_t stroke; /* on a timeline */
};
/* A task's state by its reason: blocked on a send looks other than waiting for work. */
struct state_look state_look(uint8_t state, uint8_t why);
/* States as they are counted: one that is blocked in a send or in a call is another fact than one
 * that waits for work. */
enum { STATE_GROUPS = TASK_STATE_COUNT + 2 };
int state_group(uint8_t state, uint8_t why);
struct state_look state_group_look(int group);
const char *state_group_word(int group); /* of several: "2 blocked", "12 waiting" */
int state_group_loud(int rank);          /* the groups by how much they matter; rank 0 first */
/* "running", "blocked: send jobs", "waits: recv jobs", "calls dependency". */
void state_text(const struct model *m, const struct task_model *t, struct str *out);
/* How long the first of those who wait for that on an object has waited; `since` where no task says
 * so itself (one that waits in a select, or too many to ask). */
int64_t longest_wait(const struct model *m, uint32_t obj, uint8_t why, int64_t since,
                     int64_t now_ns);
/* The state to show: the task whose panic ended the run stands as panicked. */
uint8_t state_shown(const struct model *m, uint32_t task);
bool task_live(const struct task_model *t);

/* "✖ LEAK at 12.431: 4 workers wait on jobs …" */
void diagnosis_text(const struct model *m, const struct diagnosis *d, struct str *out);
/* The colour of an event's line in the log (log.c). */
uint8_t event_style(const struct event *e);
/* Why it happened (why.c): the sentence, the rule behind it, its numbers at that instant, and what
 * would have changed the outcome. */
void why_text(const struct model *m, const struct event *e, uint64_t seq, struct str *out);

/* ---- pieces (gauge.c, spark.c, strokes.c, box.c, table.c) -------------------------------------
 */

/* "▐███▌░░▌": value of cap within w cells, with a mark where the highest was (< 0: none). One cell
 * a slot where that fits. cap 0: an unbuffered channel, two posts and the hand-off between. */
void draw_gauge(struct canvas *c, int x, int y, int w, double value, double high, double cap);
/* Eight levels a cell, newest at the right; max <= 0: the samples' own. */
void draw_spark(struct canvas *c, int x, int y, int w, const struct history *h, double max,
                uint8_t style);
/* Braille, two samples a cell and four levels a row. */
void draw_braille(struct canvas *c, struct rect r, const struct history *h, double max,
                  uint8_t style);
double history_max(const struct history *h);
/* A histogram on a logarithmic axis, from its smallest to its largest value; the columns are r.w.
 */
void draw_histogram(struct canvas *c, struct rect r, const struct hist *h, uint8_t style);
/* What a task did from from_ns to to_ns, a cell a w-th of it: the state that held longest. */
void draw_strokes(struct canvas *c, int x, int y, int w, const struct task_model *t,
                  int64_t from_ns, int64_t to_ns);
/* A frame with its title; a chosen one is drawn heavy, so that colour is not all that tells. */
void draw_box(struct canvas *c, struct rect r, const char *title, bool chosen);
/* The mark before the row that is chosen; nothing before the others. */
void draw_chosen(struct canvas *c, int x, int y, bool chosen);
/* Text at the right end of a line; returns its x, or right when it does not fit from x on. */
int draw_right(struct canvas *c, int x, int right, int y, uint8_t style, uint8_t attr,
               const char *text);
/* Word by word into lines of at most w cells; stops after `lines`. Draws nothing when c is NULL.
 * Returns how many lines there are. `skip`: leading lines that are not drawn. */
int draw_wrapped(struct canvas *c, struct rect r, int skip, uint8_t style, const char *text);
/* The same in all lines of r; what does not fit is cut with '…' behind a word. Returns the x after
 * the last. */
int draw_wrapped_cut(struct canvas *c, struct rect r, uint8_t style, const char *text);

/* A list that scrolls: keeps `chosen` within 0..n-1 and visible in `h` lines; returns the first row
 * to draw. A mark at the right edge says that there is more (list_marks). */
int list_first(struct view_state *state, int n, int h);
void list_marks(struct canvas *c, struct rect r, int first, int n);

/* ---- limiters (limiter.c): each as what it is, in w cells, and in words ---------------------- */

void draw_limiter(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                  int64_t now_ns);
void limiter_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size);
/* The most that a window's length around the instant at which one window followed the other has
 * let through, up to now; of as many as the tape holds. */
uint32_t limiter_seam(const struct limiter_model *l, int64_t seam_ns, int64_t now_ns);
/* "▇▇▇▇▇▇": what became of the requests of a limiter's object, each in its share of w cells: let in
 * at once, after a wait, refused by the rate, for want of room, given up. */
void draw_outcomes(struct canvas *c, int x, int y, int w, const struct object_model *o,
                   const struct limiter_model *l);

/* ---- breakers (breaker.c) ---------------------------------------------------------------------
 */

struct state_look breaker_look(const struct breaker_model *b);
/* What would change its state, in a few words: "at 3 of 5", "half open in 12.3s". */
void breaker_words(const struct breaker_model *b, int64_t now_ns, char *out, size_t size);
/* Requests that it refused, or in a dry run would have. */
uint64_t breaker_refusals(const struct object_model *o, const struct breaker_model *b);
/* A mark a result, the newest at the right. */
void draw_results(struct canvas *c, int x, int y, int w, const struct breaker_model *b);
/* Its state machine, and its counts beside it. */
enum { BREAKER_MACHINE_W = 76, BREAKER_MACHINE_H = 7 };
void draw_machine(struct canvas *c, struct rect r, const struct model *m,
                  const struct breaker_model *b, int64_t now_ns);

/* ---- all objects of some kinds (objects.c) -----------------------------------------------------
 */

typedef bool object_listed(const struct object_model *o); /* of those that are known */
struct object_list {
    object_listed *listed;
    const char *none; /* what is said where there is none, N_() */
    bool two_lines;   /* rather one with its second line than two, where there is room for two */
    /* Within r, which is one line high or two. The mark of what is chosen is drawn already. */
    void (*draw)(struct canvas *c, struct rect r, const struct screen_state *s, uint32_t id);
};
int objects_rows(const struct screen_state *s, object_listed *listed);
/* Id of the row-th; 0: there are fewer. */
uint32_t objects_nth(const struct screen_state *s, object_listed *listed, int row);
void objects_draw(struct canvas *c, struct rect r, const struct screen_state *s,
                  struct view_state *state, const struct object_list *list);

/* ---- routed lines (route.c): corners and crossings come out right -----------------------------
 */

enum { ROUTE_W = 400, ROUTE_H = 32 };
struct route {
    int w, h;
    uint8_t arms[ROUTE_H][ROUTE_W]; /* up 1, right 2, down 4, left 8 */
};
void route_start(struct route *r, int w, int h);
/* From (x0, y0) right to column `bend`, up or down, right to (x1, y1); x0 <= bend <= x1. */
void route_add(struct route *r, int x0, int y0, int bend, int x1, int y1);
void route_draw(const struct route *r, struct canvas *c, int x, int y, uint8_t style);

/* ---- groups of tasks: worker-1 … worker-N are one (crowd.c) ------------------------------------
 */

enum { CROWDS = 48 };
struct crowd {
    char name[48];          /* "workers", or the task's own when it is one */
    size_t prefix;          /* bytes of the shared prefix, 0: single */
    uint32_t first;         /* task */
    uint32_t n, live, busy; /* ever seen, not ended, with an item in hand */
    uint32_t state[STATE_GROUPS];
    uint32_t blocked_on; /* the object that most are blocked on in a send, or 0 */
    uint32_t waits_on;   /* likewise for anything else */
    uint8_t waits_why;
    int64_t since_ns; /* the longest of these waits, or since when it is in its state */
    uint32_t blocked; /* how many are blocked in a send */
    uint32_t waits;
};
struct crowds {
    struct crowd at[CROWDS];
    int n;
    int8_t *of; /* by task id: its crowd, or -1 */
    size_t of_n;
};
/* Groups all tasks of the model in order of first birth; crowds_free() when done. */
void crowds_collect(struct crowds *all, const struct model *m);
void crowds_free(struct crowds *all);
/* Index of the crowd a task belongs to, or -1. */
int crowds_of(const struct crowds *all, uint32_t task);

/* ---- the topology from the edges (topology.c) ---------------------------------------------------
 */

enum { TOPO_NODES = 48, TOPO_LINKS = 96 };
struct topo_node {
    int crowd;    /* or -1: an object */
    uint32_t obj; /* 0: a crowd */
    int layer;    /* columns from the sources on */
    int row;      /* within its layer */
};
struct topo_link {
    int from, to; /* nodes */
    uint32_t obj; /* the channel whose rate it carries */
    bool into;    /* into that channel, else out of it */
    bool back;    /* closes a cycle */
};
struct topo {
    struct topo_node node[TOPO_NODES];
    int n;
    struct topo_link link[TOPO_LINKS];
    int links;
    int layers, rows; /* rows: of the fullest layer */
    int in_layer[TOPO_NODES];
};
/* Items flow along `sends` and against `receives`; `calls` hang below and are not layers. */
void topo_collect(struct topo *t, const struct crowds *all, const struct model *m);

#endif
