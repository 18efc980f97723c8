/* SPDX-License-Identifier: MIT */
/* The ASCII twins. Sorted by code point, so the lookup is a binary search. */
#include "views/glyph.h"

#include "base/diag.h"

static const struct {
    uint32_t code;
    char twin;
} twins[] = {
#define GLYPH(id, code, twin) {code, twin},
#include "views/glyph.def"
#undef GLYPH
};

char glyph_ascii(uint32_t code)
{
    if (code < 0x80)
        return (char)code;
    if (code >= 0x2800 && code < 0x2900) /* Braille: by the number of dots */
        return " .::-=+*#"[__builtin_popcount(code & 0xff)];
    size_t low = 0, high = ARRAY_LEN(twins);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (twins[mid].code == code)
            return twins[mid].twin;
        if (twins[mid].code < code)
            low = mid + 1;
        else
            high = mid;
    }
    return '?';
}
