/* SPDX-License-Identifier: MIT */
/* patternscope check: reads scenarios, runs nothing, shows every error of each. */
#include "app/cmd.h"
#include "app/options.h"
#include "base/str.h"

static void add_json(struct str *out, const struct errors *e)
{
    for (size_t i = 0; i < e->kept; i++) {
        str_add(out, out->len > 1 ? ",\n " : "\n ");
        str_add(out, "{\"file\":");
        str_add_json(out, e->item[i].file);
        if (e->item[i].line)
            str_addf(out, ",\"line\":%d", e->item[i].line);
        else
            str_add(out, ",\"line\":null");
        str_add(out, ",\"message\":");
        str_add_json(out, e->item[i].text);
        str_addc(out, '}');
    }
}

int cmd_check(int argc, char **argv)
{
    struct args a;
    int status = args_parse(&a, IN_CHECK, argc, argv);
    if (status < 0 && !a.operands_n)
        status = usage_error(IN_CHECK, "SCENARIO is missing");
    if (status >= 0) {
        args_free(&a);
        return status;
    }
    struct str json = {0};
    str_addc(&json, '[');
    status = STATUS_OK;
    for (size_t i = 0; i < a.operands_n; i++) {
        struct errors e = {0};
        struct scenario *s = app_scenario(a.operands[i], &a.run, &e);
        if (!s)
            status = STATUS_USAGE;
        scenario_free(s);
        if (a.json)
            add_json(&json, &e);
        else
            errors_print(&e, stderr);
        errors_free(&e);
    }
    if (a.json)
        printf("%s%s]\n", json.data, json.len > 1 ? "\n" : "");
    str_free(&json);
    args_free(&a);
    return status;
}
