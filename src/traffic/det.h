/* SPDX-License-Identifier: MIT */
/* Elementary functions that give the same bits on every machine: plain IEEE arithmetic, no libm (it
 * picks variants by processor), no fused multiply-add (the build forbids it). Error below 2 ulp. */
#ifndef TRAFFIC_DET_H
#define TRAFFIC_DET_H

double det_log(double x);          /* x > 0, normal */
double det_exp(double x);          /* overflow: infinity; underflow: 0 */
double det_cos_turn(double turns); /* cos(2π turns), turns >= 0; error below 1e-15 */
/* The p-quantile of the normal distribution, 0 < p < 1 (Wichura 1988, algorithm AS 241). */
double det_normal_quantile(double p);

#endif
