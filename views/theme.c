/* SPDX-License-Identifier: MIT */
/* Themes and the way down to fewer colours: a theme is written once in xterm-256 numbers; 16 and 8
 * colours come from a table for the hues that themes use, else from the nearest. */
#include "views/theme.h"

#include <string.h>

#define S(role, fore, back, attributes) [ST_##role] = {fore, back, attributes},
#define THEME(id, sentence, text, ground, ...) \
    {.name = #id, .help = sentence, .style = {__VA_ARGS__}, .fg_rgb = text, .bg_rgb = ground},
const struct theme themes[] = {
#include "views/themes.def"
};
#undef THEME
#undef S
const size_t themes_n = ARRAY_LEN(themes);

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; name && i < themes_n; i++)
        if (!strcmp(themes[i].name, name))
            return &themes[i];
    return NULL;
}

/* xterm's own first sixteen. */
static const uint32_t base_rgb[16] = {
    0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xc0c0c0,
    0x808080, 0xff0000, 0x00ff00, 0xffff00, 0x0000ff, 0xff00ff, 0x00ffff, 0xffffff,
};

uint32_t theme_rgb(int color256)
{
    if (color256 < 0 || color256 > 255)
        return 0;
    if (color256 < 16)
        return base_rgb[color256];
    if (color256 >= 232) {
        uint32_t grey = 8 + 10 * (uint32_t)(color256 - 232);
        return grey << 16 | grey << 8 | grey;
    }
    static const uint32_t step[6] = {0, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    int n = color256 - 16;
    return step[n / 36] << 16 | step[n / 6 % 6] << 8 | step[n % 6];
}

/* Hues that the nearest of sixteen would confuse: warning and yellow, sky and grey. */
static const struct {
    uint8_t from, to;
} sixteen[] = {
    {214, 11}, {227, 11}, {74, 14},  {36, 10}, {32, 12}, {166, 9}, {175, 13}, {25, 4},
    {22, 2},   {29, 2},   {94, 3},   {130, 3}, {90, 5},  {124, 1}, {48, 10},  {87, 14},
    {219, 13}, {160, 1},  {236, 0},  {240, 8}, {242, 8}, {245, 8}, {248, 7},  {250, 7},
    {252, 7},  {255, 15}, {231, 15}, {16, 0},  {18, 4},  {24, 4},
};

static int to_sixteen(int color)
{
    if (color < 16)
        return color;
    for (size_t i = 0; i < ARRAY_LEN(sixteen); i++)
        if (sixteen[i].from == color)
            return sixteen[i].to;
    uint32_t want = theme_rgb(color);
    int best = 7, least = 1 << 30;
    for (int i = 0; i < 16; i++) {
        int r = (int)(want >> 16) - (int)(base_rgb[i] >> 16);
        int g = (int)(want >> 8 & 255) - (int)(base_rgb[i] >> 8 & 255);
        int b = (int)(want & 255) - (int)(base_rgb[i] & 255);
        int distance = 2 * r * r + 4 * g * g + 3 * b * b;
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

/* The dark grey of a bar is not among sixteen: there it is light with dark text, or its black would
 * be the ground's. */
static bool light_bar(struct theme_style *s)
{
    if (s->bg != 236)
        return false;
    s->bg = 7;
    s->fg = s->fg == 227 ? 4 : s->fg == 166 ? 1 : 0;
    return true;
}

struct theme_style theme_style(const struct theme *t, uint8_t role, uint8_t attr, int colors)
{
    if (role >= ST_COUNT)
        role = ST_NORMAL;
    if (colors < 8)
        t = theme_find("mono");
    struct theme_style s = t->style[role];
    s.attr |= attr;
    if (colors >= 256)
        return s;
    if (light_bar(&s))
        return s;
    s.fg = (int16_t)to_sixteen(s.fg);
    s.bg = (int16_t)to_sixteen(s.bg);
    if (colors >= 16)
        return s;
    if (s.bg > 7)
        s.bg = (int16_t)(s.bg == 8 ? 0 : s.bg & 7);
    if (s.fg == 8) { /* grey is not there: the terminal's own, dimmed */
        s.fg = s.bg >= 0 ? 7 : -1;
        s.attr |= CELL_DIM;
    } else if (s.fg > 7) {
        s.fg &= 7;
        s.attr |= CELL_BOLD;
    }
    if (s.fg == s.bg && s.fg >= 0) /* never invisible */
        s.fg = s.fg == 7 ? 0 : 7;
    return s;
}
