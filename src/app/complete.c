/* SPDX-License-Identifier: MIT */
/* What can stand at the end of a command that is being typed. The words follow from the tables: a
 * command's row says what its arguments are, and each placeholder there has its source below. */
#include <stdlib.h>
#include <string.h>

#include "app/watch.h"
#include "base/mem.h"

struct list {
    char **word, **help;
    size_t n, cap, help_cap;
    const char *prefix;
};

static void add(struct list *l, const char *word, const char *help)
{
    if (strncmp(word, l->prefix, strlen(l->prefix)) != 0)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->word[i], word) == 0)
            return;
    grow(&l->word, &l->cap, l->n + 2, sizeof *l->word);
    grow(&l->help, &l->help_cap, l->n + 2, sizeof *l->help);
    l->word[l->n] = xstrdup(word);
    l->help[l->n++] = xstrdup(help ? help : "");
}

static void add_params(struct watch *w, struct list *l)
{
    for (size_t i = 0; i < w->params.n; i++)
        add(l, w->params.at[i].path, w->params.at[i].row->help);
}

/* The values of the parameter in `before` ("set PARAM "). */
static void add_values(struct watch *w, struct list *l, const char *before)
{
    char path[256] = "";
    const char *p = strchr(before, ' ');
    if (p)
        p += strspn(p, " ");
    size_t len = p ? strcspn(p, " ") : 0;
    if (!len || len >= sizeof path)
        return;
    memcpy(path, p, len);
    path[len] = '\0';
    const struct param_now *now = params_find(w, path);
    if (!now)
        return;
    for (const char *const *c = now->row->choices; now->row->type == PT_CHOICE && *c; c++)
        add(l, *c, "");
    if (now->row->type == PT_BOOL) {
        add(l, "on", "");
        add(l, "off", "");
    }
    add(l, now->value, "as it is now");
    add(l, now->file, "as in the file");
    if (now->row->automatic)
        add(l, "auto", "");
}

static void add_faults(struct watch *w, struct list *l, const char *before, bool object)
{
    const struct pattern *pattern = player_pattern(w->player);
    if (!pattern || !pattern->faults)
        return;
    const char *p = strchr(before, ' ');
    p = p ? p + strspn(p, " ") : "";
    for (const struct pattern_fault *f = pattern->faults; f->object; f++) {
        size_t len = strlen(f->object);
        if (object)
            add(l, f->object, f->help);
        else if (strncmp(p, f->object, len) == 0 && p[len] == ' ')
            add(l, f->fault, f->help);
    }
}

/* One alternative of an argument: a placeholder in capitals, or a word. */
static void add_alternative(struct watch *w, struct list *l, const char *what, const char *before)
{
    const struct pattern *pattern = player_pattern(w->player);
    if (strcmp(what, "PARAM") == 0) {
        add_params(w, l);
    } else if (strcmp(what, "VALUE") == 0) {
        add_values(w, l, before);
    } else if (strcmp(what, "OBJECT") == 0) {
        add_faults(w, l, before, true);
    } else if (strcmp(what, "FAULT") == 0) {
        add_faults(w, l, before, false);
    } else if (strcmp(what, "ACTION") == 0) {
        for (const struct pattern_action *a = pattern ? pattern->actions : NULL; a && a->name; a++)
            add(l, a->name, a->help);
    } else if (strcmp(what, "PANEL") == 0) {
        for (size_t i = 0; views[i]; i++)
            add(l, views[i]->name, views[i]->help);
    } else if (strcmp(what, "NAME") == 0) {
        for (size_t i = 0; i < themes_n; i++)
            add(l, themes[i].name, themes[i].help);
    } else if (what[0] >= 'a' && what[0] <= 'z') {
        add(l, what, "");
    }
}

/* The index-th argument of a row: "PARAM VALUE|+N|-N", "[on|off] [FILE]". */
static void add_argument(struct watch *w, struct list *l, const struct command_info *info,
                         int index, const char *before)
{
    char *copy = xstrdup(info->args), *rest = copy, *word, *alternative;
    for (int i = 0; (word = strsep(&rest, " ")); i++) {
        if (i != index)
            continue;
        word += *word == '[';
        word[strcspn(word, "]")] = '\0';
        while ((alternative = strsep(&word, "|")))
            add_alternative(w, l, alternative, before);
        break;
    }
    free(copy);
}

char **complete(struct watch *w, const char *text, char ***helps)
{
    struct list l = {0};
    text += strspn(text, " ");
    const char *blank = strrchr(text, ' ');
    l.prefix = blank ? blank + 1 : text;
    if (!blank) {
        for (int i = 0; i < CMD_COUNT; i++)
            add(&l, command_info[i].name, command_info[i].help);
    } else {
        int words = 0;
        for (const char *p = text; p < blank; p += strspn(p, " "), words++)
            p += strcspn(p, " ");
        size_t len = strcspn(text, " ");
        for (int i = 0; i < CMD_COUNT; i++)
            if (strlen(command_info[i].name) == len &&
                strncmp(command_info[i].name, text, len) == 0)
                add_argument(w, &l, &command_info[i], words - 1, text);
    }
    grow(&l.word, &l.cap, l.n + 1, sizeof *l.word);
    grow(&l.help, &l.help_cap, l.n + 1, sizeof *l.help);
    l.word[l.n] = l.help[l.n] = NULL;
    *helps = l.help;
    return l.word;
}

void complete_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}
