/* SPDX-License-Identifier: MIT */
/* The tables of all policies in one list. */
#include "policies/policies.h"

#include "policies/attempts.h"
#include "policies/breaker.h"
#include "policies/bulkhead.h"
#include "policies/limiter.h"

const struct param_table *const policy_tables[] = {&limiter_table, &breaker_table, &bulkhead_table,
                                                   NULL};
