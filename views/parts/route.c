/* SPDX-License-Identifier: MIT */
/* Lines between boxes. Each cell collects the arms of all lines through it, and only then becomes a
 * character, so that forks, joins and crossings come out right in whatever order they were added.
 */
#include "views/glyph.h"
#include "views/parts/parts.h"

enum { ARM_UP = 1, ARM_RIGHT = 2, ARM_DOWN = 4, ARM_LEFT = 8 };

void route_start(struct route *r, int w, int h)
{
    *r = (struct route){.w = w < ROUTE_W ? w : ROUTE_W, .h = h < ROUTE_H ? h : ROUTE_H};
}

static void arm(struct route *r, int x, int y, uint8_t arms)
{
    if (x >= 0 && y >= 0 && x < r->w && y < r->h)
        r->arms[y][x] |= arms;
}

void route_add(struct route *r, int x0, int y0, int bend, int x1, int y1)
{
    if (y0 == y1) {
        for (int x = x0; x <= x1; x++)
            arm(r, x, y0, ARM_LEFT | ARM_RIGHT);
        return;
    }
    for (int x = x0; x < bend; x++)
        arm(r, x, y0, ARM_LEFT | ARM_RIGHT);
    arm(r, bend, y0, (uint8_t)(ARM_LEFT | (y1 > y0 ? ARM_DOWN : ARM_UP)));
    for (int y = (y0 < y1 ? y0 : y1) + 1; y < (y0 < y1 ? y1 : y0); y++)
        arm(r, bend, y, ARM_UP | ARM_DOWN);
    arm(r, bend, y1, (uint8_t)(ARM_RIGHT | (y1 > y0 ? ARM_UP : ARM_DOWN)));
    for (int x = bend + 1; x <= x1; x++)
        arm(r, x, y1, ARM_LEFT | ARM_RIGHT);
}

void route_draw(const struct route *r, struct canvas *c, int x, int y, uint8_t style)
{
    static const uint32_t shape[16] = {
        [ARM_UP] = GL_POST,
        [ARM_DOWN] = GL_POST,
        [ARM_LEFT] = GL_LINE,
        [ARM_RIGHT] = GL_LINE,
        [ARM_UP | ARM_DOWN] = GL_POST,
        [ARM_LEFT | ARM_RIGHT] = GL_LINE,
        [ARM_RIGHT | ARM_DOWN] = GL_CORNER_TL,
        [ARM_LEFT | ARM_DOWN] = GL_CORNER_TR,
        [ARM_RIGHT | ARM_UP] = GL_CORNER_BL,
        [ARM_LEFT | ARM_UP] = GL_CORNER_BR,
        [ARM_UP | ARM_DOWN | ARM_RIGHT] = GL_TEE_RIGHT,
        [ARM_UP | ARM_DOWN | ARM_LEFT] = GL_TEE_LEFT,
        [ARM_LEFT | ARM_RIGHT | ARM_DOWN] = GL_TEE_DOWN,
        [ARM_LEFT | ARM_RIGHT | ARM_UP] = GL_TEE_UP,
        [ARM_UP | ARM_RIGHT | ARM_DOWN | ARM_LEFT] = GL_CROSSING,
    };
    for (int j = 0; j < r->h; j++)
        for (int i = 0; i < r->w; i++)
            if (r->arms[j][i])
                canvas_put(c, x + i, y + j, shape[r->arms[j][i]], style, 0);
}
