/* SPDX-License-Identifier: MIT */
/* asciicast v2 and v3 (docs.asciinema.org/manual/asciicast): the screen, drawn from the events on a
 * virtual clock, so that the same session gives the same bytes at any size, on any machine.
 *
 *   cast time   0        1/30       2/30  …          every frame: events up to its instant, draw,
 *   scenario    from ─── +speed/30 ─── …      to     write what changed
 *                    ▲ mark: its own instant, between two frames
 *
 * v2 has times since the beginning, v3 since the line before. Times are rounded once, cumulatively,
 * and the differences are taken of that: rounding each interval would drift. */
#include <inttypes.h>

#include "export/ansi.h"
#include "export/export_inside.h"
#include "views/theme.h"

enum { FPS = 30 };

struct cast {
    struct export_source *s;
    const struct export_options *o;
    const struct theme *theme;
    FILE *out;
    int version;
    int64_t last_us; /* of the line before */
    struct canvas *shown, *next;
    bool drawn;
    struct str bytes, line;
    int status;
};

/* Never before the line before it. */
static void event_line(struct cast *c, int64_t us, char code, const char *data)
{
    if (us < c->last_us)
        us = c->last_us;
    int64_t t = c->version == 3 ? us - c->last_us : us;
    c->last_us = us;
    str_clear(&c->line);
    str_addf(&c->line, "[%" PRId64 ".%06" PRId64 ", \"%c\", ", t / 1000000, t % 1000000, code);
    str_add_json(&c->line, data);
    str_add(&c->line, "]\n");
    if (!c->status)
        c->status = export_put(c->out, &c->line);
}

static void theme_json(struct cast *c)
{
    str_addf(&c->line, "\"theme\":{\"fg\":\"#%06x\",\"bg\":\"#%06x\",\"palette\":\"",
             (unsigned)c->theme->fg_rgb, (unsigned)c->theme->bg_rgb);
    for (int i = 0; i < 16; i++)
        str_addf(&c->line, "%s#%06x", i ? ":" : "", (unsigned)theme_rgb(i));
    str_add(&c->line, "\"}");
}

static void header(struct cast *c)
{
    const struct export_options *o = c->o;
    if (c->version == 3)
        str_addf(&c->line,
                 "{\"version\":3,\"term\":{\"cols\":%d,\"rows\":%d,\"type\":\"xterm-256color\",",
                 o->cols, o->rows);
    else
        str_addf(&c->line, "{\"version\":2,\"width\":%d,\"height\":%d,", o->cols, o->rows);
    theme_json(c);
    /* Silence means something here (a deadlock): players shall not shorten it. */
    str_addf(&c->line, "%s,\"idle_time_limit\":86400,\"title\":", c->version == 3 ? "}" : "");
    str_add_json(&c->line, c->s->title);
    if (c->version == 2)
        str_add(&c->line, ",\"env\":{\"TERM\":\"xterm-256color\"}");
    str_add(&c->line, "}\n");
    c->status = export_put(c->out, &c->line);
}

static void draw(struct cast *c, int64_t us)
{
    canvas_clear(c->next);
    c->s->draw(c->s, c->next);
    str_clear(&c->bytes);
    if (!c->drawn)
        str_add(&c->bytes, "\033[0m\033[?25l\033[2J"); /* for who looks on in a larger one */
    ansi_diff(c->drawn ? c->shown : NULL, c->next, c->theme, &c->bytes);
    if (c->bytes.len)
        event_line(c, us, 'o', c->bytes.data);
    struct canvas *old = c->shown;
    c->shown = c->next;
    c->next = old;
    c->drawn = true;
}

/* From scenario time to the cast's. */
static int64_t cast_us(const struct cast *c, int64_t t_ns)
{
    return (int64_t)((double)(t_ns - c->o->from_ns) / 1000 / c->o->speed);
}

/* The events up to t_ns; marks among them are lines of their own. */
static void advance(struct cast *c, int64_t t_ns)
{
    struct event ev;
    while (c->s->next(c->s, t_ns, &ev))
        if (ev.kind == EV_MARK && ev.t_ns >= c->o->from_ns)
            event_line(c, cast_us(c, ev.t_ns), 'm', strtab_get(c->s->model(c->s)->names, ev.c));
}

static void frames(struct cast *c)
{
    int64_t to = c->o->to_ns < 0 || c->o->to_ns > c->s->end_ns ? c->s->end_ns : c->o->to_ns;
    int64_t t = c->o->from_ns;
    for (int64_t k = 0; !c->status; k++) {
        bool last = t >= to;
        advance(c, last ? to : t);
        draw(c, last ? cast_us(c, to) : k * 1000000 / FPS);
        if (last)
            break;
        t = c->o->from_ns + (int64_t)((double)(k + 1) * (1e9 / FPS) * c->o->speed);
    }
}

int cast_write(struct export_source *s, const struct export_options *o, FILE *out, int version)
{
    struct cast c = {.s = s,
                     .o = o,
                     .theme = theme_find(o->theme ? o->theme : "dark"),
                     .out = out,
                     .version = version,
                     .shown = canvas_create(o->cols, o->rows),
                     .next = canvas_create(o->cols, o->rows)};
    if (!c.theme)
        c.theme = &themes[0];
    header(&c);
    if (!c.status)
        frames(&c);
    /* A player's terminal must be left with its cursor. */
    str_clear(&c.bytes);
    str_addf(&c.bytes, "\033[0m\033[%d;1H\033[?25h\r\n", o->rows);
    if (!c.status)
        event_line(&c, c.last_us, 'o', c.bytes.data);
    canvas_free(c.shown);
    canvas_free(c.next);
    str_free(&c.bytes);
    str_free(&c.line);
    return c.status;
}

static int write_cast(struct export_source *s, const struct export_options *o, FILE *out)
{
    return cast_write(s, o, out, 2);
}

const struct exporter exporter_cast = {
    .name = "cast",
    .help = "the screen as asciicast v2 (asciinema), marks as chapters",
    .extension = "cast",
    .needs_size = true,
    .write = write_cast,
};
