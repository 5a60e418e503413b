/* client/blame.h - whose fault is it that a host did not do a job: its own, its compiler's, the job's? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLIENT_BLAME_H
#define CLIENT_BLAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "compiler/scan.h"
#include "hosts/list.h"
#include "state/refusal.h"
#include "wire/reply.h"

struct blame {
	const struct scan *scan;
	int backoff_s;
	enum refusal refusal;		/* of the last host that cannot do this compiler's jobs */
};

/* Sets failed[i] of each host that is known not to do this compiler's jobs, and returns how many others
 * there are. *cause speaks of one of them if none is left. */
size_t blame_leave_out(struct blame *blame, const struct host_list *hosts, bool *failed, struct err *cause);

/* After a failure on the way, *err: avoids the host for a while, or only for this compiler if it closed
 * instead of an answer. */
void blame_failure(struct blame *blame, const struct host_spec *host, const struct reply *reply,
		   struct err *err);

/* Is this answer one to go by? Then the host is well. Else it is not asked for this compiler for a while,
 * and *err says what it cannot do. */
bool blame_nobody(struct blame *blame, const struct host_spec *host, const struct reply *reply,
		  struct err *err);

/* Does this answer say that there is no such compiler? */
bool blame_is_for_lack(const struct reply *reply);

#endif
