/* SPDX-License-Identifier: MIT */
/* Writing files so that nobody ever sees half of one. */
#include "app/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static char *failed(struct out *o, int error)
{
    char *text = xasprintf("%s: cannot be written: %s", o->name, strerror(error));
    if (o->f && !o->is_stdout)
        fclose(o->f);
    if (o->temporary)
        unlink(o->temporary);
    free(o->temporary);
    free(o->path);
    *o = (struct out){0};
    return text;
}

/* A temporary beside the file, with the mode a new file would have. */
static bool open_temporary(struct out *o)
{
    o->temporary = xasprintf("%s.XXXXXX", o->path);
    int fd = mkstemp(o->temporary);
    if (fd < 0) {
        free(o->temporary);
        o->temporary = NULL;
        return false;
    }
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, stat(o->path, &st) == 0 ? st.st_mode & 07777 : 0666 & ~mask);
    o->f = fdopen(fd, "wb");
    return o->f != NULL;
}

char *out_open(struct out *o, const char *name, bool whole)
{
    *o = (struct out){.name = name};
    if (strcmp(name, "-") == 0) {
        o->name = "standard output";
        o->f = stdout;
        o->is_stdout = true;
        return NULL;
    }
    struct stat st;
    bool there = stat(name, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return failed(o, EISDIR);
    if (whole && (!there || S_ISREG(st.st_mode))) {
        /* Through a link, so that the link stays. */
        char *real = realpath(name, NULL);
        o->path = real ? real : xstrdup(name);
        return open_temporary(o) ? NULL : failed(o, errno);
    }
    o->f = fopen(name, "wb");
    return o->f ? NULL : failed(o, errno);
}

char *out_close(struct out *o, bool keep)
{
    if (!o->f)
        return NULL;
    /* fclose says it again, but on standard output there is none. */
    int error = fflush(o->f) != 0 ? errno : ferror(o->f) ? EIO : 0;
    if (keep && error)
        return failed(o, error);
    if (!o->is_stdout && fclose(o->f) != 0 && keep) {
        o->f = NULL;
        return failed(o, errno);
    }
    o->f = NULL;
    if (o->temporary) {
        if (keep && rename(o->temporary, o->path) != 0)
            return failed(o, errno);
        if (!keep)
            unlink(o->temporary);
    }
    free(o->temporary);
    free(o->path);
    *o = (struct out){0};
    return NULL;
}
