/* SPDX-License-Identifier: MIT */
/* The words on the screen in the user's language, where there is a catalog for it: gettext's,
 * domain patternscope. Only who watches gets it; files, exports and what scripts read stay English,
 * so that they are the same everywhere. */
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

#include "app/watch.h"
#include "base/text.h"
#include "config.h"

static const char domain[] = "patternscope";

static const char *translate(const char *one, const char *many, unsigned long n)
{
    return many ? dngettext(domain, one, many, n) : dgettext(domain, one);
}

void words_load(void)
{
    const char *folder = getenv("PATTERNSCOPE_LOCALEDIR");
    if (!setlocale(LC_MESSAGES, ""))
        return;
    bindtextdomain(domain, folder && *folder ? folder : PATTERNSCOPE_LOCALEDIR);
    bind_textdomain_codeset(domain, "UTF-8");
    if (*dgettext(domain, "")) /* its head: there is a catalog */
        text_hook = translate;
}
