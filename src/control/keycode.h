/* SPDX-License-Identifier: MIT */
/* Codes of keys: what the terminal says was pressed, and what is bound to commands (keymap.h). */
#ifndef CONTROL_KEYCODE_H
#define CONTROL_KEYCODE_H

/* A key press: a code point, or one of these above Unicode. */
enum key {
    KEY_BASE_ = 0x200000,
    PK_UP,
    PK_DOWN,
    PK_LEFT,
    PK_RIGHT,
    PK_HOME,
    PK_END,
    PK_PAGEUP,
    PK_PAGEDOWN,
    PK_BACKTAB,
    PK_BACKSPACE,
    PK_DELETE,
    PK_ENTER,
    PK_ESC,
    PK_TAB,
    PK_F1,
    PK_F2,
    PK_F3,
    PK_F4,
    PK_F5,
    PK_F6,
    PK_F7,
    PK_F8,
    PK_F9,
    PK_F10,
    PK_PASTE,  /* what follows was pasted, not typed: text, and no commands */
    PK_PASTED, /* up to here */
    PK_RESIZE,
    PK_NONE
    /* Ctrl-A … are the code points 1 … 26 except Tab, Enter, Esc */
};

#endif
