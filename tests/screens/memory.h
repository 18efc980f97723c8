/* SPDX-License-Identifier: MIT */
/* The program whose cells and slices are shown; by itself, because a canvas has cells too. */
#ifndef TESTS_SCREENS_MEMORY_H
#define TESTS_SCREENS_MEMORY_H

void memory_program(void *arg);

#endif
