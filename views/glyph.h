/* SPDX-License-Identifier: MIT */
/* Glyphs by name. Views draw the Unicode ones; a canvas with `ascii` set translates each cell it is
 * given, so no view has two ways to draw. */
#ifndef VIEWS_GLYPH_H
#define VIEWS_GLYPH_H

#include <stdint.h>

enum glyph {
#define GLYPH(id, code, twin) GL_##id = code,
#include "views/glyph.def"
#undef GLYPH
};

/* The ASCII twin of a code point; '?' for what has none, ' ' never. Braille gives a density. */
char glyph_ascii(uint32_t code);

#endif
