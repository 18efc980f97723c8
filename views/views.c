/* SPDX-License-Identifier: MIT */
/* The table of panels, made from views.def. */
#include <string.h>

#include "views/view.h"

#define VIEW(name) extern const struct view view_##name;
#include "views/views.def"
#undef VIEW

const struct view *const views[] = {
#define VIEW(name) &view_##name,
#include "views/views.def"
#undef VIEW
    NULL};

int view_index(const char *name)
{
    for (int i = 0; name && views[i]; i++)
        if (!strcmp(views[i]->name, name) || (views[i]->alias && !strcmp(views[i]->alias, name)))
            return i;
    return -1;
}

const struct view *view_find(const char *name)
{
    int i = view_index(name);
    return i < 0 ? NULL : views[i];
}
