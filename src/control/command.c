/* SPDX-License-Identifier: MIT */
/* Parsing of commands. */
#include "control/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

const struct command_info command_info[CMD_COUNT] = {
#define COMMAND(id, nm, ar, he, en, cu) \
    [CMD_##id] = {.name = nm, .args = ar, .help = he, .engine = en, .cue = cu},
#include "control/commands.def"
#undef COMMAND
};

/* The next word at *p, malloc'ed, or NULL at the end. */
static char *word(const char **p)
{
    *p += strspn(*p, " \t");
    size_t n = strcspn(*p, " \t");
    if (!n)
        return NULL;
    char *w = xstrndup(*p, n);
    *p += n;
    return w;
}

static char *trimmed(const char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    return xstrndup(text, n);
}

const char *command_parse(const char *text, struct command *out)
{
    static _Thread_local char sentence[256];
    memset(out, 0, sizeof *out);
    out->text = trimmed(text);
    const char *p = out->text;
    char *name = word(&p);
    const char *names[CMD_COUNT];
    int id = CMD_COUNT;
    for (int i = 0; i < CMD_COUNT; i++) {
        names[i] = command_info[i].name;
        if (name && strcmp(name, names[i]) == 0)
            id = i;
    }
    if (id == CMD_COUNT) {
        const char *near = name ? str_nearest(name, names, CMD_COUNT) : NULL;
        if (near)
            snprintf(sentence, sizeof sentence, "no command '%.60s' (did you mean '%s'?)", name,
                     near);
        else
            snprintf(sentence, sizeof sentence, "no command '%.60s' (see: list commands)",
                     name ? name : "");
        free(name);
        command_free(out);
        return sentence;
    }
    free(name);
    out->id = (enum command_id)id;
    while (out->argc < 3 && (out->argv[out->argc] = word(&p)))
        out->argc++;
    p += strspn(p, " \t");
    if (*p)
        out->argv[out->argc++] = xstrdup(p);
    const char *args = command_info[id].args;
    int needed = 0;
    for (const char *a = args; *a; a++)
        if ((a == args || a[-1] == ' ') && *a != '[')
            needed++;
    if (out->argc < needed || (!*args && out->argc)) {
        snprintf(sentence, sizeof sentence, "usage: %s%s%s", command_info[id].name,
                 *args ? " " : "", args);
        command_free(out);
        return sentence;
    }
    return NULL;
}

void command_free(struct command *c)
{
    for (int i = 0; i < 4; i++)
        free(c->argv[i]);
    free(c->text);
    memset(c, 0, sizeof *c);
}
