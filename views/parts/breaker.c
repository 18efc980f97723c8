/* SPDX-License-Identifier: MIT */
/* A breaker as its state machine, its present state heavy, what would take it on beside each edge:
 *
 *   ┌────────┐    3 of 5 failures       ┌────────┐
 *   │ CLOSED │ ───────────────────────▶ │  OPEN  │
 *   └───▲────┘ ▐███░░▌                  └──┬──▲──┘
 *       │ 0 of 1 successes    12.3s left   │  │ failure
 *       │           ┌───────────┐ ◀────────┘  │
 *       └───────────│ HALF-OPEN │─────────────┘
 *                   └───────────┘ probes out 1, at most 1
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { ASIDE = 21, CLOSED_W = 10, OPEN_W = 10, HALF_W = 13 };

struct state_look breaker_look(const struct breaker_model *b)
{
    static const struct state_look looks[BREAKER_STATE_COUNT] = {
        [BREAKER_CLOSED] = {GL_RUNNING, N_("CLOSED"), ST_RUNNING, 0},
        [BREAKER_OPEN] = {GL_CROSS, N_("OPEN"), ST_BAD, 0},
        [BREAKER_HALF_OPEN] = {GL_RUNNABLE, N_("HALF-OPEN"), ST_WAITING, 0},
        [BREAKER_FORCED_OPEN] = {GL_CROSS, N_("FORCED OPEN"), ST_BAD, 0},
        [BREAKER_DISABLED] = {GL_WAITING, N_("DISABLED"), ST_WARN, 0},
        [BREAKER_METRICS_ONLY] = {GL_WAITING, N_("DRY RUN"), ST_WARN, 0},
    };
    struct state_look look = looks[b->state < BREAKER_STATE_COUNT ? b->state : 0];
    look.word = _(look.word);
    return look;
}

uint64_t breaker_refusals(const struct object_model *o, const struct breaker_model *b)
{
    return o->ops[ADMIT_OPEN] + o->ops[ADMIT_HALF_OPEN] + (b ? b->dry_refused : 0);
}

static bool by_rate(const struct model *m, const struct breaker_model *b)
{
    return b->trip && strncmp(strtab_get(m->names, b->trip), "rate", 4) == 0;
}

static int64_t open_left(const struct breaker_model *b, int64_t now_ns)
{
    return b->half_open_ns > now_ns ? b->half_open_ns - now_ns : 0;
}

void breaker_words(const struct breaker_model *b, int64_t now_ns, char *out, size_t size)
{
    char a[FORMAT_SIZE], d[FORMAT_SIZE];
    out[0] = '\0';
    if (b->state == BREAKER_FORCED_OPEN || b->state == BREAKER_DISABLED)
        return;
    if (b->counts_as == BREAKER_OPEN && b->half_open_ns)
        snprintf(out, size, open_left(b, now_ns) ? _("half open in %s") : _("the next is a probe"),
                 format_duration(a, open_left(b, now_ns)));
    else if (b->counts_as == BREAKER_HALF_OPEN && b->probes)
        snprintf(out, size, _("%u out, %u of %u probes"), b->out, b->calls, b->probes);
    else if (b->counts_as == BREAKER_HALF_OPEN)
        snprintf(out, size, _("%u out"), b->out);
    else if (b->counts_as == BREAKER_CLOSED && b->trip_at > 0)
        snprintf(out, size, _("at %s of %s"), format_number(a, b->level),
                 format_number(d, b->trip_at));
}

void draw_results(struct canvas *c, int x, int y, int w, const struct breaker_model *b)
{
    static const struct {
        uint32_t glyph;
        uint8_t style;
    } looks[BREAKER_RESULT_COUNT] = {
        [SAW_OK] = {GL_TICK, ST_RUNNING},    [SAW_FAILED] = {GL_CROSS, ST_BAD},
        [SAW_SLOW] = {GL_SLEEPING, ST_WARN}, [SAW_IGNORED] = {GL_DOT, ST_DIM},
        [SAW_LATE] = {GL_WAITING, ST_DIM},   [SAW_UNSEEN] = {GL_DOTS, ST_DIM},
    };
    for (int i = 0; i < w && (uint64_t)i < b->results_n && i < MODEL_RESULTS; i++) {
        uint8_t r = b->result[(b->results_n - 1 - (uint64_t)i) % MODEL_RESULTS];
        canvas_put(c, x + w - 1 - i, y, looks[r].glyph, looks[r].style, 0);
    }
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void box(struct canvas *c, struct rect r, const char *word, bool lit, uint8_t style)
{
    draw_box(c, r, NULL, lit);
    int x = r.x + (r.w - utf8_width(word)) / 2;
    canvas_text_cut(c, x, r.y + 1, r.w - 2, lit ? style : ST_DIM, 0, word);
}

static void line(struct canvas *c, int x, int to, int y, uint32_t glyph, uint8_t style)
{
    for (; x <= to; x++)
        canvas_put(c, x, y, glyph, style, 0);
}

/* Beside the edge from closed to open: what counts, of what would open it. */
static void trip_words(const struct model *m, const struct breaker_model *b, int w, char *out,
                       size_t size)
{
    const char *rule = b->trip ? strtab_get(m->names, b->trip) : "?";
    char now[FORMAT_SIZE], at[FORMAT_SIZE], unit[2] = {by_rate(m, b) ? '%' : '\0'};
    double level = b->counts_as == BREAKER_CLOSED ? b->level : 0;
    format_number(now, level);
    format_number(at, b->trip_at);
    if (b->counts_as != BREAKER_CLOSED || b->trip_at <= 0)
        snprintf(out, size, "%s", rule);
    else
        snprintf(out, size, _("%s: now %s%s"), rule, now, unit);
    if (utf8_width(out) > w && b->trip_at > 0)
        snprintf(out, size, _("at %s: now %s%s"), at, now, unit);
}

static void close_words(const struct breaker_model *b, char *out, size_t size)
{
    bool here = b->counts_as == BREAKER_HALF_OPEN;
    if (b->close_after)
        snprintf(out, size, _("%u of %u succeed"), here ? (unsigned)b->level : 0, b->close_after);
    else
        snprintf(out, size, _("by share of probes"));
}

static void draw_edges(struct canvas *c, struct rect r, int w, int half)
{
    int open = r.x + w - OPEN_W, up = r.x + 6, down = open + 3, back = open + 6;
    line(c, r.x + 2 + CLOSED_W, open - 3, r.y + 1, GL_LINE, ST_BORDER);
    canvas_put(c, open - 2, r.y + 1, GL_HEAD_RIGHT, ST_BORDER, 0);
    canvas_put(c, up, r.y + 2, GL_UP_MARK, ST_BORDER, 0);
    canvas_put(c, up, r.y + 3, GL_POST, ST_BORDER, 0);
    canvas_put(c, up, r.y + 4, GL_POST, ST_BORDER, 0);
    canvas_put(c, up, r.y + 5, GL_CORNER_BL, ST_BORDER, 0);
    line(c, up + 1, half - 1, r.y + 5, GL_LINE, ST_BORDER);
    canvas_put(c, down, r.y + 2, GL_TEE_DOWN, ST_BORDER, 0);
    canvas_put(c, down, r.y + 3, GL_POST, ST_BORDER, 0);
    canvas_put(c, down, r.y + 4, GL_CORNER_BR, ST_BORDER, 0);
    line(c, half + HALF_W + 1, down - 1, r.y + 4, GL_LINE, ST_BORDER);
    canvas_put(c, half + HALF_W, r.y + 4, GL_HEAD_LEFT, ST_BORDER, 0);
    canvas_put(c, back, r.y + 2, GL_UP_MARK, ST_BORDER, 0);
    canvas_put(c, back, r.y + 3, GL_POST, ST_BORDER, 0);
    canvas_put(c, back, r.y + 4, GL_POST, ST_BORDER, 0);
    canvas_put(c, back, r.y + 5, GL_CORNER_BR, ST_BORDER, 0);
    line(c, half + HALF_W, back - 1, r.y + 5, GL_LINE, ST_BORDER);
}

/* Counts at its right. */
static void draw_aside(struct canvas *c, struct rect r, const struct model *m,
                       const struct breaker_model *b)
{
    const struct object_model *o = &m->objects[b->obj];
    char text[96], n[FORMAT_SIZE];
    draw_results(c, r.x, r.y, r.w, b);
    uint64_t kept = b->results_n < MODEL_RESULTS ? b->results_n : MODEL_RESULTS, bad = 0;
    for (uint64_t i = 0; i < kept; i++)
        bad += b->result[i] == SAW_FAILED;
    if (kept) {
        snprintf(text, sizeof text, _("%.0f %% of %u failed"), 100.0 * (double)bad / (double)kept,
                 (unsigned)kept);
        canvas_text_cut(c, r.x, r.y + 1, r.w, ST_NORMAL, 0, text);
    }
    const struct {
        const char *what;
        uint64_t n;
    } counts[] = {{N_("let in"), o->ops[ADMIT_OK]},
                  {b->state == BREAKER_METRICS_ONLY ? N_("would refuse") : N_("refused"),
                   breaker_refusals(o, b)},
                  {N_("fallback"), o->calls - o->errors},
                  {N_("opened"), b->openings + b->dry_openings}};
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%-13s%s", _(counts[i].what), format_count(n, counts[i].n));
        canvas_text_cut(c, r.x, r.y + 3 + i, r.w, ST_NORMAL, 0, text);
    }
}

/* Three gauges that fill to their marks: what counts against the threshold, the time in open, the
 * successes of probes; each beside its edge, where it is under way. */
static void draw_gauges(struct canvas *c, struct rect r, int w, int half,
                        const struct breaker_model *b, int64_t now_ns)
{
    int edge = r.x + 3 + CLOSED_W, room = r.x + w - OPEN_W - 1 - edge;
    if (b->counts_as == BREAKER_CLOSED && b->trip_at > 0 && b->state == BREAKER_CLOSED)
        draw_gauge(c, edge, r.y + 2, room - 1 > 24 ? 24 : room - 1, b->level, -1, b->trip_at);
    if (b->counts_as == BREAKER_OPEN && b->half_open_ns > b->since_ns) {
        double all = (double)(b->half_open_ns - b->since_ns), gone = (double)(now_ns - b->since_ns);
        int x = r.x + 26, to = r.x + w - OPEN_W - 5;
        if (to - x >= 4)
            draw_gauge(c, x, r.y + 3, to - x > 16 ? 16 : to - x,
                       gone < all ? gone / 1e6 : all / 1e6, -1, all / 1e6);
    }
    if (b->counts_as == BREAKER_HALF_OPEN && b->close_after)
        draw_gauge(c, r.x + 8, r.y + 4, half - r.x - 9, b->level, -1, b->close_after);
}

void draw_machine(struct canvas *c, struct rect r, const struct model *m,
                  const struct breaker_model *b, int64_t now_ns)
{
    int w = r.w - ASIDE - 14 > 66 ? 66 : r.w - ASIDE - 9, open = r.x + w - OPEN_W;
    int half = r.x + 15 + (w - 48) / 3;
    struct state_look look = breaker_look(b);
    bool own = b->state != BREAKER_FORCED_OPEN && b->state != BREAKER_DISABLED;
    char text[160], left[FORMAT_SIZE];
    bool forced = b->state == BREAKER_FORCED_OPEN;
    uint8_t style = b->state == BREAKER_METRICS_ONLY ? ST_WARN : look.style;
    box(c, (struct rect){r.x + 2, r.y, CLOSED_W, 3}, _("CLOSED"),
        own && b->counts_as == BREAKER_CLOSED, style);
    box(c, (struct rect){open, r.y, OPEN_W, 3}, _("OPEN"),
        forced || (own && b->counts_as == BREAKER_OPEN), style);
    box(c, (struct rect){half, r.y + 4, HALF_W, 3}, _("HALF-OPEN"),
        own && b->counts_as == BREAKER_HALF_OPEN, style);
    draw_edges(c, r, w, half);
    if (own)
        draw_gauges(c, r, w, half, b, now_ns);
    int edge = r.x + 3 + CLOSED_W, room = open - 1 - edge;
    trip_words(m, b, room, text, sizeof text);
    canvas_text_cut(c, edge, r.y, room, ST_NORMAL, 0, text);
    if (!own || b->state == BREAKER_METRICS_ONLY)
        canvas_text_cut(c, edge, r.y + 2, room, look.style, 0, look.word);
    close_words(b, text, sizeof text);
    int x = canvas_text_cut(c, r.x + 8, r.y + 3, 18, ST_NORMAL, 0, text) + 1;
    if (b->counts_as == BREAKER_OPEN && own && b->half_open_ns)
        snprintf(text, sizeof text, open_left(b, now_ns) ? _("in %s") : _("the next"),
                 format_duration(left, open_left(b, now_ns)));
    else
        snprintf(text, sizeof text, _("after %s"), format_duration(left, b->open_for_ns));
    draw_right(c, x, open + 2, r.y + 3, ST_NORMAL, 0, text);
    canvas_text_cut(c, open + 8, r.y + 3, r.x + w + 8 - open - 8, ST_NORMAL, 0, _("failure"));
    if (b->counts_as == BREAKER_HALF_OPEN && own) {
        if (b->probes)
            snprintf(text, sizeof text, _("%u of %u probes, %u out"), b->calls, b->probes, b->out);
        else
            snprintf(text, sizeof text, _("%u probes, %u out"), b->calls, b->out);
        canvas_text_cut(c, half + HALF_W + 1, r.y + 6, r.x + w + 8 - half - HALF_W, ST_WAITING, 0,
                        text);
    }
    draw_aside(c, (struct rect){r.x + w + 9, r.y, r.w - w - 10, BREAKER_MACHINE_H}, m, b);
}
