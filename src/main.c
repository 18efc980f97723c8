/* SPDX-License-Identifier: MIT */
/* patternscope: from the arguments to a subcommand. src/README.md has the map of the sources:
 *
 *   INI files ─▶ control ─▶ patterns, on runtime ─▶ ONE STREAM OF EVENTS ─▶ session, export
 *   keys ─▶ commands ─▶ parameters ┘                                    └─▶ detect, model ─▶ views
 *
 * src/app wires them together: engine.c runs a scenario, cmd_*.c are the subcommands. */
#include <string.h>

#include "app/app.h"
#include "app/cmd.h"

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && subcommands[i].name; i++)
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "help") == 0) { /* `help run` is `run --help` */
        char option[] = "--help", *asked[] = {argc > 2 ? argv[2] : argv[0], option, NULL};
        for (size_t i = 0; argc > 2 && subcommands[i].name; i++)
            if (strcmp(argv[2], subcommands[i].name) == 0)
                return subcommands[i].run(2, asked);
        return cmd_watch(2, asked);
    }
    return cmd_watch(argc, argv);
}
