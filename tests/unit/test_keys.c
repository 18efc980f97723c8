/* SPDX-License-Identifier: MIT */
/* Typed bytes to keys. */
#include <criterion/criterion.h>

#include <string.h>

#include "control/keycode.h"
#include "views/term_keys.h"

static const struct key_sequence own[] = {{"\033OA", PK_UP}, {"\033[9~", PK_HOME}};

/* All keys of a text, as the loop would read them when nothing more comes. */
static size_t keys(const char *bytes, uint32_t *out, size_t max)
{
    size_t n = strlen(bytes), count = 0;
    while (n && count < max) {
        struct term_event e;
        size_t used = keys_decode(bytes, n, true, own, 2, &e);
        cr_assert(used > 0 && used <= n);
        out[count++] = e.key;
        bytes += used;
        n -= used;
    }
    return count;
}

static void are(const char *bytes, size_t n, const uint32_t *want)
{
    uint32_t got[32];
    cr_assert_eq(keys(bytes, got, 32), n, "%s", bytes + 1);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(got[i], want[i], "key %zu of %s is %x", i, bytes + 1, got[i]);
}
#define KEYS(bytes, ...) \
    are(bytes, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

Test(keys, characters_and_controls)
{
    KEYS("a?\r\n\t\x7f\x08\x12", 'a', '?', PK_ENTER, PK_ENTER, PK_TAB, PK_BACKSPACE, PK_BACKSPACE,
         0x12);
    KEYS("\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80", 0xe4, 0x6f22, 0x1f600);
    KEYS("\xff", PK_NONE);
}

Test(keys, sequences)
{
    KEYS("\033OA\033[A\033[B\033[C\033[D", PK_UP, PK_UP, PK_DOWN, PK_RIGHT, PK_LEFT);
    KEYS("\033[H\033OF\033[5~\033[6~\033[Z\033[3~", PK_HOME, PK_END, PK_PAGEUP, PK_PAGEDOWN,
         PK_BACKTAB, PK_DELETE);
    KEYS("\033OP\033[11~\033[[B\033[21~\033[9~", PK_F1, PK_F1, PK_F2, PK_F10, PK_HOME);
    KEYS("\033[1;5A", PK_UP); /* with Ctrl: the same key */
}

Test(keys, what_is_not_known_is_swallowed_whole)
{
    KEYS("\033[300~x", PK_NONE, 'x');
    KEYS("\033[?1;2cq", PK_NONE, 'q'); /* an answer of the terminal is not the command q */
    KEYS("\033[>0;276;0cq", PK_NONE, 'q');
}

Test(keys, what_is_pasted_stands_between_marks)
{
    KEYS("\033[200~q\n\033[201~x", PK_PASTE, 'q', PK_ENTER, PK_PASTED, 'x');
}

Test(keys, escape_itself)
{
    KEYS("\033", PK_ESC);
    KEYS("\033x", PK_ESC, 'x');
    KEYS("\033\033[A", PK_ESC, PK_UP);
}

Test(keys, an_unfinished_sequence_waits)
{
    static const char *const parts[] = {"\033",  "\033[",    "\033[1;",
                                        "\033O", "\xe6\xbc", "\033[<0;3"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct term_event e;
        cr_assert_eq(keys_decode(parts[i], strlen(parts[i]), false, own, 2, &e), 0);
        cr_assert(keys_decode(parts[i], strlen(parts[i]), true, own, 2, &e) > 0);
    }
}

Test(keys, mouse)
{
    struct term_event e;
    cr_assert_eq(keys_decode("\033[<0;12;5M", 10, false, own, 2, &e), 10);
    cr_assert(e.mouse_x == 11 && e.mouse_y == 4 && !e.wheel && e.key == PK_NONE);
    keys_decode("\033[<0;12;5m", 10, false, own, 2, &e);
    cr_assert_eq(e.mouse_x, -1, "letting go is nothing");
    keys_decode("\033[<64;1;1M", 10, false, own, 2, &e);
    cr_assert_eq(e.wheel, -1);
    keys_decode("\033[<65;1;1M", 10, false, own, 2, &e);
    cr_assert_eq(e.wheel, 1);
}

/* Whatever comes, it is taken to its end, and never more than there is. */
Test(keys, any_bytes)
{
    uint32_t x = 7;
    char bytes[64];
    for (int round = 0; round < 20000; round++) {
        size_t n = 1 + round % 60;
        for (size_t i = 0; i < n; i++) {
            x ^= x << 13, x ^= x >> 17, x ^= x << 5;
            static const char likely[] = "\033[[<;0123456789~MmOA?";
            bytes[i] = x % 3 ? likely[(x >> 8) % (sizeof likely - 1)] : (char)(x >> 16);
        }
        for (size_t at = 0; at < n;) {
            struct term_event e;
            size_t used = keys_decode(bytes + at, n - at, true, own, 2, &e);
            cr_assert(used > 0 && used <= n - at);
            at += used;
        }
    }
}
