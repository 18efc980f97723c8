/* SPDX-License-Identifier: MIT */
/* All policies' parameter tables: what `list presets` reads, and what tests prove. */
#ifndef POLICIES_POLICIES_H
#define POLICIES_POLICIES_H

#include "control/param.h"

extern const struct param_table *const policy_tables[]; /* NULL-terminated */

#endif
