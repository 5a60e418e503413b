/* client/mode.h - sources or text: which of them a host gets, and what if sources were the wrong choice. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_MODE_H
#define CLIENT_MODE_H

#include "client/attempt.h"
#include "client/pick.h"
#include "client/pump.h"
#include "compiler/scan.h"

/* Sets attempt->sources, or leaves it NULL for a host that gets text. -1 when the include server's
 * failure is the job's: *err says so. */
int mode_choose(struct attempt *attempt, struct pump *pump, const struct scan *scan,
		const struct host_spec *host, struct err *err);

/* As attempt_at, with what was chosen; and with text if no server of a gateway takes sources, or
 * those that were sent were not all. */
enum outcome mode_attempt(struct attempt *attempt, struct pump *pump, const struct scan *scan,
			  const struct pick *pick, struct err *err);

/* Did a file that the source depends on change since the include server has started? Warns of it. */
bool mode_sources_changed(const struct scan *scan, const char *source);

/* The include server's guess was wrong, or files changed while they were sent: warns, and has this
 * source preprocessed here from now on. */
void mode_note_discrepancy(const struct scan *scan, const char *what);

#endif
