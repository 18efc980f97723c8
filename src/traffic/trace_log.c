/* SPDX-License-Identifier: MIT */
/* Access logs, as httpd and nginx write them:
 *
 *   client ident user [10/Oct/2023:13:55:36 +0200] "GET /path?query HTTP/1.1" 200 2326 "ref"
 * "agent"
 *
 * The hard idea: such a line knows its second only. trace.c spreads the lines of one second evenly
 * over it; all at its beginning would be a burst that never was. */
#include "traffic/trace_log.h"

#include <string.h>

static bool digits(const char *p, int n, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + p[i] - '0';
    }
    *out = v;
    return true;
}

/* Days since 1970 of a day of the Gregorian calendar, from a year that begins in March. */
static int64_t days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "10/Oct/2023:13:55:36 +0200" */
static bool instant(const char *p, int64_t *at_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second, zone_h, zone_m, month = 0;
    if (strnlen(p, 26) < 26 || p[2] != '/' || p[6] != '/' || p[11] != ':' || p[14] != ':' ||
        p[17] != ':' || p[20] != ' ' || (p[21] != '+' && p[21] != '-'))
        return false;
    while (month < 12 && strncmp(&months[3 * month], &p[3], 3) != 0)
        month++;
    if (month == 12 || !digits(p, 2, &day) || !digits(&p[7], 4, &year) ||
        !digits(&p[12], 2, &hour) || !digits(&p[15], 2, &minute) || !digits(&p[18], 2, &second) ||
        !digits(&p[22], 2, &zone_h) || !digits(&p[24], 2, &zone_m))
        return false;
    if (day < 1 || day > 31 || year < 1970 || year > 2200 || hour > 23 || minute > 59 ||
        second > 60 || zone_h > 14 || zone_m > 59)
        return false;
    int64_t zone = (zone_h * 60 + zone_m) * 60;
    *at_s = days(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second -
            (p[21] == '+' ? zone : -zone);
    return true;
}

bool trace_log_time(const char *text, int64_t *at_s)
{
    const char *open = strstr(text, " [");
    return open && instant(open + 2, at_s);
}

/* The end of what stands in quotes; a backslash takes the next byte with it. */
static char *quote_end(char *p)
{
    for (; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p ? p : NULL;
}

/* "GET /path?query HTTP/1.1" to its path; of what is no request, all of it. */
static char *path_of(char *request)
{
    char *space = strchr(request, ' '), *path = space ? space + 1 : request;
    path[strcspn(path, " ?")] = '\0';
    return path;
}

bool trace_log_line(char *text, struct log_line *out)
{
    char *open = strstr(text, " ["), *space = strchr(text, ' ');
    if (!open || space == text || !instant(open + 2, &out->at_s))
        return false;
    char *request = open + 2 + 26, *end;
    if (strncmp(request, "] \"", 3) != 0 || !(end = quote_end(request + 3)))
        return false;
    if (end[1] != ' ' || !digits(end + 2, 3, &out->status))
        return false;
    *end = '\0';
    *space = '\0';
    out->client = text;
    out->path = path_of(request + 3);
    return true;
}
