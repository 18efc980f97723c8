/* SPDX-License-Identifier: MIT */
/* The subcommands: one a file, one row in subcommands.def each. Each returns an exit status. */
#ifndef APP_CMD_H
#define APP_CMD_H

#define SUBCOMMAND(name, ...) int cmd_##name(int argc, char **argv);
#include "app/subcommands.def"
#undef SUBCOMMAND

/* No subcommand: watch a scenario, or the gallery. */
int cmd_watch(int argc, char **argv);

#endif
