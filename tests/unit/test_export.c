/* SPDX-License-Identifier: MIT */
/* The casts, played in a terminal that shares no code with them: it must show, cell by cell, what
 * was on the canvas, at every frame. */
#include <criterion/criterion.h>

#include <errno.h>
#include <locale.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "export/ansi.h"
#include "export/export.h"
#include "vt.h"

static void setup(void)
{
    cr_assert(setlocale(LC_ALL, "C.UTF-8"));
}
TestSuite(export, .init = setup);

/* ---- what the screen must look like ---------------------------------------------------------- */

static void scribble(struct rng *r, struct canvas *c, unsigned times)
{
    static const uint32_t chars[] = {'a',    'Z',    ' ',    '~',    0xe9,   0x416,  0x2502, 0x2588,
                                     0x25cf, 0x4e16, 0x754c, 0xac00, 0xff21, 0x3042, 0x1f600};
    static const uint32_t marks[] = {0x301, 0x308, 0x483};
    while (times--) {
        int x = (int)rng_below(r, (uint32_t)c->w + 2) - 1, y = (int)rng_below(r, (uint32_t)c->h);
        uint32_t ch = chars[rng_below(r, ARRAY_LEN(chars))];
        uint8_t style = (uint8_t)rng_below(r, ST_COUNT), attr = (uint8_t)rng_below(r, 16);
        canvas_put(c, x, y, ch, style, attr);
        if (rng_below(r, 8) == 0)
            canvas_put(c, x + 1 + (int)rng_below(r, 2), y, marks[rng_below(r, ARRAY_LEN(marks))],
                       style, attr);
        if (rng_below(r, 16) == 0)
            canvas_fill(c, (struct rect){x, y, 1 + (int)rng_below(r, 20), 1 + (int)rng_below(r, 3)},
                        ch, style, attr);
    }
}

static void same_cell(const struct vt *t, const struct canvas *c, const struct theme *theme, int x,
                      int y)
{
    const struct vt_cell *is = &t->cell[y * t->w + x];
    const struct cell *must = &c->cell[y * c->w + x];
    struct theme_style s = theme_style(theme, must->style, must->attr, 256);
    unsigned attr = (s.attr & CELL_BOLD ? VT_BOLD : 0u) | (s.attr & CELL_DIM ? VT_DIM : 0u) |
                    (s.attr & CELL_UNDERLINE ? VT_UNDERLINE : 0u) |
                    (s.attr & CELL_REVERSE ? VT_REVERSE : 0u);
    cr_assert(is->ch == (wchar_t)must->ch && is->mark == (wchar_t)must->mark,
              "line %d, column %d: U+%04X+%04X, not U+%04X+%04X", y, x, (unsigned)is->ch,
              (unsigned)is->mark, (unsigned)must->ch, (unsigned)must->mark);
    if (must->ch)
        cr_assert(is->style.fg == s.fg && is->style.bg == s.bg && is->style.attr == attr,
                  "line %d, column %d: colours %d on %d, attributes %u; not %d on %d, %u", y, x,
                  is->style.fg, is->style.bg, is->style.attr, s.fg, s.bg, attr);
}

static void same_screen(const struct vt *t, const struct canvas *c, const struct theme *theme)
{
    cr_assert(!*t->wrong, "%s", t->wrong);
    for (int i = 0; i < c->w * c->h; i++)
        same_cell(t, c, theme, i % c->w, i / c->w);
}

Test(export, any_screen_becomes_any_other)
{
    struct rng r;
    rng_init(&r, 21, "ansi");
    for (int round = 0; round < 60; round++) {
        int w = 1 + (int)rng_below(&r, 60), h = 1 + (int)rng_below(&r, 12);
        const struct theme *theme = &themes[rng_below(&r, (uint32_t)themes_n)];
        struct canvas *shown = canvas_create(w, h), *next = canvas_create(w, h);
        struct vt t = vt_new(w, h);
        scribble(&r, next, 40);
        vt_write(&t, "left over from before");
        t.wrong[0] = '\0';
        for (int step = 0; step < 30; step++) {
            struct str bytes = {0};
            ansi_diff(step ? shown : NULL, next, theme, &bytes);
            vt_write(&t, bytes.data ? bytes.data : "");
            same_screen(&t, next, theme);
            cr_assert(memcmp(&t.style, &vt_plain, sizeof vt_plain) == 0, "a colour is left on");
            str_clear(&bytes);
            ansi_diff(next, next, theme, &bytes);
            cr_assert_eq(bytes.len, 0, "nothing has changed: %s", bytes.data);
            memcpy(shown->cell, next->cell, (size_t)(w * h) * sizeof *next->cell);
            if (rng_below(&r, 5) == 0)
                canvas_clear(next);
            scribble(&r, next, rng_below(&r, 30));
            str_free(&bytes);
        }
        canvas_free(shown);
        canvas_free(next);
        free(t.cell);
    }
}

/* ---- a source without a session ---------------------------------------------------------------
 */

enum { W = 40, H = 8, MOST_FRAMES = 4000 };
static const struct {
    int64_t t_ns;
    const char *text;
} marks[] = {{0, "start"},
             {500000000, "half \"way\""},
             {500000001, "\xd0\xbf\xd0\xbe\xd1\x82\xd0\xbe\xd0\xbc"},
             {1999999999, "late"},
             {3000000000, "end"}};

struct fake {
    struct export_source out;
    struct model *model;
    struct strtab *names;
    size_t mark;
    int64_t now_ns;
    size_t frames;
    int64_t at_ns[MOST_FRAMES]; /* what was drawn, in order */
};

static bool fake_next(struct export_source *s, int64_t t_ns, struct event *ev)
{
    struct fake *f = (struct fake *)s;
    if (f->mark == ARRAY_LEN(marks) || marks[f->mark].t_ns > t_ns) {
        f->now_ns = t_ns;
        return false;
    }
    *ev = (struct event){.t_ns = marks[f->mark].t_ns,
                         .kind = EV_MARK,
                         .c = strtab_intern(f->names, marks[f->mark].text)};
    f->mark++;
    return true;
}
static const struct model *fake_model(struct export_source *s)
{
    return ((struct fake *)s)->model;
}
/* Changes five times a second, so that some frames are as the one before. */
static void paint(struct canvas *c, int64_t now_ns)
{
    struct rng r;
    rng_init(&r, (uint64_t)(now_ns / 200000000), "paint");
    canvas_clear(c);
    scribble(&r, c, 100);
}
static void fake_draw(struct export_source *s, struct canvas *c)
{
    struct fake *f = (struct fake *)s;
    cr_assert_lt(f->frames, MOST_FRAMES);
    f->at_ns[f->frames++] = f->now_ns;
    paint(c, f->now_ns);
}

static char *write_cast(struct fake *f, const char *format, const struct export_options *o)
{
    char *text = NULL;
    size_t n = 0;
    *f = (struct fake){.out = {.next = fake_next,
                               .model = fake_model,
                               .draw = fake_draw,
                               .end_ns = 3000000000,
                               .title = "a \"title\""}};
    f->names = strtab_create();
    f->model = model_create(f->names);
    FILE *out = open_memstream(&text, &n);
    cr_assert_eq(exporter_find(format)->write(&f->out, o, out), 0);
    fclose(out);
    return text;
}
static void fake_free(struct fake *f)
{
    model_free(f->model);
    strtab_destroy(f->names);
}

/* ---- reading a cast ----------------------------------------------------------------------------
 */

struct line {
    double t;
    char code;
    char data[1 << 16];
};

/* The JSON that str_add_json writes, no more. */
static const char *json_string(const char *p, char *out, size_t size)
{
    size_t n = 0;
    cr_assert_eq(*p++, '"');
    for (; *p != '"'; n++) {
        cr_assert(*p && n + 1 < size);
        if (*p != '\\') {
            out[n] = *p++;
            continue;
        }
        unsigned code = 0;
        if (p[1] == 'u') {
            cr_assert(sscanf(p + 2, "%4x", &code) == 1 && code < 0x80);
            p += 6;
        } else {
            static const char from[] = "nrtbf\"\\/", to[] = "\n\r\t\b\f\"\\/";
            const char *which = strchr(from, p[1]);
            cr_assert(which && *which, "\\%c", p[1]);
            code = (unsigned char)to[which - from];
            p += 2;
        }
        out[n] = (char)code;
    }
    out[n] = '\0';
    return p + 1;
}

/* The next event, or NULL. */
static const char *cast_line(const char *p, struct line *l)
{
    int used = 0;
    if (!*p)
        return NULL;
    cr_assert(sscanf(p, "[%lf, \"%c\", %n", &l->t, &l->code, &used) == 2 && used, "%.60s", p);
    p = json_string(p + used, l->data, sizeof l->data);
    cr_assert(p[0] == ']' && p[1] == '\n');
    return p + 2;
}

static const char *after_header(const char *cast)
{
    const char *end = strchr(cast, '\n');
    cr_assert(end);
    return end + 1;
}

/* Plays it against what was drawn: frame k is seen from (k / 30) s on. */
static void plays(const struct export_options *o)
{
    static struct fake f;
    static struct line l;
    char *cast = write_cast(&f, "cast", o);
    struct vt t = vt_new(o->cols, o->rows);
    struct canvas *c = canvas_create(o->cols, o->rows);
    const char *p = after_header(cast);
    double length = (double)((o->to_ns < 0 ? 3000000000 : o->to_ns) - o->from_ns) / 1e9 / o->speed,
           last = 0;
    size_t frame = 0, next_mark = 0;
    bool begun = false;
    while (next_mark < ARRAY_LEN(marks) && marks[next_mark].t_ns < o->from_ns)
        next_mark++;
    for (; (p = cast_line(p, &l)); last = l.t) {
        cr_assert(l.t >= last && l.t <= length + 1e-6, "%f after %f, of %f", l.t, last, length);
        if (l.code == 'm') {
            cr_assert_str_eq(l.data, marks[next_mark].text);
            cr_assert_float_eq(l.t, (double)(marks[next_mark].t_ns - o->from_ns) / 1e9 / o->speed,
                               1e-6);
            next_mark++;
            continue;
        }
        cr_assert_eq(l.code, 'o');
        if (!*p) /* the cursor is given back; that is no frame */
            break;
        /* All frames before this one were as the one that is seen. */
        for (; begun && frame < f.frames && (double)frame / 30 < l.t - 1e-6; frame++) {
            paint(c, f.at_ns[frame]);
            same_screen(&t, c, theme_find(o->theme));
        }
        vt_write(&t, l.data);
        cr_assert(!t.cursor);
        begun = true;
    }
    for (; frame < f.frames; frame++) {
        paint(c, f.at_ns[frame]);
        same_screen(&t, c, theme_find(o->theme));
    }
    vt_write(&t, l.data);
    cr_assert(t.cursor && memcmp(&t.style, &vt_plain, sizeof vt_plain) == 0,
              "the terminal is not given back as it was");
    while (next_mark < ARRAY_LEN(marks) && o->to_ns >= 0 && marks[next_mark].t_ns > o->to_ns)
        next_mark++;
    cr_assert_eq(next_mark, ARRAY_LEN(marks), "marks are missing");
    double steps = length * 30 - 1e-6; /* up to the next whole one */
    cr_assert_eq(f.frames, (size_t)steps + ((double)(size_t)steps < steps) + 1);
    for (size_t k = 0; k < f.frames; k++) {
        double at = (double)o->from_ns + (double)k * 1e9 / 30 * o->speed,
               end = o->to_ns < 0 ? 3e9 : (double)o->to_ns;
        cr_assert_float_eq((double)f.at_ns[k], at < end ? at : end, 2, "frame %zu", k);
    }
    canvas_free(c);
    free(t.cell);
    free(cast);
    fake_free(&f);
}

Test(export, a_cast_shows_the_canvas_at_every_frame)
{
    struct export_options o = {.cols = W, .rows = H, .to_ns = -1, .speed = 1, .theme = "dark"};
    plays(&o);
    o.cols = 7, o.rows = 3, o.theme = "contrast";
    plays(&o);
    o.cols = 200, o.rows = 60, o.theme = "light";
    plays(&o);
}

Test(export, a_stretch_of_it_and_another_speed)
{
    struct export_options o = {.cols = W,
                               .rows = H,
                               .from_ns = 500000000,
                               .to_ns = 1999999999,
                               .speed = 1,
                               .theme = "mono"};
    plays(&o);
    o.speed = 0.1;
    plays(&o);
    o.speed = 7;
    plays(&o);
    o = (struct export_options){
        .cols = W, .rows = H, .from_ns = 1000000, .to_ns = -1, .speed = 100, .theme = "dark"};
    plays(&o);
}

/* The same lines; v3's times are what passed since the line before, and their sum does not drift.
 */
Test(export, version_3_is_version_2_in_other_words)
{
    static struct fake f;
    static struct line a, b;
    struct export_options o = {.cols = W, .rows = H, .to_ns = -1, .speed = 0.3, .theme = "dark"};
    char *two = write_cast(&f, "cast", &o);
    fake_free(&f);
    char *three = write_cast(&f, "cast3", &o);
    fake_free(&f);
    cr_assert(strncmp(two, "{\"version\":2,\"width\":40,\"height\":8,", 35) == 0, "%.80s", two);
    cr_assert(strncmp(three, "{\"version\":3,\"term\":{\"cols\":40,\"rows\":8,", 39) == 0, "%.80s",
              three);
    cr_assert(strstr(two, "\"title\":\"a \\\"title\\\"\"") &&
              strstr(two, "\"palette\":\"#000000:#8"));
    const char *p = after_header(two), *q = after_header(three);
    double sum = 0;
    size_t lines = 0;
    while ((p = cast_line(p, &a))) {
        q = cast_line(q, &b);
        cr_assert(q && a.code == b.code && strcmp(a.data, b.data) == 0);
        sum += b.t;
        cr_assert_float_eq(sum, a.t, 1e-6);
        lines++;
    }
    cr_assert(!cast_line(q, &b) && lines > 10);
    free(two);
    free(three);
}

Test(export, the_disk_may_be_full)
{
    static struct fake f;
    struct export_options o = {.cols = W, .rows = H, .to_ns = -1, .speed = 1, .theme = "dark"};
    for (size_t i = 0; exporters[i]; i++) {
        free(write_cast(&f, exporters[i]->name, &o));
        f.mark = 0;
        FILE *full = fopen("/dev/full", "wb");
        cr_assert(full);
        setvbuf(full, NULL, _IONBF, 0);
        cr_assert_eq(exporters[i]->write(&f.out, &o, full), -ENOSPC, "%s", exporters[i]->name);
        fclose(full);
        fake_free(&f);
    }
}
