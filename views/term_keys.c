/* SPDX-License-Identifier: MIT */
/* Typed bytes to keys. A control sequence is read by its grammar (ESC [ parameters, final byte), so
 * that one that we do not know is swallowed whole and does not spill letters that are commands. ESC
 * and a letter are two keys: nothing is bound to Alt, and over a slow line both may come in one
 * piece. */
#include "views/term_keys.h"

#include <string.h>

#include "base/str.h"
#include "control/keycode.h"

static const struct {
    char final;
    uint32_t key;
} letters[] = {
    {'A', PK_UP},   {'B', PK_DOWN}, {'C', PK_RIGHT},   {'D', PK_LEFT},
    {'H', PK_HOME}, {'F', PK_END},  {'P', PK_F1},      {'Q', PK_F2},
    {'R', PK_F3},   {'S', PK_F4},   {'Z', PK_BACKTAB}, {'M', PK_ENTER},
};
static const struct {
    int number;
    uint32_t key;
} tildes[] = {
    {1, PK_HOME}, {3, PK_DELETE}, {4, PK_END},     {5, PK_PAGEUP},   {6, PK_PAGEDOWN},
    {7, PK_HOME}, {8, PK_END},    {11, PK_F1},     {12, PK_F2},      {13, PK_F3},
    {14, PK_F4},  {15, PK_F5},    {17, PK_F6},     {18, PK_F7},      {19, PK_F8},
    {20, PK_F9},  {21, PK_F10},   {200, PK_PASTE}, {201, PK_PASTED},
};

static uint32_t letter_key(char c)
{
    for (size_t i = 0; i < ARRAY_LEN(letters); i++)
        if (letters[i].final == c)
            return letters[i].key;
    return PK_NONE;
}

static uint32_t tilde_key(int number)
{
    for (size_t i = 0; i < ARRAY_LEN(tildes); i++)
        if (tildes[i].number == number)
            return tildes[i].key;
    return PK_NONE;
}

/* ESC [ < button ; x ; y M, or m when it is let go. */
static void mouse(const int *number, char final, struct term_event *e)
{
    if (final != 'M')
        return;
    int button = number[0];
    if ((button & 3) && !(button & 64))
        return; /* only the left one */
    if (button & 32)
        return; /* dragged */
    e->mouse_x = number[1] - 1;
    e->mouse_y = number[2] - 1;
    if (button & 64)
        e->wheel = button & 1 ? 1 : -1;
}

/* After ESC [: parameters, intermediates, the final byte. */
static size_t control_sequence(const char *p, size_t n, struct term_event *e)
{
    int number[4] = {0}, at = 0;
    size_t i = 2;
    bool private = i < n && p[i] == '<';
    if (i < n && p[i] == '[') { /* the Linux console: ESC [ [ A … E are F1 … F5 */
        if (n < 4)
            return 0;
        e->key = p[3] >= 'A' && p[3] <= 'E' ? PK_F1 + (uint32_t)(p[3] - 'A') : (uint32_t)PK_NONE;
        return 4;
    }
    for (; i < n && p[i] >= 0x20 && p[i] < 0x40; i++) {
        if (p[i] >= '0' && p[i] <= '9' && number[at] < 100000)
            number[at] = number[at] * 10 + (p[i] - '0');
        else if (p[i] == ';' && at < 3)
            at++;
        if (i > 40) { /* no sequence of a key is that long */
            e->key = PK_NONE;
            return i;
        }
    }
    if (i == n)
        return 0;
    if (private && (p[i] == 'M' || p[i] == 'm'))
        mouse(number, p[i], e);
    else
        e->key = p[i] == '~' ? tilde_key(number[0]) : letter_key(p[i]);
    return i + 1;
}

static size_t escape(const char *p, size_t n, bool final, struct term_event *e)
{
    size_t used = 0;
    if (n >= 2 && p[1] == '[') {
        used = control_sequence(p, n, e);
    } else if (n >= 2 && p[1] == 'O') {
        if (n >= 3) {
            e->key = letter_key(p[2]);
            return 3;
        }
    } else if (n >= 2) {
        e->key = PK_ESC;
        return 1;
    }
    if (used || !final)
        return used;
    e->key = PK_ESC; /* the key itself, or a sequence that was cut off */
    return n >= 2 && p[1] == '[' && n > 2 ? n : 1;
}

static uint32_t control_key(unsigned char c)
{
    switch (c) {
    case '\r':
    case '\n':
        return PK_ENTER;
    case '\t':
        return PK_TAB;
    case 8:
    case 127:
        return PK_BACKSPACE;
    case 0:
        return PK_NONE;
    default:
        return c;
    }
}

size_t keys_decode(const char *bytes, size_t n, bool final, const struct key_sequence *own,
                   size_t own_n, struct term_event *e)
{
    *e = (struct term_event){.key = PK_NONE, .mouse_x = -1, .mouse_y = -1};
    for (size_t i = 0; i < own_n; i++) {
        size_t len = strlen(own[i].bytes);
        if (len > 1 && len <= n && !memcmp(own[i].bytes, bytes, len)) {
            e->key = own[i].key;
            return len;
        }
    }
    unsigned char c = (unsigned char)bytes[0];
    if (c == 27)
        return escape(bytes, n, final, e);
    if (c < 32 || c == 127) {
        e->key = control_key(c);
        return 1;
    }
    if (c >= 0x80) {
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (c >= 0xc2 && c <= 0xf4 && n < need && !final)
            return 0;
    }
    uint32_t cp;
    size_t used = utf8_decode(bytes, bytes + n, &cp);
    e->key = cp == 0xfffd ? (uint32_t)PK_NONE : cp;
    return used;
}
