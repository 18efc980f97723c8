/* SPDX-License-Identifier: MIT */
/* A limiter as what it is. Between decisions nothing is said, so what only follows from time (a
 * token that drips in, a window that begins) is worked out here, from the last stand and the
 * instant shown:
 *
 *   buckets          ·•▐███░░▌     a drop on its way in, tokens      meter: ▐███░░▌•·  drains
 *   leaky bucket     ●●●▌╷ ╷ ╷     who is promised a drop, and the drops, equally spaced
 *   fixed window     │10│10┃ 3│    calendar boxes; heavy where a seam let more than one pass
 *   sliding log      ╷ ╷[╷╷ ╷ ]    the last instants, and the frame that moves over them
 *   sliding counter  │▒▒██│█   │   what still counts of the last window, and this one
 *   gcra             ├──◆···┤      how far the theoretical arrival time leads, of what it may
 *   adaptive         ▐██░░░▌       under way, of the bound that latency moves */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { SEAM_MOST = MODEL_TAPE };

static double tokens_now(const struct limiter_model *l, int64_t now_ns)
{
    double past = l->span_ns > 0 ? (double)(now_ns - l->at_ns) / (double)l->span_ns : 0;
    past = past > 0 ? past : 0;
    switch (l->law) {
    case LAW_TOKEN_BUCKET:
        past += l->now;
        break;
    case LAW_TICKER_BUCKET:
        past = l->now + (double)(int64_t)past;
        if (l->count == 0)
            past = 0; /* a tick that nobody waits for is lost */
        break;
    case LAW_GCRA:
        past += l->count; /* at_ns is the instant at which it is full */
        if (now_ns < l->at_ns && l->span_ns > 0)
            past = l->count - (double)(l->at_ns - now_ns) / (double)l->span_ns;
        break;
    default: /* a meter drains */
        past = l->now - past;
        return past > 0 ? past : 0;
    }
    return past < l->count ? past : l->count;
}

static int64_t token_in(const struct limiter_model *l, int64_t now_ns)
{
    double tokens = tokens_now(l, now_ns);
    if (l->law == LAW_TICKER_BUCKET) {
        int64_t into = l->span_ns > 0 ? (now_ns - l->at_ns) % l->span_ns : 0;
        return l->span_ns - (into > 0 ? into : 0);
    }
    double missing = tokens >= 0 ? 1 - (tokens - (double)(int64_t)tokens) : 1 - tokens;
    return (int64_t)(missing * (double)l->span_ns);
}

/* ---- windows --------------------------------------------------------------------------------- */

static int64_t window_from(const struct limiter_model *l, int64_t now_ns)
{
    if (l->span_ns <= 0 || now_ns <= l->at_ns)
        return l->at_ns;
    return now_ns - (now_ns - l->at_ns) % l->span_ns;
}

/* What the window that begins then has used. */
static double window_used(const struct limiter_model *l, int64_t from_ns)
{
    if (from_ns >= l->at_ns) { /* what was borrowed is paid back a window at a time */
        int64_t later = l->span_ns > 0 ? (from_ns - l->at_ns) / l->span_ns : 0;
        double used = l->now - (double)later * l->count;
        return later == 0 || used > 0 ? used : 0;
    }
    for (uint64_t i = 0; i < l->past_n && i < MODEL_PAST; i++) {
        uint64_t at = (l->past_n - 1 - i) % MODEL_PAST;
        if (l->past[at].from_ns == from_ns)
            return l->past[at].used;
    }
    return 0;
}

uint32_t limiter_seam(const struct limiter_model *l, int64_t seam_ns, int64_t now_ns)
{
    int64_t passed[SEAM_MOST] = {0};
    uint32_t n = 0, most = 0;
    for (uint64_t i = l->tape_n < MODEL_TAPE ? 0 : l->tape_n - MODEL_TAPE; i < l->tape_n; i++) {
        int64_t t = l->tape[i % MODEL_TAPE].t_ns;
        if (l->tape[i % MODEL_TAPE].ok && t <= now_ns && t >= seam_ns - l->span_ns &&
            t < seam_ns + l->span_ns)
            passed[n++] = t;
    }
    for (uint32_t from = 0, to = 0; to < n; to++) {
        while (passed[to] - passed[from] >= l->span_ns)
            from++;
        if (passed[from] < seam_ns && passed[to] >= seam_ns && to - from + 1 > most)
            most = to - from + 1;
    }
    return most;
}

static void draw_windows(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                         int64_t now_ns)
{
    int boxes = (w - 1) / 4;
    int64_t this_ns = window_from(l, now_ns);
    for (int i = 0; i < boxes; i++) {
        int64_t from = this_ns - (boxes - 1 - i) * l->span_ns;
        bool seam = i && limiter_seam(l, from, now_ns) > l->count;
        canvas_put(c, x + 4 * i, y, seam ? GL_POST_HEAVY : GL_POST, seam ? ST_BAD : ST_BORDER, 0);
        if (from < 0)
            continue;
        double used = window_used(l, from);
        char text[24];
        snprintf(text, sizeof text, "%3.0f", used > 999 ? 999 : used);
        canvas_text_cut(c, x + 4 * i + 1, y, 3,
                        used >= l->count ? ST_FILL_HIGH
                        : i == boxes - 1 ? ST_NORMAL
                                         : ST_DIM,
                        0, text);
    }
    canvas_put(c, x + 4 * boxes, y, GL_DASHES, ST_DIM, 0); /* it is not over */
}

static void draw_counter(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                         int64_t now_ns)
{
    int half = (w - 3) / 2;
    int64_t from = window_from(l, now_ns);
    bool moved = from > l->at_ns;
    double before = moved ? window_used(l, from - l->span_ns) : l->other;
    double into = l->span_ns > 0 ? (double)(now_ns - from) / (double)l->span_ns : 0;
    int gone = (int)(into * half);
    canvas_put(c, x, y, GL_POST, ST_BORDER, 0);
    for (int i = 0; i < half; i++)
        canvas_put(c, x + 1 + i, y,
                   i < gone     ? GL_DOT
                   : before > 0 ? GL_BLOCK
                                : GL_SHADE,
                   i < gone || before <= 0 ? ST_DIM : ST_FILL, 0);
    canvas_put(c, x + 1 + half, y, GL_POST, ST_BORDER, 0);
    for (int i = 0; i < half; i++)
        canvas_put(c, x + 2 + half + i, y, i <= gone ? GL_BLOCK : GL_SHADE,
                   i <= gone ? ST_RUNNING : ST_DIM, 0);
    canvas_put(c, x + 2 + 2 * half, y, GL_POST, ST_BORDER, 0);
}

/* Who passed in the cell of a strip of time. */
static int passed_in(const struct limiter_model *l, int64_t from_ns, int64_t to_ns)
{
    int n = 0;
    for (uint64_t i = 0; i < l->tape_n && i < MODEL_TAPE; i++) {
        uint64_t at = (l->tape_n - 1 - i) % MODEL_TAPE;
        n += l->tape[at].ok && l->tape[at].t_ns > from_ns && l->tape[at].t_ns <= to_ns;
    }
    return n;
}

/* Where the tape is too short to tell, as many as there were at the last decision. */
static double log_now(const struct limiter_model *l, int64_t now_ns)
{
    return l->now < MODEL_TAPE * 0.5 ? passed_in(l, now_ns - l->span_ns, now_ns) : l->now;
}

static void draw_log(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                     int64_t now_ns)
{
    static const uint32_t many[] = {GL_DOT, GL_BAR_2, GL_BAR_4, GL_BAR_6, GL_BLOCK};
    int cells = w - 2, old = cells / 3, frame = cells - old;
    int64_t step = l->span_ns / (frame > 0 ? frame : 1);
    if (step <= 0 || frame < 1)
        return;
    for (int i = 0; i < cells; i++) {
        int64_t to = now_ns - (cells - 1 - i) * step;
        int n = passed_in(l, to - step, to), at = x + i + (i >= old);
        canvas_put(c, at, y, many[n > 4 ? 4 : n], i < old || !n ? ST_DIM : ST_RUNNING, 0);
    }
    canvas_put(c, x + old, y, '[', ST_TITLE, 0);
    canvas_put(c, x + w - 1, y, ']', ST_TITLE, 0);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void draw_bucket(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                        int64_t now_ns)
{
    double tokens = tokens_now(l, now_ns), cap = l->count > 0 ? l->count : 1;
    bool drains = l->law == LAW_LEAKY_METER, moves = drains ? tokens > 0 : tokens < l->count;
    if (l->law == LAW_TICKER_BUCKET)
        moves = true;
    draw_gauge(c, drains ? x : x + 2, y, w - 2, tokens < 0 ? 0 : tokens, -1, cap);
    int64_t in = drains ? (int64_t)((tokens - (double)(int64_t)tokens) * (double)l->span_ns)
                        : token_in(l, now_ns);
    bool near = drains ? in > l->span_ns / 2 : in <= l->span_ns / 2;
    int at = drains ? x + w - 2 : x;
    for (int i = 0; i < 2; i++) {
        bool drop = moves && (drains ? (i == 0) == near : (i == 1) == near);
        canvas_put(c, at + i, y, drop ? GL_BULLET : GL_DOT, drop ? ST_MARK : ST_DIM, 0);
    }
}

static void draw_drip(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                      int64_t now_ns)
{
    int queue = (w - 1) / 2, strip = w - 1 - queue;
    int64_t lead = l->at_ns - now_ns, step = l->span_ns / 2;
    int ahead = lead > 0 && l->span_ns > 0 ? (int)((lead + l->span_ns - 1) / l->span_ns) : 0;
    if (l->line > ahead)
        ahead = l->line;
    for (int i = 0; i < queue; i++)
        canvas_put(c, x + i, y, queue - i <= ahead ? GL_RUNNING : GL_SHADE,
                   queue - i <= ahead ? ST_WAITING : ST_DIM, 0);
    canvas_put(c, x + queue, y, GL_HALF_LEFT, ST_BORDER, 0);
    for (int i = 0; i < strip && step > 0; i++) { /* the newest next to the queue */
        int n = passed_in(l, now_ns - (i + 1) * step, now_ns - i * step);
        canvas_put(c, x + queue + 1 + i, y,
                   n > 1 ? GL_RUNNING
                   : n   ? GL_BULLET
                         : GL_DOT,
                   n ? ST_RUNNING : ST_DIM, 0);
    }
}

static void draw_arrival_time(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                              int64_t now_ns)
{
    double depth = (double)l->count * (double)l->span_ns, lead = (double)(l->at_ns - now_ns);
    int cells = w - 2, at = depth > 0 && lead > 0 ? (int)(lead / depth * (cells - 1) + 0.5) : 0;
    bool beyond = at > cells - 1;
    at = beyond ? cells - 1 : at;
    canvas_put(c, x, y, GL_TEE_RIGHT, ST_BORDER, 0);
    for (int i = 0; i < cells; i++)
        canvas_put(c, x + 1 + i, y, i < at ? GL_LINE_HEAVY : GL_DOT, i < at ? ST_FILL : ST_DIM, 0);
    canvas_put(c, x + 1 + at, y, GL_DIAMOND, beyond ? ST_WAITING : ST_MARK, 0);
    canvas_put(c, x + w - 1, y, GL_TEE_LEFT, ST_BORDER, 0);
}

void draw_limiter(struct canvas *c, int x, int y, int w, const struct limiter_model *l,
                  int64_t now_ns)
{
    if (w < 8)
        return;
    switch (l->law) {
    case LAW_LEAKY_BUCKET:
        draw_drip(c, x, y, w, l, now_ns);
        break;
    case LAW_FIXED_WINDOW:
        draw_windows(c, x, y, w, l, now_ns);
        break;
    case LAW_SLIDING_LOG:
        draw_log(c, x, y, w, l, now_ns);
        break;
    case LAW_SLIDING_COUNTER:
        draw_counter(c, x, y, w, l, now_ns);
        break;
    case LAW_GCRA:
        draw_arrival_time(c, x, y, w, l, now_ns);
        break;
    case LAW_ADAPTIVE:
        draw_gauge(c, x, y, w, l->now, -1, l->other >= 1 ? (double)(int64_t)l->other : 1);
        break;
    default:
        draw_bucket(c, x, y, w, l, now_ns);
        break;
    }
}

/* ---- the same in words ----------------------------------------------------------------------- */

static void window_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size)
{
    int64_t from = window_from(l, now_ns);
    char a[FORMAT_SIZE], b[FORMAT_SIZE];
    format_duration(a, from + l->span_ns - now_ns);
    uint32_t seam = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t n = limiter_seam(l, from - i * l->span_ns, now_ns);
        seam = n > seam ? n : seam;
    }
    if (seam > l->count)
        snprintf(out, size, _("%s/%" PRIu32 " ✗ seam %" PRIu32),
                 format_number(b, window_used(l, from)), l->count, seam);
    else
        snprintf(out, size, _("%s/%" PRIu32 " next in %s"), format_number(b, window_used(l, from)),
                 l->count, a);
}

static void counter_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size)
{
    int64_t from = window_from(l, now_ns);
    double before = from > l->at_ns ? window_used(l, from - l->span_ns) : l->other;
    double used = from > l->at_ns ? 0 : l->now;
    double rest = l->span_ns > 0 ? 1 - (double)(now_ns - from) / (double)l->span_ns : 0;
    char sum[FORMAT_SIZE];
    snprintf(out, size, "%.0f×%.2f+%.0f=%s/%" PRIu32, before, rest, used,
             format_number(sum, before * rest + used), l->count);
}

static void lead_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size)
{
    char a[FORMAT_SIZE], b[FORMAT_SIZE];
    int64_t lead = l->at_ns - now_ns;
    if (l->law == LAW_GCRA)
        snprintf(out, size, _("TAT +%s of %s"), format_duration(a, lead > 0 ? lead : 0),
                 format_duration(b, (int64_t)l->count * l->span_ns));
    else if (lead > 0)
        snprintf(out, size, _("%" PRId64 " ahead, drop in %s"),
                 (lead + l->span_ns - 1) / (l->span_ns > 0 ? l->span_ns : 1),
                 format_duration(a, lead % (l->span_ns > 0 ? l->span_ns : 1)));
    else
        snprintf(out, size, _("a drop is free"));
}

static void token_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size)
{
    double tokens = tokens_now(l, now_ns);
    char a[FORMAT_SIZE], b[FORMAT_SIZE];
    if (l->law == LAW_LEAKY_METER)
        snprintf(out, size, _("%s/%" PRIu32 " drains %s"), format_number(a, tokens), l->count,
                 format_duration(b, l->span_ns));
    else if (tokens < 0)
        snprintf(out, size, _("owes %s for %s"), format_number(a, -tokens),
                 format_duration(b, token_in(l, now_ns)));
    else if (!l->count && l->law == LAW_TOKEN_BUCKET)
        snprintf(out, size, _("nothing fits"));
    else if (tokens >= l->count && l->law == LAW_TOKEN_BUCKET)
        snprintf(out, size, _("%s/%" PRIu32 " full"), format_number(a, tokens), l->count);
    else if (l->span_ns <= 0)
        snprintf(out, size, _("%s/%" PRIu32 " no drip"), format_number(a, tokens), l->count);
    else
        snprintf(out, size, _("%s/%" PRIu32 " next in %s"), format_number(a, tokens), l->count,
                 format_duration(b, token_in(l, now_ns)));
}

void limiter_words(const struct limiter_model *l, int64_t now_ns, char *out, size_t size)
{
    char a[FORMAT_SIZE], b[FORMAT_SIZE], d[FORMAT_SIZE];
    switch (l->law) {
    case LAW_FIXED_WINDOW:
        window_words(l, now_ns, out, size);
        break;
    case LAW_SLIDING_LOG:
        snprintf(out, size, _("%.0f/%" PRIu32 " in %s"), log_now(l, now_ns), l->count,
                 format_duration(a, l->span_ns));
        break;
    case LAW_SLIDING_COUNTER:
        counter_words(l, now_ns, out, size);
        break;
    case LAW_LEAKY_BUCKET:
    case LAW_GCRA:
        lead_words(l, now_ns, out, size);
        break;
    case LAW_ADAPTIVE:
        snprintf(out, size, "%.0f/%s %s≤%s", l->now, format_number(a, l->other),
                 l->at_ns > 0 ? format_duration(b, l->at_ns) : "", format_duration(d, l->span_ns));
        break;
    default:
        token_words(l, now_ns, out, size);
        break;
    }
}
