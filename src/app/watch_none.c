/* SPDX-License-Identifier: MIT */
/* For builds without the terminal's view. */
#include "app/options.h"

int watch(const char *name, const char *session, const struct run_options *o)
{
    (void)o;
    (void)session;
    return complain(STATUS_ENVIRONMENT, "the terminal view is not built; try: patternscope run %s",
                    name ? name : "SCENARIO");
}
