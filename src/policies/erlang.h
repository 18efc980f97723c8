/* SPDX-License-Identifier: MIT */
/* How many places are enough: Erlang's formulas. Load is in erlangs: calls a second times seconds a
 * call (Little's L = lambda W of an unbounded place). Pure arithmetic. */
#ifndef POLICIES_ERLANG_H
#define POLICIES_ERLANG_H

#include <stdint.h>

/* The share refused by n places without a queue (M/G/n/n: any service time). load >= 0. */
double erlang_b(int64_t n, double load);
/* The share that has to wait at n places with a queue (M/M/n); 1 when load >= n. */
double erlang_c(int64_t n, double load);
/* The mean wait of all calls there, in mean service times; infinity when load >= n. */
double erlang_c_wait(int64_t n, double load);
/* The fewest places that refuse (or make wait) no more than that share; at most `most`. */
int64_t erlang_b_places(double load, double share, int64_t most);
int64_t erlang_c_places(double load, double share, int64_t most);

#endif
