/* include_server/analysis.h - which files a compiler would read for one command. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INCLUDE_SERVER_ANALYSIS_H
#define INCLUDE_SERVER_ANALYSIS_H

#include "base/argv.h"
#include "include_server/closure.h"

void analysis_init(struct analysis *analysis);
void analysis_release(struct analysis *analysis);

/* The result is in analysis->needed, view.facts and toolchain. ERR_USAGE, ERR_NO_FILE, ERR_TIMEOUT
 * (too much work)... with the reason. */
int analysis_run(struct analysis *analysis, struct world *world, const char *cwd,
		 const struct argv *argv, struct err *err);

#endif
