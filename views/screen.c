/* SPDX-License-Identifier: MIT */
/* The whole screen.
 *
 *   line 0        what runs, its world, its pace, its clock, the recording lamp
 *   1 … h-3       the panels
 *   h-3           the panels' lower edge, and over it, when there is one, the banner: what a
 *                 detector found, or the caption of the moment
 *   h-2           a message, else the caption, else what to press next
 *   h-1           the keys
 *
 * The banner takes the place of the frame's lower edge, so that it costs no panel a line and
 * nothing moves when it comes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "views/glyph.h"
#include "views/parts/parts.h"

enum {
    CAPTION_S = 6,
    PROGRAM_W = 90, /* from this width on the program's name is shown */
    SMALL_H = 16    /* below, the panels keep their lines */
};

/* All words of the frame; those of panels stand in the panels. */
static const char program_name[] = "patternscope";
static const char too_small[] = N_("need %dx%d, have %dx%d");
static const char word_paused[] = N_("‖ PAUSED");
static const char word_replay[] = N_("REPLAY");
static const char word_record[] = N_("● REC");
static const char word_record_failed[] = N_("✗ REC FAILED");
static const char *const end_words[END_COUNT] = {[END_DONE] = N_("■ ENDED: main returned"),
                                                 [END_FOR] = N_("■ ENDED: time is up"),
                                                 [END_STOPPED] = N_("■ ENDED: stopped"),
                                                 [END_PANIC] = N_("■ ENDED: panic"),
                                                 [END_ASLEEP] = N_("■ ENDED: all asleep")};

static void pace_text(const struct screen_state *s, char *out, size_t size, uint8_t *style)
{
    const struct model *m = s->model;
    *style = ST_BAR;
    if (m->ended) {
        *style = m->end_why == END_PANIC || m->end_why == END_ASLEEP ? ST_RECORD : ST_KEY;
        snprintf(out, size, "%s", _(end_words[m->end_why < END_COUNT ? m->end_why : 0]));
        return;
    }
    if (s->paused) {
        *style = ST_KEY;
        snprintf(out, size, "%s", _(word_paused));
        return;
    }
    int hundredths = (int)(s->speed * 100 + 0.5);
    if (hundredths >= 1000)
        snprintf(out, size, "▶ %d×", hundredths / 100);
    else if (hundredths % 10)
        snprintf(out, size, "▶ %d.%02d×", hundredths / 100, hundredths % 100);
    else
        snprintf(out, size, "▶ %d.%d×", hundredths / 100, hundredths / 10 % 10);
}

static void clock_text(const struct screen_state *s, char *out, size_t size)
{
    char now[FORMAT_SIZE], last[FORMAT_SIZE];
    format_clock(now, s->view_ns);
    if (s->replay || (s->paused && s->last_ns > s->view_ns))
        snprintf(out, size, "%s/%s", now, format_clock(last, s->last_ns));
    else
        snprintf(out, size, "%s", now);
}

static void record_text(const struct screen_state *s, char *out, size_t size)
{
    char when[FORMAT_SIZE];
    if (s->record_error)
        snprintf(out, size, "%s", _(word_record_failed));
    else if (!s->recording)
        *out = '\0';
    else if (s->paused) /* the wall clock goes on, and nothing on a paused screen moves */
        snprintf(out, size, "%s", _(word_record));
    else {
        int64_t seconds = s->recorded_ns / 1000000000;
        snprintf(when, sizeof when, "%02d:%02d", (int)(seconds / 60), (int)(seconds % 60));
        snprintf(out, size, "%s %s", _(word_record), when);
    }
}

static void world_text(const struct screen_state *s, char *out, size_t size)
{
    const struct model *m = s->model;
    const char *world = m->world < WORLD_COUNT ? world_names[m->world] : "";
    snprintf(out, size, "%s%s%s %s %" PRIu64, s->replay ? _(word_replay) : "", s->replay ? " " : "",
             world, _("seed"), m->seed);
}

static void draw_top(struct canvas *c, const struct screen_state *s)
{
    struct {
        char text[96];
        uint8_t style, weight; /* low ones go first when there is no room */
    } part[5] = {{.style = ST_BAR, .weight = 1},
                 {.style = ST_RECORD, .weight = 3},
                 {.style = ST_BAR, .weight = 4},
                 {.style = ST_TITLE, .weight = 5},
                 {.style = ST_RECORD, .weight = 2}};
    canvas_fill(c, (struct rect){0, 0, c->w, 1}, ' ', ST_BAR, 0);
    world_text(s, part[0].text, sizeof part[0].text);
    char number[FORMAT_SIZE];
    if (s->model->lost)
        snprintf(part[1].text, sizeof part[1].text, _("✗ %s LOST"),
                 format_count(number, s->model->lost));
    pace_text(s, part[2].text, sizeof part[2].text, &part[2].style);
    clock_text(s, part[3].text, sizeof part[3].text);
    part[3].style = ST_BAR;
    record_text(s, part[4].text, sizeof part[4].text);
    const char *name = s->scenario ? s->scenario : "";
    int least = utf8_width(name) < 16 ? utf8_width(name) : 16, used;
    for (unsigned weight = 0;; weight++) {
        used = 0;
        for (size_t i = 0; i < ARRAY_LEN(part); i++) {
            if (part[i].weight < weight)
                part[i].text[0] = '\0';
            if (part[i].text[0])
                used += utf8_width(part[i].text) + 2;
        }
        if (used + least + 2 <= c->w || weight == 5)
            break;
    }
    int x = c->w - used, left = 1, right = x - 1;
    if (c->w >= PROGRAM_W)
        left = canvas_text(c, 1, 0, ST_BAR, CELL_DIM, program_name) + 2;
    left = canvas_text_cut(c, left, 0, right - left, ST_BAR, CELL_BOLD, name);
    if (s->title && *s->title && right - left > 8) {
        left = canvas_text(c, left, 0, ST_BAR, 0, " · ");
        canvas_text_cut(c, left, 0, right - left, ST_BAR, 0, s->title);
    }
    for (size_t i = 0; i < ARRAY_LEN(part); i++)
        if (part[i].text[0])
            x = canvas_text(c, x, 0, part[i].style, i == 3 ? CELL_BOLD : 0, part[i].text) + 2;
}

/* A few words at the right end of a panel's upper frame. */
static void draw_aside(struct canvas *c, struct rect r, const struct view *v,
                       const struct screen_state *s, const struct view_state *state)
{
    char text[64] = "";
    struct rect in = {r.x + 1, r.y + 1, r.w - 2, r.h - 2};
    if (v->aside)
        v->aside(in, s, state, text, sizeof text);
    int w = utf8_width(text), x = r.x + r.w - 3 - w;
    if (!w || x < r.x + 6 + utf8_width(_(v->name)))
        return;
    canvas_put(c, x - 1, r.y, ' ', ST_BORDER, 0);
    x = canvas_text(c, x, r.y, ST_DIM, 0, text);
    canvas_put(c, x, r.y, ' ', ST_BORDER, 0);
}

/* ---- the keys ---------------------------------------------------------------------------------
 */

/* Key and label of a hint; a label with a blank names its keys itself. */
static int split_hint(const struct key_hint *k, char *key, size_t size, const char **label)
{
    const char *blank = strrchr(k->label, ' ');
    if (blank && blank != k->label) {
        snprintf(key, size, "%.*s", (int)(blank - k->label), k->label);
        *label = blank + 1;
    } else {
        snprintf(key, size, "%s", k->key);
        *label = k->label;
    }
    return 1 + utf8_width(key) + 1 + utf8_width(*label) + 1;
}

/* Where t stands in w cells for the time from 0 to last. A damaged session's t can be anything. */
static int column_of(int64_t t, int64_t last, int w)
{
    double at = (double)t / (double)last * (w - 1);
    return at < 0 ? 0 : at > w - 1 ? w - 1 : (int)at;
}

/* How far the time that is shown is within what there is, with the marks that it has passed. */
static void draw_progress(struct canvas *c, int x, int y, int w, const struct screen_state *s,
                          bool bar)
{
    const struct model *m = s->model;
    if (w < 8 || s->last_ns <= 0)
        return;
    int64_t at = s->view_ns < s->last_ns ? s->view_ns : s->last_ns;
    int here = column_of(at, s->last_ns, w);
    for (int i = 0; i < w; i++)
        canvas_put(c, x + i, y, i < here ? GL_LINE_HEAVY : GL_LINE,
                   bar        ? ST_BAR
                   : i < here ? ST_FOCUS
                              : ST_BORDER,
                   0);
    for (uint64_t i = m->log_n > MODEL_LOG ? m->log_n - MODEL_LOG : 0; i < m->log_n; i++) {
        const struct event *e = &m->log[i % MODEL_LOG].ev;
        if (e->kind == EV_MARK && e->t_ns <= at)
            canvas_put(c, x + column_of(e->t_ns, s->last_ns, w), y, GL_DIAMOND,
                       bar ? ST_KEY : ST_MARK, 0);
    }
    canvas_put(c, x + here, y, GL_RUNNING, bar ? ST_KEY : ST_FOCUS, CELL_BOLD);
}

static void draw_keys(struct canvas *c, const struct screen_state *s)
{
    int y = c->h - 1, x = 0, n = 0, last = 0;
    canvas_fill(c, (struct rect){0, y, c->w, 1}, ' ', ST_BAR, 0);
    if (!s->keys)
        return;
    char key[48];
    const char *label;
    while (s->keys[n].key)
        n++;
    if (!n) /* a film: nobody presses any */
        draw_progress(c, 1, y, c->w - 2, s, true);
    if (n)
        last = split_hint(&s->keys[n - 1], key, sizeof key, &label);
    for (int i = 0; i < n; i++) {
        int w = split_hint(&s->keys[i], key, sizeof key, &label);
        if (i < n - 1 && x + w + last > c->w)
            continue;
        if (i == n - 1 && x + w > c->w && x > 0)
            break;
        x = canvas_text(c, x + 1, y, ST_KEY, 0, key);
        x = canvas_text(c, x + 1, y, ST_BAR, 0, label) + 1;
    }
}

/* ---- banner and message -----------------------------------------------------------------------
 */

static const char *caption(const struct screen_state *s)
{
    const struct model *m = s->model;
    uint64_t from = m->log_n > MODEL_LOG ? m->log_n - MODEL_LOG : 0;
    for (uint64_t i = m->log_n; i-- > from;) {
        const struct event *e = &m->log[i % MODEL_LOG].ev;
        if (e->t_ns < s->view_ns - CAPTION_S * INT64_C(1000000000))
            break;
        if (e->kind == EV_MARK && (e->op == BY_CUE || e->op == BY_FILE))
            return strtab_get(m->names, e->c);
    }
    return NULL;
}

/* Between the corners of the panels, or they would stand open. */
static void draw_bar(struct canvas *c, int y, int h, uint8_t style, const char *text)
{
    struct rect r = {1, y, c->w - 2, h};
    canvas_fill(c, r, ' ', style, 0);
    draw_wrapped_cut(c, r, style, text);
    for (int i = 0; i < c->w * h; i++) {
        struct cell *at = &c->cell[(size_t)y * (size_t)c->w + (size_t)i];
        at->style = style;
        at->attr = CELL_REVERSE;
    }
}

/* What detectors found, the first with its evidence and how many more there are. */
static bool found_text(const struct screen_state *s, struct str *out)
{
    const struct model *m = s->model;
    char when[FORMAT_SIZE];
    if (m->diagnoses_n) {
        diagnosis_text(m, &m->diagnoses[0], out);
        if (m->diagnoses_n > 1)
            str_addf(out, _("  (+%zu more: notes)"), m->diagnoses_n - 1);
        return true;
    }
    if (!m->panic_ns && !m->panic_text)
        return false;
    str_addf(out, _("✖ PANIC at %s: %s"), format_second(when, m->panic_ns),
             strtab_get(m->names, m->panic_text));
    return true;
}

/* What is to be read whole may take lines from the panels above it. */
static int text_rows(const struct canvas *c, const char *text, int most)
{
    int rows = draw_wrapped(NULL, (struct rect){.w = c->w - 2, .h = 1}, 0, 0, text);
    return rows > most ? most : rows;
}

static int message_rows(const struct canvas *c, const char *text)
{
    return text_rows(c, text, c->h < SMALL_H ? 2 : 3);
}

/* A hint has one line where there are few: it is shown without its last words then. */
static int hint_rows(const struct canvas *c, const char *text)
{
    return text_rows(c, text, c->h < SMALL_H ? 1 : 2);
}

/* From line y down to the keys; x after the last word. */
static int draw_lines(struct canvas *c, int y, uint8_t style, const char *text)
{
    canvas_fill(c, (struct rect){0, y, c->w, c->h - 1 - y}, ' ', ST_NORMAL, 0);
    return draw_wrapped_cut(c, (struct rect){1, y, c->w - 2, c->h - 1 - y}, style, text);
}

static void draw_words(struct canvas *c, const struct screen_state *s)
{
    const char *said = caption(s);
    struct str found = {0};
    bool bad = found_text(s, &found);
    bool message = s->message && *s->message;
    const char *bar = bad ? found.data : said;
    bool two = bar && !message && utf8_width(bar) > c->w - 2;
    bool hint = s->hint && !message && !two && !(said && bad);
    int rows = message ? message_rows(c, s->message) : hint ? hint_rows(c, s->hint) : 1;
    int y = c->h - 1 - rows;
    if (bar)
        draw_bar(c, y - 1, two ? 2 : 1, bad ? ST_BAD : ST_MARK, bar);
    if (message)
        draw_lines(c, y, s->message_bad ? ST_BAD : ST_TITLE, s->message);
    else if (said && bad && !two)
        draw_bar(c, y, 1, ST_MARK, said);
    else if (hint) {
        int x = draw_lines(c, y, ST_MARK, s->hint) + 2;
        if (rows == 1 &&
            (s->replay || (s->paused && s->last_ns > s->view_ns))) /* one can move in it */
            draw_progress(c, x, y, c->w - 1 - x, s, false);
    }
    str_free(&found);
}

/* ---- overlays ---------------------------------------------------------------------------------
 */

struct overlay_box {
    struct rect r, in; /* with the frame, and inside */
    int lines;
    bool wrap; /* a menu has one line a choice, text is wrapped */
};

static int text_lines(const char *text, int *widest)
{
    int n = 0;
    *widest = 0;
    while (*text) {
        char line[512];
        size_t len = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(len < 500 ? len : 500), text);
        int w = utf8_width(line);
        *widest = w > *widest ? w : *widest;
        n++;
        text += len + (text[len] == '\n');
    }
    return n;
}

static struct overlay_box overlay_box(const struct overlay *o, int w, int h)
{
    struct overlay_box b = {.wrap = o->chosen < 0 && !o->menu};
    int widest, title = o->title ? utf8_width(o->title) + 6 : 0;
    const char *text = o->text ? o->text : "";
    b.lines = text_lines(text, &widest);
    int width = widest + 4;
    width = width < title ? title : width;
    width = width < 40 ? 40 : width;
    if (o->input && width < 100)
        width = 100;
    if (width > w - 8) /* no slivers of panels at its sides */
        width = w;
    if (b.wrap && *text)
        b.lines = draw_wrapped(NULL, (struct rect){.w = width - 4, .h = 1}, 0, 0, text);
    int need = b.lines + 2 + (o->input ? 1 : 0), height = need > h - 2 ? h - 2 : need;
    if (o->input && h >= 20 && height > h / 2) /* what it is about to change stays in sight */
        height = h / 2;
    int y = o->input ? h - 1 - height : (h - height) / 2;
    b.r = (struct rect){(w - width) / 2, y, width, height};
    b.in = (struct rect){b.r.x + 2, b.r.y + 1, b.r.w - 4, b.r.h - 2 - (o->input ? 1 : 0)};
    return b;
}

int overlay_scroll_max(const struct overlay *o, int w, int h)
{
    struct overlay_box b = overlay_box(o, w, h);
    return b.lines > b.in.h ? b.lines - b.in.h : 0;
}

/* The typed line; it scrolls so that the cursor is seen. */
static void draw_input(struct canvas *c, int x, int y, int w, const struct overlay *o)
{
    int at = 0, before = 0;
    const char *p = o->input, *end = p + strlen(p);
    for (const char *q = p; q < end && q - p < o->cursor;) {
        uint32_t ch;
        q += utf8_decode(q, end, &ch);
        before += cp_width(ch);
    }
    int shift = before > w - 4 ? before - (w - 4) : 0;
    canvas_put(c, x, y, ':', ST_KEY, 0);
    struct rect old = canvas_clip(c, (struct rect){x + 2, y, w - 2, 1});
    for (const char *q = p; q < end;) {
        uint32_t ch;
        bool here = q - p == o->cursor || o->selected;
        q += utf8_decode(q, end, &ch);
        canvas_put(c, x + 2 + at - shift, y, ch, ST_TITLE, here ? CELL_REVERSE : 0);
        at += cp_width(ch);
    }
    if (end - p <= o->cursor)
        canvas_put(c, x + 2 + at - shift, y, ' ', ST_TITLE, CELL_REVERSE);
    canvas_clip(c, old);
}

/* What is behind an overlay loses its colours, so that the eye finds the overlay. */
static void step_back(struct canvas *c)
{
    struct cell *from = c->cell + c->w, *to = c->cell + (size_t)(c->h - 1) * (size_t)c->w;
    for (; from < to; from++) {
        from->style = ST_DIM;
        from->attr = 0;
    }
}

void overlay_draw(struct canvas *c, const struct overlay *o)
{
    struct overlay_box b = overlay_box(o, c->w, c->h);
    const char *text = o->text ? o->text : "";
    int most = overlay_scroll_max(o, c->w, c->h);
    int first = o->scroll < 0 ? 0 : o->scroll > most ? most : o->scroll;
    if (!o->input)
        step_back(c);
    canvas_fill(c, b.r, ' ', ST_NORMAL, 0);
    draw_box(c, b.r, o->title, true);
    if (b.wrap) {
        draw_wrapped(c, b.in, first, ST_NORMAL, text);
    } else {
        if (o->chosen >= 0 && o->chosen < first)
            first = o->chosen;
        if (o->chosen >= first + b.in.h)
            first = o->chosen - b.in.h + 1;
        for (int i = 0; *text; i++) {
            char line[512];
            size_t len = strcspn(text, "\n");
            snprintf(line, sizeof line, "%.*s", (int)(len < 500 ? len : 500), text);
            int y = b.in.y + i - first;
            if (i >= first && i < first + b.in.h) {
                bool chosen = i == o->chosen;
                canvas_put(c, b.in.x - 1, y, chosen ? GL_CHOSEN : ' ', ST_MARK, 0);
                canvas_text_cut(c, b.in.x, y, b.in.w, chosen ? ST_MARK : ST_NORMAL,
                                chosen ? CELL_BOLD : 0, line);
            }
            text += len + (text[len] == '\n');
        }
    }
    list_marks(c, (struct rect){b.r.x + 1, b.in.y, b.r.w - 2, b.in.h}, first, b.lines);
    if (o->input)
        draw_input(c, b.in.x, b.r.y + b.r.h - 2, b.in.w, o);
}

void screen_draw(struct canvas *c, const struct screen_state *s, const struct layout *l,
                 struct view_state *states, int focus, const struct overlay *overlay)
{
    canvas_clear(c);
    if (c->w < SCREEN_MIN_W || c->h < SCREEN_MIN_H) {
        char text[64];
        snprintf(text, sizeof text, _(too_small), SCREEN_MIN_W, SCREEN_MIN_H, c->w, c->h);
        draw_wrapped(c, (struct rect){0, 0, c->w, c->h}, 0, ST_WARN, text);
        return;
    }
    draw_top(c, s);
    for (int i = 0; i < l->shown; i++) {
        const struct layout_item *item = &l->item[i];
        const struct view *v = views[item->view];
        draw_box(c, item->r, _(v->name), item->view == focus && l->shown > 1);
        struct rect in = {item->r.x + 1, item->r.y + 1, item->r.w - 2, item->r.h - 2};
        struct rect old = canvas_clip(c, in);
        states[item->view].focused = item->view == focus;
        v->draw(c, in, s, &states[item->view]);
        canvas_clip(c, old);
        draw_aside(c, item->r, v, s, &states[item->view]);
    }
    draw_words(c, s);
    draw_keys(c, s);
    if (overlay)
        overlay_draw(c, overlay);
}
