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

enum { ARGS_MAX = 4 };

/* One argument of a command, from its row: "PARAM", "[on|off]", "up|down". */
struct arg {
    const char *p; /* without brackets */
    size_t n;
    bool optional;
    bool closed; /* no capitals: one of the words it lists, nothing else */
};

static int args_of(const char *text, struct arg *arg)
{
    int n = 0;
    while (*text) {
        size_t len = strcspn(text, " ");
        struct arg *a = &arg[n++];
        *a = (struct arg){.p = text, .n = len, .optional = *text == '[', .closed = true};
        if (a->optional) {
            a->p++;
            a->n -= 2;
        }
        for (size_t i = 0; i < a->n; i++)
            if (a->p[i] >= 'A' && a->p[i] <= 'Z')
                a->closed = false;
        text += len + strspn(text + len, " ");
        VERIFY(n < ARGS_MAX || !*text);
    }
    return n;
}

/* Is that one of the words that a closed argument lists? */
static bool listed(const struct arg *a, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = a->p; p < a->p + a->n;) {
        size_t n = strcspn(p, "| ]");
        if (n == len && strncmp(p, word, n) == 0)
            return true;
        p += n + 1;
    }
    return false;
}

static size_t word_length(const char *p)
{
    return strcspn(p, " \t");
}

static char *trimmed(const char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    return xstrndup(text, n);
}

/* Gives each argument its word and the last one the rest. False: too few, too many, or a word that
 * a closed argument does not list (a closed one that may be missing is then passed over). */
static bool take_args(const char *p, const char *args, struct command *out)
{
    struct arg arg[ARGS_MAX];
    int n = args_of(args, arg);
    for (int i = 0; i < n; i++) {
        p += strspn(p, " \t");
        if (!*p) {
            if (!arg[i].optional)
                return false;
            continue;
        }
        char *word = i == n - 1 ? xstrdup(p) : xstrndup(p, word_length(p));
        if (arg[i].closed && !listed(&arg[i], word)) {
            free(word);
            if (!arg[i].optional || i == n - 1)
                return false;
            continue;
        }
        p += strlen(word);
        out->argv[out->argc++] = word;
    }
    return !*p;
}

static int find_command(const char *name)
{
    int id = 0;
    while (id < CMD_COUNT && strcmp(name, command_info[id].name) != 0)
        id++;
    return id;
}

const char *command_parse(const char *text, struct command *out)
{
    static _Thread_local char sentence[256];
    memset(out, 0, sizeof *out);
    out->text = trimmed(text);
    size_t n = word_length(out->text);
    char *name = xstrndup(out->text, n);
    int id = find_command(name);
    if (id < CMD_COUNT && take_args(out->text + n, command_info[id].args, out)) {
        out->id = (enum command_id)id;
        free(name);
        return NULL;
    }
    if (id < CMD_COUNT) {
        const char *args = command_info[id].args;
        snprintf(sentence, sizeof sentence, "usage: %s%s%s", name, *args ? " " : "", args);
    } else {
        const char *names[CMD_COUNT];
        for (int i = 0; i < CMD_COUNT; i++)
            names[i] = command_info[i].name;
        const char *near = str_nearest(name, names, CMD_COUNT);
        if (near)
            snprintf(sentence, sizeof sentence, "no command '%.*s' (did you mean '%s'?)",
                     utf8_fit(name, 60), name, near);
        else
            snprintf(sentence, sizeof sentence, "no command '%.*s' (see: list commands)",
                     utf8_fit(name, 60), name);
    }
    free(name);
    command_free(out);
    return sentence;
}

void command_free(struct command *c)
{
    for (int i = 0; i < 4; i++)
        free(c->argv[i]);
    free(c->text);
    memset(c, 0, sizeof *c);
}
