/* SPDX-License-Identifier: MIT */
/* Erlang B by its recursion in n, which neither over- nor underflows; C from B. */
#include "policies/erlang.h"

double erlang_b(int64_t n, double load)
{
    double b = 1;
    for (int64_t k = 1; k <= n; k++)
        b = load * b / ((double)k + load * b);
    return b;
}

static double c_from_b(int64_t n, double load, double b)
{
    if (load >= (double)n)
        return 1;
    double idle = 1 - load / (double)n;
    return b / (idle + (1 - idle) * b);
}

double erlang_c(int64_t n, double load)
{
    return c_from_b(n, load, erlang_b(n, load));
}

double erlang_c_wait(int64_t n, double load)
{
    if (load >= (double)n)
        return __builtin_inf();
    return erlang_c(n, load) / ((double)n - load);
}

int64_t erlang_b_places(double load, double share, int64_t most)
{
    double b = 1;
    int64_t n = 0;
    while (n < most && b > share) {
        n++;
        b = load * b / ((double)n + load * b);
    }
    return n;
}

int64_t erlang_c_places(double load, double share, int64_t most)
{
    double b = 1;
    int64_t n = 0;
    while (n < most && c_from_b(n, load, b) > share) {
        n++;
        b = load * b / ((double)n + load * b);
    }
    return n;
}
