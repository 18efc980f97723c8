/* SPDX-License-Identifier: MIT */
/* The scheduling policies by name. */
#include "runtime/schedule.h"

#include <string.h>

#define SCHEDULE(name) extern const struct schedule name;
#include "runtime/schedules.def"
#undef SCHEDULE

#define SCHEDULE(name) &name,
const struct schedule *const schedules[] = {
#include "runtime/schedules.def"
    NULL};
#undef SCHEDULE

const struct schedule *schedule_find(const char *name)
{
    if (!name || !*name)
        return schedules[0];
    for (const struct schedule *const *s = schedules; *s; s++)
        if (strcmp((*s)->name, name) == 0)
            return *s;
    return NULL;
}
